//! What changed since it was told: for each run what people heard, and how it stands now.
//!
//! Pure. What was told is remembered as a digest, so what is said of it comes from the facts: the last refusal, or that
//! no call was known.

use chrono::{DateTime, Utc};

use super::lines::Lines;
use super::period::clock;
use super::row_status::{error_words, row_status};
use crate::core::reader::Reader;
use crate::core::runs::{Run, Subject};
use crate::core::snapshot::RunStatus;
use crate::core::status::{Kind, Severity, Status};
use crate::core::told::ToldStatus;
use crate::core::words::mark;

/// `frontend: ❌ service not found → ✅ 1/1 running at 09:24`.
pub(super) fn line(lines: &Lines<'_>, one: &RunStatus<'_>, told: Option<ToldStatus>) -> String {
    let reader = lines.reader;
    let words = reader.words();
    let name = match one.subject {
        Subject::Job(_) => words.job(&lines.run_name(one)),
        _ => lines.run_name(one),
    };
    let (after, at) = now(one, reader);
    match told {
        Some(told) => {
            let before = before(one.run, told, reader);
            let at = at.map(|at| clock(at, reader));
            words.change(&name, &before, &after, at.as_deref())
        }
        None => format!("{name}: {after}"),
    }
}

/// How a run stands, and since when.
fn now(one: &RunStatus<'_>, reader: Reader) -> (String, Option<DateTime<Utc>>) {
    let words = reader.words();
    let status = row_status(one.run, &one.status, reader).to_string();
    let accepted = one.run.accepted_at();
    match &one.status {
        // The time of the day says it better than the time that it took.
        Status::Reached(reached) if reached.is_recorded => {
            let words = words.reached(reached.running, None);
            let at = accepted.zip(reached.took).map(|(at, took)| at + took);
            (format!("{} {words}", mark(Severity::Good)), at)
        }
        Status::Succeeded | Status::Accepted => {
            let words = words.accepted();
            (format!("{} {words}", mark(Severity::Good)), accepted)
        }
        Status::Resolved => {
            let words = words.called_again();
            (format!("{} {words}", mark(Severity::Good)), None)
        }
        _ => (status, None),
    }
}

/// What people heard of a run.
fn before(run: &Run, told: ToldStatus, reader: Reader) -> String {
    let words = reader.words();
    let bad = |words: &str| format!("{} {words}", mark(Severity::Bad));
    let warn = |words: &str| format!("{} {words}", mark(Severity::Warn));
    if told == ToldStatus::of(&Status::Unkept) {
        return warn(words.record_not_read());
    }
    match told.kind() {
        Some(Kind::Failed) => {
            let refusals = run
                .attempts
                .iter()
                .filter_map(|attempt| attempt.error.as_ref());
            let given_up = run.given_up.as_ref().map(|given_up| &given_up.error);
            let error = refusals.chain(given_up).last();
            bad(&error.map_or_else(
                || words.was_failed().to_owned(),
                |error| error_words(error, reader),
            ))
        }
        Some(Kind::Missing) => bad(words.never_called()),
        Some(Kind::Changed) => warn(words.changed_label()),
        Some(Kind::Starting) => bad(words.late_label(0, 1)),
        Some(Kind::Stopping) => warn(words.late_label(1, 0)),
        _ => mark(Severity::Good).to_owned(),
    }
}
