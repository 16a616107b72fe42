//! When to speak: a pure decision, and the short list of steps that carries it out.
//!
//! The steps of a visit are claim → read → decide → say → release. Somebody visits a window after every append
//! and at every timer. Whoever cannot claim arms a timer before it goes home, so that its facts are looked at;
//! whoever holds the claim and dies leaves a message unacknowledged, which brings the next visitor.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use tokio::time::Instant;

use crate::metrics::Metrics;
use crate::notify::Notifier;
use crate::roll::{Roll, Standing, Subject, news};
use crate::summary::Summary;
use crate::timer::{TimerError, Timers};
use crate::window::{
    Batch, Claim, Claimed, Released, Spoken, State, WindowKey, WindowLog, WindowLogError,
    last_news_at,
};

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long nothing new must have arrived: a failed call may yet be retried and succeed.
    pub settle: Duration,
    /// How much later than the last possible call its record may arrive.
    pub grace: Duration,
    /// The length of a window, which bounds the waiting where no roster does.
    pub period: Duration,
}

/// What to do about a window now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Say it.
    Post(Reason),
    /// Say what changed since it was said.
    FollowUp,
    /// Look again at this time, for this reason.
    Wait(DateTime<Utc>, Reason),
    /// There is nothing to say that was not said.
    Nothing,
}

/// Why a window is said when it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Every expected service has succeeded.
    Complete,
    /// Nothing new arrived for a while.
    Settled,
    /// The waiting is over, whatever is still absent.
    Deadline,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Complete => "complete",
            Self::Settled => "settled",
            Self::Deadline => "deadline",
        })
    }
}

/// What is known about a window, and what was said of it.
#[derive(Debug)]
pub struct Knowledge {
    /// Everything known.
    pub roll: Roll,
    /// When the newest fact arrived.
    pub last_news_at: DateTime<Utc>,
    /// How everything stood when the window was last said.
    pub said: Option<BTreeMap<Subject, Standing>>,
}

impl Knowledge {
    /// Knowledge from the log; `None` while the log is empty.
    #[must_use]
    pub fn of(
        key: &WindowKey,
        batches: &[Batch],
        spoken: Option<&Spoken>,
        patience: Patience,
    ) -> Option<Self> {
        let roll = Roll::fold(batches.iter().flat_map(|batch| &batch.facts));
        let said = spoken.map(|spoken| {
            let known_then = batches
                .iter()
                .filter(|batch| spoken.batches.contains(&batch.id));
            let roll = Roll::fold(known_then.flat_map(|batch| &batch.facts));
            roll.standings(spoken.at >= deadline(key, &roll, patience))
        });
        Some(Self {
            roll,
            last_news_at: last_news_at(batches)?,
            said,
        })
    }
}

/// When the waiting for a window ends: with rosters, `grace` after their last possible call; without, `grace`
/// after the window itself.
#[must_use]
pub fn deadline(key: &WindowKey, roll: &Roll, patience: Patience) -> DateTime<Utc> {
    let last_call = roll
        .calls_end_at
        .unwrap_or(key.start + delta(patience.period));
    last_call + delta(patience.grace)
}

