//! From a batch to what is said: decode, then append to the log, or fold → summarise → notify at once.
//!
//! The function and the command line share these steps, so that a replay shows what production would do.
//! Effects come in through [`WindowLog`] and [`Notifier`]. With a table, [`crate::delivery`] decides when to
//! speak; without one, every invocation reports what it has.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use tokio::time::Instant;

use crate::decode::{DecodeError, Decoded, Message};
use crate::fact::Fact;
use crate::metrics::Metrics;
use crate::notify::Notifier;
use crate::roll::{Over, Roll};
use crate::summary::Summary;
use crate::window::{UNKNOWN_ENVIRONMENT, WindowKey, WindowLog, Windowing};

/// The windows that a batch is about, each with the ids of the messages that are.
pub type TouchedWindows = BTreeMap<WindowKey, BTreeSet<String>>;

/// What a batch turned out to hold.
#[derive(Debug, Default)]
pub struct Received {
    /// What was learned, by window.
    pub facts: BTreeMap<WindowKey, Vec<Fact>>,
    /// The windows to look at: those with facts, and those whose timer fired.
    pub windows: TouchedWindows,
    /// What could not be decoded.
    pub undecodable: Vec<Undecodable>,
}

impl Received {
    /// Takes a fact to its window, where it says which that is.
    fn learn(&mut self, message_id: &str, fact: Fact, key: Option<WindowKey>) {
        let Some(key) = key else { return };
        let message_ids = self.windows.entry(key.clone()).or_default();
        message_ids.insert(message_id.to_owned());
        self.facts.entry(key).or_default().push(fact);
    }

    /// Adds what another batch turned out to hold.
    pub fn merge(&mut self, other: Self) {
        for (key, mut facts) in other.facts {
            self.facts.entry(key).or_default().append(&mut facts);
        }
        for (key, mut message_ids) in other.windows {
            self.windows
                .entry(key)
                .or_default()
                .append(&mut message_ids);
        }
        self.undecodable.extend(other.undecodable);
    }
}

/// A message that could not be decoded.
#[derive(Debug)]
pub struct Undecodable {
    /// The SQS message's id.
    pub message_id: String,
    /// What is wrong with it.
    pub error: DecodeError,
}

/// Sorts what a batch says by window.
pub fn receive(records: Vec<Message>, windowing: &Windowing, metrics: &mut Metrics) -> Received {
    let mut received = Received::default();
    let mut first_seen = Vec::new();
    for record in records {
        metrics.records += 1;
        let message_id = record.id;
        match record.content {
            Ok(Decoded::Fact { fact, environment }) => {
                metrics.decoded += 1;
                let key = windowing.key_of(&fact, environment.as_deref());
                received.learn(&message_id, fact, key);
            }
            Ok(Decoded::Facts(facts)) => {
                metrics.decoded += 1;
                for fact in facts {
                    let key = windowing.key_of(&fact, None);
                    received.learn(&message_id, fact, key);
                }
            }
            Ok(Decoded::Timer(key)) => {
                metrics.timers += 1;
                received.windows.entry(key).or_default().insert(message_id);
            }
            Ok(Decoded::Ignored(reason)) => {
                *metrics.ignored.entry(reason).or_default() += 1;
                tracing::info!(sqs.message_id = message_id, %reason, "ignored an event: {reason}");
            }
            Err(error) => {
                metrics.undecodable += 1;
                tracing::error!(sqs.message_id = message_id, %error, "cannot decode a message: {error}");
                if record.receive_count <= 1 {
                    first_seen.push(Fact::Undecodable {
                        message_id: message_id.clone(),
                    });
                }
                received.undecodable.push(Undecodable { message_id, error });
            }
        }
    }
    // The message itself comes again and ends in the dead-letter queue; the channel hears of it once.
    if let Some(mut first) = received.facts.first_entry() {
        first.get_mut().append(&mut first_seen);
    }
    received
}

/// Appends what was learned to the log. Returns the windows whose facts may not have been kept.
pub async fn append(
    facts: &BTreeMap<WindowKey, Vec<Fact>>,
    log: &impl WindowLog,
    now: DateTime<Utc>,
) -> BTreeSet<WindowKey> {
    let mut failed = BTreeSet::new();
    for (key, facts) in facts {
        if let Err(error) = log.append(key, facts, now).await {
            tracing::error!(window = %key, %error, "cannot keep what was learned about {key}: {error}");
            failed.insert(key.clone());
        }
    }
    failed
}

/// Says what was learned about each window, at once. What is `over` says whether more may come: where nothing
/// will, who is expected and has not answered is missing. Returns the ids of the messages whose window was not said.
pub async fn report(
    received: Received,
    over: Over,
    timezone: Tz,
    notifier: &impl Notifier,
    deadline: Instant,
    metrics: &mut Metrics,
) -> BTreeSet<String> {
    let Received {
        mut facts,
        mut windows,
        ..
    } = received;
    let mut unsaid = BTreeSet::new();
    for (key, parts) in adopt_anonymous(windows.keys()) {
        let facts: Vec<Fact> = parts
            .iter()
            .flat_map(|part| facts.remove(part).unwrap_or_default())
            .collect();
        let message_ids = parts
            .iter()
            .flat_map(|part| windows.remove(part).unwrap_or_default());
        let message_ids: BTreeSet<String> = message_ids.collect();
        let roll = Roll::fold(&facts);
        // A roster alone only says what is to happen.
        let is_worth_saying = roll.has_news() || (over.calls && !roll.standings(over).is_empty());
        if !is_worth_saying {
            continue;
        }
        let summary = Summary::new(&key, &roll, over, timezone);
        if !say(&key, &summary, notifier, deadline, metrics).await {
            unsaid.extend(message_ids);
        }
    }
    unsaid
}

async fn say(
    key: &WindowKey,
    summary: &Summary,
    notifier: &impl Notifier,
    deadline: Instant,
    metrics: &mut Metrics,
) -> bool {
    let delivery = notifier.notify(summary, deadline).await;
    metrics.said(summary, &delivery);
    match delivery.result {
        Ok(()) => {
            tracing::info!(window = %key, "reported {key}: {}", summary.totals());
            true
        }
        Err(error) => {
            tracing::error!(window = %key, %error, "cannot report {key}: {error}");
            false
        }
    }
}

/// Which windows are said together. Where windows are labelled by cluster, refused calls that name none
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
