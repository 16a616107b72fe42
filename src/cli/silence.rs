//! `rollcall silence` is for holidays and pauses of the schedules. In a silenced window, a service that no call was
//! recorded for is not reported as missing.
//!
//! A silence is a fact in every window that it touches, and an entry in a list by which it can be taken back. How long a
//! window is, the function has noted in its table. Silence does not hide failures: a call that was made and refused is
//! still reported.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::args::{SilenceAddArgs, SilenceCommand, SilenceExpireArgs, SilenceListArgs};
use super::progress::Progress;
use super::terminal::Width;
use super::words::counted;
use crate::aws::{Aws, DynamoDbLog, Silence};
use crate::config::{DEFAULT_WAIT_POLICY, Settings};
use crate::core::fact::Fact;
use crate::core::runs::Arrival;
use crate::core::table;
use crate::core::text::visible;
use crate::core::window::WindowKey;
use crate::ports::window_log::{WindowLog, WindowLogError};

/// The most windows of one silence: half a year of half-hours. A longer time is taken for a typing error.
const MOST_WINDOWS: usize = 9_000;
/// How many windows are written at the same time.
const AT_ONCE: usize = 8;

/// Adds, lists or expires silences; `lookup` gives the value of an environment variable.
///
/// # Errors
/// When an argument is wrong, or the table cannot be read or written.
pub async fn silence(
    command: &SilenceCommand,
    lookup: impl Fn(&str) -> Option<String>,
    now: DateTime<Utc>,
) -> anyhow::Result<ExitCode> {
    let zone = Settings::from_lookup(&lookup)?.reader.timezone;
    let aws = Aws::default();
    match command {
        SilenceCommand::Add(args) => {
            let log = aws.window_log(&args.table.table).await;
            add(args, &log, args.timezone.unwrap_or(zone), now).await?;
        }
        SilenceCommand::List(args) => {
            let log = aws.window_log(&args.table.table).await;
            let zone = args.timezone.unwrap_or(zone);
            list(args, &log, zone, Width::of(&lookup), now).await?;
        }
        SilenceCommand::Expire(args) => {
            let log = aws.window_log(&args.table.table).await;
            expire(args, &log, now).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn add(
    args: &SilenceAddArgs,
    log: &DynamoDbLog,
    zone: Tz,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let moment = |name: &str, when: super::time::When| {
        when.in_zone(zone)
            .map_err(|error| anyhow::anyhow!("{name}: {error}"))
    };
    let from = args.from.map_or(Ok(now), |from| moment("--from", from))?;
    let until = match (args.until, args.span) {
        (Some(until), _) => moment("--until", until)?,
        (None, span) => span
            .and_then(|span| TimeDelta::from_std(span).ok())
            .and_then(|span| from.checked_add_signed(span))
            .context("--for: expected a shorter time, such as 3d")?,
    };
    anyhow::ensure!(
        until > from,
        "--until: expected a time after {}, from when the silence is to hold; it is {}",
        text(from, zone),
        text(until, zone)
    );
    let period = period(args, log, now).await?;
    let silence = Silence {
        id: format!("{:08x}", fastrand::u32(..)),
        environment: args.environment.clone(),
        from,
        until,
        period,
        comment: args.comment.clone(),
        expired_at: None,
    };
    let windows: Vec<WindowKey> = silence.windows(from).take(MOST_WINDOWS + 1).collect();
    anyhow::ensure!(
        windows.len() <= MOST_WINDOWS,
        "--{}: more than {MOST_WINDOWS} windows of {} minutes; expected a shorter time, such as 3d",
        if args.until.is_some() { "until" } else { "for" },
        period.as_secs() / 60
    );
    let what = format!(
        "{} of {} from {} until {}",
        counted(windows.len() as u64, "window", "windows"),
        args.environment,
        text(from, zone),
        text(until, zone)
    );
    if args.dry_run {
        anstream::eprintln!("rollcall: would silence {what}");
        return Ok(());
    }
    // Listed first, so that a silence that was added in part can be taken back.
    log.note_silence(&silence)
        .await
        .with_context(|| args.table.hint())?;
    let fact = Fact::Silenced {
        silence: silence.id.clone(),
    };
    append(log, &windows, &fact, now).await.with_context(|| {
        format!(
            "silenced only in part; `rollcall silence expire {}` takes it back",
            silence.id
        )
    })?;
    anstream::eprintln!("rollcall: silenced {what}");
    anstream::println!("{}", silence.id);
    Ok(())
}

/// How long windows of the environment are, where a function has reported it or that does not matter.
async fn period(
    args: &SilenceAddArgs,
    log: &DynamoDbLog,
    now: DateTime<Utc>,
) -> anyhow::Result<Duration> {
    let periods = log.periods().await.with_context(|| args.table.hint())?;
    let of = |name: Option<&str>| {
        let mut periods = periods.iter();
        periods.find_map(|(of, period)| (of.as_deref() == name).then_some(*period))
    };
    if let Some(period) = of(Some(&args.environment)) {
        return Ok(period);
    }
    // A function that labels windows by their clusters has not noted their names.
    let of_any = of(None);
    if let Some(period) = of_any
        && log.has_visited(&args.environment, period, now).await?
    {
        return Ok(period);
    }
    let known: Vec<&str> = periods.iter().filter_map(|(of, _)| of.as_deref()).collect();
    let known = match known.as_slice() {
        [] => String::new(),
        known => format!("; it knows {}", known.join(", ")),
    };
    anyhow::ensure!(
        args.force,
        "--environment: no function has reported {} to the table {}{known}. Expected the label that messages show, such \
         as dev; --force silences it all the same",
        args.environment,
        args.table.table,
    );
    Ok(of_any
        .or(args.window_minutes)
        .unwrap_or(DEFAULT_WAIT_POLICY.period))
}

/// Appends a fact to windows, some at the same time: each takes two requests.
async fn append(
    log: &DynamoDbLog,
    windows: &[WindowKey],
    fact: &Fact,
    now: DateTime<Utc>,
) -> Result<(), WindowLogError> {
    let arrival = Arrival {
        at: now,
        siblings_until: None,
    };
    let progress = &Progress::of_steps(windows.len() as u64);
    stream::iter(windows)
        .map(|key| async move {
            log.append(key, std::slice::from_ref(fact), arrival).await?;
            progress.step();
            Ok(())
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

async fn list(
    args: &SilenceListArgs,
    log: &DynamoDbLog,
    zone: Tz,
    width: Width,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let silences = log.silences().await;
    let mut silences = silences.with_context(|| args.table.hint())?;
    silences.retain(|silence| {
        let is_wanted = args
            .environment
            .as_ref()
            .is_none_or(|name| *name == silence.environment);
        is_wanted && (args.expired || silence.end() > now)
    });
    if silences.is_empty() {
        anstream::eprintln!("rollcall: no silences");
        return Ok(());
    }
    let headings = ["Id", "Environment", "From", "Until", "Comment"].map(str::to_owned);
    let rows = silences.iter().map(|silence| {
        let taken_back = silence.expired_at.map_or("", |_| " (taken back)");
        [
            silence.id.clone(),
            visible(&silence.environment),
            text(silence.from, zone),
            format!("{}{taken_back}", text(silence.end(), zone)),
            silence
                .comment
                .as_deref()
                .map_or_else(|| "—".to_owned(), visible),
        ]
    });
    let table = table::fitted(&headings, rows, width.columns());
    let mut out = anstream::stdout().lock();
    for line in table.head.iter().chain(table.rows.iter().flatten()) {
        writeln!(out, "{line}").context("cannot write")?;
    }
    Ok(())
}

async fn expire(
    args: &SilenceExpireArgs,
    log: &DynamoDbLog,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let silences = log.silences().await;
    let silences = silences.with_context(|| args.table.hint())?;
    let find = |id: &String| {
        let mut silences = silences.iter();
        silences.find(|silence| silence.id == *id).with_context(|| {
            format!(
                "ID: there is no silence {id} in the table {}; expected one that `rollcall silence list` shows",
                args.table.table
            )
        })
    };
    let wanted = args
        .ids
        .iter()
        .map(find)
        .collect::<anyhow::Result<Vec<_>>>()?;
    for silence in wanted {
        expire_one(silence, log, now, args.dry_run).await?;
    }
    Ok(())
}

/// Windows that are over stay silenced: what is missing in them is no news any more.
async fn expire_one(
    silence: &Silence,
    log: &DynamoDbLog,
    now: DateTime<Utc>,
    is_dry_run: bool,
) -> anyhow::Result<()> {
    let windows: Vec<WindowKey> = silence.windows(now).collect();
    let what = format!(
        "the silence {} of {}, which leaves {} as usual again",
        silence.id,
        silence.environment,
        counted(windows.len() as u64, "window", "windows")
    );
    if is_dry_run {
        anstream::eprintln!("rollcall: would take back {what}");
        return Ok(());
    }
    let fact = Fact::SilenceExpired {
        silence: silence.id.clone(),
    };
    append(log, &windows, &fact, now).await?;
    let expired = Silence {
        expired_at: Some(silence.expired_at.unwrap_or(now)),
        ..silence.clone()
    };
    log.note_silence(&expired).await?;
    anstream::eprintln!("rollcall: took back {what}");
    Ok(())
}

fn text(time: DateTime<Utc>, zone: Tz) -> String {
    time.with_timezone(&zone)
        .to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_every_window_that_the_time_touches() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let starts = |from: &str, until: &str, since: &str| -> Vec<String> {
            let silence = Silence {
                id: "id".to_owned(),
                environment: "dev".to_owned(),
                from: time(from),
                until: time(until),
                period: Duration::from_mins(30),
                comment: None,
                expired_at: None,
            };
            let start = |key: WindowKey| key.start.format("%H:%M").to_string();
            silence.windows(time(since)).map(start).collect()
        };
        let (from, until) = ("2024-01-15T09:10:00Z", "2024-01-15T10:30:00Z");
        assert_eq!(starts(from, until, from), ["09:00", "09:30", "10:00"]);
        assert_eq!(
            starts(from, until, "2024-01-15T10:10:00Z"),
            ["10:00"],
            "what is over stays as it is"
        );
        assert!(starts(from, until, "2024-01-15T10:30:00Z").is_empty());
    }
}
