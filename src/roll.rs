//! The fold: a set of facts becomes a roll, one entry per service and one per job.
//!
//! Pure, and a law: the roll does not depend on the order, the grouping or the repetition of the facts. Every
//! later promise (late records, redelivery, several writers) rests on it; property tests hold it.

mod entry;
mod job;
mod sight;
mod standing;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::entry::Entry;
pub use self::job::{Job, Sighting};
pub use self::sight::Sight;
pub use self::standing::{Changed, Over, Reached, Standing, Subject, Underway, Working, news};
use crate::fact::{
    Action, ApiError, Call, ClusterId, Expected, Fact, FactId, JobId, Observable, Observed,
    Outcome, RunTask, ServiceAction, ServiceId, Task, Undelivered, Unobserved,
};

/// Everything known about a window, by service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roll {
    /// One entry per service that was called or expected.
    pub services: BTreeMap<ServiceId, Entry>,
    /// Refused calls whose record names no service, and how many of each kind there were.
    pub anonymous: BTreeMap<AnonymousFailure, usize>,
    /// Accepted calls whose record names no service: ECS did something, but nobody can say to what.
    pub anonymous_accepted: usize,
    /// Who called (as [`Caller`](crate::fact::Caller) displays), and how many calls each made.
    pub callers: BTreeMap<String, usize>,
    /// Messages beside this window's records that could not be decoded.
    pub undecodable: usize,
    /// The first and the last call.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// When the last call of the rosters may be made; `None` without a roster.
    pub calls_end_at: Option<DateTime<Utc>>,
    /// What does not answer is not missing.
    pub is_silenced: bool,
    /// One entry per job that was called or expected.
    pub jobs: BTreeMap<JobId, Job>,
    /// Where ECS could not be asked, in the order in which it was tried.
    pub unobserved: BTreeMap<(ClusterId, Observable), Vec<Unobserved>>,
}

/// A refused call that does not say for which service it was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnonymousFailure {
    /// The error.
    pub error: ApiError,
    /// Who called: the role is all there is to find the schedule by.
    pub caller: String,
}

impl Roll {
    /// Folds facts in any order, with any repetition.
    pub fn fold<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Self {
        let mut distinct: BTreeMap<FactId<'_>, &Fact> = BTreeMap::new();
        for fact in facts {
            // Should two records of one id ever differ, the greater one counts, whichever came first.
            let kept = distinct.entry(fact.id()).or_insert(fact);
            *kept = fact.max(*kept);
        }
        let mut roll = Self::default();
        let mut sorted = Sorted::default();
        for fact in distinct.into_values() {
            match fact {
                Fact::Called(call) => sorted.calls.push(call),
                Fact::Expected(expected) => sorted.rosters.push(expected),
                Fact::Undelivered(undelivered) => sorted.dead_letters.push(undelivered),
                Fact::Silenced => roll.is_silenced = true,
                Fact::Undecodable { .. } => roll.undecodable += 1,
                Fact::Observed(observed) => sorted.observed.push(observed),
                Fact::Unobserved(unobserved) => sorted.unobserved.push(unobserved),
                Fact::ServiceAction(action) => sorted.actions.push(action),
                Fact::RunTask(call) => sorted.runs.push(call),
                Fact::Task(task) => sorted.tasks.push(task),
            }
        }
        sorted.sort();
        roll.span = sorted.span();
        for roster in &sorted.rosters {
            roll.expect(roster);
        }
        for call in &sorted.calls {
            roll.call(call);
        }
        for call in &sorted.runs {
            roll.run(call);
        }
        for dead_letter in &sorted.dead_letters {
            roll.give_up(dead_letter);
        }
        for unobserved in &sorted.unobserved {
            let place = (unobserved.cluster.clone(), unobserved.about);
            let vain = roll.unobserved.entry(place).or_default();
            vain.push((*unobserved).clone());
        }
        roll.see_services(&sorted);
        roll.see_tasks(&sorted);
        roll
    }

    /// Whether everything that a roster names is known to have been called with success. Not true without a
    /// roster.
    #[must_use]
    pub fn has_all_succeeded(&self, over: Over) -> bool {
        let is_called = |entry: &Entry| match &entry.outcome {
            Some(outcome) => *outcome == Outcome::Accepted,
            None => entry
                .standing(over, false)
                .is_some_and(|standing| standing.is_good()),
        };
        self.calls_end_at.is_some()
            && self.expected().all(is_called)
            && self
                .expected_jobs()
                .all(|job| job.outcome == Some(Outcome::Accepted) && job.has_every_run())
    }

