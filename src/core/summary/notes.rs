//! The sentences at the end of a summary: who called, what could not be read, and what is not known.
//!
//! Pure.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::lines::Lines;
use crate::core::fact::ClusterId;
use crate::core::observation::Observable;
use crate::core::runs::Subject;
use crate::core::snapshot::{RunStatus, WindowSnapshot};
use crate::core::status::Status;

/// How many names a sentence lists; the rest is counted.
const NAMED: usize = 10;

/// The notes for a message about these runs.
pub(super) fn notes(
    snapshot: &WindowSnapshot<'_>,
    told: &[&RunStatus<'_>],
    lines: &Lines<'_>,
) -> Vec<String> {
    let runs = snapshot.runs;
    let mut notes = Vec::new();
    notes.extend(suspects(told, lines));
    notes.extend(bounds(snapshot, told, lines));

    notes.extend(callers(told));
    let accepted = told.iter().filter(|one| is_unnamed(one, false));
    let accepted: usize = accepted.map(|one| one.run.attempts.len()).sum();
    if accepted > 0 {
        let calls = plural(accepted, "accepted call", "accepted calls");
        notes.push(format!("{calls} named no service."));
    }
    if runs.is_silenced {
        notes.push("This window is silenced: services without a call are not reported.".to_owned());
    }
    if runs.undecodable > 0 {
        let messages = plural(runs.undecodable, "message", "messages");
        notes.push(format!(
            "⚠️ {messages} could not be decoded; look in the dead-letter queue."
        ));
    }
    notes.extend(working(told));
    notes.extend(unobserved(snapshot, told, lines));
    notes
}

/// Whether a run is of calls that named no service, refused ones or accepted ones.
fn is_unnamed(one: &RunStatus<'_>, is_refused: bool) -> bool {
    matches!(one.subject, Subject::Unnamed(calls) if calls.error.is_some() == is_refused)
}

/// Names the services that refused calls without a name may have been made for.
fn suspects(told: &[&RunStatus<'_>], lines: &Lines<'_>) -> Option<String> {
    let refused = told.iter().filter(|one| is_unnamed(one, true));
    let refused: usize = refused.map(|one| one.run.attempts.len().max(1)).sum();
    let has_roster = told.iter().any(|one| one.run.firing.is_some());
    if refused == 0 || !has_roster {
        return None;
    }
    let calls = if refused == 1 {
        "1 call was".to_owned()
    } else {
        format!("{refused} calls were")
    };
    if told
        .iter()
        .all(|one| !matches!(one.status, Status::Unnamed(_)))
    {
        return Some(format!(
            "{calls} refused without naming a service; every expected call was accepted."
        ));
    }
    let is_open = |one: &&&RunStatus<'_>| {
        matches!(
            one.status,
            Status::Failed(_) | Status::NeverCalled { .. } | Status::Unkept | Status::Pending
        )
    };
    let names: Vec<String> = told
        .iter()
        .filter(is_open)
        .map(|one| lines.name(one.subject))
        .collect();
    let list = listed(&names);
    Some(format!(
        "{calls} refused before ECS recorded which service; without a successful call so far: {list}."
    ))
}

/// Names the services whose counts Application Auto Scaling is going to change again.
fn bounds(
    snapshot: &WindowSnapshot<'_>,
    told: &[&RunStatus<'_>],
    lines: &Lines<'_>,
) -> Option<String> {
    let undone = told.iter().filter_map(|one| {
        let Subject::Service(id) = one.subject else {
            return None;
        };
        // Where Application Auto Scaling has changed the count already, the list of failures says so.
        if matches!(one.status, Status::Changed(_)) {
            return None;
        }
        let asked = one.run.asked?;
        let bounds = snapshot.observations.service(id, one.run.time)?.bounds?;
        let keeps = bounds.undo(asked)?;
        Some(format!(
            "{} ({keeps}, not {asked})",
            lines.name(one.subject)
        ))
    });
    let undone: Vec<String> = undone.collect();
    (!undone.is_empty()).then(|| {
        format!(
            "⚠️ Application Auto Scaling may undo the schedule at its next turn: it keeps {}.",
            listed(&undone)
        )
    })
}

/// Says that some jobs had not ended when their time was over, and that rollcall asks about them no more.
fn working(told: &[&RunStatus<'_>]) -> Option<String> {
    let is_left =
        |one: &&&RunStatus<'_>| matches!(&one.status, Status::Working(working) if working.is_late);
    let jobs = told.iter().filter(is_left).count();
    (jobs > 0).then(|| {
        let were = plural(jobs, "job was", "jobs were");
        format!("{were} still running when ECS was asked last; how it ends is not followed.")
    })
}

/// Says that rollcall knows only that ECS accepted the calls, and why it does not know more.
fn unobserved(
    snapshot: &WindowSnapshot<'_>,
    told: &[&RunStatus<'_>],
    lines: &Lines<'_>,
) -> Option<String> {
    let is_open = |one: &&&RunStatus<'_>| {
        let is_open = matches!(
            one.status,
            Status::Accepted | Status::Verifying | Status::Succeeded | Status::Started(_)
        );
        is_open && one.run.superseded_at.is_none()
    };
    let failure = |place: (ClusterId, Observable)| snapshot.observations.failures.get(&place);
    let (mut names, mut codes) = (Vec::new(), BTreeSet::new());
    for one in told.iter().filter(is_open) {
        let place = match one.subject {
            Subject::Service(id) => (id.cluster_id(), Observable::Services),
            Subject::Job(id) => (id.cluster.clone(), Observable::Tasks),
            Subject::Unnamed(_) => continue,
        };
        if let Some(failure) = failure(place) {
            names.push(lines.name(one.subject));
            codes.insert(failure.error.code.as_str());
        }
    }
    if !names.is_empty() {
        let about = if snapshot.is_observed {
            format!("about {}", listed(&names))
        } else {
            "whether tasks run".to_owned()
        };
        let codes = codes.into_iter().collect::<Vec<_>>().join(", ");
        return Some(format!(
            "⚠️ ECS could not be asked {about} ({codes}): accepted is all that is known."
        ));
    }
    let is_succeeded = |one: &&RunStatus<'_>| one.status == Status::Succeeded;
    (!snapshot.is_asked && told.iter().any(is_succeeded))
        .then(|| "✅ means that ECS accepted the call; whether tasks run was not asked.".to_owned())
}

/// The first names, and how many more there are.
fn listed(names: &[String]) -> String {
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Who made the calls of these runs, and those that changed what they asked for.
fn callers(told: &[&RunStatus<'_>]) -> Option<String> {
    let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
    for one in told {
        let attempts = one.run.attempts.iter().map(|attempt| &attempt.caller);
        let others = one.run.interventions.iter().map(|other| &other.caller);
        for caller in attempts.chain(others) {
            *calls.entry(caller).or_default() += 1;
        }
    }
    if calls.is_empty() {
        return None;
    }
    let mut callers: Vec<_> = calls.into_iter().collect();
    callers.sort_by_key(|&(caller, calls)| (Reverse(calls), caller));
    let named: Vec<String> = callers
        .iter()
        .take(3)
        .map(|(caller, calls)| format!("{caller} ({calls})"))
        .collect();
    let others = match callers.len().saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {}", plural(more, "other", "others")),
    };
    Some(format!("Called by {}{others}.", named.join(", ")))
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
