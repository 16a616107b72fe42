//! Asking ECS what there is to ask, and keeping what it answers.
//!
//! Only the holder of the window's claim asks, so that no service is asked about twice at a time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::memory::RememberedWindow;
use super::{Ports, Visit};
use crate::core::fact::ServiceId;
use crate::core::look::{Wanted, WantedService, plan};
use crate::core::observation::{Answer, Observations};
use crate::core::snapshot::WindowSnapshot;
use crate::core::window::WindowKey;
use crate::metrics::Metrics;
use crate::ports::Clock;
use crate::ports::ecs::{Asked, Ecs};
use crate::ports::window_log::{VisitNotes, WindowLog};

/// How soon to go on with what there was no time for.
const GO_ON: TimeDelta = TimeDelta::seconds(1);
/// How soon to come again where there was no time for anything.
const IN_VAIN: TimeDelta = TimeDelta::seconds(30);

/// Asks ECS what there is to ask. Returns when there is more to ask.
pub(super) async fn look<L: WindowLog, N, Q, E: Ecs, C: Clock>(
    key: &WindowKey,
    known: &mut RememberedWindow,
    notes: &mut VisitNotes,
    ports: &Ports<'_, L, N, Q, E, C>,
    visit: Visit<'_>,
    metrics: &mut Metrics,
) -> Option<DateTime<Utc>> {
    let wanted = {
        let observations = &known.contents.observations;
        let snapshot = WindowSnapshot::new(key, &known.runs, observations, visit.policy, visit.now);
        let plan = plan(&snapshot);
        if plan.wanted.is_empty() {
            return plan.next;
        }
        plan.wanted
    };
    // A quarter of the time is left for telling people: they are to hear something in any case.
    let until = visit.deadline - visit.deadline.saturating_duration_since(Instant::now()) / 4;
    let asked = ports.ecs.look(&wanted, visit.now, until).await;
    metrics.looked(&asked.answers);
    let has_asked = asked.services + asked.tasks > 0;
    let observations = &mut known.contents.observations;
    let chunks = take(observations, &wanted, asked, visit.now);
    for chunk in chunks {
        let part = observations.chunk(chunk);
        match ports.log.observe(key, chunk, &part).await {
            Ok(()) => {
                if notes.chunks.len() <= chunk {
                    notes.chunks.resize(chunk + 1, 0);
                }
                notes.chunks[chunk] = notes.version;
            }
            // What is known can be told all the same; another instance asks once more.
            Err(error) => {
                tracing::error!(window = %key, %error, "cannot keep what ECS says about {key}: {error}");
            }
        }
    }
    let observations = &known.contents.observations;
    let snapshot = WindowSnapshot::new(key, &known.runs, observations, visit.policy, visit.now);
    let soon = if has_asked { GO_ON } else { IN_VAIN };
    next_look(&snapshot, ports.clock.now() + soon)
}

/// When ECS is to be asked again.
fn next_look(snapshot: &WindowSnapshot<'_>, soon: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let plan = plan(snapshot);
    plan.next.or((!plan.wanted.is_empty()).then_some(soon))
}

/// Takes in what was answered, and that it was asked. Returns which chunks changed.
fn take(
    observations: &mut Observations,
    wanted: &Wanted,
    asked: Asked,
    now: DateTime<Utc>,
) -> BTreeSet<usize> {
    let mut chunks = BTreeSet::new();
    let by_id: BTreeMap<&ServiceId, &WantedService> =
        wanted.services.iter().map(|one| (&one.id, one)).collect();
    for one in wanted.services.iter().take(asked.services) {
        let observation = observations.service_mut(&one.id, one.time, now);
        observation.ask(now);
        chunks.insert(observation.chunk);
    }
    for id in wanted.tasks.iter().take(asked.tasks) {
        observations.ask_task(id, now);
        chunks.insert(0);
    }
    for answer in asked.answers {
        match answer {
            Answer::Service(look) => {
                if let Some(one) = by_id.get(&look.service) {
                    let observation = observations.service_mut(&one.id, one.time, now);
                    observation.take(&look, one.is_deployment);
                    chunks.insert(observation.chunk);
                }
            }
            Answer::Task(state) => {
                observations.task(state);
                chunks.insert(0);
            }
            Answer::Failure(failure) => {
                observations.fail(failure);
                chunks.insert(0);
            }
        }
    }
    chunks
}
