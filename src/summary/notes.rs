//! What else the reader of a summary should know, a sentence each.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::lines::Lines;
use crate::fact::{ClusterId, Observable};
use crate::roll::{Roll, Standing, Subject};

/// How many names a sentence may hold before it only counts.
const NAMED: usize = 10;

pub(super) fn notes(
    roll: &Roll,
    standings: &BTreeMap<Subject, Standing>,
    lines: &Lines<'_>,
) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(suspects(roll, standings));
    notes.extend(bounds(roll, standings, lines));

    notes.extend(callers(roll));
    if roll.anonymous_accepted > 0 {
        let calls = plural(roll.anonymous_accepted, "accepted call", "accepted calls");
        notes.push(format!("{calls} named no service."));
    }
    if roll.is_silenced {
        notes.push("This window is silenced: services without a call are not reported.".to_owned());
    }
    if roll.undecodable > 0 {
        let messages = plural(roll.undecodable, "message", "messages");
        notes.push(format!(
            "⚠️ {messages} could not be decoded; look in the dead-letter queue."
        ));
    }
    notes.extend(working(standings));
    notes.extend(unobserved(roll, standings, lines));
    notes
}

/// Which services the refused calls without a name may have been for.
fn suspects(roll: &Roll, standings: &BTreeMap<Subject, Standing>) -> Option<String> {
    let refused: usize = roll.anonymous.values().sum();
    if refused == 0 || roll.calls_end_at.is_none() {
        return None;
    }
    let calls = if refused == 1 {
        "1 call was".to_owned()
    } else {
        format!("{refused} calls were")
    };
    if standings
        .keys()
        .all(|subject| !matches!(subject, Subject::Unnamed(_)))
    {
        return Some(format!(
            "{calls} refused without naming a service; every expected call was accepted."
        ));
    }
    let without_success: Vec<&str> = standings
        .iter()
        .filter(|(_, standing)| {
            matches!(
                standing,
                Standing::Failed(_) | Standing::Missing { .. } | Standing::Pending
            )
        })
        .filter_map(|(subject, _)| match subject {
            Subject::Service(id) => Some(id.name.as_str()),
            Subject::Job(id) => Some(id.family.as_str()),
            Subject::Unnamed(_) => None,
        })
        .collect();
    let named = listed(&without_success);
    Some(format!(
        "{calls} refused before ECS recorded which service; without a successful call so far: {named}."
    ))
}

/// Which counts Application Auto Scaling is going to undo.
fn bounds(
    roll: &Roll,
    standings: &BTreeMap<Subject, Standing>,
    lines: &Lines<'_>,
) -> Option<String> {
    let undone = standings.iter().filter_map(|(subject, standing)| {
        let Subject::Service(id) = subject else {
            return None;
        };
        // Where the count is another one already, the failure says so.
        if matches!(standing, Standing::Changed(_)) {
            return None;
        }
        let entry = roll.services.get(id)?;
        let asked = entry.asked?;
        let keeps = entry.sight.bounds?.undo(asked)?;
        Some(format!("{} ({keeps}, not {asked})", lines.name(id)))
    });
    let undone: Vec<String> = undone.collect();
    let undone: Vec<&str> = undone.iter().map(String::as_str).collect();
    (!undone.is_empty()).then(|| {
        format!(
            "⚠️ Application Auto Scaling may undo the schedule at its next turn: it keeps {}.",
            listed(&undone)
        )
    })
}

/// That nobody looks any more at jobs that have not ended.
fn working(standings: &BTreeMap<Subject, Standing>) -> Option<String> {
    let is_left =
        |standing: &&Standing| matches!(standing, Standing::Working(working) if working.is_late);
    let jobs = standings.values().filter(is_left).count();
    (jobs > 0).then(|| {
        let were = plural(jobs, "job was", "jobs were");
        format!("{were} still running when ECS was asked last; how it ends is not followed.")
    })
}

/// That "accepted" is all there is to know, and why.
fn unobserved(
    roll: &Roll,
    standings: &BTreeMap<Subject, Standing>,
    lines: &Lines<'_>,
) -> Option<String> {
    let is_open =
        |standing: &Standing| matches!(standing, Standing::Accepted | Standing::Started(_));
    let vain = |place: &(ClusterId, Observable)| roll.unobserved.get(place)?.last();
    let (mut names, mut codes) = (Vec::new(), BTreeSet::new());
    for (subject, _) in standings.iter().filter(|(_, standing)| is_open(standing)) {
        let (name, place) = match subject {
            Subject::Service(id) => (lines.name(id), (id.cluster_id(), Observable::Services)),
            Subject::Job(id) => (id.family.clone(), (id.cluster.clone(), Observable::Tasks)),
            Subject::Unnamed(_) => continue,
        };
        if let Some(unobserved) = vain(&place) {
            names.push(name);
            codes.insert(unobserved.error.code.as_str());
        }
    }
    if !names.is_empty() {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let about = if roll.is_observed() {
            format!("about {}", listed(&names))
        } else {
            "whether tasks run".to_owned()
        };
        let codes = codes.into_iter().collect::<Vec<_>>().join(", ");
        return Some(format!(
            "⚠️ ECS could not be asked {about} ({codes}): accepted is all that is known."
        ));
    }
    let is_accepted = |standing: &Standing| *standing == Standing::Accepted;
    (!lines.is_asked() && standings.values().any(is_accepted))
        .then(|| "✅ means that ECS accepted the call; whether tasks run was not asked.".to_owned())
}

/// So many names, and how many more there are.
fn listed(names: &[&str]) -> String {
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn callers(roll: &Roll) -> Option<String> {
    if roll.callers.is_empty() {
        return None;
    }
    let mut callers: Vec<_> = roll.callers.iter().collect();
    callers.sort_by_key(|&(caller, &calls)| (Reverse(calls), caller));
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
