//! One invocation: from a batch of SQS records to the ids of those that are to come again.
//!
//! All effects come in through the ports, so that a simulation can run it in virtual time and let it die
//! between any two of them.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;

use crate::config::Settings;
use crate::decode::Message;
use crate::delivery::{Ports, Visit, VisitError, visit};
use crate::ecs::Ecs;
use crate::fact::Fact;
use crate::metrics::Metrics;
use crate::notify::Notifier;
use crate::pipeline;
use crate::roll::{Over, Roll};
use crate::summary::Summary;
use crate::timer::{LONGEST_DELAY, Timers};
use crate::window::{WindowKey, WindowLog, Windowing};

/// The receive after which SQS moves a message to the dead-letter queue.
const LAST_RECEIVE: u32 = 5;

/// An invocation without a table: every batch is reported at once, and nothing is remembered, so that what a
/// batch leads to does not depend on which instance of the function gets it.
pub async fn report_batch(
    records: Vec<Message>,
    settings: &Settings,
    notifier: &impl Notifier,
    deadline: Instant,
    metrics: &mut Metrics,
) -> BTreeSet<String> {
    let mut received = pipeline::receive(records, &settings.windowing, metrics);
    let undecodable = std::mem::take(&mut received.undecodable);
    let unsaid = pipeline::report(
        received,
        Over::default(),
        settings.timezone,
        notifier,
        deadline,
        metrics,
    )
    .await;
    undecodable
        .into_iter()
        .map(|message| message.message_id)
        .chain(unsaid)
        .collect()
}

/// An invocation with a table: what was learned is kept, and each window is visited.
pub async fn visit_windows<L: WindowLog, N: Notifier, T: Timers, E: Ecs>(
    records: impl IntoIterator<Item = impl Into<Message>>,
    windowing: &Windowing,
    ports: &Ports<'_, L, N, T, E>,
    how: Visit<'_>,
    metrics: &mut Metrics,
) -> BTreeSet<String> {
    let records: Vec<Message> = records.into_iter().map(Into::into).collect();
    let is_last = |record: &&Message| record.receive_count >= LAST_RECEIVE;
    let last_chance: BTreeSet<String> = records
        .iter()
        .filter(is_last)
        .map(|record| record.id.clone())
        .collect();
    let received = pipeline::receive(records, windowing, metrics);
    let not_kept = pipeline::append(&received.facts, ports.log, how.now).await;

    let mut again: BTreeSet<String> = received
        .undecodable
        .into_iter()
        .map(|message| message.message_id)
        .collect();
    for (key, message_ids) in received.windows {
        let messages_before = metrics.messages();
        let mut error = None;
        if !not_kept.contains(&key) {
            match visit(&key, ports, how, metrics).await {
                Ok(()) => continue,
                Err(reason) => error = Some(reason),
            }
        }
        if let Some(error) = &error {
            tracing::error!(window = %key, %error, "cannot visit {key}: {error}");
        }
        if !message_ids.is_disjoint(&last_chance) {
            // The visit may have failed after it spoke.
            if metrics.messages() == messages_before {
                say_partially(&key, &received.facts, ports.notifier, how, metrics).await;
            }
            // A timer must not end as a dead letter: it may have been the last to bring a visitor.
            let is_unvisited = matches!(error, None | Some(VisitError::Log(_)));
            let at = how.now + LONGEST_DELAY;
            if is_unvisited && ports.timers.arm(&key, at, how.now).await.is_ok() && error.is_some()
            {
                // What was learned is kept.
                continue;
            }
        }
        again.extend(message_ids);
    }
    again
}

/// Degraded, never silent: what would end in the dead-letter queue unsaid is said as what it is.
async fn say_partially(
    key: &WindowKey,
    facts: &BTreeMap<WindowKey, Vec<Fact>>,
    notifier: &impl Notifier,
    how: Visit<'_>,
    metrics: &mut Metrics,
) {
    let roll = Roll::fold(facts.get(key).into_iter().flatten());
    if !roll.has_news() {
        return;
    }
    let mut summary = Summary::new(key, &roll, Over::default(), how.timezone);
    summary.notes.insert(
        0,
        "⚠️ Partial: the window's log or timer could not be reached, so this is one batch only."
            .to_owned(),
    );
    let delivery = notifier.notify(&summary, how.deadline).await;
    metrics.said(&summary, &delivery);
    if let Err(error) = delivery.result {
        tracing::error!(window = %key, %error, "cannot say {key} partially: {error}");
    }
}
