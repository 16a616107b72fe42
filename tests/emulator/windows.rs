//! Rounds of one window each.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rollcall::core::decode::{OwnMessage, RosterMessage};
use serde_json::{Value, json};

use crate::emulator::{Emulator, Resources};
use crate::mapping::Mapping;
use crate::support::function::Function;
use crate::support::slack::{FakeSlack, Reply};

const SERVICES: usize = 20;
const ROUNDS: u64 = 4;

#[expect(
    clippy::disallowed_methods,
    reason = "the function's clock is the real one"
)]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A record of a call at this very moment, since the function's clock is the real one.
pub fn call(service: usize, error: Option<&str>) -> Value {
    json!({
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ecs",
        "detail": {
            "eventVersion": "1.11",
            "eventSource": "ecs.amazonaws.com",
            "eventName": "UpdateService",
            "eventID": format!("event-{service}-{}", error.is_some()),
            "eventTime": now().to_rfc3339_opts(SecondsFormat::Secs, true),
            "awsRegion": "ap-northeast-2",
            "recipientAccountId": "123456789012",
            "errorCode": error,
            "requestParameters": {"cluster": "dev", "service": format!("service-{service:02}"), "desiredCount": 1},
        },
    })
}

pub fn roster(services: usize) -> Value {
    let roster = OwnMessage::Roster(Box::new(RosterMessage {
        environment: "dev".to_owned(),
        schedule: "morning".to_owned(),
        scheduled_time: now() - TimeDelta::seconds(1),
        flexible_window_minutes: 0,
        account: "123456789012".to_owned(),
        region: "ap-northeast-2".to_owned(),
        cluster: "dev".to_owned(),
        services: (0..services)
            .map(|service| (format!("service-{service:02}"), 1))
            .collect(),
        jobs: BTreeMap::new(),
        role: None,
        retry_minutes: None,
        group: None,
        labels: BTreeMap::new(),
    }));
    serde_json::to_value(&roster).unwrap()
}

