//! Reads what the AWS CLI prints about services and tasks, so that a replay shows whether tasks came up.
//!
//! Pure. An object with `services` or `tasks` (and `failures`), as `aws ecs describe-services` and `aws ecs
//! describe-tasks` print it, is an answer of ECS. A file may add what those commands do not print:
//! `observedAt`, the moment of asking, which is otherwise the newest time inside; `scalableTargets` as `aws
//! application-autoscaling describe-scalable-targets` prints them; `stoppedTasks` of a service; and, where asking
//! failed, `error` and `clusterArn`.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::core::arn;
use crate::core::description::{
    self, FailureDescription, ScalableTarget, ServiceDescription, TaskDescription, moment,
};
use crate::core::fact::{ApiError, ClusterId};
use crate::core::observation::{Answer, AskFailure, Observable, Observations, ServiceLook};
use crate::core::runs::{Run, Runs, Subject};

/// For how long after a call an answer may be about it.
const REACH: TimeDelta = TimeDelta::hours(3);

/// Why a description cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum DescriptionError {
    /// A field has another type than ECS documents.
    #[error("a field of the description has an unexpected type (line {line}, column {column})")]
    Type {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A field is missing without which the description says nothing.
    #[error("the description has no usable `{0}`")]
    Missing(&'static str),
}

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

/// The fields by which an answer of ECS is told from any other object.
#[derive(Deserialize)]
struct Shape {
    services: Option<IgnoredAny>,
    tasks: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
}

/// The answers in a body, each with the time of asking; `None` where the body is no description.
pub(super) fn answers(body: &str) -> Option<Result<Vec<Answer>, DescriptionError>> {
    match serde_json::from_str(body) {
        Ok(Shape {
            services: None,
            tasks: None,
            error: None,
        })
        | Err(_) => None,
        Ok(_) => Some(parse(body)),
    }
}

fn parse(body: &str) -> Result<Vec<Answer>, DescriptionError> {
    let observation: Observation =
        serde_json::from_str(body).map_err(|error| DescriptionError::Type {
            line: error.line(),
            column: error.column(),
        })?;
    let at = observation
        .observed_at
        .or_else(|| observation.newest())
        .ok_or(DescriptionError::Missing("observedAt"))?;
    observation.answers(at)
}

/// What the answers, in any order, say about the runs of a window.
pub(super) fn observations(answers: &[Answer], runs: &Runs) -> Observations {
    let mut observations = Observations::default();
    let mut looks: Vec<&ServiceLook> = Vec::new();
    let mut failures: Vec<&AskFailure> = Vec::new();
    for answer in answers {
        match answer {
            Answer::Service(look) => looks.push(look),
            Answer::Task(state) => observations.task(state.clone()),
            Answer::Failure(failure) => failures.push(failure),
        }
    }
    looks.sort_by_key(|look| look.at);
    failures.sort_by_key(|failure| failure.at);
    for (subject, run) in runs.iter() {
        let Subject::Service(id) = subject else {
            continue;
        };
        for look in looks
            .iter()
            .filter(|look| look.service == *id && is_about(run, look))
        {
            let observation = observations.service_mut(id, run.time, look.at);
            observation.ask(look.at);
            observation.take(look, run.is_deployment());
        }
    }
    // In the order of their times: only the last failure of a cluster counts.
    for failure in failures {
        observations.fail(failure.clone());
    }
    observations
}

fn is_about(run: &Run, look: &ServiceLook) -> bool {
    let since = run.since();
    let until = run
        .superseded_at
        .unwrap_or(since + REACH)
        .min(since + REACH);
    (since..until).contains(&look.at)
}

impl Observation {
    fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().flatten()
    }

    fn tasks(&self) -> impl Iterator<Item = &TaskDescription> {
        self.tasks.iter().flatten()
    }

    /// The cluster that was asked: one answer is about one cluster.
    fn cluster(&self) -> Option<ClusterId> {
        let described = || {
            self.services()
                .find_map(|service| service.service.cluster_arn.as_deref())
        };
        let cluster_arn = self.cluster_arn.as_deref().or_else(described);
        cluster_arn.and_then(arn::cluster_id)
    }

    /// The newest time in the answer: ECS was asked at that time or later.
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

    fn answers(&self, at: DateTime<Utc>) -> Result<Vec<Answer>, DescriptionError> {
        let mut answers = Vec::new();
        for service in self.services() {
            let look = service.look(at, &self.scalable_targets);
            let look = look.ok_or(DescriptionError::Missing("serviceArn"))?;
            answers.push(Answer::Service(look));
        }
        let cluster = self.cluster();
        // `MISSING` means of a service that it does not exist, and of a task only that ECS has forgotten it.
        if self.services.is_some() {
            let missing = self
                .failures
                .iter()
                .filter_map(|failure| description::missing(failure, cluster.as_ref(), at));
            answers.extend(missing.map(Answer::Service));
        }
        for task in self.tasks().filter(|task| !task.is_of_service()) {
            let state = description::task(task, at);
            answers.push(Answer::Task(
                state.ok_or(DescriptionError::Missing("taskArn"))?,
            ));
        }
        if let Some(Refusal { code, message }) = &self.error {
            answers.push(Answer::Failure(AskFailure {
                at,
                cluster: cluster.ok_or(DescriptionError::Missing("clusterArn"))?,
                about: Observable::Services,
                error: ApiError {
                    code: code.clone(),
                    message: message.clone(),
                },
            }));
        }
        Ok(answers)
    }
}

impl Service {
    /// Keeps all events of the description: each run leaves out those from before its call.
    fn look(&self, at: DateTime<Utc>, targets: &[ScalableTarget]) -> Option<ServiceLook> {
        let stopped = self
            .stopped_tasks
            .iter()
            .filter_map(description::stop_remark)
            .max();
        let since = DateTime::<Utc>::MIN_UTC;
        let mut look = description::look(&self.service, since, at, stopped, None)?;
        let id = &look.service;
        let target = targets
            .iter()
            .find(|target| target.is_of(&id.cluster, &id.name));
        if let Some(state) = &mut look.state {
            state.bounds = target.map(ScalableTarget::bounds);
        }
        Some(look)
    }
}
