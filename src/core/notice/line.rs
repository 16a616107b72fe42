//! Words a line about an override.
//!
//! Pure. Names and the reason come from outside: they are bounded and in one line here, and Slack's renderer escapes them.

use chrono::{DateTime, TimeDelta, Utc};

use crate::core::overrides::{Change, Direction, Kind, Override};
use crate::core::reader::Reader;
use crate::core::text::{clean, truncate, truncate_middle};
use crate::core::words::overrides::{Days, Kept, OverrideWords};

/// How many bytes of the environment's label a line shows.
const ENVIRONMENT: usize = 60;
/// How many bytes of the name of a person, a schedule or a service a line shows.
const NAME: usize = 64;
/// How many bytes of a reason a line shows.
const REASON: usize = 300;
/// How many services, schedules or moved runs a line names; more are counted.
const NAMED: usize = 3;
/// A run that is nearer than that is the next one for people.
const NEAR: TimeDelta = TimeDelta::hours(18);
/// So long after an override began it does not begin "now" any more.
const NOW: TimeDelta = TimeDelta::minutes(10);

/// For how long an override kept its services up or down; `None` where its end says nothing.
pub(super) fn kept_for(one: &Override) -> Option<TimeDelta> {
    let time = match one.kind {
        // A job that comes later keeps nothing up.
        Kind::Extend => {
            let services = one.changes.iter().filter(|change| !change.is_job);
            services.filter_map(delay).max()
        }
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
pub(super) struct Line<'a> {
    pub(super) one: &'a Override,
    /// The environment's label, as the receiver has it.
    pub(super) label: &'a str,
    /// When people read it.
    pub(super) at: DateTime<Utc>,
    pub(super) reader: Reader,
}

impl Line<'_> {
    fn words(self) -> &'static dyn OverrideWords {
        self.reader.words()
    }

    pub(super) fn began(self) -> String {
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
        let is_up = self.direction() == Direction::Up
            && !self.one.changes.iter().any(|change| change.is_job);
        // A run of next week does not tell that the services are up until then.
        let is_near = |from: DateTime<Utc>| from - self.at < NEAR;
        if let [(to, from)] = moves[..]
            && is_up
            && is_near(from)
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

    pub(super) fn cancelled(self) -> String {
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

    pub(super) fn ended(self, is_done: bool) -> Option<String> {
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
        truncate(&clean(self.label), ENVIRONMENT).into_owned()
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
            let has_services = !self.one.changes.iter().all(|change| change.is_job);
            (count > 0 && has_services).then(|| self.words().services(count))
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
