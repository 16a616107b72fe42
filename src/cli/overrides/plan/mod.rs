//! From what people ask for to an override, or to the reason why not.
//!
//! Pure: [`Situation`] holds what was read of Scheduler, and the clock.

mod cancel;
mod extend;
mod skip;
mod up_down;
mod wish;

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

pub(super) use self::cancel::cancel;
pub(super) use self::wish::{Asked, Days, Until, Wish};
use super::landscape::{Landscape, Recurring, Subject};
use super::records::{is_replaced, soon};
use super::refusal::{MOST_RUNS, Refusal};
use super::runs::{Run, Time, runs, terraform_start};
use crate::core::overrides::{Change, Direction, Override, Phase};

/// How near a run may be before Scheduler may already have begun it.
const TOO_LATE: TimeDelta = TimeDelta::minutes(2);
/// How far ahead the next run is looked for.
const HORIZON: TimeDelta = TimeDelta::days(400);
/// Within which time the same wish of the same person is taken for a repetition.
const REPEATED: TimeDelta = TimeDelta::minutes(10);

/// What is to hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Proposal {
    /// All overrides, the new one among them.
    pub(super) overrides: Vec<Override>,
    /// The new one, or the one that already says the same.
    pub(super) one: Override,
    /// Whether it held before.
    pub(super) is_repeated: bool,
    /// Whether the channel need not hear of it: what is taken back was replaced by a later override anyway.
    pub(super) is_silent: bool,
}

impl Proposal {
    /// Whether the channel is to hear of it: it is new, or a command that made it a short while ago may not have come so far.
    /// A message that is sent twice is told once.
    pub(super) fn is_to_be_told(&self, now: Time) -> bool {
        !self.is_silent && (!self.is_repeated || now - self.one.created_at <= REPEATED)
    }
}

/// What was read, and when.
#[derive(Clone, Copy)]
pub(super) struct Situation<'a> {
    pub(super) landscape: &'a Landscape,
    /// The overrides that are taken to hold.
    overrides: &'a [Override],
    asked_at: Time,
    now: Time,
}

/// Turns a wish into an override.
///
/// # Errors
/// Says why it cannot be, and what could be asked for instead.
pub(super) fn propose(situation: Situation<'_>, asked: &Asked) -> Result<Proposal, Refusal> {
    situation.check_names(asked)?;
    if let Some(repeated) = situation.repeated(asked) {
        return Ok(repeated);
    }
    let new = situation.new_override(asked)?;
    situation.check_distance(&new.changes)?;
    let mut overrides = situation.overrides.to_vec();
    overrides.push(new.clone());
    Ok(Proposal {
        overrides,
        one: new,
        is_repeated: false,
        is_silent: false,
    })
}

/// Whether an override says what a new one would say. One that counts from now says the same a few minutes later.
fn is_repetition(one: &Override, new: &Override) -> bool {
    let is_same_wish = one.kind == new.kind && one.phase != Phase::Cancelled;
    let age = new.created_at - one.created_at;
    let is_near = |a: Option<Time>, b: Option<Time>| match (a, b) {
        (Some(a), Some(b)) => (b - a).abs() <= age + TimeDelta::minutes(1),
        (a, b) => a == b,
    };
    let is_alike = |tolerant: bool| {
        one.changes.len() == new.changes.len()
            && one.changes.iter().zip(&new.changes).all(|(a, b)| {
                (&a.schedule, &a.services, a.from) == (&b.schedule, &b.services, b.from)
                    && (a.to == b.to || (tolerant && is_near(a.to, b.to)))
            })
    };
    is_same_wish && (is_alike(false) || (one.by == new.by && age <= REPEATED && is_alike(true)))
}

impl<'a> Situation<'a> {
    /// What was read; `asked_at` is when people were shown what would be done, and `now` when it is done.
    pub(super) fn new(landscape: &'a Landscape, asked_at: Time, now: Time) -> Self {
        Self {
            landscape,
            overrides: &landscape.overrides,
            asked_at,
            now,
        }
    }

    /// The override that already says what is asked for, if there is one: what would be new if it did not hold, it says.
    fn repeated(self, asked: &Asked) -> Option<Proposal> {
        let as_it_is = self.new_override(asked).ok();
        let holding = (0..self.overrides.len()).filter(|at| !is_replaced(self.overrides, *at));
        holding.rev().find_map(|at| {
            let mut others = self.overrides.to_vec();
            let one = others.remove(at);
            let without = Situation {
                overrides: &others,
                ..self
            };
            // What came meanwhile is known with it only.
            let new = [without.new_override(asked).ok(), as_it_is.clone()];
            let new = new
                .into_iter()
                .flatten()
                .find(|new| is_repetition(&one, new));
            new.map(|new| self.repeat(at, new))
        })
    }

    fn repeat(self, at: usize, new: Override) -> Proposal {
        let mut overrides = self.overrides.to_vec();
        let one = &mut overrides[at];
        // Nobody can tell whether a run that was due meanwhile came, so it comes again.
        let is_due = |change: &Change| change.from.is_none() && change.to <= Some(self.now);
        if one.changes.iter().any(is_due) {
            (one.changes, one.until) = (new.changes, new.until);
        }
        let one = one.clone();
        Proposal {
            overrides,
            one,
            is_repeated: true,
            is_silent: false,
        }
    }

