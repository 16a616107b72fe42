//! Whom to ask ECS about, and when: a pure decision.
//!
//! A service is asked about as soon as its call is known, then after 30 s, 1, 2, 4 … minutes, until it is steady or its
//! time is over, and then once more. A service whose call left no record is asked about when the time for records is
//! over. Nobody is asked about long after the deadline: ECS only tells how things are now.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::fact::{JobId, ServiceId, TaskId};
use super::runs::{Run, Subject};
use super::snapshot::WindowSnapshot;
use super::standing::Moment;

/// The time between the first two looks; it doubles from look to look.
const FIRST_INTERVAL: TimeDelta = TimeDelta::seconds(30);
/// The distance that looks keep, in a small window and in a large one: what is due meanwhile is asked about together.
const SHORTEST_PACE: TimeDelta = TimeDelta::seconds(30);
const LONGEST_PACE: TimeDelta = TimeDelta::seconds(60);
/// How much the distance grows with each run of a window.
const PACE_PER_RUN: TimeDelta = TimeDelta::milliseconds(10);
/// What would be asked so soon after the rest is asked with it.
const TOGETHER: TimeDelta = TimeDelta::seconds(10);
/// For how long after its time was over ECS can still say something about a run: later, calls of other windows may
/// have changed the count. A call so far ahead of the present cannot be looked at either.
const STALE: TimeDelta = TimeDelta::hours(2);

/// What to ask ECS about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Runs of services, those that waited longest first.
    pub services: Vec<WantedService>,
    /// Tasks of jobs.
    pub tasks: Vec<TaskId>,
}

/// A run of a service to ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedService {
    /// The service.
    pub id: ServiceId,
    /// Which run of it.
    pub time: DateTime<Utc>,
    /// From when on what happened to it matters: events from before its call explain nothing.
    pub since: DateTime<Utc>,
    /// A new deployment was asked for.
    pub is_deployment: bool,
}

impl Wanted {
    /// Whether there is nothing to ask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.services.is_empty() && self.tasks.is_empty()
    }
}

/// What to ask ECS now, and when to ask again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookPlan {
    /// What to ask now.
    pub wanted: Wanted,
    /// When there is more to ask, where there is nothing to ask now.
    pub next: Option<DateTime<Utc>>,
}

/// What to ask ECS about a window.
#[must_use]
pub fn plan(snapshot: &WindowSnapshot<'_>) -> LookPlan {
    if snapshot.policy.verify.is_none() {
        return LookPlan::default();
    }
    let now = snapshot.now;
    let (services, tasks) = open(snapshot);
    let times = services
        .iter()
        .map(|(at, ..)| *at)
        .chain(tasks.iter().map(|(at, ..)| *at));
    let next = times.min().map(|next| paced(snapshot, next));
    if next.is_none_or(|next| next > now) {
        return LookPlan {
            next,
            ..LookPlan::default()
        };
    }
    let is_due = |at: DateTime<Utc>| at <= now + TOGETHER;
    let mut services: Vec<_> = services
        .into_iter()
        .filter(|(at, ..)| is_due(*at))
        .collect();
    // A first look comes before another one. Those of one cluster stay together, so that a request asks about as many
    // as it can.
    let is_repeated = |id: &ServiceId, run: &Run| {
        snapshot
            .observations
            .service(id, run.time)
            .is_some_and(|seen| seen.asks > 0)
    };
    services.sort_by_cached_key(|&(at, id, run)| {
        let place = (&id.account, &id.region, &id.cluster, &id.name);
        (is_repeated(id, run), at, place)
    });
    let wanted = |(_, id, run): (DateTime<Utc>, &ServiceId, &Run)| WantedService {
        id: id.clone(),
        time: run.time,
        since: run.since(),
        is_deployment: run.is_deployment(),
    };
    let due_tasks = tasks.into_iter().filter(|(at, _)| is_due(*at));
    LookPlan {
        wanted: Wanted {
            services: services.into_iter().map(wanted).collect(),
            tasks: due_tasks.map(|(_, task)| task).collect(),
        },
        next: None,
    }
}

/// A look keeps its distance from the last one, unless that had no time for what was due.
fn paced(snapshot: &WindowSnapshot<'_>, next: DateTime<Utc>) -> DateTime<Utc> {
    let runs = i32::try_from(snapshot.statuses.len()).unwrap_or(i32::MAX);
    let pace = PACE_PER_RUN.checked_mul(runs).unwrap_or(LONGEST_PACE);
    let pace = pace.clamp(SHORTEST_PACE, LONGEST_PACE);
    match snapshot.observations.last_ask() {
        Some(last) if next > last => next.max(last + pace),
        _ => next,
    }
}

type OpenServices<'a> = Vec<(DateTime<Utc>, &'a ServiceId, &'a Run)>;
type OpenTasks = Vec<(DateTime<Utc>, TaskId)>;

/// Everything that is still to be looked at, each with the time of its next look.
fn open<'a>(snapshot: &WindowSnapshot<'a>) -> (OpenServices<'a>, OpenTasks) {
    let moment = snapshot.moment();
    let mut services: BTreeMap<&ServiceId, (DateTime<Utc>, &Run)> = BTreeMap::new();
    let mut tasks = Vec::new();
    for (subject, run) in snapshot.runs.iter() {
        match subject {
            Subject::Service(id) => {
                // Runs come in the order of their times: the newest is the one that counts.
                if let Some(at) = service_look(&moment, id, run) {
                    services.insert(id, (at, run));
                }
            }
            Subject::Job(id) => tasks.extend(task_looks(&moment, id, run)),
            Subject::Unnamed(_) => {}
        }
    }
    let services = services.into_iter().map(|(id, (at, run))| (at, id, run));
    (services.collect(), tasks)
}

fn service_look(moment: &Moment<'_>, id: &ServiceId, run: &Run) -> Option<DateTime<Utc>> {
    let until = moment.watch(id, run)?;
    let seen = moment.observations.service(id, run.time);
    let asked = seen.map(|seen| (seen.asks, seen.last_ask));
    next_look(asked, run.since(), until, moment.now)
}

fn task_looks(moment: &Moment<'_>, id: &JobId, run: &Run) -> OpenTasks {
    let until = moment
        .policy
        .checks_deadline(run)
        .filter(|_| moment.can_ask_tasks(id));
    let Some(until) = until else {
        return Vec::new();
    };
    let look = |task: &String| {
        if moment.task(id, task).is_some_and(|task| task.is_stopped) {
            return None;
        }
        let task = TaskId {
            id: task.clone(),
            cluster: id.cluster.clone(),
        };
        let seen = moment.observations.tasks.get(&task);
        let asked = seen.map(|seen| (seen.asks, seen.last_ask));
        Some((next_look(asked, run.since(), until, moment.now)?, task))
    };
    run.tasks.iter().filter_map(look).collect()
}

/// When to look next: never after the look at the end of the time, and never when that is long past.
fn next_look(
    asked: Option<(u32, DateTime<Utc>)>,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let is_sensible = now <= until + STALE && since <= now + STALE;
    let Some((asks, last)) = asked.filter(|(asks, _)| *asks > 0) else {
        // Before the call there is nothing to see.
        return is_sensible.then_some(since);
    };
    // 20 doublings are a year.
    let doublings = asks.saturating_sub(1).min(20);
    let next = until.min(last + FIRST_INTERVAL * 2_i32.pow(doublings));
    (is_sensible && last < until).then_some(next)
}
