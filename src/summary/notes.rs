//! What else the reader of a summary should know, a sentence each.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::roll::{Roll, Standing, Subject};

/// How many names a sentence may hold before it only counts.
const NAMED: usize = 10;

pub(super) fn notes(roll: &Roll, standings: &BTreeMap<Subject, Standing>) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(suspects(roll, standings));
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
    if roll.has_all_succeeded() {
        return Some(format!(
            "{calls} refused without naming a service; every expected service has succeeded."
        ));
    }
    let without_success: Vec<&str> = standings
        .iter()
        .filter(|(_, standing)| {
            matches!(
                standing,
                Standing::Failed(_) | Standing::Missing | Standing::Pending
            )
        })
        .filter_map(|(subject, _)| match subject {
            Subject::Service(id) => Some(id.name.as_str()),
            Subject::Unnamed(_) => None,
        })
        .collect();
    let named = without_success[..without_success.len().min(NAMED)].join(", ");
    let more = match without_success.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "{calls} refused before ECS recorded which service; without a successful call so far: {named}{more}."
    ))
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
