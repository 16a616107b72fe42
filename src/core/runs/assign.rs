//! Which call answers which run of one subject.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::run::{Attempt, Firing, GivenUp, Intervention, Run};
use super::{Subject, towards};
use crate::core::fact::{
    Action, ApiError, CallOutcome, Caller, Fact, RunTaskCall, ScheduleDeadLetter, UpdateServiceCall,
};

/// How long after a refused `RunTask` call another one may be its retry, where no roster tells the runs of a job
/// apart. A job that runs every five minutes must not hide one run's failure behind the next run.
const RETRY_GAP: TimeDelta = TimeDelta::minutes(4);
/// Refused calls that name no service and lie further apart than this are told apart.
const UNNAMED_GAP: TimeDelta = TimeDelta::minutes(5);

/// A call, whichever action of ECS it was.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) at: DateTime<Utc>,
    pub(super) outcome: &'a CallOutcome,
    event_id: &'a str,
    asked: Option<i64>,
    action: Option<Action>,
    pub(super) caller: &'a Caller,
    /// The caller as people read it.
    pub(super) by: Arc<str>,
    tasks: Option<&'a BTreeSet<String>>,
    failures: &'a [ApiError],
    fact: &'a Fact,
    arrived_at: DateTime<Utc>,
}

impl<'a> Call<'a> {
    pub(super) fn update_service(
        call: &'a UpdateServiceCall,
        by: Arc<str>,
        fact: &'a Fact,
        arrived_at: DateTime<Utc>,
    ) -> Self {
        Self {
            at: call.event_time,
            outcome: &call.outcome,
            event_id: &call.event_id,
            asked: call.action.and_then(|action| action.desired_count),
            action: call.action,
            caller: &call.caller,
            by,
            tasks: None,
            failures: &[],
            fact,
            arrived_at,
        }
    }

    pub(super) fn run_task(
        call: &'a RunTaskCall,
        by: Arc<str>,
        fact: &'a Fact,
        arrived_at: DateTime<Utc>,
    ) -> Self {
        Self {
            at: call.event_time,
            outcome: &call.outcome,
            event_id: &call.event_id,
            asked: call.count,
            action: None,
            caller: &call.caller,
            by,
            tasks: Some(&call.tasks),
            failures: &call.failures,
            fact,
            arrived_at,
        }
    }

    fn is_accepted(&self) -> bool {
        *self.outcome == CallOutcome::Accepted
    }
}

/// What is known of one subject.
#[derive(Debug, Default)]
pub(super) struct Given<'a> {
    pub(super) calls: Vec<Call<'a>>,
    pub(super) letters: Vec<(&'a ScheduleDeadLetter, DateTime<Utc>)>,
    expected: Vec<Expected>,
}

/// A run that a roster announces.
#[derive(Debug)]
struct Expected {
    run: Run,
    /// The run belongs to an earlier window.
    is_elsewhere: bool,
}

impl Given<'_> {
    pub(super) fn expect(
        &mut self,
        firing: &Arc<Firing>,
        count: i64,
        arrived_at: DateTime<Utc>,
        is_elsewhere: bool,
    ) {
        let run = Run {
            asked: Some(count),
            action: towards(Some(count)),
            firing: Some(firing.clone()),
            announced_at: Some(arrived_at),
            ..Run::new(firing.scheduled_time, arrived_at)
        };
        self.expected.reserve_exact(1);
        self.expected.push(Expected { run, is_elsewhere });
    }
}

