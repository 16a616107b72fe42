//! Words a run's status for the table: a mark and a few words.
//!
//! Pure.

use std::fmt;

use super::{RowStatus, period};
use crate::core::fact::ApiError;
use crate::core::observation::Remark;
use crate::core::status::{Changed, Reached, Severity, Status, Underway, Working};
use crate::core::trouble::trouble;

impl RowStatus {
    /// The status with a word instead of the mark, for preformatted text: the width of emoji differs between clients.
    #[must_use]
    pub fn in_ascii(&self) -> String {
        let mark = match (self.severity, self.words.as_str()) {
            (Severity::Bad, "Error") => return "ERROR".to_owned(),
            (Severity::Bad, _) => "ERROR",
            (Severity::Warn, _) => "WARNING",
            (Severity::Waiting, _) => "pending",
            (Severity::Good, _) => "ok",
        };
        format!("{mark} {}", self.words).trim_end().to_owned()
    }
}

impl fmt::Display for RowStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.severity {
            Severity::Bad => "❌",
            Severity::Warn => "⚠️",
            Severity::Waiting => "⏳",
            Severity::Good => "✅",
        })?;
        match self.words.as_str() {
            "" => Ok(()),
            words => write!(f, " {words}"),
        }
    }
}

/// The mark and words of a status. The number of attempts is added where a call was accepted or refused.
pub(super) fn row_status(status: &Status, attempts: usize) -> RowStatus {
    let words = in_one(status);
    let is_told = matches!(
        status,
        Status::Succeeded | Status::Accepted | Status::Reached(_) | Status::Failed(_)
    );
    let words = match words.as_str() {
        _ if attempts < 2 || !is_told => words,
        "" | "Error" => format!("after {attempts} attempts"),
        _ => format!("{words}, after {attempts} attempts"),
    };
    RowStatus {
        severity: status.severity(),
        words,
    }
}

/// The words of a status without the number of attempts.
fn in_one(status: &Status) -> String {
    let said = str::to_owned;
    match status {
        Status::Succeeded | Status::Pending | Status::Resolved => String::new(),
        Status::Accepted | Status::Verifying => said("accepted"),
        Status::Reached(reached) => reached_words(reached),
        Status::Underway(underway) => underway_words(underway),
        Status::Changed(changed) => changed_words(changed),
        Status::Troubled(remark) => said(trouble_words(remark)),
        Status::Failed(_) | Status::Unnamed(1) => said("Error"),
        Status::Unnamed(calls) => format!("{calls} calls"),
        Status::NeverCalled { .. } => said("Missing"),
        Status::Unkept => said("record not read"),
        Status::Started(_) => said("started"),
        Status::Working(Working { ended: 0, .. }) => said("running"),
        Status::Working(Working { ended, of, .. }) => format!("{ended}/{of} ended"),
        Status::Finished(None) => said("exit 0"),
        Status::Finished(Some(took)) => format!("exit 0 ({})", period::in_words(*took)),
    }
}

fn reached_words(reached: &Reached) -> String {
    let Reached {
        running,
        took,
        is_exact,
        is_recorded,
    } = *reached;
    if !is_recorded {
        return "(seen at ECS, no record)".to_owned();
    }
    // Where ECS did not say since when, rollcall only knows when it saw the count first.
    let at_most = if is_exact { "" } else { "≤ " };
    let took = took.map_or_else(String::new, |took| {
        format!(" ({at_most}{})", period::in_words(took))
    });
    match running {
        0 => format!("stopped{took}"),
        _ => format!("{running}/{running} running{took}"),
    }
}

fn underway_words(underway: &Underway) -> String {
    let Underway {
        running, desired, ..
    } = *underway;
    match desired {
        0 => format!("{running} still running"),
        _ if running > desired => format!("{running}/{desired} stopping"),
        _ if running == desired => format!("{running}/{desired} settling"),
        _ => format!("{running}/{desired} starting"),
    }
}

fn changed_words(changed: &Changed) -> String {
    let Changed {
        running,
        desired,
        asked,
        ..
    } = *changed;
    match (running, desired) {
        (0, 0) => format!("stopped, not {asked}"),
        _ => format!("{running}/{desired} running, not {asked}"),
    }
}

/// The dictionary's words for what keeps tasks from running.
pub(super) fn trouble_words(remark: &Remark) -> &'static str {
    trouble(&remark.text).map_or("tasks do not run", |trouble| trouble.words)
}

/// A job's exit code, and the dictionary's words for why its task did not end well.
pub(super) fn job_words(error: &ApiError) -> Option<String> {
    let message = error.message.as_deref().unwrap_or_default();
    let is_exit = error.code.starts_with("exit code");
    let reason = if is_exit { message } else { &error.to_string() };
    let words = trouble(reason).map(|trouble| trouble.words);
    match (is_exit, words) {
        // The exit code says already that the process ended.
        (true, None | Some("container exited")) => Some(error.code.clone()),
        (true, Some(words)) => Some(format!("{words} ({})", error.code)),
        (false, words) => words.map(str::to_owned),
    }
}
