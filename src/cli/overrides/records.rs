//! The records of overrides: what stands in the schedules `override-<id>`, and what the queue is told of them.
//!
//! Pure.

use chrono::{DateTime, TimeDelta, Timelike, Utc};

use super::entry::{Entry, NOTE};
use super::landscape::Landscape;
use super::runs::Time;
use crate::core::decode::OwnMessage;
use crate::core::overrides::{Change, Kind, Override, Phase};
use crate::core::text::truncate;

/// How many characters Scheduler gives a description.
const DESCRIPTION_LIMIT: usize = 512;

/// The records that have to stand in Scheduler.
pub(super) fn notes(landscape: &Landscape, overrides: &[Override], now: Time) -> Vec<Entry> {
    let Some(roster) = landscape.rosters().next() else {
        return Vec::new();
    };
    let notes = overrides.iter().enumerate().filter_map(|(at, one)| {
        let until = end(overrides, at);
        let phase = match one.phase {
            Phase::Cancelled => Phase::Cancelled,
            _ if is_replaced(overrides, at) || is_stopped(overrides, at) => Phase::Replaced,
            _ => Phase::Ended,
        };
        let told = match phase {
            // The same message that was told when it was taken back, which is told once.
            Phase::Cancelled => one.clone(),
            _ => Override {
                phase,
                scheduled_time: until,
                ..one.clone()
            },
        };
        let name = format!("{NOTE}{}", one.id);
        let note = roster
            .entry
            .note(name, until, description(one), text(&told));
        (until > now).then_some(note)
    });
    notes.collect()
}

/// A message that tells the queue soon how an override stands.
pub(super) fn told(landscape: &Landscape, one: &Override, now: Time) -> Option<Entry> {
    let roster = landscape.rosters().next()?;
    let mut one = one.clone();
    let mut moment = "cancelled";
    if one.phase != Phase::Cancelled {
        moment = "began";
        one.phase = Phase::Began;
        // Not the time at which it is sent: if an interrupted command is repeated, the same message is told once.
        one.scheduled_time = one.created_at;
    }
    let name = format!("{NOTE}{}.{moment}", one.id);
    let note = roster
        .entry
        .note(name, soon(landscape, now), description(&one), text(&one));
    Some(note)
}

/// How many schedules are created in a second, at the least.
const CREATED_A_SECOND: usize = 10;

/// The next minute that Scheduler has not begun when all is created that is to fire then.
pub(super) fn soon(landscape: &Landscape, now: Time) -> Time {
    let creating = landscape.recurring.len() / CREATED_A_SECOND;
    let creating = TimeDelta::seconds(i64::try_from(creating).unwrap_or(0));
    let time = now + TimeDelta::minutes(1) + creating;
    let minute = time.with_second(0).and_then(|time| time.with_nanosecond(0));
    minute.map_or(time, |minute| {
        if minute == time {
            minute
        } else {
            minute + TimeDelta::minutes(1)
        }
    })
}

/// When an override is over. While a later one holds what it changed, its record stays: if the later one is taken back, the
/// earlier one holds again.
fn end(overrides: &[Override], at: usize) -> DateTime<Utc> {
    let one = &overrides[at];
    let later = &overrides[at + 1..];
    let replacing = later
        .iter()
        .filter(|later| one.changes.iter().any(|change| replaces(later, change)));
    let replaced_until = replacing.map(|later| later.until).max();
    match replaced_until {
        Some(until) if is_replaced(overrides, at) => until,
        Some(until) => until.max(one.until),
        None => one.until,
    }
}

/// Whether later overrides took the place of all that this one changes.
pub(super) fn is_replaced(overrides: &[Override], at: usize) -> bool {
    let later = &overrides[at + 1..];
    let changes = &overrides[at].changes;
    let is_replaced = |change: &Change| {
        let mut all = later.iter().flat_map(|later| &later.changes);
        all.any(|later| is_same_run(later, change) && covers(later, change))
    };
    // What had come before the later one was made, it could not replace.
    let first = later.iter().map(|later| later.created_at).min();
    let is_over = |change: &Change| change.from.is_none() && change.to < first;
    changes.iter().any(is_replaced)
        && changes
            .iter()
            .all(|change| is_replaced(change) || is_over(change))
}

/// Whether what an override kept up was stopped by a later one meanwhile, so that its end is no news.
fn is_stopped(overrides: &[Override], at: usize) -> bool {
    let keeps_up = matches!(overrides[at].kind, Kind::Extend | Kind::Up);
    let is_besides = |change: &Change| change.from.is_none() && change.services.is_none();
    let mut later = overrides[at + 1..].iter();
    keeps_up && later.any(|later| later.kind == Kind::Down && later.changes.iter().any(is_besides))
}

/// The record before anything is done: nothing is said of its end, as it may come to nothing.
pub(super) fn silent(note: &Entry) -> Entry {
    let mut silent = note.clone();
    if let Ok(OwnMessage::Override(one)) = serde_json::from_str(note.input()) {
        let phase = Phase::Replaced;
        silent.target.input = Some(text(&Override { phase, ..*one }));
    }
    silent
}

/// Whether two records are of the same override, apart from what is said of its end.
pub(super) fn is_same(a: &Entry, b: &Entry) -> bool {
    read(a.input()) == read(b.input())
}

fn replaces(later: &Override, change: &Change) -> bool {
    later.changes.iter().any(|later| is_same_run(later, change))
}

fn is_same_run(later: &Change, earlier: &Change) -> bool {
    later.schedule == earlier.schedule && later.from == earlier.from.or(earlier.to)
}

fn covers(later: &Change, earlier: &Change) -> bool {
    match (&later.services, &earlier.services) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(later), Some(earlier)) => earlier.iter().all(|service| later.contains(service)),
    }
}

/// What people read in AWS's console.
fn description(one: &Override) -> String {
    let what = one.kind.as_str();
    let until = one
        .until
        .with_timezone(&one.tz())
        .format("%Y-%m-%d %H:%M %Z");
    let reason = one.reason.as_deref().map(|why| format!(": {why}"));
    let text = format!(
        "rollcall {what} {} by {} until {until}{}",
        one.id,
        one.by,
        reason.unwrap_or_default()
    );
    truncate(&text, DESCRIPTION_LIMIT).into_owned()
}

fn text(one: &Override) -> String {
    let message = OwnMessage::Override(Box::new(one.clone()));
    serde_json::to_string(&message).unwrap_or_default()
}

/// A record as it was read: which of the moments was told last does not matter, but for one that was taken back.
pub(super) fn read(text: &str) -> Option<Override> {
    let OwnMessage::Override(one) = serde_json::from_str(text).ok()? else {
        return None;
    };
    let one = *one;
    Some(match one.phase {
        Phase::Cancelled => one,
        _ => Override {
            phase: Phase::Ended,
            scheduled_time: one.until,
            ..one
        },
    })
}

/// Whether the record says that its override was taken back.
pub(super) fn is_cancelled(note: &Entry) -> bool {
    read(note.input()).is_some_and(|one| one.phase == Phase::Cancelled)
}
