//! An instance of the function: a process that polls a Runtime API of its own.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::Sender;

use chrono::{DateTime, Utc};
use hyper::Method;
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};

use super::clock::Clock;
use super::http::{Answer, Request, Server, response};
use super::options::Options;

/// What becomes of an invocation.
#[derive(Debug)]
pub(crate) struct Done {
    /// Which instance says so.
    pub(crate) instance: usize,
    /// The response, or none where the function failed.
    pub(crate) response: Option<Value>,
    /// When it was said.
    pub(crate) at: DateTime<Utc>,
}

/// What the process has used so far, as the kernel counts it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    /// Nanoseconds on a core.
    pub(crate) cpu: u64,
    /// Nanoseconds for which it could have run and had to wait for one.
    pub(crate) waited: u64,
}

/// A process of the function, and its Runtime API.
pub(crate) struct Instance {
    child: Child,
    events: mpsc::UnboundedSender<Event>,
    // Dropped after the process was ended.
    _server: Server,
}

struct Event {
    body: String,
    deadline: DateTime<Utc>,
}

impl Instance {
    /// Starts a process; what its invocations come to is sent to `done`.
    pub(crate) fn start(
        number: usize,
        environment: &[(String, String)],
        options: &Options,
        label: &str,
        clock: &Arc<Clock>,
        done: Sender<Done>,
    ) -> Self {
        let (events, queue) = mpsc::unbounded_channel();
        let queue = Arc::new(Mutex::new(queue));
        let clock = Arc::clone(clock);
        let server = Server::start(move |request| {
            let said = said(&request, number, clock.now());
            answer(request, said, Arc::clone(&queue), done.clone())
        });
        let log = |name: &str| match &options.logs {
            None => Stdio::null(),
            Some(folder) => {
                std::fs::create_dir_all(folder).unwrap();
                let path = folder.join(format!("{label}-{number}.{name}"));
                let file = File::options().append(true).create(true).open(path);
                file.unwrap().into()
            }
        };
        let child = Command::new(&options.function)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", server.address().to_string())
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log("out"))
            .stderr(log("err"))
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", options.function.display()));
        Self {
            child,
            events,
            _server: server,
        }
    }

    /// Hands out an event as soon as the process polls.
    pub(crate) fn invoke(&self, body: String, deadline: DateTime<Utc>) {
        // A process that has ended never answers, which is a timeout.
        let _ = self.events.send(Event { body, deadline });
    }

    /// What all threads of the process have used.
    pub(crate) fn used(&self) -> Used {
        let mut used = Used::default();
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id()));
        for task in tasks.into_iter().flatten().flatten() {
            let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            let mut numbers = text.split(' ').map(|number| number.parse().unwrap_or(0));
            used.cpu += numbers.next().unwrap_or(0);
            used.waited += numbers.next().unwrap_or(0);
        }
        used
    }

    /// The most memory that the process has had resident, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = peak.map(|peak| peak.trim().trim_end_matches(" kB").parse());
        kilobytes.map_or(0, |kilobytes| kilobytes.unwrap_or(0)) * 1_024
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a request says about an invocation, if it says anything.
fn said(request: &Request, instance: usize, at: DateTime<Utc>) -> Option<Done> {
    let is_error = request.path.ends_with("/error");
    let is_response = request.path.ends_with("/response");
    let body = || serde_json::from_slice(&request.body).ok();
    (is_error || is_response).then(|| Done {
        instance,
        response: is_response.then(body).flatten(),
        at,
    })
}

async fn answer(
    request: Request,
    said: Option<Done>,
    queue: Arc<Mutex<mpsc::UnboundedReceiver<Event>>>,
    done: Sender<Done>,
) -> Answer {
    if let Some(said) = said {
        // Nobody listens any more where the run is over.
        let _ = done.send(said);
        return Some(response(202, r#"{"status":"OK"}"#));
    }
    assert_eq!(request.method, Method::GET, "{}", request.path);
    let event = queue.lock().await.recv().await?;
    let mut answer = response(200, event.body);
    let id = format!("00000000-0000-0000-0000-{:012}", fastrand::u32(..));
    let deadline = event.deadline;
    for (name, value) in [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", id),
        (
            "lambda-runtime-deadline-ms",
            deadline.timestamp_millis().to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:ap-northeast-2:123456789012:function:rollcall".to_owned(),
        ),
    ] {
        answer.headers_mut().insert(name, value.parse().unwrap());
    }
    Some(answer)
}
