//! The function's queue in SQS: timers are delayed messages, and records that are given back get a visibility timeout
//! of their own.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::error::RequestError;
use crate::core::decode::OwnMessage;
use crate::ports::queue::{Queue, QueueError, Receipt, Timer, delay};

/// A queue of SQS.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: aws_sdk_sqs::Client,
    queue_url: String,
}

impl SqsQueue {
    pub(super) fn new(client: aws_sdk_sqs::Client, queue_url: String) -> Self {
        Self { client, queue_url }
    }

    /// Sends a message as it is, for a test of the way through the queue.
    ///
    /// # Errors
    /// When SQS does not take it.
    #[cfg(feature = "operator")]
    pub(crate) async fn put(&self, body: &str) -> Result<(), QueueError> {
        let message = self.client.send_message().queue_url(&self.queue_url);
        let answer = message.message_body(body).send().await;
        answer
            .map(drop)
            .map_err(|error| QueueError(RequestError::from(&error).to_string()))
    }

    /// The URL of the queue that a message came from: the function also reads dead letters from the schedules' queues,
    /// which are in the same account and Region.
    fn url_of(&self, queue_arn: &str) -> String {
        let name = queue_arn.rsplit(':').next().filter(|name| !name.is_empty());
        match (name, self.queue_url.rsplit_once('/')) {
            (Some(name), Some((base, _))) => format!("{base}/{name}"),
            _ => self.queue_url.clone(),
        }
    }
}

impl Queue for SqsQueue {
    async fn arm(&self, timer: Timer<'_>, now: DateTime<Utc>) -> Result<DateTime<Utc>, QueueError> {
        let message = OwnMessage::Timer {
            window: timer.key.clone(),
            unkept: timer.unkept,
            hops: timer.hops,
        };
        let body =
            serde_json::to_string(&message).map_err(|error| QueueError(error.to_string()))?;
        let delay = delay(timer.at, now);
        self.client
            .send_message()
            .queue_url(&self.queue_url)
            .message_body(body)
            .delay_seconds(i32::try_from(delay.num_seconds()).unwrap_or_default())
            .send()
            .await
            .map_err(|error| QueueError(RequestError::from(&error).to_string()))?;
        Ok(now + delay)
    }

    async fn postpone(&self, receipt: &Receipt, delay: Duration) -> Result<(), QueueError> {
        self.client
            .change_message_visibility()
            .queue_url(self.url_of(&receipt.queue_arn))
            .receipt_handle(&receipt.handle)
            .visibility_timeout(i32::try_from(delay.as_secs()).unwrap_or(i32::MAX))
            .send()
            .await
            .map(drop)
            .map_err(|error| QueueError(RequestError::from(&error).to_string()))
    }
}
