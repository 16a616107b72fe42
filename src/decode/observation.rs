//! What the AWS CLI prints about services and tasks, so that a replay shows what came up.
//!
//! Pure. An object with `services` or `tasks` (and `failures`), as `aws ecs describe-services` and `aws ecs
//! describe-tasks` print it, is what ECS said when it was asked. A file may add what those commands do not print:
//! `observedAt`, the moment of asking, which is otherwise the newest time inside; `scalableTargets` as `aws
//! application-autoscaling describe-scalable-targets` prints them; `stoppedTasks` of a service; and, where asking
//! failed, `error` and `clusterArn`.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{DecodeError, Decoded, IgnoredReason};
use crate::arn;
use crate::ecs::description::{
    self, FailureDescription, ScalableTarget, ServiceDescription, TaskDescription, moment,
};
use crate::fact::{ApiError, ClusterId, Fact, Observable, Observed, Unobserved};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Observation {
    #[serde(default, deserialize_with = "moment")]
    observed_at: Option<DateTime<Utc>>,
    cluster_arn: Option<String>,
    services: Option<Vec<Service>>,
    tasks: Option<Vec<TaskDescription>>,
    #[serde(default)]
    failures: Vec<FailureDescription>,
    #[serde(default)]
    scalable_targets: Vec<ScalableTarget>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Service {
    #[serde(flatten)]
    service: ServiceDescription,
    #[serde(default)]
    stopped_tasks: Vec<TaskDescription>,
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
    message: Option<String>,
}

/// What tells an observation from any other object.
#[derive(Deserialize)]
struct Shape {
    services: Option<IgnoredAny>,
    tasks: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
}

pub(super) fn decode(body: &str) -> Result<Decoded, DecodeError> {
    match serde_json::from_str(body) {
        Ok(Shape {
            services: None,
            tasks: None,
            error: None,
        })
        | Err(_) => return Err(DecodeError::NotAnEvent),
        Ok(_) => {}
    }
    let observation: Observation =
        serde_json::from_str(body).map_err(|error| DecodeError::DescriptionType {
            line: error.line(),
            column: error.column(),
        })?;
    let at = observation
        .observed_at
        .or_else(|| observation.newest())
        .ok_or(DecodeError::DescriptionMissing("observedAt"))?;
    let facts = observation.facts(at)?;
    Ok(if facts.is_empty() {
        Decoded::Ignored(IgnoredReason::NothingDescribed)
    } else {
        Decoded::Facts(facts)
    })
}

impl Observation {
    fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().flatten()
    }

    fn tasks(&self) -> impl Iterator<Item = &TaskDescription> {
        self.tasks.iter().flatten()
    }

    /// Where it was asked: all of one answer is of one cluster.
    fn cluster(&self) -> Option<ClusterId> {
        let described = || {
            self.services()
                .find_map(|service| service.service.cluster_arn.as_deref())
        };
        let cluster_arn = self.cluster_arn.as_deref().or_else(described);
        cluster_arn.and_then(arn::cluster_id)
    }

    /// The newest time inside: it was asked no earlier.
    fn newest(&self) -> Option<DateTime<Utc>> {
        let events = self.services().flat_map(|service| &service.service.events);
        let stopped = self.services().flat_map(|service| &service.stopped_tasks);
        let times = |task: &TaskDescription| [task.created_at, task.started_at, task.stopped_at];
        events
            .map(|event| event.created_at)
            .chain(self.tasks().chain(stopped).flat_map(times))
            .flatten()
            .max()
    }

    fn facts(&self, at: DateTime<Utc>) -> Result<Vec<Fact>, DecodeError> {
        let mut facts = Vec::new();
        for service in self.services() {
            let observed = service.observed(at, &self.scalable_targets);
            let observed = observed.ok_or(DecodeError::DescriptionMissing("serviceArn"))?;
            facts.push(Fact::Observed(Box::new(observed)));
        }
        let cluster = self.cluster();
        // A task that is forgotten says nothing; a service that is missing is none.
        if self.services.is_some() {
            let missing = self
                .failures
                .iter()
                .filter_map(|failure| description::missing(failure, cluster.as_ref(), at));
            facts.extend(missing.map(|observed| Fact::Observed(Box::new(observed))));
        }
        for task in self.tasks().filter(|task| !task.is_of_service()) {
            let fact = description::task(task, at);
            facts.push(fact.ok_or(DecodeError::DescriptionMissing("taskArn"))?);
        }
        if let Some(Refusal { code, message }) = &self.error {
            facts.push(Fact::Unobserved(Box::new(Unobserved {
                observed_at: at,
                cluster: cluster.ok_or(DecodeError::DescriptionMissing("clusterArn"))?,
                about: Observable::Services,
                error: ApiError {
                    code: code.clone(),
                    message: message.clone(),
                },
            })));
        }
        Ok(facts)
    }
}

impl Service {
    /// Since when is not known here: the fold leaves out what ECS said before the call.
    fn observed(&self, at: DateTime<Utc>, targets: &[ScalableTarget]) -> Option<Observed> {
        let stopped = self
            .stopped_tasks
            .iter()
            .filter_map(description::stop_remark)
            .max();
        let since = DateTime::<Utc>::MIN_UTC;
        let mut observed = description::observed(&self.service, since, at, stopped, None)?;
        let id = &observed.service;
        let target = targets
            .iter()
            .find(|target| target.is_of(&id.cluster, &id.name));
        if let Some(state) = &mut observed.state {
            state.bounds = target.map(ScalableTarget::bounds);
        }
        Some(observed)
    }
}