    /// What an override would be that does what is asked for.
    fn new_override(self, asked: &Asked) -> Result<Override, Refusal> {
        let (changes, until) = match &asked.wish {
            Wish::Extend { until, schedule } => {
                self.extend(*until, schedule.as_deref(), &asked.services)?
            }
            Wish::Skip { schedules, days } => self.skip(schedules, days, &asked.services)?,
            Wish::Up { until } => self.up(*until, &asked.services)?,
            Wish::Down { until_schedule } => {
                self.down(until_schedule.as_deref(), &asked.services)?
            }
        };
        if changes.len() > MOST_RUNS {
            return Err(Refusal::TooMany(changes.len()));
        }
        self.override_of(asked, changes, until)
    }

    fn check_names(self, asked: &Asked) -> Result<(), Refusal> {
        let list = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(", ");
        if self.landscape.rosters().next().is_none() {
            return Err(Refusal::NoRosters);
        }
        self.check_groups()?;
        let services = self.landscape.services();
        if let Some(name) = asked
            .services
            .iter()
            .find(|name| !services.contains(name.as_str()))
        {
            return Err(Refusal::NoService(name.clone(), list(services)));
        }
        let schedules: Vec<&String> = match &asked.wish {
            Wish::Extend { schedule, .. } => schedule.iter().collect(),
            Wish::Skip { schedules, .. } => schedules.iter().collect(),
            Wish::Down { until_schedule } => until_schedule.iter().collect(),
            Wish::Up { .. } => Vec::new(),
        };
        for name in schedules {
            let fixed = self.landscape.fixed.iter();
            let mut of_schedule = fixed.filter(|(of, _)| of.split('.').next() == Some(name));
            if let Some((_, why)) = of_schedule.next() {
                return Err(Refusal::Unknown(name.clone(), why.clone()));
            }
            if !self.landscape.names().contains(name.as_str()) {
                return Err(Refusal::NoSchedule(
                    name.clone(),
                    list(self.landscape.names()),
                ));
            }
        }
        Ok(())
    }

    /// Refuses where a roster names what no schedule that was read calls: its calls would not move with it.
    fn check_groups(self) -> Result<(), Refusal> {
        let calls = self.landscape.calls();
        let called: BTreeSet<&Subject> = calls.flat_map(|one| one.subjects.keys()).collect();
        let named = self.landscape.rosters().flat_map(|one| one.subjects.keys());
        let others: BTreeSet<&str> = named
            .filter(|subject| !called.contains(subject))
            .map(Subject::name)
            .collect();
        if others.is_empty() {
            return Ok(());
        }
        let others: Vec<&str> = others.into_iter().collect();
        Err(Refusal::OtherGroups(others.join(", ")))
    }

    /// Refuses to touch a run that Scheduler may have begun.
    fn check_distance(self, changes: &[Change]) -> Result<(), Refusal> {
        for recurring in self.landscape.calls() {
            let mut of_schedule = changes
                .iter()
                .filter(|change| change.schedule == recurring.schedule);
            if !of_schedule.any(|change| change.from.is_some()) {
                continue;
            }
            let near = recurring.entry.flexible_window() + TOO_LATE;
            let next = runs(self.landscape, self.overrides, self.now, self.now + near);
            if let Some(run) = next
                .into_iter()
                .find(|run| run.schedule == recurring.schedule)
            {
                return Err(Refusal::TooLate {
                    zone: recurring.timing.zone(),
                    at: run.at,
                    free_at: run.at + recurring.entry.flexible_window() + TimeDelta::minutes(1),
                    schedule: run.schedule,
                });
            }
            let mut of_schedule = changes
                .iter()
                .filter(|change| change.schedule == recurring.schedule);
            if recurring.is_once() && of_schedule.any(|change| change.from.is_some()) {
                return Err(Refusal::Once(recurring.entry.name.clone()));
            }
            if let Some(start) = terraform_start(recurring).filter(|start| *start > self.now) {
                return Err(Refusal::NotStarted {
                    schedule: recurring.schedule.clone(),
                    start,
                    zone: recurring.timing.zone(),
                });
            }
        }
        Ok(())
    }

    /// All runs of the services that are asked about, later than now; jobs are among them where no service is named.
    fn coming(self, services: &BTreeSet<String>, within: TimeDelta) -> Vec<Run> {
        let all = runs(self.landscape, self.overrides, self.now, self.now + within);
        all.into_iter()
            .filter(|run| is_about(services, &run.subject))
            .collect()
    }