/// Sorts the calls of one subject to its runs. Returns the runs of this window, and the calls that answer runs of
/// earlier windows with the scheduled times of those.
pub(super) fn assign(
    subject: &Subject,
    given: Given<'_>,
) -> (Vec<Run>, Vec<(DateTime<Utc>, Fact)>) {
    let Given {
        mut calls,
        letters,
        expected,
    } = given;
    let mut expected = merge(expected);
    give_up(&mut expected, letters);
    calls.sort_unstable_by_key(|call| (call.at, call.outcome, call.event_id));
    let (mut unexplained, mut elsewhere) = (Vec::new(), Vec::new());
    let is_service = matches!(subject, Subject::Service(_));
    for call in calls {
        // Another count of the same direction may be the schedule's all the same: the roster may be out of date.
        let exact = expected
            .iter()
            .rposition(|one| fits(&one.run, &call, is_service, Fit::Exact));
        let near = || {
            expected
                .iter()
                .rposition(|one| fits(&one.run, &call, is_service, Fit::Direction))
        };
        let fitting = exact.or_else(near).map(|index| &mut expected[index]);
        match fitting {
            Some(expected) if expected.is_elsewhere => {
                elsewhere.push((expected.run.time, call.fact.clone()));
            }
            Some(expected) => attempt(&mut expected.run, &call),
            None => match intervened(&mut expected, &call).filter(|_| is_service) {
                Some(run) => intervene(run, &call),
                None => unexplained.push(call),
            },
        }
    }
    let here = expected
        .into_iter()
        .filter(|expected| !expected.is_elsewhere);
    let mut runs: Vec<Run> = here.map(|expected| expected.run).collect();
    runs.extend(own_runs(subject, unexplained));
    // Collecting in place has kept the room for four announced runs.
    runs.shrink_to_fit();
    runs.sort_by_key(|run| (run.time, !run.is_announced(), run.asked));
    number_twins(&mut runs);
    if is_service {
        supersede(&mut runs);
    }
    runs.shrink_to_fit();
    (runs, elsewhere)
}

/// Tells runs of the same time apart that no schedule's count tells apart.
fn number_twins(runs: &mut [Run]) {
    // A dead letter may leave out the count, and a call of the same second is then no different.
    let key = |run: &Run| (run.time, run.asked.filter(|_| run.is_announced()));
    for index in 1..runs.len() {
        let (before, rest) = runs.split_at_mut(index);
        let of_time = before
            .iter()
            .rev()
            .take_while(|one| one.time == rest[0].time);
        let twins = of_time.filter(|one| key(one) == key(&rest[0])).count();
        rest[0].twin = u8::try_from(twins).unwrap_or(u8::MAX);
    }
}

/// Several rosters, or a roster that was delivered in two forms, may announce the same run.
fn merge(mut expected: Vec<Expected>) -> Vec<Expected> {
    let key = |one: &Expected| (one.run.time, one.run.asked);
    expected.sort_by(|one, other| {
        let schedule =
            |one: &Expected| one.run.firing.clone().map(|firing| firing.schedule.clone());
        (key(one), schedule(one)).cmp(&(key(other), schedule(other)))
    });
    expected.dedup_by(|later, kept| {
        let is_same = key(later) == key(kept);
        if is_same {
            kept.run.arrived_at = kept.run.arrived_at.min(later.run.arrived_at);
            kept.run.announced_at = kept.run.announced_at.min(later.run.announced_at);
        }
        is_same
    });
    expected
}

/// Scheduler may fire twice and give up twice on the same run; the first letter in the order of their contents counts.
fn give_up(expected: &mut Vec<Expected>, mut letters: Vec<(&ScheduleDeadLetter, DateTime<Utc>)>) {
    letters.sort_unstable();
    for (letter, arrived_at) in letters {
        let is_its = |expected: &&mut Expected| {
            let run = &expected.run;
            let is_same_count = letter.desired_count.is_none()
                || run.asked.is_none()
                || letter.desired_count == run.asked;
            run.time == letter.scheduled_time && (is_same_count || letter.family.is_some())
        };
        let given_up = GivenUp {
            error: letter.error.clone(),
            attempts: letter.attempts as usize,
        };
        match expected.iter_mut().find(is_its) {
            Some(Expected { run, .. }) => {
                run.given_up.get_or_insert(given_up);
                run.arrived_at = run.arrived_at.max(arrived_at);
            }
            None => expected.push(Expected {
                is_elsewhere: false,
                run: Run {
                    asked: letter.desired_count,
                    action: towards(letter.desired_count),
                    given_up: Some(given_up),
                    ..Run::new(letter.scheduled_time, arrived_at)
                },
            }),
        }
    }
    expected.sort_by_key(|expected| (expected.run.time, expected.run.asked));
}

/// How well the count of a call must fit a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// The same count.
    Exact,
    /// Up or down, as the run.
    Direction,
}

