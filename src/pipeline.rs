//! From a batch to what is said: decode → append, then read → fold → summarise → notify.
//!
//! The function and the command line both call these two steps, so that a replay shows what production would
//! do. Effects come in through [`WindowLog`] and [`Notifier`].

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::sqs::SqsMessage;
use chrono_tz::Tz;
use tokio::time::Instant;

use crate::decode::{DecodeError, Decoded, decode};
use crate::fact::Fact;
use crate::metrics::Metrics;
use crate::notify::Notifier;
use crate::roll::Roll;
use crate::summary::Summary;
use crate::window::{UNKNOWN_ENVIRONMENT, WindowKey, WindowLog, Windowing};

/// The windows that a batch told something about, each with the ids of the messages that did.
pub type TouchedWindows = BTreeMap<WindowKey, BTreeSet<String>>;

/// What came of taking in a batch.
#[derive(Debug, Default)]
pub struct Ingested {
    /// The windows whose log has something new.
    pub windows: TouchedWindows,
    /// What could not be decoded.
    pub undecodable: Vec<Undecodable>,
    /// The ids of messages that were decoded, but whose facts may not have been kept.
    pub not_kept: BTreeSet<String>,
}

/// A message that could not be decoded.
#[derive(Debug)]
pub struct Undecodable {
    /// The SQS message's id.
    pub message_id: String,
    /// What is wrong with it.
    pub error: DecodeError,
}

/// Decodes a batch and appends what it says to the log.
pub async fn ingest(
    records: Vec<SqsMessage>,
    windowing: &Windowing,
    log: &impl WindowLog,
    metrics: &mut Metrics,
) -> Ingested {
    let mut ingested = Ingested::default();
    let mut facts: BTreeMap<WindowKey, Vec<Fact>> = BTreeMap::new();
    let mut first_seen = Vec::new();
    for record in records {
        metrics.records += 1;
        let message_id = record.message_id.unwrap_or_default();
        match decode(record.body.as_deref()) {
            Ok(Decoded::Call(call)) => {
                metrics.decoded += 1;
                let key = windowing.key_of(&call);
                ingested
                    .windows
                    .entry(key.clone())
                    .or_default()
                    .insert(message_id);
                facts.entry(key).or_default().push(Fact::Called(call));
            }
            Ok(Decoded::Ignored(reason)) => {
                *metrics.ignored.entry(reason).or_default() += 1;
                tracing::info!(sqs.message_id = message_id, %reason, "ignored an event: {reason}");
            }
            Err(error) => {
                metrics.undecodable += 1;
                tracing::error!(sqs.message_id = message_id, %error, "cannot decode a message: {error}");
                if record
                    .attributes
                    .get("ApproximateReceiveCount")
                    .is_none_or(|count| count == "1")
                {
                    first_seen.push(Fact::Undecodable {
                        message_id: message_id.clone(),
                    });
                }
                ingested.undecodable.push(Undecodable { message_id, error });
            }
        }
    }
    // The message itself comes again and ends in the dead-letter queue; the channel hears of it once.
    if let Some(mut first) = facts.first_entry() {
        first.get_mut().append(&mut first_seen);
    }
    for (key, facts) in facts {
        if let Err(error) = log.append(&key, facts).await {
            tracing::error!(window = %key, %error, "cannot keep what was learned about {key}: {error}");
            ingested
                .not_kept
                .append(&mut ingested.windows.remove(&key).unwrap_or_default());
        }
    }
    ingested
}

/// Says what is known about each window. Returns the ids of the messages whose window was not said.
pub async fn report(
    mut windows: TouchedWindows,
    log: &impl WindowLog,
    timezone: Tz,
    notifier: &impl Notifier,
    deadline: Instant,
    metrics: &mut Metrics,
) -> BTreeSet<String> {
    let mut unsaid = BTreeSet::new();
    for (key, logged_as) in adopt_anonymous(windows.keys()) {
        let mut message_ids: BTreeSet<String> = BTreeSet::new();
        let mut facts = Vec::new();
        let mut is_read = true;
        for part in logged_as {
            message_ids.append(&mut windows.remove(&part).unwrap_or_default());
            match log.read(&part).await {
                Ok(mut read) => facts.append(&mut read),
                Err(error) => {
                    is_read = false;
                    tracing::error!(window = %part, %error, "cannot read what is known about {part}: {error}");
                }
            }
        }
        if !is_read || !say(&key, &facts, timezone, notifier, deadline, metrics).await {
            unsaid.append(&mut message_ids);
        }
    }
    unsaid
}

async fn say(
    key: &WindowKey,
    facts: &[Fact],
    timezone: Tz,
    notifier: &impl Notifier,
    deadline: Instant,
    metrics: &mut Metrics,
) -> bool {
    let summary = Summary::new(key, &Roll::fold(facts), timezone);
    let delivery = notifier.notify(&summary, deadline).await;
    metrics.slack_rate_limited += delivery.rate_limited;
    metrics.slack_latency.push(delivery.latency);
    match delivery.result {
        Ok(()) => {
            metrics.messages_posted += 1;
            metrics.services_succeeded += summary.succeeded as u64;
            metrics.services_failed += summary.failed as u64;
            tracing::info!(window = %key, "reported {key}: {}", summary.totals());
            true
        }
        Err(error) => {
            metrics.messages_failed += 1;
            tracing::error!(window = %key, %error, "cannot report {key}: {error}");
            false
        }
    }
}

/// Which logged windows are said together. Where windows are labelled by cluster, refused calls that name none
/// stand in a window of their own; if just one cluster was called in that period, that is where they belong.
fn adopt_anonymous<'a>(
    keys: impl Iterator<Item = &'a WindowKey>,
) -> BTreeMap<WindowKey, Vec<WindowKey>> {
    let mut said: BTreeMap<WindowKey, Vec<WindowKey>> =
        keys.map(|key| (key.clone(), vec![key.clone()])).collect();
    let orphans: Vec<WindowKey> = said
        .keys()
        .filter(|key| key.environment == UNKNOWN_ENVIRONMENT)
        .cloned()
        .collect();
    for orphan in orphans {
        let mut siblings = said
            .keys()
            .filter(|key| key.start == orphan.start && **key != orphan)
            .cloned();
        if let (Some(only), None) = (siblings.next(), siblings.next()) {
            said.remove(&orphan);
            said.entry(only).or_default().push(orphan);
        }
    }
    said
}
