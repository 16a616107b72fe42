//! Windows: which ones a fact belongs to.
//!
//! Pure. The key follows from the record alone, never from when or with what it arrived, so that late and shuffled
//! records find their window.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::fact::Fact;

/// The label of a window whose only calls name no cluster, where no environment is configured.
pub const UNKNOWN_ENVIRONMENT: &str = "unknown cluster";

/// What identifies a window.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WindowKey {
    /// When the window begins: the call's `eventTime` rounded down to the period, in UTC.
    pub start: DateTime<Utc>,
    /// The configured environment, or the cluster's name.
    pub environment: String,
}

impl fmt::Display for WindowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}",
            self.environment,
            self.start.to_rfc3339_opts(SecondsFormat::Secs, true)
        )
    }
}

/// How facts are assigned to windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windowing {
    /// The label of every window; `None` labels each by its cluster.
    pub environment: Option<String>,
    /// The length of a window.
    pub period: Duration,
}

/// The longest time after a call for which an event of ECS may still explain it; events are kept in every window of
/// that time.
const EVENT_REACH: TimeDelta = TimeDelta::minutes(15);
/// A roster is kept in the windows of at most so much time after its schedule, however long Scheduler may retry.
pub const ROSTER_REACH: TimeDelta = TimeDelta::hours(2);

impl Windowing {
    /// The windows of a fact; none for one that does not say.
    ///
    /// Most facts belong to one window. A roster is kept in every window in which Scheduler may make or retry its
    /// calls, and an event of ECS also in the window of the calls shortly before it.
    #[must_use]
    pub fn keys_of(&self, fact: &Fact) -> Vec<WindowKey> {
        let (from, to, cluster) = match fact {
            Fact::UpdateService(call) => {
                (call.event_time, call.event_time, call.cluster.as_deref())
            }
            Fact::RunTask(call) => (call.event_time, call.event_time, call.cluster.as_deref()),
            Fact::Roster(roster) => {
                let time = roster.scheduled_time;
                let to = roster.retries_until().min(time + ROSTER_REACH);
                (time, to.max(time), Some(roster.cluster.as_str()))
            }
            Fact::DeadLetter(letter) => {
                let time = letter.scheduled_time;
                (time, time, letter.cluster.as_deref())
            }
            Fact::ServiceEvent(event) => {
                let time = event.created_at;
                (
                    time - EVENT_REACH,
                    time,
                    Some(event.service.cluster.as_str()),
                )
            }
            // A task belongs to the call that made it, however long it runs.
            Fact::Task(task) => {
                let time = task.created_at;
                let cluster = task.task.cluster.name.as_str();
                (time - EVENT_REACH, time, Some(cluster))
            }
            // An override names no cluster, since its schedules may call several.
            Fact::Override(one) => (one.time(), one.time(), Some(one.environment.as_str())),
            Fact::Silenced { .. }
            | Fact::SilenceExpired { .. }
            | Fact::Undecodable { .. }
            | Fact::Unkept { .. } => return Vec::new(),
        };
        let label = self
            .environment
            .as_deref()
            .or(cluster)
            .unwrap_or(UNKNOWN_ENVIRONMENT);
        self.starts(from, to)
            .map(|start| WindowKey {
                start,
                environment: label.to_owned(),
            })
            .collect()
    }

    /// When the windows that a span of time touches begin.
    pub fn starts(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = DateTime<Utc>> + use<> {
        let period = TimeDelta::seconds(self.period_seconds());
        let next = move |start: &DateTime<Utc>| start.checked_add_signed(period);
        std::iter::successors(Some(self.start_of(from)), next).take_while(move |start| *start <= to)
    }

    /// When the window of a moment begins.
    #[must_use]
    pub fn start_of(&self, time: DateTime<Utc>) -> DateTime<Utc> {
        let period = self.period_seconds();
        let seconds = time.timestamp().div_euclid(period).saturating_mul(period);
        DateTime::from_timestamp(seconds, 0).unwrap_or(time)
    }

    fn period_seconds(&self) -> i64 {
        i64::try_from(self.period.as_secs())
            .unwrap_or(i64::MAX / 2)
            .max(1)
    }
}
