//! Decodes one SQS record into a fact, a timer, a reason to ignore the record, or an error.
//!
//! Pure. Every record is decoded on its own, so that one broken record does not fail its batch. Records come from
//! outside: any field may be absent, of another type or of any length. The error names the field that is missing or
//! wrong.

mod cloudtrail;
mod dead_letter;
mod ecs_event;
mod envelope;
mod event;
mod message;
mod overrides;
mod own;
mod run_task;
#[cfg(test)]
mod tests;
mod update_service;

use std::fmt;

use aws_lambda_events::sqs::SqsMessage;

pub use self::event::{CLOUDTRAIL_CALL, ignored_call};
pub use self::message::{Batch, Message};
pub use self::own::{OwnMessage, RosterMessage};
use crate::core::fact::Fact;
use crate::core::window::WindowKey;

/// What a record holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// Something that was learned.
    Fact {
        /// What was learned.
        fact: Fact,
        /// The environment that the message itself names.
        environment: Option<String>,
    },
    /// A timer that rollcall sent to itself: this window is to be visited again.
    Timer {
        /// The window.
        key: WindowKey,
        /// How many records of the window went to the dead-letter queue because the log could not keep them.
        unkept: u64,
        /// How many timers in a row came before this one.
        hops: u64,
    },
    /// An event that rollcall has no use for; it is acknowledged.
    Ignored(IgnoredReason),
}

/// Why rollcall has no use for a well-formed event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IgnoredReason {
    /// Its `detail-type` is neither `AWS API Call via CloudTrail` nor that of an event of ECS that rollcall knows.
    OtherDetailType,
    /// A call to another service than ECS.
    OtherEventSource,
    /// Another ECS call than `UpdateService` and `RunTask`.
    OtherEventName,
    /// An event of ECS about a capacity provider or a task set.
    OtherEcsEvent,
    /// An event about a service whose ARN is of the old form, so that nothing names the cluster.
    UnknownCluster,
    /// About a task of a service: how many of them run, the service's own events tell.
    ServiceTask,
}

impl IgnoredReason {
    /// Every reason, because metrics are also written for those that did not occur.
    pub const ALL: [Self; 6] = [
        Self::OtherDetailType,
        Self::OtherEventSource,
        Self::OtherEventName,
        Self::OtherEcsEvent,
        Self::UnknownCluster,
        Self::ServiceTask,
    ];

    /// The reason's name in logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OtherDetailType => "OtherDetailType",
            Self::OtherEventSource => "OtherEventSource",
            Self::OtherEventName => "OtherEventName",
            Self::OtherEcsEvent => "OtherEcsEvent",
            Self::UnknownCluster => "UnknownCluster",
            Self::ServiceTask => "ServiceTask",
        }
    }
}

impl fmt::Display for IgnoredReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a body cannot be decoded. The texts never quote the body: it may hold anything.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The record has no body.
    #[error("the record has no body")]
    NoBody,
    /// The body is not JSON.
    #[error("the body is not JSON (line {line}, column {column})")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// The body is JSON, but not an event in EventBridge's envelope.
    #[error(
        "the body is not an EventBridge event: expected an object with `detail-type` and `detail`"
    )]
    NotAnEvent,
    /// A field has another type than CloudTrail documents.
    #[error(
        "a field of the CloudTrail record has an unexpected type (line {line}, column {column})"
    )]
    UnexpectedType {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A field is missing without which nobody can say which call it was or when it was made.
    #[error("the CloudTrail record has no `{0}`")]
    Missing(&'static str),
    /// `eventTime` is not a time.
    #[error("`eventTime` is not an RFC 3339 time")]
    EventTime,
    /// A field of an event of ECS has another type than ECS documents.
    #[error("a field of the ECS event has an unexpected type (line {line}, column {column})")]
    EcsEventType {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A field of an event of ECS is missing without which the event says nothing.
    #[error("the ECS event has no usable `{0}`")]
    EcsEventMissing(&'static str),
    /// A message of rollcall's own has another form than this release knows.
    #[error("the roster, override or timer has an unexpected form")]
    OwnMessage,
    /// A field of a roster is missing or has another form.
    #[error("the roster has no usable `{field}`: expected {expected}")]
    Roster {
        /// The field's name.
        field: &'static str,
        /// What it should hold, with an example.
        expected: &'static str,
    },
    /// A field of an override is missing or has another form.
    #[error("the override has no usable `{field}`: expected {expected}")]
    Override {
        /// The field's name.
        field: &'static str,
        /// What it should hold, with an example.
        expected: &'static str,
    },
    /// An attribute of a schedule's dead letter is missing or malformed.
    #[error("the schedule's dead letter has no usable attribute `{0}`")]
    MissingAttribute(&'static str),
    /// CloudTrail announces breaking changes with a new major version.
    #[error("`eventVersion` has a major version other than 1, which this release does not know")]
    EventVersion,
}

/// Decodes the body of a message without attributes: an event, or a message of rollcall's own.
///
/// # Errors
/// Says what is wrong with the body, without quoting it.
pub fn decode_body(body: &str) -> Result<Decoded, DecodeError> {
    event::decode(body)
}

/// Decodes one SQS record.
///
/// # Errors
/// Says what is wrong with the record, without quoting it.
pub fn decode(record: &SqsMessage) -> Result<Decoded, DecodeError> {
    let body = record.body.as_deref().ok_or(DecodeError::NoBody)?;
    if dead_letter::is_dead_letter(&record.message_attributes) {
        dead_letter::decode(body, &record.message_attributes)
    } else {
        event::decode(body)
    }
}
