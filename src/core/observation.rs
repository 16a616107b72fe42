//! What ECS answered when it was asked, and what of the answers is kept.
//!
//! Pure. One answer about a service is a [`ServiceLook`]. The log does not keep each of them: the holder of the
//! window's claim keeps one [`ServiceObservation`] for each run of a service, which takes the looks in one after
//! the other. It holds what a row needs: the counts of the last look, since when the service is at its count, and
//! what explains trouble.

mod stored;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::fact::{ApiError, ClusterId, ServiceId, TaskId, TaskState};
use super::trouble::trouble;

use self::stored::Stored;
pub use self::stored::StoredObservations;

/// What ECS answered, or did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// About one service.
    Service(ServiceLook),
    /// About a job's task.
    Task(TaskState),
    /// A request about a cluster failed, or left something out.
    Failure(AskFailure),
}

/// What ECS answered about one service at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLook {
    /// When it was asked.
    pub at: DateTime<Utc>,
    /// The service.
    pub service: ServiceId,
    /// How the service was; `None` where ECS has no such service.
    pub state: Option<ServiceState>,
}

/// How a service is, as `DescribeServices` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceState {
    /// How many tasks are to run (`desiredCount`).
    pub desired: i64,
    /// How many tasks run (`runningCount`).
    pub running: i64,
    /// How many tasks are being started (`pendingCount`).
    pub pending: i64,
    /// The primary deployment's rollout, where ECS tells.
    pub rollout: Option<Rollout>,
    /// The newest service event which says that the service is steady.
    pub steady_at: Option<DateTime<Utc>>,
    /// The newest service event or stopped task that explains trouble.
    pub trouble: Option<Remark>,
    /// Within what Application Auto Scaling keeps the count, where it was asked.
    pub bounds: Option<Bounds>,
}

impl ServiceState {
    /// Whether as many tasks run as are to run. A service with a new deployment may have the right count all the
    /// time, so there the deployment must be complete, too.
    #[must_use]
    pub fn is_at_count(&self, is_deployment: bool) -> bool {
        let is_deploying = is_deployment
            && self
                .rollout
                .as_ref()
                .is_some_and(|rollout| rollout.state != RolloutState::Completed);
        self.running == self.desired && self.pending == 0 && !is_deploying
    }

    /// What a failed deployment explains: it matters where a deployment was asked for or tasks are absent. One that
    /// failed long ago explains nothing about a service at its count.
    fn failed_rollout(&self, at: DateTime<Utc>, is_deployment: bool) -> Option<Remark> {
        let rollout = self.rollout.as_ref()?;
        let is_to_blame =
            rollout.state == RolloutState::Failed && (is_deployment || self.running < self.desired);
        let reason = rollout.reason.as_deref().unwrap_or("no reason given");
        is_to_blame.then(|| Remark {
            at,
            text: format!("deployment failed: {reason}"),
        })
    }
}

/// How far a deployment is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// `rolloutState`.
    pub state: RolloutState,
    /// `rolloutStateReason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The states of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RolloutState {
    /// `COMPLETED`.
    Completed,
    /// `IN_PROGRESS`.
    InProgress,
    /// `FAILED`.
    Failed,
}

/// Something that ECS said at a moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Remark {
    /// When.
    pub at: DateTime<Utc>,
    /// The text as ECS wrote it.
    pub text: String,
}

/// What Application Auto Scaling keeps a service's desired count within.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Bounds {
    /// `MinCapacity`; `None` where scaling out is suspended.
    pub min: Option<i64>,
    /// `MaxCapacity`; `None` where scaling in is suspended.
    pub max: Option<i64>,
}

/// A request to ECS about a cluster failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskFailure {
    /// When it was asked.
    pub at: DateTime<Utc>,
    /// The cluster.
    pub cluster: ClusterId,
    /// What it was asked about.
    #[serde(default)]
    pub about: Observable,
    /// Why, such as `AccessDeniedException`.
    pub error: ApiError,
}

/// The code of the failure where no role is configured to ask ECS in a cluster's account, so that it was not asked.
pub const NO_READER_ROLE: &str = "NoReaderRole";

impl AskFailure {
    /// Whether nothing was asked, because no role is configured for the cluster's account.
    #[must_use]
    pub fn is_by_choice(&self) -> bool {
        self.error.code == NO_READER_ROLE
    }

    /// Whether asking again would be of no use: permission is denied, ECS knows no such cluster here, or no
    /// role is configured for the cluster's account.
    #[must_use]
    pub fn is_final(&self) -> bool {
        const FINAL: [&str; 5] = [
            "AccessDenied",
            "ClusterNotFound",
            "InvalidParameter",
            NO_READER_ROLE,
            "UnrecognizedClient",
        ];
        FINAL.iter().any(|code| self.error.code.starts_with(code))
    }
}

/// What ECS is asked about.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Observable {
    /// How services are.
    #[default]
    Services,
    /// How tasks of jobs are.
    Tasks,
}

/// How many different remarks are kept for a service: the newest tell, and a service in trouble repeats itself.
const REMARKS: usize = 6;

