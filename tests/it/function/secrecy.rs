//! Everybody who knows the webhook's address or the bot's token can post, so neither may be seen anywhere.

use std::time::Duration;

use super::AMPLE;
use crate::support::event::fixture;
use crate::support::function::Function;
use crate::support::slack::{FakeSlack, Reply, SECRET};
use crate::support::ssm::BrokenAws;

/// Everything that the function writes at the most verbose log level while Slack answers like this.
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
    // Each half alone would show that a shortened or divided address leaks.
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
    // TLS to a port that speaks plain HTTP, and a host name that does not resolve.
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

/// Credentials, and the most verbose log levels.
const AWS: [(&str, &str); 5] = [
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "example"),
    ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
    ("RUST_LOG", "trace"),
    ("RUST_BACKTRACE", "full"),
];

/// A parameter's value.
fn value() -> String {
    format!("https://hooks.slack.com/services/T0/B0/{SECRET}")
}

/// Answers that are cut off, no JSON, or no error of AWS, with a secret in them.
fn unreadable_answers() -> [(u16, String); 4] {
    let value = value();
    [
        (
            200,
            format!(r#"{{"Parameter": {{"Name": "webhook", "Value": "{value}"#),
        ),
        (200, format!(r#"{{"Parameter": {{{value}: 1}}}}"#)),
        (400, format!(r#"{{"Value": "{value}", "__type""#)),
        (503, format!("<html>{value}</html>")),
    ]
}

#[test]
fn a_parameter_stays_secret_when_the_answer_cannot_be_read() {
    let of_another_type = (200, format!(r#"{{"Parameter": ["{}"]}}"#, value()));
    for (status, body) in unreadable_answers().into_iter().chain([of_another_type]) {
        for (parameter, others) in [
            ("SLACK_WEBHOOK_PARAMETER", &[][..]),
            (
                "SLACK_BOT_TOKEN_PARAMETER",
                &[
                    ("SLACK_CHANNEL", "C012AB3CD"),
                    ("ROLLCALL_TABLE", "rollcall"),
                    ("ROLLCALL_QUEUE_URL", "http://127.0.0.1:9/queue"),
                ],
            ),
        ] {
            let aws = BrokenAws::answering(status, body.clone());
            let endpoint = aws.endpoint();
            let own = [
                (parameter, "/rollcall/secret"),
                ("AWS_ENDPOINT_URL", &endpoint),
            ];
            let (exit, output) = Function::start(&[&AWS[..], &own, others].concat()).exit();

            assert!(!exit.success());
            let said = "cannot read the SSM parameter /rollcall/secret: ";
            assert!(output.contains(said), "{output}");
            assert!(output.contains(&format!("HTTP {status}")), "{output}");
            assert_secret(&output);
        }
    }
}

#[test]
fn nothing_that_the_table_answers_is_quoted() {
    for (status, body) in unreadable_answers() {
        let slack = FakeSlack::answering([Reply::ok()]);
        let aws = BrokenAws::answering(status, body);
        let own = [
            ("SLACK_WEBHOOK_URL", slack.webhook()),
            ("ROLLCALL_TABLE", "rollcall".to_owned()),
            ("ROLLCALL_QUEUE_URL", format!("{}/queue", aws.endpoint())),
            ("AWS_ENDPOINT_URL", aws.endpoint()),
        ];
        let own = own.each_ref().map(|(name, value)| (*name, value.as_str()));
        let mut function = Function::start(&[&AWS[..], &own].concat());
        let response = function.invoke(&fixture("denied.json"), AMPLE);

        assert!(!response.failed_ids().is_empty());
        let output = function.stop();
        assert!(output.contains(&format!("HTTP {status}")), "{output}");
        assert_secret(&output);
    }
}
