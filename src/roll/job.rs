//! What became of one job: its calls, and its tasks.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::standing::{Over, Standing, Working};
use crate::fact::{ApiError, Container, Outcome, RunTask, Task};

/// What became of one job, which may run often in a window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Job {
    /// How the last call ended; `None` where nothing was heard of the job.
    pub outcome: Option<Outcome>,
    /// How many calls were made.
    pub attempts: usize,
    /// How many of them were accepted.
    pub accepted: usize,
    /// How many tasks a call or the roster asks for.
    pub asked: Option<i64>,
    /// When rosters' schedules were to fire: each is a run of its own.
    pub expected: BTreeSet<DateTime<Utc>>,
    /// When the last accepted call was made.
    pub called_at: Option<DateTime<Utc>>,
    /// What ECS could not start although it accepted the call.
    pub failures: Vec<ApiError>,
    /// The tasks that were started, by id.
    pub tasks: BTreeMap<String, Sighting>,
}

/// What is known of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sighting {
    /// How often ECS told how it is.
    pub looks: usize,
    /// How it was last.
    pub last: Option<Task>,
}

impl Job {
    /// Takes the calls in the order in which they were made.
    pub(super) fn call(&mut self, call: &RunTask) {
        self.attempts += 1;
        self.asked = call.count.or(self.asked);
        // A call before the first run that is expected is no answer to it.
        let is_answer = self
            .expected
            .first()
            .is_none_or(|from| call.event_time >= *from);
        if is_answer {
            self.outcome = Some(call.outcome.clone());
        }
        if call.outcome == Outcome::Accepted {
            self.accepted += usize::from(is_answer);
            self.called_at = Some(call.event_time);
            self.failures.extend(call.failures.iter().cloned());
            let tasks = call
                .tasks
                .iter()
                .map(|id| (id.clone(), Sighting::default()));
            self.tasks.extend(tasks);
        }
    }

    /// The tasks that have not ended, as far as is known: how often ECS told of each, and when last.
    pub fn watched(&self) -> impl Iterator<Item = (&String, (usize, Option<DateTime<Utc>>))> {
        self.tasks.iter().filter_map(|(id, seen)| {
            let is_over = seen.last.as_ref().is_some_and(|task| task.is_stopped);
            let last_look = seen.last.as_ref().map(|task| task.observed_at);
            (!is_over).then_some((id, (seen.looks, last_look)))
        })
    }

    /// Whether there was a call for every run that rosters expect.
    #[must_use]
    pub fn has_every_run(&self) -> bool {
        self.accepted >= self.expected.len()
    }

    fn known(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values().filter_map(|seen| seen.last.as_ref())
    }

    /// How the job stands; `None` where there is nothing to say.
    pub(super) fn standing(&self, over: Over, is_silenced: bool) -> Option<Standing> {
        Some(match &self.outcome {
            Some(Outcome::Failed(error)) => Standing::Failed(error.clone()),
            Some(Outcome::Accepted) => match self.progress(over) {
                // What went wrong matters more than what is absent.
                failed @ Standing::Failed(_) => failed,
                _ if is_silenced || self.has_every_run() => self.progress(over),
                _ if over.calls => Standing::Missing { seen: None },
                _ => Standing::Pending,
            },
            None if is_silenced => return None,
            None if over.calls => Standing::Missing { seen: None },
            None => Standing::Pending,
        })
    }

    fn progress(&self, over: Over) -> Standing {
        if let Some(error) = self
            .failures
            .first()
            .cloned()
            .or(self.known().find_map(failure))
        {
            return Standing::Failed(error);
        }
        let ended = self.known().filter(|task| task.is_stopped).count();
        if self.tasks.is_empty() {
            // The response was left out of the record.
            Standing::Accepted
        } else if self.known().next().is_none() {
            Standing::Started(self.tasks.len())
        } else if ended == self.tasks.len() {
            Standing::Finished(self.took())
        } else {
            Standing::Working(Working {
                ended,
                of: self.tasks.len(),
                is_late: over.checks,
            })
        }
    }

    /// From the call to the end of the last task.
    fn took(&self) -> Option<TimeDelta> {
        let ends = self.known().filter_map(|task| task.stopped_at);
        Some(ends.max()? - self.called_at?)
    }
}

/// Why a task did not end well; `None` for one that did, or has not ended.
fn failure(task: &Task) -> Option<ApiError> {
    if !task.is_stopped {
        return None;
    }
    let stop_code = task.stop_code.as_deref();
    let has_ended_by_itself = stop_code.is_none_or(|code| code == "EssentialContainerExited");
    let has_any_succeeded = task
        .containers
        .iter()
        .any(|container| container.exit_code == Some(0));
    // A container beside the one that ended may have been told to stop: 128 + SIGTERM or SIGKILL.
    let is_excused = |container: &Container| {
        let is_told_to_stop = matches!(container.exit_code, Some(137 | 143));
        is_told_to_stop && container.reason.is_none() && has_ended_by_itself && has_any_succeeded
    };
    let is_bad = |container: &&Container| match container.exit_code {
        Some(0) => false,
        Some(_) => !is_excused(container),
        None => container.reason.is_some(),
    };
    let bad = task.containers.iter().find(is_bad);
    // Where no process ran to its end, or something else stopped the task, that says so.
    if bad.is_none() && has_ended_by_itself && has_any_succeeded {
        return None;
    }
    let exit_code = bad.and_then(|container| container.exit_code);
    let code = match (exit_code, stop_code) {
        (Some(code), _) => format!("exit code {code}"),
        (None, code) => code.unwrap_or("stopped").to_owned(),
    };
    let reason = bad.and_then(|container| container.reason.clone());
    Some(ApiError {
        code,
        message: reason.or(task.stopped_reason.clone()),
    })
}
