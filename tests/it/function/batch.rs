//! Which messages and which failed records a batch leads to while Slack accepts every message.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{AMPLE, reporting_to};
use crate::support::event::{filtered, fixture, ids};
use crate::support::function::Function;
use crate::support::slack::{FakeSlack, Post, Reply, SECRET};

/// The least distance between two arrivals at Slack: a second between the requests, less a delay of the first one.
const ABOUT_A_SECOND: Duration = Duration::from_millis(900);

#[test]
fn posts_one_message_for_a_batch_and_acknowledges_every_record() {
    let slack = FakeSlack::answering([Reply::ok()]);
    let response = reporting_to(&slack).invoke(&fixture("twenty-services-one-failure.json"), AMPLE);

    assert_eq!(response.body, json!({"batchItemFailures": []}));
    let post = slack.only_post();
    assert_eq!(post.path, format!("/services/T0000/B0000/{SECRET}"));
    assert_eq!(post.headers["content-type"], "application/json");
    assert_eq!(
        post.title(),
        "❌ dev · frontend did not start · 19 of 20 accepted"
    );
    assert!(
        post.contexts()
            .starts_with("ECS Scheduled Scaling Summary · Mon 15 Jan 09:00~09:05 KST"),
        "{}",
        post.contexts()
    );
}

#[test]
fn the_message_puts_the_failure_first_and_says_it_for_notifications_too() {
    let slack = FakeSlack::answering([Reply::ok()]);
    reporting_to(&slack).invoke(&fixture("twenty-services-one-failure.json"), AMPLE);

    let post = slack.only_post();
    let rows = post.rows();
    assert_eq!(rows.len(), 1 + 12 + 1);
    assert_eq!(rows[0], ["Service", "Action", "Status"]);
    assert_eq!(
        rows[1],
        ["frontend", "Scale Up (→ 1)", "❌ service not found"]
    );
    assert_eq!(rows[2], ["admin-console", "Scale Up (→ 1)", "✅"]);
    assert!(rows[2..13].is_sorted());
    assert_eq!(rows[13], ["… and 8 more", "Scale Up (→ 1)", "✅"]);
    for text in [&post.sections(), post.message["text"].as_str().unwrap()] {
        assert!(text.contains("Total: 19 succeeded, 1 failed"), "{text}");
        assert!(text.contains("service not found in cluster dev"), "{text}");
    }
}

#[test]
fn mentions_people_only_where_something_failed() {
    let slack = FakeSlack::answering([Reply::ok()]);
    let mut function = Function::start(&[
        ("SLACK_WEBHOOK_URL", &slack.webhook()),
        ("ROLLCALL_MENTION_ON_FAILURE", "<!here>"),
    ]);
    function.invoke(&fixture("twenty-services-one-failure.json"), AMPLE);
    function.invoke(&fixture("all-succeeded.json"), AMPLE);

    let mentions: Vec<bool> = slack
        .posts()
        .iter()
        .map(|post| post.message["text"].as_str().unwrap().contains("<!here>"))
        .collect();
    assert_eq!(mentions, [true, false]);
}

#[test]
fn undecodable_records_come_back_and_the_others_are_reported() {
    let slack = FakeSlack::answering([Reply::ok()]);
    let event = fixture("poison-among-good.json");
    let response = reporting_to(&slack).invoke(&event, AMPLE);

    assert_eq!(
        BTreeSet::from_iter(response.failed_ids()),
        BTreeSet::from_iter(ids(&poison(&event)))
    );
    let post = slack.only_post();
    assert!(
        post.sections().contains("Total: 5 succeeded"),
        "{}",
        post.sections()
    );
}

#[test]
fn an_undecodable_record_is_mentioned_on_its_first_receive_only() {
    let slack = FakeSlack::answering([Reply::ok()]);
    let event = fixture("poison-among-good.json");
    let mut function = reporting_to(&slack);
    function.invoke(&event, AMPLE);
    function.invoke(&received_again(&event), AMPLE);

    let posts = slack.posts();
    // The batch holds three such records, and one of them was received twice before.
    assert!(
        posts[0]
            .contexts()
            .contains("2 messages could not be decoded"),
        "{}",
        posts[0].contexts()
    );
    assert!(
        !posts[1].contexts().contains("could not be decoded"),
        "{}",
        posts[1].contexts()
    );
}

