//! `rollcall replay`: runs recorded events through the function's own code, and shows the messages.

mod gather;
mod json;
mod learned;
mod output;
mod routing;
mod windows;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use self::gather::gather;
use self::learned::{Learned, Reading};
use self::output::Output;
use self::routing::Routing;
use self::windows::Heard;
use super::args::ReplayArgs;
use super::progress::Progress;
use super::routes::read_routes;
use super::terminal::Width;
use super::words::{counted, ignored};
use super::{input, trace};
#[cfg(feature = "operator")]
use crate::aws::Aws;
use crate::config::{Settings, WebhookSource};
use crate::core::status::Severity;
use crate::metrics::Metrics;
use crate::ports::notifier::{Delivery, Notifier};
use crate::slack::webhook::{Webhook, WebhookUrl};

/// For how long `--post` tries to send the messages.
const PATIENCE: Duration = Duration::from_mins(5);

/// Some records could not be decoded.
const UNDECODABLE: u8 = 1;
/// A file could not be read.
const UNREADABLE: u8 = 2;
/// Slack did not confirm every message.
const UNSENT: u8 = 3;
/// A run failed, and `--exit-code` asks for that.
const FAILED: u8 = 4;

#[cfg(feature = "operator")]
async fn webhook_url(source: &WebhookSource) -> anyhow::Result<WebhookUrl> {
    Aws::default().webhook_url(source).await
}

#[cfg(not(feature = "operator"))]
#[expect(clippy::unused_async, reason = "with clients for AWS it waits for SSM")]
async fn webhook_url(source: &WebhookSource) -> anyhow::Result<WebhookUrl> {
    match source {
        WebhookSource::Url(url) => Ok(url.clone()),
        WebhookSource::Parameter(_) => anyhow::bail!(super::NO_CLIENTS),
    }
}

/// Replays files; `lookup` gives the value of an environment variable.
///
/// # Errors
/// When a setting is wrong, or the messages cannot be written.
pub async fn replay(
    args: &ReplayArgs,
    lookup: impl Fn(&str) -> Option<String>,
    now: DateTime<Utc>,
) -> anyhow::Result<ExitCode> {
    let mut settings = Settings::from_lookup(&lookup)?;
    settings.windowing.environment = args.environment.clone().or(settings.windowing.environment);
    let reader = &mut settings.reader;
    reader.timezone = args.timezone.unwrap_or(reader.timezone);
    reader.rows = args.rows.unwrap_or(reader.rows);
    let webhook = if args.post {
        let url = webhook_url(&WebhookSource::from_lookup(&lookup)?).await?;
        Some(Webhook::new(url, settings.mention.clone()))
    } else {
        None
    };

    let routes = args.routes.as_deref().map(read_routes).transpose()?;
    let learned = learn(args, &settings, now).await?;
    let (counts, unreadable) = (learned.counts.clone(), learned.unreadable);

    let mut output = Output::new(args.format, Width::of(&lookup));
    let mut outcome = Outcome::default();
    let deadline = Instant::now() + PATIENCE;
    let routing = Routing::new(&settings, routes.as_ref());
    let told = windows::tell_windows(learned, &routing, now, async |told| {
        outcome.take(
            told.snapshot
                .statuses
                .iter()
                .map(|one| one.status.severity()),
        );
        for heard in told.heard {
            if let Some(webhook) = &webhook {
                outcome.is_unsent |= !post(webhook, heard, deadline).await;
            }
            outcome.has_notices |= !heard.notices.is_empty();
        }
        output.window(&told)
    })
    .await
    .and_then(|()| output.finish(&counts, unreadable, outcome.worst));
    match told {
        // Who reads the output has had enough of it.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        told => told.context("cannot write")?,
    }
    // Of an event history without a call was said so already.
    if counts.records > 0 || unreadable == 0 && !args.history.cloudtrail {
        note(&counts, outcome.worst.is_none() && !outcome.has_notices);
    }
    Ok(outcome.exit_code(&counts, unreadable, args.exit_code))
}

/// What the files hold, or all that is gathered where it is to be redacted or saved, or comes from CloudTrail.
async fn learn(
    args: &ReplayArgs,
    settings: &Settings,
    now: DateTime<Utc>,
) -> anyhow::Result<Learned> {
    let reading = |bytes| Reading {
        windowing: &settings.windowing,
        progress: Progress::of_bytes(bytes),
        trace: args.trace.then(|| trace::Trace::new(&settings.windowing)),
        now,
    };
    let learned = if args.history.cloudtrail || args.keep.save.is_some() || args.keep.redact {
        let gathered = gather(args, settings.reader.timezone, now).await?;
        match gathered.records {
            Some((bytes, records)) => {
                let learned = reading(bytes).gathered(gathered.name, records);
                learned.map(|learned| Learned {
                    unreadable: gathered.unreadable,
                    ..learned
                })
            }
            None => Ok(Learned {
                unreadable: gathered.unreadable,
                ..Learned::default()
            }),
        }
    } else {
        let files = input::files(&args.files);
        reading(files.bytes).all(&files)
    };
    learned.context("cannot keep what was read in a temporary file")
}

/// How the windows of a replay stand together.
#[derive(Debug, Default)]
struct Outcome {
    /// The worst of all runs; `None` where there is no run.
    worst: Option<Severity>,
    /// Slack did not confirm a message.
    is_unsent: bool,
    /// There is something to say of an override.
    has_notices: bool,
}

impl Outcome {
    fn take(&mut self, severities: impl Iterator<Item = Severity>) {
        self.worst = self.worst.into_iter().chain(severities).min();
    }

    fn exit_code(&self, counts: &Metrics, unreadable: u64, is_morning_asked: bool) -> ExitCode {
        ExitCode::from(if unreadable > 0 {
            UNREADABLE
        } else if self.is_unsent {
            UNSENT
        } else if is_morning_asked && self.worst == Some(Severity::Bad) {
            FAILED
        } else if counts.undecodable > 0 {
            UNDECODABLE
        } else {
            0
        })
    }
}

/// Sends the messages of a window. Returns whether nothing is left to send.
async fn post(webhook: &Webhook, heard: &Heard, deadline: Instant) -> bool {
    let mut is_sent = true;
    for notice in &heard.notices {
        let delivery = webhook.tell(notice, deadline).await;
        is_sent &= is_confirmed(&notice.environment, &delivery);
    }
    for summary in &heard.summaries {
        let delivery = webhook.notify(summary, deadline).await;
        is_sent &= is_confirmed(&summary.environment, &delivery);
    }
    is_sent
}

fn is_confirmed(environment: &str, delivery: &Delivery) -> bool {
    if let Err(error) = &delivery.result {
        anstream::eprintln!("rollcall: {environment}: {error}");
    }
    delivery.result.is_ok()
}

/// Says on standard error what was ignored, and why no message is shown.
fn note(counts: &Metrics, is_silent: bool) {
    let records = counted(counts.records, "record", "records");
    if let Some(ignored) = ignored(counts) {
        anstream::eprintln!("rollcall: {records}: ignored {ignored}");
    }
    if counts.decoded == 0 {
        anstream::eprintln!("rollcall: no UpdateService or RunTask call of ECS in {records}");
    } else if is_silent {
        anstream::eprintln!(
            "rollcall: nothing was called or expected in {records}: what ECS says is about calls"
        );
    }
}
