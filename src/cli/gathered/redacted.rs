//! Hands each form of a record to the redactor, and puts the result into the same form.

use aws_lambda_events::sqs::SqsMessage;
use serde_json::{Map, Value, json};

use super::is_undecodable;
use crate::cli::exported::ExportedPart;
use crate::cli::input::Record;
use crate::core::decode::decode;
use crate::core::observation::{Observations, StoredObservations};
use crate::core::redact::Redactor;
use crate::core::window::WindowKey;

/// Stands for a record that cannot be decoded, and cannot be decoded either.
const UNDECODABLE: &str = "a record that could not be decoded";

/// A record, redacted, as one line of JSON.
pub(super) fn redacted(record: Record<'_>, redactor: &mut Redactor) -> String {
    match record {
        Record::Ignored(_) => Value::Null,
        Record::Body(body) => body_value(&body, redactor),
        Record::Message(message) => message_value(&message, redactor),
        Record::Exported(text) => match serde_json::from_slice(text) {
            Ok(part) => exported_value(part, redactor),
            // Of the form that is told apart by its first field, so that it is an exported window that cannot be read.
            Err(_) => json!({"rollcall": "window"}),
        },
    }
    .to_string()
}

fn body_value(body: &str, redactor: &mut Redactor) -> Value {
    match serde_json::from_str(body) {
        Ok(value) if !is_undecodable(body) => redactor.redact(value),
        _ => UNDECODABLE.into(),
    }
}

/// A message of SQS with its body. A dead letter's error and schedule stand in its attributes.
fn message_value(message: &SqsMessage, redactor: &mut Redactor) -> Value {
    let attributes = message
        .message_attributes
        .iter()
        .filter_map(|(name, attribute)| {
            let value = attribute.string_value.clone()?;
            Some((name.clone(), value.into()))
        });
    let attributes = redactor.redact(Value::Object(attributes.collect()));
    let attributes: Map<String, Value> = attributes
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            (
                name.clone(),
                json!({"stringValue": value, "dataType": "String"}),
            )
        })
        .collect();
    let body = message.body.as_deref().unwrap_or_default();
    let body = match serde_json::from_str(body) {
        Ok(value) if decode(message).is_ok() || !is_undecodable(body) => {
            redactor.redact(value).to_string()
        }
        // Scheduler cuts long inputs short, and the dead letter is of use all the same.
        _ => UNDECODABLE.to_owned(),
    };
    let count = message.attributes.get("ApproximateReceiveCount");
    let id = message.message_id.as_deref().unwrap_or_default();
    json!({
        "messageId": redactor.name("id", id),
        "body": body,
        "attributes": redactor.redact(json!({"ApproximateReceiveCount": count})),
        "messageAttributes": attributes,
    })
}

fn exported_value(part: ExportedPart, redactor: &mut Redactor) -> Value {
    let observations = part.observations.map(|observed| {
        let observed = redactor.observations(Observations::from(observed));
        StoredObservations::from(&observed)
    });
    let facts = redactor.redact(json!({"facts": part.facts}));
    let facts = facts["facts"].as_array().into_iter().flatten();
    let part = ExportedPart {
        window: WindowKey {
            start: part.window.start,
            environment: redactor.name("environment", &part.window.environment),
        },
        window_seconds: part.window_seconds,
        facts: facts
            .filter_map(|fact| serde_json::from_value(fact.clone()).ok())
            .collect(),
        observations,
    };
    serde_json::to_value(part).unwrap_or_default()
}
