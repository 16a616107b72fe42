//! The port through which summaries reach people: what a receiver such as Slack or a terminal has to be able to do,
//! and how sending can fail.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::core::notice::Notice;
use crate::core::report::Bookmark;
use crate::core::summary::{News, Summary};
use crate::core::window::WindowKey;

/// Sends summaries to a receiver, such as a Slack channel or a terminal.
pub trait Notifier {
    /// Sends a summary and waits until the receiver confirmed it, or until `deadline`.
    fn notify(&self, summary: &Summary, deadline: Instant) -> impl Future<Output = Delivery>;

    /// Sends a line about an override in a message of its own, as [`Notifier::notify`] does a summary.
    fn tell(&self, notice: &Notice, deadline: Instant) -> impl Future<Output = Delivery>;

    /// Makes ready what takes a while at first, such as reading a secret. Where that fails, sending fails, too.
    fn prepare(&self) -> impl Future<Output = ()> {
        std::future::ready(())
    }

    /// The channel in which one message is edited while its window goes on, if this notifier can edit messages.
    fn live(&self) -> Option<&impl Channel> {
        None::<&NoChannel>
    }
}

impl<N: Notifier> Notifier for &N {
    async fn notify(&self, summary: &Summary, deadline: Instant) -> Delivery {
        (**self).notify(summary, deadline).await
    }

    async fn tell(&self, notice: &Notice, deadline: Instant) -> Delivery {
        (**self).tell(notice, deadline).await
    }

    async fn prepare(&self) {
        (**self).prepare().await;
    }

    fn live(&self) -> Option<&impl Channel> {
        (**self).live()
    }
}

/// A channel whose messages can be edited later, and found by the key of their window.
pub trait Channel {
    /// Says something about a window in a new message, which carries the window's key and when its runs begin.
    fn post(
        &self,
        key: &WindowKey,
        start: DateTime<Utc>,
        summary: &Summary,
        deadline: Instant,
    ) -> impl Future<Output = Delivery<Bookmark>>;

    /// Replaces the text of an earlier message by this summary. Repeating the same edit changes nothing.
    fn edit(
        &self,
        bookmark: &Bookmark,
        summary: &Summary,
        deadline: Instant,
    ) -> impl Future<Output = Delivery>;

    /// Writes news in the message's thread, since Slack notifies nobody of an edit.
    fn reply(
        &self,
        bookmark: &Bookmark,
        news: &News,
        deadline: Instant,
    ) -> impl Future<Output = Delivery>;

    /// Writes one page of the summary's rows in the message's thread, where the message does not show all of them; see
    /// [`Summary::pages`].
    fn list(
        &self,
        bookmark: &Bookmark,
        summary: &Summary,
        page: usize,
        deadline: Instant,
    ) -> impl Future<Output = Delivery>;

    /// Says a line about an override in a new message, which carries the window's key and the line's name.
    fn announce(
        &self,
        key: &WindowKey,
        notice: &Notice,
        deadline: Instant,
    ) -> impl Future<Output = Delivery>;

    /// Whether that message stands in the channel: a visitor that could not take note of it may have posted it.
    fn has_announced(
        &self,
        key: &WindowKey,
        notice: &Notice,
        deadline: Instant,
    ) -> impl Future<Output = Result<bool, NotifyError>>;

    /// Looks for the window's messages, each with when its runs begin: one may have been posted by a visitor that could
    /// not take note of it.
    fn find(
        &self,
        key: &WindowKey,
        deadline: Instant,
    ) -> impl Future<Output = Result<Vec<(DateTime<Utc>, Bookmark)>, NotifyError>>;
}

/// The type of the channel that a notifier without one never returns.
#[derive(Debug)]
enum NoChannel {}

impl Channel for NoChannel {
    async fn post(
        &self,
        _: &WindowKey,
        _: DateTime<Utc>,
        _: &Summary,
        _: Instant,
    ) -> Delivery<Bookmark> {
        match *self {}
    }

    async fn edit(&self, _: &Bookmark, _: &Summary, _: Instant) -> Delivery {
        match *self {}
    }

    async fn reply(&self, _: &Bookmark, _: &News, _: Instant) -> Delivery {
        match *self {}
    }

    async fn list(&self, _: &Bookmark, _: &Summary, _: usize, _: Instant) -> Delivery {
        match *self {}
    }

    async fn announce(&self, _: &WindowKey, _: &Notice, _: Instant) -> Delivery {
        match *self {}
    }

    async fn has_announced(
        &self,
        _: &WindowKey,
        _: &Notice,
        _: Instant,
    ) -> Result<bool, NotifyError> {
        match *self {}
    }

