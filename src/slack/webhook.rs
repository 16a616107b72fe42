//! The incoming-webhook client: one message a second, patient within the time there is, and silent about its
//! address.
//!
//! A message counts as sent only when Slack said `ok`. Slack has no idempotency key, so an answer that gets
//! lost may lead to the same message twice; the other choice would be to lose it.

use std::cell::Cell;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use governor::clock::{Clock, MonotonicClock};
use governor::{Quota, RateLimiter};
use reqwest::{Client, Response, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::{Host, Url};

use super::message::{Message, TableForm};
use super::render::render;
use crate::notify::{Delivery, Notifier, NotifyError};
use crate::summary::Summary;

/// Slack allows one message a second and channel, and tolerates short bursts of unpublished length.
const MESSAGES_PER_SECOND: NonZeroU32 = NonZeroU32::MIN;
/// How long one request may take; Slack usually answers within a second.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// What Slack's answers need; a longer one is not Slack's.
const ANSWER_LIMIT: usize = 1_024;
/// For a 429 without `Retry-After`, which Slack documents to be there.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

type Limiter = RateLimiter<
    governor::state::NotKeyed,
    governor::state::InMemoryState,
    MonotonicClock,
    governor::middleware::NoOpMiddleware<std::time::Instant>,
>;

/// The address of an incoming webhook. It is a secret: whoever knows it may post.
#[derive(Debug, Clone)]
pub struct WebhookUrl(SecretString);

impl WebhookUrl {
    /// Takes an `https` address, or a plain `http` one on loopback.
    ///
    /// # Errors
    /// Says what form is expected; never quotes the address.
    pub fn parse(text: &str) -> Result<Self, InvalidWebhookUrl> {
        let url = Url::parse(text.trim()).map_err(|_| InvalidWebhookUrl)?;
        let is_allowed = match url.scheme() {
            "https" => url.host().is_some(),
            "http" => url.host().is_some_and(|host| is_loopback(&host)),
            _ => false,
        };
        if is_allowed {
            Ok(Self(SecretString::from(String::from(url))))
        } else {
            Err(InvalidWebhookUrl)
        }
    }
}

/// The text given is no address that a webhook could have.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "expected an https:// address such as https://hooks.slack.com/services/T…/B…/… (http only to loopback)"
)]
pub struct InvalidWebhookUrl;

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(domain) => *domain == "localhost",
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}

/// An incoming webhook.
#[derive(Debug)]
pub struct Webhook {
    url: WebhookUrl,
    mention: Option<String>,
    limiter: Limiter,
    clock: MonotonicClock,
    /// Built at the first message: TLS set-up has no place in a cold start.
    client: OnceLock<Client>,
}

impl Webhook {
    /// A webhook that calls `mention` to messages with failures.
    #[must_use]
    pub fn new(url: WebhookUrl, mention: Option<String>) -> Self {
        let clock = MonotonicClock;
        let limiter =
            RateLimiter::direct_with_clock(Quota::per_second(MESSAGES_PER_SECOND), clock.clone());
        Self {
            url,
            mention,
            limiter,
            clock,
            client: OnceLock::new(),
        }
    }

    /// Sends a body, and again as long as that may help and there is time.
    async fn send(
        &self,
        message: &Message,
        deadline: Instant,
        rate_limited: &Cell<u64>,
    ) -> Result<(), NotifyError> {
        let body = serde_json::to_string(message)
            .map_err(|error| NotifyError::Transport(error.to_string()))?;
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(500))
            .with_max_delay(Duration::from_secs(10))
            .with_jitter()
            .without_max_times();
        (|| self.attempt(body.clone(), deadline))
            .retry(backoff)
            .when(NotifyError::is_retryable)
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

    async fn attempt(&self, body: String, deadline: Instant) -> Result<(), NotifyError> {
        self.wait_for_turn(deadline).await?;
        let time_left = deadline.saturating_duration_since(Instant::now());
        let response = self
            .client()?
            .post(self.url.0.expose_secret())
            .header(header::CONTENT_TYPE, "application/json")
            .timeout(time_left.min(REQUEST_TIMEOUT))
            .body(body)
            .send()
            .await
            .map_err(transport)?;
        confirm(response).await
    }

    async fn wait_for_turn(&self, deadline: Instant) -> Result<(), NotifyError> {
        while let Err(not_until) = self.limiter.check() {
            let wait = not_until.wait_time_from(self.clock.now());
            if Instant::now() + wait >= deadline {
                return Err(NotifyError::OutOfTime);
            }
            tokio::time::sleep(wait).await;
        }
        if Instant::now() >= deadline {
            Err(NotifyError::OutOfTime)
        } else {
            Ok(())
        }
    }

    fn client(&self) -> Result<&Client, NotifyError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = crate::tls::client_builder().build().map_err(transport)?;
        Ok(self.client.get_or_init(|| client))
    }
}

impl Notifier for Webhook {
    async fn notify(&self, summary: &Summary, deadline: Instant) -> Delivery {
        let started = Instant::now();
        let rate_limited = Cell::new(0);
        let mention = self.mention.as_deref();
        let mut result = self
            .send(
                &render(summary, mention, TableForm::Table),
                deadline,
                &rate_limited,
            )
            .await;
        if let Err(NotifyError::Refused { reason, .. }) = &result
            && matches!(reason.as_str(), "invalid_blocks" | "invalid_attachments")
        {
            // No live proof was found that webhooks take table blocks, so the other form stands by.
            tracing::warn!(
                slack.error = reason,
                "slack refused the table block; sending it as preformatted text"
            );
            result = self
                .send(
                    &render(summary, mention, TableForm::Preformatted),
                    deadline,
                    &rate_limited,
                )
                .await;
        }
        Delivery {
            result,
            rate_limited: rate_limited.get(),
            latency: started.elapsed(),
        }
    }
}

async fn confirm(response: Response) -> Result<(), NotifyError> {
    let status = response.status();
    if status == StatusCode::TOO_MANY_REQUESTS {
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.trim().parse().ok())
            .map_or(DEFAULT_RETRY_AFTER, Duration::from_secs);
        return Err(NotifyError::RateLimited { retry_after });
    }
    if status.is_server_error() {
        return Err(NotifyError::Server {
            status: status.as_u16(),
        });
    }
    let answer = answer(response).await?;
    if status == StatusCode::OK && answer == "ok" {
        return Ok(());
    }
    Err(NotifyError::Refused {
        status: status.as_u16(),
        reason: reason(&answer),
    })
}

async fn answer(mut response: Response) -> Result<String, NotifyError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(transport)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > ANSWER_LIMIT {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// Slack's errors are single words; whatever else answers is not quoted, it may hold anything.
fn reason(answer: &str) -> String {
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

/// Without the address, and with the innermost cause, which says what really happened.
fn transport(error: reqwest::Error) -> NotifyError {
    if error.is_timeout() {
        return NotifyError::Transport("timed out".to_owned());
    }
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    NotifyError::Transport(cause.to_string())
}
