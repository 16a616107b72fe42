//! Labels of services and jobs, which rosters carry: `team = search`, say. Routes are chosen by them.
//!
//! Pure. Labels come with a message from outside, so they are bounded, and a label of another form than this release knows is
//! left out: it must never cost the roster that carries it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The labels of one service or job: values by key.
pub type Labels = BTreeMap<String, String>;

/// How many labels of one service or job are kept: the first in the order of their keys.
pub const MOST_LABELS: usize = 10;

/// How many characters a key or a value of a label has at most; the schedules' module allows no more.
pub const LONGEST_LABEL: usize = 63;

/// Reads labels by the name of a service or job. What has another form is left out.
///
/// # Errors
/// Only where the input is no JSON.
pub(crate) fn deserialize<'de, D>(deserializer: D) -> Result<BTreeMap<String, Labels>, D::Error>
where
    D: Deserializer<'de>,
{
    let Value::Object(by_name) = Value::deserialize(deserializer)? else {
        return Ok(BTreeMap::new());
    };
    let by_name = by_name
        .into_iter()
        .map(|(name, labels)| (name, labels_of(labels)));
    Ok(by_name.filter(|(_, labels)| !labels.is_empty()).collect())
}

fn labels_of(value: Value) -> Labels {
    let Value::Object(labels) = value else {
        return Labels::new();
    };
    let label = |(key, value): (String, Value)| match value {
        Value::String(value) if is_label(&key) && is_label(&value) => Some((key, value)),
        _ => None,
    };
    let sorted: Labels = labels.into_iter().filter_map(label).collect();
    sorted.into_iter().take(MOST_LABELS).collect()
}

fn is_label(text: &str) -> bool {
    let length = text.chars().take(LONGEST_LABEL + 1).count();
    (1..=LONGEST_LABEL).contains(&length) && !text.chars().any(char::is_control)
}
