//! The window log, the queue and ECS in memory, which count what their requests would cost.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::time::Instant;

use crate::core::fact::Fact;
use crate::core::look::Wanted;
use crate::core::notice::Notice;
use crate::core::observation::{Answer, Observations, ServiceLook, ServiceState};
use crate::core::report::LastReport;
use crate::core::runs::Arrival;
use crate::core::summary::Summary;
use crate::core::window::WindowKey;
use crate::memory_log::MemoryLog;
use crate::ports::Clock;
use crate::ports::ecs::{Asked, Ecs};
use crate::ports::notifier::{Delivery, Notifier};
use crate::ports::queue::{Queue, QueueError, Receipt, Timer, delay};
use crate::ports::window_log::{
    Claim, Claimed, Head, Released, VisitNotes, WindowContents, WindowLog, WindowLogError,
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
    /// How many bytes were read: small reads cost a whole unit, so that units say little about small windows.
    pub(super) read_bytes: f64,
    /// How many bytes all facts take as they are stored.
    pub(super) fact_bytes: f64,
    /// Requests to ECS, each about ten services.
    pub(super) ecs_requests: f64,
    /// When each message was sent.
    pub(super) messages: Vec<DateTime<Utc>>,
}

/// What ECS answers in one visit: at five requests a second, in two thirds of the function's time.
const SERVICES_PER_VISIT: usize = 800;

/// The ports of the function, which count requests.
#[derive(Debug, Default)]
pub(super) struct Meter {
    log: MemoryLog,
    pub(super) usage: RefCell<Usage>,
    pub(super) now: Cell<DateTime<Utc>>,
    /// Timers under way.
    pub(super) timers: RefCell<Vec<(DateTime<Utc>, WindowKey)>>,
    /// When each service's task starts to run.
    starts: BTreeMap<String, DateTime<Utc>>,
    /// How large the report of each receiver is: it is read where another instance visited last.
    reports: RefCell<BTreeMap<String, usize>>,
    /// How large each chunk of observations is.
    chunks: RefCell<Vec<usize>>,
}

impl Meter {
    /// Nothing used yet, in a world where each service's task runs from then on.
    pub(super) fn new(starts: BTreeMap<String, DateTime<Utc>>) -> Self {
        Self {
            starts,
            ..Self::default()
        }
    }

    fn write(&self, bytes: usize) {
        self.usage.borrow_mut().write_units += units(bytes, 1_024);
    }

    fn note_chunk(&self, chunk: usize, bytes: usize) {
        let mut chunks = self.chunks.borrow_mut();
        if chunks.len() <= chunk {
            chunks.resize(chunk + 1, 0);
        }
        chunks[chunk] = bytes;
    }

    fn read(&self, bytes: usize) {
        let mut usage = self.usage.borrow_mut();
        usage.read_units += units(bytes, 4_096);
        usage.read_bytes += f64::from(u32::try_from(bytes).unwrap_or(u32::MAX));
    }
}

fn units(bytes: usize, unit: usize) -> f64 {
    f64::from(u32::try_from(bytes.div_ceil(unit).max(1)).unwrap_or(u32::MAX))
}

fn size(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(0, |json| json.len())
}

fn observed_size(observations: &Observations) -> usize {
    let of_service = |(id, runs): (_, &BTreeMap<_, _>)| {
        let id: &crate::core::fact::ServiceId = id;
        runs.values().map(size).sum::<usize>() + runs.len() * (id.name.len() + 30)
    };
    observations.services.iter().map(of_service).sum()
}

impl Clock for Meter {
    fn now(&self) -> DateTime<Utc> {
        self.now.get()
    }
}

impl WindowLog for Meter {
    async fn append(
        &self,
        key: &WindowKey,
        facts: &[Fact],
        arrival: Arrival,
    ) -> Result<Head, WindowLogError> {
        let bytes = size(&facts);
        self.usage.borrow_mut().fact_bytes += f64::from(u32::try_from(bytes).unwrap_or(u32::MAX));
        self.write(1);
        self.write(bytes);
        self.log.append(key, facts, arrival).await
    }

