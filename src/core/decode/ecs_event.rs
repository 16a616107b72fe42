//! Decodes the events that ECS itself sends to EventBridge: about services, deployments and tasks.
//!
//! Pure. Such an event tells that a service is steady, or what keeps its tasks from running, before rollcall asks ECS.
//! It never tells that a call was made.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{DecodeError, Decoded, IgnoredReason};
use crate::core::arn;
use crate::core::description::{self, TaskDescription, moment};
use crate::core::fact::{Fact, ServiceEvent};

const SERVICE_ACTION: &str = "ECS Service Action";
const DEPLOYMENT: &str = "ECS Deployment State Change";
const TASK: &str = "ECS Task State Change";

/// EventBridge's envelope.
#[derive(Deserialize)]
struct Event<Detail> {
    id: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default, deserialize_with = "moment")]
    time: Option<DateTime<Utc>>,
    detail: Option<Detail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Service {
    event_name: Option<String>,
    /// Absent in a deployment's events.
    cluster_arn: Option<String>,
    /// In events about a service's action; events of a deployment have `updatedAt` instead.
    #[serde(default, deserialize_with = "moment")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment")]
    updated_at: Option<DateTime<Utc>>,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Task {
    #[serde(default, deserialize_with = "moment")]
    updated_at: Option<DateTime<Utc>>,
    #[serde(flatten)]
    task: TaskDescription,
}

/// Whether this module decodes events with this `detail-type`.
pub(super) fn is_one(detail_type: &str) -> bool {
    matches!(detail_type, SERVICE_ACTION | DEPLOYMENT | TASK)
}

pub(super) fn decode(detail_type: &str, body: &str) -> Result<Decoded, DecodeError> {
    if detail_type == TASK {
        task(parse(body)?)
    } else {
        service(parse(body)?)
    }
}

fn parse<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, DecodeError> {
    serde_json::from_str(body).map_err(|error| DecodeError::EcsEventType {
        line: error.line(),
        column: error.column(),
    })
}

fn service(event: Event<Service>) -> Result<Decoded, DecodeError> {
    let missing = DecodeError::EcsEventMissing;
    let detail = event.detail.ok_or(missing("detail"))?;
    let event_name = detail.event_name.ok_or(missing("eventName"))?;
    if event_name.starts_with("CAPACITY_PROVIDER_") || event_name.starts_with("TASKSET_") {
        return Ok(Decoded::Ignored(IgnoredReason::OtherEcsEvent));
    }
    let service_arn = event.resources.first().ok_or(missing("resources"))?;
    let Some(service) = arn::service_id(service_arn, detail.cluster_arn.as_deref()) else {
        return Ok(Decoded::Ignored(IgnoredReason::UnknownCluster));
    };
    let created_at = detail.created_at.or(detail.updated_at);
    Ok(one(Fact::ServiceEvent(Box::new(ServiceEvent {
        created_at: created_at.ok_or(missing("createdAt"))?,
        event_id: event.id.ok_or(missing("id"))?,
        service,
        event_name,
        reason: detail.reason,
    }))))
}

/// Decodes a task's change of state, for tasks of jobs. A task of a service is ignored: what matters there is how many
/// of them run, which the service's own events and descriptions tell.
fn task(event: Event<Task>) -> Result<Decoded, DecodeError> {
    let missing = DecodeError::EcsEventMissing;
    let Task { updated_at, task } = event.detail.ok_or(missing("detail"))?;
    if task.is_of_service() {
        return Ok(Decoded::Ignored(IgnoredReason::ServiceTask));
    }
    // Every example in the documentation has `updatedAt`. Without it the time of the stop, or of the event, serves as
    // well.
    let at = updated_at.or(task.stopped_at).or(event.time);
    let at = at.ok_or(missing("updatedAt"))?;
    let task = description::task(&task, at).ok_or(missing("taskArn"))?;
    Ok(one(Fact::Task(Box::new(task))))
}

fn one(fact: Fact) -> Decoded {
    Decoded::Fact {
        fact,
        environment: None,
    }
}
