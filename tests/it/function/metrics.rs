//! The line in CloudWatch's embedded metric format that every invocation writes.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::{AMPLE, reporting_to};
use crate::support::event::fixture;
use crate::support::function::Function;
use crate::support::slack::{FakeSlack, Reply};

/// The metrics of the only invocation of a function.
fn metrics(function: Function) -> Value {
    let [metrics] = metrics_of_each(function);
    metrics
}

/// The metrics of each invocation of a function.
fn metrics_of_each<const N: usize>(function: Function) -> [Value; N] {
    let output = function.stop();
    let lines = output
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let metrics: Vec<Value> = lines.filter(|line| line.get("_aws").is_some()).collect();
    metrics.try_into().unwrap_or_else(|_| panic!("{output}"))
}

#[track_caller]
fn assert_counts<const N: usize>(metrics: &Value, expected: [(&str, u64); N]) {
    for (name, count) in expected {
        assert_eq!(metrics[name], count, "{name} in {metrics}");
    }
}

#[test]
fn the_metrics_line_is_what_cloudwatch_can_read() {
    let slack = FakeSlack::answering([Reply::ok()]);
    let mut function = reporting_to(&slack);
    function.invoke(&fixture("twenty-services-one-failure.json"), AMPLE);
    let line = metrics(function);

    let written = Duration::from_millis(line["_aws"]["Timestamp"].as_u64().unwrap());
    let age = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH + written)
        .unwrap();
    assert!(age < AMPLE, "{age:?}");
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    assert_eq!(directives.len(), 1);
    assert_eq!(directives[0]["Namespace"], "Rollcall");
    for dimension in directives[0]["Dimensions"][0].as_array().unwrap() {
        assert!(
            line[dimension.as_str().unwrap()].is_string(),
            "{dimension} in {line}"
        );
    }
    for metric in directives[0]["Metrics"].as_array().unwrap() {
        let value = &line[metric["Name"].as_str().unwrap()];
        let is_numbers = value
            .as_array()
            .is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_number));
        assert!(value.is_number() || is_numbers, "{metric} is {value}");
        assert!(
            ["Count", "Milliseconds"].contains(&metric["Unit"].as_str().unwrap()),
            "{metric}"
        );
    }
}

#[test]
fn counts_services_by_outcome_and_what_slack_confirmed() {
    let slack = FakeSlack::answering([Reply::too_many_requests(1), Reply::ok()]);
    let mut function = reporting_to(&slack);
    function.invoke(&fixture("twenty-services-one-failure.json"), AMPLE);
    let line = metrics(function);

    assert_counts(
        &line,
        [
            ("Records", 20),
            ("Decoded", 20),
            ("Ignored", 0),
            ("Undecodable", 0),
            ("ServicesSucceeded", 19),
            ("ServicesFailed", 1),
            ("MessagesPosted", 1),
            ("SlackRateLimited", 1),
        ],
    );
    let latency = line["SlackLatency"][0].as_f64().unwrap();
    assert!(
        (1_000.0..30_000.0).contains(&latency),
        "{latency} ms include the wait of a second"
    );
}

#[test]
fn counts_only_the_rate_limits_that_slack_answered() {
    let slack = FakeSlack::answering([Reply::too_many_requests(60)]);
    let mut function = reporting_to(&slack);
    for _ in 0..2 {
        function.invoke(&fixture("denied.json"), Duration::from_secs(3));
    }

    assert_eq!(slack.posts().len(), 1);
    let [asked, spared] = metrics_of_each(function);
    assert_counts(&asked, [("SlackRateLimited", 1), ("MessagesFailed", 1)]);
    assert_counts(&spared, [("SlackRateLimited", 0), ("MessagesFailed", 1)]);
}

#[test]
fn counts_records_that_say_nothing() {
    let slack = FakeSlack::answering([Reply::ok()]);
    let mut function = reporting_to(&slack);
    let mut event = fixture("other-events.json");
    let poison = fixture("poison-among-good.json");
    event["Records"]
        .as_array_mut()
        .unwrap()
        .extend(poison["Records"].as_array().unwrap().iter().cloned());
    function.invoke(&event, AMPLE);

    assert_counts(
        &metrics(function),
        [
            ("Records", 14),
            ("Decoded", 6),
            ("Ignored", 5),
            ("IgnoredOtherDetailType", 1),
            ("IgnoredOtherEventSource", 2),
            ("IgnoredOtherEventName", 1),
            ("IgnoredOtherEcsEvent", 1),
            ("Undecodable", 3),
            ("ServicesSucceeded", 5),
            ("MessagesPosted", 1),
        ],
    );
}

#[test]
fn counts_no_message_that_slack_did_not_confirm() {
    let slack = FakeSlack::answering([Reply::status(404, "no_service")]);
    let mut function = reporting_to(&slack);
    function.invoke(&fixture("all-succeeded.json"), AMPLE);

    assert_counts(
        &metrics(function),
        [
            ("Decoded", 20),
            ("ServicesSucceeded", 0),
            ("MessagesPosted", 0),
            ("MessagesFailed", 1),
        ],
    );
}
