//! What people are told who typed something wrong: the argument, the form that is expected, and an example.

use super::{replay_stdin, rollcall, stderr, stdout};

#[test]
fn a_wrong_argument_is_named_with_the_form_and_an_example() {
    let add = ["silence", "add", "--table", "t", "--environment", "dev"];
    let replay = ["replay", "x.json"];
    let export = ["export", "--table", "t"];
    for (command, arguments, expected) in [
        (
            &add[..],
            &["--until", "tomorrow"][..],
            ["--until", "2026-12-24T09:00:00+09:00"],
        ),
        (
            &add,
            &["--for", "3 days of rest"],
            ["--for", "such as 3d, 12h, 90m"],
        ),
        (&add, &[], ["--for", "--until"]),
        (
            &add,
            &["--for", "3d", "--until", "2026-12-24"],
            ["--for", "--until"],
        ),
        (
            &add,
            &["--for", "3d", "--timezone", "Seoul"],
            ["--timezone", "Asia/Seoul"],
        ),
        (
            &add,
            &["--for", "3d", "--force", "--window-minutes", "7"],
            ["--window-minutes", "such as 15, 30 or 60"],
        ),
        (
            &replay,
            &["--timezone", "KST"],
            ["--timezone", "Asia/Seoul"],
        ),
        (&replay, &["--format", "yaml"], ["--format", "payload"]),
        (
            &export,
            &["--window", "morning"],
            ["--window", "dev 2026-01-15T00:00:00Z"],
        ),
        (
            &export,
            &["--window", "2026-01-15T00:00:00Z"],
            ["--environment", "such as dev"],
        ),
        (
            &["man"],
            &["silence", "remove"],
            ["remove", "add, list, expire"],
        ),
    ] {
        let output = rollcall(command)
            .args(arguments)
            // Nothing listens there: an argument is checked before AWS is asked, as far as that is possible.
            .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        for part in expected {
            assert!(
                stderr(&output).contains(part),
                "{arguments:?}: {}",
                stderr(&output)
            );
        }
    }
}

#[test]
fn a_time_before_its_beginning_is_refused() {
    let output = rollcall(&["silence", "add", "--table", "t", "--environment", "dev"])
        .args(["--from", "2026-12-24", "--until", "2026-12-23"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let expected = "--until: expected a time after 2026-12-24T00:00:00Z";
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
}

#[test]
fn a_roster_without_a_field_is_told_so() {
    let roster = serde_json::json!({
        "rollcall": "roster", "environment": "dev", "schedule": "morning", "scheduled_time": "2024-01-15T00:00:00Z",
        "account": "111122223333", "region": "ap-northeast-2", "cluster": "dev", "services": {"billing": 1},
    });
    let told = |field: &str, value: serde_json::Value| {
        let mut roster = roster.clone();
        roster[field] = value;
        let output = replay_stdin(roster.to_string().as_bytes());
        assert_eq!(output.status.code(), Some(1));
        stderr(&output).lines().next().unwrap().to_owned()
    };
    assert_eq!(
        told("environment", serde_json::Value::Null),
        "rollcall: -: record 1: the roster has no usable `environment`: expected the label of messages, such as \"dev\""
    );
    assert!(told("scheduled_time", "nine".into()).contains("such as \"2026-01-15T00:00:00Z\""));
    assert!(
        told("services", serde_json::json!({"billing": "one"}))
            .contains("such as {\"billing\": 1}")
    );
}

#[test]
fn a_denied_run_task_is_advised_about_run_task() {
    for message in [
        serde_json::json!("User: x is not authorized to perform: ecs:RunTask on resource: y"),
        serde_json::Value::Null,
    ] {
        let record = serde_json::json!({
            "eventVersion": "1.11", "eventSource": "ecs.amazonaws.com", "eventName": "RunTask", "eventID": "1",
            "eventTime": "2024-01-15T00:00:00Z", "awsRegion": "ap-northeast-2", "recipientAccountId": "111122223333",
            "errorCode": "AccessDenied", "errorMessage": message,
            "requestParameters": {"cluster": "dev", "taskDefinition": "report:7"},
        });
        let output = replay_stdin(record.to_string().as_bytes());
        let shown = stdout(&output);
        assert!(
            shown.contains("`ecs:RunTask`") && !shown.contains("ecs:UpdateService"),
            "{shown}"
        );
    }
}

#[test]
fn a_page_of_the_manual_is_made_of_the_help() {
    let page = |arguments: &[&str]| {
        let output = rollcall(&["man"]).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).to_owned()
    };
    let main = page(&[]);
    assert!(main.contains(".TH rollcall 1"), "{main}");
    assert!(
        main.contains("rollcall\\-replay(1)") && main.contains("rollcall\\-silence(1)"),
        "{main}"
    );
    let add = page(&["silence", "add"]);
    assert!(add.contains(".TH rollcall-silence-add 1"), "{add}");
    assert!(
        add.contains("\\-\\-dry\\-run") && add.contains("Seollal"),
        "{add}"
    );
}
