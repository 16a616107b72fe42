//! What ECS sends without being asked, jobs, and their `RunTask` calls.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{ApiError, CallOutcome, Caller, ServiceId};

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
    /// The cluster of a call or a dead letter, where it names one.
    pub(super) fn of(name: Option<&String>, region: &str, account: &str) -> Option<Self> {
        Some(Self {
            name: name?.clone(),
            region: region.to_owned(),
            account: account.to_owned(),
        })
    }

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

/// An event that ECS sent without being asked: `ECS Service Action` or `ECS Deployment State Change`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServiceEvent {
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
pub struct RunTaskCall {
    /// When the call was made (`eventTime`, whole seconds).
    pub event_time: DateTime<Utc>,
    /// Whether ECS accepted it. An accepted call may start no task: then the response holds `failures`.
    pub outcome: CallOutcome,
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

impl RunTaskCall {
    /// The cluster of the job, where the record names it.
    #[must_use]
    pub fn cluster_id(&self) -> Option<ClusterId> {
        ClusterId::of(self.cluster.as_ref(), &self.region, &self.account)
    }

    /// The job that was called, unless the record does not tell.
    #[must_use]
    pub fn job_id(&self) -> Option<JobId> {
        Some(JobId {
            family: self.family.clone()?,
            cluster: self.cluster_id()?,
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

/// How a task is, by `DescribeTasks` or an `ECS TaskState State Change`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskState {
    /// Whether it has stopped. This field stands first so that in the derived order a stopped task, which is final,
    /// comes after every other state of the same task.
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
