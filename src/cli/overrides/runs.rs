//! What runs when, by the schedules and the overrides together.
//!
//! Pure. Each run has an origin: the time at which its schedule would fire by itself, or the time that an override gave to a
//! run besides. A later override changes what an earlier one made of the same origin.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::landscape::{Landscape, Recurring, Subject};
use crate::core::overrides::{Change, Override};

/// Time, in UTC.
pub(super) type Time = DateTime<Utc>;

/// One call that a schedule makes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Run {
    pub(super) at: Time,
    pub(super) schedule: String,
    pub(super) origin: Time,
    pub(super) subject: Subject,
    pub(super) count: i64,
    /// How much later it may come.
    pub(super) flexible: TimeDelta,
}

/// What overrides make of runs: when each one is instead, by its origin; `None` where it is skipped.
pub(super) type Moves = BTreeMap<Time, Option<Time>>;

/// What overrides make of a schedule's runs for one of its subjects.
pub(super) fn moves(recurring: &Recurring, subject: &Subject, overrides: &[Override]) -> Moves {
    let start = terraform_start(recurring);
    let mut moves = Moves::new();
    for change in changes(recurring, overrides).filter(|change| concerns(change, subject)) {
        match (change.from, change.to) {
            (Some(from), to) => {
                if moves.contains_key(&from) || recurring.fires_at(from, start) {
                    moves.insert(from, to);
                }
            }
            (None, Some(to)) => {
                moves.insert(to, Some(to));
            }
            (None, None) => {}
        }
    }
    moves
}

/// The changes of a schedule, the oldest first.
pub(super) fn changes<'a>(
    recurring: &'a Recurring,
    overrides: &'a [Override],
) -> impl Iterator<Item = &'a Change> {
    overrides
        .iter()
        .flat_map(|one| &one.changes)
        .filter(|change| change.schedule == recurring.schedule)
}

fn concerns(change: &Change, subject: &Subject) -> bool {
    let Some(services) = &change.services else {
        return true;
    };
    subject
        .service()
        .is_some_and(|name| services.iter().any(|service| service == name))
}

/// In which second of its minute an override lets a schedule start. People write whole minutes, so theirs is told from ours.
const OWN_SECOND: TimeDelta = TimeDelta::seconds(17);

/// From when on a schedule fires after a run of it was taken away: just after that run.
///
/// AWS does not say whether a start within the flexible window of a run lets that run fire, so it lies after the window,
/// unless the next run comes before that.
pub(super) fn start_after(recurring: &Recurring, taken: Time) -> Time {
    let after = taken + recurring.entry.flexible_window() + TimeDelta::minutes(1);
    let next = recurring.timing.after(taken).next();
    match next {
        Some(next) if next <= after => taken + OWN_SECOND,
        _ => after + OWN_SECOND,
    }
}

/// The start that Terraform gave a schedule. One that an override gave it lies just after a run, so that it is known by
/// itself, even where the override's record is gone.
pub(super) fn terraform_start(recurring: &Recurring) -> Option<Time> {
    let start = recurring.entry.start?;
    let near = start - recurring.entry.flexible_window() - TimeDelta::minutes(3);
    let mut taken = recurring
        .timing
        .after(near)
        .take_while(|time| *time < start);
    let is_of_override = taken.any(|taken| start_after(recurring, taken) == start);
    (!is_of_override).then_some(start)
}

/// All calls later than `after` and not later than `until`, in order.
pub(super) fn runs(
    landscape: &Landscape,
    overrides: &[Override],
    after: Time,
    until: Time,
) -> Vec<Run> {
    let mut runs = Vec::new();
    for recurring in landscape.calls() {
        let start = terraform_start(recurring);
        for (subject, count) in &recurring.subjects {
            let overridden = moves(recurring, subject, overrides);
            let own = recurring.between(after, until, start);
            let own = own
                .filter(|time| !overridden.contains_key(time))
                .map(|time| (time, time));
            let others = overridden
                .iter()
                .filter_map(|(origin, at)| at.map(|at| (*origin, at)));
            let others = others.filter(|(_, at)| (after < *at) && (*at <= until));
            runs.extend(own.chain(others).map(|(origin, at)| Run {
                at,
                schedule: recurring.schedule.clone(),
                origin,
                subject: subject.clone(),
                count: *count,
                flexible: recurring.entry.flexible_window(),
            }));
        }
    }
    runs.sort();
    runs
}

/// The spans in which the last run of a subject is looked for, the shorter ones first as they are looked through faster.
const LOOK_BACK_DAYS: [i64; 4] = [3, 8, 40, 400];

/// The last call of each service at or before a moment; services that were not called within a year are left out.
pub(super) fn last_runs(
    landscape: &Landscape,
    overrides: &[Override],
    subjects: &BTreeSet<Subject>,
    at: Time,
) -> BTreeMap<Subject, Run> {
    let mut found = BTreeMap::new();
    for days in LOOK_BACK_DAYS {
        for run in runs(landscape, overrides, at - TimeDelta::days(days), at) {
            if subjects.contains(&run.subject) {
                found.insert(run.subject.clone(), run);
            }
        }
        if found.len() == subjects.len() {
            break;
        }
    }
    found
}
