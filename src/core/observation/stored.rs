//! Observations as the log and exports hold them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    AskFailure, Bounds, Observations, Remark, Rollout, Seen, ServiceObservation, ServiceState,
    TaskObservation,
};
use crate::core::fact::{ClusterId, ServiceId, TaskId};

/// An observation as the log has it: without names and with times in milliseconds, since a chunk of them is written
/// again with each look at one of its services.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored(
    u32,
    i64,
    Option<(i64, i64, i64, Option<Rollout>)>,
    bool,
    [Option<i64>; 3],
    Vec<i64>,
    Vec<(i64, String)>,
    Option<Bounds>,
);

impl From<ServiceObservation> for Stored {
    fn from(seen: ServiceObservation) -> Self {
        let millis = |time: Option<DateTime<Utc>>| time.map(|time| time.timestamp_millis());
        let (state, is_gone) = match seen.seen {
            None => (None, false),
            Some(Seen::Gone) => (None, true),
            Some(Seen::State(state)) => {
                let counts = (state.desired, state.running, state.pending, state.rollout);
                (Some(counts), false)
            }
        };
        let remark = |remark: Remark| (remark.at.timestamp_millis(), remark.text);
        Self(
            seen.asks,
            seen.last_ask.timestamp_millis(),
            state,
            is_gone,
            [seen.reached_at, seen.still_at, seen.away_at].map(millis),
            seen.steady_at
                .iter()
                .map(DateTime::timestamp_millis)
                .collect(),
            seen.remarks.into_iter().map(remark).collect(),
            seen.bounds,
        )
    }
}

impl From<Stored> for ServiceObservation {
    fn from(stored: Stored) -> Self {
        let Stored(asks, last_ask, state, is_gone, times, steady, remarks, bounds) = stored;
        let time = |millis| DateTime::from_timestamp_millis(millis).unwrap_or_default();
        let [reached_at, still_at, away_at] = times.map(|millis| millis.map(time));
        let state = state.map(|(desired, running, pending, rollout)| {
            Seen::State(ServiceState {
                desired,
                running,
                pending,
                rollout,
                steady_at: None,
                trouble: None,
                bounds: None,
            })
        });
        let remark = |(at, text)| Remark { at: time(at), text };
        Self {
            asks,
            last_ask: time(last_ask),
            seen: state.or(is_gone.then_some(Seen::Gone)),
            reached_at,
            still_at,
            away_at,
            steady_at: steady.into_iter().map(time).collect(),
            remarks: remarks.into_iter().map(remark).collect(),
            bounds,
            chunk: 0,
        }
    }
}

/// A service's name, the time of its run, and what the looks at it came to.
type StoredRun = (String, DateTime<Utc>, ServiceObservation);

/// Observations as they are stored: by cluster, so that its name stands once for all its services.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct StoredObservations {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    services: Vec<(ClusterId, Vec<StoredRun>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tasks: Vec<(TaskId, TaskObservation)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    failures: Vec<AskFailure>,
}

impl From<&Observations> for StoredObservations {
    fn from(observations: &Observations) -> Self {
        let mut clusters: BTreeMap<ClusterId, Vec<_>> = BTreeMap::new();
        for (id, runs) in &observations.services {
            let of_cluster = clusters.entry(id.cluster_id()).or_default();
            for (time, seen) in runs {
                of_cluster.push((id.name.clone(), *time, ServiceObservation::clone(seen)));
            }
        }
        let tasks = observations
            .tasks
            .iter()
            .map(|(id, task)| (id.clone(), task.clone()));
        Self {
            services: clusters.into_iter().collect(),
            tasks: tasks.collect(),
            failures: observations.failures.values().cloned().collect(),
        }
    }
}

impl From<StoredObservations> for Observations {
    fn from(stored: StoredObservations) -> Self {
        let mut observations = Self::default();
        for (cluster, services) in stored.services {
            for (name, time, seen) in services {
                let id: ServiceId = cluster.service(name);
                observations
                    .services
                    .entry(id)
                    .or_default()
                    .insert(time, Box::new(seen));
            }
        }
        observations.tasks = stored.tasks.into_iter().collect();
        for failure in stored.failures {
            observations.fail(failure);
        }
        observations
    }
}
