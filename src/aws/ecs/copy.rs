//! Copies the SDK's answers field by field into the structs of [`crate::core::description`].
//!
//! Nothing is decided here, so that a replay of what the AWS CLI printed leads to the same result.

use aws_sdk_applicationautoscaling::types as scaling;
use aws_sdk_ecs::primitives;
use aws_sdk_ecs::types as ecs;
use chrono::{DateTime, Utc};

use crate::core::description::{
    ContainerDescription, DeploymentDescription, EventDescription, FailureDescription,
    ScalableTarget, ServiceDescription, SuspendedState, TaskDescription,
};

impl From<ecs::Service> for ServiceDescription {
    fn from(service: ecs::Service) -> Self {
        Self {
            service_arn: service.service_arn,
            cluster_arn: service.cluster_arn,
            status: service.status,
            desired_count: service.desired_count.into(),
            running_count: service.running_count.into(),
            pending_count: service.pending_count.into(),
            deployments: all(service.deployments),
            events: all(service.events),
        }
    }
}

impl From<ecs::Deployment> for DeploymentDescription {
    fn from(deployment: ecs::Deployment) -> Self {
        let rollout_state = deployment.rollout_state;
        Self {
            status: deployment.status,
            rollout_state: rollout_state.map(|state| state.as_str().to_owned()),
            rollout_state_reason: deployment.rollout_state_reason,
            failed_tasks: deployment.failed_tasks.into(),
        }
    }
}

impl From<ecs::ServiceEvent> for EventDescription {
    fn from(event: ecs::ServiceEvent) -> Self {
        Self {
            created_at: moment(event.created_at),
            message: event.message,
        }
    }
}

impl From<ecs::Failure> for FailureDescription {
    fn from(failure: ecs::Failure) -> Self {
        Self {
            arn: failure.arn,
            reason: failure.reason,
        }
    }
}

impl From<ecs::Task> for TaskDescription {
    fn from(task: ecs::Task) -> Self {
        Self {
            task_arn: task.task_arn,
            cluster_arn: task.cluster_arn,
            task_definition_arn: task.task_definition_arn,
            group: task.group,
            last_status: task.last_status,
            created_at: moment(task.created_at),
            started_at: moment(task.started_at),
            stopping_at: moment(task.stopping_at),
            stopped_at: moment(task.stopped_at),
            stop_code: task.stop_code.map(|code| code.as_str().to_owned()),
            stopped_reason: task.stopped_reason,
            containers: all(task.containers),
        }
    }
}

impl From<ecs::Container> for ContainerDescription {
    fn from(container: ecs::Container) -> Self {
        Self {
            name: container.name,
            exit_code: container.exit_code.map(i64::from),
            reason: container.reason,
        }
    }
}

impl From<scaling::ScalableTarget> for ScalableTarget {
    fn from(target: scaling::ScalableTarget) -> Self {
        let suspended = target.suspended_state.map(|state| SuspendedState {
            dynamic_scaling_in_suspended: state.dynamic_scaling_in_suspended.unwrap_or_default(),
            dynamic_scaling_out_suspended: state.dynamic_scaling_out_suspended.unwrap_or_default(),
        });
        Self {
            resource_id: target.resource_id,
            min_capacity: Some(target.min_capacity.into()),
            max_capacity: Some(target.max_capacity.into()),
            suspended_state: suspended,
        }
    }
}

/// The elements of a list that may be absent.
pub(super) fn all<T, U: From<T>>(list: Option<Vec<T>>) -> Vec<U> {
    list.unwrap_or_default().into_iter().map(U::from).collect()
}

/// Rounds to milliseconds, which is as exact as ECS is: the SDK parses a fraction of a second as a float.
fn moment(time: Option<primitives::DateTime>) -> Option<DateTime<Utc>> {
    let nanoseconds = time?.as_nanos();
    let milliseconds = (nanoseconds + 500_000).div_euclid(1_000_000);
    DateTime::from_timestamp_millis(i64::try_from(milliseconds).ok()?)
}

#[cfg(test)]
mod tests {
    use super::moment;
    use aws_sdk_ecs::primitives::DateTime;

    #[test]
    fn a_time_is_kept_to_the_millisecond() {
        let time = |seconds| moment(Some(DateTime::from_secs_f64(seconds))).unwrap();
        insta::assert_snapshot!(
            time(1_705_276_812.345),
            @"2024-01-15 00:00:12.345 UTC"
        );
        insta::assert_snapshot!(time(-0.001), @"1969-12-31 23:59:59.999 UTC");
        assert_eq!(moment(None), None);
    }
}
