//! What the channel hears of overrides: one line when an override begins, ends or is taken back.
//!
//! Pure. A line at the beginning or when it is taken back is a message of its own. At the end it is a line of the message about
//! the run that the override had moved; where no such run becomes known, it is a message of its own, too.

use chrono::{DateTime, TimeDelta, Utc};

use super::overrides::{Change, Direction, Kind, Override, Phase};
use super::reader::Reader;
use super::report::{Heard, LastReport};
use super::runs::ArrivedOverride;
use super::snapshot::{Group, WindowSnapshot};
use super::text::{clean, truncate, truncate_middle};
use super::words::overrides::{Days, Kept, OverrideWords};

/// How many bytes of the environment's label a line shows.
const ENVIRONMENT: usize = 60;
/// How many bytes of the name of a person, a schedule or a service a line shows.
const NAME: usize = 64;
/// How many bytes of a reason a line shows.
const REASON: usize = 300;
/// How many services, schedules or moved runs a line names; more are counted.
const NAMED: usize = 3;
/// So long after an override began it does not begin "now" any more.
const NOW: TimeDelta = TimeDelta::minutes(10);

/// A message of one line about an override.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Notice {
    /// The environment's label, as the override has it.
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
    /// The message of its own about a moment of an override, as people read it at a time. `None` where there is nothing to say:
    /// what was skipped needs no word at its end.
    #[must_use]
    pub fn of(one: &Override, at: DateTime<Utc>, reader: Reader) -> Option<Self> {
        let line = match one.phase {
            Phase::Began => Line { one, at, reader }.began(),
            Phase::Cancelled => Line { one, at, reader }.cancelled(),
            Phase::Ended => return ended(one, false, reader).map(|line| Self::new(one, line)),
        };
        Some(Self::new(one, format!("⏰ {line}")))
    }

    fn new(one: &Override, line: String) -> Self {
        Self {
            environment: one.environment.clone(),
            name: name(one),
            line,
        }
    }
}

/// Which moment of which override it is: the same for the same moment.
fn name(one: &Override) -> String {
    format!("{} {}", one.id, one.phase.as_str())
}

/// What is said when an override ends. `is_done` tells that all services are down now that it kept up.
#[must_use]
pub fn ended(one: &Override, is_done: bool, reader: Reader) -> Option<String> {
    let at = one.scheduled_time;
    let line = Line { one, at, reader }.ended(is_done)?;
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
    let untold = snapshot.runs.overrides.iter().filter(is_untold);
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
    let overrides = snapshot.runs.overrides.iter();
    overrides.map(|one| &one.told).filter(is_in).collect()
}

/// Notes that a receiver was told of a moment of an override.
pub fn note(report: &mut LastReport, one: &Override, heard: Heard) {
    report.notices.heard.insert(name(one), heard);
}

/// Whether there is anything to say. Nothing is said of the end of an override that somebody had taken back.
fn is_said(snapshot: &WindowSnapshot<'_>, one: &Override) -> bool {
    let is_cancelled = || {
        let mut all = snapshot.runs.overrides.iter();
        all.any(|other| other.told.id == one.id && other.told.phase == Phase::Cancelled)
    };
    match one.phase {
        Phase::Began | Phase::Cancelled => true,
        Phase::Ended => kept_for(one).is_some() && !is_cancelled(),
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
    snapshot.groups.iter().position(is_its)
}

fn is_told(snapshot: &WindowSnapshot<'_>, report: &LastReport, group: usize) -> bool {
    let mut members = snapshot.statuses.iter().filter(|one| one.group == group);
    members.any(|one| report.told.of(one.subject, one.run).is_some())
}

/// For how long an override kept its services up or down; `None` where its end says nothing.
fn kept_for(one: &Override) -> Option<TimeDelta> {
    let time = match one.kind {
        Kind::Extend => one.changes.iter().filter_map(delay).max(),
        Kind::Up => Some(one.until - one.created_at),
        Kind::Skip | Kind::Down => None,
    };
    time.filter(|time| *time > TimeDelta::zero())
}

fn delay(change: &Change) -> Option<TimeDelta> {
    Some(change.to? - change.from?)
}

/// The words of one line.
#[derive(Clone, Copy)]
struct Line<'a> {
    one: &'a Override,
    /// When people read it.
    at: DateTime<Utc>,
    reader: Reader,
}

