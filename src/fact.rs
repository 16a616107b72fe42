//! What rollcall can learn about a window, and the vocabulary that facts share.
//!
//! Pure data. A fact is immutable, comparable and its [`Fact::id`] follows from its content, which is what
//! makes appending to the window log idempotent. Changing a field's meaning here changes what a stored log
//! means, so fields are added, never repurposed.

mod ecs;

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::ecs::{
    Bounds, ClusterId, Container, JobId, Observable, Observed, Remark, Rollout, RolloutState,
    RunTask, ServiceAction, ServiceState, Task, TaskId, Unobserved,
};

/// One thing learned about one window.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A CloudTrail record of an `UpdateService` call, accepted or refused.
    Called(Box<Call>),
    /// A roster: which services a schedule is to bring to which count.
    Expected(Box<Expected>),
    /// EventBridge Scheduler gave up on a call: its dead letter.
    Undelivered(Box<Undelivered>),
    /// The window is silenced: what does not answer is not missing.
    Silenced,
    /// A message that could not be decoded arrived beside this window's records.
    Undecodable {
        /// The SQS message's id.
        message_id: String,
    },
    /// What ECS said about a service when it was asked.
    Observed(Box<Observed>),
    /// ECS could not be asked.
    Unobserved(Box<Unobserved>),
    /// An event about a service that ECS sent of its own accord.
    ServiceAction(Box<ServiceAction>),
    /// A CloudTrail record of a `RunTask` call.
    RunTask(Box<RunTask>),
    /// How a job's task is.
    Task(Box<Task>),
}

impl Fact {
    /// What identifies this fact: two deliveries of the same fact have the same id.
    #[must_use]
    pub fn id(&self) -> FactId<'_> {
        match self {
            Self::Called(call) => FactId::Called(&call.event_id),
            Self::Expected(expected) => FactId::Expected(expected),
            Self::Undelivered(undelivered) => FactId::Undelivered(undelivered),
            Self::Silenced => FactId::Silenced,
            Self::Undecodable { message_id } => FactId::Undecodable(message_id),
            Self::Observed(observed) => FactId::Observed(observed),
            Self::Unobserved(unobserved) => FactId::Unobserved(unobserved),
            Self::ServiceAction(action) => FactId::ServiceAction(&action.event_id),
            Self::RunTask(call) => FactId::RunTask(&call.event_id),
            Self::Task(task) => FactId::Task(task),
        }
    }

    /// Whether it is part of the roll call, so that a retry may yet follow it. What ECS says of a service only
    /// adds to that: waiting for it has an end of its own.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        !matches!(
            self,
            Self::Observed(_) | Self::Unobserved(_) | Self::ServiceAction(_) | Self::Task(_)
        )
    }
}

