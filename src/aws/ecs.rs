//! Asks ECS how services and tasks are, and Application Auto Scaling within which bounds it keeps a service's count.
//!
//! Requests keep to a rate and end before the deadline. The first question is how services and tasks are. In the time
//! that is left the adapter asks why tasks stopped, and for the bounds; where the function's role lacks the permission
//! for one of these two, the adapter goes on without the answer.

mod copy;
mod request;
mod seen;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_applicationautoscaling as autoscaling;
use aws_sdk_ecs as ecs;
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use self::copy::all;
use self::request::{Failure, Requests};
use self::seen::{Described, Seen};
use crate::core::description::{
    FailureDescription, ScalableTarget, ServiceDescription, TaskDescription, stop_remark,
};
use crate::core::fact::{ClusterId, ServiceId};
use crate::core::look::{Wanted, WantedService};
use crate::core::observation::{Observable, Remark};
use crate::ports::ecs::{Asked, Ecs};

/// How many services one `DescribeServices` takes:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html>.
const SERVICES: usize = 10;
/// How many tasks one `DescribeTasks` takes, and one `ListTasks` returns:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html>.
const TASKS: usize = 100;
/// How many services one `DescribeScalableTargets` takes, by the API's model.
const TARGETS: usize = 50;
/// For how many services one look asks for stopped tasks, which takes two requests for each.
const EXPLAINED: usize = 5;

/// ECS, and what this instance asked it before.
#[derive(Debug)]
pub struct AwsEcs {
    ecs: ecs::Client,
    autoscaling: autoscaling::Client,
    requests: Requests,
    memory: Mutex<Memory>,
    may_list_tasks: Permission,
    may_see_targets: Permission,
}

/// What need not be asked again, or not yet. Where another instance looks next, it only asks once more.
#[derive(Debug, Default)]
struct Memory {
    /// The call of each service whose bounds were asked.
    bounds: BTreeMap<ServiceId, DateTime<Utc>>,
    /// When the stopped tasks of each service were asked about.
    stops: BTreeMap<ServiceId, DateTime<Utc>>,
}

/// Whether a request may be made: it may until AWS refuses it for lack of a permission.
#[derive(Debug, Default)]
struct Permission {
    is_denied: AtomicBool,
}

impl Permission {
    fn is_given(&self) -> bool {
        !self.is_denied.load(Ordering::Relaxed)
    }

    /// Notes a failure. Logs once that the permission is missing, if that is the failure.
    fn note(&self, failure: &Failure, what: &str) {
        if failure.is_denied() && !self.is_denied.swap(true, Ordering::Relaxed) {
            tracing::warn!("the function may not ask {what}; going on without");
        }
    }
}

