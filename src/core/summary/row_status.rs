//! Words a run's status for the table: a mark and a few words.
//!
//! Pure.

use crate::core::fact::ApiError;
use crate::core::reader::Reader;
use crate::core::refusal::refusal;
use crate::core::runs::Run;
use crate::core::status::{Reached, Severity, Status, Underway, Working};
use crate::core::trouble::trouble;
use crate::core::words::mark;

/// The status of a row: a mark and a few words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowStatus {
    /// Which mark is shown.
    pub severity: Severity,
    /// A few words, such as `1/1 running (48 s)`; empty where the mark says enough.
    pub words: String,
}

impl RowStatus {
    /// The status with a word instead of the mark, for preformatted text: the width of emoji differs between clients.
    #[must_use]
    pub fn in_plain_words(&self, reader: Reader) -> String {
        let mark = reader.words().mark_word(self.severity);
        format!("{mark} {}", self.words).trim_end().to_owned()
    }
}

impl std::fmt::Display for RowStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(mark(self.severity))?;
        match self.words.as_str() {
            "" => Ok(()),
            words => write!(f, " {words}"),
        }
    }
}

/// The mark and words of a status. The number of attempts is added where a call was accepted or refused.
pub(super) fn row_status(run: &Run, status: &Status, reader: Reader) -> RowStatus {
    let words = in_one(run, status, reader);
    let attempts = run.attempt_count();
    let is_told = matches!(
        status,
        Status::Succeeded | Status::Accepted | Status::Reached(_) | Status::Failed(_)
    );
    RowStatus {
        severity: status.severity(),
        words: if attempts < 2 || !is_told {
            words
        } else {
            reader.words().after_attempts(&words, attempts)
        },
    }
}

/// The words of a status without the number of attempts.
fn in_one(run: &Run, status: &Status, reader: Reader) -> String {
    let words = reader.words();
    match status {
        Status::Succeeded | Status::Resolved => String::new(),
        Status::Pending => words.awaited().to_owned(),
        Status::Accepted | Status::Verifying => words.accepted().to_owned(),
        Status::Reached(reached) => reached_words(reached, reader),
        Status::Underway(underway) => underway_words(run, underway, reader),
        Status::Changed(changed) => words.changed(changed.running, changed.desired, changed.asked),
        Status::Troubled(remark) => trouble_words(&remark.text, reader).to_owned(),
        Status::Failed(error) => error_words(error, reader),
        Status::Unnamed(calls) => words.calls(*calls, words.refused()),
        Status::NeverCalled { .. } => words.never_called().to_owned(),
        Status::Unkept => words.record_not_read().to_owned(),
        Status::Started(_) => words.started().to_owned(),
        Status::Working(Working { ended, of, .. }) => words.working(*ended, *of),
        Status::Finished(took) => words.finished(*took),
    }
}

fn reached_words(reached: &Reached, reader: Reader) -> String {
    let words = reader.words();
    if !reached.is_recorded {
        return words.recordless(reached.running);
    }
    // Where ECS did not say since when, rollcall only knows when it saw the count first.
    let at_most = if reached.is_exact { "" } else { "≤ " };
    let took = reached
        .took
        .map(|took| format!("{at_most}{}", words.duration(took)));
    words.reached(reached.running, took.as_deref())
}

fn underway_words(run: &Run, underway: &Underway, reader: Reader) -> String {
    let words = reader.words();
    let Underway {
        running, desired, ..
    } = *underway;
    match running.cmp(&desired) {
        std::cmp::Ordering::Greater => words.stopping(running, desired),
        std::cmp::Ordering::Equal => words.settling(running),
        std::cmp::Ordering::Less if underway.is_late => {
            words.late(running, desired, since_call(run, underway))
        }
        std::cmp::Ordering::Less => words.starting(running, desired),
    }
}

/// How long after the call ECS was asked last.
pub(super) fn since_call(run: &Run, underway: &Underway) -> Option<chrono::TimeDelta> {
    Some(underway.seen_at? - run.accepted_at()?)
}

/// The dictionary's words for what keeps tasks from running.
pub(super) fn trouble_words(text: &str, reader: Reader) -> &'static str {
    let words = reader.words();
    trouble(text).map_or(words.tasks_do_not_run(), |known| {
        words.trouble(known.kind).words
    })
}

/// The dictionary's words for an error of a service's call or of a job; the code of one that it does not know. An exit
/// code is shown with the words for why the task did not end well.
pub(super) fn error_words(error: &ApiError, reader: Reader) -> String {
    let words = reader.words();
    let message = error.message.as_deref().unwrap_or_default();
    if is_exit(error) {
        return match trouble(message).map(|known| words.trouble(known.kind).words) {
            Some(reason) if !message.starts_with("Essential container") => {
                words.with_code(reason, &error.code)
            }
            // The exit code says already that the process ended.
            _ => words.error_code(&error.code).into_owned(),
        };
    }
    let known = trouble(&error.to_string()).map(|known| words.trouble(known.kind));
    match known.or_else(|| refusal(error).map(|refusal| words.refusal(refusal))) {
        Some(entry) => entry.words.to_owned(),
        None => words.error_code(&error.code).into_owned(),
    }
}

/// Whether a job's process ended with another code than 0.
pub(super) fn is_exit(error: &ApiError) -> bool {
    error.code.starts_with("exit code")
}
