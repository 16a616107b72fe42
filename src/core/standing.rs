//! How one run stands at a moment: each run has its own deadlines, and nothing but its own facts and what ECS says
//! of its service decides.
//!
//! Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::fact::{ApiError, Container, JobId, ServiceId, TaskState};
use super::observation::{Observable, Observations, Remark};
use super::policy::WaitPolicy;
use super::runs::{Answer, Run, Runs};
use super::service_progress::ServiceProgress;
use super::status::{Changed, Reached, Status, Underway, Working};

/// For how long after its time was over a run waits for its last look: a window of thousands of services cannot be looked
/// at all at once.
const LAST_LOOK: TimeDelta = TimeDelta::minutes(10);
/// For how long after the deadline ECS is tried about a service whose call left no record, before it counts as never
/// called.
pub const RECORDLESS: TimeDelta = TimeDelta::minutes(1);

/// How a run stands, and until when that may change by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// How it stands.
    pub status: Status,
    /// When the time for it is over; `None` where nothing more is awaited.
    pub final_at: Option<DateTime<Utc>>,
}

impl Standing {
    fn settled(status: Status) -> Self {
        Self {
            status,
            final_at: None,
        }
    }

    fn until(status: Status, at: DateTime<Utc>) -> Self {
        Self {
            status,
            final_at: Some(at),
        }
    }
}

/// What it takes to say how runs stand.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// What is known from facts.
    pub runs: &'a Runs,
    /// What ECS answered.
    pub observations: &'a Observations,
    /// How long to wait for what.
    pub policy: WaitPolicy,
    /// The present.
    pub now: DateTime<Utc>,
    /// ECS was asked something, with whatever success: "accepted" then means that no more is known.
    pub is_asked: bool,
    /// Records are waited for longer where others were given back to the queue, or the roster came late.
    pub waits_longer: bool,
}

