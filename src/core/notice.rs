//! What the channel hears of overrides: one line when an override begins, ends or is taken back.
//!
//! Pure. A line at the beginning or when it is taken back is a message of its own. At the end it is a line of the message about
//! the run that the override had moved; where no such run becomes known, it is a message of its own, too.

mod line;

use chrono::{DateTime, Utc};

use self::line::{Line, kept_for};
use super::overrides::{Override, Phase};
use super::reader::Reader;
use super::report::{Heard, LastReport};
use super::runs::ArrivedOverride;
use super::snapshot::{Group, WindowSnapshot};
use super::status::Status;

/// A message of one line about an override.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Notice {
    /// The environment's label, as the receiver has it.
    pub environment: String,
    /// Which moment of which override it tells, such as `k3x9p2ab began`; the same for the same moment.
    pub name: String,
    /// `⏰ dev stays up until 22:00 instead of 18:00 (20 services), says kim: demo`.
    pub line: String,
}

/// How a moment of an override that was not told yet is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// In a message of its own.
    Now,
    /// In a message of its own at this time, unless a message about its run comes first.
    At(DateTime<Utc>),
    /// In the message about this group of runs.
    With(usize),
}

impl Notice {
    /// The message of its own about a moment of an override, as people read it at a time, who know the environment by a label. `None` where there is nothing to say:
    /// what was skipped needs no word at its end, and where a later override took its place, that one's end is told.
    #[must_use]
    pub fn of(one: &Override, label: &str, at: DateTime<Utc>, reader: Reader) -> Option<Self> {
        let words = Line {
            one,
            label,
            at,
            reader,
        };
        let line = match one.phase {
            Phase::Began => words.began(),
            Phase::Cancelled => words.cancelled(),
            Phase::Ended => {
                let line = ended(one, label, false, reader);
                return line.map(|line| Self::new(one, label, line));
            }
            Phase::Replaced => return None,
        };
        Some(Self::new(one, label, format!("⏰ {line}")))
    }

    fn new(one: &Override, label: &str, line: String) -> Self {
        Self {
            environment: label.to_owned(),
            name: name(one),
            line,
        }
    }
}

/// Which moment of which override it is: the same for the same moment.
fn name(one: &Override) -> String {
    format!("{} {}", one.id, one.phase.as_str())
}

/// What is said when an override ends to people who know the environment by a label. `is_done` tells that all services are down now that it kept up.
#[must_use]
pub fn ended(one: &Override, label: &str, is_done: bool, reader: Reader) -> Option<String> {
    let words = Line {
        one,
        label,
        at: one.scheduled_time,
        reader,
    };
    let line = words.ended(is_done)?;
    Some(format!("⏰ {line}"))
}

/// Every moment of an override that a receiver has not heard of, and how it is to be told. `is_live` means that the receiver's
/// messages are edited, `is_last` that nobody will come again.
#[must_use]
pub fn untold<'s>(
    snapshot: &'s WindowSnapshot<'_>,
    report: &LastReport,
    is_live: bool,
    is_last: bool,
) -> Vec<(&'s ArrivedOverride, Telling)> {
    let is_untold = |one: &&ArrivedOverride| {
        !report.notices.heard.contains_key(&name(&one.told)) && is_said(snapshot, &one.told)
    };
    let untold = snapshot.overrides.iter().copied().filter(is_untold);
    let telling = |one: &ArrivedOverride| {
        if one.told.phase != Phase::Ended {
            return Telling::Now;
        }
        let patience = snapshot.policy.settled_at(one.arrived_at);
        match group_of(snapshot, &one.told) {
            Some(group) if is_live || !is_told(snapshot, report, group) => Telling::With(group),
            None if !is_last && snapshot.now < patience => Telling::At(patience),
            _ => Telling::Now,
        }
    };
    untold.map(|one| (one, telling(one))).collect()
}

/// The overrides whose end stands in the message about some groups of runs. A message that is edited keeps the line.
#[must_use]
pub fn ended_in<'s>(
    snapshot: &'s WindowSnapshot<'_>,
    report: &LastReport,
    is_live: bool,
    is_told_there: impl Fn(usize) -> bool,
) -> Vec<&'s Override> {
    let is_in = |one: &&Override| {
        let group = group_of(snapshot, one).filter(|&group| is_told_there(group));
        let heard = report.notices.heard.get(&name(one));
        let is_wanted = match heard {
            None => group.is_some_and(|group| is_live || !is_told(snapshot, report, group)),
            Some(Heard::WithRuns) => is_live && group.is_some(),
            Some(Heard::Alone) => false,
        };
        one.phase == Phase::Ended && is_wanted && is_said(snapshot, one)
    };
    let overrides = snapshot.overrides.iter();
    overrides.map(|one| &one.told).filter(is_in).collect()
}

/// Notes that a receiver was told of a moment of an override.
pub fn note(report: &mut LastReport, one: &Override, heard: Heard) {
    report.notices.heard.insert(name(one), heard);
}

/// Whether there is anything to say. Nothing is said of the end of an override that somebody had taken back.
fn is_said(snapshot: &WindowSnapshot<'_>, one: &Override) -> bool {
    let is_cancelled = || {
        let mut all = snapshot.overrides.iter();
        all.any(|other| other.told.id == one.id && other.told.phase == Phase::Cancelled)
    };
    match one.phase {
        Phase::Began | Phase::Cancelled => true,
        Phase::Ended => kept_for(one).is_some() && !is_cancelled(),
        Phase::Replaced => false,
    }
}

/// The group with the run with which the override ended.
fn group_of(snapshot: &WindowSnapshot<'_>, one: &Override) -> Option<usize> {
    let gap = snapshot.policy.settle_delta();
    let is_its = |group: &Group| {
        let mut schedules = one.changes.iter().map(|change| &change.schedule);
        let is_named = schedules.any(|schedule| group.schedules.contains(schedule));
        let is_near = !group.is_rest && group.takes(one.until, gap);
        is_near && (group.schedules.is_empty() || is_named)
    };
    // Nobody is told of a group in which calls without a name turned out to be harmless, and nothing else happened.
    let is_told = |number: usize| {
        let mut statuses = snapshot.statuses.iter();
        statuses.any(|one| one.group == number && one.status != Status::Resolved)
    };
    let mut groups = snapshot.groups.iter().enumerate();
    let found = groups.find(|(number, group)| is_its(group) && is_told(*number));
    found.map(|(number, _)| number)
}

fn is_told(snapshot: &WindowSnapshot<'_>, report: &LastReport, group: usize) -> bool {
    let mut members = snapshot.statuses.iter().filter(|one| one.group == group);
    members.any(|one| report.told.of(one.subject, one.run).is_some())
}

#[cfg(test)]
mod tests;
