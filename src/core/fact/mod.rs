//! What rollcall can learn about a window, and the vocabulary that facts share.
//!
//! Pure data. A fact never changes, and its [`Fact::id`] follows from its content, so that a fact which is
//! delivered twice counts once. Stored logs hold facts: add fields, never give an old field a new meaning.
//!
//! What ECS answers when it is asked is no fact of this list: see [`crate::core::observation`].

mod ecs;
pub(crate) mod labels;

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use self::ecs::{ClusterId, Container, JobId, RunTaskCall, ServiceEvent, TaskId, TaskState};
pub use self::labels::{LONGEST_LABEL, Labels, MOST_LABELS};
use super::overrides::{Override, Phase};

/// One thing learned about a window.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A CloudTrail record of an `UpdateService` call, accepted or refused.
    UpdateService(Box<UpdateServiceCall>),
    /// A CloudTrail record of a `RunTask` call, accepted or refused.
    RunTask(Box<RunTaskCall>),
    /// A roster: which services and jobs one firing of a schedule calls.
    Roster(Box<Roster>),
    /// EventBridge Scheduler gave up on a call and wrote a dead letter.
    DeadLetter(Box<ScheduleDeadLetter>),
    /// An operator silenced the window: a service that was never called is not reported.
    Silenced {
        /// What identifies the silence.
        silence: String,
    },
    /// An operator took a silence of the window back.
    SilenceExpired {
        /// What identifies the silence.
        silence: String,
    },
    /// A message that could not be decoded arrived in the same batch as this window's records.
    Undecodable {
        /// The SQS message's id.
        message_id: String,
    },
    /// Records of this window went to the dead-letter queue, because the log could not be reached in time.
    Unkept {
        /// The SQS id of the timer message that tells so.
        message_id: String,
        /// How many records.
        records: u64,
    },
    /// An event about a service that ECS sent without being asked.
    ServiceEvent(Box<ServiceEvent>),
    /// An event about a job's task that ECS sent without being asked.
    Task(Box<TaskState>),
    /// Somebody made an exception from the schedules, or it ended, or was taken back.
    Override(Box<Override>),
}

impl Fact {
    /// What identifies this fact: two deliveries of the same fact have the same id.
    #[must_use]
    pub fn id(&self) -> FactId<'_> {
        match self {
            Self::UpdateService(call) => FactId::UpdateService(&call.event_id),
            Self::RunTask(call) => FactId::RunTask(&call.event_id),
            Self::Roster(roster) => FactId::Roster(roster),
            Self::DeadLetter(letter) => FactId::DeadLetter(letter),
            Self::Silenced { silence } => FactId::Silenced(silence),
            Self::SilenceExpired { silence } => FactId::SilenceExpired(silence),
            Self::Undecodable { message_id } => FactId::Undecodable(message_id),
            Self::Unkept { message_id, .. } => FactId::Unkept(message_id),
            Self::ServiceEvent(event) => FactId::ServiceEvent(&event.event_id),
            Self::Task(task) => FactId::Task(task),
            Self::Override(one) => FactId::Override(&one.id, one.phase),
        }
    }
}