/// Everything that the looks at one run of a service came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct ServiceObservation {
    /// How often ECS was asked, whether or not it answered.
    pub asks: u32,
    /// When ECS was asked last.
    pub last_ask: DateTime<Utc>,
    /// What it answered last; `None` while it has not answered.
    pub seen: Option<Seen>,
    /// Since when every look saw the service at its count.
    pub reached_at: Option<DateTime<Utc>>,
    /// When a look last saw it at the count since [`Self::reached_at`].
    pub still_at: Option<DateTime<Utc>>,
    /// When a look last saw the service away from its count.
    pub away_at: Option<DateTime<Utc>>,
    /// When service events said that the service is steady: the first since it was away, and the newest.
    pub steady_at: Vec<DateTime<Utc>>,
    /// What explains trouble: each text once, with its newest time.
    pub remarks: Vec<Remark>,
    /// Within what Application Auto Scaling keeps the count, where it was ever asked.
    pub bounds: Option<Bounds>,
    /// In which chunk of the log it is kept; the log knows that by itself.
    pub chunk: usize,
}

/// What ECS answered about a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// ECS has no such service.
    Gone,
    /// How the service was. What it says of steadiness, trouble and bounds stands in the observation.
    State(ServiceState),
}

impl ServiceObservation {
    /// Nothing yet but that ECS was asked.
    #[must_use]
    pub fn asked(at: DateTime<Utc>) -> Self {
        Self {
            asks: 0,
            last_ask: at,
            seen: None,
            reached_at: None,
            still_at: None,
            away_at: None,
            steady_at: Vec::new(),
            remarks: Vec::new(),
            bounds: None,
            chunk: 0,
        }
    }

    /// Counts an ask, answered or not.
    pub fn ask(&mut self, at: DateTime<Utc>) {
        self.asks += 1;
        self.last_ask = self.last_ask.max(at);
    }

    /// Takes in an answer. Looks come in the order of their times.
    pub fn take(&mut self, look: &ServiceLook, is_deployment: bool) {
        let Some(state) = &look.state else {
            (self.seen, self.reached_at) = (Some(Seen::Gone), None);
            self.away_at = Some(look.at);
            return;
        };
        if state.is_at_count(is_deployment) {
            self.reached_at = self.reached_at.or(Some(look.at));
            self.still_at = Some(look.at);
        } else {
            (self.reached_at, self.away_at) = (None, Some(look.at));
        }
        self.steady(state.steady_at);
        for remark in state
            .trouble
            .iter()
            .cloned()
            .chain(state.failed_rollout(look.at, is_deployment))
        {
            self.remark(remark);
        }
        self.bounds = state.bounds.or(self.bounds);
        self.seen = Some(Seen::State(ServiceState {
            steady_at: None,
            trouble: None,
            bounds: None,
            ..state.clone()
        }));
    }

    /// The counts of the last look.
    #[must_use]
    pub fn state(&self) -> Option<&ServiceState> {
        match self.seen.as_ref()? {
            Seen::State(state) => Some(state),
            Seen::Gone => None,
        }
    }

    /// Keeps the first steady event since the service was away, which tells how long it took, and the newest, which
    /// tells what trouble is over.
    fn steady(&mut self, at: Option<DateTime<Utc>>) {
        let away = self.away_at;
        self.steady_at.extend(at);
        self.steady_at.sort_unstable();
        let first = self
            .steady_at
            .iter()
            .find(|at| away.is_none_or(|away| **at > away));
        let kept = [first.copied(), self.steady_at.last().copied()];
        self.steady_at = kept.into_iter().flatten().collect();
        self.steady_at.dedup();
    }

    fn remark(&mut self, remark: Remark) {
        self.remarks.retain(|known| known.text != remark.text);
        self.remarks.push(remark);
        self.remarks.sort_unstable();
        if self.remarks.len() > REMARKS {
            // The cause is worth more than that tasks keep failing.
            let is_general =
                |remark: &Remark| trouble(&remark.text).is_none_or(|known| known.is_general);
            let oldest = self.remarks.iter().position(is_general).unwrap_or(0);
            self.remarks.remove(oldest);
        }
    }
}

/// What the looks at one task came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskObservation {
    /// How often ECS was asked, whether or not it answered.
    #[serde(rename = "n")]
    pub asks: u32,
    /// When ECS was asked last.
    #[serde(rename = "at")]
    pub last_ask: DateTime<Utc>,
    /// How the task was at the last answer.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub last: Option<TaskState>,
}

/// How many services a chunk of observations holds. Services that were looked at together first are looked at, written
/// and read together again; so many take about 4 KB, which DynamoDB reads as one unit.
const CHUNK: usize = 30;

/// Everything that ECS answered about a window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observations {
    /// By service, and by the time of its run. Boxed, since a map has room for eleven values and nearly all have one.
    pub services: BTreeMap<ServiceId, BTreeMap<DateTime<Utc>, Box<ServiceObservation>>>,
    /// By task of a job.
    pub tasks: BTreeMap<TaskId, TaskObservation>,
    /// The last failure of each cluster where asking failed.
    pub failures: BTreeMap<(ClusterId, Observable), AskFailure>,
    /// Which runs of services each chunk of the log holds.
    chunks: Vec<Vec<(ServiceId, DateTime<Utc>)>>,
}

