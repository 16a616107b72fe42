//! An event bus of EventBridge, which gets each event as one entry.
//!
//! EventBridge answers 200 also where it refuses an entry; the entry's own error tells why.

use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use tokio::time::{Instant, timeout_at};

use super::error::RequestError;
use crate::core::event::Event;
use crate::ports::machine::Machine;
use crate::ports::notifier::{Delivery, NotifyError};

/// The `source` of every event.
pub const SOURCE: &str = "rollcall";

/// A bus that gets events.
#[derive(Debug)]
pub struct EventBus {
    client: aws_sdk_eventbridge::Client,
    /// Its name or ARN.
    name: String,
}

impl EventBus {
    pub(super) fn new(client: aws_sdk_eventbridge::Client, name: String) -> Self {
        Self { client, name }
    }

    async fn put(&self, event: &Event) -> Result<(), NotifyError> {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(event.kind.detail_type())
            .time(DateTime::from_secs(event.time.timestamp()))
            .detail(&event.data)
            .build();
        let answer = self.client.put_events().entries(entry).send().await;
        let answer = answer.map_err(|error| failure(&RequestError::from(&error)))?;
        match answer.entries() {
            [entry] if answer.failed_entry_count == 0 => confirmed(entry),
            [entry] => Err(refused(entry)),
            _ => Err(NotifyError::Failed {
                reason: "an answer without the entry".to_owned(),
            }),
        }
    }
}

impl Machine for EventBus {
    fn send<'a>(&'a self, event: &'a Event, deadline: Instant) -> LocalBoxFuture<'a, Delivery> {
        async move {
            let started = Instant::now();
            let result = timeout_at(deadline, self.put(event)).await;
            let unanswered = |_| Err(NotifyError::Unanswered("timed out".to_owned()));
            Delivery {
                result: result.unwrap_or_else(unanswered),
                rate_limited: 0,
                latency: started.elapsed(),
            }
        }
        .boxed_local()
    }
}

fn confirmed(entry: &PutEventsResultEntry) -> Result<(), NotifyError> {
    // An entry that has an error was not taken, whatever the count says.
    match entry.error_code() {
        None => Ok(()),
        Some(_) => Err(refused(entry)),
    }
}

/// The error of an entry. Where EventBridge or the bus is at fault, another attempt may help.
fn refused(entry: &PutEventsResultEntry) -> NotifyError {
    let code = entry.error_code().unwrap_or("UnknownError");
    let reason = match entry.error_message() {
        Some(message) => format!("{code}: {message}"),
        None => code.to_owned(),
    };
    let is_transient = code.contains("Throttl")
        || matches!(
            code,
            "InternalFailure" | "InternalException" | "InternalServerError" | "UnknownError"
        );
    if is_transient {
        NotifyError::Failed { reason }
    } else {
        NotifyError::Refused {
            status: 200,
            reason,
        }
    }
}

/// The error of a request, which the SDK has repeated already where that may have helped.
fn failure(error: &RequestError) -> NotifyError {
    let reason = error.to_string();
    if error.is_transient {
        NotifyError::Failed { reason }
    } else {
        NotifyError::Refused {
            status: 400,
            reason,
        }
    }
}
