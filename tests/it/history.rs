//! `rollcall replay --cloudtrail` against a fake of CloudTrail's event history.

mod saved;

use std::process::{Command, Output};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::cloudtrail::{FakeCloudTrail, Lookup, Reply};

/// So long before the present second.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line that is started looks back from the present"
)]
fn ago(minutes: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::minutes(minutes)
}

/// A call that EventBridge Scheduler made so many minutes ago.
fn record(call: &str, id: &str, minutes: i64, parameters: &Value) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": "arn:aws:sts::111122223333:assumed-role/acme-scheduler/0123456789abcdef0123456789abcdef",
            "accountId": "111122223333",
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "sessionContext": {"sessionIssuer": {
                "type": "Role", "arn": "arn:aws:iam::111122223333:role/acme-scheduler", "userName": "acme-scheduler",
            }},
        },
        "eventTime": ago(minutes).to_rfc3339_opts(SecondsFormat::Secs, true),
        "eventSource": "ecs.amazonaws.com",
        "eventName": call,
        "awsRegion": "eu-central-1",
        "sourceIPAddress": "198.51.100.23",
        "userAgent": "AmazonEventBridgeScheduler aws-sdk-java/2.21.42",
        "requestParameters": parameters,
        "responseElements": null,
        "requestID": format!("request-{id}"),
        "eventID": format!("event-{id}"),
        "readOnly": false,
        "recipientAccountId": "111122223333",
    })
}

fn update(id: &str, minutes: i64, cluster: &str, service: &str) -> Value {
    let parameters = json!({"cluster": cluster, "service": service, "desiredCount": 1});
    record("UpdateService", id, minutes, &parameters)
}

fn refused(mut record: Value, code: &str, message: &str) -> Value {
    record["errorCode"] = code.into();
    record["errorMessage"] = message.into();
    record
}

/// A morning: two services accepted, one refused, one throttled without saying which, and a job.
fn morning() -> Vec<Value> {
    let arn = "arn:aws:ecs:eu-central-1:111122223333:service/acme-dev/acme-web";
    let denied = format!(
        "User: arn:aws:sts::111122223333:assumed-role/acme-scheduler/0123456789abcdef0123456789abcdef is not authorized to \
         perform: ecs:UpdateService on resource: {arn} because no identity-based policy allows it; ask jane@acme.example, \
         host ip-10-1-2-3.acme.internal, 10.1.2.3"
    );
    let throttled = record("UpdateService", "4", 61, &Value::Null);
    let job = json!({"cluster": "acme-dev", "taskDefinition": "acme-report:7", "count": 1});
    vec![
        update("1", 63, "acme-dev", "acme-api"),
        update("2", 62, "acme-dev", "acme-auth"),
        refused(
            update("3", 62, "acme-dev", "acme-web"),
            "AccessDenied",
            &denied,
        ),
        refused(throttled, "ThrottlingException", "Rate exceeded"),
        record("RunTask", "5", 60, &job),
    ]
}

fn command(fake: &FakeCloudTrail) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    command
        .env_clear()
        .env("AWS_ENDPOINT_URL", fake.endpoint())
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "XSECRETKEYX")
        .args(["replay", "--cloudtrail"]);
    command
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {} {}", stdout(output), stderr(output)))
}

