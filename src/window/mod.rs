//! Windows: which one a fact belongs to, and the log of what is known about each.
//!
//! The key is pure and depends on the record alone, never on when or with what it arrived, so that late and
//! shuffled records find their window. The log's facts are only ever appended.

#[cfg(feature = "aws")]
mod dynamodb;
mod log;
mod memory;

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

#[cfg(feature = "aws")]
pub use self::dynamodb::DynamoDbLog;
pub use self::log::{
    Batch, Claim, Claimed, LiveMessage, Posted, Released, Spoken, State, WindowLog, WindowLogError,
    last_news_at,
};
pub use self::memory::MemoryLog;
use crate::fact::Fact;

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

impl Windowing {
    /// The window of a fact, or `None` for one that does not say. `environment` is what its message says.
    #[must_use]
    pub fn key_of(&self, fact: &Fact, environment: Option<&str>) -> Option<WindowKey> {
        let (time, cluster) = match fact {
            Fact::Called(call) => (call.event_time, call.cluster.as_deref()),
            Fact::Expected(expected) => (expected.scheduled_time, Some(expected.cluster.as_str())),
            Fact::Undelivered(undelivered) => {
                (undelivered.scheduled_time, undelivered.cluster.as_deref())
            }
            Fact::RunTask(call) => (call.event_time, call.cluster.as_deref()),
            Fact::Observed(observed) => (
                observed.observed_at,
                Some(observed.service.cluster.as_str()),
            ),
            Fact::Unobserved(unobserved) => (
                unobserved.observed_at,
                Some(unobserved.cluster.name.as_str()),
            ),
            Fact::ServiceAction(action) => {
                (action.created_at, Some(action.service.cluster.as_str()))
            }
            // A task belongs to the call that made it, however long it runs.
            Fact::Task(task) => (task.created_at, Some(task.task.cluster.name.as_str())),
            Fact::Silenced | Fact::Undecodable { .. } => return None,
        };
        let label = self
            .environment
            .as_deref()
            .or(environment)
            .or(cluster)
            .unwrap_or(UNKNOWN_ENVIRONMENT);
        Some(WindowKey {
            start: self.start_of(time),
            environment: label.to_owned(),
        })
    }

    /// When the window of a moment begins.
    #[must_use]
    pub fn start_of(&self, time: DateTime<Utc>) -> DateTime<Utc> {
        let period = i64::try_from(self.period.as_secs())
            .unwrap_or(i64::MAX)
            .max(1);
        let seconds = time.timestamp().div_euclid(period).saturating_mul(period);
        DateTime::from_timestamp(seconds, 0).unwrap_or(time)
    }
}
