//! What to say now, or until when to wait: a pure decision over how everything stands and what was told.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::report::{LastReport, LiveMessage};
use super::snapshot::{Group, RunStatus, WindowSnapshot};
use super::status::{Kind, Severity, Status};
use super::told::{Told, ToldStatus};

/// What to do about a window now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Tell these runs.
    Say(Message),
    /// These runs are to be told, but the receiver is not to be called before this time.
    Hold(DateTime<Utc>, Message),
    /// Look again at this time, for this reason.
    Wait(DateTime<Utc>, Reason),
    /// There is nothing to say that was not told.
    Nothing,
}

/// A message that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Which of the snapshot's statuses it tells.
    pub runs: Vec<usize>,
    /// What the runs are to the reader.
    pub kind: MessageKind,
    /// Why it is due.
    pub reason: Reason,
    /// Since when it is due.
    pub due_at: DateTime<Utc>,
}

/// What the runs of a message are to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// The first message about this window.
    First,
    /// The first message about a later schedule of the window.
    Later,
    /// What changed since the runs were told.
    Changes,
}

/// Why something is said when it is, or waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Everything that the rosters name is final and good.
    Complete,
    /// Nothing new arrived for a while.
    Settled,
    /// The time for the call of an expected run is over.
    Deadline,
    /// Tasks have had their time to start or to stop.
    Checks,
    /// The window is over, and jobs that run at a rate are told with it.
    WindowEnd,
    /// Records that were given back to the queue may still return.
    Redelivery,
    /// The receiver asked for silence, or failed.
    Receiver,
    /// The message was edited just now.
    Pace,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Complete => "complete",
            Self::Settled => "settled",
            Self::Deadline => "deadline",
            Self::Checks => "checks",
            Self::WindowEnd => "window end",
            Self::Redelivery => "redelivery",
            Self::Receiver => "receiver",
            Self::Pace => "pace",
        })
    }
}

/// When something is due, and why then.
type Due = (DateTime<Utc>, Reason);

/// What to tell a receiver whose messages cannot be edited.
#[must_use]
pub fn decide(snapshot: &WindowSnapshot<'_>, report: &LastReport) -> Decision {
    let now = snapshot.now;
    let told = told_by_run(snapshot, report);
    let mut changes: Vec<usize> = Vec::new();
    let mut changed_at = now;
    let mut waits: Vec<Due> = Vec::new();
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); snapshot.groups.len()];
    for (index, one) in snapshot.statuses.iter().enumerate() {
        members[one.group].push(index);
    }
    for (group, members) in snapshot.groups.iter().zip(members) {
        let is_first = members.iter().all(|&index| told[index].is_none());
        let is_nothing = || {
            members
                .iter()
                .all(|&index| snapshot.statuses[index].status == Status::Resolved)
        };
        if is_first && report.said_at.is_some() && is_nothing() {
            continue;
        }
        if is_first {
            let (at, reason) = due(snapshot, group, &members);
            if now < at {
                waits.push((at, reason));
                continue;
            }
            let kind = if report.said_at.is_some() {
                MessageKind::Later
            } else {
                MessageKind::First
            };
            return ready(
                report,
                now,
                Message {
                    runs: members,
                    kind,
                    reason,
                    due_at: at,
                },
            );
        }
        let news = |index: &usize| is_news(&snapshot.statuses[*index], told[*index]);
        let (ready, awaited): (Vec<usize>, Vec<usize>) = members
            .into_iter()
            .filter(news)
            .partition(|&index| snapshot.statuses[index].final_at.is_none());
        waits.extend(
            awaited
                .iter()
                .filter_map(|&index| awaited_until(&snapshot.statuses[index])),
        );
        if let Some(at) = settled_at(snapshot, &ready) {
            if now < at {
                waits.push((at, Reason::Settled));
            } else {
                changes.extend(ready);
                changed_at = changed_at.min(at);
            }
        }
    }
    if !changes.is_empty() {
        let (kind, reason) = (MessageKind::Changes, Reason::Settled);
        return ready(
            report,
            now,
            Message {
                runs: changes,
                kind,
                reason,
                due_at: changed_at,
            },
        );
    }
    waits
        .into_iter()
        .min()
        .map_or(Decision::Nothing, |(at, reason)| Decision::Wait(at, reason))
}

/// A message that is due is said, or held back where the receiver is not to be called yet.
fn ready(report: &LastReport, now: DateTime<Utc>, message: Message) -> Decision {
    match report.not_before.filter(|not_before| now < *not_before) {
        Some(not_before) => Decision::Hold(not_before, message),
        None => Decision::Say(message),
    }
}

fn told_by_run(snapshot: &WindowSnapshot<'_>, report: &LastReport) -> Vec<Option<ToldStatus>> {
    let told = |one: &RunStatus<'_>| report.told.of(one.subject, one.run);
    snapshot.statuses.iter().map(told).collect()
}

/// Whether people need to hear of a run, of whose group they have heard.
fn is_news(one: &RunStatus<'_>, told: Option<ToldStatus>) -> bool {
    match told {
        Some(told) => told.is_outdated_by(&one.status),
        // Nobody need hear that calls without a name did no harm.
        None => one.status != Status::Resolved,
    }
}

