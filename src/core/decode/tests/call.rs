//! What a call was about: where, in which direction, by whom.

use serde_json::{Value, json};

use super::{action, call, place, with};

#[test]
fn a_service_is_found_however_it_is_written() {
    let arn = "arn:aws:ecs:ap-northeast-2:123456789012";
    for (cluster, service, expected) in [
        (json!("dev"), json!("nestjs"), "dev/nestjs"),
        (
            json!(format!("{arn}:cluster/dev")),
            json!("nestjs"),
            "dev/nestjs",
        ),
        (
            json!("dev"),
            json!(format!("{arn}:service/nestjs")),
            "dev/nestjs",
        ),
        (
            json!("dev"),
            json!(format!("{arn}:service/dev/nestjs")),
            "dev/nestjs",
        ),
        (
            json!("arn:aws-cn:ecs:cn-north-1:123456789012:cluster/dev"),
            json!("nestjs"),
            "dev/nestjs",
        ),
        (
            Value::Null,
            json!(format!("{arn}:service/dev/nestjs")),
            "dev/nestjs",
        ),
        (
            json!(""),
            json!(format!("{arn}:service/dev/nestjs")),
            "dev/nestjs",
        ),
        (
            Value::Null,
            json!(format!("{arn}:service/nestjs")),
            "default/nestjs",
        ),
        (Value::Null, json!("nestjs"), "default/nestjs"),
        (json!("dev"), Value::Null, "dev/-"),
        (json!("dev/"), json!("/nestjs/"), "dev/nestjs"),
        (json!("arn:"), json!("arn:aws:ecs"), "arn:/arn:aws:ecs"),
        (json!("/"), json!("/"), "///"),
    ] {
        let event = with(
            json!({"requestParameters": {"cluster": cluster, "service": service, "desiredCount": 1}}),
        );
        assert_eq!(
            place(&event),
            format!("123456789012/ap-northeast-2/{expected}"),
            "{event}"
        );
    }
    let event = with(json!({"requestParameters": {"service": "nestjs"}}));
    assert_eq!(place(&event), "123456789012/ap-northeast-2/default/nestjs");
}

#[test]
fn the_response_knows_the_place_better_than_the_request() {
    let old = "arn:aws:ecs:us-east-1:210987654321:service/nestjs";
    let new = "arn:aws:ecs:us-east-1:210987654321:service/stg/nestjs";
    let cluster_arn = "arn:aws:ecs:us-east-1:210987654321:cluster/stg";
    for (service, expected) in [
        (
            json!({"serviceArn": new}),
            "210987654321/us-east-1/stg/nestjs",
        ),
        (
            json!({"serviceArn": old, "clusterArn": cluster_arn}),
            "210987654321/us-east-1/stg/nestjs",
        ),
        (
            json!({"serviceArn": old}),
            "210987654321/us-east-1/dev/nestjs",
        ),
        (
            json!({"serviceName": "nestjs", "clusterArn": cluster_arn}),
            "123456789012/ap-northeast-2/stg/nestjs",
        ),
        (
            json!({"serviceArn": "", "clusterArn": null}),
            "123456789012/ap-northeast-2/dev/asked",
        ),
    ] {
        let event = with(json!({
            "requestParameters": {"cluster": "dev", "service": "asked"}, "responseElements": {"service": service},
        }));
        assert_eq!(place(&event), expected, "{event}");
        let event =
            with(json!({"requestParameters": null, "responseElements": {"service": service}}));
        let known = [
            expected.replace("dev/asked", "-/-"),
            expected.replace("/dev/", "/-/"),
        ];
        assert!(known.contains(&place(&event)), "{event}");
    }
}

