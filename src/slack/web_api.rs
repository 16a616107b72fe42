//! The Web API client of a bot: posts a message, edits it, writes in its thread, and finds it again.
//!
//! Slack answers errors with HTTP 200 and `"ok": false`, and has no idempotency key. Edits and searches are repeated
//! here after an answer that got lost; a post is not, since its message may be in the channel already. Every post
//! carries the window's key as metadata, by which the next visit of the window finds the message and goes on editing
//! it. The token never stands in an error.

use chrono::{DateTime, Utc};
use reqwest::{Client, header};
use secrecy::{ExposeSecret, SecretString};
#[cfg(feature = "operator")]
use serde::Deserialize;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::json;
use tokio::time::Instant;
use url::{Url, form_urlencoded};

use super::answer::{Page, Sent, parse};
use super::message::{Block, Message};
use super::render::{self, render};
use super::reply::{list, reply};
use super::sending::{client, in_some_form};
use crate::core::notice::Notice;
use crate::core::report::Bookmark;
use crate::core::summary::{News, Summary};
use crate::core::window::WindowKey;
use crate::http::{PacedClient, Sending, is_safe, measured, persist};
use crate::ports::notifier::{Channel, Delivery, NotifyError};

/// The `event_type` in the metadata of rollcall's messages, which tells them from those of other apps.
pub(super) const EVENT_TYPE: &str = "rollcall_window";
/// How much of an answer is read: Slack repeats the whole message in it.
const ANSWER_LIMIT: usize = 256 * 1_024;
/// How much of a page of the channel's history is read: [`PAGE`] messages of full size fit in.
const PAGE_LIMIT: usize = 4 * 1_024 * 1_024;
/// A search reads at most so many pages of the history since the window began, with so many messages on each.
const PAGE: &str = "50";
const PAGES: usize = 5;
/// A search begins so long before the window, since Slack's clock may be behind AWS's.
const CLOCK_SKEW_SECONDS: i64 = 60;

/// The address under which the Web API's methods are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUrl(Url);

impl ApiUrl {
    /// The address that Slack documents.
    pub const DEFAULT: &str = "https://slack.com/api/";

    /// Takes an `https` address, or a plain `http` one on loopback.
    ///
    /// # Errors
    /// Says what form is expected.
    pub fn parse(text: &str) -> Result<Self, InvalidApiUrl> {
        // Joining a method's name replaces the last segment of an address that does not end with a slash.
        let text = format!("{}/", text.trim().trim_end_matches('/'));
        Url::parse(&text)
            .ok()
            .filter(is_safe)
            .map(Self)
            .ok_or(InvalidApiUrl)
    }
}

/// The text given is not an address for the Web API.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected an https:// address such as https://slack.com/api/ (http only to loopback)")]
pub struct InvalidApiUrl;

/// A bot's token. It is a secret, since everybody who knows it can post as the bot.
#[derive(Debug, Clone)]
pub struct BotToken(SecretString);

impl BotToken {
    /// Takes any text of visible ASCII characters, which is what the header of a request can hold.
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
    /// For which route it speaks, by which its messages are told from those of other routes in the same channel.
    route: Option<String>,
    client: PacedClient,
}

