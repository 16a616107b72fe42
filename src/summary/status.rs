//! How a subject stands, in a mark and a few words.

use std::fmt;

use super::period;
use crate::fact::{ApiError, Remark};
use crate::roll::{Changed, Reached, Standing, Underway, Working};
use crate::trouble::trouble;

/// How a row stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// At a glance.
    pub mark: Mark,
    /// In a few words, such as `1/1 running (48 s)`; often none are needed.
    pub words: String,
}

/// How a row stands at a glance, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// It failed.
    Bad,
    /// It is not as it should be.
    Warn,
    /// More is to come.
    Waiting,
    /// It is as it should be, as far as anybody can tell.
    Good,
}

impl Status {
    /// With another sign for the mark, where emoji are no good.
    #[must_use]
    pub fn in_ascii(&self) -> String {
        let mark = match (self.mark, self.words.as_str()) {
            (Mark::Bad, "Error") => return "ERROR".to_owned(),
            (Mark::Bad, _) => "ERROR",
            (Mark::Warn, _) => "WARNING",
            (Mark::Waiting, _) => "pending",
            (Mark::Good, _) => "ok",
        };
        format!("{mark} {}", self.words).trim_end().to_owned()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.mark {
            Mark::Bad => "❌",
            Mark::Warn => "⚠️",
            Mark::Waiting => "⏳",
            Mark::Good => "✅",
        })?;
        match self.words.as_str() {
            "" => Ok(()),
            words => write!(f, " {words}"),
        }
    }
}

impl Status {
    /// In words; after how many calls matters where a call ended well or was refused. Where ECS `is_asked`, what
    /// was accepted is told from what runs.
    pub(super) fn of(standing: &Standing, attempts: usize, is_asked: bool) -> Self {
        let (mark, words) = Self::in_one(standing, is_asked);
        let is_told = matches!(
            standing,
            Standing::Accepted | Standing::Reached(_) | Standing::Failed(_)
        );
        let words = match words.as_str() {
            _ if attempts < 2 || !is_told => words,
            "" | "Error" => format!("after {attempts} attempts"),
            _ => format!("{words}, after {attempts} attempts"),
        };
        Self { mark, words }
    }

    /// As [`Status::of`], for one call.
    fn in_one(standing: &Standing, is_asked: bool) -> (Mark, String) {
        let said = |mark, words: &str| (mark, words.to_owned());
        match standing {
            Standing::Accepted if is_asked => said(Mark::Good, "accepted"),
            Standing::Accepted => said(Mark::Good, ""),
            Standing::Reached(reached) => (Mark::Good, reached_words(reached)),
            Standing::Underway(underway) if underway.is_late => {
                (Mark::Warn, underway_words(underway))
            }
            Standing::Underway(underway) => (Mark::Waiting, underway_words(underway)),
            Standing::Changed(changed) => (Mark::Warn, changed_words(changed)),
            Standing::Troubled(remark) => said(Mark::Bad, trouble_words(remark)),
            Standing::Failed(_) | Standing::Unnamed(1) => said(Mark::Bad, "Error"),
            Standing::Unnamed(calls) => (Mark::Bad, format!("{calls} calls")),
            Standing::Missing { .. } => said(Mark::Bad, "Missing"),
            Standing::Pending => said(Mark::Waiting, ""),
            Standing::Started(_) => said(Mark::Good, "started"),
            Standing::Working(Working { ended: 0, .. }) => said(Mark::Waiting, "running"),
            Standing::Working(Working { ended, of, .. }) => {
                (Mark::Waiting, format!("{ended}/{of} ended"))
            }
            Standing::Finished(None) => said(Mark::Good, "exit 0"),
            Standing::Finished(Some(took)) => {
                (Mark::Good, format!("exit 0 ({})", period::in_words(*took)))
            }
        }
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
    // Where ECS did not say when, it was so no later than when somebody looked.
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

/// In the dictionary's words.
pub(super) fn trouble_words(remark: &Remark) -> &'static str {
    trouble(&remark.text).map_or("tasks do not run", |trouble| trouble.words)
}

/// A job's exit code, and in the dictionary's words what kept its task from ending well.
pub(super) fn job_words(error: &ApiError) -> Option<String> {
    let message = error.message.as_deref().unwrap_or_default();
    let is_exit = error.code.starts_with("exit code");
    let reason = if is_exit { message } else { &error.to_string() };
    let words = trouble(reason).map(|trouble| trouble.words);
    match (is_exit, words) {
        // That its process ended is what the exit code says.
        (true, None | Some("container exited")) => Some(error.code.clone()),
        (true, Some(words)) => Some(format!("{words} ({})", error.code)),
        (false, words) => words.map(str::to_owned),
    }
}