impl Line<'_> {
    fn words(self) -> &'static dyn OverrideWords {
        self.reader.words()
    }

    fn began(self) -> String {
        let (environment, of) = (self.environment(), self.of());
        let what = match self.one.kind {
            Kind::Extend => self.extended(&environment, &of),
            Kind::Skip => {
                let days = self.days(self.one.changes.iter().filter_map(|change| change.from));
                self.words()
                    .skipped(&environment, &self.schedules(), &days, &of)
            }
            Kind::Up => self.goes(&environment, Direction::Up, &of),
            Kind::Down => self.goes(&environment, Direction::Down, &of),
        };
        let says = self
            .words()
            .says(&label(&self.one.by), self.reason().as_deref());
        format!("{what}{says}")
    }

    fn extended(self, environment: &str, of: &str) -> String {
        let mut moves: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
        for change in &self.one.changes {
            moves.extend(change.to.zip(change.from));
        }
        moves.sort_unstable();
        moves.dedup();
        let is_up = self.direction() == Direction::Up;
        if let [(to, from)] = moves[..]
            && is_up
        {
            return self
                .words()
                .stays_up(environment, &self.time(to), &self.time_on(from, to), of);
        }
        let run = |change: &Change| {
            let (to, from) = (change.to?, change.from?);
            let (to, from) = (self.time(to), self.time_on(from, to));
            Some(self.words().moved_run(&label(&change.schedule), &to, &from))
        };
        let mut runs: Vec<String> = self.one.changes.iter().filter_map(run).collect();
        let more = runs.len().saturating_sub(NAMED);
        runs.truncate(NAMED);
        if let Some(last) = runs.last_mut().filter(|_| more > 0) {
            *last = self.reader.words().and_more(last, more);
        }
        self.words().moved(environment, &runs, of)
    }

    fn goes(self, environment: &str, direction: Direction, of: &str) -> String {
        let is_late = self.at - self.one.scheduled_time > NOW;
        let at = is_late.then(|| self.time(self.one.scheduled_time));
        let until = self.time(self.one.until);
        self.words()
            .goes(environment, direction, at.as_deref(), &until, of)
    }

    fn cancelled(self) -> String {
        let environment = self.environment();
        let is_coming = |time: &DateTime<Utc>| *time > self.one.scheduled_time;
        let coming = || {
            let from = self.one.changes.iter().filter_map(|change| change.from);
            from.filter(is_coming)
        };
        let is_whole = coming().count() == self.one.changes.len();
        let (first, last) = (coming().min(), coming().max());
        let what = match (self.one.kind, first) {
            (Kind::Extend, Some(time)) if is_whole && first == last => {
                let time = self.time(time);
                self.words().runs_at(&environment, &self.schedules(), &time)
            }
            (Kind::Skip, Some(_)) if is_whole => {
                let days = self.days(coming());
                self.words().runs_on(&environment, &self.schedules(), &days)
            }
            _ => self.words().applies_again(&environment),
        };
        let made_by = self.one.made_by.as_ref().filter(|who| **who != self.one.by);
        let made_by = made_by.map(|who| label(who));
        let taken_back = self
            .words()
            .taken_back(&label(&self.one.by), made_by.as_deref());
        format!("{what}{taken_back}")
    }

    fn ended(self, is_done: bool) -> Option<String> {
        let by = self.one.made_by.as_ref().unwrap_or(&self.one.by);
        let (by, reason) = (label(by), self.reason());
        let of = self.named();
        let of = of.map_or_else(String::new, |names| format!(" ({names})"));
        let direction = self.direction();
        let kept = Kept {
            of: &of,
            direction,
            is_done: is_done && direction == Direction::Up,
            by: &by,
            time: kept_for(self.one)?,
            reason: reason.as_deref(),
        };
        Some(self.words().was_kept(&self.environment(), &kept))
    }

    /// Whether the override keeps its services up or down. Who extends what stops services keeps them up.
    fn direction(self) -> Direction {
        let mut directions = self.one.changes.iter().map(|change| change.direction);
        let is_start = directions.any(|direction| direction == Some(Direction::Up));
        if self.one.kind == Kind::Extend && is_start {
            Direction::Down
        } else {
            Direction::Up
        }
    }

    fn environment(self) -> String {
        truncate(&clean(&self.one.environment), ENVIRONMENT).into_owned()
    }

    fn reason(self) -> Option<String> {
        let reason = clean(self.one.reason.as_deref()?);
        (!reason.is_empty()).then(|| truncate(&reason, REASON).into_owned())
    }

    /// The names of the schedules.
    fn schedules(self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for change in &self.one.changes {
            if !names.contains(&change.schedule.as_str()) {
                names.push(&change.schedule);
            }
        }
        let shown: Vec<String> = names.iter().take(NAMED).map(|name| label(name)).collect();
        match names.len().saturating_sub(NAMED) {
            0 => shown.join(", "),
            more => self.reader.words().and_more(&shown.join(", "), more),
        }
    }

    /// ` (20 services)`, or the names where there are few.
    fn of(self) -> String {
        let counted = || {
            let count = self.count();
            (count > 0).then(|| self.words().services(count))
        };
        let what = self.named().or_else(counted);
        what.map_or_else(String::new, |what| format!(" ({what})"))
    }

    /// The names of the services, where the override is about some of them only: these, or their number.
    fn named(self) -> Option<String> {
        let mut names: Vec<&str> = Vec::new();
        for change in &self.one.changes {
            names.extend(change.services.as_ref()?.iter().map(String::as_str));
        }
        names.sort_unstable();
        names.dedup();
        match names.len() {
            0 => None,
            count if count > NAMED => Some(self.words().services(count)),
            _ => {
                let names: Vec<String> = names.into_iter().map(label).collect();
                Some(names.join(", "))
            }
        }
    }

    /// How many services it is about. Schedules of one time call different services, and so do those that are moved together.
    fn count(self) -> usize {
        let changes = &self.one.changes;
        let time = |change: &Change| match self.one.kind {
            Kind::Extend => None,
            Kind::Skip | Kind::Up | Kind::Down => change.to.or(change.from),
        };
        let at = |one: &Change| -> usize {
            let together = changes.iter().filter(|other| time(other) == time(one));
            let calls = together.map(|change| change.calls);
            calls.fold(0, usize::saturating_add)
        };
        changes.iter().map(at).max().unwrap_or(0)
    }

    fn days(self, times: impl Iterator<Item = DateTime<Utc>>) -> Days {
        let mut times: Vec<DateTime<Utc>> = times.collect();
        times.sort_unstable();
        let day = |time: Option<&DateTime<Utc>>| {
            let time = time.copied().unwrap_or(self.one.until);
            self.reader.words().day(time.with_timezone(&self.one.tz()))
        };
        Days {
            first: day(times.first()),
            last: day(times.last()),
            runs: times.len(),
        }
    }

    /// `22:00`, with the day where that is another one than people read it on.
    fn time(self, time: DateTime<Utc>) -> String {
        self.time_on(time, self.at)
    }

    /// `22:00`, with the day unless that is the day of `known`, and with the zone where its clocks differ from the reader's.
    fn time_on(self, time: DateTime<Utc>, known: DateTime<Utc>) -> String {
        let (zone, own) = (self.one.tz(), self.reader.timezone);
        let local = time.with_timezone(&zone);
        let mut text = local.format("%H:%M").to_string();
        if local.date_naive() != known.with_timezone(&zone).date_naive() {
            text = format!("{} {text}", self.reader.words().day(local));
        }
        if local.naive_local() != time.with_timezone(&own).naive_local() {
            text = format!("{text} {}", local.format("%Z"));
        }
        text
    }
}

fn label(name: &str) -> String {
    truncate_middle(&clean(name), NAME).into_owned()
}

#[cfg(test)]
mod tests;
