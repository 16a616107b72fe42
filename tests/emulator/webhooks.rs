//! A receiver in another language verifies the function's requests: Python, with the package of Standard Webhooks
//! (`pip install standardwebhooks`).

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::support::event::fixture;
use crate::support::function::Function;
use crate::support::slack::{FakeSlack, Post, Reply};

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_dGhpcnR5LXR3byBieXRlcyBvZiBhIG5ldyBzZWNyZXQ=";
const OTHER: &str = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCBvZiAzMiBi";

/// A request as a receiver sees it.
#[derive(Clone)]
struct Received {
    secret: &'static str,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Received {
    fn of(post: &Post) -> Self {
        let headers = post.headers.iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        Self {
            secret: NEW,
            headers: headers.collect(),
            body: String::from_utf8(post.body.to_vec()).unwrap(),
        }
    }

    fn by(&self, secret: &'static str) -> Self {
        Self {
            secret,
            ..self.clone()
        }
    }

    fn with(&self, header: &str, value: impl ToString) -> Self {
        let mut other = self.clone();
        other.headers.insert(header.to_owned(), value.to_string());
        other
    }
}

/// What the Python package says of each request.
fn verify(requests: &[Received]) -> Vec<String> {
    let requests = requests
        .iter()
        .map(|one| json!({"secret": one.secret, "headers": one.headers, "body": one.body}));
    let mut python = Command::new("python3")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/emulator/verify_webhook.py"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = serde_json::Value::from_iter(requests).to_string();
    let mut stdin = python.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = python.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "this test needs python3 with standardwebhooks: pip install standardwebhooks"
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(str::to_owned).collect()
}

/// The request that the function makes while the old secret is replaced by the new one.
fn request() -> Received {
    let slack = FakeSlack::answering([Reply::ok()]);
    let machine = FakeSlack::answering([Reply::ok()]);
    let mut function = Function::start(&[
        ("SLACK_WEBHOOK_URL", &slack.webhook()),
        ("ROLLCALL_ENVIRONMENT", "dev"),
        ("ROLLCALL_EVENTS_URL", &machine.webhook()),
        ("ROLLCALL_EVENTS_SECRET", &format!("{NEW} {OLD}")),
    ]);
    function.invoke(&fixture("all-succeeded.json"), Duration::from_secs(30));
    Received::of(&machine.only_post())
}

#[test]
fn a_receiver_in_python_takes_our_requests_and_no_others() {
    let right = request();
    let timestamp: i64 = right.headers["webhook-timestamp"].parse().unwrap();
    let changed = Received {
        body: right.body.replace("schedule.run_changed", "environment.up"),
        ..right.clone()
    };
    let signatures = &right.headers["webhook-signature"];
    let (new, old) = signatures.split_once(' ').unwrap();
    let refused = "No matching signature found";
    let cases = [
        // Both secrets hold while one replaces the other, and each alone before and after.
        (right.clone(), "schedule.run_changed"),
        (right.by(OLD), "schedule.run_changed"),
        (right.with("webhook-signature", new), "schedule.run_changed"),
        (
            right.by(OLD).with("webhook-signature", old),
            "schedule.run_changed",
        ),
        (right.by(OLD).with("webhook-signature", new), refused),
        (right.by(OTHER), refused),
        (changed, refused),
        (right.with("webhook-id", "evt_another"), refused),
        (right.with("webhook-timestamp", timestamp - 1), refused),
        (
            right.with("webhook-timestamp", timestamp - 600),
            "Message timestamp too old",
        ),
        (
            right.with("webhook-timestamp", timestamp + 600),
            "Message timestamp too new",
        ),
        (
            right.with("webhook-signature", ""),
            "Missing required headers",
        ),
    ];
    let (requests, expected): (Vec<Received>, Vec<&str>) = cases.into_iter().unzip();
    assert_eq!(verify(&requests), expected);
}
