//! Reads the answers of the Web API, and sorts its errors by what to do about them.
//!
//! Pure. Slack answers HTTP 200 and `"ok": false` where it refuses a call, where it is overloaded, and where it
//! failed half-way. Only the word in `error` tells which of the three it is.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::sending::word;
use crate::http::Answer;
use crate::ports::notifier::NotifyError;

/// How long to wait where the word in the body is a rate limit: unlike a 429, such an answer has no `Retry-After`.
const DEFAULT_PAUSE: Duration = Duration::from_secs(5);

/// The message that `chat.postMessage` made.
#[derive(Debug, Deserialize)]
pub(super) struct Sent {
    pub(super) channel: String,
    pub(super) ts: String,
}

/// A page of a channel's history, the newest message first.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) messages: Vec<Past>,
    response_metadata: Option<Cursor>,
}

/// A message in the channel's history.
#[derive(Debug, Deserialize)]
pub(super) struct Past {
    pub(super) ts: String,
    metadata: Option<Metadata>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    event_type: Option<String>,
    event_payload: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Cursor {
    next_cursor: Option<String>,
}

impl Page {
    /// The cursor to ask for the next page with, if there is one.
    pub(super) fn next_cursor(self) -> Option<String> {
        self.response_metadata?
            .next_cursor
            .filter(|cursor| !cursor.is_empty())
    }
}

impl Past {
    /// When the runs begin that the message is about, where this event type and window stand in its metadata.
    pub(super) fn start_of(&self, event_type: &str, window: &str) -> Option<DateTime<Utc>> {
        let metadata = self.metadata.as_ref()?;
        let payload = metadata.event_payload.as_ref()?;
        let is_ours = metadata.event_type.as_deref() == Some(event_type);
        let start = payload["start"].as_str()?.parse().ok()?;
        (is_ours && payload["window"] == window).then_some(start)
    }
}

#[derive(Deserialize)]
struct Envelope {
    ok: bool,
    #[serde(default)]
    error: String,
}

/// The fields of a successful answer, or the error that Slack answered.
pub(super) fn parse<T: DeserializeOwned>(answer: &Answer) -> Result<T, NotifyError> {
    let status = answer.status.as_u16();
    let unexpected = || NotifyError::Failed { reason: word("") };
    let envelope: Result<Envelope, _> = serde_json::from_slice(&answer.body);
    match envelope {
        Ok(envelope) if envelope.ok && answer.status == StatusCode::OK => {
            serde_json::from_slice(&answer.body).map_err(|_| unexpected())
        }
        Ok(envelope) => Err(classify(status, word(&envelope.error))),
        // The body is not the Web API's, such as a proxy's page. A redirect or a 4xx means that nothing was posted.
        Err(_) if !answer.status.is_success() => Err(NotifyError::Refused {
            status,
            reason: word(""),
        }),
        Err(_) => Err(unexpected()),
    }
}

/// An error that is not known to pass counts as a refusal, after which the webhook posts the message at once.
fn classify(status: u16, reason: String) -> NotifyError {
    match reason.as_str() {
        "ratelimited" | "rate_limited" | "message_limit_exceeded" => NotifyError::RateLimited {
            retry_after: DEFAULT_PAUSE,
        },
        "internal_error" | "fatal_error" | "request_timeout" | "service_unavailable" => {
            NotifyError::Failed { reason }
        }
        _ => NotifyError::Refused { status, reason },
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::{Page, Sent, parse};
    use crate::http::Answer;

    fn p(status: u16, body: &str) -> String {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            body: body.as_bytes().to_vec(),
        };
        match parse::<Sent>(&answer) {
            Ok(sent) => format!("{} {}", sent.channel, sent.ts),
            Err(error) => format!(
                "{error} (retryable: {}, ambiguous: {})",
                error.is_retryable(),
                error.is_ambiguous()
            ),
        }
    }

    #[test]
    fn tells_errors_apart() {
        let error = |word: &str| p(200, &format!(r#"{{"ok":false,"error":"{word}"}}"#));
        for word in [
            "invalid_auth",
            "not_authed",
            "token_revoked",
            "token_expired",
            "account_inactive",
            "missing_scope",
            "channel_not_found",
            "not_in_channel",
            "is_archived",
            "invalid_blocks",
            "something_new",
        ] {
            let refused = "(retryable: false, ambiguous: false)";
            let expected = format!("slack refused the message: HTTP 200 {word} {refused}");
            assert_eq!(error(word), expected);
        }
        for word in ["ratelimited", "rate_limited", "message_limit_exceeded"] {
            let expected = "slack rate limit: retry after 5 s (retryable: true, ambiguous: false)";
            assert_eq!(error(word), expected);
        }
        for word in [
            "internal_error",
            "fatal_error",
            "request_timeout",
            "service_unavailable",
        ] {
            let expected = format!("slack failed: {word} (retryable: true, ambiguous: true)");
            assert_eq!(error(word), expected);
        }
    }

    #[test]
    fn takes_only_what_slack_would_say() {
        assert_eq!(p(200, r#"{"ok":true,"channel":"C1","ts":"1.2"}"#), "C1 1.2");
        let ambiguous =
            "slack failed: with an unexpected answer (retryable: true, ambiguous: true)";
        for body in [r#"{"ok":true}"#, "ok", "", "<html>"] {
            assert_eq!(p(200, body), ambiguous, "{body}");
        }
        let refused = "with an unexpected answer (retryable: false, ambiguous: false)";
        assert_eq!(
            p(302, "xoxb-elsewhere"),
            format!("slack refused the message: HTTP 302 {refused}")
        );
        assert_eq!(
            p(200, r#"{"ok":false,"error":"xoxb-SECRET"}"#),
            format!("slack refused the message: HTTP 200 {refused}")
        );
    }

    #[test]
    fn finds_a_window_by_its_metadata_alone() {
        let body = br#"{"ok":true,"messages":[
            {"ts":"1","text":"dev 2024"},
            {"ts":"2","metadata":{"event_type":"other","event_payload":{"window":"dev 2024"}}},
            {"ts":"3","metadata":{"event_type":"rollcall_window","event_payload":{"window":7}}},
            {"ts":"4","metadata":{"event_type":"rollcall_window","event_payload":{"window":"dev 2024","start":"2024-01-15T00:00:00Z"}}}],
            "response_metadata":{"next_cursor":""}}"#;
        let answer = Answer {
            status: StatusCode::OK,
            body: body.to_vec(),
        };
        let page: Page = parse(&answer).unwrap();
        let found: Vec<&str> = page
            .messages
            .iter()
            .filter(|message| message.start_of("rollcall_window", "dev 2024").is_some())
            .map(|message| message.ts.as_str())
            .collect();
        assert_eq!(found, ["4"]);
        assert_eq!(page.next_cursor(), None);
    }
}
