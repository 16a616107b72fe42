//! The fold: facts become runs. A run is one firing of a schedule for one subject: a service or a job.
//!
//! Pure, and a law: the result does not depend on the order, the grouping or the repetition of the facts. Late
//! records, redelivery and several writers are safe because of it, and property tests hold it.
//!
//! - Rosters and dead letters say at which time a subject was to be called: each makes a run of that time.
//! - A call answers the latest run of its subject, not after the call, that it fits: the role and the count must be
//!   the schedule's. Scheduler's retries are attempts of their run.
//! - A call that no run explains is a run of its own.
//! - An accepted call by somebody else, to a service that a schedule was to call, is an intervention: it has a name and a time,
//!   and never counts as an attempt.

mod assign;
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use self::assign::{Call, Given, assign};
pub use self::run::{Answer, Attempt, Firing, GivenUp, Intervention, Run};
use crate::core::fact::{
    Action, ApiError, CallOutcome, Caller, ClusterId, Fact, FactId, JobId, Labels, Roster,
    ScheduleDeadLetter, ServiceEvent, ServiceId, TaskState,
};
use crate::core::overrides::Override;

/// What a run is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A service.
    Service(ServiceId),
    /// A job: a task definition's family that a schedule starts by `RunTask`.
    Job(JobId),
    /// Calls whose record names neither.
    Unnamed(UnnamedCalls),
}

/// Calls whose record does not say for which service they were made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnnamedCalls {
    /// Why they were refused; `None` where ECS accepted them: then it did something, and nobody can say to what.
    pub error: Option<ApiError>,
    /// Who called. The role is all there is to find the schedule by.
    pub caller: String,
    /// The cluster, where the record names it.
    pub cluster: Option<ClusterId>,
}

/// When a fact arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When it was appended to the log first.
    pub at: DateTime<Utc>,
    /// Its record had been received before and given back, so others may be on their way back until then.
    pub siblings_until: Option<DateTime<Utc>>,
}

/// What was heard of an override, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivedOverride {
    /// The override, at one moment of its life.
    pub told: Override,
    /// When that was appended to the log first.
    pub arrived_at: DateTime<Utc>,
}

/// Everything known about a window from its facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Runs {
    /// The runs of each subject, in the order of their times.
    pub by_subject: BTreeMap<Subject, Vec<Run>>,
    /// Messages in the same batches that could not be decoded.
    pub undecodable: usize,
    /// Records of this window that went to the dead-letter queue.
    pub unkept: u64,
    /// An operator's silence stands: services without a call are not reported.
    pub is_silenced: bool,
    /// Whether a roster says who is expected.
    pub has_roster: bool,
    /// Events that ECS sent without being asked, by service, in the order of their times.
    pub service_events: BTreeMap<ServiceId, Vec<ServiceEvent>>,
    /// What events said last of each task, by the task's id.
    pub tasks: BTreeMap<String, TaskState>,
    /// What was heard of overrides, in the order of their times.
    pub overrides: Vec<ArrivedOverride>,
    /// Until when records that were given back to the queue may still return.
    pub siblings_until: Option<DateTime<Utc>>,
    /// Calls that answer a run of an earlier window, with the scheduled time of that run: they are told there.
    pub elsewhere: Vec<(DateTime<Utc>, Fact)>,
    /// The labels of those services and jobs that have some. Where rosters differ, the one with the latest scheduled time
    /// counts, and of several such the greatest.
    pub labels: BTreeMap<Subject, Labels>,
    /// The names of all callers, each kept once for all its calls.
    callers: BTreeSet<Arc<str>>,
}

