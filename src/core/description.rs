//! The answers of `DescribeServices`, `DescribeTasks` and `DescribeScalableTargets`, and which parts of them are kept.
//!
//! Pure. The structs name only the fields that are read, under the names that the AWS CLI prints, so that the
//! client copies an SDK's answer into them and a replay reads a file into them; both then take the same path.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Datelike, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::core::arn;
use crate::core::fact::{ClusterId, Container, TaskState};
use crate::core::observation::{Bounds, Remark, Rollout, RolloutState, ServiceLook, ServiceState};
use crate::core::text::truncate;
use crate::core::trouble::trouble;

/// How many bytes of a text by ECS are kept: enough to understand it, and few enough for a log of many services.
const TEXT_LIMIT: usize = 500;

/// One of `services`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceDescription {
    /// In the old or the new form.
    pub service_arn: Option<String>,
    /// The cluster, which a `serviceArn` of the old form does not hold.
    pub cluster_arn: Option<String>,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: Option<String>,
    /// How many tasks ECS is to run.
    pub desired_count: i64,
    /// How many tasks run.
    pub running_count: i64,
    /// How many tasks are being started.
    pub pending_count: i64,
    /// The primary deployment, and those that it replaces.
    pub deployments: Vec<DeploymentDescription>,
    /// The newest hundred, in any order.
    pub events: Vec<EventDescription>,
}

/// One of a service's `deployments`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentDescription {
    /// `PRIMARY`, `ACTIVE` or `INACTIVE`.
    pub status: Option<String>,
    /// `COMPLETED`, `IN_PROGRESS` or `FAILED`; absent where another controller than ECS deploys.
    pub rollout_state: Option<String>,
    /// In ECS's words.
    pub rollout_state_reason: Option<String>,
    /// How many tasks failed to start.
    pub failed_tasks: i64,
}

/// One of a service's `events`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventDescription {
    /// When ECS wrote it.
    #[serde(deserialize_with = "moment")]
    pub created_at: Option<DateTime<Utc>>,
    /// The text, such as `(service nestjs) has reached a steady state.`
    pub message: Option<String>,
}

/// One of `failures`: something that was asked for and that the answer does not describe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FailureDescription {
    /// The ARN or name that was asked for.
    pub arn: Option<String>,
    /// Such as `MISSING`.
    pub reason: Option<String>,
}

/// One of `tasks`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskDescription {
    /// In the old or the new form.
    pub task_arn: Option<String>,
    /// The cluster, which a `taskArn` of the old form does not hold.
    pub cluster_arn: Option<String>,
    /// The ARN of the task definition, with its revision.
    pub task_definition_arn: Option<String>,
    /// `service:NAME`, `family:NAME` or a name that the caller of `RunTask` chose.
    pub group: Option<String>,
    /// Such as `RUNNING`. A task that is `STOPPED` stays so.
    pub last_status: Option<String>,
    /// When it was created.
    #[serde(deserialize_with = "moment")]
    pub created_at: Option<DateTime<Utc>>,
    /// When its containers had started.
    #[serde(deserialize_with = "moment")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it began to stop.
    #[serde(deserialize_with = "moment")]
    pub stopping_at: Option<DateTime<Utc>>,
    /// When it had stopped.
    #[serde(deserialize_with = "moment")]
    pub stopped_at: Option<DateTime<Utc>>,
    /// Such as `TaskFailedToStart`.
    pub stop_code: Option<String>,
    /// In ECS's words.
    pub stopped_reason: Option<String>,
    /// Its containers.
    pub containers: Vec<ContainerDescription>,
}

impl TaskDescription {
    /// Whether a service started it.
    #[must_use]
    pub fn is_of_service(&self) -> bool {
        let group = self.group.as_deref();
        group.is_some_and(|group| group.starts_with("service:"))
    }
}

/// One of a task's `containers`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerDescription {
    /// As the task definition names it.
    pub name: Option<String>,
    /// The exit code of its process; absent where the process never ran, or still runs.
    pub exit_code: Option<i64>,
    /// Such as `CannotPullContainerError: …`.
    pub reason: Option<String>,
}

