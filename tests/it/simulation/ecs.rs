//! How the simulated world's services really are, whatever anybody was told: tasks take their time, come and
//! go, or never come.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rollcall::core::fact::{
    ApiError, ClusterId, Fact, Observable, Observed, ServiceId, ServiceState, Unobserved,
};
use rollcall::ecs::Wanted;

use super::mail::{Millis, moment};
use super::plan::{Life, Plan};

/// Every service and what was really called, with or without a record.
#[derive(Default)]
pub struct Ecs {
    services: BTreeMap<String, Service>,
}

struct Service {
    life: Life,
    called: Vec<Millis>,
}

impl Ecs {
    pub fn new(plan: &Plan) -> Self {
        let mut services = BTreeMap::new();
        for (number, run) in plan.runs.iter().enumerate() {
            let start = i64::try_from(number).unwrap() * 1_800_000;
            for (index, service) in run.services.iter().enumerate() {
                let accepted = service.calls.iter().filter(|call| call.error.is_none());
                let called = accepted.map(|call| run.called_at(start, call)).collect();
                let life = service.life;
                services.insert(
                    format!("{number}-service-{index}"),
                    Service { life, called },
                );
            }
        }
        Self { services }
    }

    /// How many tasks run, and how many are to run.
    pub fn counts(&self, service: &str, at: Millis) -> (i64, i64) {
        let service = &self.services[service];
        let called = service.called.iter().filter(|called| **called <= at);
        match called.min() {
            None => (0, 0),
            Some(called) => (i64::from(service.life.runs_after(at - called)), 1),
        }
    }

    /// What ECS says at a moment, noted under another.
    pub fn look(&self, wanted: &Wanted, at: Millis, noted_at: DateTime<Utc>) -> Vec<Fact> {
        let observed = wanted.services.keys().map(|id| {
            let (running, desired) = self.counts(&id.name, at);
            Fact::Observed(Box::new(Observed {
                observed_at: noted_at,
                service: id.clone(),
                state: Some(ServiceState {
                    desired,
                    running,
                    pending: desired - running,
                    rollout: None,
                    steady_at: None,
                    trouble: None,
                    bounds: None,
                }),
            }))
        });
        observed.collect()
    }

    /// What ECS says where it does not answer.
    pub fn look_in_vain(wanted: &Wanted, noted_at: DateTime<Utc>, code: &str) -> Vec<Fact> {
        let clusters = wanted.services.keys().map(ServiceId::cluster_id);
        let clusters: BTreeSet<ClusterId> = clusters.collect();
        let unobserved = clusters.into_iter().map(|cluster| {
            Fact::Unobserved(Box::new(Unobserved {
                observed_at: noted_at,
                cluster,
                about: Observable::Services,
                error: ApiError {
                    code: code.to_owned(),
                    message: None,
                },
            }))
        });
        unobserved.collect()
    }

    /// Whether a service is there for good from some moment on, and since when.
    pub fn settles_at(&self, service: &str) -> Option<DateTime<Utc>> {
        let service = self.services.get(service)?;
        let called = *service.called.iter().min()?;
        match service.life {
            Life::Slow(seconds) => Some(moment(called + Millis::from(seconds) * 1_000)),
            Life::Flapping(_) | Life::Never => None,
        }
    }

    /// Whether no task of a service ever runs although one was called for.
    pub fn never_comes(&self, service: &str) -> bool {
        self.services.get(service).is_some_and(|service| {
            matches!(service.life, Life::Never) && !service.called.is_empty()
        })
    }
}

impl Life {
    fn runs_after(self, elapsed: Millis) -> bool {
        let seconds = elapsed / 1_000;
        match self {
            Self::Slow(start) => seconds >= i64::from(start),
            Self::Flapping(period) => seconds / i64::from(period.max(1)) % 2 == 1,
            Self::Never => false,
        }
    }
}
