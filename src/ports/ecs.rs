//! Asking ECS how services and tasks are.

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::core::look::Wanted;
use crate::core::observation::Answer;

/// Who says how services and tasks are.
pub trait Ecs {
    /// Asks until `deadline` at most. `now` is the moment that the answers are noted under.
    ///
    /// Gives an answer for each service and task that was described, and an [`Answer::Failure`] for each cluster where
    /// asking failed or the answer left something out, such as a task that ECS has forgotten. What there was no
    /// time for is in none of them: see [`Asked::services`].
    fn look(
        &self,
        wanted: &Wanted,
        now: DateTime<Utc>,
        deadline: Instant,
    ) -> impl Future<Output = Asked>;
}

/// What came of asking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The answers.
    pub answers: Vec<Answer>,
    /// Of the wanted services, how many of the first were asked about, answered or not.
    pub services: usize,
    /// Of the wanted tasks, how many of the first were asked about, answered or not.
    pub tasks: usize,
}

/// Nobody is asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoEcs;

impl Ecs for NoEcs {
    async fn look(&self, _: &Wanted, _: DateTime<Utc>, _: Instant) -> Asked {
        Asked::default()
    }
}
