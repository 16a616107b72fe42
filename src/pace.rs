//! Decides when the next request to a service may go out: at the rate that the service documents, and not before the
//! time that the service asked for in an answer. A caller whose deadline comes before that time gets an error at once.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

type Limiter = RateLimiter<
    governor::state::NotKeyed,
    governor::state::InMemoryState,
    MonotonicClock,
    governor::middleware::NoOpMiddleware<std::time::Instant>,
>;

/// Spreads requests over time, so that no more go out than a quota allows. The quota is this process's own: other
/// instances of the function count for themselves.
#[derive(Debug)]
pub(crate) struct Pace {
    limiter: Limiter,
    clock: MonotonicClock,
}

/// The request would have to wait until after its deadline.
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

    /// Waits until the quota allows one more request. Fails at once if that is not before `deadline`.
    pub(crate) async fn turn(&self, deadline: Instant) -> Result<(), OutOfTime> {
        while let Err(not_until) = self.limiter.check() {
            let wait = not_until.wait_time_from(self.clock.now());
            if wait >= time_until(deadline) {
                return Err(OutOfTime);
            }
            tokio::time::sleep(wait).await;
        }
        if time_until(deadline).is_zero() {
            Err(OutOfTime)
        } else {
            Ok(())
        }
    }
}

/// Remembers until when a service asked to get no requests (`Retry-After`).
#[derive(Debug, Default)]
pub(crate) struct Pause(Mutex<Option<Instant>>);

impl Pause {
    /// Notes that the service asked for `length` from now on. What it asked for earlier is not shortened.
    pub(crate) fn begin(&self, length: Duration) {
        let end = Instant::now().checked_add(length);
        let mut until = self.until();
        *until = (*until).max(end);
    }

    /// How much of the pause is left; zero once it is over, or where the service never asked for one.
    pub(crate) fn left(&self) -> Duration {
        let until = *self.until();
        until.map_or(Duration::ZERO, time_until)
    }

    fn until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time from now until a moment; zero for a moment in the past. Comparing a wait with it needs no addition to
/// the clock, which would panic for a wait of some centuries.
pub(crate) fn time_until(moment: Instant) -> Duration {
    moment.saturating_duration_since(Instant::now())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Pause;

    #[test]
    fn a_later_shorter_pause_does_not_end_an_earlier_longer_one() {
        let pause = Pause::default();
        assert_eq!(pause.left(), Duration::ZERO);
        pause.begin(Duration::from_mins(10));
        pause.begin(Duration::from_secs(1));
        assert!(pause.left() > Duration::from_mins(9));
    }

    #[test]
    fn a_pause_beyond_every_clock_is_no_pause_and_no_panic() {
        let pause = Pause::default();
        pause.begin(Duration::MAX);
        assert_eq!(pause.left(), Duration::ZERO);
    }
}