/// One of `ScalableTargets`, whose names Application Auto Scaling writes differently.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ScalableTarget {
    /// `service/CLUSTER/NAME`.
    pub resource_id: String,
    /// The least desired count.
    pub min_capacity: Option<i64>,
    /// The greatest desired count.
    pub max_capacity: Option<i64>,
    /// Which kinds of scaling are suspended.
    pub suspended_state: Option<SuspendedState>,
}

/// Which kinds of scaling Application Auto Scaling was told to suspend.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SuspendedState {
    /// It removes no tasks, so it does not enforce the greatest count.
    pub dynamic_scaling_in_suspended: bool,
    /// It adds no tasks, so it does not enforce the least count.
    pub dynamic_scaling_out_suspended: bool,
}

impl ScalableTarget {
    /// Whether it is about this service of this cluster.
    #[must_use]
    pub fn is_of(&self, cluster: &str, service: &str) -> bool {
        let path = self.resource_id.strip_prefix("service/");
        path.and_then(|path| path.split_once('/')) == Some((cluster, service))
    }

    /// The bounds within which Application Auto Scaling keeps the desired count.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        let suspended = self.suspended_state.unwrap_or_default();
        Bounds {
            min: self
                .min_capacity
                .filter(|_| !suspended.dynamic_scaling_out_suspended),
            max: self
                .max_capacity
                .filter(|_| !suspended.dynamic_scaling_in_suspended),
        }
    }
}

/// What a service's description says about the time since `since`; `None` where the description names no service.
/// `stopped` is the explanation that a stopped task gives (see [`stop_remark`]). It outweighs the service's own events,
/// because those tell that tasks do not run, and rarely why.
#[must_use]
pub fn look(
    service: &ServiceDescription,
    since: DateTime<Utc>,
    at: DateTime<Utc>,
    stopped: Option<Remark>,
    bounds: Option<Bounds>,
) -> Option<ServiceLook> {
    let id = arn::service_id(
        service.service_arn.as_deref()?,
        service.cluster_arn.as_deref(),
    )?;
    let remarks = || {
        let remark = |event: &EventDescription| Some((event.created_at?, event.message.clone()?));
        service
            .events
            .iter()
            .filter_map(remark)
            .filter(|(said_at, _)| *said_at >= since)
    };
    let event = remarks()
        .filter(|(_, text)| trouble(text).is_some())
        .max()
        .map(|(at, text)| Remark {
            at,
            text: short(&text),
        });
    let is_steady = |text: &str| text.contains("has reached a steady state");
    let state = ServiceState {
        desired: service.desired_count,
        running: service.running_count,
        pending: service.pending_count,
        rollout: rollout(&service.deployments),
        steady_at: remarks()
            .filter_map(|(at, text)| is_steady(&text).then_some(at))
            .max(),
        trouble: stopped.filter(|remark| remark.at >= since).or(event),
        bounds,
    };
    Some(ServiceLook {
        at,
        service: id,
        // ECS goes on describing a deleted service for a while.
        state: (service.status.as_deref() != Some("INACTIVE")).then_some(state),
    })
}

fn rollout(deployments: &[DeploymentDescription]) -> Option<Rollout> {
    let is_primary =
        |deployment: &&DeploymentDescription| deployment.status.as_deref() == Some("PRIMARY");
    let primary = deployments.iter().find(is_primary)?;
    let state = match primary.rollout_state.as_deref()? {
        "COMPLETED" => RolloutState::Completed,
        "IN_PROGRESS" => RolloutState::InProgress,
        "FAILED" => RolloutState::Failed,
        _ => return None,
    };
    let reason = primary.rollout_state_reason.as_deref();
    Some(Rollout {
        state,
        reason: reason.map(short),
    })
}

/// Reads a failure `MISSING` as: there is no such service. `cluster` is the cluster that was asked, because the
/// failure's ARN may be of the old form, which names none.
#[must_use]
pub fn missing(
    failure: &FailureDescription,
    cluster: Option<&ClusterId>,
    at: DateTime<Utc>,
) -> Option<ServiceLook> {
    let text = failure.arn.as_deref()?;
    if failure.reason.as_deref() != Some("MISSING") {
        return None;
    }
    let service = match cluster {
        Some(cluster) => cluster.service(arn::last_segment(text).to_owned()),
        None => arn::service_id(text, None)?,
    };
    Some(ServiceLook {
        at,
        service,
        state: None,
    })
}

