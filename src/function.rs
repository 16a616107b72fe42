//! One invocation: from a batch of SQS records to the ids of those that failed and are to come again.
//!
//! All effects come in through the ports, so that a simulation can run it in virtual time and let it die
//! between any two of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use tokio::time::Instant;

use crate::config::{DEFAULT_WAIT_POLICY, Settings};
use crate::core::audience::Audience;
use crate::core::decide::MessageKind;
use crate::core::decode::Message;
use crate::core::fact::Fact;
use crate::core::notice::Notice;
use crate::core::observation::Observations;
use crate::core::policy::WaitPolicy;
use crate::core::runs::{Arrival, Runs};
use crate::core::snapshot::WindowSnapshot;
use crate::core::summary::Summary;
use crate::core::window::WindowKey;
use crate::metrics::Metrics;
use crate::pipeline::{self, Received, Reporting};
use crate::ports::Clock;
use crate::ports::ecs::Ecs;
use crate::ports::notifier::Notifier;
use crate::ports::queue::{LONGEST_DELAY, Queue, Receipt, return_delay};
use crate::ports::receivers::{Receiver, Receivers};
use crate::ports::window_log::{Head, WindowLog};
use crate::visit::{Ports, Visit, VisitError, arm, arm_and_note, pace, ping_at_once, visit};

/// An invocation without a table: every batch is reported at once, and nothing is remembered, so that what a
/// batch leads to does not depend on which instance of the function gets it.
pub async fn report_batch<N: Notifier>(
    records: Vec<Message>,
    settings: &Settings,
    receivers: &Receivers<N>,
    now: DateTime<Utc>,
    deadline: Instant,
    metrics: &mut Metrics,
) -> BTreeSet<String> {
    let mut received = pipeline::receive(records, &settings.windowing, metrics);
    let undecodable = std::mem::take(&mut received.undecodable);
    let first = received.windows.keys().next().cloned();
    let reporting = Reporting {
        policy: unhurried(settings.windowing.period),
        reader: settings.reader,
        now,
        deadline,
        is_by_group: false,
        machines: receivers.machines(),
    };
    let notifier = &receivers.default().notifier;
    let nothing = |_: &WindowKey, _: &Runs| Observations::default();
    let unsaid = pipeline::report(received, reporting, nothing, notifier, metrics).await;
    let is_all_told =
        unsaid.is_empty() && metrics.messages_posted > 0 && metrics.events_failed == 0;
    if let (Some(watchdog), Some(key), true) = (receivers.watchdog(), first, is_all_told) {
        ping_at_once(&key, watchdog, deadline, metrics).await;
    }
    undecodable
        .into_iter()
        .map(|message| message.message_id)
        .chain(unsaid)
        .collect()
}

/// Where nothing is remembered, nobody can tell that a call is missing: its record may be in another batch.
fn unhurried(period: Duration) -> WaitPolicy {
    WaitPolicy {
        grace: Duration::from_hours(366 * 24),
        period,
        verify: None,
        ..DEFAULT_WAIT_POLICY
    }
}

/// A record of an invocation, as far as giving it back needs it.
struct Origin {
    receipt: Receipt,
    receive_count: u32,
}

/// An invocation with a table: what was learned is kept, and each window is visited. Returns the ids of the messages
/// that failed. `max_receives` is how often SQS hands a message out before it goes to the dead-letter queue.
pub async fn visit_windows<L: WindowLog, N: Notifier, Q: Queue, E: Ecs, C: Clock>(
    records: impl IntoIterator<Item = impl Into<Message>>,
    max_receives: u32,
    ports: &Ports<'_, L, N, Q, E, C>,
    how: Visit<'_>,
    metrics: &mut Metrics,
) -> BTreeSet<String> {
    let records: Vec<Message> = records.into_iter().map(Into::into).collect();
    let origins: BTreeMap<String, Origin> = records.iter().map(origin).collect();
    let siblings_until = siblings_until(&records, how.now);
    let Received {
        facts,
        windows,
        explained,
        hops,
        undecodable,
        ..
    } = pipeline::receive(records, how.windowing, metrics);
    let mut poison = Vec::new();
    for message in undecodable {
        // It will never be kept, so it goes to the dead-letter queue as soon as it can.
        postpone(&message.message_id, &origins, Duration::ZERO, ports).await;
        poison.push(message.message_id);
    }
    let is_last = |id: &&String| {
        let origin = origins.get(*id);
        origin.is_some_and(|origin| origin.receive_count >= max_receives)
    };
    // A message that was kept in its own window does not become a dead letter for want of another one.
    let not_last = |ids: Option<&BTreeSet<String>>| -> Vec<String> {
        let ids = ids.into_iter().flatten();
        ids.filter(|id| !is_last(id)).cloned().collect()
    };
    let mut failed_message_ids = BTreeSet::new();
    let arrival = Arrival {
        at: how.now,
        siblings_until,
    };
    // First what explains: a run must not be told missing because whoever kept its roster died before the window of its
    // late call had it, too.
    for (key, facts) in facts.iter().filter(|(key, _)| !windows.contains_key(*key)) {
        if let Err(error) = keep_explanation(key, facts, arrival, ports, how).await {
            tracing::error!(window = %key, %error, "cannot keep what explains {key}: {error}");
            failed_message_ids.extend(not_last(explained.get(key)));
        }
    }
    for (key, message_ids) in &windows {
        let own = facts.get(key);
        let hops = hops.get(key).copied().unwrap_or_default();
        let how = Visit { hops, ..how };
        let done = keep_and_visit(key, own.map(Vec::as_slice), arrival, ports, how, metrics).await;
        if done {
            continue;
        }
        let last: Vec<&String> = message_ids.iter().filter(is_last).collect();
        if !last.is_empty() && give_up(key, own, last.len(), ports, how, metrics).await {
            continue;
        }
        failed_message_ids.extend(message_ids.iter().cloned());
        failed_message_ids.extend(not_last(explained.get(key)));
    }
    for id in &failed_message_ids {
        let receives = origins.get(id).map_or(1, |origin| origin.receive_count);
        postpone(id, &origins, return_delay(receives), ports).await;
    }
    failed_message_ids.extend(poison);
    failed_message_ids
}

