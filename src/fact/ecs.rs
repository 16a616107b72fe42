//! What ECS itself says: about services, about tasks, and in events of its own.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{ApiError, Caller, Outcome, ServiceId};

/// What ECS said about a service when it was asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Observed {
    /// When it was asked.
    pub observed_at: DateTime<Utc>,
    /// The service.
    pub service: ServiceId,
    /// How the service was; `None` where ECS has no such service.
    pub state: Option<ServiceState>,
}

/// How a service is, as `DescribeServices` tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServiceState {
    /// How many tasks there are to be.
    pub desired: i64,
    /// How many tasks run.
    pub running: i64,
    /// How many tasks are being started.
    pub pending: i64,
    /// The primary deployment's rollout, where ECS tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// The newest service event which says that the service is steady.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steady_at: Option<DateTime<Utc>>,
    /// The newest service event or stopped task that explains trouble.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Remark>,
    /// Within what Application Auto Scaling keeps the count, where it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Bounds>,
}

/// How far a deployment is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rollout {
    /// `rolloutState`.
    pub state: RolloutState,
    /// `rolloutStateReason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The states of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RolloutState {
    /// `COMPLETED`.
    Completed,
    /// `IN_PROGRESS`.
    InProgress,
    /// `FAILED`.
    Failed,
}

/// Something that ECS said at a moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Remark {
    /// When.
    pub at: DateTime<Utc>,
    /// What, as ECS wrote it.
    pub text: String,
}

/// What Application Auto Scaling keeps a service's desired count within.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Bounds {
    /// `MinCapacity`; `None` where scaling out is suspended.
    pub min: Option<i64>,
    /// `MaxCapacity`; `None` where scaling in is suspended.
    pub max: Option<i64>,
}

/// ECS could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unobserved {
    /// When it was asked in vain.
    pub observed_at: DateTime<Utc>,
    /// Where.
    pub cluster: ClusterId,
    /// About what.
    #[serde(default)]
    pub about: Observable,
    /// Why, such as `AccessDeniedException`.
    pub error: ApiError,
}

impl Unobserved {
    /// Whether asking again would be of no use: it is denied, or the cluster is none that ECS knows here.
    #[must_use]
    pub fn is_final(&self) -> bool {
        const FINAL: [&str; 4] = [
            "AccessDenied",
            "ClusterNotFound",
            "InvalidParameter",
            "UnrecognizedClient",
        ];
        FINAL.iter().any(|code| self.error.code.starts_with(code))
    }
}

/// What ECS is asked about.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Observable {
    /// How services are.
    #[default]
    Services,
    /// How tasks of jobs are.
    Tasks,
}

/// Which cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClusterId {
    /// The cluster's short name.
    pub name: String,
    /// Such as `ap-northeast-2`.
    pub region: String,
    /// Twelve digits.
    pub account: String,
}

impl ClusterId {
    /// A service in this cluster.
    #[must_use]
    pub fn service(&self, name: String) -> ServiceId {
        ServiceId {
            name,
            cluster: self.name.clone(),
            region: self.region.clone(),
            account: self.account.clone(),
        }
    }
}

/// An event that ECS sent of its own accord: `ECS Service Action` or `ECS Deployment State Change`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServiceAction {
    /// When it happened.
    pub created_at: DateTime<Utc>,
    /// The event's `id`.
    pub event_id: String,
    /// The service.
    pub service: ServiceId,
    /// Such as `SERVICE_TASK_PLACEMENT_FAILURE`.
    pub event_name: String,
    /// Such as `RESOURCE:FARGATE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One `RunTask` call as CloudTrail recorded it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunTask {
    /// When the call was made (`eventTime`, whole seconds).
    pub event_time: DateTime<Utc>,
    /// How it ended: a response that names failures and no task is none.
    pub outcome: Outcome,
    /// CloudTrail's `eventID`.
    pub event_id: String,
    /// The account of the cluster.
    pub account: String,
    /// The Region of the cluster.
    pub region: String,
    /// The cluster's short name; `None` where the record does not tell.
    pub cluster: Option<String>,
    /// The task definition's family; `None` where the record does not tell.
    pub family: Option<String>,
    /// How many tasks were asked for.
    pub count: Option<i64>,
    /// The ids of the tasks that were started.
    pub tasks: BTreeSet<String>,
    /// Why others were not: a successful response may hold these.
    pub failures: Vec<ApiError>,
    /// Who made the call.
    pub caller: Caller,
}

impl RunTask {
    /// The job that was called, unless the record does not tell.
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

/// Which job: a task definition's family in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobId {
    /// The task definition's family.
    pub family: String,
    /// Where it runs.
    pub cluster: ClusterId,
}

/// Which task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId {
    /// The last part of its ARN.
    pub id: String,
    /// Where it runs.
    pub cluster: ClusterId,
}

/// How a task is, by `DescribeTasks` or an `ECS Task State Change`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Task {
    /// It has stopped, which is final, so that it stands first in the order.
    pub is_stopped: bool,
    /// When this was so.
    pub observed_at: DateTime<Utc>,
    /// Which task.
    pub task: TaskId,
    /// When it was created, which tells its window.
    pub created_at: DateTime<Utc>,
    /// When its containers had started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it had stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<DateTime<Utc>>,
    /// Such as `EssentialContainerExited`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_code: Option<String>,
    /// In ECS's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_reason: Option<String>,
    /// How its containers ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<Container>,
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// What its process returned; `None` where it never ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// Such as `CannotPullContainerError: …`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