impl Observations {
    /// Whether ECS was asked anything, with or without success.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        !self.services.is_empty() || !self.tasks.is_empty() || !self.failures.is_empty()
    }

    /// What the looks at a run of a service came to.
    #[must_use]
    pub fn service(&self, id: &ServiceId, time: DateTime<Utc>) -> Option<&ServiceObservation> {
        self.services.get(id)?.get(&time).map(Box::as_ref)
    }

    /// When ECS was asked last, about anything.
    #[must_use]
    pub fn last_ask(&self) -> Option<DateTime<Utc>> {
        let services = self
            .services
            .values()
            .flat_map(BTreeMap::values)
            .map(|seen| seen.last_ask);
        services
            .chain(self.tasks.values().map(|seen| seen.last_ask))
            .max()
    }

    /// Whether ECS said of any service how it is.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        let mut observations = self.services.values().flat_map(BTreeMap::values);
        observations.any(|observation| observation.state().is_some())
    }

    /// Whether asking about this is of any use.
    #[must_use]
    pub fn can_ask(&self, cluster: &ClusterId, about: Observable) -> bool {
        let failure = self.failures.get(&(cluster.clone(), about));
        failure.is_none_or(|failure| !failure.is_final())
    }

    /// The observation of a run, to take an answer in. A new one goes to the last chunk that has room.
    pub fn service_mut(
        &mut self,
        id: &ServiceId,
        time: DateTime<Utc>,
        at: DateTime<Utc>,
    ) -> &mut ServiceObservation {
        let is_known = self.service(id, time).is_some();
        if !is_known {
            let chunk = self.open_chunk();
            let new = ServiceObservation {
                chunk,
                ..ServiceObservation::asked(at)
            };
            self.services
                .entry(id.clone())
                .or_default()
                .insert(time, Box::new(new));
            self.chunks[chunk].push((id.clone(), time));
        }
        let of_service = self.services.entry(id.clone()).or_default();
        of_service
            .entry(time)
            .or_insert_with(|| Box::new(ServiceObservation::asked(at)))
    }

    fn open_chunk(&mut self) -> usize {
        if self.chunks.last().is_none_or(|runs| runs.len() >= CHUNK) {
            self.chunks.push(Vec::new());
        }
        self.chunks.len() - 1
    }

    /// What is kept in one chunk: some services, and in the first chunk all tasks and failures.
    #[must_use]
    pub fn chunk(&self, chunk: usize) -> Self {
        let mut part = Self::default();
        for (id, time) in self.chunks.get(chunk).into_iter().flatten() {
            if let Some(observation) = self.service(id, *time) {
                let of_service = part.services.entry(id.clone()).or_default();
                of_service.insert(*time, Box::new(observation.clone()));
            }
        }
        if chunk == 0 {
            part.tasks.clone_from(&self.tasks);
            part.failures.clone_from(&self.failures);
        }
        part
    }

    /// Puts what was read of a chunk in place of what was known of it.
    pub fn replace_chunk(&mut self, chunk: usize, part: Self) {
        if self.chunks.len() <= chunk {
            self.chunks.resize(chunk + 1, Vec::new());
        }
        for (id, time) in std::mem::take(&mut self.chunks[chunk]) {
            self.forget(&id, time);
        }
        for (id, runs) in part.services {
            let known = self.services.entry(id.clone()).or_default();
            for (time, mut observation) in runs {
                observation.chunk = chunk;
                self.chunks[chunk].push((id.clone(), time));
                known.insert(time, observation);
            }
        }
        if chunk == 0 {
            (self.tasks, self.failures) = (part.tasks, part.failures);
        }
    }

    fn forget(&mut self, id: &ServiceId, time: DateTime<Utc>) {
        if let Some(runs) = self.services.get_mut(id) {
            runs.remove(&time);
            if runs.is_empty() {
                self.services.remove(id);
            }
        }
    }

    /// Takes in a failure; a later one replaces an earlier one.
    pub fn fail(&mut self, failure: AskFailure) {
        let place = (failure.cluster.clone(), failure.about);
        self.failures.insert(place, failure);
    }

    /// Counts an ask about a task, answered or not.
    pub fn ask_task(&mut self, id: &TaskId, at: DateTime<Utc>) {
        let task = self.tasks.entry(id.clone()).or_insert(TaskObservation {
            asks: 0,
            last_ask: at,
            last: None,
        });
        task.asks += 1;
        task.last_ask = task.last_ask.max(at);
    }

    /// Takes in how a task is; that it has stopped is final.
    pub fn task(&mut self, state: TaskState) {
        let id = state.task.clone();
        let task = self.tasks.entry(id).or_insert(TaskObservation {
            asks: 0,
            last_ask: state.observed_at,
            last: None,
        });
        let is_newer = task.last.as_ref().is_none_or(|last| *last < state);
        if is_newer {
            task.last = Some(state);
        }
    }
}
