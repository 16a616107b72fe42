//! A fake Slack workspace with one channel: the Web API's methods that rollcall uses, and a webhook beside it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::http::{Answer, Request, Server, response};
use super::slack::SECRET;

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trouble {
    /// HTTP 200 and `"ok": false`.
    Error(&'static str),
    /// HTTP 429, with so many seconds in `Retry-After`.
    TooManyRequests(u32),
    /// Slack carries out the call and answers HTTP 500.
    DoneThenServerError,
    /// Slack carries out the call and closes the connection without an answer.
    DoneThenClosed,
}

/// A message in the channel.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// What identifies it.
    pub(crate) ts: String,
    /// The message that it replies to.
    pub(crate) thread_ts: Option<String>,
    /// The arguments of the last call that posted or edited it.
    pub(crate) arguments: Value,
    /// The metadata that it was posted with.
    metadata: Value,
}

impl Message {
    /// The text of the header block.
    pub(crate) fn title(&self) -> &str {
        self.arguments["blocks"][0]["text"]["text"]
            .as_str()
            .unwrap()
    }

    /// The top-level text.
    pub(crate) fn text(&self) -> &str {
        self.arguments["text"].as_str().unwrap()
    }
}

#[derive(Default)]
struct Workspace {
    calls: Vec<&'static str>,
    messages: Vec<Message>,
    webhook: Vec<Value>,
    troubles: VecDeque<(&'static str, Trouble)>,
    is_revoked: bool,
    posted: usize,
}

/// The workspace on loopback.
pub(crate) struct FakeWorkspace {
    server: Server,
    workspace: Arc<Mutex<Workspace>>,
}

/// The channel's id.
pub(crate) const CHANNEL: &str = "C012AB3CD";

const METHODS: [&str; 3] = ["chat.postMessage", "chat.update", "conversations.history"];

impl FakeWorkspace {
    /// A workspace that carries out every call until a test adds trouble.
    pub(crate) fn start() -> Self {
        let workspace: Arc<Mutex<Workspace>> = Arc::default();
        let server = Server::start({
            let workspace = Arc::clone(&workspace);
            move |request| std::future::ready(workspace.lock().unwrap().answer(&request))
        });
        Self { server, workspace }
    }

    /// For `SLACK_API_URL`.
    pub(crate) fn api(&self) -> String {
        format!("http://{}/api/", self.server.address())
    }

    /// The bot's token, which contains [`SECRET`].
    pub(crate) fn token() -> String {
        format!("xoxb-{SECRET}")
    }

    /// The webhook's address, which contains [`SECRET`].
    pub(crate) fn webhook(&self) -> String {
        format!("http://{}/services/T0/B0/{SECRET}", self.server.address())
    }

    /// The next call of this method meets with trouble.
    pub(crate) fn trouble(&self, method: &'static str, trouble: Trouble) {
        let mut workspace = self.workspace.lock().unwrap();
        workspace.troubles.push_back((method, trouble));
    }

    /// From now on Slack refuses the token.
    pub(crate) fn revoke(&self) {
        self.workspace.lock().unwrap().is_revoked = true;
    }

    /// Somebody deletes every message.
    pub(crate) fn delete_all(&self) {
        self.workspace.lock().unwrap().messages.clear();
    }

    /// The methods called so far.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.workspace.lock().unwrap().calls.clone()
    }

    /// The messages in the channel, without threads.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.select(|message| message.thread_ts.is_none())
    }

    /// The replies in threads.
    pub(crate) fn replies(&self) -> Vec<Message> {
        self.select(|message| message.thread_ts.is_some())
    }

    /// The one message in the channel.
    pub(crate) fn only_message(&self) -> Message {
        let messages = self.messages();
        assert_eq!(messages.len(), 1, "{messages:#?}");
        messages.into_iter().next().unwrap()
    }

    /// What came through the webhook.
    pub(crate) fn webhook_posts(&self) -> Vec<Value> {
        self.workspace.lock().unwrap().webhook.clone()
    }

    fn select(&self, keep: impl Fn(&Message) -> bool) -> Vec<Message> {
        let workspace = self.workspace.lock().unwrap();
        let kept = workspace.messages.iter().filter(|message| keep(message));
        kept.cloned().collect()
    }
}

impl Workspace {
    fn answer(&mut self, request: &Request) -> Answer {
        if request.path.starts_with("/services/") {
            self.webhook
                .push(serde_json::from_slice(&request.body).unwrap());
            return Some(response(200, "ok"));
        }
        let name = request.path.trim_start_matches("/api/");
        let method = *METHODS.iter().find(|method| **method == name).unwrap();
        self.calls.push(method);
        let token = format!("Bearer {}", FakeWorkspace::token());
        if self.is_revoked || request.headers["authorization"] != token.as_str() {
            return error("token_revoked");
        }
        let is_next = self.troubles.front().is_some_and(|next| next.0 == method);
        let trouble = self.troubles.pop_front_if(|_| is_next);
        match trouble.map(|(_, trouble)| trouble) {
            None => self.call(method, request),
            Some(Trouble::Error(word)) => error(word),
            Some(Trouble::TooManyRequests(seconds)) => {
                let mut answer = response(429, "");
                answer.headers_mut().insert("retry-after", seconds.into());
                Some(answer)
            }
            Some(Trouble::DoneThenServerError) => {
                self.call(method, request);
                Some(response(500, ""))
            }
            Some(Trouble::DoneThenClosed) => {
                self.call(method, request);
                None
            }
        }
    }

    fn call(&mut self, method: &str, request: &Request) -> Answer {
        if method == "conversations.history" {
            let form = std::str::from_utf8(&request.body).unwrap();
            let channel = format!("channel={CHANNEL}&");
            assert!(form.contains(&channel) && form.contains("include_all_metadata=true"));
            return self.history();
        }
        let content_type = request.headers["content-type"].to_str().unwrap();
        assert!(content_type.starts_with("application/json"));
        let arguments: Value = serde_json::from_slice(&request.body).unwrap();
        if arguments["channel"] != CHANNEL {
            return error("channel_not_found");
        }
        let ts = if method == "chat.postMessage" {
            self.posted += 1;
            let ts = format!("1705276800.{:06}", self.posted);
            self.messages.push(Message {
                ts: ts.clone(),
                thread_ts: arguments["thread_ts"].as_str().map(str::to_owned),
                metadata: arguments["metadata"].clone(),
                arguments,
            });
            ts
        } else {
            let ts = arguments["ts"].as_str().unwrap().to_owned();
            let Some(message) = self.messages.iter_mut().find(|message| message.ts == ts) else {
                return error("message_not_found");
            };
            message.arguments = arguments;
            ts
        };
        said(&json!({"ok": true, "channel": CHANNEL, "ts": ts}))
    }

    fn history(&self) -> Answer {
        let messages: Vec<Value> = self
            .messages
            .iter()
            .rev()
            .filter(|message| message.thread_ts.is_none())
            .map(|message| json!({"type": "message", "ts": message.ts, "metadata": message.metadata}))
            .collect();
        said(&json!({"ok": true, "messages": messages, "has_more": false}))
    }
}

fn error(word: &str) -> Answer {
    said(&json!({"ok": false, "error": word}))
}

#[expect(clippy::unnecessary_wraps, reason = "every other answer may be none")]
fn said(body: &Value) -> Answer {
    Some(response(200, body.to_string()))
}
