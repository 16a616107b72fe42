//! What people read of overrides before and after they hold.
//!
//! Pure.

use anstyle::{AnsiColor, Style};
use chrono::TimeDelta;

use super::landscape::Landscape;
use super::plan::Proposal;
use super::records;
use super::runs::Time;
use super::wanted::Action;
use crate::cli::terminal::Width;
use crate::cli::time::clock;
use crate::cli::words::counted;
use crate::core::overrides::{Change, Override, Phase};
use crate::core::table;
use crate::core::text::visible;

const ADDED: Style = AnsiColor::Green.on_default();
const CHANGED: Style = AnsiColor::Yellow.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();

/// What an override does, one line for each run that differs.
pub(super) fn effects(one: &Override, now: Time) -> Vec<String> {
    one.changes
        .iter()
        .map(|change| effect(change, one, now))
        .collect()
}

fn effect(change: &Change, one: &Override, now: Time) -> String {
    let time = |time: Time| clock(time, one.tz(), now);
    let schedule = visible(&change.schedule);
    let calls = match &change.services {
        Some(names) if names.len() <= 3 => visible(&names.join(", ")),
        _ if change.is_job => counted(change.calls as u64, "job", "jobs"),
        _ => counted(change.calls as u64, "service", "services"),
    };
    match (change.from, change.to) {
        (Some(from), Some(to)) => format!(
            "{schedule} runs {}, {} later than scheduled ({calls})",
            time(to),
            span(to - from)
        ),
        (Some(from), None) => format!("{schedule} does not run {} ({calls})", time(from)),
        (None, Some(to)) => format!("{schedule} runs {} besides ({calls})", time(to)),
        (None, None) => format!("{schedule} stays as it is"),
    }
}

/// The overrides in whose place a new one comes.
pub(super) fn replaced(proposal: &Proposal) -> Vec<String> {
    let all = &proposal.overrides;
    let is_replaced = |at: &usize| {
        let one = &all[*at];
        one.id != proposal.one.id && one.phase != Phase::Cancelled && records::is_replaced(all, *at)
    };
    let replaced = (0..all.len()).filter(is_replaced).map(|at| &all[at]);
    replaced
        .map(|one| visible(&format!("instead of {} by {}", one.id, one.by)))
        .collect()
}

/// The schedules that stay as they are, since nobody can know when they run.
pub(super) fn unknown(landscape: &Landscape) -> Vec<String> {
    let fixed = landscape.fixed.iter();
    fixed
        .map(|(name, why)| visible(&format!("{name} is left out: {why}")))
        .collect()
}

/// Such as `4 h` or `1 h 30 min`.
fn span(span: TimeDelta) -> String {
    let (hours, minutes) = (span.num_hours(), span.num_minutes() % 60);
    match (hours, minutes) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// What would change in Scheduler, as Terraform's plan reads, with colour codes.
pub(super) fn plan<'a>(actions: impl Iterator<Item = &'a Action>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut totals = [0u64; 3];
    for action in actions {
        let (kind, style, mark) = match action {
            Action::Create(_) => (0, ADDED, '+'),
            Action::Update(..) => (1, CHANGED, '~'),
            Action::Delete(_) => (2, REMOVED, '-'),
        };
        totals[kind] += 1;
        let entry = action.entry();
        lines.push(format!(
            "  {style}{mark}{style:#} {}/{}: {}",
            visible(&entry.group),
            visible(&entry.name),
            difference(action)
        ));
    }
    let [added, changed, removed] = totals;
    lines.push(format!(
        "Plan: {added} to add, {changed} to change, {removed} to destroy."
    ));
    lines
}

fn difference(action: &Action) -> String {
    let date = |date: Option<Time>| {
        date.map_or_else(
            || "none".to_owned(),
            |date| date.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        )
    };
    match action {
        Action::Create(entry) if entry.end.is_some() => format!(
            "{} {} until {}",
            entry.expression,
            entry.timezone,
            date(entry.end)
        ),
        Action::Create(entry) => format!("{} {}", entry.expression, entry.timezone),
        Action::Update(before, after) => {
            let mut parts = Vec::new();
            if before.start != after.start {
                let (before, after) = (date(before.start), date(after.start));
                parts.push(format!("StartDate {before} → {after}"));
            }
            if before.expression != after.expression {
                parts.push(format!("{} → {}", before.expression, after.expression));
            }
            if before.target != after.target {
                parts.push("what it says at its end".to_owned());
            }
            parts.join(", ")
        }
        Action::Delete(entry) => entry.expression.clone(),
    }
}

/// The overrides that hold, as a table.
pub(in crate::cli) fn list(overrides: &[Override], width: Width, now: Time) -> Vec<String> {
    let headings = ["Id", "Environment", "What", "Until", "By", "Reason"].map(str::to_owned);
    let rows = overrides.iter().enumerate().map(|(at, one)| {
        let mut what = effects(one, now).join("; ");
        if records::is_replaced(overrides, at) {
            what = format!("replaced by a later one: {what}");
        }
        [
            visible(&one.id),
            visible(&one.environment),
            what,
            clock(one.until, one.tz(), now),
            visible(&one.by),
            one.reason.as_deref().map(visible).unwrap_or_default(),
        ]
    });
    let table = table::fitted(&headings, rows, width.columns());
    table
        .head
        .into_iter()
        .chain(table.rows.into_iter().flatten())
        .collect()
}

/// The word for what was asked.
pub(super) fn verb(one: &Override) -> &'static str {
    if one.phase == Phase::Cancelled {
        "cancel"
    } else {
        one.kind.as_str()
    }
}