#[test]
fn direction_comes_from_what_is_known() {
    let count =
        |desired: i64, running: i64| json!({"desiredCount": desired, "runningCount": running});
    #[rustfmt::skip]
    let cases = [
        // Desired against running.
        (json!({"desiredCount": 2}), count(2, 0), "Scale Up (→ 2)"),
        (json!({"desiredCount": 2}), count(2, 5), "Scale Down (→ 2)"),
        (json!({"desiredCount": 0}), count(0, 1), "Scale Down (→ 0)"),
        (json!({"desiredCount": 2}), count(2, 2), "No Change (→ 2)"),
        (json!({"desiredCount": 0}), count(0, 0), "No Change (→ 0)"),
        (json!({"desiredCount": 3, "forceNewDeployment": true}), count(3, 1), "Scale Up (→ 3)"),
        (json!({"desiredCount": 3, "forceNewDeployment": true}), count(3, 3), "Restart (→ 3)"),
        // The desired count alone.
        (json!({"desiredCount": 2}), Value::Null, "Scale Up (→ 2)"),
        (json!({"desiredCount": 0}), Value::Null, "Scale Down (→ 0)"),
        (json!({"desiredCount": 2, "forceNewDeployment": true}), Value::Null, "Scale Up (→ 2)"),
        // No count was asked for: the service may be short of tasks for reasons of its own.
        (json!({"forceNewDeployment": true}), count(2, 1), "Restart (→ 2)"),
        (json!({"forceNewDeployment": true}), Value::Null, "Restart"),
        (json!({"taskDefinition": "nestjs:42"}), count(2, 1), "Update (→ 2)"),
        (json!({"taskDefinition": "nestjs:42", "forceNewDeployment": false}), Value::Null, "Update"),
        (json!({}), Value::Null, "Update"),
        // The request was too large to be recorded.
        (Value::Null, count(2, 0), "Scale Up (→ 2)"),
        (Value::Null, count(0, 2), "Scale Down (→ 0)"),
        (Value::Null, count(2, 2), "Update (→ 2)"),
        (Value::Null, Value::Null, "-"),
    ];
    for (request, response, expected) in cases {
        let response = if response.is_null() {
            response
        } else {
            json!({"service": response})
        };
        let event = with(json!({"requestParameters": request, "responseElements": response}));
        assert_eq!(action(&event), expected, "{request} {response}");
    }
}

#[test]
fn who_called_is_a_role_a_person_or_a_service() {
    let assumed = |role: &str, session: &str| {
        json!({
            "type": "AssumedRole",
            "arn": format!("arn:aws:sts::123456789012:assumed-role/{role}/{session}"),
            "sessionContext": {"sessionIssuer": {"arn": format!("arn:aws:iam::123456789012:role/x/{role}")}},
        })
    };
    let scheduler = "AmazonEventBridgeScheduler aws-sdk-java/2.21.42";
    let sso = "AWSReservedSSO_Admin_0123456789abcdef";
    #[rustfmt::skip]
    let cases = [
        (assumed("dev-ecs-scheduler", "92430cfe"), json!(scheduler), "EventBridge Scheduler as dev-ecs-scheduler"),
        (Value::Null, json!(scheduler), "EventBridge Scheduler"),
        (json!({"invokedBy": "scheduler.amazonaws.com"}), Value::Null, "EventBridge Scheduler"),
        (assumed(sso, "jane@example.com"), json!("Mozilla/5.0"), "jane@example.com as AWSReservedSSO_Admin_0123456789abcdef"),
        (assumed("AWSServiceRoleForApplicationAutoScaling_ECSService", "AutoScaling-UpdateDesiredCapacity"), json!("ecs.application-autoscaling.amazonaws.com"), "Application Auto Scaling"),
        (assumed("ci", "i-0abc"), json!("aws-cli/2.15"), "i-0abc as ci"),
        (json!({"type": "IAMUser", "userName": "jane", "arn": "arn:aws:iam::123456789012:user/x/jane"}), json!(""), "jane"),
        (json!({"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/x/jane"}), Value::Null, "jane"),
        (json!({"type": "AWSService", "invokedBy": "ecs.application-autoscaling.amazonaws.com"}), json!("ecs.application-autoscaling.amazonaws.com"), "ecs.application-autoscaling.amazonaws.com"),
        (json!({"type": "Root"}), json!("not AmazonEventBridgeScheduler"), "unknown caller"),
        (Value::Null, Value::Null, "unknown caller"),
    ];
    for (identity, agent, expected) in cases {
        let event = with(json!({"userIdentity": identity, "userAgent": agent}));
        assert_eq!(call(&event).caller.to_string(), expected, "{event}");
        assert_eq!(
            call(&event).caller.is_scheduler,
            expected.starts_with("EventBridge")
        );
    }
}
