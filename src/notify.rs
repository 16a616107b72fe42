//! What it takes to say a summary, whoever says it.

use std::time::Duration;

use tokio::time::Instant;

use crate::summary::{News, Summary};
use crate::window::{Posted, WindowKey};

/// Says a summary somewhere: in a Slack channel, on a terminal.
pub trait Notifier {
    /// Says it before `deadline`, or tells why not.
    fn notify(&self, summary: &Summary, deadline: Instant) -> impl Future<Output = Delivery>;

    /// The channel where one message follows its window, if this notifier can edit what it said.
    fn live(&self) -> Option<&impl Channel> {
        None::<&NoChannel>
    }
}

/// A channel whose messages can be found again and edited.
pub trait Channel {
    /// Says a window in a new message that carries the window's key.
    fn post(
        &self,
        key: &WindowKey,
        summary: &Summary,
        deadline: Instant,
    ) -> impl Future<Output = Delivery<Posted>>;

    /// Makes an earlier message say this. Doing so again is safe.
    fn edit(
        &self,
        posted: &Posted,
        summary: &Summary,
        deadline: Instant,
    ) -> impl Future<Output = Delivery>;

    /// Says in the message's thread what people have to hear of: nobody is notified of an edit.
    fn reply(
        &self,
        posted: &Posted,
        news: &News,
        deadline: Instant,
    ) -> impl Future<Output = Delivery>;

    /// Looks for the window's message, which may have been posted by somebody who could not take note of it.
    fn find(
        &self,
        key: &WindowKey,
        deadline: Instant,
    ) -> impl Future<Output = Result<Option<Posted>, NotifyError>>;
}

/// The channel of a notifier that cannot edit. There is none.
#[derive(Debug)]
enum NoChannel {}

impl Channel for NoChannel {
    async fn post(&self, _: &WindowKey, _: &Summary, _: Instant) -> Delivery<Posted> {
        match *self {}
    }

    async fn edit(&self, _: &Posted, _: &Summary, _: Instant) -> Delivery {
        match *self {}
    }

    async fn reply(&self, _: &Posted, _: &News, _: Instant) -> Delivery {
        match *self {}
    }

    async fn find(&self, _: &WindowKey, _: Instant) -> Result<Option<Posted>, NotifyError> {
        match *self {}
    }
}

/// How saying a summary went.
#[derive(Debug)]
pub struct Delivery<T = ()> {
    /// `Ok` only where the receiver confirmed the message.
    pub result: Result<T, NotifyError>,
    /// How often the receiver answered that this is too fast.
    pub rate_limited: u64,
    /// From the first request to the last answer.
    pub latency: Duration,
}

/// Why a message was not confirmed. Never holds the webhook's address or the token.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotifyError {
    /// 429, and waiting as long as Slack asks would take longer than there is.
    #[error("slack rate limit: retry after {} s", .retry_after.as_secs())]
    RateLimited {
        /// What `Retry-After` said.
        retry_after: Duration,
    },
    /// 5xx: Slack may or may not have posted the message.
    #[error("slack answered HTTP {status}")]
    Server {
        /// The HTTP status.
        status: u16,
    },
    /// Slack says that something went wrong on its side; it may or may not have posted the message.
    #[error("slack failed: {reason}")]
    Failed {
        /// Slack's word for it, such as `internal_error`.
        reason: String,
    },
    /// No connection, so that the message cannot have been posted.
    #[error("cannot reach slack: {0}")]
    Transport(String),
    /// The message was sent, and no answer came back.
    #[error("no answer from slack: {0}")]
    Unanswered(String),
    /// Slack refuses this message, this webhook or this token; asking again would not help.
    #[error("slack refused the message: HTTP {status} {reason}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Slack's word for it, such as `no_service`.
        reason: String,
    },
    /// The time that the invocation has left is over.
    #[error("no time left to send the message")]
    OutOfTime,
}

impl NotifyError {
    /// Whether the same request may succeed a little later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Transport(_)) || self.is_ambiguous()
    }

    /// Whether the message may have been posted all the same.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        matches!(
            self,
            Self::Server { .. } | Self::Failed { .. } | Self::Unanswered(_)
        )
    }

    /// Whether the message is certain not to have been posted, and may be a little later.
    #[must_use]
    pub fn is_safe_to_retry(&self) -> bool {
        self.is_retryable() && !self.is_ambiguous()
    }

    /// Slack's word for why it refuses, if it does.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        match self {
            Self::Refused { reason, .. } => Some(reason),
            _ => None,
        }
    }
}
