//! What it takes to say a summary, whoever says it.

use std::time::Duration;

use tokio::time::Instant;

use crate::summary::Summary;

/// Says a summary somewhere: in a Slack channel, on a terminal.
pub trait Notifier {
    /// Says it before `deadline`, or tells why not.
    fn notify(&self, summary: &Summary, deadline: Instant) -> impl Future<Output = Delivery>;
}

/// How saying a summary went.
#[derive(Debug)]
pub struct Delivery {
    /// `Ok` only where the receiver confirmed the message.
    pub result: Result<(), NotifyError>,
    /// How often the receiver answered that this is too fast.
    pub rate_limited: u64,
    /// From the first request to the last answer.
    pub latency: Duration,
}

/// Why a message was not confirmed. Never holds the webhook's address.
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
    /// No answer, or no connection.
    #[error("cannot reach slack: {0}")]
    Transport(String),
    /// Slack refuses this message or this webhook; asking again would not help.
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
        matches!(
            self,
            Self::RateLimited { .. } | Self::Server { .. } | Self::Transport(_)
        )
    }
}