/// What to do about a window at `now`.
#[must_use]
pub fn decide(
    key: &WindowKey,
    known: &Knowledge,
    patience: Patience,
    now: DateTime<Utc>,
) -> Decision {
    let roll = &known.roll;
    let deadline = deadline(key, roll, patience);
    let settled = (known.last_news_at + delta(patience.settle), Reason::Settled);
    let is_over = now >= deadline;
    let standings = roll.standings(is_over);
    let (at, reason) = if let Some(said) = &known.said {
        let is_changed = news(&standings, said).is_some();
        let is_waiting = standings
            .values()
            .any(|standing| *standing == Standing::Pending);
        match (is_changed, is_waiting) {
            // News after the summary is worth one message, and what comes next may belong to it.
            (true, _) => {
                return if now >= settled.0 {
                    Decision::FollowUp
                } else {
                    Decision::Wait(settled.0, settled.1)
                };
            }
            (false, true) => (deadline, Reason::Deadline),
            (false, false) => return Decision::Nothing,
        }
    } else if standings.is_empty() && roll.anonymous_accepted == 0 {
        // Silenced, and nothing happened; or nothing but messages that cannot be decoded.
        return Decision::Nothing;
    } else if roll.has_all_succeeded() {
        (now, Reason::Complete)
    } else if roll.calls_end_at.is_none() || roll.has_all_answered() {
        settled.min((deadline, Reason::Deadline))
    } else {
        (deadline, Reason::Deadline)
    };
    if now >= at {
        Decision::Post(reason)
    } else {
        Decision::Wait(at, reason)
    }
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

/// What a visit needs of the world.
#[derive(Debug)]
pub struct Ports<'a, L, N, T> {
    /// What is known.
    pub log: &'a L,
    /// Who says it.
    pub notifier: &'a N,
    /// Who brings the next visit.
    pub timers: &'a T,
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
/// The first delay after a message could not be sent; it doubles up to [`LONGEST_RETRY`].
const FIRST_RETRY: TimeDelta = TimeDelta::seconds(30);
const LONGEST_RETRY: TimeDelta = TimeDelta::minutes(15);
/// How late a window may be said before an alarm, which does not depend on Slack, tells of it.
const OVERDUE: TimeDelta = TimeDelta::minutes(15);

/// Visits a window: says what is to be said, and sees to it that somebody comes when there may be more.
///
/// # Errors
/// When the log or the timers fail; the facts are kept, and another visit will do what this one did not.
pub async fn visit<L: WindowLog, N: Notifier, T: Timers>(
    key: &WindowKey,
    ports: &Ports<'_, L, N, T>,
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
    }
    let batches = ports.log.read(key).await?;
    if let Some(known) = Knowledge::of(key, &batches, state.spoken.as_ref(), visit.patience) {
        let decision = decide(key, &known, visit.patience, visit.now);
        tracing::info!(window = %key, ?decision, facts = batches.len(), "decided about {key}: {decision:?}");
        let next = match decision {
            Decision::Post(_) | Decision::FollowUp => {
                say(
                    key,
                    &known,
                    &batches,
                    ports.notifier,
                    visit,
                    &mut state,
                    metrics,
                )
                .await
            }
            Decision::Wait(until, _) => Some(until),
            Decision::Nothing => None,
        };
        if let Some(at) = next {
            arm(key, at, visit.now, ports.timers, &mut state).await?;
        }
        let is_overdue = visit.now >= deadline(key, &known.roll, visit.patience) + OVERDUE;
        if is_overdue && state.spoken.is_none() && decision != Decision::Nothing {
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

/// Says the window, and notes it in the state. Returns when to come again.
async fn say(
    key: &WindowKey,
    known: &Knowledge,
    batches: &[Batch],
    notifier: &impl Notifier,
    visit: Visit<'_>,
    state: &mut State,
    metrics: &mut Metrics,
) -> Option<DateTime<Utc>> {
    let deadline = deadline(key, &known.roll, visit.patience);
    let is_over = visit.now >= deadline;
    let summary = match &known.said {
        None => Summary::new(key, &known.roll, is_over, visit.timezone),
        Some(said) => Summary::follow_up(key, &known.roll, is_over, said, visit.timezone)?,
    };
    let delivery = notifier.notify(&summary, visit.deadline).await;
    metrics.said(&summary, &delivery);
    match delivery.result {
        Ok(()) => {
            let batches = batches.iter().map(|batch| batch.id.clone()).collect();
            state.spoken = Some(Spoken {
                at: visit.now,
                batches,
            });
            state.failures = 0;
            tracing::info!(window = %key, "said {key}: {}", summary.totals());
            // Who is still awaited may turn out to be missing.
            (summary.counts.pending > 0).then_some(deadline)
        }
        Err(error) => {
            tracing::error!(window = %key, %error, "cannot say {key}: {error}");
            let delay = FIRST_RETRY * 2_i32.saturating_pow(state.failures.min(10));
            state.failures = state.failures.saturating_add(1);
            Some(visit.now + delay.min(LONGEST_RETRY))
        }
    }
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