    async fn claim(
        &self,
        key: &WindowKey,
        claim: &Claim,
        now: DateTime<Utc>,
    ) -> Result<Claimed, WindowLogError> {
        self.write(1);
        self.log.claim(key, claim, now).await
    }

    async fn refresh(
        &self,
        key: &WindowKey,
        head: &Head,
        contents: &mut WindowContents,
    ) -> Result<(), WindowLogError> {
        let (cursor, version, chunks) =
            (contents.cursor, contents.version, contents.chunks.clone());
        self.log.refresh(key, head, contents).await?;
        let new = contents
            .batches
            .range(cursor + 1..)
            .map(|(_, batch)| size(&batch.facts))
            .sum();
        if new > 0 {
            self.read(new);
        }
        if version == 0 || version != head.visit.version {
            self.read(self.reports.borrow().values().sum());
            for (chunk, bytes) in self.chunks.borrow().iter().enumerate() {
                if chunks.get(chunk) != head.visit.chunks.get(chunk) {
                    self.read(*bytes);
                }
            }
        }
        Ok(())
    }

    async fn observe(
        &self,
        key: &WindowKey,
        chunk: usize,
        observations: &Observations,
    ) -> Result<(), WindowLogError> {
        let bytes = observed_size(observations);
        self.write(bytes);
        self.note_chunk(chunk, bytes);
        self.log.observe(key, chunk, observations).await
    }

    async fn note(
        &self,
        key: &WindowKey,
        receiver: &str,
        report: &LastReport,
    ) -> Result<(), WindowLogError> {
        let known = size(report);
        self.reports.borrow_mut().insert(receiver.to_owned(), known);
        self.write(size(report));
        self.log.note(key, receiver, report).await
    }

    async fn note_timer(&self, key: &WindowKey, at: DateTime<Utc>) -> Result<(), WindowLogError> {
        self.write(1);
        self.log.note_timer(key, at).await
    }

    async fn release(
        &self,
        key: &WindowKey,
        claim: &Claim,
        notes: &VisitNotes,
        timer_at: Option<DateTime<Utc>>,
    ) -> Result<Released, WindowLogError> {
        self.write(size(notes));
        self.log.release(key, claim, notes, timer_at).await
    }
}

impl Queue for Meter {
    async fn arm(&self, timer: Timer<'_>, now: DateTime<Utc>) -> Result<DateTime<Utc>, QueueError> {
        let at = now + delay(timer.at, now);
        self.usage.borrow_mut().timers += 1.0;
        self.timers.borrow_mut().push((at, timer.key.clone()));
        Ok(at)
    }

    async fn postpone(&self, _: &Receipt, _: Duration) -> Result<(), QueueError> {
        Ok(())
    }
}

impl Ecs for Meter {
    async fn look(&self, wanted: &Wanted, now: DateTime<Utc>, _: Instant) -> Asked {
        let services = wanted.services.len().min(SERVICES_PER_VISIT);
        let requests = services.div_ceil(10);
        self.usage.borrow_mut().ecs_requests +=
            f64::from(u32::try_from(requests).unwrap_or(u32::MAX));
        let look = |id: &crate::core::fact::ServiceId| {
            let started_at = self.starts.get(&id.name).filter(|at| **at <= now).copied();
            let running = i64::from(started_at.is_some());
            Answer::Service(ServiceLook {
                at: now,
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
            })
        };
        Asked {
            answers: wanted
                .services
                .iter()
                .take(services)
                .map(|one| look(&one.id))
                .collect(),
            services,
            tasks: 0,
        }
    }
}

impl Notifier for Meter {
    async fn notify(&self, _: &Summary, _: Instant) -> Delivery {
        self.usage.borrow_mut().messages.push(self.now.get());
        Delivery {
            result: Ok(()),
            rate_limited: 0,
            latency: Duration::ZERO,
        }
    }

    async fn tell(&self, _: &Notice, _: Instant) -> Delivery {
        self.usage.borrow_mut().messages.push(self.now.get());
        Delivery {
            result: Ok(()),
            rate_limited: 0,
            latency: Duration::ZERO,
        }
    }
}
