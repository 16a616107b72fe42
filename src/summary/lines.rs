//! One row for each subject, and for what went wrong its reason.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::counts::Class;
use super::{Failure, Mark, Row, Status, console, period};
use crate::advice::advice;
use crate::fact::{ApiError, Bounds, ClusterId, JobId, Remark, ServiceId};
use crate::roll::{
    AnonymousFailure, Changed, Entry, Reached, Roll, Standing, Subject, Underway, Working,
};
use crate::trouble::trouble;

/// A schedule that is disabled, deleted or without a usable role makes no call, so nothing records it.
const MISSING: &str = "no call was recorded";
const MISSING_ADVICE: &str = "Is the schedule enabled, and can its role be assumed?";
const STARTING_ADVICE: &str = "Look at the service's events and at its stopped tasks.";
const STOPPING_ADVICE: &str =
    "Tasks that run cost money: does a long stop timeout or scale-in protection keep them?";
const CHANGED_ADVICE: &str = "Whoever set the other count outweighs the schedule: agree on one.";
const BOUNDS_ADVICE: &str =
    "Let a scheduled action of Application Auto Scaling change the bounds at the same time.";
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
        let (mark, words) = match standing {
            Standing::Accepted if self.is_asked() => (Mark::Good, "accepted".to_owned()),
            Standing::Accepted => (Mark::Good, String::new()),
            Standing::Reached(reached) => (Mark::Good, reached_words(reached)),
            Standing::Underway(underway) => {
                let mark = if underway.is_late {
                    Mark::Warn
                } else {
                    Mark::Waiting
                };
                (mark, underway_words(underway))
            }
            Standing::Changed(Changed {
                running,
                desired,
                asked,
                ..
            }) => (
                Mark::Warn,
                format!("{running}/{desired} running, not {asked}"),
            ),
            Standing::Troubled(remark) => (Mark::Bad, trouble_words(remark).to_owned()),
            Standing::Failed(_) if attempts > 1 => {
                (Mark::Bad, format!("after {attempts} attempts"))
            }
            Standing::Failed(_) => (Mark::Bad, "Error".to_owned()),
            Standing::Missing { .. } => (Mark::Bad, "Missing".to_owned()),
            Standing::Pending => (Mark::Waiting, String::new()),
            Standing::Unnamed(1) => (Mark::Bad, "Error".to_owned()),
            Standing::Unnamed(calls) => (Mark::Bad, format!("{calls} calls")),
            Standing::Started(_) => (Mark::Good, "started".to_owned()),
            Standing::Working(Working { ended: 0, .. }) => (Mark::Waiting, "running".to_owned()),
            Standing::Working(Working { ended, of, .. }) => {
                (Mark::Waiting, format!("{ended}/{of} ended"))
            }
            Standing::Finished(None) => (Mark::Good, "exit 0".to_owned()),
            Standing::Finished(Some(took)) => {
                (Mark::Good, format!("exit 0 ({})", period::in_words(*took)))
            }
        };
        let is_told = matches!(
            standing,
            Standing::Accepted
                | Standing::Reached(_)
                | Standing::Started(_)
                | Standing::Finished(_)
        );
        Status {
            mark,
            words: match attempts {
                0 | 1 => words,
                _ if !is_told => words,
                _ if words.is_empty() => format!("after {attempts} attempts"),
                _ => format!("{words}, after {attempts} attempts"),
            },
        }
    }

    fn service(&self, id: &ServiceId, standing: &Standing) -> Line {
        let entry = self.roll.services.get(id);
        let attempts = entry.map_or(0, |entry| entry.attempts);
        let service = self.qualifier.name(id);
        let failure = entry.and_then(|entry| self.service_failure(entry, standing));
        let failure = failure.map(|(code, reason, advice)| Failure {
            subject: service.clone(),
            count: 1,
            console_url: console::service(id),
            code,
            reason,
            advice,
        });
        let action = entry.and_then(|entry| entry.action);
        let row = Row {
            service,
            action: action.map_or_else(|| "—".to_owned(), |action| action.to_string()),
            status: self.status(standing, attempts),
            class: self.class(standing),
            count: 1,
        };
        (row, failure)
    }

    /// The code that failures are grouped by, the reason, and what to do.
    fn service_failure(
        &self,
        entry: &Entry,
        standing: &Standing,
    ) -> Option<(String, String, Option<&'static str>)> {
        let after = || {
            let length = entry
                .called_at
                .and_then(|at| Some(entry.sight.last_look? - at));
            length.map_or_else(String::new, |length| {
                format!(" {} after the call", period::in_words(length))
            })
        };
        let failure = |code: &str, reason, advice| Some((code.to_owned(), reason, advice));
        match standing {
            Standing::Failed(error) => failure(&error.code, error.to_string(), advice(error)),
            Standing::Troubled(remark) => {
                let advice = trouble(&remark.text).map(|trouble| trouble.advice);
                let advice = advice.or(Some(STARTING_ADVICE));
                failure(trouble_words(remark), remark.text.clone(), advice)
            }
            Standing::Underway(Underway {
                running,
                desired,
                is_late: true,
            }) => {
                if running > desired {
                    let reason = format!("{running} of {desired} tasks still run{}", after());
                    let reason = match desired {
                        0 => format!("{} still run{}", plural(*running, "task", "tasks"), after()),
                        _ => reason,
                    };
                    failure("stopping", reason, Some(STOPPING_ADVICE))
                } else {
                    let reason = format!("{running} of {desired} tasks run{}", after());
                    failure("starting", reason, Some(STARTING_ADVICE))
                }
            }
            Standing::Changed(changed) => {
                let bounds = entry.sight.bounds;
                let advice = match bounds.and_then(|bounds| bounds.undo(changed.asked)) {
                    Some(_) => BOUNDS_ADVICE,
                    None => CHANGED_ADVICE,
                };
                failure("another count", self.changed(changed, bounds), Some(advice))
            }
            Standing::Missing { seen } => {
                let reason = match seen {
                    Some(seen) => format!("{MISSING}, and ECS has its desired count at {seen}"),
                    None => MISSING.to_owned(),
                };
                failure(MISSING, reason, Some(MISSING_ADVICE))
            }
            _ => None,
        }
    }

    /// `ECS wants 3 tasks where 1 was asked for: set by jane at 09:12`.
    fn changed(&self, changed: &Changed, bounds: Option<Bounds>) -> String {
        let Changed {
            desired, asked, by, ..
        } = changed;
        let wants = plural(*desired, "task", "tasks");
        let who = match (by, bounds.and_then(|bounds| bounds.undo(*asked))) {
            (Some((caller, at)), _) => format!("set by {caller} at {}", self.clock(*at)),
            (None, Some(words)) => format!("Application Auto Scaling keeps {words}"),
            (None, None) => "no record tells who set it".to_owned(),
        };
        format!("ECS wants {wants} where {asked} was asked for: {who}")
    }

    fn clock(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.timezone).format("%H:%M").to_string()
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
                Some(failure(MISSING, MISSING.to_owned(), Some(MISSING_ADVICE)))
            }
            _ => None,
        };
        let asked = job.and_then(|job| job.asked).unwrap_or(1);
        // A job that is called often in a window is not one that was called again.
        let attempts = job.filter(|_| matches!(standing, Standing::Failed(_)));
        let mut status = self.status(standing, attempts.map_or(1, |job| job.attempts));
        if let Standing::Failed(error) = standing {
            let words = job_words(error).map(str::to_owned);
            status.words = words.unwrap_or(status.words);
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

fn reached_words(reached: &Reached) -> String {
    let Reached {
        running,
        took,
        is_recorded,
    } = *reached;
    if !is_recorded {
        return "(seen at ECS, no record)".to_owned();
    }
    let took = took.map_or_else(String::new, |took| format!(" ({})", period::in_words(took)));
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

/// In the dictionary's words.
fn trouble_words(remark: &Remark) -> &'static str {
    trouble(&remark.text).map_or("tasks do not run", |trouble| trouble.words)
}

/// A job's exit code, or in the dictionary's words what kept its task from ending well.
fn job_words(error: &ApiError) -> Option<&str> {
    if error.code.starts_with("exit code") {
        return Some(&error.code);
    }
    trouble(&error.to_string()).map(|trouble| trouble.words)
}

impl Bounds {
    /// How Application Auto Scaling will undo a count, if it will.
    pub(super) fn undo(self, asked: i64) -> Option<String> {
        match self {
            Self { min: Some(min), .. } if asked < min => Some(format!("at least {min}")),
            Self { max: Some(max), .. } if asked > max => Some(format!("at most {max}")),
            _ => None,
        }
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

fn plural(count: i64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// How much of a service's place its name needs: nothing while all share it.
struct Qualifier {
    cluster: bool,
    region: bool,
    account: bool,
}

impl Qualifier {
    fn of(roll: &Roll) -> Self {
        let services = roll.services.keys().map(ServiceId::cluster_id);
        let places: Vec<_> = services
            .chain(roll.jobs.keys().map(|id| id.cluster.clone()))
            .collect();
        let first = places.first();
        let differs = |is_same: fn(&ClusterId, &ClusterId) -> bool| {
            first.is_some_and(|first| places.iter().any(|other| !is_same(first, other)))
        };
        Self {
            cluster: differs(|one, other| one.name == other.name),
            region: differs(|one, other| one.region == other.region),
            account: differs(|one, other| one.account == other.account),
        }
    }

    fn name(&self, id: &ServiceId) -> String {
        let parts = [
            (self.account, &id.account),
            (self.region, &id.region),
            (self.cluster, &id.cluster),
            (true, &id.name),
        ];
        let shown: Vec<&str> = parts
            .into_iter()
            .filter(|(is_shown, _)| *is_shown)
            .map(|(_, part)| part.as_str())
            .collect();
        shown.join("/")
    }
}