/// The arguments of `chat.postMessage` and `chat.update`.
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
            route: None,
            client: client(),
        }
    }

    /// The same bot, speaking for a route: it does not find the messages of another one, even in the same channel.
    #[must_use]
    pub fn for_route(self, route: Option<String>) -> Self {
        Self { route, ..self }
    }

    /// The window's name in the metadata of its messages.
    fn name_of(&self, key: &WindowKey) -> String {
        match &self.route {
            None => key.to_string(),
            Some(route) => format!("{key} for {route}"),
        }
    }

    /// By what the message of a line about an override is found: no window has a name of this form, so that a search for a
    /// window's messages does not find it.
    fn name_of_notice(&self, key: &WindowKey, notice: &Notice) -> String {
        format!("{} override {}", self.name_of(key), notice.name)
    }

    /// Posts a summary in a message of its own, without the window's metadata, that is never edited.
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
    ) -> Delivery<Bookmark> {
        measured(deadline, async |sending| {
            in_some_form(async |form| {
                let message = render(summary, mention, form);
                let arguments = Arguments {
                    metadata: metadata.clone(),
                    ..Arguments::new(&self.channel, &message)
                };
                let posting = Call::posting(&arguments)?;
                let sent: Sent = self.call(&posting, sending).await?;
                Ok(bookmark(&sent.channel, &sent.ts))
            })
            .await
        })
        .await
    }

    /// Posts a line about an override, without metadata.
    pub(super) async fn tell(&self, notice: &Notice, deadline: Instant) -> Delivery {
        self.post_notice(notice, None, deadline).await
    }

    async fn post_notice(
        &self,
        notice: &Notice,
        metadata: Option<serde_json::Value>,
        deadline: Instant,
    ) -> Delivery {
        measured(deadline, async |sending| {
            let message = render::notice(notice);
            let arguments = Arguments {
                metadata: metadata.clone(),
                ..Arguments::new(&self.channel, &message)
            };
            let posting = Call::posting(&arguments)?;
            self.call::<IgnoredAny>(&posting, sending).await.map(drop)
        })
        .await
    }

    /// Looks in the channel's history for messages of this app whose metadata name a window, since so many seconds after 1970.
    async fn search(
        &self,
        window: &str,
        oldest: i64,
        deadline: Instant,
    ) -> Result<Vec<(DateTime<Utc>, Bookmark)>, NotifyError> {
        let sending = Sending::until(deadline);
        let mut found = Vec::new();
        let mut cursor = None;
        for _ in 0..PAGES {
            let reading = Call::reading(&self.channel, oldest, cursor.as_deref());
            let page: Page = self.call(&reading, &sending).await?;
            for message in &page.messages {
                if let Some(start) = message.start_of(EVENT_TYPE, window) {
                    found.push((start, bookmark(&self.channel, &message.ts)));
                }
            }
            cursor = page.next_cursor();
            if cursor.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// Who the token belongs to: the bot's name and its workspace's.
    ///
    /// # Errors
    /// When Slack does not take the token, or does not answer in time.
    #[cfg(feature = "operator")]
    pub(crate) async fn identity(&self, deadline: Instant) -> Result<String, NotifyError> {
        let asking = Call::asking("auth.test", None);
        let identity: Identity = self.call(&asking, &Sending::until(deadline)).await?;
        Ok(format!("{} in {}", identity.user, identity.team))
    }

    /// Whether the bot is a member of its channel, and whether the channel is archived.
    ///
    /// # Errors
    /// When there is no such channel, or the token lacks the scope for this question.
    #[cfg(feature = "operator")]
    pub(crate) async fn room(&self, deadline: Instant) -> Result<(bool, bool), NotifyError> {
        let asking = Call::asking("conversations.info", Some(&self.channel));
        let room: Room = self.call(&asking, &Sending::until(deadline)).await?;
        Ok((room.channel.is_member, room.channel.is_archived))
    }

    async fn call<T: DeserializeOwned>(
        &self,
        call: &Call,
        sending: &Sending,
    ) -> Result<T, NotifyError> {
        let attempt = || self.attempt(call, sending);
        persist(attempt, call.may_help, sending).await
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        call: &Call,
        sending: &Sending,
    ) -> Result<T, NotifyError> {
        let url = self
            .url
            .0
            .join(call.method)
            .map_err(|error| NotifyError::Transport(error.to_string()))?;
        let request = |client: &Client| {
            client
                .post(url)
                // `bearer_auth` marks the header as sensitive, so that debug output does not print the token.
                .bearer_auth(self.token.0.expose_secret())
                .header(header::CONTENT_TYPE, call.content_type)
                .body(call.body.clone())
        };
        self.client.send(request, call.limit, parse, sending).await
    }
}

impl Channel for WebApi {
    async fn post(
        &self,
        key: &WindowKey,
        start: DateTime<Utc>,
        summary: &Summary,
        deadline: Instant,
    ) -> Delivery<Bookmark> {
        let metadata = json!({
            "event_type": EVENT_TYPE,
            "event_payload": {"window": self.name_of(key), "start": start},
        });
        // The mention stands in the thread's reply about failures, since Slack notifies nobody of an edit.
        self.create(summary, None, Some(metadata), deadline).await
    }

    async fn edit(&self, bookmark: &Bookmark, summary: &Summary, deadline: Instant) -> Delivery {
        let (channel, ts) = place(bookmark);
        measured(deadline, async |sending| {
            in_some_form(async |form| {
                let message = render(summary, None, form);
                let arguments = Arguments {
                    ts: Some(ts),
                    unfurl_links: None,
                    unfurl_media: None,
                    ..Arguments::new(channel, &message)
                };
                let editing = Call::editing(&arguments)?;
                self.call::<IgnoredAny>(&editing, sending).await.map(drop)
            })
            .await
        })
        .await
    }

    async fn reply(&self, bookmark: &Bookmark, news: &News, deadline: Instant) -> Delivery {
        let (channel, ts) = place(bookmark);
        measured(deadline, async |sending| {
            let message = reply(news, self.mention.as_deref());
            let is_broadcast = self.is_reply_broadcast && !news.failures.is_empty();
            let arguments = Arguments {
                thread_ts: Some(ts),
                reply_broadcast: is_broadcast.then_some(true),
                ..Arguments::new(channel, &message)
            };
            let posting = Call::posting(&arguments)?;
            self.call::<IgnoredAny>(&posting, sending).await.map(drop)
        })
        .await
    }

    async fn list(
        &self,
        bookmark: &Bookmark,
        summary: &Summary,
        page: usize,
        deadline: Instant,
    ) -> Delivery {
        let (channel, ts) = place(bookmark);
        measured(deadline, async |sending| {
            in_some_form(async |form| {
                let message = list(summary, page, form);
                let arguments = Arguments {
                    thread_ts: Some(ts),
                    ..Arguments::new(channel, &message)
                };
                let posting = Call::posting(&arguments)?;
                self.call::<IgnoredAny>(&posting, sending).await.map(drop)
            })
            .await
        })
        .await
    }

    async fn find(
        &self,
        key: &WindowKey,
        deadline: Instant,
    ) -> Result<Vec<(DateTime<Utc>, Bookmark)>, NotifyError> {
        let oldest = key.start.timestamp() - CLOCK_SKEW_SECONDS;
        self.search(&self.name_of(key), oldest, deadline).await
    }

    async fn announce(&self, key: &WindowKey, notice: &Notice, deadline: Instant) -> Delivery {
        let metadata = json!({
            "event_type": EVENT_TYPE,
            "event_payload": {"window": self.name_of_notice(key, notice), "start": key.start},
        });
        self.post_notice(notice, Some(metadata), deadline).await
    }

    async fn has_announced(
        &self,
        key: &WindowKey,
        notice: &Notice,
        deadline: Instant,
    ) -> Result<bool, NotifyError> {
        let oldest = key.start.timestamp() - CLOCK_SKEW_SECONDS;
        let found = self
            .search(&self.name_of_notice(key, notice), oldest, deadline)
            .await?;
        Ok(!found.is_empty())
    }
}

/// A channel's id holds no space, so the first one divides it from the message's `ts`.
fn bookmark(channel: &str, ts: &str) -> Bookmark {
    Bookmark(format!("{channel} {ts}"))
}

fn place(bookmark: &Bookmark) -> (&str, &str) {
    bookmark.0.split_once(' ').unwrap_or_default()
}

/// One call of a method of the Web API.
struct Call {
    method: &'static str,
    content_type: &'static str,
    body: String,
    /// How many bytes of the answer are read.
    limit: usize,
    /// Whether the same call may be repeated after an error.
    may_help: fn(&NotifyError) -> bool,
}

/// What `auth.test` answers.
#[cfg(feature = "operator")]
#[derive(Deserialize)]
struct Identity {
    user: String,
    team: String,
}

/// What `conversations.info` answers.
#[cfg(feature = "operator")]
#[derive(Deserialize)]
struct Room {
    channel: RoomState,
}

#[cfg(feature = "operator")]
#[derive(Deserialize)]
struct RoomState {
    #[serde(default)]
    is_member: bool,
    #[serde(default)]
    is_archived: bool,
}

impl Call {
    /// Asks what changes nothing, so that it may be repeated.
    #[cfg(feature = "operator")]
    fn asking(method: &'static str, channel: Option<&str>) -> Self {
        Self {
            method,
            content_type: "application/x-www-form-urlencoded",
            body: form_urlencoded::Serializer::new(String::new())
                .extend_pairs(channel.map(|channel| ("channel", channel)))
                .finish(),
            limit: ANSWER_LIMIT,
            may_help: NotifyError::is_retryable,
        }
    }

    /// Posts a message. It is not repeated after an answer that got lost, since the message may be in the channel.
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

    /// Replaces the text and blocks of a message. Slack keeps the message's metadata where none are given.
    fn editing(arguments: &Arguments<'_>) -> Result<Self, NotifyError> {
        Ok(Self {
            method: "chat.update",
            may_help: NotifyError::is_retryable,
            ..Self::posting(arguments)?
        })
    }

    /// Reads a page of the channel's history. Slack's reading methods take form fields instead of JSON.
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
