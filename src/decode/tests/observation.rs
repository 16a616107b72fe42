//! What the AWS CLI prints about services and tasks.

use serde_json::{Value, json};

use super::super::Decoded;
use super::{decode_body, reason};
use crate::fact::{Bounds, Fact, ServiceState};

const ARN: &str = "arn:aws:ecs:ap-northeast-2:123456789012";

fn service(name: &str, changes: Value) -> Value {
    let mut service = json!({
        "serviceArn": format!("{ARN}:service/dev/{name}"), "serviceName": name,
        "clusterArn": format!("{ARN}:cluster/dev"), "status": "ACTIVE",
        "desiredCount": 2, "runningCount": 1, "pendingCount": 1, "loadBalancers": [], "createdAt": 1.7e9,
        "deployments": [{"status": "PRIMARY", "rolloutState": "IN_PROGRESS", "failedTasks": 0}],
        "events": [{"createdAt": "2024-01-15T09:02:10.5+09:00", "message": format!("(service {name}) has started 1 tasks: (task 0a1b).")}],
    });
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    service.as_object_mut().unwrap().extend(changes);
    service
}

fn facts(body: &Value) -> Vec<Fact> {
    match decode_body(&body.to_string()) {
        Ok(Decoded::Facts(facts)) => facts,
        other => panic!("{other:?}: {body}"),
    }
}

