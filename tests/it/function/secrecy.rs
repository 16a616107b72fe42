//! Whoever knows the webhook's address may post, so it must not be seen anywhere.

use std::time::Duration;

use super::AMPLE;
use crate::support::event::fixture;
use crate::support::function::Function;
use crate::support::slack::{FakeSlack, Reply, SECRET};

/// Everything that the function writes, at the most talkative level, while Slack answers like this.
fn output_while(reply: Reply, webhook: impl Fn(&FakeSlack) -> String) -> String {
    let slack = FakeSlack::answering([reply]);
    let mut function = Function::start(&[
        ("SLACK_WEBHOOK_URL", &webhook(&slack)),
        ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
        ("RUST_LOG", "trace"),
        ("RUST_BACKTRACE", "full"),
    ]);
    let response = function.invoke(
        &fixture("poison-among-good.json"),
        Duration::from_millis(2_500),
    );
    assert!(
        !response.body.to_string().contains(SECRET),
        "{}",
        response.body
    );
    function.stop()
}

#[track_caller]
fn assert_secret(output: &str) {
    // Half of it would do for a search through the logs, or an address cut in two.
    let (head, tail) = SECRET.split_at(SECRET.len() / 2);
    assert!(!output.is_empty());
    assert!(
        !output.contains(head) && !output.contains(tail),
        "the webhook leaks:\n{output}"
    );
}

#[test]
fn the_webhook_stays_secret_whatever_slack_answers() {
    for reply in [
        Reply::ok(),
        Reply::too_many_requests(1),
        Reply::status(500, "rollup_error"),
        Reply::status(404, "no_service"),
        Reply::status(400, "invalid_blocks"),
        Reply::status(200, "not quite ok"),
        Reply::redirect("/elsewhere"),
    ] {
        assert_secret(&output_while(reply, FakeSlack::webhook));
    }
}

#[test]
fn the_webhook_stays_secret_when_the_answer_repeats_it() {
    assert_secret(&output_while(
        Reply::status(404, SECRET),
        FakeSlack::webhook,
    ));
}

#[test]
fn the_webhook_stays_secret_when_the_connection_fails() {
    assert_secret(&output_while(Reply::Close, FakeSlack::webhook));
    assert_secret(&output_while(Reply::Hang, FakeSlack::webhook));
    // The port of another protocol, and a name that does not resolve.
    assert_secret(&output_while(Reply::ok(), |slack| {
        slack.webhook().replacen("http:", "https:", 1)
    }));
    assert_secret(&output_while(Reply::ok(), |_| {
        format!("https://slack.invalid/services/{SECRET}")
    }));
}

#[test]
fn the_webhook_stays_secret_when_the_event_is_not_an_sqs_batch() {
    let slack = FakeSlack::answering([Reply::ok()]);
    let mut function = Function::start(&[
        ("SLACK_WEBHOOK_URL", &slack.webhook()),
        ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
    ]);
    let error = function.fail(&serde_json::json!({"Records": 1}), AMPLE);

    assert_secret(&error.to_string());
    function.invoke(&fixture("denied.json"), AMPLE);
    assert_secret(&function.stop());
}