#[test]
fn a_batch_of_nothing_but_undecodable_records_posts_nothing() {
    let slack = FakeSlack::answering([Reply::ok()]);
    let event = poison(&fixture("poison-among-good.json"));
    let response = reporting_to(&slack).invoke(&event, AMPLE);

    assert_eq!(response.failed_ids().len(), ids(&event).len());
    assert!(slack.posts().is_empty());
}

#[test]
fn a_batch_of_other_events_posts_nothing_and_is_acknowledged() {
    let slack = FakeSlack::answering([Reply::ok()]);
    let others = filtered(&fixture("other-events.json"), |record| {
        !body(record).contains(r#""service":"nestjs""#)
    });
    assert_eq!(ids(&others).len(), 5);
    let response = reporting_to(&slack).invoke(&others, AMPLE);

    assert_eq!(response.body, json!({"batchItemFailures": []}));
    assert!(slack.posts().is_empty());
}

#[test]
fn an_empty_batch_posts_nothing() {
    let slack = FakeSlack::answering([Reply::ok()]);
    let response = reporting_to(&slack).invoke(&json!({"Records": []}), AMPLE);

    assert_eq!(response.body, json!({"batchItemFailures": []}));
    assert!(slack.posts().is_empty());
}

#[test]
fn two_environments_get_a_message_each_at_least_a_second_apart() {
    let slack = FakeSlack::answering([Reply::ok()]);
    let mut function = Function::start(&[("SLACK_WEBHOOK_URL", &slack.webhook())]);
    let response = function.invoke(&fixture("two-environments.json"), AMPLE);

    assert!(response.failed_ids().is_empty());
    let [first, second] = &slack.posts()[..] else {
        panic!("{:#?}", slack.posts())
    };
    let environments = BTreeSet::from([first, second].map(environment));
    assert_eq!(environments, BTreeSet::from(["dev", "stg"]));
    assert!(
        second.at - first.at >= ABOUT_A_SECOND,
        "{:?}",
        second.at - first.at
    );
}

#[test]
fn only_the_records_of_the_message_that_was_refused_come_back() {
    let event = fixture("two-environments.json");
    let refusal = || Reply::status(404, "channel_not_found");
    for (refused, script) in [[refusal(), Reply::ok()], [Reply::ok(), refusal()]]
        .into_iter()
        .enumerate()
    {
        let slack = FakeSlack::answering(script);
        let mut function = Function::start(&[("SLACK_WEBHOOK_URL", &slack.webhook())]);
        let response = function.invoke(&event, AMPLE);

        let posts = slack.posts();
        assert_eq!(posts.len(), 2, "{posts:#?}");
        let cluster = format!(r#""cluster":"{}""#, environment(&posts[refused]));
        let of_refused = filtered(&event, |record| body(record).contains(&cluster));
        assert_eq!(ids(&of_refused).len(), 5);
        assert_eq!(
            BTreeSet::from_iter(response.failed_ids()),
            BTreeSet::from_iter(ids(&of_refused))
        );
    }
}

#[test]
fn a_warm_process_reports_every_batch_on_its_own() {
    let slack = FakeSlack::answering([Reply::ok()]);
    let mut function = reporting_to(&slack);
    for name in ["scale-down.json", "denied.json", "scale-down.json"] {
        assert!(
            function
                .invoke(&fixture(name), AMPLE)
                .failed_ids()
                .is_empty()
        );
    }

    let [first, other, again] = &slack.posts()[..] else {
        panic!("{:#?}", slack.posts())
    };
    assert_eq!(first.message, again.message);
    assert_ne!(first.message, other.message);
    assert!(again.at - first.at >= 2 * ABOUT_A_SECOND);
}

/// The environment that the title of a message names.
fn environment(post: &Post) -> &str {
    post.title().split(' ').nth(1).unwrap()
}

fn body(record: &Value) -> &str {
    record["body"].as_str().unwrap()
}

/// The records that cannot be decoded: their body is no JSON, or their `eventTime` is no time.
fn poison(event: &Value) -> Value {
    filtered(event, |record| {
        serde_json::from_str::<Value>(body(record))
            .map_or(true, |event| event["detail"]["eventTime"].is_array())
    })
}

/// The same batch as SQS delivers it the second time.
fn received_again(event: &Value) -> Value {
    let mut event = event.clone();
    for record in event["Records"].as_array_mut().unwrap() {
        record["attributes"]["ApproximateReceiveCount"] = json!("2");
    }
    event
}
