//! Services of several accounts in one message, each asked about in its own account.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::mapping::Mapping;
use crate::support::slack::{FakeSlack, Reply};
use crate::windows::{call, environment, send};

const PAY: &str = "111122223333";
const PAY_ROLE: &str = "arn:aws:iam::111122223333:role/rollcall-reader";
/// No role is configured for it.
const SEARCH: &str = "444455556666";
const SEARCH_ROLE: &str = "arn:aws:iam::444455556666:role/rollcall-reader";

/// A call for a service of an account, with a count of one.
fn call_in(account: &str, service: usize) -> Value {
    let mut call = call(service, None);
    call["detail"]["recipientAccountId"] = json!(account);
    call["detail"]["eventID"] = json!(format!("event-{account}-{service}"));
    call
}

#[test]
fn each_account_is_asked_by_its_own_role_and_one_without_a_role_not_at_all() {
    let emulator = Emulator::start();
    let (resources, slack) = (emulator.resources(), FakeSlack::answering([Reply::ok()]));
    // Clusters and services of one name: whoever asks in the wrong account sees another count.
    emulator.cluster("dev", &[("service-00", 0, Some(1))]);
    emulator.cluster_elsewhere(PAY_ROLE, "dev", &[("service-00", 0, Some(3))]);
    emulator.cluster_elsewhere(SEARCH_ROLE, "dev", &[("service-00", 0, Some(5))]);
    let bodies = ["123456789012", PAY, SEARCH].map(|account| call_in(account, 0));
    send(&emulator, &resources, &bodies);
    let mut environment = environment(&emulator, &resources, &slack);
    for (name, value) in [
        ("ROLLCALL_VERIFY_MINUTES", "1".to_owned()),
        ("ROLLCALL_ECS_ROLES", json!({PAY: PAY_ROLE}).to_string()),
        (
            "ROLLCALL_ACCOUNT_ALIASES",
            json!({PAY: "pay-dev"}).to_string(),
        ),
    ] {
        environment.push((name.to_owned(), value));
    }
    let queue_url = resources.queue_url.clone();
    let mapping = Mapping::new(emulator.sqs(), queue_url, environment, 2, Vec::new());
    mapping.drain();

    let post = slack.only_post();
    let rows = post.rows();
    let statuses: BTreeMap<&str, &str> = rows.iter().map(|row| (row[0], row[2])).collect();
    let own = statuses["123456789012/service-00"];
    assert!(own.starts_with("✅ 1/1 running"), "{statuses:?}");
    let pay = statuses["pay-dev/service-00"];
    assert_eq!(pay, "⚠\u{fe0f} 3 running, schedule wanted 1");
    assert_eq!(
        statuses["444455556666/service-00"], "✅ accepted",
        "{statuses:?}"
    );
    let told = format!("{} {}", post.sections(), post.contexts());
    let note = "ECS was not asked about 444455556666/service-00";
    assert!(told.contains(note), "{told}");
}
