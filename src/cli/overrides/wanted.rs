//! What has to stand in Scheduler so that schedules and overrides run together as they should, and what is to be done until it
//! stands there.
//!
//! Pure. The same overrides always want the same schedules. So a command that was interrupted is completed by the same
//! command, and one that is repeated finds nothing to do.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde_json::Value;

use super::entry::{Entry, Key, NOTE};
use super::landscape::{Landscape, Recurring, Role, Subject};
use super::records;
use super::runs::{Moves, Time, moves, start_after, terraform_start};
use crate::cli::occurrences::Timing;
use crate::core::overrides::Override;

/// A request to Scheduler that changes something.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Create(Box<Entry>),
    /// What was read, and what it becomes.
    Update(Box<Entry>, Box<Entry>),
    Delete(Box<Entry>),
}

impl Action {
    /// The schedule that is created, changed or deleted.
    pub(super) fn entry(&self) -> &Entry {
        match self {
            Self::Create(entry) | Self::Update(_, entry) | Self::Delete(entry) => entry,
        }
    }
}

/// Requests in the order in which they keep every run: none of a stage is made before all of the stage before it. Up to the
/// removals a run may come twice, and none is lost.
pub(super) type Stages = [Vec<Action>; 6];

/// The records of overrides come first, so that a command that is interrupted later can be completed.
const RECORDS: usize = 0;
/// Runs at other times.
const RUNS: usize = 1;
/// Starts of Terraform's schedules, which take runs away.
const STARTS: usize = 2;
/// Deletions of runs that are no longer wanted.
const REMOVALS: usize = 3;
/// What the queue is told, now and when an override ends.
const TOLD: usize = 4;
/// Records that are taken back: they are kept until all that they caused is taken back.
const TAKEN_BACK: usize = 5;

/// What changes Scheduler from what was read to what `overrides` want; `told` are messages that the queue gets.
pub(super) fn actions(
    landscape: &Landscape,
    overrides: &[Override],
    told: Vec<Entry>,
    now: Time,
) -> Stages {
    let mut stages = Stages::default();
    let mut wanted: BTreeMap<Key, Entry> = BTreeMap::new();
    for recurring in &landscape.recurring {
        let (start, made) = of_one(recurring, overrides, now);
        wanted.extend(made.into_iter().map(|entry| (entry.key(), entry)));
        stages[STARTS].extend(start_at(&recurring.entry, start, now));
    }
    let notes = records::notes(landscape, overrides, now);
    wanted.extend(notes.into_iter().map(|entry| (entry.key(), entry)));
    for existing in &landscape.made {
        match wanted.remove(&existing.key()) {
            Some(entry) if entry.is_like(existing) => {}
            Some(entry) => stages[stage_of(existing, &entry)].push(update(existing, entry)),
            None if is_over(existing, now) => {}
            None => {
                let is_note = existing.name.starts_with(NOTE);
                let stage = if is_note { TAKEN_BACK } else { REMOVALS };
                stages[stage].push(Action::Delete(Box::new(existing.clone())));
            }
        }
    }
    for entry in wanted.into_values() {
        create(&mut stages, entry);
    }
    for entry in told {
        let mut made = landscape.made.iter();
        // A command that was interrupted may have left the same message.
        stages[TOLD].push(match made.find(|made| made.key() == entry.key()) {
            Some(existing) => update(existing, entry),
            None => Action::Create(Box::new(entry)),
        });
    }
    stages
}

/// Gives a schedule of Terraform a start. A start that has passed means nothing any more.
fn start_at(entry: &Entry, start: Option<Time>, now: Time) -> Option<Action> {
    let ahead = |start: Option<Time>| start.filter(|start| *start > now);
    let is_same = ahead(entry.start) == ahead(start);
    let after = Entry {
        start,
        ..entry.clone()
    };
    (!is_same).then(|| update(entry, after))
}

/// When what an override made is changed.
fn stage_of(existing: &Entry, entry: &Entry) -> usize {
    if !entry.name.starts_with(NOTE) {
        RUNS
    } else if records::is_cancelled(entry) {
        TAKEN_BACK
    } else if records::is_same(existing, entry) {
        TOLD
    } else {
        RECORDS
    }
}

