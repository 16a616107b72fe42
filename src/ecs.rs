//! Asking ECS: what to ask, and who answers.
//!
//! What ECS says becomes facts like any other; what it could not be asked is a fact too, so that nobody waits
//! for an answer that does not come.

#[cfg(feature = "aws")]
pub mod client;
pub mod description;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::fact::{Fact, ServiceId, TaskId};

/// What to ask ECS about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Services, and from when on what happened to each matters: events from before its call explain nothing.
    pub services: BTreeMap<ServiceId, DateTime<Utc>>,
    /// Tasks of jobs.
    pub tasks: BTreeSet<TaskId>,
}

impl Wanted {
    /// Whether there is nothing to ask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.services.is_empty() && self.tasks.is_empty()
    }
}

/// Who says how services and tasks are.
pub trait Ecs {
    /// Asks until `deadline` at most. `now` is the moment that the answers are noted under.
    ///
    /// Gives [`Fact::Observed`] and [`Fact::Task`] for what was answered, and [`Fact::Unobserved`] for each
    /// cluster where asking failed, or where the answer left something out, such as a task that ECS has forgotten.
    /// What there was no time for is in none of them, and is asked again.
    fn look(
        &self,
        wanted: &Wanted,
        now: DateTime<Utc>,
        deadline: Instant,
    ) -> impl Future<Output = Vec<Fact>>;
}

/// Nobody is asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoEcs;

impl Ecs for NoEcs {
    async fn look(&self, _: &Wanted, _: DateTime<Utc>, _: Instant) -> Vec<Fact> {
        Vec::new()
    }
}
