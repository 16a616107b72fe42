//! The steps of a visit.
//!
//! Somebody visits a window after an append, unless a timer is near, and at every timer. A visitor that dies leaves
//! the message that brought it unacknowledged, which brings the next one.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, TimeDelta, Utc};

use super::look::look;
use super::memory::RememberedWindow;
use super::tell::tell;
use super::timers::{arm, arm_and_note};
use super::{Ports, Visit};
use crate::core::fact::Fact;
use crate::core::window::WindowKey;
use crate::metrics::Metrics;
use crate::ports::Clock;
use crate::ports::ecs::Ecs;
use crate::ports::notifier::Notifier;
use crate::ports::queue::{Queue, QueueError};
use crate::ports::window_log::{
    Claim, Claimed, Head, Released, VisitNotes, WindowLog, WindowLogError,
};

/// Why a visit came to nothing, or did less than it should. What brought it must come again.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// The log failed.
    #[error(transparent)]
    Log(#[from] WindowLogError),
    /// The timer that somebody's facts rely on could not be armed.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// How soon to come again when somebody else holds the window: visits are short.
const BUSY: TimeDelta = TimeDelta::seconds(5);
/// A timer that fires so soon may have fired before it is relied on.
const TIMER_MARGIN: TimeDelta = TimeDelta::seconds(1);
/// Visits that new records bring keep at least this distance: for a small window, and for a large one.
const SHORTEST_PACE: TimeDelta = TimeDelta::seconds(3);
const LONGEST_PACE: TimeDelta = TimeDelta::seconds(60);
/// How much the distance grows with each run of a window.
const PACE_PER_RUN: TimeDelta = TimeDelta::milliseconds(10);

/// The distance that visits brought by new records keep, in a window of so many runs: reading and folding a large
/// window takes long, and nobody reads its message sooner for it.
#[must_use]
pub fn pace(runs: usize) -> TimeDelta {
    let runs = i32::try_from(runs).unwrap_or(i32::MAX);
    let pace = PACE_PER_RUN.checked_mul(runs).unwrap_or(LONGEST_PACE);
    pace.clamp(SHORTEST_PACE, LONGEST_PACE)
}

/// Visits a window: says what is to be said, and makes sure that somebody comes when there may be more. What brought the
/// visit may have come back from the queue; then records of the window may be on their way until `siblings_until`.
///
/// # Errors
/// When the log or the queue fails. The facts are kept, and another visit will do what this one did not.
pub async fn visit<L: WindowLog, N: Notifier, Q: Queue, E: Ecs, C: Clock>(
    key: &WindowKey,
    siblings_until: Option<DateTime<Utc>>,
    ports: &Ports<'_, L, N, Q, E, C>,
    visit: Visit<'_>,
    metrics: &mut Metrics,
) -> Result<(), VisitError> {
    let claim = Claim {
        token: visit.token.to_owned(),
        until: visit.claim_until,
    };
    let (head, has_lapsed) = match ports.log.claim(key, &claim, visit.now).await? {
        Claimed::Held { head, has_lapsed } => (head, has_lapsed),
        Claimed::Busy(timer_at) => return busy(key, ports, visit, timer_at).await,
    };
    if visit.is_last() {
        tracing::error!(window = %key, hops = visit.hops, "{key} was visited by {} timers in a row; none is armed any more", visit.hops);
        metrics.timers_ended += 1;
    }
    let mut notes = head.visit.clone();
    let mut known = None;
    let result = if has_lapsed || visit.is_last() || is_anything_due(&head, visit.now) {
        let remembered = ports
            .memory
            .take(key, head.visit.runs)
            .filter(|_| !has_lapsed);
        let known = known.insert(remembered.unwrap_or_default());
        if has_lapsed {
            tracing::warn!(window = %key, "an earlier visitor of {key} did not come back");
            metrics.claims_lapsed += 1;
        }
        work(
            key,
            &head,
            has_lapsed,
            siblings_until,
            known,
            &mut notes,
            ports,
            visit,
            metrics,
        )
        .await
    } else {
        Ok(head.visit.wake_at)
    };
    // The window is given back whatever happened: otherwise nobody could visit it until the claim lapses.
    let armed = match &result {
        Ok(wake_at) => bring(key, *wake_at, &head, ports, visit).await,
        Err(_) => Ok(None),
    };
    let released = ports
        .log
        .release(key, &claim, &notes, armed.as_ref().ok().copied().flatten())
        .await;
    if matches!(released, Ok(Released::Lost)) {
        tracing::warn!(window = %key, "the claim on {key} lapsed during the visit");
        metrics.claims_lapsed += 1;
    }
    if let (Some(known), Ok(Released::Done)) = (known, &released) {
        ports.memory.keep(key, known);
    }
    result?;
    armed?;
    released?;
    Ok(())
}

/// Somebody else holds the window, and may have read before our facts were appended.
async fn busy<L: WindowLog, N, Q: Queue, E, C: Clock>(
    key: &WindowKey,
    ports: &Ports<'_, L, N, Q, E, C>,
    visit: Visit<'_>,
    timer_at: Option<DateTime<Utc>>,
) -> Result<(), VisitError> {
    let now = ports.clock.now();
    let soon = now + TIMER_MARGIN..=now + BUSY + BUSY;
    if timer_at.is_some_and(|at| soon.contains(&at)) {
        tracing::info!(window = %key, "{key} is being visited by another invocation, and a timer is near");
        return Ok(());
    }
    tracing::info!(window = %key, "{key} is being visited by another invocation; coming again");
    arm_and_note(key, now + BUSY, ports, visit).await
}

fn is_anything_due(head: &Head, now: DateTime<Utc>) -> bool {
    head.appended != head.visit.read || head.visit.wake_at.is_some_and(|wake_at| wake_at <= now)
}

/// What a visitor does that holds the claim. Returns when the next visit is due.
#[expect(clippy::too_many_arguments, reason = "each is another's property")]
async fn work<L: WindowLog, N: Notifier, Q: Queue, E: Ecs, C: Clock>(
    key: &WindowKey,
    head: &Head,
    has_lapsed: bool,
    siblings_until: Option<DateTime<Utc>>,
    known: &mut RememberedWindow,
    notes: &mut VisitNotes,
    ports: &Ports<'_, L, N, Q, E, C>,
    visit: Visit<'_>,
    metrics: &mut Metrics,
) -> Result<Option<DateTime<Utc>>, VisitError> {
    ports.log.refresh(key, head, &mut known.contents).await?;
    known.fold(key);
    // A visit that comes late because the log could not be reached may be ahead of records that come late, too.
    let runs = &mut known.runs;
    runs.siblings_until = runs.siblings_until.max(siblings_until);
    notes.version += 1;
    forward(key, known, notes, ports, visit).await?;
    let next_look = look(key, known, notes, ports, visit, metrics).await;
    let told = tell(key, has_lapsed, known, notes, ports, visit, metrics).await;
    known.contents.version = notes.version;
    known.contents.chunks.clone_from(&notes.chunks);
    let wake_at = told?.into_iter().chain(next_look).min();
    notes.read = known.contents.cursor;
    notes.visited_at = Some(ports.clock.now());
    notes.wake_at = wake_at;
    Ok(wake_at)
}

/// Appends calls that answer a run of an earlier window to that window, where they are told.
async fn forward<L: WindowLog, N, Q: Queue, E, C: Clock>(
    key: &WindowKey,
    known: &RememberedWindow,
    notes: &mut VisitNotes,
    ports: &Ports<'_, L, N, Q, E, C>,
    visit: Visit<'_>,
) -> Result<(), VisitError> {
    let mut windows: BTreeMap<DateTime<Utc>, Vec<Fact>> = BTreeMap::new();
    for (time, fact) in &known.runs.elsewhere {
        let start = visit.windowing.start_of(*time);
        windows.entry(start).or_default().push(fact.clone());
    }
    let digest = forwarded(&windows);
    if digest == notes.forwarded {
        return Ok(());
    }
    for (start, facts) in windows {
        let target = WindowKey {
            start,
            environment: key.environment.clone(),
        };
        let arrival = crate::core::runs::Arrival {
            at: visit.now,
            siblings_until: None,
        };
        ports.log.append(&target, &facts, arrival).await?;
        let soon = ports.clock.now() + SHORTEST_PACE;
        arm_and_note(&target, soon, ports, visit).await?;
    }
    notes.forwarded = digest;
    Ok(())
}

/// A digest of which calls go to which windows; 0 for none.
fn forwarded(windows: &BTreeMap<DateTime<Utc>, Vec<Fact>>) -> u64 {
    if windows.is_empty() {
        return 0;
    }
    let mut hasher = DefaultHasher::new();
    for (start, facts) in windows {
        let ids: Vec<_> = facts
            .iter()
            .map(|fact| format!("{:?}", fact.id()))
            .collect();
        (start, ids).hash(&mut hasher);
    }
    hasher.finish()
}

/// Makes sure that somebody comes at `wake_at`, unless a timer that comes no later is already under way. Returns when
/// the timer fires that was armed.
async fn bring<L, N, Q: Queue, E, C: Clock>(
    key: &WindowKey,
    wake_at: Option<DateTime<Utc>>,
    head: &Head,
    ports: &Ports<'_, L, N, Q, E, C>,
    visit: Visit<'_>,
) -> Result<Option<DateTime<Utc>>, QueueError> {
    let Some(at) = wake_at else { return Ok(None) };
    let now = ports.clock.now();
    // Delays are whole seconds, so the one under way may come a little after `at`.
    let soon_enough = now + TIMER_MARGIN..=at.max(now) + TIMER_MARGIN;
    if head
        .timer_at
        .is_some_and(|pending| soon_enough.contains(&pending))
    {
        return Ok(None);
    }
    arm(key, at, 0, ports, visit).await
}
