//! The event that Lambda invokes the function with: a batch of SQS messages, each decoded while the event is parsed.
//!
//! Pure. A batch may be 6 MB, of which rollcall reads a small part. Because a message is decoded as soon as it is
//! parsed, its body is freed before the next message is read.

use aws_lambda_events::sqs::SqsMessage;
use serde::Deserialize;

use super::{DecodeError, Decoded, decode};

/// The event of an invocation.
#[derive(Debug, Deserialize)]
pub struct Batch {
    /// The messages, each decoded on its own.
    #[serde(rename = "Records")]
    pub records: Vec<Message>,
}

/// An SQS message, decoded.
#[derive(Debug, Deserialize)]
#[serde(from = "SqsMessage")]
pub struct Message {
    /// The message's id; empty where the record has none.
    pub id: String,
    /// How often SQS has delivered it, this time included.
    pub receive_count: u32,
    /// The handle by which SQS can be asked to deliver it later; empty where the record has none.
    pub receipt_handle: String,
    /// The ARN of the queue that it comes from; empty where the record has none.
    pub queue_arn: String,
    /// The decoded body, or why it cannot be decoded.
    pub content: Result<Decoded, DecodeError>,
}

impl From<SqsMessage> for Message {
    fn from(record: SqsMessage) -> Self {
        let count = record.attributes.get("ApproximateReceiveCount");
        Self {
            receive_count: count.and_then(|count| count.parse().ok()).unwrap_or(1),
            content: decode(&record),
            receipt_handle: record.receipt_handle.unwrap_or_default(),
            queue_arn: record.event_source_arn.unwrap_or_default(),
            id: record.message_id.unwrap_or_default(),
        }
    }
}