#[test]
fn both_calls_are_read_page_by_page_at_two_requests_a_second() {
    let fake = FakeCloudTrail::holding(morning(), 2);
    let output = command(&fake).args(["--format", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "", "no progress where nobody watches");
    let told = json_of(&output);
    assert_eq!(told["totals"]["services"]["accepted"], 2, "{told}");
    assert_eq!(told["totals"]["services"]["failed"], 1, "{told}");
    assert_eq!(
        told["totals"]["jobs"].as_object().unwrap().len(),
        1,
        "{told}"
    );
    assert_eq!(told["totals"]["unnamed_calls"], 1, "{told}");

    let lookups = fake.lookups();
    let calls: Vec<&str> = lookups.iter().map(Lookup::call).collect();
    assert_eq!(calls, ["UpdateService", "UpdateService", "RunTask"]);
    assert!(lookups.iter().all(|lookup| lookup.region == "eu-central-1"));
    let span = lookups[2].at - lookups[0].at;
    assert!(
        span >= Duration::from_millis(950),
        "three requests in {span:?}"
    );
}

#[test]
fn only_the_time_and_the_region_that_were_named_are_asked_for() {
    let fake = FakeCloudTrail::holding(morning(), 50);
    let until = ago(62).to_rfc3339();
    let output = command(&fake)
        .args(["--since", "2h", "--until", &until, "--region", "us-east-1"])
        .args(["--format", "json"])
        .output()
        .unwrap();
    let told = json_of(&output);
    // The first call was made before that minute; those of its own second may be in or out.
    assert!(told["totals"]["jobs"].as_object().unwrap().is_empty());
    assert!(
        told["totals"]["services"]["accepted"].as_u64() >= Some(1),
        "{told}"
    );
    assert!(
        fake.lookups()
            .iter()
            .all(|lookup| lookup.region == "us-east-1")
    );
}

#[test]
fn a_cluster_leaves_out_the_others_and_keeps_what_names_none() {
    let mut records = morning();
    records.push(update("6", 60, "acme-prod", "acme-shop"));
    let mut other = update("7", 60, "acme-dev", "acme-api");
    other["eventSource"] = "apprunner.amazonaws.com".into();
    records.push(other);
    let fake = FakeCloudTrail::holding(records, 50);
    let output = command(&fake)
        .args(["--cluster", "acme-dev", "--format", "json"])
        .output()
        .unwrap();
    let told = json_of(&output);
    assert_eq!(told["totals"]["unnamed_calls"], 1, "{told}");
    assert_eq!(told["totals"]["services"]["accepted"], 2, "{told}");
    assert_eq!(told["records"]["used"], 5, "{told}");
    assert!(!stdout(&output).contains("acme-shop"));
}

#[test]
fn a_throttled_lookup_is_tried_again() {
    let pages = FakeCloudTrail::answering(|lookup, before| match (before, lookup.call()) {
        (0, _) => Reply::Error("ThrottlingException", "Rate exceeded"),
        _ => Reply::Page(json!({"Events": []})),
    });
    let output = command(&pages).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lookups = pages.lookups();
    let calls: Vec<&str> = lookups.iter().map(Lookup::call).collect();
    assert_eq!(calls, ["UpdateService", "UpdateService", "RunTask"]);
    assert!(lookups[1].at - lookups[0].at >= Duration::from_millis(450));
}

#[test]
fn a_denial_names_the_permission_and_is_not_repeated() {
    let fake = FakeCloudTrail::answering(|_, _| {
        Reply::Error("AccessDeniedException", "User: x is not authorized")
    });
    let output = command(&fake).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let problem = stderr(&output);
    assert!(problem.contains("cloudtrail:LookupEvents"), "{problem}");
    assert!(problem.contains("eu-central-1"), "{problem}");
    assert_eq!(fake.lookups().len(), 1);
}

#[test]
fn no_calls_are_told_with_the_region_and_the_time() {
    let fake = FakeCloudTrail::holding(Vec::new(), 50);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.jsonl");
    let output = command(&fake)
        .args(["--since", "3h", "--cluster", "acme-dev", "--save"])
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    let said = stderr(&output);
    for part in [
        "eu-central-1",
        "of acme-dev from 20",
        "15 minutes",
        "is not written",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!path.exists());
}

#[test]
fn what_is_not_configured_is_named_before_anything_is_asked() {
    let fake = FakeCloudTrail::holding(Vec::new(), 50);
    for (without, expected) in [
        (
            "AWS_REGION",
            "no Region is configured; expected --region, AWS_REGION",
        ),
        ("AWS_ACCESS_KEY_ID", "no credentials for AWS"),
    ] {
        let output = command(&fake).env_remove(without).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
    for (arguments, expected) in [
        (&["--since", "91d"][..], "90 days"),
        (&["--since", "yesterday"], "24h"),
        (&["--since", "1h", "--until", "2020-01-01"], "--until"),
    ] {
        let output = command(&fake).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
    assert!(fake.lookups().is_empty());
}