fn origin(record: &Message) -> (String, Origin) {
    let receipt = Receipt {
        queue_arn: record.queue_arn.clone(),
        handle: record.receipt_handle.clone(),
    };
    let origin = Origin {
        receipt,
        receive_count: record.receive_count,
    };
    (record.id.clone(), origin)
}

/// Records that come again were given back when the log could not be reached. Others that were given back then are on
/// their way, too, for as long as these were.
fn siblings_until(records: &[Message], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let is_again = |record: &&Message| record.receive_count > 1 && record.content.is_ok();
    let receives = records
        .iter()
        .filter(is_again)
        .map(|record| record.receive_count - 1)
        .max()?;
    let away = TimeDelta::from_std(return_delay(receives)).ok()?;
    Some(now + away)
}

/// Keeps what was learned about a window, and visits it unless a timer is near. Returns whether that is done.
async fn keep_and_visit<L: WindowLog, N: Notifier, Q: Queue, E: Ecs, C: Clock>(
    key: &WindowKey,
    facts: Option<&[Fact]>,
    arrival: Arrival,
    ports: &Ports<'_, L, N, Q, E, C>,
    how: Visit<'_>,
    metrics: &mut Metrics,
) -> bool {
    let result = match facts {
        None => visit(key, arrival.siblings_until, ports, how, metrics).await,
        Some(facts) => match ports.log.append(key, facts, arrival).await {
            Err(error) => {
                tracing::error!(window = %key, %error, "cannot keep what was learned about {key}: {error}");
                return false;
            }
            Ok(head) => match rest(&head, ports.clock.now()) {
                Rest::Visited => return true,
                Rest::Until(at) => arm_and_note(key, at, ports, how).await,
                Rest::Over => visit(key, arrival.siblings_until, ports, how, metrics).await,
            },
        },
    };
    if let Err(error) = &result {
        tracing::error!(window = %key, %error, "cannot visit {key}: {error}");
    }
    result.is_ok()
}

/// Whether an append leaves the visit to somebody else.
enum Rest {
    /// A timer is near, and will bring a visit after the append.
    Visited,
    /// The last visit was just now; the next one is to come then.
    Until(DateTime<Utc>),
    /// It is time for a visit.
    Over,
}

/// A timer that fires so soon may already have brought its visit.
const TIMER_MARGIN: TimeDelta = TimeDelta::seconds(1);

fn rest(head: &Head, now: DateTime<Utc>) -> Rest {
    let pace = pace(head.visit.runs);
    let near = now + TIMER_MARGIN..=now + TIMER_MARGIN + pace;
    if head.timer_at.is_some_and(|at| near.contains(&at)) {
        return Rest::Visited;
    }
    let is_anything_due = head.visit.wake_at.is_some_and(|wake_at| wake_at <= now);
    match head.visit.visited_at.map(|at| at + pace) {
        Some(next) if next > now && !is_anything_due => Rest::Until(next.max(now + TIMER_MARGIN)),
        _ => Rest::Over,
    }
}

