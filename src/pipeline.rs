//! From a batch to windows, and from windows to what is said at once: the steps that the function without a table
//! and the command line share.
//!
//! With a table, [`crate::visit`] decides when to speak; without one, every invocation reports what it has.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tokio::time::Instant;

use crate::core::decide::MessageKind;
use crate::core::decode::{DecodeError, Decoded, Message};
use crate::core::event::{self, Event};
use crate::core::fact::Fact;
use crate::core::notice::{self, Notice, Telling};
use crate::core::observation::Observations;
use crate::core::policy::WaitPolicy;
use crate::core::reader::Reader;
use crate::core::report::LastReport;
use crate::core::runs::{Arrival, ArrivedOverride, Runs};
use crate::core::snapshot::WindowSnapshot;
use crate::core::summary::Summary;
use crate::core::window::{UNKNOWN_ENVIRONMENT, WindowKey, Windowing};
use crate::metrics::Metrics;
use crate::ports::notifier::{Delivery, Notifier};
use crate::ports::receivers::MachineReceiver;
use crate::visit::{send, turn_deadline};

/// The windows that a batch is about, each with the ids of the messages that are.
pub type TouchedWindows = BTreeMap<WindowKey, BTreeSet<String>>;

/// What a batch turned out to hold.
#[derive(Debug, Default)]
pub struct Received {
    /// What was learned, by window.
    pub facts: BTreeMap<WindowKey, Vec<Fact>>,
    /// The windows to visit: those that a record is about, and those whose timer fired.
    pub windows: TouchedWindows,
    /// The windows that keep facts of messages which are about other windows. Where such a window cannot keep them,
    /// these messages have to come again, too.
    pub explained: TouchedWindows,
    /// How many timers in a row came before those that fired, by window.
    pub hops: BTreeMap<WindowKey, u64>,
    /// What could not be decoded.
    pub undecodable: Vec<Undecodable>,
    /// The environments that rosters name, by the names of their clusters.
    pub(crate) environments: BTreeMap<String, String>,
    /// What the channel is to hear of the messages that could not be decoded and were received for the first time.
    first_seen: Vec<Fact>,
}

impl Received {
    /// Takes one record of a batch to its windows.
    pub fn take(&mut self, record: Message, windowing: &Windowing, metrics: &mut Metrics) {
        metrics.records += 1;
        let message_id = record.id;
        match record.content {
            Ok(Decoded::Fact { fact, environment }) => {
                metrics.decoded += 1;
                self.name(&fact, environment);
                self.learn(&message_id, &fact, windowing.keys_of(&fact));
            }
            Ok(Decoded::Timer { key, unkept, hops }) => {
                metrics.timers += 1;
                let most = self.hops.entry(key.clone()).or_default();
                *most = hops.max(*most);
                if unkept > 0 {
                    let fact = Fact::Unkept {
                        message_id: message_id.clone(),
                        records: unkept,
                    };
                    self.facts.entry(key.clone()).or_default().push(fact);
                }
                self.windows.entry(key).or_default().insert(message_id);
            }
            Ok(Decoded::Ignored(reason)) => {
                *metrics.ignored.entry(reason).or_default() += 1;
                tracing::info!(sqs.message_id = message_id, %reason, "ignored an event: {reason}");
            }
            Err(error) => {
                metrics.undecodable += 1;
                tracing::error!(sqs.message_id = message_id, %error, "cannot decode a message: {error}");
                if record.receive_count <= 1 {
                    self.first_seen.push(Fact::Undecodable {
                        message_id: message_id.clone(),
                    });
                }
                self.undecodable.push(Undecodable { message_id, error });
            }
        }
    }

    /// Lets the first window of the batch mention the messages that could not be decoded. Each comes again and ends in
    /// the dead-letter queue; the channel hears of it once.
    pub fn mention_undecodable(&mut self) {
        let Some(key) = self.windows.keys().next().cloned() else {
            return;
        };
        if !self.first_seen.is_empty() {
            let facts = self.facts.entry(key).or_default();
            facts.append(&mut self.first_seen);
        }
    }

