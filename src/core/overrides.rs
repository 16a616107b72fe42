//! Overrides: temporary exceptions that people make from an environment's schedules, as `rollcall extend`, `skip`, `up` and
//! `down` write them down.
//!
//! Pure data. EventBridge Scheduler is the only store: each override is the input of a one-time schedule in the group of
//! rosters, which sends it to the queue when the override ends and then deletes itself. So the function reads the same text
//! that the command line reads back: add fields, never give an old field a new meaning.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// How long after an override was made its beginning may be told.
const BEGINNING: TimeDelta = TimeDelta::hours(1);

/// One override, and which moment of its life the message tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Override {
    /// What identifies it: eight letters and digits.
    pub id: String,
    /// Whether it begins, ends or was taken back.
    pub phase: Phase,
    /// What was asked for.
    pub kind: Kind,
    /// The environment's label.
    pub environment: String,
    /// Who made it, or for [`Phase::Cancelled`] who took it back: the name in the identity of the caller's credentials.
    pub by: String,
    /// For [`Phase::Cancelled`]: who had made it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<String>,
    /// Why, in the words of whoever made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The time of the moment that the message tells. EventBridge Scheduler fills it in
    /// (`<aws.scheduler.scheduled-time>`).
    pub scheduled_time: DateTime<Utc>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on nothing differs from the schedules any more.
    pub until: DateTime<Utc>,
    /// The zone in which its schedules are read, by the IANA's name such as `Asia/Seoul`.
    pub zone: String,
    /// The account of the schedules.
    pub account: String,
    /// The Region of the schedules.
    pub region: String,
    /// What runs at another time, what does not run, and what runs besides.
    pub changes: Vec<Change>,
}

impl Override {
    /// When it is kept among the facts, which decides on its window.
    ///
    /// Whoever repeats a command that was interrupted sends the beginning once more, at a later time. Both are kept by the time
    /// at which the override was made, so that they meet in one window and count once.
    #[must_use]
    pub fn time(&self) -> DateTime<Utc> {
        let is_soon = || {
            let delay = self.scheduled_time.signed_duration_since(self.created_at);
            (TimeDelta::zero()..=BEGINNING).contains(&delay)
        };
        if self.phase == Phase::Began && is_soon() {
            self.created_at
        } else {
            self.scheduled_time
        }
    }

    /// Whose clocks messages show; UTC where the zone has a name that this release does not know.
    #[must_use]
    pub fn tz(&self) -> Tz {
        self.zone.parse().unwrap_or(Tz::UTC)
    }
}

/// A moment in the life of an override.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It holds from now on.
    Began,
    /// Its last change is over.
    Ended,
    /// Somebody took it back before its end.
    Cancelled,
    /// A later override took the place of all that it changes; nothing is said of its end.
    Replaced,
}

impl Phase {
    /// The phase's name, as in the message.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Began => "began",
            Self::Ended => "ended",
            Self::Cancelled => "cancelled",
            Self::Replaced => "replaced",
        }
    }
}

/// What people ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `rollcall extend`: a run comes later.
    Extend,
    /// `rollcall skip`: runs do not come.
    Skip,
    /// `rollcall up`: the environment starts now, and stops when the time is over.
    Up,
    /// `rollcall down`: the environment stops now, until a schedule starts it.
    Down,
}

impl Kind {
    /// The name of the command.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Extend => "extend",
            Self::Skip => "skip",
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// One run of a schedule that differs from what the schedule says.
///
/// With both times the run is moved, with `from` alone it is skipped, and with `to` alone it is a run besides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Change {
    /// The schedule's name, such as `evening`.
    pub schedule: String,
    /// When the run would be: the time that the schedule says, or that of an earlier override's run besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    /// When it is instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime<Utc>>,
    /// The services that it is about, where these are not all services of the schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<String>>,
    /// How many services and jobs it is about.
    pub calls: usize,
    /// Whether the run starts or stops what it calls, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Whether it is about jobs, which end by themselves, and about no service.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_job: bool,
}

/// What a run does to what it calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It raises counts: a morning.
    Up,
    /// It lowers counts: an evening.
    Down,
}
