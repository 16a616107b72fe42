//! What machines get of the real function: signed requests, entries of an event bus, and pings.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rollcall::machines::signature::SigningSecrets;
use serde_json::{Value, json};

use super::AMPLE;
use crate::schema;
use crate::support::event::fixture;
use crate::support::function::Function;
use crate::support::http::{Request, Server, response};
use crate::support::slack::{FakeSlack, Post, Reply, SECRET};
use crate::support::ssm::FakeSsm;

pub(super) const FIRST: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SECOND: &str = "whsec_dGhpcnR5LXR3byBieXRlcyBvZiBhIG5ldyBzZWNyZXQ=";
const TOKEN: &str = "XSECRETTOKENX";

/// A function that reports to Slack, and to machines as the environment says.
pub(super) fn function(slack: &FakeSlack, environment: &[(&str, &str)]) -> Function {
    let webhook = slack.webhook();
    let own = [
        ("SLACK_WEBHOOK_URL", webhook.as_str()),
        ("ROLLCALL_ENVIRONMENT", "dev"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "example"),
    ];
    Function::start(&[&own, environment].concat())
}

fn header<'a>(post: &'a Post, name: &str) -> &'a str {
    post.headers[name].to_str().unwrap()
}

/// The function's numbers of its last invocation.
pub(super) fn numbers(output: &str) -> Value {
    let lines = output.lines().rev();
    let mut numbers = lines.filter(|line| line.contains("_aws"));
    serde_json::from_str(numbers.next().unwrap()).unwrap()
}

#[test]
fn an_address_gets_a_signed_event_of_the_published_shape() {
    let (slack, machine) = (
        FakeSlack::answering([Reply::ok()]),
        FakeSlack::answering([Reply::status(202, "")]),
    );
    let secrets = format!("{FIRST} {SECOND}");
    let mut function = function(
        &slack,
        &[
            ("ROLLCALL_EVENTS_URL", &machine.webhook()),
            ("ROLLCALL_EVENTS_SECRET", &secrets),
            ("ROLLCALL_EVENTS_TOKEN", TOKEN),
        ],
    );
    let response = function.invoke(&fixture("twenty-services-one-failure.json"), AMPLE);
    assert_eq!(response.failed_ids(), [""; 0]);
    slack.only_post();
    let post = machine.only_post();
    let body = std::str::from_utf8(&post.body).unwrap();
    let (id, timestamp) = (
        header(&post, "webhook-id"),
        header(&post, "webhook-timestamp"),
    );
    let signed = SigningSecrets::parse(&secrets).unwrap();
    let expected = signed.sign(id, timestamp.parse().unwrap(), body);
    assert_eq!(header(&post, "webhook-signature"), expected);
    assert_eq!(expected.split(' ').count(), 2);
    assert_eq!(header(&post, "authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(header(&post, "content-type"), "application/json");
    let told: Value = serde_json::from_str(body).unwrap();
    // Without a table nobody knows what other batches hold.
    assert_eq!(told["type"], "schedule.run_changed");
    assert_eq!(told["data"]["id"], id);
    assert_eq!(
        told["data"]["totals"]["services"],
        json!({"accepted": 19, "failed": 1})
    );
    let validator = schema::validator("event.schema.json");
    assert_eq!(schema::problems(&validator, &told["data"]), [""; 0]);

    let output = function.stop();
    assert_eq!(numbers(&output)["EventsSent"], 1);
    for secret in [SECRET, TOKEN, "MfKQ9r8G"] {
        assert!(!output.contains(secret), "{output}");
    }
}

#[test]
fn a_machine_that_refuses_holds_up_nobody_and_is_logged() {
    for (status, gone) in [(404, 0), (410, 1)] {
        let (slack, machine) = (
            FakeSlack::answering([Reply::ok()]),
            FakeSlack::answering([Reply::status(status, TOKEN)]),
        );
        let mut function = function(
            &slack,
            &[
                ("ROLLCALL_EVENTS_URL", &machine.webhook()),
                ("ROLLCALL_EVENTS_SECRET", FIRST),
            ],
        );
        let response = function.invoke(&fixture("all-succeeded.json"), AMPLE);
        // Giving the records back would repeat the message to people.
        assert_eq!(response.failed_ids(), [""; 0]);
        slack.only_post();
        machine.only_post();
        let output = function.stop();
        let refused = format!("http refused the message: HTTP {status}");
        assert!(output.contains(&refused), "{output}");
        assert!(
            !output.contains(TOKEN) && !output.contains(SECRET),
            "{output}"
        );
        let numbers = numbers(&output);
        assert_eq!(
            [&numbers["EventsFailed"], &numbers["MachinesGone"]],
            [1, gone]
        );
        assert_eq!(output.contains("http is gone (HTTP 410)"), gone == 1);
    }
}

#[test]
fn secrets_of_parameters_are_read_when_there_is_something_to_tell() {
    let (slack, machine) = (
        FakeSlack::answering([Reply::ok()]),
        FakeSlack::answering([Reply::ok()]),
    );
    let ssm = FakeSsm::holding("/rollcall/events/secret", FIRST.to_owned());
    let mut function = function(
        &slack,
        &[
            ("AWS_ENDPOINT_URL", &ssm.endpoint()),
            ("ROLLCALL_EVENTS_URL", &machine.webhook()),
            (
                "ROLLCALL_EVENTS_SECRET_PARAMETER",
                "/rollcall/events/secret",
            ),
            ("ROLLCALL_HEARTBEAT_URL_PARAMETER", "/rollcall/missing"),
        ],
    );
    function.ready();
    assert!(
        ssm.requests().is_empty(),
        "a start reads nothing for machines"
    );
    function.invoke(&fixture("all-succeeded.json"), AMPLE);
    slack.only_post();
    assert!(
        machine
            .only_post()
            .headers
            .contains_key("webhook-signature")
    );
    let output = function.stop();
    assert!(
        output.contains("cannot read the SSM parameter /rollcall/missing"),
        "{output}"
    );
}

/// Answers `PutEvents` with this body, and stores the requests.
struct FakeBus {
    server: Server,
    entries: Arc<Mutex<Vec<Value>>>,
}

impl FakeBus {
    fn answering(answer: &Value) -> Self {
        let entries: Arc<Mutex<Vec<Value>>> = Arc::default();
        let (seen, answer) = (Arc::clone(&entries), answer.to_string());
        let server = Server::start(move |request: Request| {
            assert_eq!(request.headers["x-amz-target"], "AWSEvents.PutEvents");
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            seen.lock()
                .unwrap()
                .extend(body["Entries"].as_array().unwrap().clone());
            let mut answer = response(200, answer.clone());
            let json = "application/x-amz-json-1.1".parse().unwrap();
            answer.headers_mut().insert("content-type", json);
            std::future::ready(Some(answer))
        });
        Self { server, entries }
    }

    /// Has the function report a batch. Returns what it wrote.
    fn report(&self) -> String {
        let slack = FakeSlack::answering([Reply::ok()]);
        let endpoint = format!("http://{}", self.server.address());
        let mut function = function(
            &slack,
            &[
                ("AWS_ENDPOINT_URL", &endpoint),
                ("ROLLCALL_EVENT_BUS", "dev"),
            ],
        );
        let response = function.invoke(&fixture("all-succeeded.json"), AMPLE);
        assert_eq!(response.failed_ids(), [""; 0]);
        slack.only_post();
        function.stop()
    }
}

#[test]
fn a_bus_gets_an_entry_whose_detail_is_the_event() {
    let bus = FakeBus::answering(&json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}));
    let output = bus.report();
    assert_eq!(numbers(&output)["EventsSent"], 1, "{output}");
    let entries = bus.entries.lock().unwrap();
    let [entry] = &entries[..] else {
        panic!("{entries:?}")
    };
    assert_eq!(
        [
            &entry["Source"],
            &entry["DetailType"],
            &entry["EventBusName"]
        ],
        ["rollcall", "Schedule Run Changed", "dev"]
    );
    let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
    let validator = schema::validator("event.schema.json");
    assert_eq!(schema::problems(&validator, &detail), [""; 0]);
}

