//! Collects the answers of one look, and which services still need an explanation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use crate::core::arn;
use crate::core::description::{
    FailureDescription, ScalableTarget, ServiceDescription, TaskDescription, look, missing, task,
};
use crate::core::fact::{ApiError, ClusterId, ServiceId, TaskId};
use crate::core::look::WantedService;
use crate::core::observation::{Answer, AskFailure, Bounds, Observable, Remark, RolloutState};

/// For how long after a call no task can have failed to start yet, so that nothing need be asked about stopped tasks.
const TOO_SOON: TimeDelta = TimeDelta::seconds(15);

/// A service that was described, and what else is known of it.
#[derive(Debug)]
pub(super) struct Described<'a> {
    pub(super) id: &'a ServiceId,
    pub(super) since: DateTime<Utc>,
    pub(super) description: ServiceDescription,
    pub(super) stopped: Option<Remark>,
    pub(super) bounds: Option<Bounds>,
}

/// What was learned in one look.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    now: DateTime<Utc>,
    pub(super) services: Vec<Described<'a>>,
    answers: Vec<Answer>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self {
            now,
            services: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// Takes the answer about services.
    pub(super) fn services(
        &mut self,
        cluster: &ClusterId,
        asked: &'a [WantedService],
        described: Vec<ServiceDescription>,
        failures: &[FailureDescription],
    ) {
        let mut open: BTreeMap<&'a ServiceId, DateTime<Utc>> =
            asked.iter().map(|one| (&one.id, one.since)).collect();
        for mut description in described {
            let service_arn = description.service_arn.as_deref();
            let id = service_arn.and_then(|service_arn| {
                arn::service_id(service_arn, description.cluster_arn.as_deref())
            });
            if let Some((id, since)) = id.and_then(|id| open.remove_entry(&id)) {
                // A hundred events for each of many services would take much memory until the look is over.
                let events = &mut description.events;
                events.retain(|event| event.created_at.is_some_and(|at| at >= since));
                events.shrink_to_fit();
                self.services.push(Described {
                    id,
                    since,
                    description,
                    stopped: None,
                    bounds: None,
                });
            }
        }
        for failure in failures {
            let gone = missing(failure, Some(cluster), self.now);
            if let Some(gone) = gone.filter(|gone| open.remove(&gone.service).is_some()) {
                self.answers.push(Answer::Service(gone));
            }
        }
        let names: Vec<&str> = open.into_keys().map(|id| id.name.as_str()).collect();
        self.leave_open(cluster, Observable::Services, &names, failures);
    }

    /// Takes the answer about tasks.
    pub(super) fn tasks(
        &mut self,
        cluster: &ClusterId,
        asked: &[TaskId],
        described: &[TaskDescription],
        failures: &[FailureDescription],
    ) {
        let mut open: BTreeSet<&TaskId> = asked.iter().collect();
        for state in described.iter().filter_map(|known| task(known, self.now)) {
            if open.remove(&state.task) {
                self.answers.push(Answer::Task(state));
            }
        }
        let names: Vec<&str> = open.into_iter().map(|task| task.id.as_str()).collect();
        self.leave_open(cluster, Observable::Tasks, &names, failures);
    }

    /// Notes a failure for what the answer left out, such as tasks that ECS has forgotten: otherwise they would look as
    /// if they had not been asked about, and would be asked about again at once, without end.
    fn leave_open(
        &mut self,
        cluster: &ClusterId,
        about: Observable,
        names: &[&str],
        failures: &[FailureDescription],
    ) {
        let Some(name) = names.first() else { return };
        let is_it = |failure: &&FailureDescription| {
            let known = failure.arn.as_deref().map(arn::last_segment);
            known == Some(name)
        };
        let reason = failures
            .iter()
            .find(is_it)
            .and_then(|failure| failure.reason.clone());
        let others = match names.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let error = ApiError {
            code: reason.unwrap_or_else(|| "NoAnswer".to_owned()),
            message: Some(format!("ECS does not describe {name}{others}")),
        };
        self.fail(cluster, about, error);
    }

    /// Notes that a cluster could not be asked about.
    pub(super) fn fail(&mut self, cluster: &ClusterId, about: Observable, error: ApiError) {
        let name = Place(cluster);
        let failure = AskFailure {
            at: self.now,
            cluster: cluster.clone(),
            about,
            error,
        };
        let code = &failure.error.code;
        if failure.is_by_choice() {
            tracing::info!(ecs.cluster = %name, "no role is configured to see how {name} is");
        } else {
            tracing::warn!(
                ecs.cluster = %name,
                error.code = code,
                "cannot see how {name} is: {code}"
            );
        }
        self.answers.push(Answer::Failure(failure));
    }

    pub(super) fn into_answers(self) -> Vec<Answer> {
        let mut answers = self.answers;
        let now = self.now;
        let looks = self.services.into_iter().filter_map(|service| {
            let (stopped, bounds) = (service.stopped, service.bounds);
            look(&service.description, service.since, now, stopped, bounds)
        });
        answers.extend(looks.map(Answer::Service));
        answers
    }
}

/// A cluster's name for the log.
struct Place<'a>(&'a ClusterId);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.0.name, self.0.region)
    }
}

impl Described<'_> {
    /// Whether tasks are absent, or fail to start, and nothing tells why.
    pub(super) fn is_unexplained(&self, now: DateTime<Utc>) -> bool {
        let state =
            look(&self.description, self.since, now, None, None).and_then(|look| look.state);
        let Some(state) = state.filter(|_| now - self.since >= TOO_SOON) else {
            return false;
        };
        let is_deploying = state
            .rollout
            .is_some_and(|rollout| rollout.state != RolloutState::Completed);
        let has_failed = |status: Option<&str>, tasks: i64| status == Some("PRIMARY") && tasks > 0;
        let is_failing =
            self.description.deployments.iter().any(|deployment| {
                has_failed(deployment.status.as_deref(), deployment.failed_tasks)
            });
        let is_short = state.running < state.desired;
        (is_short || (is_deploying && is_failing)) && state.trouble.is_none()
    }

    pub(super) fn bounds_of(&self, targets: &[ScalableTarget]) -> Option<Bounds> {
        let is_its = |target: &&ScalableTarget| target.is_of(&self.id.cluster, &self.id.name);
        targets.iter().find(is_its).map(ScalableTarget::bounds)
    }
}
