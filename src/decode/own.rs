//! Rollcall's own messages: rosters, which the schedules' module sends, and timers, which rollcall sends itself.
//!
//! Pure. They carry a `rollcall` key that no event of AWS has.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};

use super::{DecodeError, Decoded};
use crate::arn::last_segment;
use crate::fact::{Expected, Fact};
use crate::window::WindowKey;

/// A message of rollcall's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rollcall", rename_all = "snake_case")]
pub enum OwnMessage {
    /// "Look at this window again."
    Timer {
        /// The window.
        window: WindowKey,
    },
    /// "These services are expected to change now."
    Roster(Roster),
}

/// What a schedule is expected to do, as the schedules' module says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// The environment's label.
    pub environment: String,
    /// The schedule's name.
    pub schedule: String,
    /// When the schedule fired.
    pub scheduled_time: DateTime<Utc>,
    /// How much later a call may be made; 0 where the window is off.
    #[serde(default)]
    pub flexible_window_minutes: u32,
    /// The account of the services.
    pub account: String,
    /// The Region of the services.
    pub region: String,
    /// The cluster's short name or ARN.
    pub cluster: String,
    /// The desired count by service.
    #[serde(default)]
    pub services: BTreeMap<String, i64>,
    /// How many tasks are to be started, by the task definition's family.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub jobs: BTreeMap<String, i64>,
}

pub(super) fn decode(body: &str) -> Result<Decoded, DecodeError> {
    let message = serde_json::from_str(body).map_err(|_| DecodeError::OwnMessage)?;
    let time = match &message {
        OwnMessage::Timer { window } => window.start,
        OwnMessage::Roster(roster) => roster.scheduled_time,
    };
    // Chrono reads years that leave no room for arithmetic; nothing is scheduled then.
    if !(1970..10_000).contains(&time.year()) {
        return Err(DecodeError::OwnMessage);
    }
    Ok(match message {
        OwnMessage::Timer { window } => Decoded::Timer(window),
        OwnMessage::Roster(roster) => {
            let cluster = last_segment(&roster.cluster).to_owned();
            let fact = Fact::Expected(Box::new(Expected {
                scheduled_time: roster.scheduled_time,
                schedule: roster.schedule,
                flexible_window_minutes: roster.flexible_window_minutes.min(1_440),
                account: roster.account,
                region: roster.region,
                cluster,
                services: roster.services,
                jobs: roster.jobs,
            }));
            Decoded::Fact {
                fact,
                environment: Some(roster.environment),
            }
        }
    })
}