impl Moment<'_> {
    /// How a run of a service stands; `None` where there is nothing to say.
    #[must_use]
    pub fn service(&self, id: &ServiceId, run: &Run) -> Option<Standing> {
        Some(match run.answer() {
            Answer::Accepted(_) => self.accepted(id, run),
            Answer::Refused(error) => Standing::settled(Status::Failed(error.clone())),
            Answer::None if self.runs.is_silenced => return None,
            Answer::None => self
                .unanswered(run)
                .unwrap_or_else(|| self.without_record(id, run)),
        })
    }

    /// How a run of a job stands; `None` where there is nothing to say.
    #[must_use]
    pub fn job(&self, id: &JobId, run: &Run) -> Option<Standing> {
        Some(match run.answer() {
            Answer::Accepted(_) => self.started(id, run),
            Answer::Refused(error) => Standing::settled(Status::Failed(error.clone())),
            Answer::None if self.runs.is_silenced => return None,
            Answer::None => {
                let never = Standing::settled(Status::NeverCalled { seen: None });
                self.unanswered(run).unwrap_or(never)
            }
        })
    }

    /// Whether ECS is to be asked about a run of a service, and until when.
    #[must_use]
    pub fn watch(&self, id: &ServiceId, run: &Run) -> Option<DateTime<Utc>> {
        let can_ask = || {
            self.observations
                .can_ask(&id.cluster_id(), Observable::Services)
        };
        if self.policy.verify.is_none() || run.superseded_at.is_some() {
            return None;
        }
        let until = match run.answer() {
            Answer::Accepted(_) => self.policy.checks_deadline(run)?,
            Answer::Refused(_) => return None,
            Answer::None => {
                let deadline = self.call_deadline(run)?;
                if self.now < deadline {
                    return None;
                }
                deadline + RECORDLESS
            }
        };
        let is_open = || !self.progress(id, run).is_steady;
        (is_open() && can_ask()).then_some(until)
    }

    /// Until when a look at a run may still change how it stands; `None` once nothing more is to come. Where its time is
    /// over, that is the look that was due then.
    fn watched_until(&self, id: &ServiceId, run: &Run) -> Option<DateTime<Utc>> {
        let until = self.watch(id, run)?;
        let seen = self.observations.service(id, run.time);
        // A service without a record that ECS could not answer about is not waited for any longer.
        let is_enough = |last_ask| last_ask >= until || !run.is_answered();
        let is_last_look_made = seen.is_some_and(|seen| seen.asks > 0 && is_enough(seen.last_ask));
        let end = if is_last_look_made || self.now < until {
            until
        } else {
            until + LAST_LOOK
        };
        (self.now < end).then_some(end)
    }

    /// Until when the record of a run's call is awaited: its own deadline, a little longer where the roster itself came
    /// late, and as long as records that were given back to the queue may still return.
    fn call_deadline(&self, run: &Run) -> Option<DateTime<Utc>> {
        let firing = run.firing.as_ref()?;
        let own = self.policy.call_deadline(firing);
        if !self.waits_longer {
            return Some(own);
        }
        let settled = run.announced_at.map(|at| self.policy.settled_at(at));
        Some(own).max(settled).max(self.runs.siblings_until)
    }

    /// How a run without an answer stands while nothing but its record matters; `None` once the time for that is over.
    fn unanswered(&self, run: &Run) -> Option<Standing> {
        match self.call_deadline(run) {
            Some(deadline) if self.now < deadline => {
                Some(Standing::until(Status::Pending, deadline))
            }
            _ if self.runs.unkept > 0 => Some(Standing::settled(Status::Unkept)),
            _ => None,
        }
    }

    /// A record may be lost. That ECS wants the count that was asked for tells that the call was made all the same;
    /// the wait for the record was long enough for the tasks, too.
    fn without_record(&self, id: &ServiceId, run: &Run) -> Standing {
        let observation = self.observations.service(id, run.time);
        let has_answer = observation.is_some_and(|seen| seen.seen.is_some());
        if let Some(until) = self.watched_until(id, run).filter(|_| !has_answer) {
            return Standing::until(Status::Pending, until);
        }
        let progress = self.progress(id, run);
        let seen = progress.state.as_ref().map(|state| state.desired);
        // Where somebody else set the count, it does not tell that the schedule called.
        let is_set_by_others = run
            .interventions
            .iter()
            .any(|other| other.count == run.asked);
        let is_as_asked = seen.is_some() && seen == run.asked && run.superseded_at.is_none();
        let status = if is_as_asked && !is_set_by_others {
            seen_status(run, &progress, true)
        } else {
            None
        };
        Standing::settled(status.unwrap_or(Status::NeverCalled { seen }))
    }

    fn accepted(&self, id: &ServiceId, run: &Run) -> Standing {
        let progress = self.progress(id, run);
        let deadline = self.policy.checks_deadline(run);
        // What was not reached before a later run took over had its time only if that was over by then.
        let at = run.superseded_at.map_or(self.now, |at| at.min(self.now));
        let is_over = deadline.is_none_or(|deadline| at >= deadline);
        let watched_until = self.watched_until(id, run);
        let seen =
            seen_status(run, &progress, is_over).filter(|status| is_about(run, &progress, status));
        let status = match (seen, watched_until) {
            (Some(status), Some(_)) => status,
            (Some(status), None) if !status.is_awaited() => status,
            (None, Some(_)) => Status::Verifying,
            (Some(_) | None, None) if self.is_asked => Status::Accepted,
            (Some(_) | None, None) => Status::Succeeded,
        };
        Standing {
            status,
            final_at: watched_until,
        }
    }

    fn progress(&self, id: &ServiceId, run: &Run) -> ServiceProgress {
        let observation = self.observations.service(id, run.time);
        let events = self.runs.service_events.get(id);
        if observation.is_none() && events.is_none() {
            return ServiceProgress::default();
        }
        ServiceProgress::of(run, observation, events.map_or(&[], Vec::as_slice))
    }

    fn started(&self, id: &JobId, run: &Run) -> Standing {
        let known: Vec<&TaskState> = run
            .tasks
            .iter()
            .filter_map(|task| self.task(id, task))
            .collect();
        let refused = run.failures.first().cloned();
        if let Some(error) = refused.or_else(|| known.iter().find_map(|task| failure(task))) {
            return Standing::settled(Status::Failed(error));
        }
        let deadline = self
            .policy
            .checks_deadline(run)
            .filter(|_| self.can_ask_tasks(id));
        let is_over = deadline.is_none_or(|deadline| self.now >= deadline);
        let ended = known.iter().filter(|task| task.is_stopped).count();
        let (status, is_open) = if run.tasks.is_empty() {
            // The record leaves the response out.
            let status = if self.is_asked {
                Status::Accepted
            } else {
                Status::Succeeded
            };
            (status, false)
        } else if known.is_empty() {
            (Status::Started(run.tasks.len()), true)
        } else if ended == run.tasks.len() {
            (Status::Finished(took(run, &known)), false)
        } else {
            let working = Working {
                ended,
                of: run.tasks.len(),
                is_late: is_over,
            };
            (Status::Working(working), true)
        };
        Standing {
            status,
            final_at: deadline.filter(|_| is_open && !is_over),
        }
    }

    /// Whether ECS is asked about the tasks of a job.
    #[must_use]
    pub fn can_ask_tasks(&self, id: &JobId) -> bool {
        self.policy.verify.is_some() && self.observations.can_ask(&id.cluster, Observable::Tasks)
    }

    /// The last that is known of a task, from a look or an event.
    #[must_use]
    pub fn task(&self, job: &JobId, id: &str) -> Option<&TaskState> {
        let task = super::fact::TaskId {
            id: id.to_owned(),
            cluster: job.cluster.clone(),
        };
        let seen = self.observations.tasks.get(&task);
        let seen = seen.and_then(|seen| seen.last.as_ref());
        seen.max(self.runs.tasks.get(id))
    }
}

