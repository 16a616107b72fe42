//! A schedule of EventBridge Scheduler with all that `UpdateSchedule` would replace.
//!
//! Pure. The nested structs are those of AWS's SDK: what this program does not know of them passes through it unchanged.

use aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, ScheduleState, Target,
};
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

/// How many characters Scheduler gives a name.
const NAME_LIMIT: usize = 64;
/// How a run that is moved there, or one besides, is written in a name.
const AT: &str = ".at-";
/// How the runs before one that is skipped are written in a name.
const BEFORE: &str = ".to-";
/// Minutes, as names have them; always in UTC.
const STAMP: &str = "%Y%m%d%H%M";
const STAMP_LENGTH: usize = 12;

/// What identifies a schedule: its group and its name.
pub(super) type Key = (String, String);

/// A schedule, recurring or one-time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) expression: String,
    pub(super) timezone: String,
    pub(super) start: Option<DateTime<Utc>>,
    pub(super) end: Option<DateTime<Utc>>,
    pub(super) description: Option<String>,
    pub(super) state: ScheduleState,
    pub(super) kms_key_arn: Option<String>,
    pub(super) flexible: FlexibleTimeWindow,
    pub(super) target: Target,
    pub(super) after_completion: ActionAfterCompletion,
}

impl Entry {
    /// Reads an answer; `None` where Scheduler left out what no schedule is without.
    pub(super) fn read(answer: GetScheduleOutput) -> Option<Self> {
        let moment = |time: aws_sdk_scheduler::primitives::DateTime| {
            DateTime::from_timestamp(time.secs(), time.subsec_nanos())
        };
        Some(Self {
            group: answer.group_name?,
            name: answer.name?,
            expression: answer.schedule_expression?,
            timezone: answer
                .schedule_expression_timezone
                .unwrap_or_else(|| "UTC".to_owned()),
            start: answer.start_date.and_then(moment),
            end: answer.end_date.and_then(moment),
            description: answer.description,
            state: answer.state.unwrap_or(ScheduleState::Enabled),
            kms_key_arn: answer.kms_key_arn,
            flexible: answer.flexible_time_window?,
            target: answer.target?,
            after_completion: answer
                .action_after_completion
                .unwrap_or(ActionAfterCompletion::None),
        })
    }

    pub(super) fn key(&self) -> Key {
        (self.group.clone(), self.name.clone())
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.state == ScheduleState::Enabled
    }

    /// Whether both do the same. What AWS may write in another way does not count, such as a policy that is its default.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let what = |entry: &Self| {
            let target = &entry.target;
            (
                (
                    entry.key(),
                    entry.expression.clone(),
                    entry.timezone.clone(),
                ),
                (entry.start, entry.end, entry.is_enabled()),
                (
                    target.arn.clone(),
                    target.role_arn.clone(),
                    target.input.clone(),
                ),
                entry.flexible_window(),
            )
        };
        what(self) == what(other)
    }

    /// The target's input; empty where there is none.
    pub(super) fn input(&self) -> &str {
        self.target.input().unwrap_or_default()
    }

    /// How much later than scheduled it may fire.
    pub(super) fn flexible_window(&self) -> TimeDelta {
        let minutes = self.flexible.maximum_window_in_minutes().unwrap_or(0);
        TimeDelta::minutes(minutes.into())
    }

    /// Whether an override made it and not Terraform: it deletes itself, and its name says for when it is.
    pub(super) fn is_of_override(&self) -> bool {
        self.after_completion == ActionAfterCompletion::Delete && is_name_of_override(&self.name)
    }

    /// The same call once, at another time.
    pub(super) fn once(&self, at: DateTime<Utc>, input: String) -> Self {
        let mut once = self.copy(AT, at);
        (once.expression, once.timezone) = self.at_expression(at);
        once.target.input = Some(input);
        once
    }

    /// The same runs from `since` on, until one that is skipped.
    pub(super) fn until(&self, since: Option<DateTime<Utc>>, skipped: DateTime<Utc>) -> Self {
        Self {
            start: since,
            end: Some(skipped - TimeDelta::minutes(1)),
            ..self.copy(BEFORE, skipped)
        }
    }

    fn copy(&self, mark: &str, time: DateTime<Utc>) -> Self {
        Self {
            name: with_suffix(&self.name, &format!("{mark}{}", time.format(STAMP))),
            start: None,
            end: None,
            after_completion: ActionAfterCompletion::Delete,
            ..self.clone()
        }
    }

    /// A message to the queue at a time, sent as this roster is sent.
    pub(super) fn note(
        &self,
        name: String,
        at: DateTime<Utc>,
        description: String,
        input: String,
    ) -> Self {
        let mut target = self.target.clone();
        target.input = Some(input);
        let off = FlexibleTimeWindow::builder()
            .mode(FlexibleTimeWindowMode::Off)
            .build();
        let (expression, timezone) = self.at_expression(at);
        Self {
            name,
            expression,
            timezone,
            start: None,
            end: None,
            description: Some(description),
            flexible: off.unwrap_or_else(|_| self.flexible.clone()),
            target,
            after_completion: ActionAfterCompletion::Delete,
            ..self.clone()
        }
    }

    /// An `at()` and its zone: that of the schedule, so that people read it in the console as they do the schedule's, or UTC
    /// where the zone's clocks show that time twice.
    fn at_expression(&self, at: DateTime<Utc>) -> (String, String) {
        let local = self.timezone.parse::<Tz>().ok().and_then(|zone| {
            let local = at.with_timezone(&zone).naive_local();
            let is_exact = zone.from_local_datetime(&local).single().is_some();
            is_exact.then_some((local, self.timezone.clone()))
        });
        let (time, zone) = local.unwrap_or_else(|| (at.naive_utc(), "UTC".to_owned()));
        (format!("at({})", time.format("%Y-%m-%dT%H:%M:%S")), zone)
    }

    /// What makes `CreateSchedule` the same request when it is repeated: 64 letters and digits that follow from all that the
    /// schedule is.
    pub(super) fn token(&self) -> String {
        hex::encode(Sha256::digest(format!("{self:?}")))
    }
}

/// Whether overrides name schedules so.
pub(in crate::cli) fn is_name_of_override(name: &str) -> bool {
    name.starts_with(NOTE) || [AT, BEFORE].iter().any(|mark| has_stamp(name, mark))
}

/// How the name of an override's record begins.
pub(super) const NOTE: &str = "override-";

fn has_stamp(name: &str, mark: &str) -> bool {
    name.rsplit_once(mark).is_some_and(|(_, stamp)| {
        stamp.len() == STAMP_LENGTH && stamp.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// A name within Scheduler's limit: one that is too long is cut, and a hash of the whole keeps it apart from others.
fn with_suffix(name: &str, suffix: &str) -> String {
    let room = NAME_LIMIT - suffix.len();
    if name.len() <= room {
        return format!("{name}{suffix}");
    }
    let hash = &hex::encode(Sha256::digest(name))[..8];
    // Names of schedules are ASCII.
    let kept: String = name.chars().take(room - hash.len() - 1).collect();
    format!("{kept}-{hash}{suffix}")
}
