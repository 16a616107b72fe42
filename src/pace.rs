//! Keeping to a rate that a service asks for, as long as there is time to wait for one's turn.

use governor::clock::{Clock, MonotonicClock};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

type Limiter = RateLimiter<
    governor::state::NotKeyed,
    governor::state::InMemoryState,
    MonotonicClock,
    governor::middleware::NoOpMiddleware<std::time::Instant>,
>;

/// Whose turn it is, for as long as the value lives.
#[derive(Debug)]
pub(crate) struct Pace {
    limiter: Limiter,
    clock: MonotonicClock,
}

/// The deadline comes before the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutOfTime;

impl Pace {
    pub(crate) fn new(quota: Quota) -> Self {
        let clock = MonotonicClock;
        Self {
            limiter: RateLimiter::direct_with_clock(quota, clock.clone()),
            clock,
        }
    }

    /// Waits for a turn before `deadline`.
    pub(crate) async fn turn(&self, deadline: Instant) -> Result<(), OutOfTime> {
        while let Err(not_until) = self.limiter.check() {
            let wait = not_until.wait_time_from(self.clock.now());
            if Instant::now() + wait >= deadline {
                return Err(OutOfTime);
            }
            tokio::time::sleep(wait).await;
        }
        if Instant::now() >= deadline {
            Err(OutOfTime)
        } else {
            Ok(())
        }
    }
}
