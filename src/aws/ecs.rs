//! Asks ECS how services and tasks are, and Application Auto Scaling within which bounds it keeps a service's count.
//!
//! Requests keep to a rate and end before the deadline. The first question is how services and tasks are. In the time
//! that is left the adapter asks why tasks stopped, and for the bounds; where the function's role lacks the permission
//! for one of these two, the adapter goes on without the answer.
//!
//! Each account has clients of its own (see `accounts`). All of them share the rate.

mod accounts;
mod copy;
mod request;
mod seen;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_applicationautoscaling as autoscaling;
use aws_sdk_ecs as ecs;
use chrono::{DateTime, Utc};
use tokio::time::Instant;

pub use self::accounts::EcsAccess;
use self::accounts::{Account, Accounts};
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
    accounts: Accounts,
    requests: Requests,
    memory: Mutex<Memory>,
}

/// What need not be asked again, or not yet. Where another instance looks next, it only asks once more.
#[derive(Debug, Default)]
struct Memory {
    /// The call of each service whose bounds were asked.
    bounds: BTreeMap<ServiceId, DateTime<Utc>>,
    /// When the stopped tasks of each service were asked about.
    stops: BTreeMap<ServiceId, DateTime<Utc>>,
}

impl AwsEcs {
    /// Clients that share a configuration with all others, in the accounts that `access` names.
    #[must_use]
    pub fn new(config: &SdkConfig, access: EcsAccess) -> Self {
        // The SDK's own retries are off, because they would not keep to the rate.
        let once = RetryConfig::disabled();
        let config = config.to_builder().retry_config(once).build();
        Self {
            accounts: Accounts::new(config, access),
            requests: Requests::new(),
            memory: Mutex::default(),
        }
    }

    async fn services(
        &self,
        cluster: &ClusterId,
        services: &[WantedService],
        deadline: Instant,
    ) -> Result<(Vec<ServiceDescription>, Vec<FailureDescription>), Failure> {
        let names: Vec<String> = services.iter().map(|one| one.id.name.clone()).collect();
        let account = self.account(cluster).await?;
        let request = account
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
        let account = self.account(cluster).await?;
        let request = account
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
        let mut failed: BTreeSet<&str> = BTreeSet::new();
        let mut asked = 0;
        for service in open {
            let Ok(account) = self.account(&service.id.cluster_id()).await else {
                continue;
            };
            if failed.contains(service.id.account.as_str()) || !account.may_list_tasks.is_given() {
                continue;
            }
            if asked == EXPLAINED {
                return;
            }
            asked += 1;
            match self.newest_stop(service.id, service.since, deadline).await {
                Ok(remark) => {
                    service.stopped = remark;
                    self.memory().stops.insert(service.id.clone(), now);
                }
                Err(Failure::OutOfTime) => return,
                Err(failure) => {
                    let what = "why tasks stopped (ecs:ListTasks, ecs:DescribeTasks)";
                    account.may_list_tasks.note(&failure, what);
                    failed.insert(&service.id.account);
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
        let account = self.account(&cluster).await?;
        let request = account
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
        let mut open: BTreeMap<(&str, &str), Vec<&mut Described<'_>>> = BTreeMap::new();
        for service in &mut seen.services {
            if self.memory().bounds.get(service.id) != Some(&service.since) {
                let place = (service.id.account.as_str(), service.id.region.as_str());
                open.entry(place).or_default().push(service);
            }
        }
        for ((_, region), mut services) in open {
            let Ok(account) = self.account(&services[0].id.cluster_id()).await else {
                continue;
            };
            for services in services.chunks_mut(TARGETS) {
                if !account.may_see_targets.is_given() {
                    break;
                }
                match self.targets(account, region, services, deadline).await {
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
                        account.may_see_targets.note(&failure, what);
                        break;
                    }
                }
            }
        }
    }

    async fn targets(
        &self,
        account: &Account,
        region: &str,
        services: &[&mut Described<'_>],
        deadline: Instant,
    ) -> Result<Vec<ScalableTarget>, Failure> {
        let resource = |service: &&mut Described<'_>| {
            format!("service/{}/{}", service.id.cluster, service.id.name)
        };
        let request = account
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

    async fn account(&self, cluster: &ClusterId) -> Result<&Account, Failure> {
        let account = self.accounts.of(cluster).await;
        account.map_err(|error| Failure::Failed {
            error,
            is_transient: false,
        })
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
