//! Judges overrides, which a one-time schedule of the command line sends.
//!
//! Pure. Anybody who may send to the queue may have written one, so lengths and times are bounded.

use chrono::{DateTime, Datelike, Utc};
use serde_json::Value;

use super::DecodeError;
use super::own::{Field, is_time};
use crate::core::overrides::{Change, Kind, Override, Phase};

/// How many bytes an id has at most.
const MOST_ID: usize = 64;
/// How many bytes a name has at most; AWS allows none that is longer.
const MOST_NAME: usize = 255;
/// How many bytes a reason has at most. A message shows the beginning of it.
const MOST_REASON: usize = 2_000;
/// How many changes an override makes at most: each is an update of a schedule or a schedule more.
const MOST_CHANGES: usize = 500;
/// How many services a change lists at most: as many as a cluster has in ECS.
const MOST_SERVICES: usize = 5_000;

const ID: &str = r#"1 to 64 letters and digits, such as "k3x9p2ab""#;
const ENVIRONMENT: &str = r#"the label of messages, such as "dev""#;
const BY: &str = r#"who it was, such as "kim""#;
const REASON: &str = r#"a text of at most 2000 bytes, such as "demo""#;
const TIME: &str = r#"a time such as "2026-01-15T13:00:00Z""#;
const ZONE: &str = r#"the name of a time zone, such as "Asia/Seoul""#;
const ACCOUNT: &str = r#"twelve digits, such as "111122223333""#;
const REGION: &str = r#"a Region, such as "ap-northeast-2""#;
const CHANGES: &str =
    "at most 500 changes, each with a schedule, `from` or `to` as times, and calls";

/// The fields of an override, for an error that names the first one that is wrong.
pub(super) const FIELDS: [Field; 13] = [
    ("id", Value::is_string, ID),
    (
        "phase",
        is_one::<Phase>,
        r#""began", "ended" or "cancelled""#,
    ),
    (
        "kind",
        is_one::<Kind>,
        r#""extend", "skip", "up" or "down""#,
    ),
    ("environment", Value::is_string, ENVIRONMENT),
    ("by", Value::is_string, BY),
    ("made_by", is_text_or_null, BY),
    ("reason", is_text_or_null, REASON),
    ("scheduled_time", is_time, TIME),
    ("created_at", is_time, TIME),
    ("until", is_time, TIME),
    ("zone", Value::is_string, ZONE),
    ("account", Value::is_string, ACCOUNT),
    ("region", Value::is_string, REGION),
];

fn is_one<T: serde::de::DeserializeOwned>(value: &Value) -> bool {
    serde_json::from_value::<T>(value.clone()).is_ok()
}

fn is_text_or_null(value: &Value) -> bool {
    value.is_string() || value.is_null()
}

/// What is wrong with an override whose JSON has the right form otherwise: its changes.
pub(super) fn wrong_changes() -> DecodeError {
    DecodeError::Override {
        field: "changes",
        expected: CHANGES,
    }
}

/// Refuses an override with a text, a list or a time beyond all bounds.
///
/// # Errors
/// Names the field.
pub(super) fn check(one: &Override) -> Result<(), DecodeError> {
    let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || b"-_".contains(&letter);
    let is_id = (1..=MOST_ID).contains(&one.id.len()) && one.id.bytes().all(is_letter);
    let by = [Some(&one.by), one.made_by.as_ref()];
    let checks = [
        ("id", is_id, ID),
        ("environment", is_name(&one.environment), ENVIRONMENT),
        ("by", by.into_iter().flatten().all(|by| is_name(by)), BY),
        (
            "reason",
            one.reason
                .as_ref()
                .is_none_or(|reason| reason.len() <= MOST_REASON),
            REASON,
        ),
        ("scheduled_time", is_near(one.scheduled_time), TIME),
        ("created_at", is_near(one.created_at), TIME),
        ("until", is_near(one.until), TIME),
        ("zone", is_name(&one.zone), ZONE),
        ("account", is_name(&one.account), ACCOUNT),
        ("region", is_name(&one.region), REGION),
        (
            "changes",
            one.changes.len() <= MOST_CHANGES && one.changes.iter().all(is_change),
            CHANGES,
        ),
    ];
    match checks.into_iter().find(|(_, is_right, _)| !is_right) {
        Some((field, _, expected)) => Err(DecodeError::Override { field, expected }),
        None => Ok(()),
    }
}

fn is_name(text: &str) -> bool {
    text.len() <= MOST_NAME
}

/// Chrono reads years so far away that adding to them overflows.
fn is_near(time: DateTime<Utc>) -> bool {
    (1970..10_000).contains(&time.year())
}

fn is_change(change: &Change) -> bool {
    let mut times = change.from.into_iter().chain(change.to).peekable();
    let services = change.services.iter().flatten();
    times.peek().is_some()
        && times.all(is_near)
        && is_name(&change.schedule)
        && change
            .services
            .as_ref()
            .is_none_or(|services| services.len() <= MOST_SERVICES)
        && services.into_iter().all(|name| is_name(name))
}
