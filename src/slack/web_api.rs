//! The Web API client of a bot: posts a message, edits it, writes in its thread, and finds it again.
//!
//! Slack answers errors with HTTP 200 and `"ok": false`, and has no idempotency key. Whatever is safe to repeat
//! is repeated here; a post whose answer got lost is not, since its message may be in the channel. It carries
//! the window's key as metadata, by which the next visit can find it. The token never stands in an error.

use std::cell::Cell;

use reqwest::{Client, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::json;
use tokio::time::Instant;
use url::{Url, form_urlencoded};

use super::answer::{Page, Sent, parse};
use super::http::{PacedClient, in_some_form, is_safe, measured, persist};
use super::message::{Block, Message};
use super::render::render;
use super::reply::reply;
use crate::notify::{Channel, Delivery, NotifyError};
use crate::summary::{News, Summary};
use crate::window::{Posted, WindowKey};

/// What rollcall's messages are marked with.
pub(super) const EVENT_TYPE: &str = "rollcall_window";
/// An answer repeats the message that was posted.
const ANSWER_LIMIT: usize = 256 * 1_024;
/// A page of the channel's history may hold as many large messages as [`PAGE`].
const PAGE_LIMIT: usize = 4 * 1_024 * 1_024;
/// Messages on a page of the history, and how many pages are looked at since the window began.
const PAGE: &str = "50";
const PAGES: usize = 5;
/// How long before its window a message may have been posted: clocks differ.
const CLOCK_SKEW_SECONDS: i64 = 60;

/// Where Slack's Web API is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUrl(Url);

impl ApiUrl {
    /// Where Slack documents it to be.
    pub const DEFAULT: &str = "https://slack.com/api/";

    /// Takes an `https` address, or a plain `http` one on loopback.
    ///
    /// # Errors
    /// Says what form is expected.
    pub fn parse(text: &str) -> Result<Self, InvalidApiUrl> {
        // Methods are joined to it, which would replace a last segment without a slash.
        let text = format!("{}/", text.trim().trim_end_matches('/'));
        Url::parse(&text)
            .ok()
            .filter(is_safe)
            .map(Self)
            .ok_or(InvalidApiUrl)
    }
}

/// The text given is no address that the Web API could have.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected an https:// address such as https://slack.com/api/ (http only to loopback)")]
pub struct InvalidApiUrl;

/// A bot's token. Whoever knows it may post.
#[derive(Debug, Clone)]
pub struct BotToken(SecretString);

impl BotToken {
    /// Takes whatever a request's header can hold.
    ///
    /// # Errors
    /// Says what form is expected; never quotes the token.
    pub fn parse(text: &str) -> Result<Self, InvalidBotToken> {
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(SecretString::from(text)))
        } else {
            Err(InvalidBotToken)
        }
    }
}

/// The text given cannot be a token.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected a bot token, which begins with xoxb-")]
pub struct InvalidBotToken;

/// A bot in a channel.
#[derive(Debug)]
pub struct WebApi {
    url: ApiUrl,
    token: BotToken,
    channel: String,
    mention: Option<String>,
    is_reply_broadcast: bool,
    client: PacedClient,
}

/// What a method of the API takes of a message.
#[derive(Debug, Default, Serialize)]
struct Arguments<'a> {
    channel: &'a str,
    text: &'a str,
    blocks: &'a [Block],
    /// The message to edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<&'a str>,
    /// The message to reply to.
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_broadcast: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unfurl_links: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unfurl_media: Option<bool>,
}

impl<'a> Arguments<'a> {
    fn new(channel: &'a str, message: &'a Message) -> Self {
        Self {
            channel,
            text: &message.text,
            blocks: &message.blocks,
            unfurl_links: Some(message.unfurl_links),
            unfurl_media: Some(message.unfurl_media),
            ..Self::default()
        }
    }
}

impl WebApi {
    /// A bot that writes in the channel with this id, and calls `mention` in the threads of failures.
    #[must_use]
    pub fn new(
        url: ApiUrl,
        token: BotToken,
        channel: String,
        mention: Option<String>,
        is_reply_broadcast: bool,
    ) -> Self {
        Self {
            url,
            token,
            channel,
            mention,
            is_reply_broadcast,
            client: PacedClient::new(),
        }
    }

    /// Says a summary that nobody will edit.
    pub(super) async fn say(&self, summary: &Summary, deadline: Instant) -> Delivery {
        let mention = self.mention.as_deref();
        let sent = self.create(summary, mention, None, deadline).await;
        Delivery {
            result: sent.result.map(|_| ()),
            rate_limited: sent.rate_limited,
            latency: sent.latency,
        }
    }

