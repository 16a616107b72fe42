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
    /// Nobody will come again.
    Last,
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
            Self::Last => "last visit",
        })
    }
}

/// When something is due, and why then.
type Due = (DateTime<Utc>, Reason);

/// What to tell a receiver whose messages cannot be edited.
#[must_use]
pub fn decide(snapshot: &WindowSnapshot<'_>, report: &LastReport) -> Decision {
    let mut open = Open::default();
    for (group, members) in snapshot.groups.iter().zip(by_group(snapshot)) {
        let told = |index: &usize| {
            let one = &snapshot.statuses[*index];
            report.told.of(one.subject, one.run)
        };
        let (heard, new): (Vec<usize>, Vec<usize>) =
            members.into_iter().partition(|index| told(index).is_some());
        // A group that nobody has heard of is told as a whole. The good runs of jobs at a rate come together at the end
        // of the window, whatever was told of them before.
        let is_whole = heard.is_empty() || group.is_rest;
        let mut news: Vec<usize> = heard;
        news.retain(|index| is_news(&snapshot.statuses[*index], told(index)));
        if !is_whole {
            news.extend(
                new.iter()
                    .filter(|index| is_news(&snapshot.statuses[**index], None)),
            );
        } else if report.said_at.is_none()
            || new
                .iter()
                .any(|index| is_news(&snapshot.statuses[*index], None))
        {
            let due = due(snapshot, group, &new);
            if !new.is_empty() && snapshot.now >= due.0 {
                return ready(report, snapshot.now, whole(report, new, due));
            }
            open.waits.extend((!new.is_empty()).then_some(due));
        }
        open.change(snapshot, news);
    }
    open.decide(report, snapshot.now)
}

/// What to tell if nobody will come again: every run that the receiver has not heard of as it stands, whatever it waits
/// for.
#[must_use]
pub fn decide_last(snapshot: &WindowSnapshot<'_>, report: &LastReport) -> Decision {
    let is_told = |one: &RunStatus<'_>| report.told.of(one.subject, one.run);
    let runs: Vec<usize> = (0..snapshot.statuses.len())
        .filter(|&index| {
            is_news(
                &snapshot.statuses[index],
                is_told(&snapshot.statuses[index]),
            )
        })
        .collect();
    if runs.is_empty() {
        return Decision::Nothing;
    }
    let message = Message {
        kind: match report.said_at {
            None => MessageKind::First,
            Some(_) => MessageKind::Changes,
        },
        runs,
        reason: Reason::Last,
        due_at: snapshot.now,
    };
    ready(report, snapshot.now, message)
}

/// Which runs are in which group.
fn by_group(snapshot: &WindowSnapshot<'_>) -> Vec<Vec<usize>> {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); snapshot.groups.len()];
    for (index, one) in snapshot.statuses.iter().enumerate() {
        members[one.group].push(index);
    }
    members
}

fn whole(report: &LastReport, runs: Vec<usize>, (due_at, reason): Due) -> Message {
    let is_first = report.said_at.is_none();
    Message {
        runs,
        kind: if is_first {
            MessageKind::First
        } else {
            MessageKind::Later
        },
        reason,
        due_at,
    }
}

/// What is left besides groups that nobody has heard of.
#[derive(Default)]
struct Open {
    /// Runs that are told as changes, and since when these are due.
    changes: Vec<usize>,
    changed_at: Option<DateTime<Utc>>,
    waits: Vec<Due>,
}

impl Open {
    /// Takes in what changed of a group. What is still awaited has its own time; what is final is told when nothing new
    /// has arrived for a while, as what comes next may belong to it.
    fn change(&mut self, snapshot: &WindowSnapshot<'_>, news: Vec<usize>) {
        let is_final = |index: &usize| snapshot.statuses[*index].final_at.is_none();
        let (ready, awaited): (Vec<usize>, Vec<usize>) = news.into_iter().partition(is_final);
        let until = |index: &usize| awaited_until(&snapshot.statuses[*index]);
        self.waits.extend(awaited.iter().filter_map(until));
        match settled_at(snapshot, &ready) {
            Some(at) if snapshot.now < at => self.waits.push((at, Reason::Settled)),
            Some(at) => {
                self.changes.extend(ready);
                self.changed_at = Some(self.changed_at.map_or(at, |other| other.min(at)));
            }
            None => {}
        }
    }

    fn decide(self, report: &LastReport, now: DateTime<Utc>) -> Decision {
        if let Some(due_at) = self.changed_at {
            let message = Message {
                runs: self.changes,
                kind: MessageKind::Changes,
                reason: Reason::Settled,
                due_at,
            };
            return ready(report, now, message);
        }
        let next = self.waits.into_iter().min();
        next.map_or(Decision::Nothing, |(at, reason)| Decision::Wait(at, reason))
    }
}

/// A message that is due is said, or held back where the receiver is not to be called yet.
fn ready(report: &LastReport, now: DateTime<Utc>, message: Message) -> Decision {
    match report.not_before.filter(|not_before| now < *not_before) {
        Some(not_before) => Decision::Hold(not_before, message),
        None => Decision::Say(message),
    }
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
