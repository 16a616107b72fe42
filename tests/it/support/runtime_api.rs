//! A fake Lambda Runtime API, which hands out invocations and stores their responses and errors.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use hyper::Method;
use hyper::body::Bytes;
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};

use super::http::{Answer, Request, Server, response};

/// What a function sent to the Runtime API.
#[derive(Debug)]
pub(crate) enum Said {
    /// An invocation's response.
    Response(Value),
    /// The error of an invocation, or of the start.
    Error(Value),
}

struct Invocation {
    id: usize,
    event: Bytes,
    time_left: Duration,
}

/// The Runtime API that a function polls.
pub(crate) struct FakeRuntimeApi {
    server: Server,
    invocations: mpsc::UnboundedSender<Invocation>,
    polls: Receiver<Instant>,
    said: Receiver<(Said, Duration)>,
    invoked: usize,
}

/// What the server's thread needs.
struct Desk {
    queue: Mutex<mpsc::UnboundedReceiver<Invocation>>,
    handed_out: Mutex<Instant>,
    polls: Sender<Instant>,
    said: Sender<(Said, Duration)>,
}

impl FakeRuntimeApi {
    /// Waits for a function.
    pub(crate) fn start() -> Self {
        let (invocations, queue) = mpsc::unbounded_channel();
        let (poll_sender, polls) = channel();
        let (said_sender, said) = channel();
        let desk = Arc::new(Desk {
            queue: Mutex::new(queue),
            handed_out: Mutex::new(Instant::now()),
            polls: poll_sender,
            said: said_sender,
        });
        let server = Server::start(move |request| answer(request, Arc::clone(&desk)));
        Self {
            server,
            invocations,
            polls,
            said,
            invoked: 0,
        }
    }

    /// For `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// When the function asked for its next invocation, which it does when it is ready; each poll shows once.
    pub(crate) fn poll(&self, limit: Duration) -> Option<Instant> {
        self.polls.recv_timeout(limit).ok()
    }

    /// Hands out an event with so much time left, as soon as the function polls.
    pub(crate) fn hand_out(&mut self, event: Bytes, time_left: Duration) {
        self.invoked += 1;
        let invocation = Invocation {
            id: self.invoked,
            event,
            time_left,
        };
        self.invocations.send(invocation).unwrap();
    }

    /// What the function says next, and how long after it was handed its event.
    pub(crate) fn said(&self, limit: Duration) -> Option<(Said, Duration)> {
        self.said.recv_timeout(limit).ok()
    }
}

async fn answer(request: Request, desk: Arc<Desk>) -> Answer {
    let path = request.path.strip_prefix("/2018-06-01/runtime/")?;
    if (&request.method, path) == (&Method::GET, "invocation/next") {
        // Sending fails where the test is over and its receivers are dropped.
        let _ = desk.polls.send(request.at);
        let invocation = desk.queue.lock().await.recv().await?;
        *desk.handed_out.lock().await = Instant::now();
        return next(invocation);
    }
    let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let said = match path.rsplit_once('/')? {
        (_, "response") => Said::Response(body),
        (_, "error") => Said::Error(body),
        _ => return Some(response(404, "")),
    };
    let elapsed = request.at - *desk.handed_out.lock().await;
    let _ = desk.said.send((said, elapsed));
    Some(response(202, r#"{"status":"OK"}"#))
}

fn next(invocation: Invocation) -> Answer {
    let deadline = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?
        + invocation.time_left;
    let mut answer = response(200, invocation.event);
    for (name, value) in [
        ("content-type", "application/json".to_owned()),
        (
            "lambda-runtime-aws-request-id",
            format!("00000000-0000-0000-0000-{:012}", invocation.id),
        ),
        (
            "lambda-runtime-deadline-ms",
            deadline.as_millis().to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:ap-northeast-2:123456789012:function:rollcall".to_owned(),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-65a47900-000000000000000000000001;Sampled=0".to_owned(),
        ),
    ] {
        answer.headers_mut().insert(name, value.parse().unwrap());
    }
    Some(answer)
}
