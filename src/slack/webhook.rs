//! The incoming-webhook client: one message a second, patient within the time there is, and silent about its
//! address.
//!
//! A message counts as sent only when Slack said `ok`. Slack has no idempotency key, so an answer that gets
//! lost may lead to the same message twice; the other choice would be to lose it.

use std::cell::Cell;

use reqwest::{StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use super::http::{Answer, PacedClient, in_some_form, is_safe, measured, persist, word};
use super::message::Message;
use super::render::render;
use crate::notify::{Delivery, Notifier, NotifyError};
use crate::summary::Summary;

/// What Slack's answers need; a longer one is not Slack's.
const ANSWER_LIMIT: usize = 1_024;

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
        if is_safe(&url) {
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

/// An incoming webhook.
#[derive(Debug)]
pub struct Webhook {
    url: WebhookUrl,
    mention: Option<String>,
    client: PacedClient,
}

impl Webhook {
    /// A webhook that calls `mention` to messages with failures.
    #[must_use]
    pub fn new(url: WebhookUrl, mention: Option<String>) -> Self {
        Self {
            url,
            mention,
            client: PacedClient::new(),
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
        persist(
            || self.attempt(body.clone(), deadline),
            NotifyError::is_retryable,
            deadline,
            rate_limited,
        )
        .await
    }

    async fn attempt(&self, body: String, deadline: Instant) -> Result<(), NotifyError> {
        let url = self.url.0.expose_secret();
        let answer = self
            .client
            .send(
                |client| {
                    client
                        .post(url)
                        .header(header::CONTENT_TYPE, "application/json")
                        .body(body)
                },
                ANSWER_LIMIT,
                deadline,
            )
            .await?;
        confirm(&answer)
    }
}

impl Notifier for Webhook {
    async fn notify(&self, summary: &Summary, deadline: Instant) -> Delivery {
        let mention = self.mention.as_deref();
        measured(async |rate_limited| {
            in_some_form(async |form| {
                let message = render(summary, mention, form);
                self.send(&message, deadline, rate_limited).await
            })
            .await
        })
        .await
    }
}

fn confirm(answer: &Answer) -> Result<(), NotifyError> {
    let text = String::from_utf8_lossy(&answer.body);
    if answer.status == StatusCode::OK && text.trim() == "ok" {
        return Ok(());
    }
    Err(NotifyError::Refused {
        status: answer.status.as_u16(),
        reason: word(text.trim()),
    })
}
