//! How the function starts: from its settings, from a parameter, and not at all where one of them is wrong.

use rollcall::version::{COMMIT, VERSION, version_and_commit};
use serde_json::json;

use super::AMPLE;
use crate::support::event::fixture;
use crate::support::function::Function;
use crate::support::slack::{FakeSlack, Reply, SECRET};
use crate::support::ssm::FakeSsm;

const PARAMETER: &str = "/rollcall/dev/webhook";

fn with_parameter(ssm: &FakeSsm) -> Function {
    Function::start(&[
        ("SLACK_WEBHOOK_PARAMETER", PARAMETER),
        ("AWS_ENDPOINT_URL", &ssm.endpoint()),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "example"),
        ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
    ])
}

#[test]
fn bad_settings_end_the_process_with_all_problems_named_at_once() {
    let function = Function::start(&[
        (
            "SLACK_WEBHOOK_URL",
            &format!("http://slack.example/services/{SECRET}"),
        ),
        ("ROLLCALL_TIMEZONE", "Mars/Olympus_Mons"),
        ("ROLLCALL_WINDOW_MINUTES", "half an hour"),
        ("ROLLCALL_MENTION_ON_FAILURE", "everyone"),
    ]);
    let (status, output) = function.exit();

    assert!(!status.success());
    for name in [
        "SLACK_WEBHOOK_URL",
        "ROLLCALL_TIMEZONE",
        "ROLLCALL_WINDOW_MINUTES",
        "ROLLCALL_MENTION_ON_FAILURE",
    ] {
        assert!(output.contains(name), "{name} is missing in {output}");
    }
    assert!(!output.contains(SECRET), "{output}");
}

#[test]
fn the_first_log_line_says_version_and_commit() {
    let (_, output) = Function::start(&[]).exit();

    let first: serde_json::Value = serde_json::from_str(output.lines().next().unwrap()).unwrap();
    assert_eq!(first["level"], "INFO", "{first}");
    assert_eq!(first["version"], VERSION, "{first}");
    assert_eq!(first["commit"], COMMIT, "{first}");
    let message = first["message"].as_str().unwrap();
    assert!(message.contains(version_and_commit()), "{message}");
}

#[test]
fn no_webhook_at_all_names_both_ways_to_set_it() {
    let (status, output) = Function::start(&[]).exit();

    assert!(!status.success());
    assert!(
        output.contains("SLACK_WEBHOOK_URL") && output.contains("SLACK_WEBHOOK_PARAMETER"),
        "{output}"
    );
}

#[test]
fn reads_the_webhook_from_a_parameter_with_decryption() {
    let slack = FakeSlack::answering([Reply::ok()]);
    let ssm = FakeSsm::holding(PARAMETER, slack.webhook());
    let mut function = with_parameter(&ssm);
    let response = function.invoke(&fixture("denied.json"), AMPLE);

    assert!(response.failed_ids().is_empty());
    slack.only_post();
    assert_eq!(
        ssm.requests(),
        [json!({"Name": PARAMETER, "WithDecryption": true})]
    );
    let output = function.stop();
    assert!(!output.contains(SECRET), "{output}");
}

#[test]
fn a_webhook_that_was_replaced_is_read_anew_after_slack_refused_the_old_one() {
    let old = FakeSlack::answering([Reply::status(404, "no_service")]);
    let new = FakeSlack::answering([Reply::ok()]);
    let ssm = FakeSsm::holding(PARAMETER, old.webhook());
    let mut function = with_parameter(&ssm);
    let batch = fixture("denied.json");
    let refused = function.invoke(&batch, AMPLE);
    assert_eq!(refused.failed_ids().len(), 5, "the records come again");

    ssm.put(new.webhook());
    assert!(function.invoke(&batch, AMPLE).failed_ids().is_empty());
    new.only_post();
    assert!(function.invoke(&batch, AMPLE).failed_ids().is_empty());
    assert_eq!(ssm.requests().len(), 2, "once at the start, and once after");
}

#[test]
fn a_missing_parameter_ends_the_process_and_is_named() {
    let ssm = FakeSsm::holding("/another", format!("https://hooks.example/{SECRET}"));
    let (status, output) = with_parameter(&ssm).exit();

    assert!(!status.success());
    assert!(
        output.contains(PARAMETER) && output.contains("ParameterNotFound"),
        "{output}"
    );
    assert!(!output.contains(SECRET), "{output}");
}

#[test]
fn a_parameter_that_holds_no_webhook_is_named_without_its_value() {
    let ssm = FakeSsm::holding(PARAMETER, format!("http://slack.example/{SECRET}"));
    let (status, output) = with_parameter(&ssm).exit();

    assert!(!status.success());
    assert!(output.contains(PARAMETER), "{output}");
    assert!(!output.contains(SECRET), "{output}");
}
