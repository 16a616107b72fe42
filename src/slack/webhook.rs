//! The client of an incoming webhook, which posts messages and cannot edit them. Its address is a secret that no
//! error, log line or debug output of this module holds.
//!
//! A message counts as sent only when Slack answered `ok`. Slack has no idempotency key, so a post whose answer got
//! lost is repeated and may appear twice; not repeating it could lose the message.

use reqwest::{Client, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use super::message::Message;
use super::render::{self, render};
use super::sending::{client, in_some_form, word};
use crate::core::notice::Notice;
use crate::core::summary::Summary;
use crate::http::{Answer, PacedClient, Sending, is_safe, measured, persist};
use crate::ports::notifier::{Delivery, Notifier, NotifyError};

/// Slack answers a webhook with a single word, so a longer body is not Slack's and is read no further than this.
const ANSWER_LIMIT: usize = 1_024;

/// The address of an incoming webhook. It is a secret, since everybody who knows it can post to the channel.
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

/// The text given is not the address of a webhook.
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
    /// A webhook whose messages about failures contain `mention`, such as `<!here>`, so that Slack notifies people.
    #[must_use]
    pub fn new(url: WebhookUrl, mention: Option<String>) -> Self {
        Self {
            url,
            mention,
            client: client(),
        }
    }

    /// Posts a message, and repeats the request after every error that may pass until the deadline.
    async fn send(&self, message: &Message, sending: &Sending) -> Result<(), NotifyError> {
        let body = serde_json::to_string(message)
            .map_err(|error| NotifyError::Transport(error.to_string()))?;
        persist(
            || self.attempt(body.clone(), sending),
            NotifyError::is_retryable,
            sending,
        )
        .await
    }

    async fn attempt(&self, body: String, sending: &Sending) -> Result<(), NotifyError> {
        let url = self.url.0.expose_secret();
        let request = |client: &Client| {
            client
                .post(url)
                .header(header::CONTENT_TYPE, "application/json")
                .body(body)
        };
        self.client
            .send(request, ANSWER_LIMIT, confirm, sending)
            .await
    }
}

impl Notifier for Webhook {
    async fn notify(&self, summary: &Summary, deadline: Instant) -> Delivery {
        let mention = self.mention.as_deref();
        measured(deadline, async |sending| {
            in_some_form(async |form| {
                let message = render(summary, mention, form);
                self.send(&message, sending).await
            })
            .await
        })
        .await
    }

    async fn tell(&self, notice: &Notice, deadline: Instant) -> Delivery {
        measured(deadline, async |sending| {
            self.send(&render::notice(notice), sending).await
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
