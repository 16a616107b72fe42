//! The function's own queue: it brings visits at later times, and brings back records that could not be kept.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::core::window::WindowKey;

/// SQS delays a message for 15 minutes at most; a timer for a later time is armed again when it fires.
pub const LONGEST_DELAY: TimeDelta = TimeDelta::minutes(15);

/// A visit that is to be brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer<'a> {
    /// The window.
    pub key: &'a WindowKey,
    /// When, or earlier where that is too far away.
    pub at: DateTime<Utc>,
    /// How many of the window's records are going to the dead-letter queue, because the log could not keep them.
    pub unkept: u64,
    /// How many timers in a row came before this one.
    pub hops: u64,
}

/// How many timers may follow each other without a record between them.
///
/// A timer's visit arms the next timer, and the function that SQS calls sends to SQS again. Lambda takes that for a
/// mistake and would end it after about 16 rounds, so the module turns that guard off (`RecursiveLoop = Allow`), and this
/// one stands in for it. A window that is told takes 10 to 60 timers. A receiver that is out of reach is tried every 15
/// minutes at the least, so that so many timers last for 20 days, longer than a window is kept; a loop without a delay
/// ends after some minutes.
pub const MOST_HOPS: u64 = 2_000;

/// A message that came from a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The ARN of the queue.
    pub queue_arn: String,
    /// SQS's handle for this receive of the message.
    pub handle: String,
}

/// The queue.
pub trait Queue {
    /// Has a window visited again. Returns when.
    ///
    /// # Errors
    /// When it cannot be told whether the timer is under way; arming it again is safe.
    fn arm(
        &self,
        timer: Timer<'_>,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<DateTime<Utc>, QueueError>>;

    /// Has a message that is given back handed out again after `delay`. Where that fails, SQS hands it out after
    /// the queue's visibility timeout.
    ///
    /// # Errors
    /// When SQS refuses, or cannot be reached.
    fn postpone(
        &self,
        receipt: &Receipt,
        delay: Duration,
    ) -> impl Future<Output = Result<(), QueueError>>;
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

/// The first distance at which a record that could not be kept comes back; it doubles with each receive.
const FIRST_RETURN: Duration = Duration::from_secs(30);
const LONGEST_RETURN: Duration = Duration::from_mins(15);

/// How long a record stays away that was received so often and could not be kept. Distances grow, so that an outage
/// of hours does not use up the receives after which SQS moves a record to the dead-letter queue.
#[must_use]
pub fn return_delay(receive_count: u32) -> Duration {
    let doublings = receive_count.saturating_sub(1).min(10);
    (FIRST_RETURN * 2_u32.pow(doublings)).min(LONGEST_RETURN)
}

/// The queue could not be reached, or refused a request.
#[derive(Debug, thiserror::Error)]
#[error("queue: {0}")]
pub struct QueueError(pub String);
