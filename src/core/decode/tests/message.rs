//! Records that are no events: rollcall's own messages, and dead letters of schedules.

use std::collections::BTreeMap;

use aws_lambda_events::sqs::{SqsMessage, SqsMessageAttribute};
use serde_json::{Value, json};

use super::super::{Decoded, decode};
use super::{decode_body, reason};
use crate::core::fact::{Fact, ScheduleDeadLetter};

fn dead_letter(body: &str, attributes: &[(&str, &str)]) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.body = Some(body.to_owned());
    for (name, value) in attributes {
        let mut attribute = SqsMessageAttribute::default();
        attribute.string_value = Some((*value).to_owned());
        record
            .message_attributes
            .insert((*name).to_owned(), attribute);
    }
    record
}

const ATTRIBUTES: [(&str, &str); 5] = [
    (
        "SCHEDULE_ARN",
        "arn:aws:scheduler:ap-northeast-2:123456789012:schedule/dev/morning-nestjs",
    ),
    ("SCHEDULED_TIME", "2024-01-15T00:00:00Z"),
    ("ERROR_CODE", "ThrottlingException"),
    ("ERROR_MESSAGE", "Rate exceeded"),
    ("RETRY_ATTEMPTS", "3"),
];

fn undelivered(body: &str) -> ScheduleDeadLetter {
    match decode(&dead_letter(body, &ATTRIBUTES)) {
        Ok(Decoded::Fact {
            fact: Fact::DeadLetter(undelivered),
            environment: None,
        }) => *undelivered,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_dead_letter_says_what_was_given_up() {
    let input =
        r#"{"Cluster": "arn:aws:ecs:x:1:cluster/dev", "Service": "nestjs", "DesiredCount": 1}"#;
    insta::assert_json_snapshot!(undelivered(input), @r#"
    {
      "scheduled_time": "2024-01-15T00:00:00Z",
      "schedule_arn": "arn:aws:scheduler:ap-northeast-2:123456789012:schedule/dev/morning-nestjs",
      "account": "123456789012",
      "region": "ap-northeast-2",
      "cluster": "dev",
      "service": "nestjs",
      "desired_count": 1,
      "error": {
        "code": "ThrottlingException",
        "message": "Rate exceeded"
      },
      "attempts": 4
    }
    "#);
    let absent = undelivered(r#"{"Service": "nestjs"}"#);
    assert_eq!(absent.cluster.as_deref(), Some("default"));
}

#[test]
fn a_dead_letter_cut_short_names_its_schedule_and_no_cluster() {
    for body in [
        r#"{"Cluster": "dev", "Serv"#,
        "",
        "[1]",
        r#"{"Service": 7}"#,
    ] {
        let undelivered = undelivered(body);
        assert_eq!(undelivered.cluster, None, "{body}");
        assert_eq!(undelivered.service, None, "{body}");
        assert!(undelivered.schedule_arn.ends_with("/morning-nestjs"));
    }
}

#[test]
fn a_dead_letter_without_its_attributes_is_explained() {
    for (name, value) in [("SCHEDULED_TIME", "yesterday"), ("SCHEDULE_ARN", "canary")] {
        let mut attributes = ATTRIBUTES.to_vec();
        attributes.retain(|(known, _)| *known != name);
        attributes.push((name, value));
        let error = decode(&dead_letter("{}", &attributes)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the schedule's dead letter has no usable attribute `{name}`")
        );
    }
    let error = decode(&dead_letter("{}", &ATTRIBUTES[..2])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the schedule's dead letter has no usable attribute `ERROR_CODE`"
    );
}

fn roster() -> Value {
    json!({
        "rollcall": "roster", "environment": "dev", "schedule": "morning",
        "scheduled_time": "2024-01-15T00:00:00Z", "flexible_window_minutes": 5, "account": "123456789012",
        "region": "ap-northeast-2", "cluster": "arn:aws:ecs:ap-northeast-2:123456789012:cluster/dev",
        "services": {"nestjs": 1, "frontend": 0}, "group": "rollcall-dev",
    })
}

#[test]
fn a_roster_says_what_is_expected_and_where() {
    let decoded = decode_body(&roster().to_string()).unwrap();
    let Decoded::Fact {
        fact: Fact::Roster(expected),
        environment,
    } = decoded
    else {
        panic!("{decoded:?}");
    };
    assert_eq!(environment.as_deref(), Some("dev"));
    assert_eq!(expected.cluster, "dev");
    assert_eq!(expected.group.as_deref(), Some("rollcall-dev"));
    insta::assert_json_snapshot!(expected.services, @r#"
    {
      "frontend": 0,
      "nestjs": 1
    }
    "#);
}

#[test]
fn a_broken_roster_is_explained_and_never_quoted() {
    let unexpected = "the roster, override or timer has an unexpected form";
    for (field, value, expected) in [
        (
            "scheduled_time",
            json!("canary"),
            "the roster has no usable `scheduled_time`: expected a time such as \"2026-01-15T00:00:00Z\"",
        ),
        // Chrono reads it, but no schedule fires then, and arithmetic on it would overflow.
        (
            "scheduled_time",
            json!("+262142-12-31T23:59:59Z"),
            unexpected,
        ),
        (
            "services",
            json!({"nestjs": "canary"}),
            "the roster has no usable `services`: ",
        ),
        (
            "account",
            Value::Null,
            "the roster has no usable `account`: ",
        ),
        ("rollcall", json!("canary"), unexpected),
    ] {
        let mut roster = roster();
        roster[field] = value;
        let error = reason(&roster.to_string());
        assert!(error.starts_with(expected), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn labels_are_taken_as_far_as_they_are_labels_and_never_cost_the_roster() {
    let labels_of = |labels: Value| {
        let mut roster = roster();
        roster["labels"] = labels;
        match decode_body(&roster.to_string()) {
            Ok(Decoded::Fact {
                fact: Fact::Roster(roster),
                ..
            }) => {
                assert!(roster.services.contains_key("nestjs"));
                json!(roster.labels)
            }
            other => panic!("{other:?}"),
        }
    };
    let good = json!({"nestjs": {"team": "search", "tier": "검색"}});
    assert_eq!(labels_of(good.clone()), good);
    let many: BTreeMap<String, &str> = (10..30).map(|n| (n.to_string(), "x")).collect();
    assert_eq!(
        labels_of(json!({"nestjs": many}))["nestjs"]
            .as_object()
            .unwrap()
            .len(),
        10
    );
    let of_a_service_that_the_roster_does_not_call = json!({"somebody": {"team": "search"}});
    for labels in [
        Value::Null,
        json!("team"),
        json!(["team"]),
        json!({"nestjs": "search"}),
        json!({"nestjs": {"team": 7, "owner": {"name": "x"}}}),
        json!({"nestjs": {"": "x", "team": ""}}),
        json!({"nestjs": {"team": "a\nb", "a\u{0}b": "x"}}),
        json!({"nestjs": {"team": "x".repeat(64), "k".repeat(64): "x"}}),
        of_a_service_that_the_roster_does_not_call,
    ] {
        assert_eq!(labels_of(labels.clone()), json!({}), "{labels}");
    }
}

fn told_override() -> Value {
    json!({
        "rollcall": "override", "id": "k3x9p2ab", "phase": "began", "kind": "extend", "environment": "dev",
        "by": "kim", "reason": "demo", "scheduled_time": "2024-01-15T08:31:00Z", "created_at": "2024-01-15T08:30:00Z",
        "until": "2024-01-15T13:00:00Z", "zone": "Asia/Seoul", "account": "123456789012", "region": "ap-northeast-2",
        "changes": [{
            "schedule": "evening", "from": "2024-01-15T09:00:00Z", "to": "2024-01-15T13:00:00Z", "calls": 20,
        }],
    })
}

#[test]
fn an_override_names_its_environment_and_a_later_release_may_add_fields() {
    let mut message = told_override();
    message["canary"] = json!(1);
    let decoded = decode_body(&message.to_string()).unwrap();
    let Decoded::Fact {
        fact: Fact::Override(one),
        environment,
    } = decoded
    else {
        panic!("{decoded:?}");
    };
    assert_eq!(environment.as_deref(), Some("dev"));
    assert_eq!(one.changes[0].calls, 20);
    assert_eq!(
        [
            one.made_by,
            one.changes[0].services.clone().map(|_| String::new())
        ],
        [None, None]
    );
}

#[test]
fn a_broken_override_is_explained_and_never_quoted() {
    let far = json!("+262142-12-31T23:59:59Z");
    for (field, value) in [
        ("id", Value::Null),
        ("id", json!("")),
        ("id", json!("<!here> canary")),
        ("id", json!("canary".repeat(20))),
        ("phase", json!("canary")),
        ("kind", json!("canary")),
        ("environment", json!("canary".repeat(50))),
        ("by", json!(["canary"])),
        ("by", json!("canary".repeat(50))),
        ("reason", json!("canary".repeat(400))),
        ("scheduled_time", json!("canary")),
        ("scheduled_time", far.clone()),
        ("created_at", far.clone()),
        ("until", far.clone()),
        ("zone", json!(9)),
        ("account", Value::Null),
        ("region", Value::Null),
        ("changes", Value::Null),
        ("changes", json!([{"schedule": "canary", "calls": 1}])),
        (
            "changes",
            json!([{"schedule": "canary", "calls": -1, "to": "2024-01-15T13:00:00Z"}]),
        ),
        (
            "changes",
            json!([{"schedule": "canary", "calls": 1, "to": far}]),
        ),
        (
            "changes",
            json!(vec![told_override()["changes"][0].clone(); 501]),
        ),
    ] {
        let mut message = told_override();
        message[field] = value;
        let error = reason(&message.to_string());
        let expected = format!("the override has no usable `{field}`: expected ");
        assert!(error.starts_with(&expected), "{field}: {error}");
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn a_timer_names_its_window() {
    let timer = json!({"rollcall": "timer", "window": {"start": "2024-01-15T00:00:00Z", "environment": "dev"}});
    let Ok(Decoded::Timer {
        key,
        unkept: 0,
        hops: 0,
    }) = decode_body(&timer.to_string())
    else {
        panic!("no timer");
    };
    assert_eq!(key.to_string(), "dev 2024-01-15T00:00:00Z");
}
