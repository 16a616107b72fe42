//! When to speak, where a message is said once: a pure decision.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::look::{is_looking, recordless_until};
use crate::roll::{Over, Roll, Standing, Subject, news};
use crate::window::{Batch, Spoken, WindowKey, last_news_at};

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long nothing new must have arrived: a failed call may yet be retried and succeed.
    pub settle: Duration,
    /// How much later than the last possible call its record may arrive.
    pub grace: Duration,
    /// The length of a window, which bounds the waiting where no roster does.
    pub period: Duration,
    /// How long after the last accepted call ECS is asked whether tasks run; `None` where it is not asked.
    pub verify: Option<Duration>,
}

/// What to do about a window now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Say it.
    Post(Reason),
    /// Say what changed since it was said.
    FollowUp,
    /// Make the message show how everything stands now.
    Edit(Reason),
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
    /// Tasks have had their time to start or to stop.
    Checks,
    /// Something was learned, and the message can follow.
    News,
    /// The message was edited just now.
    Pace,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Complete => "complete",
            Self::Settled => "settled",
            Self::Deadline => "deadline",
            Self::Checks => "checks",
            Self::News => "news",
            Self::Pace => "pace",
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
            roll.standings(over(key, &roll, patience, spoken.at))
        });
        Some(Self {
            roll,
            last_news_at: last_news_at(batches)?,
            said,
        })
    }
}

impl Knowledge {
    fn settled(&self, patience: Patience) -> (DateTime<Utc>, Reason) {
        (self.last_news_at + delta(patience.settle), Reason::Settled)
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

/// Which waiting is over at a moment.
#[must_use]
pub fn over(key: &WindowKey, roll: &Roll, patience: Patience, at: DateTime<Utc>) -> Over {
    Over {
        calls: at >= deadline(key, roll, patience),
        // Where nobody can look any more, nothing more is to come either.
        checks: !is_looking(roll) || checks_until(roll, patience).is_none_or(|until| at >= until),
    }
}

/// Until when tasks have time to start or to stop; `None` where nobody looks at them.
pub(super) fn checks_until(roll: &Roll, patience: Patience) -> Option<DateTime<Utc>> {
    Some(roll.last_accepted_at()? + delta(patience.verify?))
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
    let standings = roll.standings(over(key, roll, patience, now));
    let (at, reason) = if let Some(said) = &known.said {
        let is_changed = news(&standings, said).is_some();
        let is_waiting = standings
            .values()
            .any(|standing| *standing == Standing::Pending);
        match (is_changed, is_waiting) {
            // News after the summary is worth one message, and what comes next may belong to it.
            (true, _) => {
                let settled = known.settled(patience);
                let (at, reason) = checked(key, settled, known, patience, now);
                return if now >= at {
                    Decision::FollowUp
                } else {
                    Decision::Wait(at, reason)
                };
            }
            (false, true) => (deadline, Reason::Deadline),
            (false, false) => return Decision::Nothing,
        }
    } else if standings.is_empty() && roll.anonymous_accepted == 0 {
        // Silenced, and nothing happened; or nothing but messages that cannot be decoded.
        return Decision::Nothing;
    } else {
        due(key, known, patience, now)
    };
    if now >= at {
        Decision::Post(reason)
    } else {
        Decision::Wait(at, reason)
    }
}

/// When a window that was not said yet is due, and why then.
pub(super) fn due(
    key: &WindowKey,
    known: &Knowledge,
    patience: Patience,
    now: DateTime<Utc>,
) -> (DateTime<Utc>, Reason) {
    let deadline = (deadline(key, &known.roll, patience), Reason::Deadline);
    let over = over(key, &known.roll, patience, now);
    let answered = if known.roll.has_all_succeeded(over) {
        (now, Reason::Complete)
    } else if known.roll.calls_end_at.is_none() || known.roll.has_all_answered() {
        known.settled(patience).min(deadline)
    } else {
        deadline
    };
    checked(key, answered, known, patience, now)
}

/// When what is due may be said: not while tasks have time to start or to stop, and ECS can be asked about them.
fn checked(
    key: &WindowKey,
    due: (DateTime<Utc>, Reason),
    known: &Knowledge,
    patience: Patience,
    now: DateTime<Utc>,
) -> (DateTime<Utc>, Reason) {
    let roll = &known.roll;
    let deadline = deadline(key, roll, patience);
    let over = over(key, roll, patience, now);
    let checks = checks_until(roll, patience).filter(|_| is_looking(roll));
    let recordless = recordless_until(roll, over, patience, deadline);
    match checks.max(recordless) {
        Some(until) if now < until => due.max((until, Reason::Checks)),
        _ => due,
    }
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
