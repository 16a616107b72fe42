//! The sentences at the end of a summary: who called unexpectedly, what could not be read, and what is not known.
//!
//! Pure.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::failure::undo;
use super::lines::{Lines, nameless_calls};
use super::listed;
use crate::core::fact::ClusterId;
use crate::core::observation::Observable;
use crate::core::reader::Reader;
use crate::core::runs::Subject;
use crate::core::snapshot::RunStatus;
use crate::core::status::Status;

/// How many callers a note names; the others are counted.
const CALLERS: usize = 3;

/// A sentence at the end of a summary.
pub(super) struct Note {
    pub(super) text: String,
    /// What the first line says of it, where it is a warning.
    pub(super) brief: Option<String>,
}

impl Note {
    fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            brief: None,
        }
    }

    fn warning(text: String, brief: impl Into<String>) -> Self {
        Self {
            text,
            brief: Some(brief.into()),
        }
    }
}

/// The notes for a message about these runs.
pub(super) fn notes(lines: &Lines<'_>, told: &[&RunStatus<'_>]) -> Vec<Note> {
    let words = lines.reader.words();
    let runs = lines.snapshot.runs;
    let mut notes = Vec::new();
    if told.is_empty() && runs.undecodable == 0 {
        notes.push(Note::plain(words.moved_note()));
    }
    notes.extend(harmless(lines, told));
    notes.extend(bounds(lines, told));
    notes.extend(callers(told, lines.reader));
    let accepted = told.iter().filter(|one| is_unnamed(one, false));
    let accepted: usize = accepted.map(|one| one.run.attempts.len()).sum();
    if accepted > 0 {
        notes.push(Note::plain(words.accepted_nameless_note(accepted)));
    }
    if runs.is_silenced {
        notes.push(Note::plain(words.silenced_note()));
    }
    if runs.undecodable > 0 {
        notes.push(Note::warning(
            words.undecodable_note(runs.undecodable),
            words.undecodable_brief(runs.undecodable),
        ));
    }
    notes.extend(working(lines, told));
    notes.extend(unobserved(lines, told));
    notes
}

/// Whether a run is of calls that named no service, refused ones or accepted ones.
fn is_unnamed(one: &RunStatus<'_>, is_refused: bool) -> bool {
    matches!(one.subject, Subject::Unnamed(calls) if calls.error.is_some() == is_refused)
}

/// Refused calls that named no service, after which everything that the rosters name was accepted.
fn harmless(lines: &Lines<'_>, told: &[&RunStatus<'_>]) -> Option<Note> {
    let refused = told.iter().filter(|one| is_unnamed(one, true));
    let refused: usize = refused.map(|one| one.run.attempts.len().max(1)).sum();
    let has_roster = told.iter().any(|one| one.run.firing.is_some());
    let is_harmless = told.iter().all(|one| nameless_calls(one) == 0);
    (refused > 0 && has_roster && is_harmless)
        .then(|| Note::plain(lines.reader.words().harmless_note(refused)))
}

/// The services that refused calls without a name may have been made for.
pub(super) fn suspects(lines: &Lines<'_>, told: &[&RunStatus<'_>]) -> Vec<String> {
    let open = told.iter().filter(|one| one.is_unheard());
    open.map(|one| lines.name(one.subject)).collect()
}

/// Names the services whose counts Application Auto Scaling is going to change again.
fn bounds(lines: &Lines<'_>, told: &[&RunStatus<'_>]) -> Option<Note> {
    let words = lines.reader.words();
    let undone = told.iter().filter_map(|one| {
        // Where Application Auto Scaling has changed the count already, the reasons say so.
        if matches!(one.status, Status::Changed(_)) {
            return None;
        }
        let asked = one.run.asked?;
        let bound = undo(lines.bounds(one)?, asked, lines.reader)?;
        Some(words.undone(&lines.name(one.subject), &bound, asked))
    });
    let undone: Vec<String> = undone.collect();
    (!undone.is_empty()).then(|| {
        let text = words.bounds_note(&listed(&undone, lines.reader));
        Note::warning(text, words.bounds_brief(undone.len()))
    })
}

/// Says that some jobs had not ended when their time was over, and that rollcall asks about them no more.
fn working(lines: &Lines<'_>, told: &[&RunStatus<'_>]) -> Option<Note> {
    let is_left =
        |one: &&&RunStatus<'_>| matches!(&one.status, Status::Working(working) if working.is_late);
    let jobs = told.iter().filter(is_left).count();
    (jobs > 0).then(|| Note::plain(lines.reader.words().working_note(jobs)))
}

/// Says that rollcall knows only that ECS accepted the calls, and why it does not know more.
fn unobserved(lines: &Lines<'_>, told: &[&RunStatus<'_>]) -> Option<Note> {
    let (snapshot, words) = (lines.snapshot, lines.reader.words());
    let is_open = |one: &&&RunStatus<'_>| {
        let is_open = matches!(
            one.status,
            Status::Accepted | Status::Verifying | Status::Succeeded | Status::Started(_)
        );
        is_open && one.run.superseded_at.is_none()
    };
    let failure = |place: (ClusterId, Observable)| snapshot.observations.failures.get(&place);
    let (mut names, mut codes, mut unasked) = (Vec::new(), BTreeSet::new(), Vec::new());
    for one in told.iter().filter(is_open) {
        let place = match one.subject {
            Subject::Service(id) => (id.cluster_id(), Observable::Services),
            Subject::Job(id) => (id.cluster.clone(), Observable::Tasks),
            Subject::Unnamed(_) => continue,
        };
        match failure(place) {
            Some(failure) if failure.is_by_choice() => unasked.push(lines.name(one.subject)),
            Some(failure) => {
                names.push(lines.name(one.subject));
                codes.insert(failure.error.code.as_str());
            }
            None => {}
        }
    }
    if !names.is_empty() {
        let about = snapshot.is_observed.then(|| listed(&names, lines.reader));
        let codes = codes.into_iter().collect::<Vec<_>>().join(", ");
        let text = words.unobserved_note(about.as_deref(), &codes);
        return Some(Note::warning(text, words.unobserved_brief()));
    }
    if !unasked.is_empty() {
        let names = listed(&unasked, lines.reader);
        return Some(Note::plain(words.unasked_about_note(&names)));
    }
    let is_succeeded = |one: &&RunStatus<'_>| one.status == Status::Succeeded;
    (!snapshot.is_asked && told.iter().any(is_succeeded)).then(|| Note::plain(words.unasked_note()))
}

/// Who made calls that no schedule was expected to make.
fn callers(told: &[&RunStatus<'_>], reader: Reader) -> Option<Note> {
    let words = reader.words();
    let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
    for one in told {
        // A roster says who is to call; without one, EventBridge Scheduler is nobody unexpected.
        let is_expected =
            |caller: &str| one.run.firing.is_some() || caller.starts_with("EventBridge Scheduler");
        let attempts = one.run.attempts.iter().map(|attempt| &*attempt.caller);
        let others = one.run.interventions.iter().map(|other| &*other.caller);
        let unexpected = attempts.filter(|caller| !is_expected(caller));
        for caller in unexpected.chain(others) {
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
        .take(CALLERS)
        .map(|(caller, calls)| format!("{} ({calls})", words.caller(caller)))
        .collect();
    let others = callers.len().saturating_sub(named.len());
    Some(Note::plain(words.callers_note(&named.join(", "), others)))
}