    async fn find(
        &self,
        _: &WindowKey,
        _: Instant,
    ) -> Result<Vec<(DateTime<Utc>, Bookmark)>, NotifyError> {
        match *self {}
    }
}

/// How sending a message went.
#[derive(Debug)]
pub struct Delivery<T = ()> {
    /// `Ok` only where the receiver confirmed the message.
    pub result: Result<T, NotifyError>,
    /// How many requests the receiver answered with a rate limit. Requests that were held back do not count.
    pub rate_limited: u64,
    /// From the first request to the last answer, with the waits in between.
    pub latency: Duration,
}

impl<T> Delivery<T> {
    /// What could not be sent at all.
    #[must_use]
    pub fn unsent(error: NotifyError) -> Self {
        Self {
            result: Err(error),
            rate_limited: 0,
            latency: Duration::ZERO,
        }
    }

    /// Whether the receiver refused it, so that the same request would be refused again.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        let error = self.result.as_ref().err();
        error.is_some_and(|error| error.refusal().is_some())
    }
}

/// Why a message was not confirmed. Never holds the webhook's address or the token.
#[derive(Debug, PartialEq, Eq)]
pub enum NotifyError {
    /// The receiver answered a rate limit now or to an earlier request, and the time that it asked for is not over before the
    /// deadline. The message was not posted.
    RateLimited {
        /// How long from now on the receiver wants no requests: what `Retry-After` said, or what is left of it.
        retry_after: Duration,
    },
    /// 5xx: the receiver may or may not have taken the message.
    Server {
        /// The HTTP status.
        status: u16,
        /// How long from now on the receiver wants no requests, where it said so in a way that counts for it. Slack never does.
        retry_after: Option<Duration>,
    },
    /// The receiver says that something went wrong on its side; it may or may not have taken the message.
    Failed {
        /// The receiver's word for it, such as `internal_error`.
        reason: String,
    },
    /// No connection could be opened, so the message was not sent.
    Transport(String),
    /// The message was sent, and no answer came back.
    Unanswered(String),
    /// The receiver refuses this message, this webhook or this token; asking again would not help.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The receiver's word for it, such as `no_service`.
        reason: String,
    },
    /// The request would have had to wait for its turn until after the deadline, so it was not sent.
    OutOfTime,
}

impl std::error::Error for NotifyError {}

/// In words, as an error of Slack, which most receivers are. [`NotifyError::of`] names another one.
impl fmt::Display for NotifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "slack")
    }
}

/// Rounded up, so that whoever waits so long has waited long enough.
fn whole_seconds(length: Duration) -> u128 {
    length.as_millis().div_ceil(1_000)
}

/// An error of a receiver that is not Slack, in words.
struct Of<'a>(&'a NotifyError, &'a str);

impl fmt::Display for Of<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, self.1)
    }
}

impl NotifyError {
    /// The error in words that name this receiver instead of Slack.
    #[must_use]
    pub fn of<'a>(&'a self, receiver: &'a str) -> impl fmt::Display + 'a {
        Of(self, receiver)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, receiver: &str) -> fmt::Result {
        match self {
            Self::RateLimited { retry_after } => {
                let seconds = whole_seconds(*retry_after);
                write!(f, "{receiver} rate limit: retry after {seconds} s")
            }
            Self::Server {
                status,
                retry_after: None,
            } => write!(f, "{receiver} answered HTTP {status}"),
            Self::Server {
                status,
                retry_after: Some(asked),
            } => {
                let seconds = whole_seconds(*asked);
                write!(
                    f,
                    "{receiver} answered HTTP {status}: retry after {seconds} s"
                )
            }
            Self::Failed { reason } => write!(f, "{receiver} failed: {reason}"),
            Self::Transport(cause) => write!(f, "cannot reach {receiver}: {cause}"),
            Self::Unanswered(cause) => write!(f, "no answer from {receiver}: {cause}"),
            Self::Refused { status, reason } => {
                write!(f, "{receiver} refused the message: HTTP {status} {reason}")
            }
            Self::OutOfTime => f.write_str("no time left to send the message"),
        }
    }

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

    /// Whether the same request may succeed a little later and the message was certainly not posted.
    #[must_use]
    pub fn is_safe_to_retry(&self) -> bool {
        self.is_retryable() && !self.is_ambiguous()
    }

    /// For how long the receiver asked for silence, if it did.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } => Some(*retry_after),
            Self::Server { retry_after, .. } => *retry_after,
            _ => None,
        }
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