/// A record says nothing of its end until all that it stands for is done.
fn create(stages: &mut Stages, entry: Entry) {
    if !entry.name.starts_with(NOTE) {
        stages[RUNS].push(Action::Create(Box::new(entry)));
        return;
    }
    let silent = records::silent(&entry);
    if silent != entry {
        stages[TOLD].push(update(&silent, entry));
    }
    stages[RECORDS].push(Action::Create(Box::new(silent)));
}

fn update(before: &Entry, after: Entry) -> Action {
    Action::Update(Box::new(before.clone()), Box::new(after))
}

/// Whether a schedule of an override is about to delete itself, or is a message that is on its way.
fn is_over(entry: &Entry, now: Time) -> bool {
    let is_told = entry.name.starts_with(NOTE) && entry.name.contains('.');
    let timing = Timing::parse(&entry.expression, &entry.timezone).ok();
    let has_next = timing.is_some_and(|timing| {
        let next = timing.after(now).next();
        next.is_some_and(|next| entry.end.is_none_or(|end| next <= end))
    });
    is_told || !has_next
}

/// The start of one schedule of Terraform, and what has to stand beside it.
fn of_one(recurring: &Recurring, overrides: &[Override], now: Time) -> (Option<Time>, Vec<Entry>) {
    let start = terraform_start(recurring);
    let of_subjects: BTreeMap<&Subject, Moves> = recurring
        .subjects
        .keys()
        .map(|subject| (subject, moves(recurring, subject, overrides)))
        .collect();
    let times: BTreeSet<Time> = of_subjects
        .values()
        .flat_map(|moves| moves.iter().flat_map(|(from, to)| [Some(*from), *to]))
        .flatten()
        .filter(|time| *time > now)
        .collect();
    let mut made = Vec::new();
    let mut skipped = Vec::new();
    for time in times {
        let is_own = recurring.fires_at(time, start);
        let called: Vec<&Subject> = of_subjects
            .iter()
            .filter(|(_, moves)| fires(moves, time, is_own))
            .map(|(subject, _)| *subject)
            .collect();
        let is_whole = called.len() == recurring.subjects.len();
        if is_own && is_whole {
            continue;
        }
        if is_own {
            skipped.push(time);
        }
        if !called.is_empty() {
            made.push(recurring.entry.once(time, input(recurring, &called)));
        }
    }
    if recurring.is_once() {
        return (recurring.entry.start, made);
    }
    let last = skipped.last().map(|last| start_after(recurring, *last));
    made.extend(between(recurring, &skipped, start, now));
    (last.or(start), made)
}

fn fires(moves: &Moves, time: Time, is_own: bool) -> bool {
    let is_moved_here = moves.values().any(|to| *to == Some(time));
    is_moved_here || (is_own && !moves.contains_key(&time))
}

/// Copies of a schedule for its runs before and between those that are skipped, as its own start lies after them.
fn between(recurring: &Recurring, skipped: &[Time], start: Option<Time>, now: Time) -> Vec<Entry> {
    let mut copies = Vec::new();
    // AWS refuses a start that has passed.
    let mut since = start.filter(|start| *start > now);
    let mut after = now;
    for skip in skipped {
        let before = *skip - TimeDelta::seconds(1);
        if recurring.between(after, before, start).next().is_some() {
            copies.push(recurring.entry.until(since, *skip));
        }
        since = Some(start_after(recurring, *skip));
        after = *skip;
    }
    copies
}

/// The input for some of a schedule's subjects: a roster without the others.
fn input(recurring: &Recurring, called: &[&Subject]) -> String {
    let whole = recurring.entry.input();
    if recurring.role == Role::Call || called.len() == recurring.subjects.len() {
        return whole.to_owned();
    }
    let Ok(mut input) = serde_json::from_str::<Value>(whole) else {
        return whole.to_owned();
    };
    let is_called = |name: &str, is_job: bool| {
        called.iter().any(|subject| match subject {
            Subject::Service { name: service, .. } => !is_job && service == name,
            Subject::Job { family, .. } => is_job && family == name,
        })
    };
    for (key, is_job) in [("services", false), ("jobs", true)] {
        if let Some(members) = input.get_mut(key).and_then(Value::as_object_mut) {
            members.retain(|name, _| is_called(name, is_job));
        }
    }
    if let Some(labels) = input.get_mut("labels").and_then(Value::as_object_mut) {
        labels.retain(|name, _| is_called(name, false) || is_called(name, true));
    }
    input.to_string()
}