/// Whether what ECS said is about this run and not about a later one that took over: the record of the later call may
/// arrive after ECS was asked.
fn is_about(run: &Run, progress: &ServiceProgress, status: &Status) -> bool {
    let Some(superseded_at) = run.superseded_at else {
        return true;
    };
    match status {
        Status::Troubled(remark) => remark.at < superseded_at,
        Status::Reached(_) => true,
        _ => progress
            .seen_at
            .is_none_or(|seen_at| seen_at < superseded_at),
    }
}

/// What ECS said of an accepted run's service; `None` where it said nothing.
fn seen_status(run: &Run, progress: &ServiceProgress, is_over: bool) -> Option<Status> {
    let Some(state) = &progress.state else {
        let gone = |at| Remark {
            at,
            text: "ECS has no such service any more".to_owned(),
        };
        let trouble = progress.trouble.clone().or(progress.gone_at.map(gone));
        return trouble.map(Status::Troubled);
    };
    let (running, desired) = (state.running, state.desired);
    Some(
        if let Some(asked) = run.asked.filter(|asked| *asked != desired) {
            // What somebody set before the schedule's call is not what ECS wants now.
            let since = run.accepted_at();
            let mut others = run.interventions.iter().rev();
            let change = others.find(|other| {
                other.count == Some(desired) && since.is_none_or(|since| other.at >= since)
            });
            if change.is_none() && !is_over {
                // ECS may not show yet what was asked for, and a record may yet tell who changed it.
                return Some(Status::Underway(Underway {
                    running,
                    desired: asked,
                    is_late: false,
                    seen_at: None,
                }));
            }
            Status::Changed(Changed {
                running,
                desired,
                asked,
                by: change.map(|other| (other.caller.to_string(), other.at)),
            })
        } else if let Some(trouble) = progress.trouble.as_ref().filter(|_| !progress.is_steady) {
            Status::Troubled(trouble.clone())
        } else if progress.is_steady || (is_over && state.is_at_count(run.is_deployment())) {
            Status::Reached(Reached {
                running,
                took: run
                    .accepted_at()
                    .and_then(|at| Some(progress.reached_at? - at)),
                is_exact: progress.is_exact,
                is_recorded: run.accepted_at().is_some(),
            })
        } else {
            Status::Underway(Underway {
                running,
                desired,
                is_late: is_over,
                seen_at: progress.seen_at,
            })
        },
    )
}

/// From the call to the end of the last task.
fn took(run: &Run, known: &[&TaskState]) -> Option<TimeDelta> {
    let last = known.iter().filter_map(|task| task.stopped_at).max();
    Some(last? - run.accepted_at()?)
}

/// Why a task did not end well; `None` for one that did, or has not ended.
fn failure(task: &TaskState) -> Option<ApiError> {
    if !task.is_stopped {
        return None;
    }
    let stop_code = task.stop_code.as_deref();
    let has_ended_by_itself = stop_code.is_none_or(|code| code == "EssentialContainerExited");
    let has_any_succeeded = task
        .containers
        .iter()
        .any(|container| container.exit_code == Some(0));
    // When the essential container ends, ECS tells the others to stop: they exit with 128 + SIGTERM or SIGKILL.
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
    if bad.is_none() && has_ended_by_itself && has_any_succeeded {
        return None;
    }
    // Where no process ran to its end, or something else stopped the task, the stop code says so.
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