impl Runs {
    /// Folds the facts of the window that begins at `start`.
    pub fn fold<'a>(
        start: DateTime<Utc>,
        facts: impl IntoIterator<Item = (&'a Fact, Arrival)>,
    ) -> Self {
        let mut distinct: BTreeMap<FactId<'_>, (&Fact, DateTime<Utc>)> = BTreeMap::new();
        let mut runs = Self::default();
        for (fact, arrival) in facts {
            runs.siblings_until = runs.siblings_until.max(arrival.siblings_until);
            // If two records of one id ever differ, the greater one counts, whichever came first.
            let kept = distinct.entry(fact.id()).or_insert((fact, arrival.at));
            *kept = (fact.max(kept.0), arrival.at.min(kept.1));
        }
        let is_standing = |id: &FactId<'_>| match id {
            FactId::Silenced(silence) => !distinct.contains_key(&FactId::SilenceExpired(silence)),
            _ => false,
        };
        runs.is_silenced = distinct.keys().any(is_standing);
        let mut given: BTreeMap<Subject, Given<'_>> = BTreeMap::new();
        for (fact, arrived_at) in distinct.into_values() {
            runs.take(start, fact, arrived_at, &mut given);
        }
        for (subject, given) in given {
            let (answered, elsewhere) = assign(&subject, given);
            runs.elsewhere.extend(elsewhere);
            if !answered.is_empty() {
                runs.by_subject.insert(subject, answered);
            }
        }
        runs.elsewhere.sort_unstable();
        runs.overrides.sort_unstable_by(|one, other| {
            let key = |one: &ArrivedOverride| (one.told.scheduled_time, one.told.phase);
            key(one)
                .cmp(&key(other))
                .then_with(|| one.told.id.cmp(&other.told.id))
        });
        for events in runs.service_events.values_mut() {
            events.sort_unstable();
        }
        runs
    }

    fn take<'a>(
        &mut self,
        start: DateTime<Utc>,
        fact: &'a Fact,
        arrived_at: DateTime<Utc>,
        given: &mut BTreeMap<Subject, Given<'a>>,
    ) {
        match fact {
            Fact::UpdateService(call) => {
                let subject = call.service_id().map(Subject::Service);
                let by = self.caller(&call.caller);
                let subject =
                    subject.unwrap_or_else(|| unnamed(&call.outcome, call.cluster_id(), &by));
                take_call(
                    Call::update_service(call, by, fact, arrived_at),
                    subject,
                    given,
                );
            }
            Fact::RunTask(call) => {
                let subject = call.job_id().map(Subject::Job);
                let by = self.caller(&call.caller);
                let subject =
                    subject.unwrap_or_else(|| unnamed(&call.outcome, call.cluster_id(), &by));
                take_call(Call::run_task(call, by, fact, arrived_at), subject, given);
            }
            Fact::Roster(roster) => self.expect(start, roster, arrived_at, given),
            Fact::DeadLetter(letter) => give_up(letter, arrived_at, given),
            // Whether a silence stands is known only with all facts.
            Fact::Silenced { .. } | Fact::SilenceExpired { .. } => {}
            Fact::Undecodable { .. } => self.undecodable += 1,
            Fact::Unkept { records, .. } => self.unkept = self.unkept.saturating_add(*records),
            Fact::ServiceEvent(event) => {
                let events = self
                    .service_events
                    .entry(event.service.clone())
                    .or_default();
                events.push((**event).clone());
            }
            Fact::Task(task) => {
                let kept = self.tasks.entry(task.task.id.clone());
                let kept = kept.or_insert_with(|| (**task).clone());
                if *kept < **task {
                    *kept = (**task).clone();
                }
            }
            Fact::Override(one) => self.overrides.push(ArrivedOverride {
                told: (**one).clone(),
                arrived_at,
            }),
        }
    }

    fn caller(&mut self, caller: &Caller) -> Arc<str> {
        let name = caller.to_string();
        if let Some(known) = self.callers.get(name.as_str()) {
            return known.clone();
        }
        let name: Arc<str> = name.into();
        self.callers.insert(name.clone());
        name
    }

    /// A roster of an earlier window is here only to explain calls that were made after the boundary.
    fn expect<'a>(
        &mut self,
        start: DateTime<Utc>,
        roster: &'a Roster,
        arrived_at: DateTime<Utc>,
        given: &mut BTreeMap<Subject, Given<'a>>,
    ) {
        let is_elsewhere = roster.scheduled_time < start;
        self.has_roster |= !is_elsewhere;
        let firing = Arc::new(Firing::of(roster));
        let cluster = roster.cluster_id();
        let services = roster.services.iter().map(|(name, &count)| {
            let id = cluster.service(name.clone());
            (Subject::Service(id), count)
        });
        let jobs = roster.jobs.iter().map(|(family, &count)| {
            let (family, cluster) = (family.clone(), cluster.clone());
            (Subject::Job(JobId { family, cluster }), count)
        });
        for (subject, count) in services.chain(jobs) {
            // Rosters come in their order, which is first that of their times: the last one counts.
            if let Some(labels) = labels_in(roster, &subject) {
                self.labels.insert(subject.clone(), labels.clone());
            }
            let given = given.entry(subject).or_default();
            given.expect(&firing, count, arrived_at, is_elsewhere);
        }
    }

    /// Every run, with its subject.
    pub fn iter(&self) -> impl Iterator<Item = (&Subject, &Run)> {
        let of = |(subject, runs)| std::iter::repeat(subject).zip::<&Vec<Run>>(runs);
        self.by_subject.iter().flat_map(of)
    }

    /// The labels of a service or job, where a roster gives it some; calls that name neither have none.
    #[must_use]
    pub fn labels_of(&self, subject: &Subject) -> Option<&Labels> {
        self.labels.get(subject)
    }

    /// Whether anything happened: a roster alone only says what is to happen.
    #[must_use]
    pub fn has_news(&self) -> bool {
        self.iter().any(|(_, run)| run.is_answered())
    }
}

