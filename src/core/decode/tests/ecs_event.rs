//! What ECS says of its own accord.

use serde_json::{Value, json};

use super::super::Decoded;
use super::{decode_body, reason};
use crate::core::fact::{Fact, ServiceEvent};

const ARN: &str = "arn:aws:ecs:ap-northeast-2:123456789012";

fn event(kind: &str, resource: &str, detail: &Value) -> Value {
    json!({
        "version": "0", "id": "57c9506e", "detail-type": kind, "source": "aws.ecs", "account": "123456789012",
        "time": "2024-01-15T00:02:00Z", "region": "ap-northeast-2", "resources": [format!("{ARN}:{resource}")],
        "detail": detail,
    })
}

fn action(resource: &str, changes: Value) -> Value {
    let mut detail = json!({
        "eventType": "ERROR", "eventName": "SERVICE_TASK_PLACEMENT_FAILURE", "clusterArn": format!("{ARN}:cluster/dev"),
        "capacityProviderArns": [format!("{ARN}:capacity-provider/FARGATE_SPOT")],
        "reason": "RESOURCE:FARGATE", "createdAt": "2024-01-15T00:01:59.087Z",
    });
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    detail.as_object_mut().unwrap().extend(changes);
    event("ECS Service Action", resource, &detail)
}

fn task(changes: Value) -> Value {
    let mut detail = json!({
        "taskArn": format!("{ARN}:task/dev/0a1b2c3d"), "clusterArn": format!("{ARN}:cluster/dev"),
        "taskDefinitionArn": format!("{ARN}:task-definition/migrate:7"), "group": "family:migrate",
        "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "version": 5, "cpu": "256",
        "createdAt": "2024-01-15T00:00:04.101Z", "startedAt": "2024-01-15T00:00:31.5Z",
        "stoppedAt": "2024-01-15T00:01:59Z", "updatedAt": "2024-01-15T00:02:00Z",
        "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited",
        "containers": [
            {"name": "migrate", "exitCode": 1, "lastStatus": "STOPPED", "networkInterfaces": []},
            {"name": "logs", "lastStatus": "RUNNING"},
        ],
    });
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    detail.as_object_mut().unwrap().extend(changes);
    event("ECS Task State Change", "task/dev/0a1b2c3d", &detail)
}

fn fact(event: &Value) -> Fact {
    match decode_body(&event.to_string()) {
        Ok(Decoded::Fact {
            fact,
            environment: None,
        }) => fact,
        other => panic!("{other:?}: {event}"),
    }
}

