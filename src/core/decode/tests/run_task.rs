//! Calls that start tasks: of which job, how many, and what came of it.

use serde_json::{Value, json};

use super::super::Decoded;
use super::{decode_body, reason, with};
use crate::core::fact::{CallOutcome, Fact, RunTaskCall};

const ARN: &str = "arn:aws:ecs:ap-northeast-2:123456789012";

/// An accepted call that started one task, with some fields of its record replaced.
fn event(changes: Value) -> Value {
    let mut event = with(json!({
        "eventName": "RunTask",
        "requestParameters": {
            "cluster": "dev", "taskDefinition": "migrate:7", "count": 1, "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        },
        "responseElements": {
            "tasks": [{
                "taskArn": format!("{ARN}:task/dev/0a1b2c3d"),
                "clusterArn": format!("{ARN}:cluster/dev"),
                "taskDefinitionArn": format!("{ARN}:task-definition/migrate:7"),
                "lastStatus": "PROVISIONING",
                "createdAt": "Jan 15, 2024, 12:00:03 AM",
                "containers": [{"name": "migrate", "lastStatus": "PENDING"}],
            }],
            "failures": [],
        },
    }));
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    event["detail"].as_object_mut().unwrap().extend(changes);
    event
}

fn run_task(event: &Value) -> RunTaskCall {
    match decode_body(&event.to_string()) {
        Ok(Decoded::Fact {
            fact: Fact::RunTask(call),
            environment: None,
        }) => *call,
        other => panic!("{other:?}: {event}"),
    }
}

/// `account/region/cluster/family`, with `-` for what is not known.
fn job(event: &Value) -> String {
    let call = run_task(event);
    let [cluster, family] = [call.cluster, call.family].map(|part| part.unwrap_or("-".into()));
    format!("{}/{}/{cluster}/{family}", call.account, call.region)
}

#[test]
fn a_call_says_which_tasks_it_started() {
    insta::assert_json_snapshot!(run_task(&event(json!({}))), @r#"
    {
      "event_time": "2024-01-15T00:00:03Z",
      "outcome": "accepted",
      "event_id": "ee7d50d1-b822-5bc6-9d52-a54b7ad81f83",
      "account": "123456789012",
      "region": "ap-northeast-2",
      "cluster": "dev",
      "family": "migrate",
      "count": 1,
      "tasks": [
        "0a1b2c3d"
      ],
      "failures": [],
      "caller": {
        "role": "dev-ecs-scheduler",
        "session": "92430cfeb524c4dd590f747d41fdc631",
        "is_scheduler": true
      }
    }
    "#);
}

#[test]
fn a_job_is_found_however_it_is_written() {
    let definition = format!("{ARN}:task-definition/migrate:7");
    for (cluster, definition, expected) in [
        (json!("dev"), json!("migrate"), "dev/migrate"),
        (json!("dev"), json!("migrate:7"), "dev/migrate"),
        (json!("dev"), json!(definition), "dev/migrate"),
        (
            json!(format!("{ARN}:cluster/dev")),
            json!("migrate"),
            "dev/migrate",
        ),
        (Value::Null, json!("migrate"), "default/migrate"),
        (json!("dev"), Value::Null, "dev/-"),
    ] {
        let request = json!({"cluster": cluster, "taskDefinition": definition});
        let event = event(json!({"requestParameters": request, "responseElements": null}));
        assert_eq!(
            job(&event),
            format!("123456789012/ap-northeast-2/{expected}"),
            "{event}"
        );
    }
    let unknown = event(json!({"requestParameters": null, "responseElements": null}));
    assert_eq!(job(&unknown), "123456789012/ap-northeast-2/-/-");
    assert_eq!(run_task(&unknown).count, None);
    let omitted = event(json!({"requestParameters": null}));
    assert_eq!(job(&omitted), "123456789012/ap-northeast-2/dev/migrate");
}

#[test]
fn a_request_without_a_count_asks_for_one_task() {
    let asking = |request: Value| run_task(&event(json!({"requestParameters": request}))).count;
    assert_eq!(asking(json!({"taskDefinition": "migrate"})), Some(1));
    assert_eq!(
        asking(json!({"taskDefinition": "migrate", "count": 3})),
        Some(3)
    );
}

#[test]
fn an_accepted_call_may_start_nothing() {
    let failure = |instance: &str, reason: &str, detail: Value| json!({"arn": format!("{ARN}:container-instance/dev/{instance}"), "reason": reason, "detail": detail});
    let response = json!({"tasks": [], "failures": [
        failure("1", "RESOURCE:MEMORY", Value::Null),
        failure("2", "RESOURCE:MEMORY", Value::Null),
        failure("3", "AGENT", json!("disconnected")),
        failure("4", "", json!("")),
    ]});
    let call = run_task(&event(json!({"responseElements": response})));
    assert_eq!(call.outcome, CallOutcome::Accepted);
    assert!(call.tasks.is_empty());
    let failures: Vec<String> = call.failures.iter().map(ToString::to_string).collect();
    assert_eq!(
        failures,
        ["RESOURCE:MEMORY", "AGENT - disconnected", "UnknownFailure"]
    );
}

#[test]
fn a_refused_call_says_why() {
    let event = event(json!({
        "errorCode": "ThrottlingException", "errorMessage": "Rate exceeded",
        "requestParameters": null, "responseElements": null,
    }));
    let call = run_task(&event);
    assert!(
        matches!(call.outcome, CallOutcome::Failed(error) if error.to_string() == "ThrottlingException - Rate exceeded")
    );
}

#[test]
fn a_broken_call_fails_alone() {
    let response = json!({"tasks": "none"});
    let text = reason(&event(json!({"responseElements": response})).to_string());
    assert!(
        text.starts_with("a field of the CloudTrail record has an unexpected type"),
        "{text}"
    );
    let started = event(json!({"eventName": "StartTask", "responseElements": response}));
    assert_eq!(reason(&started.to_string()), "ignored: OtherEventName");
}