/// When a group that nobody has heard of is told.
#[must_use]
pub fn due(snapshot: &WindowSnapshot<'_>, group: &Group, members: &[usize]) -> Due {
    let statuses = || members.iter().map(|&index| &snapshot.statuses[index]);
    let is_final = statuses().all(|one| one.final_at.is_none());
    let mut expected = statuses().filter(|one| one.run.firing.is_some()).peekable();
    let has_roster = expected.peek().is_some();
    if has_roster && is_final && expected.all(|one| one.status.is_good()) && !group.is_rest {
        let complete_at = statuses().map(|one| one.run.arrived_at).max();
        return (
            complete_at.unwrap_or(snapshot.now).min(snapshot.now),
            Reason::Complete,
        );
    }
    let awaited = statuses().filter_map(awaited_until).max();
    // Whose time is over is told so: that everything else has settled is not the reason.
    let is_unanswered = |one: &RunStatus<'_>| one.status.kind() == Kind::Missing;
    let reason = if statuses().any(is_unanswered) {
        Reason::Deadline
    } else {
        Reason::Settled
    };
    let settled = settled_at(snapshot, members).map(|at| (at, reason));
    let end = group.is_rest.then_some((group.start, Reason::WindowEnd));
    let returning = snapshot
        .runs
        .siblings_until
        .map(|at| (at, Reason::Redelivery));
    let last = [awaited, settled, end, returning]
        .into_iter()
        .flatten()
        .max();
    last.unwrap_or((snapshot.now, Reason::Settled))
}

fn awaited_until(one: &RunStatus<'_>) -> Option<Due> {
    let reason = match one.status {
        Status::Pending => Reason::Deadline,
        _ => Reason::Checks,
    };
    one.final_at.map(|at| (at, reason))
}

/// When nothing new has arrived about these runs for the settling time; `None` for no runs.
fn settled_at(snapshot: &WindowSnapshot<'_>, members: &[usize]) -> Option<DateTime<Utc>> {
    let arrivals = members
        .iter()
        .map(|&index| snapshot.statuses[index].run.arrived_at);
    arrivals.max().map(|at| snapshot.policy.settled_at(at))
}

/// How much time passes between two edits of a message: Slack's clients redraw it each time, and every edit counts
/// towards a limit that all messages share.
const EDIT_PACE: TimeDelta = TimeDelta::seconds(3);

/// What to do about the message of one group, where messages can be edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveDecision {
    /// Post the message.
    Post,
    /// Edit it.
    Edit,
    /// Look again at this time, for this reason.
    Wait(DateTime<Utc>, Reason),
    /// The message shows how everything ended.
    Nothing,
}

/// What to do about a group's message. `shown` is a digest of what it should show, `ends` when it is final.
#[must_use]
pub fn decide_live(
    message: Option<&LiveMessage>,
    shown: u64,
    ends: Due,
    not_before: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> LiveDecision {
    let wait = if now < ends.0 {
        LiveDecision::Wait(ends.0, ends.1)
    } else {
        LiveDecision::Nothing
    };
    let is_same = message.is_some_and(|message| message.shown == shown);
    if is_same {
        return wait;
    }
    if let Some(not_before) = not_before.filter(|not_before| now < *not_before) {
        return LiveDecision::Wait(not_before, Reason::Receiver);
    }
    match message {
        None => LiveDecision::Post,
        // A new message instead of one that cannot be edited is worth it only for how the group ended.
        Some(message) if message.is_frozen && now < ends.0 => wait,
        Some(message) if message.is_frozen => LiveDecision::Post,
        Some(message) if now < message.edited_at + EDIT_PACE => {
            LiveDecision::Wait(message.edited_at + EDIT_PACE, Reason::Pace)
        }
        Some(_) => LiveDecision::Edit,
    }
}

/// What a message's thread is to hear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThreadNews {
    /// Failed runs that it has not heard of.
    pub failed: Vec<usize>,
    /// Runs that it heard had failed, and that are well now.
    pub recovered: Vec<usize>,
}

/// What to tell the thread of a group's message, if there is cause to. The first failure is told at once; what else
/// happens is told when nothing that was told still stands, or when the group has ended: a storm of failures is two
/// replies, not one for each. `replied` is what the threads of the window have heard.
#[must_use]
pub fn thread_news(
    snapshot: &WindowSnapshot<'_>,
    members: &[usize],
    replied: &Told,
    has_ended: bool,
) -> Option<ThreadNews> {
    let mut news = ThreadNews::default();
    let mut is_any_left = false;
    for &index in members {
        let one = &snapshot.statuses[index];
        let told = replied.of(one.subject, one.run);
        match (told, one.status.severity()) {
            (None, Severity::Bad | Severity::Warn) => news.failed.push(index),
            (Some(told), Severity::Bad | Severity::Warn) if told.is_outdated_by(&one.status) => {
                news.failed.push(index);
            }
            (Some(_), Severity::Good) => news.recovered.push(index),
            // It may yet recover, or fail again.
            (Some(_), _) => is_any_left = true,
            (None, _) => {}
        }
    }
    let is_due = has_ended || !is_any_left;
    let is_any = !news.failed.is_empty() || !news.recovered.is_empty();
    (is_due && is_any).then_some(news)
}
