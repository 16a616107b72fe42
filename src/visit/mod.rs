//! A visit to a window: the short list of steps that carries out what [`crate::core`] decides, through
//! [`crate::ports`].
//!
//! claim → refresh → forward → look → decide → say → note → arm → release. `steps` is that list. `tell` tells each
//! receiver its part of the window: `say` one that cannot edit, `live` one that can, `notices` of overrides, and `machines`
//! as events. `watchdog` tells something outside that everybody was told. `timers` bring the next visit.

mod live;
mod look;
mod machines;
mod memory;
mod notices;
mod say;
mod steps;
mod tell;
mod timers;
mod watchdog;

use std::fmt::Debug;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

pub(crate) use self::machines::send;
pub use self::memory::VisitMemory;
pub use self::steps::{VisitError, pace, visit};
use self::tell::Turn;
pub(crate) use self::timers::{arm, arm_and_note};
pub(crate) use self::watchdog::ping_at_once;
use crate::core::policy::WaitPolicy;
use crate::core::window::Windowing;
use crate::ports::queue::MOST_HOPS;
use crate::ports::receivers::Receivers;

/// What a visit needs of the world.
#[derive(Debug)]
pub struct Ports<'a, L, N, Q, E, C> {
    /// What is known.
    pub log: &'a L,
    /// Who is told.
    pub receivers: &'a Receivers<N>,
    /// Who brings the next visit.
    pub queue: &'a Q,
    /// Who says whether tasks run.
    pub ecs: &'a E,
    /// Who tells the time.
    pub clock: &'a C,
    /// What this instance of the function read before.
    pub memory: &'a VisitMemory,
}

/// How a visit is made.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// How long to wait for what.
    pub policy: WaitPolicy,
    /// How facts are assigned to windows.
    pub windowing: &'a Windowing,
    /// Tells this visitor's claims from all others.
    pub token: &'a str,
    /// When the visitor's claim lapses: after it cannot be alive any more.
    pub claim_until: DateTime<Utc>,
    /// The present, as the invocation began.
    pub now: DateTime<Utc>,
    /// Until when a message may be sent.
    pub deadline: Instant,
    /// How many timers in a row brought this visitor, as far as it did not come with a record.
    pub hops: u64,
}

impl Visit<'_> {
    /// Whether no timer will follow: what is to be said must be said now.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.hops >= MOST_HOPS
    }
}

/// How long one of several receivers may take in a visit. One that does not answer holds the window meanwhile, and the other windows
/// of the invocation, which come after it.
const LONGEST_TURN: Duration = Duration::from_secs(10);

/// Until when one of several receivers may be told that is told from now on.
pub(crate) fn turn_deadline(deadline: Instant) -> Instant {
    deadline.min(Instant::now() + LONGEST_TURN)
}

/// The first delay after a message could not be sent; it doubles up to [`LONGEST_RETRY`].
const FIRST_RETRY: TimeDelta = TimeDelta::seconds(30);
const LONGEST_RETRY: TimeDelta = TimeDelta::minutes(15);
