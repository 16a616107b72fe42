//! Slack: a webhook and the three methods of the Web API that the function calls, in one channel.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// The channel's id.
pub(crate) const CHANNEL: &str = "C012AB3CD";
/// The bot's token.
pub(crate) const TOKEN: &str = "xoxb-0000";

/// How much is shown of a message without a header.
const SHOWN: usize = 120;

/// What a message said, and when.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) at: DateTime<Utc>,
    /// `webhook`, or a method.
    pub(crate) how: String,
    pub(crate) is_reply: bool,
    pub(crate) title: String,
    pub(crate) totals: String,
}

/// A channel with its messages.
#[derive(Debug, Default)]
pub(crate) struct Slack {
    pub(crate) said: Vec<Said>,
    pub(crate) calls: BTreeMap<String, usize>,
    messages: Vec<Value>,
}

impl Slack {
    /// Answers a request to this path.
    pub(crate) fn answer(&mut self, path: &str, body: &[u8], now: DateTime<Utc>) -> String {
        let how = path.strip_prefix("/api/").unwrap_or("webhook").to_owned();
        *self.calls.entry(how.clone()).or_default() += 1;
        if how == "conversations.history" {
            return json!({"ok": true, "messages": self.messages, "has_more": false}).to_string();
        }
        let message: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        self.said.push(said(&message, how.clone(), now));
        if how == "webhook" {
            return "ok".to_owned();
        }
        let ts = message["ts"].as_str().map_or_else(
            || format!("1705276800.{:06}", self.said.len()),
            str::to_owned,
        );
        if how == "chat.postMessage" && message["thread_ts"].is_null() {
            let entry = json!({"type": "message", "ts": ts, "metadata": message["metadata"]});
            self.messages.insert(0, entry);
        }
        json!({"ok": true, "channel": CHANNEL, "ts": ts}).to_string()
    }
}

fn said(message: &Value, how: String, at: DateTime<Utc>) -> Said {
    let blocks = message["blocks"].as_array();
    let text = |kind: &str| {
        let blocks = blocks.into_iter().flatten();
        let texts = blocks
            .filter(|block| block["type"] == kind)
            .filter_map(|block| block["text"]["text"].as_str());
        texts.collect::<Vec<_>>().join("\n")
    };
    let sections = text("section");
    let totals = sections.lines().find(|line| line.contains("Total"));
    let header = text("header");
    let words = message["text"].as_str().unwrap_or_default();
    let words = words
        .chars()
        .take(SHOWN)
        .collect::<String>()
        .replace('\n', " ");
    Said {
        at,
        how,
        is_reply: !message["thread_ts"].is_null(),
        title: if header.is_empty() { words } else { header },
        totals: totals.unwrap_or_default().to_owned(),
    }
}
