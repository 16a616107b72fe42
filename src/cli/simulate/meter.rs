//! A log, timers and an ECS in memory that count what they would cost.

use std::cell::RefCell;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::ecs::{Ecs, Wanted};
use crate::fact::{Fact, Observed, ServiceState};
use crate::notify::{Delivery, Notifier};
use crate::summary::Summary;
use crate::timer::{TimerError, Timers, delay};
use crate::window::{
    Batch, Claim, Claimed, MemoryLog, Released, State, WindowKey, WindowLog, WindowLogError,
};

/// What a window used.
#[derive(Debug, Clone, Default)]
pub(super) struct Usage {
    pub(super) invocations: f64,
    pub(super) timers: f64,
    /// DynamoDB's write request units: one for each begun kilobyte.
    pub(super) write_units: f64,
    /// DynamoDB's read request units: one for each begun four kilobytes, read consistently.
    pub(super) read_units: f64,
    /// Requests to ECS, each about ten services.
    pub(super) ecs_requests: f64,
    /// The invocations' requests: where a message was said.
    pub(super) messages: Vec<DateTime<Utc>>,
}

/// The function's world, metered.
#[derive(Debug, Default)]
pub(super) struct Meter {
    log: MemoryLog,
    pub(super) usage: RefCell<Usage>,
    pub(super) now: RefCell<DateTime<Utc>>,
    /// Timers under way.
    pub(super) timers: RefCell<Vec<(DateTime<Utc>, WindowKey)>>,
    /// From when on each service's task runs.
    starts: BTreeMap<String, DateTime<Utc>>,
}

impl Meter {
    /// Nothing used yet, in a world where each service's task runs from then on.
    pub(super) fn new(starts: BTreeMap<String, DateTime<Utc>>) -> Self {
        Self {
            starts,
            ..Self::default()
        }
    }
}

fn units(bytes: usize, unit: usize) -> f64 {
    f64::from(u32::try_from(bytes.div_ceil(unit).max(1)).unwrap_or(u32::MAX))
}

fn size(facts: &[Fact]) -> usize {
    serde_json::to_vec(facts).map_or(0, |json| json.len())
}

impl WindowLog for Meter {
    async fn append(
        &self,
        key: &WindowKey,
        facts: &[Fact],
        now: DateTime<Utc>,
    ) -> Result<(), WindowLogError> {
        self.usage.borrow_mut().write_units += units(size(facts), 1_024);
        self.log.append(key, facts, now).await
    }

    async fn read(&self, key: &WindowKey) -> Result<Vec<Batch>, WindowLogError> {
        let batches = self.log.read(key).await?;
        let bytes = batches.iter().map(|batch| size(&batch.facts)).sum();
        self.usage.borrow_mut().read_units += units(bytes, 4_096);
        Ok(batches)
    }

    async fn claim(
        &self,
        key: &WindowKey,
        claim: &Claim,
        now: DateTime<Utc>,
    ) -> Result<Claimed, WindowLogError> {
        self.usage.borrow_mut().write_units += 1.0;
        self.log.claim(key, claim, now).await
    }

    async fn release(
        &self,
        key: &WindowKey,
        claim: &Claim,
        state: &State,
    ) -> Result<Released, WindowLogError> {
        self.usage.borrow_mut().write_units += units(
            serde_json::to_vec(state).map_or(0, |json| json.len()),
            1_024,
        );
        self.log.release(key, claim, state).await
    }
}

impl Timers for Meter {
    async fn arm(
        &self,
        key: &WindowKey,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, TimerError> {
        let at = now + delay(at, now);
        self.usage.borrow_mut().timers += 1.0;
        self.timers.borrow_mut().push((at, key.clone()));
        Ok(at)
    }
}

impl Ecs for Meter {
    async fn look(&self, wanted: &Wanted, now: DateTime<Utc>, _: Instant) -> Vec<Fact> {
        let requests = wanted.services.len().div_ceil(10);
        self.usage.borrow_mut().ecs_requests +=
            f64::from(u32::try_from(requests).unwrap_or(u32::MAX));
        let observed = wanted.services.keys().map(|id| {
            let started_at = self.starts.get(&id.name).filter(|at| **at <= now).copied();
            let running = i64::from(started_at.is_some());
            Fact::Observed(Box::new(Observed {
                observed_at: now,
                service: id.clone(),
                state: Some(ServiceState {
                    desired: 1,
                    running,
                    pending: 1 - running,
                    rollout: None,
                    steady_at: started_at,
                    trouble: None,
                    bounds: None,
                }),
            }))
        });
        observed.collect()
    }
}

impl Notifier for Meter {
    async fn notify(&self, _: &Summary, _: Instant) -> Delivery {
        let now = *self.now.borrow();
        self.usage.borrow_mut().messages.push(now);
        Delivery {
            result: Ok(()),
            rate_limited: 0,
            latency: std::time::Duration::ZERO,
        }
    }
}
