//! A fake Slack: one incoming webhook that answers by a script and remembers what it got.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use hyper::body::Bytes;
use hyper::header::HeaderMap;
use serde_json::Value;

use super::http::{Answer, Request, Server, response};

/// The part of the webhook's address that must never be seen elsewhere.
pub(crate) const SECRET: &str = "XSECRETWEBHOOKX";

/// What Slack does about one request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// It answers.
    Answer {
        /// The status.
        status: u16,
        /// The body.
        body: &'static str,
        /// One more header.
        header: Option<(&'static str, String)>,
    },
    /// It never answers.
    Hang,
    /// It closes the connection without an answer.
    Close,
}

impl Reply {
    /// Slack's answer to a message that it accepted.
    pub(crate) fn ok() -> Self {
        Self::status(200, "ok")
    }

    /// A status and a body.
    pub(crate) fn status(status: u16, body: &'static str) -> Self {
        Self::Answer {
            status,
            body,
            header: None,
        }
    }

    /// The rate limit.
    pub(crate) fn too_many_requests(retry_after_seconds: u32) -> Self {
        Self::retry_after(&retry_after_seconds.to_string())
    }

    /// The rate limit with any text in `Retry-After`.
    pub(crate) fn retry_after(text: &str) -> Self {
        Self::Answer {
            status: 429,
            body: "",
            header: Some(("retry-after", text.to_owned())),
        }
    }

    /// A redirect to another address.
    pub(crate) fn redirect(location: &str) -> Self {
        Self::Answer {
            status: 307,
            body: "",
            header: Some(("location", location.to_owned())),
        }
    }

    async fn into_answer(self) -> Answer {
        match self {
            Self::Answer {
                status,
                body,
                header,
            } => {
                let mut answer = response(status, body);
                if let Some((name, value)) = header {
                    answer.headers_mut().insert(name, value.parse().unwrap());
                }
                Some(answer)
            }
            Self::Hang => std::future::pending().await,
            Self::Close => None,
        }
    }
}

/// A message as Slack received it.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    /// The request's path.
    pub(crate) path: String,
    /// The request's headers.
    pub(crate) headers: HeaderMap,
    /// The request's body.
    pub(crate) body: Bytes,
    /// The body as JSON; null where it is none.
    pub(crate) message: Value,
    /// When it arrived.
    pub(crate) at: Instant,
}

impl Post {
    /// The message's blocks of one type.
    pub(crate) fn blocks(&self, block_type: &str) -> Vec<&Value> {
        self.message["blocks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|block| block["type"] == block_type)
            .collect()
    }

    /// The text of the header block.
    pub(crate) fn title(&self) -> &str {
        self.blocks("header")[0]["text"]["text"].as_str().unwrap()
    }

    /// The texts of the sections, one after the other.
    pub(crate) fn sections(&self) -> String {
        let texts = self
            .blocks("section")
            .into_iter()
            .map(|block| block["text"]["text"].as_str().unwrap());
        texts.collect::<Vec<_>>().join("\n")
    }

    /// The texts of the context blocks, one after the other.
    pub(crate) fn contexts(&self) -> String {
        let texts = self
            .blocks("context")
            .into_iter()
            .flat_map(|block| block["elements"].as_array().unwrap());
        texts
            .map(|text| text["text"].as_str().unwrap())
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The cells of the table by row; none where there is no table.
    pub(crate) fn rows(&self) -> Vec<Vec<&str>> {
        let rows = self
            .blocks("table")
            .into_iter()
            .flat_map(|table| table["rows"].as_array().unwrap());
        rows.map(|row| {
            row.as_array()
                .unwrap()
                .iter()
                .map(|cell| cell["text"].as_str().unwrap())
                .collect()
        })
        .collect()
    }
}

/// A Slack with one webhook. After the last reply of its script, it repeats that reply.
pub(crate) struct FakeSlack {
    server: Server,
    posts: Arc<Mutex<Vec<Post>>>,
}

impl FakeSlack {
    /// A Slack that answers by this script.
    pub(crate) fn answering<const N: usize>(script: [Reply; N]) -> Self {
        let posts: Arc<Mutex<Vec<Post>>> = Arc::default();
        let server = Server::start({
            let posts = Arc::clone(&posts);
            move |request| {
                let earlier = record(&posts, &request);
                script[earlier.min(N - 1)].clone().into_answer()
            }
        });
        Self { server, posts }
    }

    /// The webhook's address, which contains [`SECRET`].
    pub(crate) fn webhook(&self) -> String {
        format!(
            "http://{}/services/T0000/B0000/{SECRET}",
            self.server.address()
        )
    }

    /// Such as `127.0.0.1:40123`.
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// What arrived so far.
    pub(crate) fn posts(&self) -> Vec<Post> {
        self.posts.lock().unwrap().clone()
    }

    /// The one message that arrived.
    pub(crate) fn only_post(&self) -> Post {
        let posts = self.posts();
        assert_eq!(posts.len(), 1, "{posts:#?}");
        posts.into_iter().next().unwrap()
    }
}

/// Stores a request. Returns how many came before it.
fn record(posts: &Mutex<Vec<Post>>, request: &Request) -> usize {
    let post = Post {
        path: request.path.clone(),
        headers: request.headers.clone(),
        body: request.body.clone(),
        message: serde_json::from_slice(&request.body).unwrap_or(Value::Null),
        at: request.at,
    };
    let mut posts = posts.lock().unwrap();
    posts.push(post);
    posts.len() - 1
}