    fn name(&mut self, fact: &Fact, environment: Option<String>) {
        if let (Fact::Roster(roster), Some(environment)) = (fact, environment) {
            self.environments
                .insert(roster.cluster.clone(), environment);
        }
    }

    /// Takes a fact to its windows. Only the last of them need be visited: the others keep it to explain what may
    /// come.
    fn learn(&mut self, message_id: &str, fact: &Fact, keys: Vec<WindowKey>) {
        let own = own_window(fact, &keys).cloned();
        for key in keys {
            let windows = if Some(&key) == own.as_ref() {
                &mut self.windows
            } else {
                &mut self.explained
            };
            let message_ids = windows.entry(key.clone()).or_default();
            message_ids.insert(message_id.to_owned());
            self.facts.entry(key).or_default().push(fact.clone());
        }
    }
}

/// The window that a fact is about. A roster is about its first window, and kept in later ones to explain calls that
/// are retried there. An event of ECS may be about a call of any of its windows; all of them keep it, and the
/// last one is as good as any.
fn own_window<'k>(fact: &Fact, keys: &'k [WindowKey]) -> Option<&'k WindowKey> {
    match fact {
        Fact::Roster(_) => keys.first(),
        _ => keys.last(),
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
    for record in records {
        received.take(record, windowing, metrics);
    }
    received.mention_undecodable();
    received
}

/// How a report is made.
#[derive(Debug, Clone, Copy)]
pub struct Reporting<'a> {
    /// How long to wait for what: what nobody answered by then was never called.
    pub policy: WaitPolicy,
    /// For whom messages are written.
    pub reader: Reader,
    /// The present.
    pub now: DateTime<Utc>,
    /// Until when messages may be sent.
    pub deadline: Instant,
    /// Each group of runs in a message of its own, as with a table; otherwise a window is one message.
    pub is_by_group: bool,
    /// The machines that get events.
    pub machines: &'a [MachineReceiver],
}

/// Says what was learned about each window, at once. `observe` gives what ECS said about the runs of a window.
/// Returns the ids of the messages whose window was not said.
pub async fn report(
    received: Received,
    reporting: Reporting<'_>,
    observe: impl Fn(&WindowKey, &Runs) -> Observations,
    notifier: &impl Notifier,
    metrics: &mut Metrics,
) -> BTreeSet<String> {
    let mut unsaid = BTreeSet::new();
    let mut events = Vec::new();
    let mut windows = together(received);
    forward(&mut windows, reporting.policy.period);
    for (key, Known { facts, message_ids }) in windows {
        let runs = fold(&key, &facts);
        let observations = observe(&key, &runs);
        let policy = reporting.policy;
        let snapshot = WindowSnapshot::new(&key, &runs, &observations, policy, reporting.now);
        let told = At {
            is_by_group: reporting.is_by_group,
            reader: reporting.reader,
            now: Some(reporting.now),
        };
        let mut is_said = true;
        events.extend(self::events(&snapshot));
        for notice in notices(&snapshot, told) {
            let delivery = notifier.tell(&notice, reporting.deadline).await;
            metrics.posted(&delivery);
            is_said &= is_confirmed(&key, &delivery);
        }
        for summary in summaries(&snapshot, told) {
            is_said &= say(&key, &summary, notifier, reporting.deadline, metrics).await;
        }
        if !is_said {
            unsaid.extend(message_ids);
        }
    }
    send_events(&events, reporting, metrics).await;
    unsaid
}

/// What is known about a window, and the ids of the messages that told it.
#[derive(Debug, Default)]
struct Known {
    facts: Vec<Fact>,
    message_ids: BTreeSet<String>,
}

