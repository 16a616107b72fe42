//! What ECS and Application Auto Scaling say of what the schedules call.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget, ServiceNamespace};
use aws_sdk_ecs::types::SchedulingStrategy;

use super::{Action, Ask, cannot, unless_absent};
use crate::cli::doctor::seen::{Bounds, InCluster, Looked, Service, TaskDefinition};

/// ECS's limit for `DescribeServices`.
const SERVICES_OF_A_REQUEST: usize = 10;
/// Application Auto Scaling's limit for `DescribeScalableTargets`.
const TARGETS_OF_A_REQUEST: usize = 50;

impl Ask {
    /// The services of a cluster that exist, by name; none where there is no such cluster.
    pub(in crate::cli) async fn services(
        &self,
        cluster: &str,
        names: &[String],
    ) -> Looked<BTreeMap<String, Service>> {
        let mut services = BTreeMap::new();
        for names in names.chunks(SERVICES_OF_A_REQUEST) {
            let ask = self.ecs.describe_services().cluster(cluster);
            let answer = ask.set_services(Some(names.to_vec())).send().await;
            let absent = ["ClusterNotFoundException"];
            let Some(answer) = unless_absent(answer, Action::DescribeServices, &absent)? else {
                break;
            };
            for service in answer.services.into_iter().flatten() {
                let is_daemon = service.scheduling_strategy == Some(SchedulingStrategy::Daemon);
                let described = Service {
                    arn: service.service_arn.unwrap_or_default(),
                    status: service.status.unwrap_or_default(),
                    is_daemon,
                    running: service.running_count,
                    desired: service.desired_count,
                };
                services.insert(service.service_name.unwrap_or_default(), described);
            }
        }
        Ok(services)
    }

    /// Between which counts Application Auto Scaling keeps services. One whose scaling is suspended is left out.
    pub(in crate::cli) async fn bounds(
        &self,
        services: &[InCluster],
    ) -> Looked<BTreeMap<InCluster, Bounds>> {
        let mut bounds = BTreeMap::new();
        for services in services.chunks(TARGETS_OF_A_REQUEST) {
            let ids = services
                .iter()
                .map(|(cluster, name)| format!("service/{cluster}/{name}"));
            let ask = self.scaling.describe_scalable_targets();
            let targets: Result<Vec<_>, _> = ask
                .service_namespace(ServiceNamespace::Ecs)
                .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
                .set_resource_ids(Some(ids.collect()))
                .into_paginator()
                .items()
                .send()
                .try_collect()
                .await;
            let targets = targets.map_err(cannot(Action::DescribeScalableTargets))?;
            bounds.extend(targets.iter().filter_map(bound));
        }
        Ok(bounds)
    }

    /// What a job runs; `None` where there is no such task definition that is active.
    pub(in crate::cli) async fn task_definition(
        &self,
        name: &str,
    ) -> Looked<Option<TaskDefinition>> {
        let ask = self.ecs.describe_task_definition().task_definition(name);
        let answer = ask.send().await;
        let absent = ["ClientException", "InvalidParameterException"];
        let answer = unless_absent(answer, Action::DescribeTaskDefinition, &absent)?;
        let definition = answer.and_then(|answer| answer.task_definition);
        Ok(definition.map(|definition| TaskDefinition {
            arn: definition.task_definition_arn.unwrap_or_default(),
            role_arns: [definition.task_role_arn, definition.execution_role_arn]
                .into_iter()
                .flatten()
                .collect(),
        }))
    }
}

fn bound(target: &ScalableTarget) -> Option<(InCluster, Bounds)> {
    let suspended = target.suspended_state.as_ref();
    let is_suspended = suspended.is_some_and(|state| {
        state.dynamic_scaling_in_suspended == Some(true)
            && state.dynamic_scaling_out_suspended == Some(true)
            && state.scheduled_scaling_suspended == Some(true)
    });
    let (cluster, name) = target
        .resource_id
        .strip_prefix("service/")?
        .split_once('/')?;
    (!is_suspended).then(|| {
        let bounds = Bounds {
            min: target.min_capacity.into(),
            max: target.max_capacity.into(),
        };
        ((cluster.to_owned(), name.to_owned()), bounds)
    })
}
