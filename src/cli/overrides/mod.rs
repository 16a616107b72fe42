//! `rollcall extend`, `skip`, `up` and `down`: exceptions from an environment's schedules that undo themselves, `rollcall
//! overrides`, which lists them, and `rollcall cancel`, which takes one back.
//!
//! The store is EventBridge Scheduler itself. [`landscape`] reads the two groups of an environment; [`runs`] says what runs
//! when, by the schedules and the overrides together; `plan` makes an override of a wish, or refuses it; [`wanted`] says what
//! has to stand in Scheduler for that, and which requests lead there. All of these are pure. [`mod@change`] reads, shows and asks,
//! and [`scheduler`] makes the requests.

mod change;
mod entry;
mod landscape;
mod plan;
mod records;
mod refusal;
mod runs;
mod scheduler;
mod show;
#[cfg(test)]
mod tests;
mod wanted;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};

use self::change::{Clock, Place, change};
pub(in crate::cli) use self::entry::is_name_of_override;
use self::landscape::Landscape;
use self::plan::{Asked, Days, Situation, Until, Wish, cancel as take_back, propose};
pub(in crate::cli) use self::scheduler::Scheduler;
pub(in crate::cli) use self::show::list;
use super::doctor::ask::Ask;
use super::doctor::config;
use super::override_args::{
    AboutArgs, CancelArgs, Clock as Hands, DownArgs, ExtendArgs, HowArgs, OverridesArgs, PlaceArgs,
    SkipArgs, UpArgs,
};
use super::terminal::Width;
use super::time::When;
use crate::aws::Aws;
use crate::core::overrides::{Override, Phase};

/// `rollcall extend`.
///
/// # Errors
/// When nothing can be read, or what is asked for cannot be; nothing was changed then.
pub async fn extend(args: &ExtendArgs, clock: Clock) -> anyhow::Result<ExitCode> {
    let wish = Wish::Extend {
        until: until(args.until, args.span)?,
        schedule: args.schedule.clone(),
    };
    override_(wish, &args.place, &args.about, &args.how, clock).await
}

/// `rollcall skip`.
///
/// # Errors
/// As [`extend`].
pub async fn skip(args: &SkipArgs, clock: Clock) -> anyhow::Result<ExitCode> {
    let days = match (args.from, args.to) {
        (Some(from), Some(to)) => {
            anyhow::ensure!(from <= to, "--to: expected a day that is not before --from");
            Days::Span(from, to)
        }
        _ => Days::On(args.on.iter().copied().collect()),
    };
    let wish = Wish::Skip {
        schedules: args.schedules.clone(),
        days,
    };
    override_(wish, &args.place, &args.about, &args.how, clock).await
}

/// `rollcall up`.
///
/// # Errors
/// As [`extend`].
pub async fn up(args: &UpArgs, clock: Clock) -> anyhow::Result<ExitCode> {
    let until = until(args.until, args.span)?;
    override_(
        Wish::Up { until },
        &args.place,
        &args.about,
        &args.how,
        clock,
    )
    .await
}

/// `rollcall down`.
///
/// # Errors
/// As [`extend`].
pub async fn down(args: &DownArgs, clock: Clock) -> anyhow::Result<ExitCode> {
    let until_schedule = args.until_schedule.clone();
    override_(
        Wish::Down { until_schedule },
        &args.place,
        &args.about,
        &args.how,
        clock,
    )
    .await
}

/// `rollcall cancel`.
///
/// # Errors
/// As [`extend`].
pub async fn cancel(args: &CancelArgs, clock: Clock) -> anyhow::Result<ExitCode> {
    let place = Place::of(&args.place).await?;
    let by = place.scheduler.caller().await?;
    let plan = |situation: Situation<'_>| take_back(situation, &args.id, &by);
    change(&place, plan, &args.how, clock).await
}

/// `rollcall overrides`.
///
/// # Errors
/// When no Region is configured, or the groups cannot be read.
pub async fn overrides(
    args: &OverridesArgs,
    lookup: impl Fn(&str) -> Option<String>,
    now: DateTime<Utc>,
) -> anyhow::Result<ExitCode> {
    let aws = Aws::default();
    let (config, region) = config(&aws).await?;
    let scheduler = Scheduler::new(&config);
    let groups = match (&args.roster_group, &args.environment) {
        (Some(group), _) => vec![group.clone()],
        (None, Some(environment)) => vec![roster_group(environment)],
        (None, None) => {
            let all = Ask::new(&config, region).groups("rollcall-").await?;
            all.into_iter()
                .filter(|group| group.ends_with("-rosters"))
                .collect()
        }
    };
    let mut overrides = Vec::new();
    for group in groups {
        overrides.extend(holding(&scheduler, &group).await?);
    }
    let mut out = anstream::stdout().lock();
    if args.json {
        let json = serde_json::to_string(&overrides).context("cannot write")?;
        writeln!(out, "{json}").context("cannot write")?;
    } else if overrides.is_empty() {
        writeln!(out, "no override holds: all runs as scheduled").context("cannot write")?;
    } else {
        for line in show::list(&overrides, Width::of(lookup), now) {
            writeln!(out, "{line}").context("cannot write")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The overrides whose records a group of rosters has, the oldest first.
///
/// # Errors
/// When the group cannot be read.
pub(in crate::cli) async fn holding(
    scheduler: &Scheduler,
    group: &str,
) -> anyhow::Result<Vec<Override>> {
    let entries = scheduler.entries(group).await?;
    let overrides = Landscape::read(entries).overrides.into_iter();
    Ok(overrides
        .filter(|one| one.phase != Phase::Cancelled)
        .collect())
}

/// The group of an environment's rosters, where none is named.
pub(in crate::cli) fn roster_group(environment: &str) -> String {
    format!("rollcall-{environment}-rosters")
}

fn until(until: Option<Hands>, span: Option<std::time::Duration>) -> anyhow::Result<Until> {
    Ok(match (until, span) {
        (Some(Hands::Daily(time)), _) => Until::Clock(time),
        (Some(Hands::Once(When::Exact(time))), _) => Until::Moment(time),
        (Some(Hands::Once(When::Local(time))), _) => Until::Local(time),
        (None, span) => {
            let span = span.and_then(|span| TimeDelta::from_std(span).ok());
            // A century is refused as too long later, and cannot overflow.
            let span = span.filter(|span| *span < TimeDelta::days(36_500));
            Until::Span(span.context("--for: expected a shorter time, such as 2h")?)
        }
    })
}

async fn override_(
    wish: Wish,
    place: &PlaceArgs,
    about: &AboutArgs,
    how: &HowArgs,
    clock: Clock,
) -> anyhow::Result<ExitCode> {
    let place = Place::of(place).await?;
    let asked = Asked {
        wish,
        services: about.services.iter().cloned().collect(),
        reason: about.reason.clone(),
        by: place.scheduler.caller().await?,
    };
    let plan = |situation: Situation<'_>| propose(situation, &asked);
    change(&place, plan, how, clock).await
}
