//! SQS events as Lambda hands them out.

use std::path::Path;

use serde_json::{Value, json};

/// A fixture that is an SQS batch.
pub(crate) fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name);
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap()
}

/// A batch of those records for which `keep` is true.
pub(crate) fn filtered(event: &Value, keep: impl Fn(&Value) -> bool) -> Value {
    let records: Vec<&Value> = event["Records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| keep(record))
        .collect();
    json!({ "Records": records })
}

/// The message ids of a batch, in its order.
pub(crate) fn ids(event: &Value) -> Vec<&str> {
    event["Records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["messageId"].as_str().unwrap())
        .collect()
}
