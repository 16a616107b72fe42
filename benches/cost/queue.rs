//! An SQS queue on the bench's clock: delays, visibility timeouts, receive counts and a dead-letter queue.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// A message, in the queue or in somebody's hands.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    sent_at: DateTime<Utc>,
    visible_at: DateTime<Utc>,
    received_at: Option<DateTime<Utc>>,
    receives: u32,
}

/// The queue of the function.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    messages: BTreeMap<String, Message>,
    order: BTreeSet<(DateTime<Utc>, String)>,
    last: usize,
    pub(crate) dead_letters: Vec<Message>,
    /// What the function itself has sent: its timers.
    pub(crate) sent: usize,
    pub(crate) visibility_changes: usize,
}

/// After how many receives a message is moved to the dead-letter queue.
const MOST_RECEIVES: u32 = 30;

impl Queue {
    /// Puts a message into the queue that can be received from `visible_at` on.
    pub(crate) fn put(&mut self, body: String, visible_at: DateTime<Utc>) -> String {
        self.last += 1;
        let id = format!("{:08x}-0000-4000-8000-000000000000", self.last);
        let message = Message {
            id: id.clone(),
            body,
            sent_at: visible_at,
            visible_at,
            received_at: None,
            receives: 0,
        };
        self.order.insert((visible_at, id.clone()));
        self.messages.insert(id.clone(), message);
        id
    }

    /// The next moment at which a message can be received; none where the queue is empty.
    pub(crate) fn next_at(&self) -> Option<DateTime<Utc>> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes a message that is visible now, and hides it for so long.
    pub(crate) fn receive(&mut self, now: DateTime<Utc>, hidden: TimeDelta) -> Option<Message> {
        loop {
            let first = self.order.first().filter(|(at, _)| *at <= now)?.clone();
            self.order.remove(&first);
            let message = self.messages.get_mut(&first.1)?;
            if message.receives >= MOST_RECEIVES {
                let message = self.messages.remove(&first.1)?;
                self.dead_letters.push(message);
                continue;
            }
            message.receives += 1;
            message.received_at.get_or_insert(now);
            message.visible_at = now + hidden;
            self.order.insert((message.visible_at, first.1));
            return Some(message.clone());
        }
    }

    /// Removes a message that was dealt with.
    pub(crate) fn delete(&mut self, id: &str) {
        if let Some(message) = self.messages.remove(id) {
            self.order.remove(&(message.visible_at, message.id));
        }
    }

    fn hide(&mut self, id: &str, until: DateTime<Utc>) {
        if let Some(message) = self.messages.get_mut(id) {
            self.order.remove(&(message.visible_at, id.to_owned()));
            message.visible_at = until;
            self.order.insert((until, id.to_owned()));
        }
    }

    /// Answers a request of the function.
    pub(crate) fn answer(
        &mut self,
        operation: &str,
        request: &Value,
        now: DateTime<Utc>,
    ) -> Option<String> {
        let seconds = |request: &Value, name: &str| {
            TimeDelta::seconds(request[name].as_i64().unwrap_or_default())
        };
        let handle = |request: &Value| request["ReceiptHandle"].as_str().map(str::to_owned);
        let entries = request["Entries"].as_array().cloned().unwrap_or_default();
        let results: Vec<Value> = entries
            .iter()
            .map(|entry| json!({"Id": entry["Id"]}))
            .collect();
        Some(match operation {
            "SendMessage" => {
                self.sent += 1;
                let body = request["MessageBody"].as_str()?.to_owned();
                let id = self.put(body, now + seconds(request, "DelaySeconds"));
                json!({"MessageId": id, "MD5OfMessageBody": ""}).to_string()
            }
            "ChangeMessageVisibility" => {
                self.visibility_changes += 1;
                let until = now + seconds(request, "VisibilityTimeout");
                self.hide(&handle(request)?, until);
                "{}".to_owned()
            }
            "ChangeMessageVisibilityBatch" => {
                self.visibility_changes += 1;
                for entry in &entries {
                    let until = now + seconds(entry, "VisibilityTimeout");
                    self.hide(&handle(entry)?, until);
                }
                json!({"Successful": results, "Failed": []}).to_string()
            }
            "DeleteMessage" => {
                self.delete(&handle(request)?);
                "{}".to_owned()
            }
            "DeleteMessageBatch" => {
                for entry in &entries {
                    self.delete(&handle(entry)?);
                }
                json!({"Successful": results, "Failed": []}).to_string()
            }
            _ => return None,
        })
    }
}

impl Message {
    /// The record of an event as Lambda writes it.
    pub(crate) fn record(&self) -> Value {
        let milliseconds = |time: DateTime<Utc>| time.timestamp_millis().to_string();
        json!({
            "messageId": self.id,
            "receiptHandle": self.id,
            "body": self.body,
            "attributes": {
                "ApproximateReceiveCount": self.receives.to_string(),
                "SentTimestamp": milliseconds(self.sent_at),
                "SenderId": "AIDAEXAMPLEEVENTBRDG0",
                "ApproximateFirstReceiveTimestamp": self.received_at.map(milliseconds),
            },
            "messageAttributes": {},
            "md5OfBody": "c844344f114acad10b944582f5602bea",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:ap-northeast-2:123456789012:rollcall-dev-records",
            "awsRegion": "ap-northeast-2",
        })
    }
}