#[test]
fn an_entry_that_failed_in_a_good_answer_is_a_failure() {
    for (code, words) in [
        ("InternalFailure", "bus failed: InternalFailure: no"),
        (
            "MalformedDetail",
            "bus refused the message: HTTP 200 MalformedDetail: no",
        ),
    ] {
        let failed =
            json!({"FailedEntryCount": 1, "Entries": [{"ErrorCode": code, "ErrorMessage": "no"}]});
        let output = FakeBus::answering(&failed).report();
        assert!(output.contains(words), "{output}");
        assert_eq!(numbers(&output)["EventsFailed"], 1);
    }
}

#[test]
fn the_heartbeat_is_pinged_once_people_confirmed_and_never_before() {
    for (reply, pings) in [(Reply::ok(), 1), (Reply::status(404, "no_service"), 0)] {
        let (slack, heartbeat) = (
            FakeSlack::answering([reply]),
            FakeSlack::answering([Reply::ok()]),
        );
        let mut function = function(&slack, &[("ROLLCALL_HEARTBEAT_URL", &heartbeat.webhook())]);
        function.invoke(&fixture("all-succeeded.json"), Duration::from_secs(10));
        function.stop();
        let posts = heartbeat.posts();
        assert_eq!(posts.len(), pings);
        for ping in posts {
            let (path, query) = ping.path.split_once('?').unwrap();
            assert_eq!(path, format!("/services/T0000/B0000/{SECRET}"));
            assert!(query.starts_with("rid=") && query.len() == 40, "{query}");
        }
    }
}