pub fn environment(
    emulator: &Emulator,
    resources: &Resources,
    slack: &FakeSlack,
) -> Vec<(String, String)> {
    let webhook = slack.webhook();
    let pairs = [
        ("SLACK_WEBHOOK_URL", webhook.as_str()),
        ("AWS_ENDPOINT_URL", emulator.endpoint()),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("ROLLCALL_ENVIRONMENT", "dev"),
        ("ROLLCALL_TABLE", &resources.table),
        ("ROLLCALL_QUEUE_URL", &resources.queue_url),
        // A day: the clock must not run into the next window during a round.
        ("ROLLCALL_WINDOW_MINUTES", "1440"),
        ("ROLLCALL_SETTLE_SECONDS", "3"),
        // Long enough for all that comes again, short enough to wait for the last timer.
        ("ROLLCALL_GRACE_SECONDS", "15"),
        // Whether tasks run is another test's point.
        ("ROLLCALL_VERIFY_MINUTES", "0"),
    ];
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub fn send(emulator: &Emulator, resources: &Resources, bodies: &[Value]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let sqs = emulator.sqs();
    for body in bodies {
        let send = sqs
            .send_message()
            .queue_url(&resources.queue_url)
            .message_body(body.to_string());
        runtime.block_on(send.send()).unwrap();
    }
}

#[test]
fn fragments_on_several_functions_give_one_message() {
    let emulator = Emulator::start();
    for with_roster in [true, false] {
        let (resources, slack) = (emulator.resources(), FakeSlack::answering([Reply::ok()]));
        let mut bodies: Vec<Value> = (0..SERVICES).map(|service| call(service, None)).collect();
        // Each call is delivered twice, as CloudTrail, EventBridge and SQS may do.
        bodies.extend(bodies.clone());
        bodies.extend(with_roster.then(|| roster(SERVICES)));
        fastrand::Rng::with_seed(1).shuffle(&mut bodies);
        send(&emulator, &resources, &bodies);
        let mut environment = environment(&emulator, &resources, &slack);
        // One message is the point: a slow machine must not let more time pass between two batches.
        for (name, seconds) in [
            ("ROLLCALL_SETTLE_SECONDS", "10"),
            ("ROLLCALL_GRACE_SECONDS", "40"),
            ("ROLLCALL_ROWS", "all"),
        ] {
            environment.push((name.to_owned(), seconds.to_owned()));
        }
        let mapping = Mapping::new(
            emulator.sqs(),
            resources.queue_url.clone(),
            environment,
            3,
            Vec::new(),
        );
        mapping.drain();
        let post = slack.only_post();
        let sections = post.sections();
        assert!(sections.contains("Total: 20 succeeded"), "{sections}");
        assert_eq!(post.rows().len(), SERVICES + 1);
    }
}

#[test]
fn functions_that_are_killed_lose_nothing() {
    let emulator = Emulator::start();
    for round in 0..ROUNDS {
        let (resources, slack) = (emulator.resources(), FakeSlack::answering([Reply::ok()]));
        let mut random = fastrand::Rng::with_seed(round);
        let failing = random.usize(..SERVICES);
        let error = |service| (service == failing).then_some("ServiceNotFoundException");
        let mut bodies: Vec<Value> = (0..SERVICES)
            .map(|service| call(service, error(service)))
            .collect();
        bodies.push(roster(SERVICES));
        random.shuffle(&mut bodies);
        send(&emulator, &resources, &bodies);
        let kill = |random: &mut fastrand::Rng| {
            random
                .bool()
                .then(|| Duration::from_millis(random.u64(..60)))
        };
        let kills = (0..6).map(|_| kill(&mut random)).collect();
        let mapping = Mapping::new(
            emulator.sqs(),
            resources.queue_url.clone(),
            environment(&emulator, &resources, &slack),
            3,
            kills,
        );
        mapping.drain();

        let posts = slack.posts();
        let last = posts.last().expect("the window was said");
        assert!(
            last.sections().contains("Total: 19 succeeded, 1 failed"),
            "round {round}: {} posts after {} invocations, the last is\n{}",
            posts.len(),
            mapping
                .invocations
                .load(std::sync::atomic::Ordering::SeqCst),
            last.sections()
        );
        // Only a function that was killed between Slack's `ok` and its own note of it may have said it before.
        let repeats = posts.len() - 1;
        let killed = mapping.killed.load(std::sync::atomic::Ordering::SeqCst);
        assert!(repeats <= killed, "{repeats} repeats after {killed} kills");
        assert!(
            posts.iter().all(|post| post.message == last.message),
            "a repeat says the same"
        );
        eprintln!(
            "round {round}: {killed} functions killed, {} messages",
            posts.len()
        );
    }
}

#[test]
fn ten_thousand_services_fit_into_128_megabytes() {
    const MANY: usize = 10_000;
    let emulator = Emulator::start();
    let (resources, slack) = (emulator.resources(), FakeSlack::answering([Reply::ok()]));
    let environment = environment(&emulator, &resources, &slack);
    let pairs: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let mut function = Function::start(&pairs);
    let pid = function.pid();
    let record = |(id, body): (usize, Value)| json!({"messageId": format!("message-{id}"), "body": body.to_string()});
    let bodies: Vec<Value> = std::iter::once(roster(MANY))
        .chain((0..MANY).map(|service| call(service, None)))
        .collect();
    let records: Vec<Value> = bodies.into_iter().enumerate().map(record).collect();
    for batch in records.chunks(1_000) {
        let response = function.invoke(&json!({"Records": batch}), Duration::from_mins(1));
        assert!(response.failed_ids().is_empty(), "{:?}", response.body);
    }
    // Batches that arrive close together leave the visit to a timer.
    let queue_url = resources.queue_url.clone();
    let mapping = Mapping::new(emulator.sqs(), queue_url, environment, 1, Vec::new());
    mapping.drain_with(&mut function);
    let post = slack.only_post();
    assert!(
        post.sections().contains("Total: 10000 succeeded"),
        "{}",
        post.sections()
    );
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kilobytes: u32 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    eprintln!(
        "peak memory with {MANY} services in a window: {} MiB",
        kilobytes / 1_024
    );
    assert!(
        kilobytes < 110 * 1_024,
        "{kilobytes} kB leave no room for Lambda itself"
    );
}

#[test]
fn a_record_that_cannot_be_kept_stays_away_for_half_a_minute() {
    let emulator = Emulator::start();
    let (mut resources, slack) = (emulator.resources(), FakeSlack::answering([Reply::ok()]));
    "no-such-table".clone_into(&mut resources.table);
    send(&emulator, &resources, &[call(1, None)]);
    let environment = environment(&emulator, &resources, &slack);
    let queue_url = resources.queue_url.clone();
    let mapping = Mapping::new(emulator.sqs(), queue_url, environment, 1, Vec::new());
    let mut function = mapping.function();
    assert_eq!(mapping.hand_out_once(&mut function), (1, 1));

    // The queue itself would hand it out again after three seconds.
    let until = std::time::Instant::now() + Duration::from_secs(6);
    while std::time::Instant::now() < until {
        assert_eq!(mapping.hand_out_once(&mut function), (0, 0));
    }
    assert!(slack.posts().is_empty());
}
