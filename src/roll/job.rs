//! What became of one job: its calls, and its tasks.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::standing::{Over, Standing, Working};
use crate::fact::{ApiError, Container, Outcome, RunTask, Task};

/// What became of one job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Job {
    /// How the last call ended; `None` where nothing was heard of the job.
    pub outcome: Option<Outcome>,
    /// How many calls were made.
    pub attempts: usize,
    /// How many tasks a call or the roster asks for.
    pub asked: Option<i64>,
    /// When a roster's schedule was to fire.
    pub expected_from: Option<DateTime<Utc>>,
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
        if call.outcome == Outcome::Accepted {
            self.called_at = Some(call.event_time);
            self.failures.extend(call.failures.iter().cloned());
            let tasks = call
                .tasks
                .iter()
                .map(|id| (id.clone(), Sighting::default()));
            self.tasks.extend(tasks);
        }
        if self
            .expected_from
            .is_none_or(|from| call.event_time >= from)
        {
            self.outcome = Some(call.outcome.clone());
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

    fn known(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values().filter_map(|seen| seen.last.as_ref())
    }

    /// How the job stands; `None` where there is nothing to say.
    pub(super) fn standing(&self, over: Over, is_silenced: bool) -> Option<Standing> {
        Some(match &self.outcome {
            Some(Outcome::Failed(error)) => Standing::Failed(error.clone()),
            Some(Outcome::Accepted) => self.progress(over),
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
        if self.known().next().is_none() {
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
    let error = |code: String, message: Option<&String>| {
        let message = message.or(task.stopped_reason.as_ref()).cloned();
        Some(ApiError { code, message })
    };
    let codes = || {
        task.containers
            .iter()
            .filter_map(|container| container.exit_code)
    };
    // A container beside the one that ended may have been told to stop: 128 + SIGTERM or SIGKILL.
    let is_excused = |container: &&Container| {
        let is_told_to_stop = matches!(container.exit_code, Some(137 | 143));
        is_told_to_stop && container.reason.is_none() && codes().any(|code| code == 0)
    };
    let is_bad = |container: &&Container| container.exit_code.is_some_and(|code| code != 0);
    if let Some(container) = task
        .containers
        .iter()
        .filter(is_bad)
        .find(|container| !is_excused(container))
    {
        let code = container.exit_code.unwrap_or_default();
        return error(format!("exit code {code}"), container.reason.as_ref());
    }
    // Where no process ran to its end, something else stopped the task, and says so.
    if codes().next().is_none() {
        let reason = task
            .containers
            .iter()
            .find_map(|container| container.reason.as_ref());
        return error(
            task.stop_code
                .clone()
                .unwrap_or_else(|| "stopped".to_owned()),
            reason,
        );
    }
    None
}