/// When facts arrived that are reported at once: nobody waits for what may yet arrive, so it does not matter.
const AT_ONCE: Arrival = Arrival {
    at: DateTime::UNIX_EPOCH,
    siblings_until: None,
};

/// The runs of a window whose facts are all known.
pub(crate) fn fold<'f>(key: &WindowKey, facts: impl IntoIterator<Item = &'f Fact>) -> Runs {
    Runs::fold(key.start, facts.into_iter().map(|fact| (fact, AT_ONCE)))
}

/// Whether there is anything to say. A roster alone only says what is to happen.
pub(crate) fn is_reported(snapshot: &WindowSnapshot<'_>) -> bool {
    let is_waiting = || {
        let mut statuses = snapshot.statuses.iter();
        statuses.all(|one| one.status.is_awaited())
    };
    !snapshot.is_blank() && (snapshot.runs.has_news() || !is_waiting())
}

/// The windows that a batch is about, each with everything that is said with it.
fn together(received: Received) -> BTreeMap<WindowKey, Known> {
    let Received {
        mut facts,
        mut windows,
        ..
    } = received;
    let mut known: BTreeMap<WindowKey, Known> = BTreeMap::new();
    for (key, parts) in adopt_anonymous(windows.keys()) {
        let known = known.entry(key).or_default();
        for part in parts {
            known.facts.extend(facts.remove(&part).unwrap_or_default());
            let message_ids = windows.remove(&part).unwrap_or_default();
            known.message_ids.extend(message_ids);
        }
    }
    known
}

/// A call after a window's end may answer a run of that window, by its roster. It is said there, and the window of
/// its own time leaves it out.
fn forward(windows: &mut BTreeMap<WindowKey, Known>, period: Duration) {
    let mut late: Vec<(WindowKey, Fact, BTreeSet<String>)> = Vec::new();
    for (key, Known { facts, message_ids }) in &*windows {
        for (target, fact) in elsewhere(key, fold(key, facts), period) {
            late.push((target, fact, message_ids.clone()));
        }
    }
    for (target, fact, message_ids) in late {
        let known = windows.entry(target).or_default();
        known.facts.push(fact);
        known.message_ids.extend(message_ids);
    }
}

/// The calls in a window that answer runs of earlier windows, each with the window where it is said.
pub(crate) fn elsewhere(
    key: &WindowKey,
    runs: Runs,
    period: Duration,
) -> impl Iterator<Item = (WindowKey, Fact)> {
    let environment = key.environment.clone();
    let windowing = Windowing {
        environment: None,
        period,
    };
    let target = move |(time, fact)| {
        let start = windowing.start_of(time);
        let environment = environment.clone();
        (WindowKey { start, environment }, fact)
    };
    runs.elsewhere.into_iter().map(target)
}

/// For whom the messages about a window are that are all told at once, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    /// Each group of runs in a message of its own; otherwise a window is one message.
    pub(crate) is_by_group: bool,
    /// For whom messages are written.
    pub(crate) reader: Reader,
    /// When people read them; `None` where they are shown as they would have been read at the time of what they tell.
    pub(crate) now: Option<DateTime<Utc>>,
}

/// The lines about overrides that are messages of their own.
pub(crate) fn notices(snapshot: &WindowSnapshot<'_>, at: At) -> Vec<Notice> {
    let untold = notice::untold(snapshot, &LastReport::default(), false, true);
    let is_alone = |telling| match telling {
        Telling::With(_) => !is_reported(snapshot),
        Telling::Now | Telling::At(_) => true,
    };
    let alone = untold.into_iter().filter(|(_, telling)| is_alone(*telling));
    let notice = |(one, _): (&ArrivedOverride, _)| {
        let now = at.now.unwrap_or(one.told.scheduled_time);
        Notice::of(&one.told, snapshot.label, now, at.reader)
    };
    alone.filter_map(notice).collect()
}

