//! `rollcall replay`: runs recorded events through the function's own code, and shows the messages.

use std::cell::RefCell;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use aws_lambda_events::sqs::SqsMessage;
use chrono::{DateTime, TimeDelta, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use tokio::time::Instant;

use super::args::{Format, ReplayArgs};
use super::{described, input, terminal, trace};
use crate::aws::Aws;
use crate::config::{DEFAULT_WAIT_POLICY, Settings, WebhookSource};
use crate::core::decode::{DecodeError, Message as Record};
use crate::core::observation::Answer;
use crate::core::policy::WaitPolicy;
use crate::core::runs::Runs;
use crate::core::summary::Summary;
use crate::core::window::WindowKey;
use crate::metrics::Metrics;
use crate::pipeline::{self, Received, Reporting};
use crate::ports::notifier::{Delivery, Notifier};
use crate::slack::message::{Message, TableForm};
use crate::slack::render::render;
use crate::slack::webhook::Webhook;

/// For how long `--post` tries to send the messages.
const PATIENCE: Duration = Duration::from_mins(5);
/// Block Kit Builder is reported to be unreliable with longer addresses.
const RELIABLE_LINK: usize = 8_000;

/// Replays files; `lookup` gives the value of an environment variable.
///
/// # Errors
/// When an input cannot be read or a setting is wrong.
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
        let url = Aws::default()
            .webhook_url(&WebhookSource::from_lookup(&lookup)?)
            .await?;
        Some(Webhook::new(url, settings.mention.clone()))
    } else {
        None
    };

    let mut everything = Received::default();
    let mut answers: Vec<Answer> = Vec::new();
    let mut metrics = Metrics::default();
    let mut trace = trace::Trace::new(&settings.windowing);
    for file in &args.files {
        let name = file.display();
        let records = input::read(file).with_context(|| format!("cannot read {name}"))?;
        let mut counts = Metrics::default();
        let records = divide(records, &name.to_string(), &mut answers, &mut counts);
        let received = pipeline::receive(records, &settings.windowing, &mut counts);
        if args.trace {
            trace.file(&name.to_string(), &received, &counts, now);
        }
        for message in &received.undecodable {
            anstream::eprintln!(
                "rollcall: {name}: {}: {}",
                message.message_id,
                message.error
            );
        }
        metrics.add_counts(&counts);
        everything.merge(received);
    }
    everything.label_by_rosters();

    let audience = Audience {
        webhook,
        summaries: RefCell::default(),
    };
    let reporting = Reporting {
        policy: WaitPolicy {
            period: settings.windowing.period,
            ..DEFAULT_WAIT_POLICY
        },
        reader: settings.reader,
        // No more records will come, so every run has had its time.
        now: now + TimeDelta::days(366),
        deadline: Instant::now() + PATIENCE,
        is_by_group: true,
    };
    let observe = |_: &WindowKey, runs: &Runs| described::observations(&answers, runs);
    let unsaid = pipeline::report(everything, reporting, observe, &audience, &mut metrics).await;
    let summaries = audience.summaries.into_inner();
    match show(&summaries, args.format, settings.mention.as_deref()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(error).context("cannot write");
        }
        _ => {}
    }
    note_silence(&metrics, summaries.is_empty());
    Ok(match (unsaid.is_empty(), metrics.undecodable) {
        (false, _) => ExitCode::from(3),
        (true, 0) => ExitCode::SUCCESS,
        (true, _) => ExitCode::FAILURE,
    })
}

/// Separates the answers of ECS from the records that the function would get.
fn divide(
    messages: Vec<SqsMessage>,
    name: &str,
    answers: &mut Vec<Answer>,
    counts: &mut Metrics,
) -> Vec<Record> {
    let mut records = Vec::new();
    for message in messages {
        let body = message.body.clone();
        let record = Record::from(message);
        let described = match &record.content {
            Err(DecodeError::NotAnEvent) => body.as_deref().and_then(described::answers),
            _ => None,
        };
        match described {
            None => records.push(record),
            Some(result) => {
                counts.records += 1;
                match result {
                    Ok(mut more) => {
                        counts.decoded += 1;
                        answers.append(&mut more);
                    }
                    Err(error) => {
                        counts.undecodable += 1;
                        anstream::eprintln!("rollcall: {name}: {}: {error}", record.id);
                    }
                }
            }
        }
    }
    records
}

/// Keeps the summaries for the terminal, and with `--post` also sends them to Slack.
struct Audience {
    webhook: Option<Webhook>,
    summaries: RefCell<Vec<Summary>>,
}

impl Notifier for Audience {
    async fn notify(&self, summary: &Summary, deadline: Instant) -> Delivery {
        self.summaries.borrow_mut().push(summary.clone());
        let Some(webhook) = &self.webhook else {
            return Delivery {
                result: Ok(()),
                rate_limited: 0,
                latency: Duration::ZERO,
            };
        };
        let delivery = webhook.notify(summary, deadline).await;
        if let Err(error) = &delivery.result {
            anstream::eprintln!("rollcall: {}: {error}", summary.environment);
        }
        delivery
    }
}

fn show(summaries: &[Summary], format: Format, mention: Option<&str>) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    for (index, summary) in summaries.iter().enumerate() {
        let message = || render(summary, mention, TableForm::Table);
        match format {
            Format::Table => {
                if index > 0 {
                    writeln!(out)?;
                }
                write!(out, "{}", terminal::render(summary))?;
            }
            Format::Payload => writeln!(out, "{}", serde_json::to_string(&message())?)?,
            Format::Link => {
                let link = builder_link(&message())?;
                if link.len() > RELIABLE_LINK {
                    anstream::eprintln!(
                        "rollcall: {}: Block Kit Builder may not open so long a link",
                        summary.environment
                    );
                }
                writeln!(out, "{link}")?;
            }
        }
    }
    out.flush()
}

/// The address that shows a message in Slack's Block Kit Builder.
fn builder_link(message: &Message) -> io::Result<String> {
    /// Which characters are percent-encoded in a URL's fragment.
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    let blocks = serde_json::to_string(&json!({"blocks": message.blocks}))?;
    Ok(format!(
        "https://app.slack.com/block-kit-builder/#{}",
        utf8_percent_encode(&blocks, ENCODED)
    ))
}

/// Says on standard error why no message is shown.
fn note_silence(metrics: &Metrics, is_silent: bool) {
    let reasons: Vec<String> = metrics
        .ignored
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    if !reasons.is_empty() {
        anstream::eprintln!(
            "rollcall: {} records: ignored {}",
            metrics.records,
            reasons.join(", ")
        );
    }
    if metrics.decoded == 0 {
        anstream::eprintln!(
            "rollcall: no UpdateService or RunTask call of ECS in {} records",
            metrics.records
        );
    } else if is_silent {
        anstream::eprintln!(
            "rollcall: nothing was called or expected in {} records: what ECS says is about calls",
            metrics.records
        );
    }
}