impl AwsEcs {
    /// Clients that share a configuration with all others.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        // The SDK's own retries are off, because they would not keep to the rate.
        let once = RetryConfig::disabled();
        let config = config.to_builder().retry_config(once).build();
        Self {
            ecs: ecs::Client::new(&config),
            autoscaling: autoscaling::Client::new(&config),
            requests: Requests::new(),
            memory: Mutex::default(),
            may_list_tasks: Permission::default(),
            may_see_targets: Permission::default(),
        }
    }

    async fn services(
        &self,
        cluster: &ClusterId,
        services: &[WantedService],
        deadline: Instant,
    ) -> Result<(Vec<ServiceDescription>, Vec<FailureDescription>), Failure> {
        let names: Vec<String> = services.iter().map(|one| one.id.name.clone()).collect();
        let request = self
            .ecs
            .describe_services()
            .cluster(arn_of(cluster))
            .set_services(Some(names));
        let send = async || {
            let request = request.clone().customize();
            request.config_override(region(cluster)).send().await
        };
        let answer = self.requests.send(send, deadline).await?;
        Ok((all(answer.services), all(answer.failures)))
    }

    async fn tasks(
        &self,
        cluster: &ClusterId,
        tasks: Vec<String>,
        deadline: Instant,
    ) -> Result<(Vec<TaskDescription>, Vec<FailureDescription>), Failure> {
        let request = self
            .ecs
            .describe_tasks()
            .cluster(arn_of(cluster))
            .set_tasks(Some(tasks));
        let send = async || {
            let request = request.clone().customize();
            request.config_override(region(cluster)).send().await
        };
        let answer = self.requests.send(send, deadline).await?;
        Ok((all(answer.tasks), all(answer.failures)))
    }

    /// Asks why tasks stopped, of those services whose own events do not say why they are not at their counts.
    async fn explain(&self, seen: &mut Seen<'_>, now: DateTime<Utc>, deadline: Instant) {
        let mut open: Vec<&mut Described<'_>> = seen
            .services
            .iter_mut()
            .filter(|service| service.is_unexplained(now))
            .collect();
        // Where there are more services than one look can ask about, they take turns.
        open.sort_by_cached_key(|service| self.memory().stops.get(service.id).copied());
        for service in open.into_iter().take(EXPLAINED) {
            if !self.may_list_tasks.is_given() {
                return;
            }
            match self.newest_stop(service.id, service.since, deadline).await {
                Ok(remark) => {
                    service.stopped = remark;
                    self.memory().stops.insert(service.id.clone(), now);
                }
                Err(failure) => {
                    let what = "why tasks stopped (ecs:ListTasks, ecs:DescribeTasks)";
                    self.may_list_tasks.note(&failure, what);
                    return;
                }
            }
        }
    }

    /// The explanation that the newest of a service's stopped tasks gives.
    async fn newest_stop(
        &self,
        service: &ServiceId,
        since: DateTime<Utc>,
        deadline: Instant,
    ) -> Result<Option<Remark>, Failure> {
        let cluster = service.cluster_id();
        let request = self
            .ecs
            .list_tasks()
            .cluster(arn_of(&cluster))
            .service_name(&service.name)
            .desired_status(ecs::types::DesiredStatus::Stopped);
        let send = async || {
            let request = request.clone().customize();
            request.config_override(region(&cluster)).send().await
        };
        let answer = self.requests.send(send, deadline).await?;
        let stopped = answer.task_arns.unwrap_or_default();
        if stopped.is_empty() {
            return Ok(None);
        }
        let (stopped, _) = self.tasks(&cluster, stopped, deadline).await?;
        let remarks = stopped.iter().filter_map(stop_remark);
        Ok(remarks.filter(|remark| remark.at >= since).max())
    }

    /// Asks for the bounds within which Application Auto Scaling keeps the counts of services, once for each call.
    async fn bound(&self, seen: &mut Seen<'_>, deadline: Instant) {
        let mut open: BTreeMap<String, Vec<&mut Described<'_>>> = BTreeMap::new();
        for service in &mut seen.services {
            if self.memory().bounds.get(service.id) != Some(&service.since) {
                let region = service.id.region.clone();
                open.entry(region).or_default().push(service);
            }
        }
        for (region, mut services) in open {
            for services in services.chunks_mut(TARGETS) {
                if !self.may_see_targets.is_given() {
                    return;
                }
                match self.targets(&region, services, deadline).await {
                    Ok(targets) => {
                        for service in services {
                            service.bounds = service.bounds_of(&targets);
                            let memory = &mut self.memory().bounds;
                            memory.insert(service.id.clone(), service.since);
                        }
                    }
                    Err(failure) => {
                        let what = "what scales services \
                                    (application-autoscaling:DescribeScalableTargets)";
                        self.may_see_targets.note(&failure, what);
                        break;
                    }
                }
            }
        }
    }

    async fn targets(
        &self,
        region: &str,
        services: &[&mut Described<'_>],
        deadline: Instant,
    ) -> Result<Vec<ScalableTarget>, Failure> {
        let resource = |service: &&mut Described<'_>| {
            format!("service/{}/{}", service.id.cluster, service.id.name)
        };
        let request = self
            .autoscaling
            .describe_scalable_targets()
            .service_namespace(autoscaling::types::ServiceNamespace::Ecs)
            .scalable_dimension(autoscaling::types::ScalableDimension::EcsServiceDesiredCount)
            .set_resource_ids(Some(services.iter().map(resource).collect()));
        let region = autoscaling::config::Region::new(region.to_owned());
        let there = autoscaling::config::Builder::default().region(region);
        let send = async || {
            let request = request.clone().customize();
            request.config_override(there.clone()).send().await
        };
        let answer = self.requests.send(send, deadline).await?;
        Ok(all(answer.scalable_targets))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ecs for AwsEcs {
    async fn look(&self, wanted: &Wanted, now: DateTime<Utc>, deadline: Instant) -> Asked {
        let mut seen = Seen::new(now);
        let (services, in_time) = self.ask_all_services(wanted, &mut seen, deadline).await;
        let tasks = if in_time {
            self.ask_all_tasks(wanted, &mut seen, deadline).await
        } else {
            0
        };
        self.bound(&mut seen, deadline).await;
        self.explain(&mut seen, now, deadline).await;
        Asked {
            answers: seen.into_answers(),
            services,
            tasks,
        }
    }
}

impl AwsEcs {
    /// Asks about services in their order, as many of one cluster at once as a request takes. Returns of how many it
    /// asked, and whether there was time for all.
    async fn ask_all_services<'a>(
        &self,
        wanted: &'a Wanted,
        seen: &mut Seen<'a>,
        deadline: Instant,
    ) -> (usize, bool) {
        let is_same = |one: &WantedService, other: &WantedService| {
            (&one.id.account, &one.id.region, &one.id.cluster)
                == (&other.id.account, &other.id.region, &other.id.cluster)
        };
        let mut failed: BTreeSet<ClusterId> = BTreeSet::new();
        let mut asked = 0;
        for of_cluster in wanted.services.chunk_by(is_same) {
            for services in of_cluster.chunks(SERVICES) {
                let cluster = services[0].id.cluster_id();
                if !failed.contains(&cluster) {
                    match self.services(&cluster, services, deadline).await {
                        Ok((described, failures)) => {
                            seen.services(&cluster, services, described, &failures);
                        }
                        Err(Failure::OutOfTime) => return (asked, false),
                        Err(Failure::Failed { error, .. }) => {
                            seen.fail(&cluster, Observable::Services, error);
                            failed.insert(cluster);
                        }
                    }
                }
                asked += services.len();
            }
        }
        (asked, true)
    }

    /// As [`Self::ask_all_services`], about tasks. A role that may not see services may still see tasks.
    async fn ask_all_tasks(
        &self,
        wanted: &Wanted,
        seen: &mut Seen<'_>,
        deadline: Instant,
    ) -> usize {
        let mut failed: BTreeSet<ClusterId> = BTreeSet::new();
        let mut asked = 0;
        for of_cluster in wanted
            .tasks
            .chunk_by(|one, other| one.cluster == other.cluster)
        {
            for tasks in of_cluster.chunks(TASKS) {
                let cluster = &tasks[0].cluster;
                if !failed.contains(cluster) {
                    let ids = tasks.iter().map(|task| task.id.clone()).collect();
                    match self.tasks(cluster, ids, deadline).await {
                        Ok((described, failures)) => {
                            seen.tasks(cluster, tasks, &described, &failures);
                        }
                        Err(Failure::OutOfTime) => return asked,
                        Err(Failure::Failed { error, .. }) => {
                            seen.fail(cluster, Observable::Tasks, error);
                            failed.insert(cluster.clone());
                        }
                    }
                }
                asked += tasks.len();
            }
        }
        asked
    }
}

/// The cluster's ARN: a name alone would be looked up in the account of the function.
fn arn_of(cluster: &ClusterId) -> String {
    let ClusterId {
        name,
        region,
        account,
    } = cluster;
    let partition = if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    };
    format!("arn:{partition}:ecs:{region}:{account}:cluster/{name}")
}

/// The Region of a cluster, which may be another than the function's.
fn region(cluster: &ClusterId) -> ecs::config::Builder {
    ecs::config::Builder::default().region(ecs::config::Region::new(cluster.region.clone()))
}
