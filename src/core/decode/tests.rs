//! What the decoder promises, by what AWS is known to send and by what it might.

mod call;
mod ecs_event;
mod message;
mod run_task;

use aws_lambda_events::sqs::SqsMessage;
use serde_json::{Value, json};

use super::{DecodeError, Decoded, decode};
use crate::core::fact::{Action, CallOutcome, Fact, UpdateServiceCall};
use crate::core::words::Language;

fn decode_body(body: &str) -> Result<Decoded, DecodeError> {
    let mut record = SqsMessage::default();
    record.body = Some(body.to_owned());
    decode(&record)
}

/// An accepted `UpdateService` call of EventBridge Scheduler in its envelope.
fn event() -> Value {
    json!({
        "version": "0",
        "id": "8314a056-652d-5883-a9f3-de6026d1e3f4",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ecs",
        "account": "123456789012",
        "time": "2024-01-15T00:00:03Z",
        "region": "ap-northeast-2",
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole",
                "arn": "arn:aws:sts::123456789012:assumed-role/dev-ecs-scheduler/92430cfeb524c4dd590f747d41fdc631",
                "accountId": "123456789012",
                "sessionContext": {"sessionIssuer": {
                    "type": "Role",
                    "arn": "arn:aws:iam::123456789012:role/dev-ecs-scheduler",
                    "userName": "dev-ecs-scheduler",
                }},
            },
            "eventTime": "2024-01-15T00:00:03Z",
            "eventSource": "ecs.amazonaws.com",
            "eventName": "UpdateService",
            "awsRegion": "ap-northeast-2",
            "sourceIPAddress": "203.0.113.156",
            "userAgent": "AmazonEventBridgeScheduler aws-sdk-java/2.21.42",
            "requestParameters": {"cluster": "dev", "service": "nestjs", "desiredCount": 1},
            "responseElements": null,
            "eventID": "ee7d50d1-b822-5bc6-9d52-a54b7ad81f83",
            "eventType": "AwsApiCall",
            "recipientAccountId": "123456789012",
        },
    })
}

/// The event with some fields of its record replaced.
fn with(changes: Value) -> Value {
    let mut event = event();
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        event["detail"][name] = value;
    }
    event
}

/// The event without some fields of its record.
fn without(names: &[&str]) -> Value {
    let mut event = event();
    for name in names {
        event["detail"].as_object_mut().unwrap().remove(*name);
    }
    event
}

fn call(event: &Value) -> UpdateServiceCall {
    match decode_body(&event.to_string()) {
        Ok(Decoded::Fact {
            fact: Fact::UpdateService(call),
            environment: None,
        }) => *call,
        other => panic!("{other:?}: {event}"),
    }
}

/// `account/region/cluster/service`, with `-` for what is not known.
fn place(event: &Value) -> String {
    let call = call(event);
    let [cluster, service] = [call.cluster, call.service].map(|part| part.unwrap_or("-".into()));
    format!("{}/{}/{cluster}/{service}", call.account, call.region)
}

fn action(event: &Value) -> String {
    call(event).action.map_or("-".to_owned(), |action: Action| {
        Language::English.words().action(action)
    })
}

fn outcome(event: &Value) -> String {
    match call(event).outcome {
        CallOutcome::Accepted => "accepted".to_owned(),
        CallOutcome::Failed(error) => error.to_string(),
    }
}

