//! Whom to ask ECS about, and when: a pure decision.
//!
//! A service is asked about as soon as its call is known, then after 30 s, 1, 2, 4 … minutes, until it is steady
//! or its time is over, and then once more. Whoever left no record is looked at when waiting for records is over.
//! What happened long ago is not looked at: ECS only tells how things are now.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::decide::{Patience, checks_until, deadline, over};
use crate::ecs::Wanted;
use crate::fact::{ClusterId, Observable, ServiceId, TaskId};
use crate::roll::{Entry, Over, Roll};
use crate::window::WindowKey;

/// The time between the first two looks; it doubles from look to look.
const FIRST_INTERVAL: TimeDelta = TimeDelta::seconds(30);
/// What would be asked so soon after the rest is asked with it.
const TOGETHER: TimeDelta = TimeDelta::seconds(10);
/// How long after its time was over ECS can say anything about a call: by then others may have been made, whose
/// records lie in other windows. A call that is so far ahead is no call of this time either.
const STALE: TimeDelta = TimeDelta::hours(2);
/// How long it is tried to look at whoever left no record, before that counts as missing.
const RECORDLESS: TimeDelta = TimeDelta::minutes(1);
/// Of how many services one look asks: as many as there is time for at the pace of requests. Those that waited
/// longest come first.
const MOST: usize = 300;

/// What to ask ECS now, and when to ask again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// What to ask now.
    pub wanted: Wanted,
    /// When there is more to ask, where there is nothing to ask now.
    pub next: Option<DateTime<Utc>>,
}

/// What to ask ECS about a window at `now`.
#[must_use]
pub fn plan(key: &WindowKey, roll: &Roll, patience: Patience, now: DateTime<Utc>) -> Plan {
    if patience.verify.is_none() {
        return Plan::default();
    }
    let over = over(key, roll, patience, now);
    let deadline = deadline(key, roll, patience);
    let until = Until {
        called: checks_until(roll, patience).unwrap_or(deadline),
        recordless: deadline + RECORDLESS,
    };
    let last_sense = until.called.max(deadline) + STALE;
    let is_sensible = |since: DateTime<Utc>| now <= last_sense && since <= now + STALE;
    let mut services = services(roll, over, &until);
    services.retain(|(_, (_, since))| is_sensible(*since));
    let mut tasks = tasks(roll, until.called);
    tasks.retain(|(_, (_, since))| is_sensible(*since));
    let times = services.iter().map(|(at, _)| *at);
    let next = times.chain(tasks.iter().map(|(at, _)| *at)).min();
    if next.is_none_or(|next| next > now) {
        return Plan {
            next,
            ..Plan::default()
        };
    }
    services.sort_by_key(|(at, _)| *at);
    let is_due = |at: DateTime<Utc>| at <= now + TOGETHER;
    let wanted = Wanted {
        services: services
            .into_iter()
            .filter_map(|(at, wanted)| is_due(at).then_some(wanted))
            .take(MOST)
            .collect(),
        tasks: tasks
            .into_iter()
            .filter_map(|(at, (wanted, _))| is_due(at).then_some(wanted))
            .collect(),
    };
    Plan { wanted, next: None }
}

/// Until when to look.
struct Until {
    /// At whatever was called.
    called: DateTime<Utc>,
    /// At whoever left no record of a call.
    recordless: DateTime<Utc>,
}

/// When to look at what.
type Looks<T> = Vec<(DateTime<Utc>, T)>;

/// When to look at which service, and from when on what happened to it matters.
fn services(roll: &Roll, over: Over, until: &Until) -> Looks<(ServiceId, DateTime<Utc>)> {
    let look = |(id, entry): (&ServiceId, &Entry)| {
        let place = (id.cluster_id(), Observable::Services);
        let is_asked = entry.is_watched(over) && can_ask(roll, &place.0, place.1);
        let since = entry.since().filter(|_| is_asked)?;
        let seen = (entry.sight.looks, entry.sight.last_look);
        let until = match entry.outcome {
            Some(_) => until.called,
            None => until.recordless,
        };
        let at = next_look(attempts(roll, &place, since, seen), since, until)?;
        Some((at, (id.clone(), since)))
    };
    roll.services.iter().filter_map(look).collect()
}

/// When to look at which task.
fn tasks(roll: &Roll, until: DateTime<Utc>) -> Looks<(TaskId, DateTime<Utc>)> {
    let mut looks = Vec::new();
    for (id, job) in &roll.jobs {
        let Some(since) = job
            .called_at
            .filter(|_| can_ask(roll, &id.cluster, Observable::Tasks))
        else {
            continue;
        };
        for (task, seen) in job.watched() {
            let wanted = TaskId {
                id: task.clone(),
                cluster: id.cluster.clone(),
            };
            let place = (id.cluster.clone(), Observable::Tasks);
            let attempts = attempts(roll, &place, since, seen);
            let at = next_look(attempts, since, until);
            looks.extend(at.map(|at| (at, (wanted, since))));
        }
    }
    looks
}

/// Until when somebody without a record is still to be looked at, if anybody is.
pub(super) fn recordless_until(
    roll: &Roll,
    over: Over,
    patience: Patience,
    deadline: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    patience.verify?;
    let is_unseen = |(id, entry): (&ServiceId, &Entry)| {
        entry.outcome.is_none()
            && entry.is_watched(over)
            && entry.sight.looks == 0
            && can_ask(roll, &id.cluster_id(), Observable::Services)
    };
    let is_any_unseen = !roll.is_silenced && roll.services.iter().any(is_unseen);
    is_any_unseen.then_some(deadline + RECORDLESS)
}

/// Whether ECS is still to be asked about something that was called.
pub(super) fn is_looking(roll: &Roll) -> bool {
    let is_watched = |entry: &Entry| entry.is_watched(Over::default());
    roll.services.iter().any(|(id, entry)| {
        is_watched(entry) && can_ask(roll, &id.cluster_id(), Observable::Services)
    }) || roll.jobs.iter().any(|(id, job)| {
        job.watched().next().is_some() && can_ask(roll, &id.cluster, Observable::Tasks)
    })
}

/// Who was denied is denied the next time too.
fn can_ask(roll: &Roll, cluster: &ClusterId, about: Observable) -> bool {
    let vain = roll.unobserved.get(&(cluster.clone(), about));
    let last = vain.and_then(|vain| vain.last());
    last.is_none_or(|unobserved| !unobserved.is_final())
}

/// How often ECS was asked since the call, and when last, in vain or not.
fn attempts(
    roll: &Roll,
    place: &(ClusterId, Observable),
    since: DateTime<Utc>,
    (looks, last_look): (usize, Option<DateTime<Utc>>),
) -> (usize, Option<DateTime<Utc>>) {
    let vain = roll.unobserved.get(place).into_iter().flatten();
    let vain: BTreeSet<DateTime<Utc>> = vain
        .map(|unobserved| unobserved.observed_at)
        .filter(|at| *at >= since && Some(*at) != last_look)
        .collect();
    (looks + vain.len(), last_look.max(vain.last().copied()))
}

/// When to look next; `None` where the last look was after the time was over.
fn next_look(
    (looks, last): (usize, Option<DateTime<Utc>>),
    since: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    // Before the call there is nothing to see.
    let Some(last) = last else {
        return Some(since);
    };
    // 20 doublings are a year.
    let doublings = u32::try_from(looks.saturating_sub(1)).map_or(20, |number| number.min(20));
    (last < until).then(|| until.min(last + FIRST_INTERVAL * 2_i32.pow(doublings)))
}
