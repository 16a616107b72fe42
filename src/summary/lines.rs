//! One row for each subject, and for what went wrong its reason.

use chrono_tz::Tz;

use super::counts::Class;
use super::qualifier::Qualifier;
use super::reasons::{MISSING, MISSING_ADVICE, Reason};
use super::status::{Mark, Status, job_words};
use super::{Failure, Row, console};
use crate::advice::advice;
use crate::fact::{Action, JobId, ServiceId};
use crate::roll::{AnonymousFailure, Roll, Standing, Subject};
use crate::trouble::trouble;

const STOPPED_ADVICE: &str = "Look at the task's log: its process ended with an error.";

/// Says subjects of one roll.
pub(super) struct Lines<'a> {
    roll: &'a Roll,
    qualifier: Qualifier,
    timezone: Tz,
}

/// What there is to say of a subject.
type Line = (Row, Option<Failure>);

impl<'a> Lines<'a> {
    pub(super) fn new(roll: &'a Roll, timezone: Tz) -> Self {
        Self {
            roll,
            qualifier: Qualifier::of(roll),
            timezone,
        }
    }

    pub(super) fn line(&self, subject: &Subject, standing: &Standing) -> Line {
        match subject {
            Subject::Service(id) => self.service(id, standing),
            Subject::Job(id) => self.job(id, standing),
            Subject::Unnamed(failure) => unnamed(failure, standing),
        }
    }

    /// A service's name as it stands in the message.
    pub(super) fn name(&self, id: &ServiceId) -> String {
        self.qualifier.name(id)
    }

    /// What the totals count a standing under.
    pub(super) fn class(&self, standing: &Standing) -> Class {
        match standing {
            Standing::Accepted if self.is_asked() => Class::Accepted,
            Standing::Accepted => Class::Succeeded,
            Standing::Reached(reached) if reached.running == 0 => Class::Stopped,
            Standing::Reached(_) => Class::Running,
            Standing::Underway(underway) if underway.running > underway.desired => Class::Stopping,
            Standing::Underway(_) => Class::Starting,
            Standing::Changed(_) => Class::Changed,
            Standing::Troubled(_) | Standing::Failed(_) | Standing::Unnamed(_) => Class::Failed,
            Standing::Missing { .. } => Class::Missing,
            Standing::Pending => Class::Pending,
            Standing::Started(_) => Class::Started,
            Standing::Working(_) => Class::Working,
            Standing::Finished(_) => Class::Finished,
        }
    }

    /// Whether ECS was asked, with whatever success: what was accepted is then told from what runs.
    pub(super) fn is_asked(&self) -> bool {
        self.roll.is_observed() || !self.roll.unobserved.is_empty()
    }

    /// What services should be.
    pub(super) fn usual(&self) -> Class {
        if self.roll.is_observed() {
            Class::Running
        } else {
            self.class(&Standing::Accepted)
        }
    }

    fn status(&self, standing: &Standing, attempts: usize) -> Status {
        Status::of(standing, attempts, self.is_asked())
    }

    fn service(&self, id: &ServiceId, standing: &Standing) -> Line {
        let entry = self.roll.services.get(id);
        let service = self.qualifier.name(id);
        let reason = entry.and_then(|entry| Reason::of(entry, standing, self.timezone));
        let failure = reason.map(|reason| Failure {
            subject: service.clone(),
            count: 1,
            console_url: console::service(id),
            code: reason.code,
            reason: reason.text,
            advice: reason.advice,
        });
        let action = match standing {
            // What was asked for, not what somebody else made of it.
            Standing::Changed(changed) => Some(Action::towards(changed.asked)),
            _ => entry.and_then(|entry| entry.action),
        };
        let row = Row {
            service,
            action: action.map_or_else(|| "—".to_owned(), |action| action.to_string()),
            status: self.status(standing, entry.map_or(0, |entry| entry.attempts)),
            class: self.class(standing),
            count: 1,
        };
        (row, failure)
    }

    fn job(&self, id: &JobId, standing: &Standing) -> Line {
        let job = self.roll.jobs.get(id);
        let name = self.qualifier.name(&id.cluster.service(id.family.clone()));
        let failure = |code: &str, reason: String, advice| Failure {
            subject: format!("{name} (job)"),
            count: 1,
            console_url: console::tasks(&id.cluster),
            code: code.to_owned(),
            reason,
            advice,
        };
        let failure = match standing {
            Standing::Failed(error) => {
                let known = trouble(&error.to_string()).map(|trouble| trouble.advice);
                let is_exit = error.code.starts_with("exit code");
                let advice = known
                    .or(advice(error))
                    .or(is_exit.then_some(STOPPED_ADVICE));
                Some(failure(&error.code, error.to_string(), advice))
            }
            Standing::Missing { .. } => {
                let runs = job.map_or(0, |job| job.expected.len());
                let reason = match job.map_or(0, |job| job.accepted) {
                    0 => MISSING.to_owned(),
                    made => format!("{MISSING} for {} of {runs} runs", runs - made.min(runs)),
                };
                Some(failure(MISSING, reason, Some(MISSING_ADVICE)))
            }
            _ => None,
        };
        let asked = job.and_then(|job| job.asked).unwrap_or(1);
        // A job that is called often in a window is not one that was called again.
        let attempts = job.filter(|_| matches!(standing, Standing::Failed(_)));
        let mut status = self.status(standing, attempts.map_or(1, |job| job.attempts));
        if let Standing::Failed(error) = standing {
            status.words = job_words(error).unwrap_or(status.words);
        }
        let row = Row {
            service: name.clone(),
            action: match asked {
                1 => "Run Task".to_owned(),
                count => format!("Run Task ({count})"),
            },
            status,
            class: self.class(standing),
            count: 1,
        };
        (row, failure)
    }
}

fn unnamed(AnonymousFailure { error, caller }: &AnonymousFailure, standing: &Standing) -> Line {
    let count = if let Standing::Unnamed(calls) = standing {
        *calls
    } else {
        1
    };
    let subject = match count {
        1 => format!("unknown service (called by {caller})"),
        _ => format!("unknown services ({count} calls by {caller})"),
    };
    let failure = Failure {
        subject,
        count,
        console_url: None,
        code: error.code.clone(),
        reason: error.to_string(),
        advice: advice(error),
    };
    let words = match count {
        1 => "Error".to_owned(),
        calls => format!("{calls} calls"),
    };
    let row = Row {
        service: "(unknown)".to_owned(),
        action: "—".to_owned(),
        status: Status {
            mark: Mark::Bad,
            words,
        },
        class: Class::Failed,
        count,
    };
    (row, Some(failure))
}
