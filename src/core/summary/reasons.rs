//! Words what is wrong with a run of a service, and what to do about it.
//!
//! Pure.

use chrono_tz::Tz;

use super::period;
use super::words::trouble_words;
use crate::core::advice::advice;
use crate::core::observation::{Bounds, ServiceObservation};
use crate::core::runs::Run;
use crate::core::status::{Changed, Status, Underway};
use crate::core::trouble::trouble;

/// A schedule that is disabled, deleted or without a usable role makes no call, so nothing records it.
pub(super) const NEVER_CALLED: &str = "no call was recorded";
pub(super) const NEVER_CALLED_ADVICE: &str =
    "Is the schedule enabled, and can its role be assumed?";
/// Records went to the dead-letter queue before the log could keep them: one of them may tell of the call.
pub(super) const UNKEPT: &str = "its record may be in the dead-letter queue";
pub(super) const UNKEPT_ADVICE: &str =
    "Move the dead letters back to the queue: aws sqs start-message-move-task.";
const STARTING_ADVICE: &str = "Look at the service's events and at its stopped tasks.";
const STOPPING_ADVICE: &str =
    "Tasks that run cost money: does a long stop timeout or scale-in protection keep them?";
const CHANGED_ADVICE: &str = "Whoever set the other count outweighs the schedule: agree on one.";
const BOUNDS_ADVICE: &str =
    "Let a scheduled action of Application Auto Scaling change the bounds at the same time.";

/// Why something is not as it should be.
pub(super) struct Reason {
    /// The word by which failures are grouped.
    pub(super) code: String,
    /// The reason, in a sentence.
    pub(super) text: String,
    /// What to do about it.
    pub(super) advice: Option<&'static str>,
}

impl Reason {
    fn new(code: &str, text: String, advice: Option<&'static str>) -> Self {
        Self {
            code: code.to_owned(),
            text,
            advice,
        }
    }

    /// The reason why a run is not as it should be; `None` where it is.
    pub(super) fn of(
        run: &Run,
        observation: Option<&ServiceObservation>,
        status: &Status,
        timezone: Tz,
    ) -> Option<Self> {
        Some(match status {
            Status::Failed(error) => {
                let text = format!("{error}{}", called_by_others(run, timezone));
                Self::new(&error.code, text, advice(error))
            }
            Status::Troubled(remark) => {
                let known = trouble(&remark.text).map(|trouble| trouble.advice);
                let advice = known.or(Some(STARTING_ADVICE));
                let text = without_subject(&remark.text).to_owned();
                Self::new(trouble_words(remark), text, advice)
            }
            Status::Underway(underway) if underway.is_late => Self::late(run, underway),
            Status::Changed(changed) => {
                let bounds = observation.and_then(|seen| seen.bounds);
                Self::changed(changed, bounds, timezone)
            }
            Status::NeverCalled { seen } => Self::never_called(run, *seen, timezone),
            Status::Unkept => Self::new(UNKEPT, UNKEPT.to_owned(), Some(UNKEPT_ADVICE)),
            _ => return None,
        })
    }

    /// `no call was recorded, and ECS has its desired count at 0; jane called with count 1 at 09:12`.
    fn never_called(run: &Run, seen: Option<i64>, timezone: Tz) -> Self {
        let seen = seen.map(|seen| format!(", and ECS has its desired count at {seen}"));
        let others = called_by_others(run, timezone);
        let text = format!("{NEVER_CALLED}{}{others}", seen.unwrap_or_default());
        Self::new(NEVER_CALLED, text, Some(NEVER_CALLED_ADVICE))
    }

    /// `0 of 2 running 10 min 4 s after the call`.
    fn late(run: &Run, underway: &Underway) -> Self {
        let Underway {
            running, desired, ..
        } = *underway;
        let called_at = run.accepted_at();
        let length = called_at.and_then(|at| Some(underway.seen_at? - at));
        let after = length.map_or_else(String::new, |length| {
            format!(" {} after the call", period::in_words(length))
        });
        if running <= desired {
            let text = format!("{running} of {desired} running{after}");
            return Self::new("starting", text, Some(STARTING_ADVICE));
        }
        let text = match desired {
            0 => format!("{running} still running{after}"),
            _ => format!("{running} instead of {desired} still running{after}"),
        };
        Self::new("stopping", text, Some(STOPPING_ADVICE))
    }

    /// `ECS wants 3 tasks where 1 was asked for: set by jane at 09:12`.
    fn changed(changed: &Changed, bounds: Option<Bounds>, timezone: Tz) -> Self {
        let Changed {
            desired, asked, by, ..
        } = changed;
        let undone = bounds.and_then(|bounds| bounds.undo(*asked));
        let advice = match &undone {
            Some(_) => BOUNDS_ADVICE,
            None => CHANGED_ADVICE,
        };
        let who = match (by, undone) {
            (Some((caller, at)), _) => {
                let clock = at.with_timezone(&timezone).format("%H:%M");
                format!("set by {caller} at {clock}")
            }
            (None, Some(words)) => format!("Application Auto Scaling keeps {words}"),
            (None, None) => "no record tells who set it".to_owned(),
        };
        let tasks = if *desired == 1 { "task" } else { "tasks" };
        let text = format!("ECS wants {desired} {tasks} where {asked} was asked for: {who}");
        Self::new("another count", text, Some(advice))
    }
}

/// Who else changed the service since the run was due, where the schedule did not: `; jane called with count 1 at
/// 09:12`.
fn called_by_others(run: &Run, timezone: Tz) -> String {
    let Some(last) = run.interventions.last() else {
        return String::new();
    };
    let clock = last.at.with_timezone(&timezone).format("%H:%M");
    let count = last
        .count
        .map_or_else(String::new, |count| format!(" with count {count}"));
    format!("; {} called{count} at {clock}", last.caller)
}

/// Removes the service's name from the beginning of a service event: the line shows it already.
fn without_subject(text: &str) -> &str {
    let rest = text.strip_prefix("(service ");
    let rest = rest.and_then(|rest| rest.split_once(") "));
    rest.map_or(text, |(_, rest)| rest)
}

impl Bounds {
    /// To which bound Application Auto Scaling will change a count; `None` where it lies within the bounds.
    pub(super) fn undo(self, asked: i64) -> Option<String> {
        match self {
            Self { min: Some(min), .. } if asked < min => Some(format!("at least {min}")),
            Self { max: Some(max), .. } if asked > max => Some(format!("at most {max}")),
            _ => None,
        }
    }
}