/// The labels that a roster gives to one of its services or jobs.
fn labels_in<'a>(roster: &'a Roster, subject: &Subject) -> Option<&'a Labels> {
    let name = match subject {
        Subject::Service(id) => &id.name,
        Subject::Job(id) => &id.family,
        Subject::Unnamed(_) => return None,
    };
    roster.labels.get(name)
}

/// What a call is about whose record names no service and no job.
fn unnamed(outcome: &CallOutcome, cluster: Option<ClusterId>, by: &str) -> Subject {
    let error = match outcome {
        CallOutcome::Failed(error) => Some(error.clone()),
        CallOutcome::Accepted => None,
    };
    Subject::Unnamed(UnnamedCalls {
        error,
        caller: by.to_owned(),
        cluster,
    })
}

fn take_call<'a>(call: Call<'a>, subject: Subject, given: &mut BTreeMap<Subject, Given<'a>>) {
    let calls = &mut given.entry(subject).or_default().calls;
    calls.reserve_exact(1);
    calls.push(call);
}

/// A dead letter is about the run of its scheduled time.
fn give_up<'a>(
    letter: &'a ScheduleDeadLetter,
    arrived_at: DateTime<Utc>,
    given: &mut BTreeMap<Subject, Given<'a>>,
) {
    let subject = letter.service_id().map(Subject::Service);
    let subject = subject.or_else(|| letter.job_id().map(Subject::Job));
    let subject = subject.unwrap_or_else(|| {
        let schedule = letter.schedule_arn.rsplit('/').next().unwrap_or_default();
        Subject::Unnamed(UnnamedCalls {
            error: Some(letter.error.clone()),
            caller: format!("EventBridge Scheduler's schedule {schedule}"),
            cluster: letter.cluster_id(),
        })
    });
    given
        .entry(subject)
        .or_default()
        .letters
        .push((letter, arrived_at));
}

/// What a count alone says about the direction of a change.
fn towards(count: Option<i64>) -> Option<Action> {
    count.map(Action::towards)
}