/// Whether a call may be an attempt of a run that a roster or a dead letter announces.
fn fits(run: &Run, call: &Call<'_>, is_service: bool, fit: Fit) -> bool {
    let is_same_count = match (run.asked, call.asked) {
        (Some(asked), Some(called)) if is_service => match fit {
            Fit::Exact => asked == called,
            Fit::Direction => (asked == 0) == (called == 0),
        },
        _ => true,
    };
    if call.at < run.time || !is_same_count {
        return false;
    }
    match &run.firing {
        Some(firing) => {
            let is_by = match fit {
                Fit::Exact => firing.is_by(call.caller),
                Fit::Direction => !firing.is_certainly_not(call.caller),
            };
            call.at <= firing.retries_until && is_by
        }
        // Scheduler gave up on this run, so that none of its calls was accepted.
        None => {
            !call.is_accepted() && !call.caller.is_evidently_not_scheduler() && !is_used_up(run)
        }
    }
}

/// Whether every attempt that a dead letter counts is known.
fn is_used_up(run: &Run) -> bool {
    let attempts = run
        .given_up
        .as_ref()
        .map_or(0, |given_up| given_up.attempts);
    run.attempts.len() >= attempts
}

/// The newest run of a schedule that an accepted call by somebody else changes something about.
fn intervened<'e>(expected: &'e mut [Expected], call: &Call<'_>) -> Option<&'e mut Run> {
    if !call.is_accepted() {
        return None;
    }
    let runs = expected
        .iter_mut()
        .filter(|expected| !expected.is_elsewhere);
    let mut before = runs.map(|expected| &mut expected.run);
    before.rfind(|run| {
        let firing = run.firing.as_ref();
        run.time <= call.at && firing.is_some_and(|firing| firing.is_certainly_not(call.caller))
    })
}

fn intervene(run: &mut Run, call: &Call<'_>) {
    run.interventions.push(Intervention {
        at: call.at,
        caller: call.by.clone(),
        count: call.asked,
    });
    run.arrived_at = run.arrived_at.max(call.arrived_at);
}

fn attempt(run: &mut Run, call: &Call<'_>) {
    let error = match call.outcome {
        CallOutcome::Accepted => None,
        CallOutcome::Failed(error) => Some(error.clone()),
    };
    // Most runs have one attempt, and a growing vector makes room for four.
    run.attempts.reserve_exact(1);
    run.attempts.push(Attempt {
        at: call.at,
        caller: call.by.clone(),
        error,
    });
    run.action = call.action.or(run.action);
    // What a roster or a dead letter announces is what tells the run from others, so calls do not change it.
    if !run.is_announced() {
        run.asked = run.asked.or(call.asked);
    }
    run.tasks.extend(call.tasks.into_iter().flatten().cloned());
    run.failures.extend(call.failures.iter().cloned());
    run.arrived_at = run.arrived_at.max(call.arrived_at);
}

/// Calls that no roster and no dead letter explains, in the order in which they were made: a new run begins after an
/// accepted call, with another count, and with another caller.
fn own_runs(subject: &Subject, calls: Vec<Call<'_>>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    // The last call of each caller, and which run it belongs to: calls of others in between change nothing.
    let mut last: Vec<(Call<'_>, usize)> = Vec::new();
    for call in calls {
        let place = last
            .iter()
            .position(|(last, _)| is_same_caller(last, &call));
        let before = place.map(|place| last.swap_remove(place));
        let retried = before.filter(|(last, _)| is_retry(subject, last, &call));
        let index = retried.map_or(runs.len(), |(_, index)| index);
        if index == runs.len() {
            runs.push(Run::new(call.at, call.arrived_at));
        }
        attempt(&mut runs[index], &call);
        last.push((call, index));
    }
    runs
}

fn is_retry(subject: &Subject, last: &Call<'_>, call: &Call<'_>) -> bool {
    let gap = call.at - last.at;
    match subject {
        Subject::Unnamed(_) => return gap <= UNNAMED_GAP,
        Subject::Job(_) if gap > RETRY_GAP => return false,
        Subject::Job(_) | Subject::Service(_) => {}
    }
    let is_same_count = last.asked == call.asked || last.asked.is_none() || call.asked.is_none();
    !last.is_accepted() && is_same_count
}

/// Scheduler's session names are random, so a role is the same caller whatever its session is called.
fn is_same_caller(one: &Call<'_>, other: &Call<'_>) -> bool {
    match (&one.caller.role, &other.caller.role) {
        (None, None) => one.caller.session == other.caller.session,
        (one, other) => one == other,
    }
}

/// Tells each run when a later one was accepted.
fn supersede(runs: &mut [Run]) {
    let mut later = None;
    for run in runs.iter_mut().rev() {
        run.superseded_at = later;
        later = run.accepted_at().or(later);
    }
}