    /// Whether everything that a roster names has an outcome. Not true without a roster.
    #[must_use]
    pub fn has_all_answered(&self) -> bool {
        self.calls_end_at.is_some()
            && self.expected().all(|entry| entry.outcome.is_some())
            && self
                .expected_jobs()
                .all(|job| job.outcome.is_some() && job.attempts >= job.expected.len())
    }

    /// Whether anything happened: a roster alone only says what is to happen.
    #[must_use]
    pub fn has_news(&self) -> bool {
        self.anonymous_accepted > 0
            || !self.anonymous.is_empty()
            || self.services.values().any(|entry| entry.outcome.is_some())
            || self.jobs.values().any(|job| job.outcome.is_some())
    }

    /// Whether ECS was asked how things are, and said it of anything.
    #[must_use]
    pub fn is_observed(&self) -> bool {
        self.services
            .values()
            .any(|entry| entry.sight.state.is_some())
    }

    /// When the last call was accepted: from then on, tasks take their time to start or to stop.
    #[must_use]
    pub fn last_accepted_at(&self) -> Option<DateTime<Utc>> {
        let is_accepted = |entry: &&Entry| entry.outcome == Some(Outcome::Accepted);
        let services = self.services.values().filter(is_accepted);
        services
            .filter_map(|entry| entry.called_at)
            .chain(self.jobs.values().filter_map(|job| job.called_at))
            .max()
    }

    /// How every subject stands.
    #[must_use]
    pub fn standings(&self, over: Over) -> BTreeMap<Subject, Standing> {
        let services = self.services.iter().filter_map(|(id, entry)| {
            let standing = entry.standing(over, self.is_silenced)?;
            Some((Subject::Service(id.clone()), standing))
        });
        let jobs = self.jobs.iter().filter_map(|(id, job)| {
            let standing = job.standing(over, self.is_silenced)?;
            Some((Subject::Job(id.clone()), standing))
        });
        let mut standings: BTreeMap<Subject, Standing> = services.chain(jobs).collect();
        // Whatever was refused without a name was called again: everything expected has succeeded.
        if !self.has_all_succeeded(over) {
            let unnamed = |(failure, &calls): (&AnonymousFailure, &usize)| {
                (Subject::Unnamed(failure.clone()), Standing::Unnamed(calls))
            };
            standings.extend(self.anonymous.iter().map(unnamed));
        }
        standings
    }

    fn expected(&self) -> impl Iterator<Item = &Entry> {
        self.services
            .values()
            .filter(|entry| entry.expected_from.is_some())
    }