/// Keeps facts that only explain what is about a window. Where calls came before, they may now turn out to belong to
/// another window, so that somebody has to look.
async fn keep_explanation<L: WindowLog, N, Q: Queue, E, C: Clock>(
    key: &WindowKey,
    facts: &[Fact],
    arrival: Arrival,
    ports: &Ports<'_, L, N, Q, E, C>,
    how: Visit<'_>,
) -> Result<(), VisitError> {
    let head = ports.log.append(key, facts, arrival).await?;
    let has_others = head.appended > 1;
    let is_near = matches!(rest(&head, ports.clock.now()), Rest::Visited);
    if has_others && !is_near {
        let at = ports.clock.now() + pace(head.visit.runs);
        arm_and_note(key, at, ports, how).await?;
    }
    Ok(())
}

async fn postpone<L, N, Q: Queue, E, C>(
    message_id: &str,
    origins: &BTreeMap<String, Origin>,
    delay: Duration,
    ports: &Ports<'_, L, N, Q, E, C>,
) {
    let Some(origin) = origins
        .get(message_id)
        .filter(|origin| !origin.receipt.handle.is_empty())
    else {
        return;
    };
    if let Err(error) = ports.queue.postpone(&origin.receipt, delay).await {
        // Then SQS hands it out after the queue's visibility timeout.
        tracing::warn!(sqs.message_id = message_id, %error, "cannot postpone a message: {error}");
    }
}

/// The last receive before the dead-letter queue: people hear the batch as what it is, once for a window, and a timer
/// tells the window that records of it are in the dead-letter queue. Returns whether the messages may go: those that
/// only were to bring a visit, whose facts are kept.
async fn give_up<L: WindowLog, N: Notifier, Q: Queue, E, C: Clock>(
    key: &WindowKey,
    facts: Option<&Vec<Fact>>,
    records: usize,
    ports: &Ports<'_, L, N, Q, E, C>,
    how: Visit<'_>,
    metrics: &mut Metrics,
) -> bool {
    let unkept = if facts.is_some() { records as u64 } else { 0 };
    if let Some(facts) = facts.filter(|_| ports.memory.is_first_part(key)) {
        say_partially(key, facts, ports.receivers, how, metrics).await;
    }
    // A timer must not end as a dead letter: it may have been the last to bring a visitor.
    let armed = arm(key, how.now + LONGEST_DELAY, unkept, ports, how).await;
    if let Err(error) = &armed {
        tracing::error!(window = %key, %error, "cannot arm a timer for {key}: {error}");
    }
    facts.is_none() && armed.is_ok()
}

/// Degraded, never silent: what goes to the dead-letter queue unsaid is said as what it is, to every receiver of it.
async fn say_partially<N: Notifier>(
    key: &WindowKey,
    facts: &[Fact],
    receivers: &Receivers<N>,
    how: Visit<'_>,
    metrics: &mut Metrics,
) {
    let arrival = Arrival {
        at: how.now,
        siblings_until: None,
    };
    let runs = Runs::fold(key.start, facts.iter().map(|fact| (fact, arrival)));
    let observations = Observations::default();
    let policy = unhurried(how.policy.period);
    let snapshot = WindowSnapshot::new(key, &runs, &observations, policy, how.now);
    let audience = Audience::of(receivers.routes(), &snapshot);
    let parts = audience.parts(snapshot, |_| None);
    let turns = receivers.iter().zip(parts).map(async |(receiver, part)| {
        let mut metrics = Metrics::default();
        say_part(&receiver.own(part), receiver, how, &mut metrics).await;
        metrics
    });
    for told in join_all(turns).await {
        metrics.add_told(told);
    }
}

async fn say_part<N: Notifier>(
    part: &WindowSnapshot<'_>,
    receiver: &Receiver<N>,
    how: Visit<'_>,
    metrics: &mut Metrics,
) {
    let key = part.key;
    if part.overrides.is_empty() && part.is_blank() {
        return;
    }
    receiver.notifier.prepare().await;
    for one in &part.overrides {
        if let Some(notice) = Notice::of(&one.told, part.label, how.now, receiver.reader) {
            let delivery = receiver.notifier.tell(&notice, how.deadline).await;
            metrics.posted(&delivery);
            if let Err(error) = delivery.result {
                tracing::error!(window = %key, %error, "cannot tell of an override in {key}: {error}");
            }
        }
    }
    if !part.statuses.iter().any(|one| one.run.is_answered()) {
        return;
    }
    let all: Vec<usize> = (0..part.statuses.len()).collect();
    let mut summary = Summary::new(part, &all, MessageKind::First, receiver.reader);
    summary.mark_partial();
    let delivery = receiver.notifier.notify(&summary, how.deadline).await;
    metrics.said(&summary, &delivery);
    if let Err(error) = delivery.result {
        tracing::error!(window = %key, %error, "cannot say {key} partially: {error}");
    }
}
