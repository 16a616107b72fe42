//! What both ways to Slack share: one message a second, patience within the time there is, answers that are
//! bounded, and errors that never hold an address or a token.

use std::cell::Cell;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use governor::Quota;
use reqwest::{Client, RequestBuilder, Response, StatusCode, header};
use tokio::time::Instant;
use url::{Host, Url};

use super::message::TableForm;
use crate::notify::{Delivery, NotifyError};
use crate::pace::{OutOfTime, Pace};

/// Slack allows one message a second and channel, and tolerates short bursts of unpublished length.
const MESSAGES_PER_SECOND: NonZeroU32 = NonZeroU32::MIN;
/// How long one request may take; Slack usually answers within a second.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// For a 429 without `Retry-After`, which Slack documents to be there.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// A client that keeps to the pace of one channel.
#[derive(Debug)]
pub(super) struct PacedClient {
    pace: Pace,
    /// Built at the first message: TLS set-up has no place in a cold start.
    client: OnceLock<Client>,
}

/// What Slack answered, unless that was a rate limit or a 5xx.
#[derive(Debug)]
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// As much of the body as was asked for.
    pub(super) body: Vec<u8>,
}

impl PacedClient {
    pub(super) fn new() -> Self {
        Self {
            pace: Pace::new(Quota::per_second(MESSAGES_PER_SECOND)),
            client: OnceLock::new(),
        }
    }

    /// Sends one request when it is its turn. Of the answer, `limit` bytes are read.
    pub(super) async fn send(
        &self,
        request: impl FnOnce(&Client) -> RequestBuilder,
        limit: usize,
        deadline: Instant,
    ) -> Result<Answer, NotifyError> {
        let turn = self.pace.turn(deadline).await;
        turn.map_err(|OutOfTime| NotifyError::OutOfTime)?;
        let time_left = deadline.saturating_duration_since(Instant::now());
        let response = request(self.client()?)
            .timeout(time_left.min(REQUEST_TIMEOUT))
            .send()
            .await
            .map_err(transport)?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(rate_limited(&response));
        }
        if status.is_server_error() {
            return Err(NotifyError::Server {
                status: status.as_u16(),
            });
        }
        let body = read(response, limit).await?;
        Ok(Answer { status, body })
    }

    fn client(&self) -> Result<&Client, NotifyError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = crate::tls::client_builder()
            .build()
            .map_err(|error| NotifyError::Transport(cause(error)))?;
        Ok(self.client.get_or_init(|| client))
    }
}

/// Attempts again and again while `may_help` and there is time; `rate_limited` counts the 429s.
pub(super) async fn persist<T, F: Future<Output = Result<T, NotifyError>>>(
    attempt: impl FnMut() -> F,
    may_help: fn(&NotifyError) -> bool,
    deadline: Instant,
    rate_limited: &Cell<u64>,
) -> Result<T, NotifyError> {
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(Duration::from_secs(10))
        .with_jitter()
        .without_max_times();
    attempt
        .retry(backoff)
        .when(may_help)
        .adjust(|error, delay| {
            let delay = match error {
                NotifyError::RateLimited { retry_after } => {
                    rate_limited.set(rate_limited.get() + 1);
                    Some(*retry_after)
                }
                _ => delay,
            };
            delay.filter(|&delay| Instant::now() + delay < deadline)
        })
        .await
}

/// Sends a message with a table, or as preformatted text where Slack refuses the block.
pub(super) async fn in_some_form<T>(
    send: impl AsyncFn(TableForm) -> Result<T, NotifyError>,
) -> Result<T, NotifyError> {
    let result = send(TableForm::Table).await;
    let Err(error) = &result else { return result };
    match error.refusal() {
        Some(reason @ ("invalid_blocks" | "invalid_blocks_format" | "invalid_attachments")) => {
            // No live proof was found that webhooks take table blocks, so the other form stands by.
            tracing::warn!(
                slack.error = reason,
                "slack refused the table block; sending it as preformatted text"
            );
            send(TableForm::Preformatted).await
        }
        _ => result,
    }
}

/// Does something that counts its 429s, and takes the time.
pub(super) async fn measured<T>(
    send: impl AsyncFnOnce(&Cell<u64>) -> Result<T, NotifyError>,
) -> Delivery<T> {
    let started = Instant::now();
    let rate_limited = Cell::new(0);
    let result = send(&rate_limited).await;
    Delivery {
        result,
        rate_limited: rate_limited.get(),
        latency: started.elapsed(),
    }
}

/// What `Retry-After` says.
fn rate_limited(response: &Response) -> NotifyError {
    let retry_after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.trim().parse().ok())
        .map_or(DEFAULT_RETRY_AFTER, Duration::from_secs);
    NotifyError::RateLimited { retry_after }
}

async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, NotifyError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(transport)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > limit {
            break;
        }
    }
    Ok(bytes)
}

/// Slack's errors are single words; whatever else answers is not quoted, it may hold anything.
pub(super) fn word(answer: &str) -> String {
    let is_word = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    if !answer.is_empty() && answer.len() <= 64 && is_word(answer) {
        answer.to_owned()
    } else {
        "with an unexpected answer".to_owned()
    }
}

/// Whether secrets may travel there: over TLS, or not beyond this machine.
pub(super) fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host().is_some(),
        "http" => url.host().is_some_and(|host| is_loopback(&host)),
        _ => false,
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(domain) => *domain == "localhost",
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}

/// A request that found no connection was never sent; after any other failure, Slack may have taken it.
fn transport(error: reqwest::Error) -> NotifyError {
    if error.is_connect() {
        NotifyError::Transport(cause(error))
    } else {
        NotifyError::Unanswered(cause(error))
    }
}

/// Without the address, and with the innermost cause, which says what really happened.
fn cause(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
