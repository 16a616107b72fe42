//! Calls an address with each event, signed after Standard Webhooks 1.0. The address, the secrets and the token are
//! secrets that no error, log line or debug output of this module holds.
//!
//! An event counts as sent when the status and the headers of a 2xx have arrived; the body is not awaited. Everything else is tried again, within the visit where it may
//! pass soon, and in later visits; the id lets the receiver recognise a repetition.

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use reqwest::{Client, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::signature::SigningSecrets;
use super::{Address, client};
use crate::core::event::Event;
use crate::http::{Answer, PacedClient, STATUS_ALONE, Sending, measured, persist_patiently};
use crate::ports::machine::Machine;
use crate::ports::notifier::{Delivery, NotifyError};

/// A token that requests carry besides their signatures, as `Authorization: Bearer …`.
#[derive(Debug, Clone)]
pub struct BearerToken(SecretString);

/// The text given is not a token.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected a bearer token: printable ASCII characters without spaces, at most 4096 of them")]
pub struct InvalidBearerToken;

impl BearerToken {
    /// Takes a token of printable characters.
    ///
    /// # Errors
    /// Says what form is expected; never quotes the token.
    pub fn parse(text: &str) -> Result<Self, InvalidBearerToken> {
        let text = text.trim();
        let is_allowed = text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_allowed && (1..=4_096).contains(&text.len()) {
            Ok(Self(SecretString::from(text)))
        } else {
            Err(InvalidBearerToken)
        }
    }
}

/// An address that is called with each event.
#[derive(Debug)]
pub struct HttpMachine {
    address: Address,
    secrets: SigningSecrets,
    token: Option<BearerToken>,
    client: PacedClient,
    /// Tells the time at which a request is signed: receivers refuse old ones, so each attempt has its own.
    now: fn() -> DateTime<Utc>,
}

impl HttpMachine {
    /// A machine whose requests these secrets sign; `now` tells the time of each.
    #[must_use]
    pub fn new(
        address: Address,
        secrets: SigningSecrets,
        token: Option<BearerToken>,
        now: fn() -> DateTime<Utc>,
    ) -> Self {
        Self {
            address,
            secrets,
            token,
            client: client(),
            now,
        }
    }

    async fn attempt(&self, id: &str, body: String, sending: &Sending) -> Result<(), NotifyError> {
        let timestamp = (self.now)().timestamp();
        let signature = self.secrets.sign(id, timestamp, &body);
        let request = |client: &Client| {
            let request = client
                .post(self.address.0.expose_secret())
                .header(header::CONTENT_TYPE, "application/json")
                .header("webhook-id", id)
                .header("webhook-timestamp", timestamp)
                .header("webhook-signature", signature)
                .body(body);
            match &self.token {
                // `bearer_auth` marks the header as sensitive, so that debug output does not print the token.
                Some(token) => request.bearer_auth(token.0.expose_secret()),
                None => request,
            }
        };
        self.client
            .send(request, STATUS_ALONE, confirm, sending)
            .await
    }
}

impl Machine for HttpMachine {
    fn send<'a>(&'a self, event: &'a Event, deadline: Instant) -> LocalBoxFuture<'a, Delivery> {
        let body = event.body();
        let send = async move |sending: &Sending| {
            let attempt = || self.attempt(&event.id, body.clone(), sending);
            persist_patiently(attempt, NotifyError::is_retryable, sending).await
        };
        measured(deadline, send).boxed_local()
    }
}

/// Whether the receiver took the request: any 2xx says so.
pub(super) fn confirm(answer: &Answer) -> Result<(), NotifyError> {
    let status = answer.status;
    match status {
        _ if status.is_success() => Ok(()),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => Err(NotifyError::Failed {
            reason: format!("HTTP {}", status.as_u16()),
        }),
        _ => Err(NotifyError::Refused {
            status: status.as_u16(),
            // The body is not quoted: it may repeat the request, with the token in it.
            reason: status.canonical_reason().unwrap_or_default().to_owned(),
        }),
    }
}