fn service_action(event: &Value) -> ServiceEvent {
    match fact(event) {
        Fact::ServiceEvent(action) => *action,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_service_action_says_what_happened_to_which_service() {
    let expected = service_action(&action("service/dev/nestjs", json!({})));
    insta::assert_json_snapshot!(expected, @r#"
    {
      "created_at": "2024-01-15T00:01:59.087Z",
      "event_id": "57c9506e",
      "service": {
        "name": "nestjs",
        "cluster": "dev",
        "region": "ap-northeast-2",
        "account": "123456789012"
      },
      "event_name": "SERVICE_TASK_PLACEMENT_FAILURE",
      "reason": "RESOURCE:FARGATE"
    }
    "#);
    assert_eq!(
        service_action(&action("service/nestjs", json!({}))),
        expected
    );
}

#[test]
fn a_deployment_tells_its_cluster_by_its_arn() {
    let detail = json!({
        "eventType": "ERROR", "eventName": "SERVICE_DEPLOYMENT_FAILED", "deploymentId": "ecs-svc/1",
        "updatedAt": "2024-01-15T00:01:11Z", "reason": "ECS deployment circuit breaker: task failed to start.",
    });
    let deployment = |resource| event("ECS Deployment State Change", resource, &detail);
    let action = service_action(&deployment("service/dev/nestjs"));
    assert_eq!(action.service.cluster, "dev");
    assert_eq!(action.created_at.to_rfc3339(), "2024-01-15T00:01:11+00:00");
    let old = deployment("service/nestjs").to_string();
    assert_eq!(reason(&old), "ignored: UnknownCluster");
}

#[test]
fn a_jobs_task_says_how_it_ended() {
    let Fact::Task(task) = fact(&task(json!({}))) else {
        panic!("no task");
    };
    insta::assert_json_snapshot!(task, @r#"
    {
      "is_stopped": true,
      "observed_at": "2024-01-15T00:02:00Z",
      "task": {
        "id": "0a1b2c3d",
        "cluster": {
          "name": "dev",
          "region": "ap-northeast-2",
          "account": "123456789012"
        }
      },
      "created_at": "2024-01-15T00:00:04.101Z",
      "started_at": "2024-01-15T00:00:31.500Z",
      "stopped_at": "2024-01-15T00:01:59Z",
      "stop_code": "EssentialContainerExited",
      "stopped_reason": "Essential container in task exited",
      "containers": [
        {
          "name": "migrate",
          "exit_code": 1
        }
      ]
    }
    "#);
}

#[test]
fn a_task_in_a_group_of_its_callers_choosing_is_a_jobs() {
    for group in [json!("nightly"), Value::Null] {
        let event = task(json!({"group": group, "lastStatus": "RUNNING"}));
        assert!(
            matches!(fact(&event), Fact::Task(task) if !task.is_stopped),
            "{event}"
        );
    }
}

#[test]
fn other_events_of_ecs_are_ignored() {
    for (event, expected) in [
        (
            action(
                "service/dev/nestjs",
                json!({"eventName": "CAPACITY_PROVIDER_STEADY_STATE"}),
            ),
            "OtherEcsEvent",
        ),
        (
            action(
                "service/dev/nestjs",
                json!({"eventName": "TASKSET_STEADY_STATE"}),
            ),
            "OtherEcsEvent",
        ),
        (
            action("service/nestjs", json!({"clusterArn": null})),
            "UnknownCluster",
        ),
        (task(json!({"group": "service:nestjs"})), "ServiceTask"),
    ] {
        assert_eq!(
            reason(&event.to_string()),
            format!("ignored: {expected}"),
            "{event}"
        );
    }
}

#[test]
fn a_broken_event_is_explained() {
    let with = |name: &str, value: Value| {
        let mut event = action("service/dev/nestjs", json!({}));
        event[name] = value;
        event
    };
    let missing = |name: &str| format!("the ECS event has no usable `{name}`");
    for (event, expected) in [
        (
            action("service/dev/nestjs", json!({"eventName": null})),
            missing("eventName"),
        ),
        (
            action("service/dev/nestjs", json!({"createdAt": null})),
            missing("createdAt"),
        ),
        (with("resources", json!([])), missing("resources")),
        (with("id", Value::Null), missing("id")),
        (task(json!({"taskArn": "0a1b2c3d"})), missing("taskArn")),
        (task(json!({"createdAt": null})), missing("taskArn")),
    ] {
        assert_eq!(reason(&event.to_string()), expected, "{event}");
    }
    for event in [
        action("service/dev/nestjs", json!({"createdAt": "canary"})),
        action(
            "service/dev/nestjs",
            json!({"createdAt": "+99999-01-15T00:00:00Z"}),
        ),
        action("service/dev/nestjs", json!({"eventName": ["canary"]})),
        with("resources", json!("canary")),
        task(json!({"containers": "canary"})),
        task(json!({"eventSource": {}, "taskArn": 7})),
    ] {
        let text = reason(&event.to_string());
        assert!(
            text.starts_with("a field of the ECS event has an unexpected type"),
            "{text}"
        );
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn a_task_without_an_update_was_so_when_it_stopped() {
    let Fact::Task(task) = fact(&task(json!({"updatedAt": null}))) else {
        panic!("it is a task");
    };
    assert_eq!(Some(task.observed_at), task.stopped_at);
}
