//! Turns the files that people have at hand into records of the function, so that its own code handles them from there.
//!
//! Each JSON object becomes one record: an SQS message, an event, a bare CloudTrail record, or what `aws ecs
//! describe-services` and `describe-tasks` print. An object of another form becomes a record as well, so that the
//! decoder says why it cannot be read, instead of it being dropped here. Most of a CloudTrail log is about other calls:
//! these are told by two of their fields, and not decoded.

mod buffer;
mod files;
mod objects;

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use aws_lambda_events::sqs::{SqsMessage, SqsMessageAttribute};
use flate2::bufread::MultiGzDecoder;
use serde_json::Value;

use self::buffer::BufferError;
pub(super) use self::files::{Files, files, open};
use self::objects::{Fields, Found};
use crate::core::decode::{CLOUDTRAIL_CALL, IgnoredReason, ignored_call};

/// Why a file cannot be read, or not to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum InputError {
    #[error(transparent)]
    Buffer(#[from] BufferError),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is empty")]
    Empty,
    #[error("it is not JSON: {what} (line {line}, column {column})")]
    NotJson {
        what: String,
        line: usize,
        column: usize,
    },
}

/// A record of a file.
pub(super) enum Record<'t> {
    /// A CloudTrail record of a call that rollcall has no use for.
    Ignored(IgnoredReason),
    /// The body of a message.
    Body(Cow<'t, str>),
    /// An SQS message.
    Message(Box<SqsMessage>),
    /// What `rollcall export` wrote, as JSON.
    Exported(&'t [u8]),
}

/// Shows every record of a file, which may be gzipped.
pub(super) fn read(reader: impl Read, mut show: impl FnMut(Record<'_>)) -> Result<(), InputError> {
    let mut reader = BufReader::with_capacity(128 << 10, reader);
    let is_gzip = reader.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let take = |found: Found<'_>| take(found, &mut show);
    if is_gzip {
        objects::each(MultiGzDecoder::new(reader), take)
    } else {
        objects::each(reader, take)
    }
}

fn take(found: Found<'_>, show: &mut impl FnMut(Record<'_>)) {
    match found {
        Found::Other(text) => match serde_json::from_str(text) {
            Ok(Value::Array(values)) => each_record(&Value::Array(values), show),
            _ => show(Record::Body(text.into())),
        },
        Found::Object(None, text) => match serde_json::from_slice(text) {
            Ok(value) => each_record(&value, show),
            Err(_) => show(Record::Body(String::from_utf8_lossy(text))),
        },
        Found::Object(Some(fields), text) => object(&fields, text, show),
    }
}

fn object(fields: &Fields<'_>, text: &[u8], show: &mut impl FnMut(Record<'_>)) {
    let detail = fields.detail.as_ref();
    let (source, name) = if fields.is_bare_call() {
        (fields.event_source, fields.event_name)
    } else {
        (
            detail.and_then(|detail| detail.event_source),
            detail.and_then(|detail| detail.event_name),
        )
    };
    let is_call = fields.is_bare_call() || fields.detail_type == Some(CLOUDTRAIL_CALL);
    let ignored = || is_call.then(|| ignored_call(source, name)).flatten();
    if fields.rollcall == Some("window") {
        show(Record::Exported(text));
    } else if fields.body.is_some() || fields.list.is_some() || fields.rollcall.is_some() {
        take(Found::Object(None, text), show);
    } else if let Some(reason) = ignored() {
        show(Record::Ignored(reason));
    } else if fields.is_bare_call() {
        show(Record::Body(
            envelope(&String::from_utf8_lossy(text)).into(),
        ));
    } else {
        show(Record::Body(String::from_utf8_lossy(text)));
    }
}

impl Fields<'_> {
    /// Whether this is a CloudTrail record without EventBridge's envelope.
    fn is_bare_call(&self) -> bool {
        self.event_source.is_some() && self.event_name.is_some()
    }
}

/// Shows the records of a value in memory.
fn each_record(value: &Value, show: &mut impl FnMut(Record<'_>)) {
    let list = ["Records", "Messages"]
        .iter()
        .find_map(|name| value.get(name)?.as_array());
    if let Some(values) = value.as_array().or(list) {
        for value in values {
            each_record(value, show);
        }
    } else if value.get("body").is_some() || value.get("Body").is_some() {
        show(Record::Message(Box::new(sqs_message(value))));
    } else if value.get("eventSource").is_some() && value.get("eventName").is_some() {
        show(Record::Body(envelope(&value.to_string()).into()));
    } else {
        show(Record::Body(value.to_string().into()));
    }
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
fn envelope(record: &str) -> String {
    format!(r#"{{"detail-type":"{CLOUDTRAIL_CALL}","source":"aws.ecs","detail":{record}}}"#)
}
