//! Turns the files that people have at hand into SQS records, so that the function's own code handles them from there.
//!
//! Each JSON object becomes one record: an SQS message, an event, a bare CloudTrail record, or what `aws ecs
//! describe-services` and `describe-tasks` print. An object of another form becomes a record as well, so that the
//! decoder says why it cannot be read, instead of it being dropped here.

use std::io::{self, Read};
use std::path::Path;

use aws_lambda_events::sqs::{SqsMessage, SqsMessageAttribute};
use flate2::read::MultiGzDecoder;
use serde_json::{Deserializer, Value, json};

/// A file of CloudTrail records is a few megabytes; more than this after decompression is an accident or an attack.
const SIZE_LIMIT: u64 = 1 << 30;

/// Why a file gave no records.
#[derive(Debug, thiserror::Error)]
pub(super) enum InputError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is larger than {} MiB when decompressed", SIZE_LIMIT >> 20)]
    TooLarge,
    #[error("it is empty")]
    Empty,
    #[error("it is not JSON: {0}")]
    NotJson(serde_json::Error),
}

/// Reads a file, or standard input for `-`, into the records of one invocation.
pub(super) fn read(path: &Path) -> Result<Vec<SqsMessage>, InputError> {
    let bytes = if path.as_os_str() == "-" {
        read_all(io::stdin())?
    } else {
        read_all(std::fs::File::open(path)?)?
    };
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
        read_all(MultiGzDecoder::new(bytes.as_slice()))?
    } else {
        bytes
    };
    let mut records = parse(&bytes)?;
    for (index, record) in records.iter_mut().enumerate() {
        record
            .message_id
            .get_or_insert_with(|| format!("record {}", index + 1));
    }
    Ok(records)
}

fn read_all(reader: impl Read) -> Result<Vec<u8>, InputError> {
    let mut bytes = Vec::new();
    reader.take(SIZE_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SIZE_LIMIT {
        Err(InputError::TooLarge)
    } else {
        Ok(bytes)
    }
}

/// Parses one JSON value or several in a row. Where that fails, parses line by line, so that one broken line becomes a
/// record that cannot be decoded, and the other lines are read.
fn parse(bytes: &[u8]) -> Result<Vec<SqsMessage>, InputError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Err(InputError::Empty);
    }
    let values: Result<Vec<Value>, _> = Deserializer::from_slice(bytes).into_iter().collect();
    match values {
        Ok(values) => Ok(values.into_iter().flat_map(records).collect()),
        Err(error) => {
            parse_lines(&String::from_utf8_lossy(bytes)).ok_or(InputError::NotJson(error))
        }
    }
}

fn parse_lines(text: &str) -> Option<Vec<SqsMessage>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let parsed: Vec<Result<Value, &str>> = lines
        .map(|line| serde_json::from_str(line).map_err(|_| line))
        .collect();
    let is_json_lines = parsed
        .iter()
        .any(|line| line.as_ref().is_ok_and(Value::is_object));
    let line_records = |line: Result<Value, &str>| match line {
        Ok(value) => records(value),
        Err(line) => vec![record(line.to_owned())],
    };
    is_json_lines.then(|| parsed.into_iter().flat_map(line_records).collect())
}

fn records(value: Value) -> Vec<SqsMessage> {
    match value {
        Value::Array(values) => values.into_iter().flat_map(records).collect(),
        Value::Object(mut object) => {
            for list in ["Records", "Messages"] {
                if let Some(Value::Array(values)) = object.remove(list) {
                    return values.into_iter().flat_map(records).collect();
                }
            }
            vec![one_record(&Value::Object(object))]
        }
        other => vec![record(other.to_string())],
    }
}

fn one_record(value: &Value) -> SqsMessage {
    if value.get("body").is_some() || value.get("Body").is_some() {
        sqs_message(value)
    } else if value.get("eventSource").is_some() && value.get("eventName").is_some() {
        record(envelope(value).to_string())
    } else {
        record(value.to_string())
    }
}

fn record(body: String) -> SqsMessage {
    let mut message = SqsMessage::default();
    message.body = Some(body);
    message
}

/// An SQS message as the function gets it (`messageId`, `body`), or as the SQS API returns it (`MessageId`, `Body`).
fn sqs_message(value: &Value) -> SqsMessage {
    let field = |lower: &str, upper: &str| value.get(lower).or(value.get(upper));
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut message = SqsMessage::default();
    message.message_id = field("messageId", "MessageId").and_then(text);
    message.body = field("body", "Body").and_then(text);
    if let Some(Value::Object(attributes)) = field("attributes", "Attributes") {
        let pairs = attributes
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), text(value)?)));
        message.attributes = pairs.collect();
    }
    if let Some(Value::Object(attributes)) = field("messageAttributes", "MessageAttributes") {
        for (name, value) in attributes {
            let mut attribute = SqsMessageAttribute::default();
            let string_value = value.get("stringValue").or(value.get("StringValue"));
            attribute.string_value = string_value.and_then(text);
            message.message_attributes.insert(name.clone(), attribute);
        }
    }
    message
}

/// A bare CloudTrail record in the envelope that EventBridge would put around it.
fn envelope(record: &Value) -> Value {
    let source = record["eventSource"]
        .as_str()
        .unwrap_or_default()
        .replace(".amazonaws.com", "");
    json!({"detail-type": "AWS API Call via CloudTrail", "source": format!("aws.{source}"), "detail": record})
}
