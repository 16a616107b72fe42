//! Decodes rollcall's own messages: rosters, which a schedule of the Terraform module sends, overrides, which a one-time
//! schedule of the command line sends, and timers, which the function sends to itself.
//!
//! Pure. These messages have a key `rollcall`, which no event of AWS has.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DecodeError, Decoded, overrides};
use crate::core::arn::last_segment;
use crate::core::fact::{Fact, Labels, Roster, labels};
use crate::core::overrides::Override;
use crate::core::window::WindowKey;

/// A message of rollcall's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rollcall", rename_all = "snake_case")]
pub enum OwnMessage {
    /// "Visit this window again."
    Timer {
        /// The window.
        window: WindowKey,
        /// How many of its records went to the dead-letter queue before the log could keep them.
        #[serde(default, skip_serializing_if = "is_zero")]
        unkept: u64,
        /// How many timers in a row came before this one, without a record between them.
        #[serde(default, skip_serializing_if = "is_zero")]
        hops: u64,
    },
    /// "A schedule fires now, and is to call these services and jobs."
    Roster(Box<RosterMessage>),
    /// "Somebody made an exception from the schedules, or it ended, or was taken back."
    Override(Box<Override>),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The calls that one firing of a schedule is expected to make, as the Terraform module writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterMessage {
    /// The environment's label.
    pub environment: String,
    /// The schedule's name.
    pub schedule: String,
    /// When the schedule was to fire (`<aws.scheduler.scheduled-time>`).
    pub scheduled_time: DateTime<Utc>,
    /// How much later a call may be made; 0 where the flexible window is off.
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
    /// The name or ARN of the role that the schedules call with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// For how many minutes after the flexible window Scheduler may retry a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_minutes: Option<u32>,
    /// The name of the schedules' group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The labels of services and jobs that have some, by the service's name or the job's family. What has another form than
    /// [`Roster::labels`] is left out.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "labels::deserialize"
    )]
    pub labels: BTreeMap<String, Labels>,
}

/// Scheduler allows a flexible window of a day at most, and retries for a day at most.
const DAY_MINUTES: u32 = 1_440;

pub(super) fn decode(body: &str) -> Result<Decoded, DecodeError> {
    let message = serde_json::from_str(body).map_err(|_| explain(body))?;
    let time = match &message {
        OwnMessage::Timer { window, .. } => window.start,
        OwnMessage::Roster(roster) => roster.scheduled_time,
        OwnMessage::Override(one) => {
            overrides::check(one)?;
            one.scheduled_time
        }
    };
    // Chrono reads years so far away that adding to them overflows; no schedule fires then.
    if !(1970..10_000).contains(&time.year()) {
        return Err(DecodeError::OwnMessage);
    }
    Ok(match message {
        OwnMessage::Timer {
            window,
            unkept,
            hops,
        } => Decoded::Timer {
            key: window,
            unkept,
            hops,
        },
        OwnMessage::Roster(roster) => Decoded::Fact {
            environment: Some(roster.environment.clone()),
            fact: Fact::Roster(Box::new(fact(*roster))),
        },
        OwnMessage::Override(one) => Decoded::Fact {
            environment: Some(one.environment.clone()),
            fact: Fact::Override(one),
        },
    })
}

/// A field: its name, whether a value has its form, and that form with an example.
pub(super) type Field = (&'static str, fn(&Value) -> bool, &'static str);

const ROSTER_FIELDS: [Field; 8] = [
    (
        "environment",
        Value::is_string,
        r#"the label of messages, such as "dev""#,
    ),
    (
        "schedule",
        Value::is_string,
        r#"the schedule's name, such as "morning""#,
    ),
    (
        "scheduled_time",
        is_time,
        r#"a time such as "2026-01-15T00:00:00Z""#,
    ),
    (
        "account",
        Value::is_string,
        r#"twelve digits, such as "111122223333""#,
    ),
    (
        "region",
        Value::is_string,
        r#"a Region, such as "ap-northeast-2""#,
    ),
    (
        "cluster",
        Value::is_string,
        r#"the cluster's name or ARN, such as "dev""#,
    ),
    (
        "services",
        is_counts,
        r#"desired counts, such as {"billing": 1}"#,
    ),
    (
        "jobs",
        is_counts,
        r#"numbers of tasks, such as {"report": 1}"#,
    ),
];

pub(super) fn is_time(value: &Value) -> bool {
    let time = value.as_str().map(str::parse::<DateTime<Utc>>);
    time.is_some_and(|time| time.is_ok())
}

fn is_counts(value: &Value) -> bool {
    let counts = value.as_object();
    value.is_null() || counts.is_some_and(|counts| counts.values().all(Value::is_i64))
}

/// Finds out which field of a roster or an override is missing or has another form than this release knows.
fn explain(body: &str) -> DecodeError {
    let message: Value = serde_json::from_str(body).unwrap_or_default();
    let wrong = |fields: &[Field]| {
        let mut fields = fields.iter();
        fields
            .find(|(name, is_right, _)| !is_right(&message[*name]))
            .map(|&(field, _, expected)| (field, expected))
    };
    let explained = match message["rollcall"].as_str() {
        Some("roster") => {
            wrong(&ROSTER_FIELDS).map(|(field, expected)| DecodeError::Roster { field, expected })
        }
        Some("override") => Some(
            wrong(&overrides::FIELDS).map_or_else(overrides::wrong_changes, |(field, expected)| {
                DecodeError::Override { field, expected }
            }),
        ),
        _ => None,
    };
    explained.unwrap_or(DecodeError::OwnMessage)
}

fn fact(mut roster: RosterMessage) -> Roster {
    let (services, jobs) = (&roster.services, &roster.jobs);
    roster
        .labels
        .retain(|name, _| services.contains_key(name) || jobs.contains_key(name));
    Roster {
        scheduled_time: roster.scheduled_time,
        schedule: roster.schedule,
        flexible_window_minutes: roster.flexible_window_minutes.min(DAY_MINUTES),
        account: roster.account,
        region: roster.region,
        cluster: last_segment(&roster.cluster).to_owned(),
        services: roster.services,
        jobs: roster.jobs,
        role: roster.role.map(|role| last_segment(&role).to_owned()),
        retry_minutes: roster.retry_minutes.map(|minutes| minutes.min(DAY_MINUTES)),
        group: roster.group,
        labels: roster.labels,
    }
}
