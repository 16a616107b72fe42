//! What scripts get: JSON, and exit statuses.

use serde_json::Value;

use super::{fixture, replay_stdin, rollcall, stderr};
use crate::schema;

#[test]
fn json_of_every_fixture_is_as_the_schema_says_and_adds_up() {
    let validator = schema::validator("replay.schema.json");
    let mut kinds = std::collections::BTreeSet::new();
    insta::glob!("../../../fixtures", "*.{json,jsonl,gz}", |path| {
        let output = rollcall(&["replay", "--format", "json"])
            .arg(path)
            .output()
            .unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&told)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        let (mut all, mut counted) = (0, 0);
        for window in told["windows"].as_array().unwrap() {
            let runs = window["runs"].as_array().unwrap();
            let named = runs.iter().filter(|run| run["kind"] != "unnamed_calls");
            all += named.count() as u64;
            kinds.extend(runs.iter().map(|run| run["kind"].to_string()));
        }
        for what in ["services", "jobs"] {
            let counts = told["totals"][what].as_object().unwrap().values();
            counted += counts.map(|count| count.as_u64().unwrap()).sum::<u64>();
        }
        assert_eq!(all, counted, "{}", path.display());
    });
    assert_eq!(
        kinds.len(),
        3,
        "the fixtures hold every kind of run: {kinds:?}"
    );
}

#[test]
fn json_of_no_records_is_complete_too() {
    let output = rollcall(&["replay", "--format", "json", "-"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "standard input is empty");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["windows"], serde_json::json!([]));
    assert_eq!(told["verdict"], Value::Null);
}

#[test]
fn a_failed_morning_exits_4_where_that_is_asked_for() {
    let status = |name: &str, arguments: &[&str]| {
        let output = rollcall(&["replay"])
            .args(arguments)
            .arg(fixture(name))
            .output()
            .unwrap();
        output.status.code().unwrap()
    };
    assert_eq!(status("all-failed.json", &[]), 0);
    assert_eq!(status("all-failed.json", &["--exit-code"]), 4);
    assert_eq!(status("roster-one-missing.json", &["--exit-code"]), 4);
    assert_eq!(status("all-succeeded.json", &["--exit-code"]), 0);
    assert_eq!(
        status("came-up.json", &["--exit-code", "--format", "json"]),
        0
    );
    let unreadable = rollcall(&["replay", "--exit-code", "no-such-file"])
        .arg(fixture("all-failed.json"))
        .output()
        .unwrap();
    assert_eq!(unreadable.status.code(), Some(2));
}

#[test]
fn what_was_ignored_is_told_in_words() {
    let other = r#"{"eventSource": "s3.amazonaws.com", "eventName": "GetObject"}"#;
    let describe = r#"{"eventSource": "ecs.amazonaws.com", "eventName": "DescribeServices"}"#;
    let output = replay_stdin(format!("{other}{describe}{other}").as_bytes());
    assert_eq!(
        stderr(&output),
        "rollcall: 3 records: ignored 2 events of other services, 1 other call of ECS\n\
         rollcall: no UpdateService or RunTask call of ECS in 3 records\n"
    );
    let output = replay_stdin(other.as_bytes());
    assert!(
        stderr(&output).starts_with("rollcall: 1 record: ignored 1 event of another service\n")
    );
}
