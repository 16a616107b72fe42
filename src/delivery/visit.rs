//! The steps of a visit: claim → read → look → decide → say → release.
//!
//! Somebody visits a window after every append and at every timer. Whoever cannot claim arms a timer before it
//! goes home, so that its facts are looked at; whoever holds the claim and dies leaves a message
//! unacknowledged, which brings the next visitor.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use tokio::time::Instant;

use super::decide::{Knowledge, Patience, checks_until, deadline};
use super::look::plan;
use super::speak::{Window, speak};
use crate::ecs::Ecs;
use crate::metrics::Metrics;
use crate::notify::Notifier;
use crate::roll::Roll;
use crate::timer::{TimerError, Timers};
use crate::window::{Batch, Claim, Claimed, Released, State, WindowKey, WindowLog, WindowLogError};

/// What a visit needs of the world.
#[derive(Debug)]
pub struct Ports<'a, L, N, T, E> {
    /// What is known.
    pub log: &'a L,
    /// Who says it.
    pub notifier: &'a N,
    /// Who brings the next visit.
    pub timers: &'a T,
    /// Who says whether tasks run.
    pub ecs: &'a E,
}

/// How a visit is made.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// How long to wait for what.
    pub patience: Patience,
    /// The zone of the times that people see.
    pub timezone: Tz,
    /// Tells this visitor's claims from all others.
    pub token: &'a str,
    /// When the visitor's claim lapses: after it cannot be alive any more.
    pub claim_until: DateTime<Utc>,
    /// The present.
    pub now: DateTime<Utc>,
    /// Until when a message may be sent.
    pub deadline: Instant,
}

/// Why a visit came to nothing. What brought it must come again.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// The log failed before anything was done.
    #[error(transparent)]
    Log(#[from] WindowLogError),
    /// What was done could not be noted.
    #[error(transparent)]
    Release(WindowLogError),
    /// The timer that somebody's facts rely on could not be armed.
    #[error(transparent)]
    Timer(#[from] TimerError),
}

/// How soon to come again when somebody else holds the window: visits are short.
const BUSY: TimeDelta = TimeDelta::seconds(5);
/// How soon to come again where ECS could not be asked anything.
const IN_VAIN: TimeDelta = TimeDelta::seconds(30);
/// How late a window may be said before an alarm, which does not depend on Slack, tells of it.
const OVERDUE: TimeDelta = TimeDelta::minutes(15);

/// Visits a window: says what is to be said, and sees to it that somebody comes when there may be more.
///
/// # Errors
/// When the log or the timers fail; the facts are kept, and another visit will do what this one did not.
pub async fn visit<L: WindowLog, N: Notifier, T: Timers, E: Ecs>(
    key: &WindowKey,
    ports: &Ports<'_, L, N, T, E>,
    visit: Visit<'_>,
    metrics: &mut Metrics,
) -> Result<(), VisitError> {
    let claim = Claim {
        token: visit.token.to_owned(),
        until: visit.claim_until,
    };
    let Claimed::Held {
        mut state,
        has_lapsed,
    } = ports.log.claim(key, &claim, visit.now).await?
    else {
        // The holder may have read before our facts were appended.
        ports.timers.arm(key, visit.now + BUSY, visit.now).await?;
        tracing::info!(window = %key, "{key} is being visited by another invocation; coming again");
        return Ok(());
    };
    if has_lapsed {
        tracing::warn!(window = %key, "an earlier visitor of {key} did not come back");
        metrics.claims_lapsed += 1;
        // It may have posted the message.
        state.is_in_doubt = true;
    }
    let mut batches = ports.log.read(key).await?;
    let has_seen = look(key, &batches, ports, visit, metrics).await;
    if has_seen {
        // What was kept may be more than one batch, and others may have appended meanwhile.
        batches = ports.log.read(key).await?;
    }
    if let Some(known) = Knowledge::of(key, &batches, state.spoken.as_ref(), visit.patience) {
        let window = Window {
            key,
            known: &known,
            batches: &batches,
        };
        let spoken = speak(&window, ports.notifier, visit, &mut state, metrics).await;
        let next_look = next_look(key, &known.roll, has_seen, visit);
        if let Some(at) = spoken.next.into_iter().chain(next_look).min() {
            arm(key, at, visit.now, ports.timers, &mut state).await?;
        }
        let deadline = deadline(key, &known.roll, visit.patience);
        let due_at =
            checks_until(&known.roll, visit.patience).map_or(deadline, |at| at.max(deadline));
        let overdue_at = due_at + OVERDUE;
        if spoken.is_owed && visit.now >= overdue_at {
            tracing::error!(window = %key, "{key} is past its deadline and could not be said");
            metrics.windows_overdue += 1;
        }
    }
    let released = ports.log.release(key, &claim, &state).await;
    if released.map_err(VisitError::Release)? == Released::Lost {
        tracing::warn!(window = %key, "the claim on {key} lapsed during the visit");
        metrics.claims_lapsed += 1;
    }
    Ok(())
}

/// Asks ECS what there is to ask, and keeps what it says. Returns whether anything was kept.
async fn look<L: WindowLog, N, T, E: Ecs>(
    key: &WindowKey,
    batches: &[Batch],
    ports: &Ports<'_, L, N, T, E>,
    visit: Visit<'_>,
    metrics: &mut Metrics,
) -> bool {
    let roll = Roll::fold(batches.iter().flat_map(|batch| &batch.facts));
    let plan = plan(key, &roll, visit.patience, visit.now);
    if plan.wanted.is_empty() {
        return false;
    }
    // At most half of the time that is left: people are to hear something in any case.
    let until = visit.deadline - visit.deadline.saturating_duration_since(Instant::now()) / 2;
    let seen = ports.ecs.look(&plan.wanted, visit.now, until).await;
    metrics.looked(&seen);
    if seen.is_empty() {
        return false;
    }
    match ports.log.append(key, &seen, visit.now).await {
        Ok(()) => true,
        // What was known before can be said all the same.
        Err(error) => {
            tracing::error!(window = %key, %error, "cannot keep what ECS says about {key}: {error}");
            false
        }
    }
}

/// When ECS is to be asked again. What there was no time for comes soon, unless there was no time for anything.
fn next_look(
    key: &WindowKey,
    roll: &Roll,
    has_seen: bool,
    visit: Visit<'_>,
) -> Option<DateTime<Utc>> {
    let plan = plan(key, roll, visit.patience, visit.now);
    let soon = visit.now + if has_seen { BUSY } else { IN_VAIN };
    plan.next.or((!plan.wanted.is_empty()).then_some(soon))
}

/// Sees to it that somebody comes at `at`, unless a timer that comes no later is already under way.
async fn arm(
    key: &WindowKey,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
    timers: &impl Timers,
    state: &mut State,
) -> Result<(), TimerError> {
    // Delays are whole seconds, so the one under way may come a little after `at`.
    let soon_enough = at + TimeDelta::seconds(1);
    if state
        .timer_at
        .is_some_and(|pending| pending > now && pending <= soon_enough)
    {
        return Ok(());
    }
    // Before the state that relies on it is written: a timer too many does nothing.
    state.timer_at = Some(timers.arm(key, at, now).await?);
    Ok(())
}