    async fn create(
        &self,
        summary: &Summary,
        mention: Option<&str>,
        metadata: Option<serde_json::Value>,
        deadline: Instant,
    ) -> Delivery<Posted> {
        measured(async |rate_limited| {
            in_some_form(async |form| {
                let message = render(summary, mention, form);
                let arguments = Arguments {
                    metadata: metadata.clone(),
                    ..Arguments::new(&self.channel, &message)
                };
                let posting = Call::posting(&arguments)?;
                let sent: Sent = self.call(&posting, deadline, rate_limited).await?;
                Ok(Posted {
                    channel: sent.channel,
                    ts: sent.ts,
                })
            })
            .await
        })
        .await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        call: &Call,
        deadline: Instant,
        rate_limited: &Cell<u64>,
    ) -> Result<T, NotifyError> {
        let attempt = || self.attempt(call, deadline);
        persist(attempt, call.may_help, deadline, rate_limited).await
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        call: &Call,
        deadline: Instant,
    ) -> Result<T, NotifyError> {
        let url = self
            .url
            .0
            .join(call.method)
            .map_err(|error| NotifyError::Transport(error.to_string()))?;
        let request = |client: &Client| {
            client
                .post(url)
                // Marked as sensitive, so that nothing prints it.
                .bearer_auth(self.token.0.expose_secret())
                .header(header::CONTENT_TYPE, call.content_type)
                .body(call.body.clone())
        };
        let answer = self.client.send(request, call.limit, deadline).await?;
        parse(&answer)
    }
}

impl Channel for WebApi {
    async fn post(
        &self,
        key: &WindowKey,
        summary: &Summary,
        deadline: Instant,
    ) -> Delivery<Posted> {
        let metadata = json!({
            "event_type": EVENT_TYPE,
            "event_payload": {"window": key.to_string()},
        });
        // The mention stands in the thread, where it is said what failed.
        self.create(summary, None, Some(metadata), deadline).await
    }

    async fn edit(&self, posted: &Posted, summary: &Summary, deadline: Instant) -> Delivery {
        measured(async |rate_limited| {
            in_some_form(async |form| {
                let message = render(summary, None, form);
                let arguments = Arguments {
                    ts: Some(&posted.ts),
                    unfurl_links: None,
                    unfurl_media: None,
                    ..Arguments::new(&posted.channel, &message)
                };
                let editing = Call::editing(&arguments)?;
                self.call::<IgnoredAny>(&editing, deadline, rate_limited)
                    .await
                    .map(drop)
            })
            .await
        })
        .await
    }

    async fn reply(&self, posted: &Posted, news: &News, deadline: Instant) -> Delivery {
        measured(async |rate_limited| {
            let message = reply(news, self.mention.as_deref());
            let is_broadcast = self.is_reply_broadcast && !news.failures.is_empty();
            let arguments = Arguments {
                thread_ts: Some(&posted.ts),
                reply_broadcast: is_broadcast.then_some(true),
                ..Arguments::new(&posted.channel, &message)
            };
            let posting = Call::posting(&arguments)?;
            self.call::<IgnoredAny>(&posting, deadline, rate_limited)
                .await
                .map(drop)
        })
        .await
    }

    async fn find(
        &self,
        key: &WindowKey,
        deadline: Instant,
    ) -> Result<Option<Posted>, NotifyError> {
        let window = key.to_string();
        let oldest = key.start.timestamp() - CLOCK_SKEW_SECONDS;
        let mut cursor = None;
        for _ in 0..PAGES {
            let reading = Call::reading(&self.channel, oldest, cursor.as_deref());
            let page: Page = self.call(&reading, deadline, &Cell::new(0)).await?;
            let found = page
                .messages
                .iter()
                .find(|message| message.is_about(EVENT_TYPE, &window));
            if let Some(message) = found {
                return Ok(Some(Posted {
                    channel: self.channel.clone(),
                    ts: message.ts.clone(),
                }));
            }
            cursor = page.next_cursor();
            if cursor.is_none() {
                break;
            }
        }
        Ok(None)
    }
}

/// A call of a method.
struct Call {
    method: &'static str,
    content_type: &'static str,
    body: String,
    /// How much of the answer is read.
    limit: usize,
    /// After which errors the same call may be made again.
    may_help: fn(&NotifyError) -> bool,
}

impl Call {
    /// A post whose answer got lost may be in the channel all the same.
    fn posting(arguments: &Arguments<'_>) -> Result<Self, NotifyError> {
        Ok(Self {
            method: "chat.postMessage",
            content_type: "application/json; charset=utf-8",
            body: serde_json::to_string(arguments)
                .map_err(|error| NotifyError::Transport(error.to_string()))?,
            limit: ANSWER_LIMIT,
            may_help: NotifyError::is_safe_to_retry,
        })
    }

    /// Metadata stay where none are given.
    fn editing(arguments: &Arguments<'_>) -> Result<Self, NotifyError> {
        Ok(Self {
            method: "chat.update",
            may_help: NotifyError::is_retryable,
            ..Self::posting(arguments)?
        })
    }

    /// Methods that read take forms.
    fn reading(channel: &str, oldest: i64, cursor: Option<&str>) -> Self {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("channel", channel)
            .append_pair("oldest", &oldest.to_string())
            .append_pair("limit", PAGE)
            .append_pair("include_all_metadata", "true")
            .extend_pairs(cursor.map(|cursor| ("cursor", cursor)))
            .finish();
        Self {
            method: "conversations.history",
            content_type: "application/x-www-form-urlencoded",
            body,
            limit: PAGE_LIMIT,
            may_help: NotifyError::is_retryable,
        }
    }
}