/// The reason to ignore a body, or what is wrong with it.
fn reason(body: &str) -> String {
    match decode_body(body) {
        Ok(Decoded::Ignored(reason)) => format!("ignored: {reason}"),
        Ok(other) => panic!("{other:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_scheduled_call_says_everything() {
    insta::assert_json_snapshot!(call(&event()), @r#"
    {
      "event_time": "2024-01-15T00:00:03Z",
      "outcome": "accepted",
      "event_id": "ee7d50d1-b822-5bc6-9d52-a54b7ad81f83",
      "account": "123456789012",
      "region": "ap-northeast-2",
      "cluster": "dev",
      "service": "nestjs",
      "action": {
        "kind": "scale_up",
        "desired_count": 1
      },
      "caller": {
        "role": "dev-ecs-scheduler",
        "session": "92430cfeb524c4dd590f747d41fdc631",
        "is_scheduler": true
      }
    }
    "#);
}

#[test]
fn a_refused_call_may_not_say_which_service_failed() {
    for parameters in [
        Value::Null,
        json!({}),
        json!({"service": null}),
        json!({"service": ""}),
    ] {
        let event = with(json!({
            "errorCode": "ThrottlingException", "errorMessage": "Rate exceeded", "requestParameters": parameters,
        }));
        assert_eq!(place(&event), "123456789012/ap-northeast-2/-/-", "{event}");
        assert_eq!(outcome(&event), "ThrottlingException - Rate exceeded");
        assert_eq!(call(&event).service_id(), None);
        assert_eq!(
            call(&event).caller.role.as_deref(),
            Some("dev-ecs-scheduler")
        );
    }
    let event = with(json!({"errorCode": "AccessDenied", "requestParameters": null}));
    assert_eq!(action(&event), "-");
    let mut event = without(&["requestParameters", "responseElements"]);
    event["detail"]["errorCode"] = json!("AccessDenied");
    assert_eq!(action(&event), "-");
}

#[test]
fn a_response_may_be_null_absent_empty_omitted_or_huge() {
    let service_events: Vec<Value> = (0..100)
        .map(|id| json!({
            "id": format!("event-{id}"),
            "createdAt": "Jan 15, 2024, 12:00:01 AM",
            "message": format!("(service nestjs) has reached a steady state. {}", "x".repeat(150)),
        }))
        .collect();
    let huge = json!({"service": {
        "serviceName": "nestjs", "desiredCount": 1, "runningCount": 0, "createdAt": "Apr 27, 2023, 2:18:03 AM",
        "events": service_events,
    }});
    assert!(huge.to_string().len() > 20_000);
    for (response, expected) in [
        (Value::Null, "Scale Up (→ 1)"),
        (json!({}), "Scale Up (→ 1)"),
        (json!({"service": null}), "Scale Up (→ 1)"),
        (json!({"service": {}}), "Scale Up (→ 1)"),
        (
            json!({"omitted": true, "originalSize": 104_448}),
            "Scale Up (→ 1)",
        ),
        (json!({"service": {"runningCount": 3}}), "Scale Down (→ 1)"),
        (huge, "Scale Up (→ 1)"),
    ] {
        let event = with(json!({"responseElements": response}));
        assert_eq!(place(&event), "123456789012/ap-northeast-2/dev/nestjs");
        assert_eq!(action(&event), expected);
    }
    assert_eq!(action(&without(&["responseElements"])), "Scale Up (→ 1)");
}

#[test]
fn the_envelope_stands_in_for_what_the_record_leaves_out() {
    let names = [
        "recipientAccountId",
        "awsRegion",
        "eventTime",
        "eventID",
        "userIdentity",
    ];
    let mut event = without(&names);
    assert_eq!(place(&event), "123456789012/ap-northeast-2/dev/nestjs");
    assert_eq!(
        call(&event).event_time.to_rfc3339(),
        "2024-01-15T00:00:03+00:00"
    );
    assert_eq!(
        call(&event).event_id,
        "8314a056-652d-5883-a9f3-de6026d1e3f4"
    );
    for (field, missing) in [
        ("account", "recipientAccountId"),
        ("region", "awsRegion"),
        ("time", "eventTime"),
        ("id", "eventID"),
    ] {
        let kept = event[field].take();
        assert_eq!(
            reason(&event.to_string()),
            format!("the CloudTrail record has no `{missing}`")
        );
        event[field] = kept;
    }
}

#[test]
fn unknown_fields_and_locale_timestamps_do_no_harm() {
    let mut event = with(json!({
        "tlsDetails": {"tlsVersion": "TLSv1.3"}, "sessionCredentialFromConsole": "true", "new": [{"deep": [null]}],
        "requestParameters": {
            "cluster": "dev", "service": "nestjs", "desiredCount": 1, "dryrun": false, "forceNewDeployment": false,
            "startedAt": "Jan 15, 2024, 12:00:01 AM",
        },
        "responseElements": {"service": {"createdAt": "Jan 15, 2024, 12:00:01 AM", "scale": {"value": 100.0}}},
    }));
    event["new"] = json!({"since": 2027});
    assert_eq!(call(&event), call(&self::event()));
}

#[test]
fn event_time_is_any_rfc_3339_time() {
    for (text, expected) in [
        ("2024-01-15T09:00:03+09:00", "2024-01-15T00:00:03+00:00"),
        ("2024-01-15T00:00:03.250Z", "2024-01-15T00:00:03.250+00:00"),
    ] {
        assert_eq!(
            call(&with(json!({"eventTime": text})))
                .event_time
                .to_rfc3339(),
            expected
        );
    }
}

#[test]
fn an_error_has_a_code_a_message_or_both() {
    for (error, expected) in [
        (
            json!({"errorCode": "ServiceNotFoundException", "errorMessage": "Service not found."}),
            "ServiceNotFoundException - Service not found.",
        ),
        (json!({"errorCode": "AccessDenied"}), "AccessDenied"),
        (
            json!({"errorCode": "AccessDenied", "errorMessage": null}),
            "AccessDenied",
        ),
        (
            json!({"errorCode": "AccessDeniedException", "errorMessage": ""}),
            "AccessDeniedException",
        ),
        (
            json!({"errorMessage": "Rate exceeded"}),
            "UnknownError - Rate exceeded",
        ),
        (
            json!({"errorCode": "", "errorMessage": "Rate exceeded"}),
            "UnknownError - Rate exceeded",
        ),
        (json!({"errorCode": null, "errorMessage": null}), "accepted"),
        (json!({"errorCode": "", "errorMessage": ""}), "accepted"),
    ] {
        assert_eq!(outcome(&with(error.clone())), expected, "{error}");
    }
}

#[test]
fn other_events_are_ignored_whatever_their_fields_hold() {
    let other =
        |kind: &str, detail: Value| json!({"detail-type": kind, "detail": detail}).to_string();
    let api_call = "AWS API Call via CloudTrail";
    for (body, expected) in [
        (other("ECS Container Instance State Change", json!({"eventName": 1})), "OtherDetailType"),
        (other("Scheduled Event", json!({})), "OtherDetailType"),
        (other("Scheduled Event", json!([1, 2])), "OtherDetailType"),
        (other("Scheduled Event", json!("text")), "OtherDetailType"),
        (with(json!({"eventSource": "servicediscovery.amazonaws.com"})).to_string(), "OtherEventSource"),
        (with(json!({"eventSource": "servicediscovery.amazonaws.com", "requestParameters": {"service": {"Id": "x"}}}))
            .to_string(), "OtherEventSource"),
        (other(api_call, json!({"eventSource": "s3.amazonaws.com", "eventTime": 1, "userIdentity": []})), "OtherEventSource"),
        (with(json!({"eventName": "StartTask"})).to_string(), "OtherEventName"),
        (with(json!({"eventName": "CreateService", "responseElements": {"service": "nestjs"}})).to_string(), "OtherEventName"),
        (with(json!({"eventName": "DeleteService", "requestParameters": "none"})).to_string(), "OtherEventName"),
    ] {
        assert_eq!(reason(&body), format!("ignored: {expected}"), "{body}");
    }
}

const NOT_AN_EVENT: &str =
    "the body is not an EventBridge event: expected an object with `detail-type` and `detail`";

#[test]
fn what_is_no_event_is_explained() {
    for (body, expected) in [
        ("", "the body is not JSON (line 1, column 0)"),
        ("canary", "the body is not JSON (line 1, column 1)"),
        (
            "{\"canary\":\n [1,}",
            "the body is not JSON (line 2, column 5)",
        ),
        (r#""canary""#, NOT_AN_EVENT),
        ("null", NOT_AN_EVENT),
        ("[]", NOT_AN_EVENT),
        ("{}", NOT_AN_EVENT),
        (r#"{"detail-type": "canary"}"#, NOT_AN_EVENT),
        (r#"{"detail-type": "canary", "detail": null}"#, NOT_AN_EVENT),
        (r#"{"detail-type": 1, "detail": {}}"#, NOT_AN_EVENT),
        (
            r#"{"Service": "Amazon S3", "Event": "s3:TestEvent"}"#,
            NOT_AN_EVENT,
        ),
        (
            r#"{"detail-type":"AWS API Call via CloudTrail","detail":{"eventTime":7}}"#,
            "a field of the CloudTrail record has an unexpected type (line 1, column 68)",
        ),
    ] {
        assert_eq!(reason(body), expected, "{body}");
    }
    assert_eq!(
        decode(&SqsMessage::default()).unwrap_err().to_string(),
        "the record has no body"
    );
}

#[test]
fn a_broken_record_is_explained() {
    for (event, expected) in [
        (
            with(json!({"eventTime": "Jan 15, 2024"})),
            "`eventTime` is not an RFC 3339 time",
        ),
        (
            with(json!({"eventVersion": "2.0"})),
            "`eventVersion` has a major version other than 1, which this release does not know",
        ),
        (
            without(&["eventSource"]),
            "the CloudTrail record has no `eventSource`",
        ),
        (
            without(&["eventName"]),
            "the CloudTrail record has no `eventName`",
        ),
    ] {
        assert_eq!(reason(&event.to_string()), expected, "{event}");
    }
}

#[test]
fn an_explanation_never_quotes_the_body() {
    for event in [
        with(json!({"eventTime": "canary"})),
        with(json!({"eventTime": ["canary"]})),
        with(json!({"eventVersion": "canary"})),
        with(json!({"requestParameters": {"service": {"canary": 1}}})),
        with(json!({"requestParameters": {"desiredCount": "canary"}})),
        with(json!({"responseElements": {"service": "canary"}})),
        with(json!({"userIdentity": "canary"})),
        json!(["canary"]),
        json!("canary"),
    ] {
        let body = event.to_string();
        for body in [&body, &body[..body.len() - 1]] {
            let error = decode_body(body).unwrap_err();
            let text = format!("{error} {error:?} {error:#?}");
            assert!(!text.contains("canary"), "{text}");
        }
    }
}
