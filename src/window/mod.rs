//! Windows: which one a record belongs to, and the log of what is known about each.
//!
//! The key is pure and depends on the record alone, never on when or with what it arrived, so that late and
//! shuffled records find their window. The log only ever appends.

mod memory;

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

pub use self::memory::MemoryLog;
use crate::fact::{Call, Fact};

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

/// How calls are assigned to windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windowing {
    /// The label of every window; `None` labels each by its cluster.
    pub environment: Option<String>,
    /// The length of a window.
    pub period: Duration,
}

impl Windowing {
    /// The window of a call.
    #[must_use]
    pub fn key_of(&self, call: &Call) -> WindowKey {
        let environment = self
            .environment
            .as_deref()
            .or(call.cluster.as_deref())
            .unwrap_or(UNKNOWN_ENVIRONMENT);
        WindowKey {
            start: self.start_of(call.event_time),
            environment: environment.to_owned(),
        }
    }

    fn start_of(&self, time: DateTime<Utc>) -> DateTime<Utc> {
        let period = i64::try_from(self.period.as_secs())
            .unwrap_or(i64::MAX)
            .max(1);
        let seconds = time.timestamp().div_euclid(period).saturating_mul(period);
        DateTime::from_timestamp(seconds, 0).unwrap_or(time)
    }
}

/// Where facts are kept. Appending a fact that is already there changes nothing, and nothing is ever replaced.
pub trait WindowLog {
    /// Adds what was learned about a window.
    ///
    /// # Errors
    /// When the facts may not have been kept; appending them again is safe.
    fn append(
        &self,
        key: &WindowKey,
        facts: Vec<Fact>,
    ) -> impl Future<Output = Result<(), WindowLogError>>;

    /// Everything learned about a window so far.
    ///
    /// # Errors
    /// When the log cannot be read.
    fn read(&self, key: &WindowKey) -> impl Future<Output = Result<Vec<Fact>, WindowLogError>>;
}

/// The window log could not be reached or refused a request.
#[derive(Debug, thiserror::Error)]
#[error("window log: {0}")]
pub struct WindowLogError(pub String);