/// The identity of a fact; see [`Fact::id`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactId<'a> {
    /// An `UpdateService` call, by CloudTrail's `eventID`, which duplicates of the record share.
    UpdateService(&'a str),
    /// A `RunTask` call, by CloudTrail's `eventID`.
    RunTask(&'a str),
    /// A roster, by its content.
    Roster(&'a Roster),
    /// A dead letter, by its content: Scheduler may give up on the same call twice, since it fires at least once.
    DeadLetter(&'a ScheduleDeadLetter),
    /// That the window is silenced, by the silence's id.
    Silenced(&'a str),
    /// That a silence was taken back, by its id.
    SilenceExpired(&'a str),
    /// An undecodable message, by its SQS `messageId`.
    Undecodable(&'a str),
    /// Records that went to the dead-letter queue, by the `messageId` of the message that tells so.
    Unkept(&'a str),
    /// An event of ECS, by its `id`.
    ServiceEvent(&'a str),
    /// A task's state, by its content.
    Task(&'a TaskState),
    /// A moment in the life of an override, by the override's id.
    Override(&'a str, Phase),
}

/// One `UpdateService` call as CloudTrail recorded it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UpdateServiceCall {
    /// When the call was made (`eventTime`, whole seconds).
    pub event_time: DateTime<Utc>,
    /// How it ended. This field stands before the id so that the derived order puts a refusal before an
    /// acceptance of the same second: Scheduler stops retrying after an acceptance, so that came last.
    pub outcome: CallOutcome,
    /// CloudTrail's `eventID`.
    pub event_id: String,
    /// The account that owns the service.
    pub account: String,
    /// The Region of the service.
    pub region: String,
    /// The cluster's short name; `None` where the record does not tell.
    pub cluster: Option<String>,
    /// The service's name; `None` where the record does not tell: throttled and denied calls may be recorded
    /// without `requestParameters`.
    pub service: Option<String>,
    /// What the call asked for; `None` where the record does not tell.
    pub action: Option<Action>,
    /// Who made the call.
    pub caller: Caller,
}

impl UpdateServiceCall {
    /// The cluster of the service, where the record names it.
    #[must_use]
    pub fn cluster_id(&self) -> Option<ClusterId> {
        ClusterId::of(self.cluster.as_ref(), &self.region, &self.account)
    }

    /// The service that was called, where the record names it.
    #[must_use]
    pub fn service_id(&self) -> Option<ServiceId> {
        Some(self.cluster_id()?.service(self.service.clone()?))
    }
}

/// Which services and jobs one firing of a schedule is to call; the schedules' module sends it with each firing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Roster {
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
    /// The name of the role that the schedules call with, where the roster tells; calls by other roles are none of
    /// this schedule's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// For how many minutes after the flexible window Scheduler may still retry a call, where the roster tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_minutes: Option<u32>,
    /// The name of the schedule group, where the roster tells; links to the schedules need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The labels of those services and jobs that have some, by the service's name or the job's family: at most
    /// [`MOST_LABELS`] for each, with keys and values of at most [`LONGEST_LABEL`] characters. A service and a job of the same
    /// name in one roster share them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, Labels>,
}

impl Roster {
    /// Until when Scheduler may make the first attempt of a call: the end of the flexible window.
    #[must_use]
    pub fn calls_until(&self) -> DateTime<Utc> {
        self.scheduled_time + TimeDelta::minutes(i64::from(self.flexible_window_minutes))
    }

    /// Until when Scheduler may retry a call.
    #[must_use]
    pub fn retries_until(&self) -> DateTime<Utc> {
        let minutes = self.retry_minutes.unwrap_or(DEFAULT_RETRY_MINUTES);
        self.calls_until() + TimeDelta::minutes(i64::from(minutes))
    }

    /// The cluster of the services and jobs.
    #[must_use]
    pub fn cluster_id(&self) -> ClusterId {
        ClusterId {
            name: self.cluster.clone(),
            region: self.region.clone(),
            account: self.account.clone(),
        }
    }
}

/// How long Scheduler may retry a call where the roster does not tell: the default of the schedules' module.
const DEFAULT_RETRY_MINUTES: u32 = 15;

/// A call that EventBridge Scheduler gave up on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScheduleDeadLetter {
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

impl ScheduleDeadLetter {
    /// The cluster of the service or job, where the dead letter names it.
    #[must_use]
    pub fn cluster_id(&self) -> Option<ClusterId> {
        ClusterId::of(self.cluster.as_ref(), &self.region, &self.account)
    }

    /// The service that was to be called, where the dead letter names it.
    #[must_use]
    pub fn service_id(&self) -> Option<ServiceId> {
        Some(self.cluster_id()?.service(self.service.clone()?))
    }

    /// The job that was to be started, where the dead letter names one.
    #[must_use]
    pub fn job_id(&self) -> Option<JobId> {
        Some(JobId {
            family: self.family.clone()?,
            cluster: self.cluster_id()?,
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
pub enum CallOutcome {
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

impl Caller {
    /// Whether this is certainly not EventBridge Scheduler: a person who signed in, an IAM user, or an AWS service.
    /// Nobody has published how ECS records a call by Scheduler, so a role without such a mark may be Scheduler.
    #[must_use]
    pub fn is_evidently_not_scheduler(&self) -> bool {
        if self.is_scheduler {
            return false;
        }
        let session_is_person = self
            .session
            .as_deref()
            .is_some_and(|name| name.contains('@'));
        match &self.role {
            Some(role) => {
                session_is_person
                    || role.starts_with("AWSReservedSSO_")
                    || role.starts_with("AWSServiceRole")
            }
            None => self.session.is_some(),
        }
    }
}

impl fmt::Display for Caller {
    /// Leaves out the random session names of Scheduler, and calls the service-linked role of Application Auto
    /// Scaling by that name.
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