/// The identity of a fact; see [`Fact::id`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactId<'a> {
    /// A call, by CloudTrail's `eventID`: CloudTrail's own duplicates share it.
    Called(&'a str),
    /// A roster, by its content.
    Expected(&'a Expected),
    /// A dead letter, by its content: the same call may be given up on twice, since schedules fire at least once.
    Undelivered(&'a Undelivered),
    /// That the window is silenced.
    Silenced,
    /// An undecodable message, by its SQS `messageId`.
    Undecodable(&'a str),
    /// An observation, by its content.
    Observed(&'a Observed),
    /// A vain observation, by its content.
    Unobserved(&'a Unobserved),
    /// An event of ECS, by its `id`.
    ServiceAction(&'a str),
    /// A call, by CloudTrail's `eventID`.
    RunTask(&'a str),
    /// A task's state, by its content.
    Task(&'a Task),
}

/// One `UpdateService` call as CloudTrail recorded it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Call {
    /// When the call was made (`eventTime`, whole seconds).
    pub event_time: DateTime<Utc>,
    /// How it ended. Stands before the id so that calls of one second order failures first: a success ends
    /// the retrying, so within one second it is the last word.
    pub outcome: Outcome,
    /// CloudTrail's `eventID`.
    pub event_id: String,
    /// The account that owns the service.
    pub account: String,
    /// The Region of the service.
    pub region: String,
    /// The cluster's short name; `None` where the record does not tell.
    pub cluster: Option<String>,
    /// The service's name; `None` makes this an anonymous call: throttled and denied calls may be recorded
    /// without `requestParameters`.
    pub service: Option<String>,
    /// What the call asked for; `None` where the record does not tell.
    pub action: Option<Action>,
    /// Who made the call.
    pub caller: Caller,
}

impl Call {
    /// The service that was called, unless the call is anonymous.
    #[must_use]
    pub fn service_id(&self) -> Option<ServiceId> {
        Some(ServiceId {
            account: self.account.clone(),
            region: self.region.clone(),
            cluster: self.cluster.clone()?,
            name: self.service.clone()?,
        })
    }
}

/// What one run of a schedule is expected to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Expected {
    /// When the schedule was to fire (`<aws.scheduler.scheduled-time>`).
    pub scheduled_time: DateTime<Utc>,
    /// The schedule's name.
    pub schedule: String,
    /// How much later than scheduled a call may be made.
    pub flexible_window_minutes: u32,
    /// The account of the services.
    pub account: String,
    /// The Region of the services.
    pub region: String,
    /// The cluster's short name.
    pub cluster: String,
    /// The desired count by service.
    pub services: BTreeMap<String, i64>,
    /// How many tasks are to be started, by the task definition's family.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub jobs: BTreeMap<String, i64>,
}

/// A call that EventBridge Scheduler gave up on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Undelivered {
    /// When the schedule was to fire.
    pub scheduled_time: DateTime<Utc>,
    /// The schedule's ARN.
    pub schedule_arn: String,
    /// The account of the schedule.
    pub account: String,
    /// The Region of the schedule.
    pub region: String,
    /// The cluster's short name, from the schedule's input.
    pub cluster: Option<String>,
    /// The service's name, from the schedule's input.
    pub service: Option<String>,
    /// The desired count, from the schedule's input.
    pub desired_count: Option<i64>,
    /// The task definition's family, where a job was to be started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// The error of the last attempt.
    pub error: ApiError,
    /// How many calls were attempted, the first one included.
    pub attempts: u32,
}

impl Undelivered {
    /// The service that was to be called, where the dead letter names it.
    #[must_use]
    pub fn service_id(&self) -> Option<ServiceId> {
        Some(ServiceId {
            account: self.account.clone(),
            region: self.region.clone(),
            cluster: self.cluster.clone()?,
            name: self.service.clone()?,
        })
    }

    /// The job that was to be started, where the dead letter names one.
    #[must_use]
    pub fn job_id(&self) -> Option<JobId> {
        Some(JobId {
            family: self.family.clone()?,
            cluster: ClusterId {
                name: self.cluster.clone()?,
                region: self.region.clone(),
                account: self.account.clone(),
            },
        })
    }
}

/// Which service: names repeat across clusters, Regions and accounts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceId {
    /// The service's name.
    pub name: String,
    /// The cluster's short name.
    pub cluster: String,
    /// Such as `ap-northeast-2`.
    pub region: String,
    /// Twelve digits.
    pub account: String,
}

impl ServiceId {
    /// Where the service is.
    #[must_use]
    pub fn cluster_id(&self) -> ClusterId {
        ClusterId {
            name: self.cluster.clone(),
            region: self.region.clone(),
            account: self.account.clone(),
        }
    }
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// AWS refused it.
    Failed(ApiError),
    /// ECS accepted it, which does not say that tasks run.
    Accepted,
}

/// The error of a refused call, as recorded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ApiError {
    /// `errorCode`, such as `ServiceNotFoundException`.
    pub code: String,
    /// `errorMessage`, where there is one.
    pub message: Option<String>,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        match &self.message {
            Some(message) => write!(f, " - {message}"),
            None => Ok(()),
        }
    }
}

/// What a call asked ECS to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Action {
    /// The direction of the change.
    pub kind: ActionKind,
    /// The desired count after the call, where known.
    pub desired_count: Option<i64>,
}

impl Action {
    /// What a count alone says about the direction.
    #[must_use]
    pub fn towards(desired_count: i64) -> Self {
        let kind = if desired_count == 0 {
            ActionKind::ScaleDown
        } else {
            ActionKind::ScaleUp
        };
        Self {
            kind,
            desired_count: Some(desired_count),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ActionKind::ScaleUp => "Scale Up",
            ActionKind::ScaleDown => "Scale Down",
            ActionKind::NoChange => "No Change",
            ActionKind::Restart => "Restart",
            ActionKind::Update => "Update",
        })?;
        match self.desired_count {
            Some(count) => write!(f, " (→ {count})"),
            None => Ok(()),
        }
    }
}

/// The direction of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// More tasks than were running.
    ScaleUp,
    /// Fewer tasks than were running.
    ScaleDown,
    /// As many as were running.
    NoChange,
    /// A forced deployment that asks for no other count.
    Restart,
    /// Anything else: a new task definition, say.
    Update,
}

/// Who made a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Caller {
    /// The assumed role's name.
    pub role: Option<String>,
    /// The role session's name, or the user's: an e-mail address for people who sign in through SSO.
    pub session: Option<String>,
    /// EventBridge Scheduler made the call.
    pub is_scheduler: bool,
}

impl fmt::Display for Caller {
    /// Scheduler's session names are random, so they are left out; the service-linked role of Application Auto
    /// Scaling is its name in other words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = self.role.as_deref().unwrap_or_default();
        if role.starts_with("AWSServiceRoleForApplicationAutoScaling") {
            return f.write_str("Application Auto Scaling");
        }
        match (self.is_scheduler, &self.role, &self.session) {
            (true, Some(role), _) => write!(f, "EventBridge Scheduler as {role}"),
            (true, None, _) => f.write_str("EventBridge Scheduler"),
            (false, Some(role), Some(session)) => write!(f, "{session} as {role}"),
            (false, Some(role), None) => f.write_str(role),
            (false, None, Some(session)) => f.write_str(session),
            (false, None, None) => f.write_str("unknown caller"),
        }
    }
}