/// The only service's state, and when it was so.
fn state(body: &Value) -> (String, Option<ServiceState>) {
    match &facts(body)[..] {
        [Fact::Observed(observed)] => (observed.observed_at.to_rfc3339(), observed.state.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn services_are_as_described() {
    let body = json!({"services": [service("nestjs", json!({})), service("auth", json!({}))], "failures": []});
    let observed = facts(&body);
    assert_eq!(observed.len(), 2);
    insta::assert_json_snapshot!(observed[0], @r#"
    {
      "observed": {
        "observed_at": "2024-01-15T00:02:10.500Z",
        "service": {
          "name": "nestjs",
          "cluster": "dev",
          "region": "ap-northeast-2",
          "account": "123456789012"
        },
        "state": {
          "desired": 2,
          "running": 1,
          "pending": 1,
          "rollout": {
            "state": "in_progress"
          }
        }
      }
    }
    "#);
}

#[test]
fn the_moment_of_asking_may_be_told() {
    for (at, expected) in [
        (json!("2024-01-15T00:06:00Z"), "2024-01-15T00:06:00+00:00"),
        (
            json!("2024-01-15T09:06:00+09:00"),
            "2024-01-15T00:06:00+00:00",
        ),
        (json!(1_705_277_160.25), "2024-01-15T00:06:00.250+00:00"),
        (Value::Null, "2024-01-15T00:02:10.500+00:00"),
    ] {
        let body = json!({"observedAt": at, "services": [service("nestjs", json!({}))]});
        assert_eq!(state(&body).0, expected);
    }
}

#[test]
fn a_service_that_is_missing_is_none() {
    let arn = format!("{ARN}:service/dev/gone");
    let body = json!({
        "observedAt": "2024-01-15T00:06:00Z", "services": [],
        "failures": [{"arn": arn, "reason": "MISSING"}, {"arn": arn, "reason": "OTHER"}],
    });
    assert_eq!(state(&body).1, None);
    let inactive = json!({"services": [service("gone", json!({"status": "INACTIVE"}))]});
    assert_eq!(state(&inactive).1, None);
}

#[test]
fn a_missing_service_of_an_old_arn_is_in_the_cluster_that_was_asked() {
    let failure = json!([{"arn": format!("{ARN}:service/gone"), "reason": "MISSING"}]);
    let body = json!({"services": [service("nestjs", json!({}))], "failures": failure});
    let [_, Fact::Observed(gone)] = &facts(&body)[..] else {
        panic!("nothing observed");
    };
    assert_eq!(
        (gone.service.cluster.as_str(), gone.service.name.as_str()),
        ("dev", "gone")
    );
}

#[test]
fn a_stopped_task_explains_more_than_an_event() {
    let event = json!({"createdAt": "2024-01-15T00:03:00Z", "message": "(service nestjs) is unable to consistently start tasks successfully."});
    let stopped = |at: &str, reason: &str| json!({"taskArn": format!("{ARN}:task/dev/0a1b"), "stoppedAt": at, "stopCode": "TaskFailedToStart", "stoppedReason": reason});
    let body = json!({"services": [service("nestjs", json!({"events": [event], "stoppedTasks": [
        stopped("2024-01-15T00:02:40Z", "CannotPullContainerError: nestjs:42: not found"),
        stopped("2024-01-15T00:01:40Z", "Timeout waiting for network interface provisioning to complete."),
    ]}))]});
    let trouble = state(&body).1.unwrap().trouble.unwrap();
    assert_eq!(
        trouble.text,
        "CannotPullContainerError: nestjs:42: not found"
    );
}

#[test]
fn bounds_come_from_scalable_targets() {
    let target = |resource: &str, suspended: Value| json!({"ServiceNamespace": "ecs", "ResourceId": resource, "MinCapacity": 1, "MaxCapacity": 4, "SuspendedState": suspended});
    let suspended = |within: bool, out: bool| json!({"DynamicScalingInSuspended": within, "DynamicScalingOutSuspended": out, "ScheduledScalingSuspended": false});
    let both = Bounds {
        min: Some(1),
        max: Some(4),
    };
    for (target, expected) in [
        (target("service/dev/nestjs", Value::Null), Some(both)),
        (
            target("service/dev/nestjs", suspended(false, false)),
            Some(both),
        ),
        (
            target("service/dev/nestjs", suspended(true, false)),
            Some(Bounds { max: None, ..both }),
        ),
        (
            target("service/dev/nestjs", suspended(false, true)),
            Some(Bounds { min: None, ..both }),
        ),
        (target("service/stg/nestjs", Value::Null), None),
        (target("nestjs", Value::Null), None),
    ] {
        let body = json!({"services": [service("nestjs", json!({}))], "scalableTargets": [target]});
        assert_eq!(state(&body).1.unwrap().bounds, expected, "{body}");
    }
}

#[test]
fn tasks_of_jobs_are_as_described() {
    let task = |id: &str, group: &str| {
        json!({"taskArn": format!("{ARN}:task/{id}"), "clusterArn": format!("{ARN}:cluster/dev"), "group": group,
            "lastStatus": "STOPPED", "createdAt": 1_705_276_804.101, "stoppedAt": 1_705_276_924,
            "containers": [{"name": "migrate", "exitCode": 0}]})
    };
    let tasks = [
        task("0a1b", "family:migrate"),
        task("2c3d", "service:nestjs"),
    ];
    let facts = facts(
        &json!({"tasks": tasks, "failures": [{"arn": format!("{ARN}:task/dev/9"), "reason": "MISSING"}]}),
    );
    let [Fact::Task(task)] = &facts[..] else {
        panic!("{facts:?}");
    };
    assert_eq!(task.task.id, "0a1b");
    assert_eq!(
        task.created_at.to_rfc3339(),
        "2024-01-15T00:00:04.101+00:00"
    );
    assert_eq!(task.observed_at.to_rfc3339(), "2024-01-15T00:02:04+00:00");
}

#[test]
fn that_ecs_could_not_be_asked_is_told() {
    let body = json!({
        "observedAt": "2024-01-15T00:06:00Z", "clusterArn": format!("{ARN}:cluster/dev"),
        "error": {"code": "AccessDeniedException", "message": "not authorized"},
    });
    let [Fact::Unobserved(unobserved)] = &facts(&body)[..] else {
        panic!("{body}");
    };
    assert_eq!(unobserved.cluster.name, "dev");
    assert_eq!(
        unobserved.error.to_string(),
        "AccessDeniedException - not authorized"
    );
}

#[test]
fn a_broken_description_is_explained() {
    let at = "2024-01-15T00:06:00Z";
    for (body, expected) in [
        (
            json!({"services": []}),
            "the description has no usable `observedAt`",
        ),
        (
            json!({"services": [], "observedAt": at}),
            "ignored: NothingDescribed",
        ),
        (
            json!({"tasks": [], "failures": [], "observedAt": at}),
            "ignored: NothingDescribed",
        ),
        (
            json!({"services": [{}], "observedAt": at}),
            "the description has no usable `serviceArn`",
        ),
        (
            json!({"tasks": [{}], "observedAt": at}),
            "the description has no usable `taskArn`",
        ),
        (
            json!({"error": {"code": "x"}, "observedAt": at}),
            "the description has no usable `clusterArn`",
        ),
    ] {
        assert_eq!(reason(&body.to_string()), expected, "{body}");
    }
    for body in [
        json!({"services": "canary"}),
        json!({"services": [service("canary", json!({"desiredCount": "canary"}))]}),
        json!({"observedAt": "canary", "services": []}),
        json!({"observedAt": 1e300, "services": []}),
        json!({"error": "canary"}),
    ] {
        let text = reason(&body.to_string());
        assert!(
            text.starts_with("a field of the description has an unexpected type"),
            "{text}"
        );
        assert!(!text.contains("canary"), "{text}");
    }
}
