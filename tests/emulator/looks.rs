//! Whether tasks run, asked of a real ECS API while real timers pass.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::emulator::Emulator;
use crate::mapping::Mapping;
use crate::support::slack::{FakeSlack, Reply};
use crate::windows::{call, environment, send};

#[test]
fn one_message_says_whether_tasks_run() {
    let emulator = Emulator::start();
    let (resources, slack) = (emulator.resources(), FakeSlack::answering([Reply::ok()]));
    // Each was called with a count of one.
    let services = [
        ("service-00", 0, Some(1)),
        ("service-01", 0, Some(3)),
        ("service-02", 1, None),
    ];
    emulator.cluster("dev", &services);
    let bodies: Vec<Value> = (0..4).map(|service| call(service, None)).collect();
    send(&emulator, &resources, &bodies);
    let mut environment = environment(&emulator, &resources, &slack);
    // So long is waited for the last two.
    environment.push(("ROLLCALL_VERIFY_MINUTES".to_owned(), "1".to_owned()));
    let queue_url = resources.queue_url.clone();
    let mapping = Mapping::new(emulator.sqs(), queue_url, environment, 2, Vec::new());
    mapping.drain();

    let post = slack.only_post();
    let rows = post.rows();
    let statuses: BTreeMap<&str, &str> = rows.iter().map(|row| (row[0], row[2])).collect();
    let took = statuses["service-00"].strip_prefix("✅ 1/1 running (");
    assert!(took.is_some(), "{statuses:?}");
    assert_eq!(
        statuses["service-01"],
        "⚠\u{fe0f} 3 running, schedule wanted 1"
    );
    let late = statuses["service-02"];
    assert!(late.contains("0/1 after 1 min"), "{late}");
    assert!(statuses["service-03"].starts_with('❌'), "{statuses:?}");
    let sections = post.sections();
    for expected in [
        "Total: 1 running, 1 not up in time, 1 changed, 1 failed",
        "ECS wants 3 tasks, the schedule wanted 1",
        "0 of 1 running 1 min ",
        "ECS has no such service any more",
    ] {
        assert!(sections.contains(expected), "{sections}");
    }
}
