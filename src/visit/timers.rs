//! Timers, which bring the next visit: delayed messages of the function to its own queue.

use chrono::{DateTime, Utc};

use super::{Ports, Visit, VisitError};
use crate::core::window::WindowKey;
use crate::ports::Clock;
use crate::ports::queue::{Queue, QueueError, Timer};
use crate::ports::window_log::WindowLog;

/// Has a window visited at a time. Returns when the timer fires, or `None` where none is armed, because too many timers
/// have followed each other. `unkept` is how many of the window's records are going to the dead-letter queue.
///
/// # Errors
/// When it cannot be told whether the timer is under way.
pub(crate) async fn arm<L, N, Q: Queue, E, C: Clock>(
    key: &WindowKey,
    at: DateTime<Utc>,
    unkept: u64,
    ports: &Ports<'_, L, N, Q, E, C>,
    visit: Visit<'_>,
) -> Result<Option<DateTime<Utc>>, QueueError> {
    if visit.is_last() {
        return Ok(None);
    }
    let timer = Timer {
        key,
        at,
        unkept,
        hops: visit.hops + 1,
    };
    ports.queue.arm(timer, ports.clock.now()).await.map(Some)
}

/// Has a window visited at a time, and notes it so that others need not.
pub(crate) async fn arm_and_note<L: WindowLog, N, Q: Queue, E, C: Clock>(
    key: &WindowKey,
    at: DateTime<Utc>,
    ports: &Ports<'_, L, N, Q, E, C>,
    visit: Visit<'_>,
) -> Result<(), VisitError> {
    let Some(at) = arm(key, at, 0, ports, visit).await? else {
        return Ok(());
    };
    if let Err(error) = ports.log.note_timer(key, at).await {
        // Then somebody else arms a timer too many.
        tracing::warn!(window = %key, %error, "cannot note a timer of {key}: {error}");
    }
    Ok(())
}
