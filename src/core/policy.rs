//! How long to wait for what.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::runs::{Firing, Run};

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitPolicy {
    /// For how long no new record must have arrived before a message: a refused call may yet be retried and succeed.
    pub settle: Duration,
    /// How much later than the last possible call its record may arrive.
    pub grace: Duration,
    /// The length of a window.
    pub period: Duration,
    /// How long after an accepted call ECS is asked whether tasks run; `None` where it is not asked.
    pub verify: Option<Duration>,
}

impl WaitPolicy {
    /// Until when the record of a run's call may arrive; after that, the run was never called.
    #[must_use]
    pub fn call_deadline(&self, firing: &Firing) -> DateTime<Utc> {
        later(firing.calls_until, self.grace)
    }

    /// Until when an accepted run's tasks have time to start or to stop; `None` where nobody asks ECS.
    #[must_use]
    pub fn checks_deadline(&self, run: &Run) -> Option<DateTime<Utc>> {
        Some(later(run.accepted_at()?, self.verify?))
    }

    /// When a message that waits for the newest record may be sent.
    #[must_use]
    pub fn settled_at(&self, arrived_at: DateTime<Utc>) -> DateTime<Utc> {
        later(arrived_at, self.settle)
    }

    /// [`Self::settle`] as a difference of times.
    #[must_use]
    pub fn settle_delta(&self) -> TimeDelta {
        delta(self.settle)
    }

    /// When the window that begins at `start` ends.
    #[must_use]
    pub fn window_end(&self, start: DateTime<Utc>) -> DateTime<Utc> {
        later(start, self.period)
    }
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::days(365))
}

fn later(time: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    time.checked_add_signed(delta(by)).unwrap_or(time)
}