/// The state of a task; `None` where its description does not say which task it is, or when it was created.
#[must_use]
pub fn task(task: &TaskDescription, at: DateTime<Utc>) -> Option<TaskState> {
    let id = arn::task_id(task.task_arn.as_deref()?, task.cluster_arn.as_deref())?;
    let ended = |container: &ContainerDescription| {
        (container.exit_code.is_some() || container.reason.is_some()).then(|| Container {
            name: container.name.clone().unwrap_or_default(),
            exit_code: container.exit_code,
            reason: container.reason.as_deref().map(short),
        })
    };
    Some(TaskState {
        is_stopped: task.last_status.as_deref() == Some("STOPPED"),
        observed_at: at,
        task: id,
        created_at: task.created_at?,
        started_at: task.started_at,
        stopped_at: task.stopped_at,
        stop_code: task.stop_code.clone(),
        stopped_reason: task.stopped_reason.as_deref().map(short),
        containers: task.containers.iter().filter_map(ended).collect(),
    })
}

/// Why a task of a service stopped; `None` where ECS stopped it for no fault, as in a deployment or when scaling down.
#[must_use]
pub fn stop_remark(task: &TaskDescription) -> Option<Remark> {
    let at = task.stopped_at.or(task.stopping_at)?;
    let said = |container: &&ContainerDescription| container.reason.is_some();
    let failed =
        |container: &&ContainerDescription| container.exit_code.is_some_and(|code| code != 0);
    let (text, exit_code) = match task.containers.iter().find(said) {
        Some(container) => (container.reason.as_deref()?, container.exit_code),
        // A container that ECS told to stop ends with 137 or 143, which does not explain why the task stopped.
        None if has_exited(task) => {
            let containers = || task.containers.iter();
            let ended = containers()
                .find(failed)
                .or(containers().find(|container| container.exit_code.is_some()));
            let reason = task.stopped_reason.as_deref();
            let reason = reason.unwrap_or("Essential container in task exited");
            (reason, ended.and_then(|container| container.exit_code))
        }
        None => (task.stopped_reason.as_deref()?, None),
    };
    let is_failed_start = task.stop_code.as_deref() == Some("TaskFailedToStart");
    (is_failed_start || trouble(text).is_some()).then(|| Remark {
        at,
        text: match exit_code {
            Some(code) => format!("{} (exit code {code})", short(text)),
            None => short(text),
        },
    })
}

/// Whether the task stopped because a container's process had ended by itself.
fn has_exited(task: &TaskDescription) -> bool {
    match &task.stop_code {
        Some(code) => code == "EssentialContainerExited",
        None => task
            .stopped_reason
            .as_deref()
            .is_some_and(|reason| reason.starts_with("Essential container")),
    }
}

fn short(text: &str) -> String {
    truncate(text, TEXT_LIMIT).into_owned()
}

/// A time as the AWS CLI prints it (RFC 3339) or as the API sends it (seconds since 1970, with a fraction). A time so
/// far away that adding to it could overflow counts as absent.
pub(crate) fn moment<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Moment {
        Text(DateTime<Utc>),
        Seconds(f64),
    }
    let time = match Option::<Moment>::deserialize(deserializer)? {
        Some(Moment::Text(time)) => Some(time),
        Some(Moment::Seconds(seconds)) => since_1970(seconds),
        None => return Ok(None),
    };
    let is_sensible = |time: &DateTime<Utc>| (1970..10_000).contains(&time.year());
    match time.filter(is_sensible) {
        Some(time) => Ok(Some(time)),
        None => Err(Error::custom("a time is out of range")),
    }
}

/// Cuts a time to milliseconds, which is as exact as ECS is.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, and what is out of range is no time"
)]
fn since_1970(seconds: f64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis((seconds * 1_000.0).round() as i64)
}