    fn expected_jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values().filter(|job| !job.expected.is_empty())
    }

    fn expect(&mut self, expected: &Expected) {
        let flexible_window = TimeDelta::minutes(i64::from(expected.flexible_window_minutes));
        self.calls_end_at = self
            .calls_end_at
            .max(Some(expected.scheduled_time + flexible_window));
        let cluster = ClusterId {
            name: expected.cluster.clone(),
            region: expected.region.clone(),
            account: expected.account.clone(),
        };
        for (name, &desired_count) in &expected.services {
            let entry = self
                .services
                .entry(cluster.service(name.clone()))
                .or_default();
            entry.expected_from = entry.expected_from.max(Some(expected.scheduled_time));
            entry.action = Some(Action::towards(desired_count));
            entry.asked = Some(desired_count);
        }
        for (family, &count) in &expected.jobs {
            let id = JobId {
                family: family.clone(),
                cluster: cluster.clone(),
            };
            let job = self.jobs.entry(id).or_default();
            job.expected.insert(expected.scheduled_time);
            job.asked = Some(count);
        }
    }

    /// Takes the calls in the order in which they were made, so that the last outcome decides.
    fn call(&mut self, call: &Call) {
        let caller = call.caller.to_string();
        *self.callers.entry(caller.clone()).or_default() += 1;
        let Some(id) = call.service_id() else {
            match &call.outcome {
                Outcome::Failed(error) => self.fail_anonymously(error, caller),
                Outcome::Accepted => self.anonymous_accepted += 1,
            }
            return;
        };
        let entry = self.services.entry(id).or_default();
        entry.action = call.action.or(entry.action);
        entry.attempts += 1;
        let count = call.action.and_then(|action| action.desired_count);
        if entry.expected_from.is_none() {
            entry.asked = count.or(entry.asked);
        }
        if let (Outcome::Accepted, Some(count)) = (&call.outcome, count) {
            entry.changes.push((call.event_time, count, caller));
        }
        if entry
            .expected_from
            .is_none_or(|from| call.event_time >= from)
        {
            entry.outcome = Some(call.outcome.clone());
            entry.called_at = Some(call.event_time);
        }
    }

    /// As [`Roll::call`], for jobs.
    fn run(&mut self, call: &RunTask) {
        let caller = call.caller.to_string();
        *self.callers.entry(caller.clone()).or_default() += 1;
        match (call.job_id(), &call.outcome) {
            (Some(id), _) => self.jobs.entry(id).or_default().call(call),
            (None, Outcome::Failed(error)) => self.fail_anonymously(error, caller),
            (None, Outcome::Accepted) => self.anonymous_accepted += 1,
        }
    }

    /// A dead letter says that Scheduler stopped trying; a call that was accepted all the same outweighs it.
    fn give_up(&mut self, undelivered: &Undelivered) {
        let (error, attempts) = (&undelivered.error, undelivered.attempts as usize);
        let outcome = |outcome: &mut Option<Outcome>| {
            if *outcome != Some(Outcome::Accepted) {
                *outcome = Some(Outcome::Failed(error.clone()));
            }
        };
        if let Some(id) = undelivered.service_id() {
            let entry = self.services.entry(id).or_default();
            entry.action = entry
                .action
                .or(undelivered.desired_count.map(Action::towards));
            entry.attempts = entry.attempts.max(attempts);
            outcome(&mut entry.outcome);
        } else if let Some(id) = undelivered.job_id() {
            let job = self.jobs.entry(id).or_default();
            job.attempts = job.attempts.max(attempts);
            outcome(&mut job.outcome);
        } else {
            let schedule = undelivered.schedule_arn.rsplit('/').next();
            let schedule = schedule.unwrap_or_default();
            self.fail_anonymously(
                error,
                format!("EventBridge Scheduler's schedule {schedule}"),
            );
        }
    }

    /// What ECS says about a service counts from its call on. It makes no entry: a service that nobody called is
    /// none of this window's business.
    fn see_services(&mut self, facts: &Sorted<'_>) {
        let mut looks: BTreeMap<&ServiceId, Vec<&Observed>> = BTreeMap::new();
        for observed in &facts.observed {
            looks.entry(&observed.service).or_default().push(observed);
        }
        let mut actions: BTreeMap<&ServiceId, Vec<&ServiceAction>> = BTreeMap::new();
        for action in &facts.actions {
            actions.entry(&action.service).or_default().push(action);
        }
        for (id, entry) in &mut self.services {
            let (looks, actions) = (looks.get(id), actions.get(id));
            if let Some(since) = entry
                .since()
                .filter(|_| looks.is_some() || actions.is_some())
            {
                let looks = looks.map_or(&[][..], Vec::as_slice);
                let actions = actions.map_or(&[][..], Vec::as_slice);
                entry.sight = Sight::of(entry, since, looks, actions);
            }
        }
    }

    /// The last that is known of the jobs' tasks.
    fn see_tasks(&mut self, facts: &Sorted<'_>) {
        let mut seen: BTreeMap<&str, Sighting> = BTreeMap::new();
        // In their order, a task that has stopped comes last.
        for task in &facts.tasks {
            let seen = seen.entry(&task.task.id).or_default();
            seen.looks += 1;
            seen.last = Some((*task).clone());
        }
        let tasks = self.jobs.values_mut().flat_map(|job| &mut job.tasks);
        for (id, task) in tasks {
            *task = seen.get(id.as_str()).cloned().unwrap_or_default();
        }
    }

    fn fail_anonymously(&mut self, error: &ApiError, caller: String) {
        *self
            .anonymous
            .entry(AnonymousFailure {
                error: error.clone(),
                caller,
            })
            .or_default() += 1;
    }
}

/// Distinct facts by kind, each kind in an order of its own.
#[derive(Default)]
struct Sorted<'a> {
    rosters: Vec<&'a Expected>,
    calls: Vec<&'a Call>,
    runs: Vec<&'a RunTask>,
    dead_letters: Vec<&'a Undelivered>,
    observed: Vec<&'a Observed>,
    unobserved: Vec<&'a Unobserved>,
    actions: Vec<&'a ServiceAction>,
    tasks: Vec<&'a Task>,
}

impl Sorted<'_> {
    fn sort(&mut self) {
        self.rosters.sort_unstable();
        self.calls.sort_unstable();
        self.runs.sort_unstable();
        self.dead_letters.sort_unstable();
        self.observed.sort_unstable();
        self.unobserved.sort_unstable();
        self.actions.sort_unstable();
        self.tasks.sort_unstable();
    }

    /// The first and the last call.
    fn span(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let calls = self.calls.iter().map(|call| call.event_time);
        let times = || {
            calls
                .clone()
                .chain(self.runs.iter().map(|call| call.event_time))
        };
        times().min().zip(times().max())
    }
}