/// The messages about the runs of a window, with what is said in them of overrides that ended.
pub(crate) fn summaries(snapshot: &WindowSnapshot<'_>, at: At) -> Vec<Summary> {
    if !is_reported(snapshot) {
        return Vec::new();
    }
    let summary = |(members, kind): (Vec<usize>, MessageKind)| {
        let is_told = |group| {
            let mut members = members.iter();
            members.any(|&index| snapshot.statuses[index].group == group)
        };
        let ended = notice::ended_in(snapshot, &LastReport::default(), false, is_told);
        let mut summary = Summary::new(snapshot, &members, kind, at.reader);
        summary.mention_ended(&ended);
        summary
    };
    let messages = messages(snapshot, at.is_by_group);
    messages.into_iter().map(summary).collect()
}

/// Which runs go into which message: a later schedule of the window has one of its own.
fn messages(snapshot: &WindowSnapshot<'_>, is_by_group: bool) -> Vec<(Vec<usize>, MessageKind)> {
    let mut messages: Vec<(Vec<usize>, MessageKind)> = Vec::new();
    for (number, group) in snapshot.groups.iter().enumerate() {
        let statuses = snapshot.statuses.iter().enumerate();
        let members = statuses
            .filter(|(_, one)| one.group == number)
            .map(|(index, _)| index);
        let members: Vec<usize> = members.collect();
        // A receiver that hears of a part of the window may hear of nothing in a group.
        if members.is_empty() {
            continue;
        }
        let is_later = is_by_group && !group.schedules.is_empty();
        if messages.is_empty() || is_later {
            let kind = if messages.is_empty() {
                MessageKind::First
            } else {
                MessageKind::Later
            };
            messages.push((Vec::new(), kind));
        }
        if let Some((runs, _)) = messages.last_mut() {
            runs.extend(members);
        }
    }
    messages
}

/// The events about a window.
fn events(snapshot: &WindowSnapshot<'_>) -> Vec<(WindowKey, Event)> {
    if !is_reported(snapshot) {
        return Vec::new();
    }
    let all: Vec<usize> = (0..snapshot.statuses.len()).collect();
    let report = LastReport::default();
    let receiver = event::Receiver {
        route: None,
        report: &report,
        is_whole: false,
    };
    let event = |(group, news): (usize, Vec<usize>)| {
        let event = Event::of(snapshot, group, &news, receiver);
        (snapshot.key.clone(), event)
    };
    let groups = event::by_group(snapshot, &all);
    groups.into_iter().map(event).collect()
}

/// Sends every machine the events, after people were told. Where nothing is remembered, giving the records back for the
/// sake of a machine would repeat the message to people: so an event that is not confirmed now is lost, and the log says
/// so.
async fn send_events(
    events: &[(WindowKey, Event)],
    reporting: Reporting<'_>,
    metrics: &mut Metrics,
) {
    let machines = reporting.machines.iter();
    let whole = machines.filter(|to| to.route.is_none());
    let sends = whole.map(async |to| {
        let mut metrics = Metrics::default();
        let deadline = turn_deadline(reporting.deadline);
        for (key, event) in events {
            // What went wrong is logged, and nobody can mend it here.
            let _ = send(key, event, to, deadline, &mut metrics).await;
        }
        metrics
    });
    for told in join_all(sends).await {
        metrics.add_told(told);
    }
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
    let is_said = is_confirmed(key, &delivery);
    if is_said {
        tracing::info!(window = %key, "reported {key}: {}", summary.totals());
    }
    is_said
}

fn is_confirmed(key: &WindowKey, delivery: &Delivery) -> bool {
    if let Err(error) = &delivery.result {
        tracing::error!(window = %key, %error, "cannot report {key}: {error}");
    }
    delivery.result.is_ok()
}

/// Which windows are said together. Where windows are labelled by cluster, refused calls that name none
/// stand in a window of their own; if just one cluster was called in that period, that is where they belong.
pub(crate) fn adopt_anonymous<'a>(
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