    /// The schedules that make calls and have runs to come.
    fn alive(self) -> impl Iterator<Item = &'a Recurring> {
        let now = self.now;
        self.landscape.calls().filter(move |one| {
            let next = one.timing.after(now).next();
            next.is_some_and(|next| one.entry.end.is_none_or(|end| next <= end))
        })
    }

    /// When a run of these can come at the earliest: not before what Scheduler has begun within a flexible window is over.
    fn soon(self, subjects: &BTreeSet<Subject>) -> Time {
        let recent = runs(
            self.landscape,
            self.overrides,
            self.now - TimeDelta::days(1),
            self.now,
        );
        let recent = recent.iter().filter(|run| subjects.contains(&run.subject));
        let over = recent.map(|run| run.at + run.flexible).max();
        soon(
            self.landscape,
            over.map_or(self.now, |over| over.max(self.now)),
        )
    }

    /// The lowest and the highest count that any schedule gives each service.
    fn bounds(self, services: &BTreeSet<String>) -> BTreeMap<Subject, (i64, i64)> {
        let mut bounds = BTreeMap::new();
        let alive = self.alive();
        for (subject, count) in alive.flat_map(|one| &one.subjects) {
            if subject.service().is_none() || !is_about(services, subject) {
                continue;
            }
            let (low, high) = bounds.entry(subject.clone()).or_insert((*count, *count));
            *low = (*low).min(*count);
            *high = (*high).max(*count);
        }
        bounds
    }

    /// The changes that do the same to each of these runs, one for each schedule and time.
    fn changes(
        self,
        calls: impl IntoIterator<Item = (String, Subject, Option<Time>)>,
        to: Option<Time>,
    ) -> Vec<Change> {
        let mut grouped: BTreeMap<(String, Option<Time>), BTreeSet<Subject>> = BTreeMap::new();
        for (schedule, subject, from) in calls {
            grouped.entry((schedule, from)).or_default().insert(subject);
        }
        let change = |((schedule, from), subjects): ((String, Option<Time>), BTreeSet<Subject>)| {
            let of_schedule = self
                .landscape
                .calls()
                .filter(|one| one.schedule == schedule);
            let all: BTreeSet<&Subject> = of_schedule.flat_map(|one| one.subjects.keys()).collect();
            let is_whole = all.len() == subjects.len();
            let direction = self.direction(&schedule, &subjects);
            let names = subjects
                .iter()
                .filter_map(Subject::service)
                .map(str::to_owned);
            Change {
                schedule,
                from,
                to,
                services: (!is_whole).then(|| names.collect()),
                calls: subjects.len(),
                direction,
                is_job: subjects.iter().all(|subject| subject.service().is_none()),
            }
        };
        grouped.into_iter().map(change).collect()
    }

    /// Whether a schedule lowers the counts of these or raises them; `None` for jobs, and where each service has one count only.
    fn direction(self, schedule: &str, subjects: &BTreeSet<Subject>) -> Option<Direction> {
        let bounds = self.bounds(&BTreeSet::new());
        let of_schedule = self
            .landscape
            .calls()
            .filter(|one| one.schedule == schedule);
        let counts = of_schedule.flat_map(|one| &one.subjects);
        let directions = counts
            .filter(|(subject, _)| subjects.contains(subject))
            .filter_map(|(subject, count)| match bounds.get(subject) {
                Some((_, high)) if count < high => Some(Direction::Down),
                Some((low, _)) if count > low => Some(Direction::Up),
                _ => None,
            });
        directions.max()
    }

    fn override_of(
        self,
        asked: &Asked,
        changes: Vec<Change>,
        until: Time,
    ) -> Result<Override, Refusal> {
        let roster = self.landscape.rosters().next().ok_or(Refusal::NoRosters)?;
        let input: serde_json::Value =
            serde_json::from_str(roster.entry.input()).unwrap_or_default();
        let text = |key: &str| input[key].as_str().unwrap_or_default().to_owned();
        let names: Vec<&str> = changes
            .iter()
            .map(|change| change.schedule.as_str())
            .collect();
        let created_at = whole_second(self.now);
        let mut one = Override {
            id: String::new(),
            phase: Phase::Ended,
            kind: asked.wish.kind(),
            environment: text("environment"),
            by: asked.by.clone(),
            made_by: None,
            reason: asked.reason.clone(),
            scheduled_time: until,
            created_at,
            until,
            zone: self.zone(&names).name().to_owned(),
            account: text("account"),
            region: text("region"),
            changes,
        };
        // Not of what is changed: people see the id before they answer, and the time goes on while they do.
        let (kind, by, environment) = (one.kind, &one.by, &one.environment);
        let what = format!("{} {kind:?} {by} {environment}", self.asked_at);
        let hash = hex::encode(Sha256::digest(what));
        hash[..8].clone_into(&mut one.id);
        Ok(one)
    }

    /// The zone of the first of these schedules.
    fn zone(self, schedules: &[&str]) -> Tz {
        let mut calls = self.landscape.calls();
        let first =
            calls.find(|one| schedules.is_empty() || schedules.contains(&one.schedule.as_str()));
        first.map_or(Tz::UTC, |one| one.timing.zone())
    }
}

fn is_about(services: &BTreeSet<String>, subject: &Subject) -> bool {
    services.is_empty()
        || subject
            .service()
            .is_some_and(|name| services.contains(name))
}

fn whole_second(time: Time) -> Time {
    Time::from_timestamp(time.timestamp(), 0).unwrap_or(time)
}
