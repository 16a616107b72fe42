//! Timers: a delayed message to our own queue that says "look at this window again".

use chrono::{DateTime, TimeDelta, Utc};

use crate::window::WindowKey;

/// SQS delays a message for 15 minutes at most; a later timer is armed again when it fires.
pub const LONGEST_DELAY: TimeDelta = TimeDelta::minutes(15);

/// Who brings the next visit to a window.
pub trait Timers {
    /// Has the window looked at again at `at`, or earlier where that is too far away. Returns when.
    ///
    /// # Errors
    /// When it cannot be told whether the timer is under way; arming it again is safe.
    fn arm(
        &self,
        key: &WindowKey,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<DateTime<Utc>, TimerError>>;
}

/// How long to delay a timer that is to fire at `at`: whole seconds, as SQS has them.
#[must_use]
pub fn delay(at: DateTime<Utc>, now: DateTime<Utc>) -> TimeDelta {
    let wait = (at - now).clamp(TimeDelta::zero(), LONGEST_DELAY);
    TimeDelta::seconds(
        (wait + TimeDelta::nanoseconds(999_999_999))
            .num_seconds()
            .min(LONGEST_DELAY.num_seconds()),
    )
}

/// A timer could not be armed.
#[derive(Debug, thiserror::Error)]
#[error("timer: {0}")]
pub struct TimerError(pub String);
