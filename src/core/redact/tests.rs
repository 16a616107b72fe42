//! Which stand-ins names, ARNs and texts get.

use serde_json::json;

use super::Redactor;
use crate::core::decode::decode_body;

/// A redactor that has seen one call of the service `api` in the cluster `acme`.
fn redactor() -> Redactor {
    let mut redactor = Redactor::new();
    let _ = redactor.redact(json!({"requestParameters": {"cluster": "acme", "service": "api"}}));
    redactor.has_learned();
    redactor
}

#[test]
fn arns_keep_their_form() {
    for (arn, expected) in [
        (
            "arn:aws:ecs:eu-central-1:111122223333:service/acme/api",
            "arn:aws:ecs:eu-central-1:100000000001:service/cluster-1/service-1",
        ),
        (
            "arn:aws-cn:ecs:cn-north-1:111122223333:service/api",
            "arn:aws-cn:ecs:cn-north-1:100000000001:service/service-1",
        ),
        (
            "arn:aws:ecs:eu-central-1:111122223333:task-definition/shop:7",
            "arn:aws:ecs:eu-central-1:100000000001:task-definition/family-1:7",
        ),
        (
            "arn:aws:iam::111122223333:role/team/Deploy",
            "arn:aws:iam::100000000001:role/name-1/role-1",
        ),
        (
            "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/jane@example.org",
            "arn:aws:sts::100000000001:assumed-role/AWSReservedSSO_role-1_0000000000000001/user-1@example.com",
        ),
        (
            "arn:aws:sqs:us-gov-west-1:111122223333:acme-queue",
            "arn:aws:sqs:us-gov-west-1:100000000001:name-1",
        ),
        ("arn:aws:iam::aws:policy/*", "arn:aws:iam::aws:name-1"),
        ("arn:acme", "name-1"),
    ] {
        assert_eq!(redactor().name("name", arn), expected, "{arn}");
    }
}

#[test]
fn texts_keep_the_sentence_of_aws() {
    for (text, expected) in [
        (
            "(service api) was unable to place a task because no container instance met all of its requirements.",
            "(service service-1) was unable to place a task because no container instance met all of its requirements.",
        ),
        (
            "api: exit code 137 after 0.5 GB, 80% in 30s at 2026-01-15T00:00:00Z",
            "service-1: exit code 137 after 0.5 GB, 80% in 30s at 2026-01-15T00:00:00Z",
        ),
        (
            "(port 8080) is unhealthy in (vpc-lattice target-group acme-tg) of ecs-svc/0123456789",
            "(port 8080) is unhealthy in (vpc-lattice target-group word-1) of word-2",
        ),
        (
            "not authorized to perform: iam:PassRole in ap-northeast-2; RESOURCE:CPU",
            "not authorized to perform: iam:PassRole in ap-northeast-2; RESOURCE:CPU",
        ),
        (
            "dial tcp 10.0.0.5:443, 10.0.0.5 and fd00::1: lookup registry.acme.internal on service/acme/api",
            "dial tcp 203.0.113.1:443, 203.0.113.1 and 2001:db8::2: lookup word-1 on service/cluster-1/service-1",
        ),
    ] {
        assert_eq!(redactor().text(text), expected, "{text}");
    }
}

#[test]
fn what_is_not_listed_is_dropped() {
    let record = json!({
        "eventName": "UpdateService", "eventVersion": "1.11", "eventTime": "2026-01-15T00:00:00Z",
        "acmeField": "secret", "tlsDetails": {"clientProvidedHostHeader": "ecs.acme.internal"},
        "requestParameters": {"desiredCount": 1, "service": 7, "networkConfiguration": {"subnets": ["subnet-1"]}},
        "userAgent": "aws-cli/2.1 acme-deployer/3 Terraform/1.9 jane", "sourceIPAddress": "ecs.amazonaws.com",
        "readOnly": false, "responseElements": null,
    });
    assert_eq!(
        redactor().redact(record),
        json!({
            "eventName": "UpdateService", "eventVersion": "1.11", "eventTime": "2026-01-15T00:00:00Z",
            "requestParameters": {"desiredCount": 1},
            "userAgent": "aws-cli/2.1 Terraform/1.9", "sourceIPAddress": "ecs.amazonaws.com",
            "readOnly": false, "responseElements": null,
        })
    );
}

#[test]
fn labels_become_stand_ins() {
    let roster = json!({
        "rollcall": "roster", "services": {"api": 1, "web": 1},
        "labels": {"api": {"team": "acme search", "number": 7}, "web": {"team": "acme search"}, "broken": "acme"},
    });
    assert_eq!(
        redactor().redact(roster)["labels"],
        json!({"service-1": {"label-1": "value-1"}, "service-2": {"label-1": "value-1"}})
    );
}

#[test]
fn rosters_and_own_names_of_aws_keep_what_they_mean() {
    let mut redactor = redactor();
    let roster = json!({
        "rollcall": "roster", "environment": "acme", "services": {"api": 1, "web": 0}, "jobs": {}, "cluster": "default",
        "role": "AWSServiceRoleForECS",
    });
    assert_eq!(
        redactor.redact(roster),
        json!({
            "rollcall": "roster", "environment": "cluster-1", "services": {"service-1": 1, "service-2": 0}, "jobs": {},
            "cluster": "default", "role": "AWSServiceRoleForECS",
        })
    );
}

#[test]
fn overrides_keep_their_times_and_no_words_of_people() {
    let mut redactor = redactor();
    let told = json!({
        "rollcall": "override", "id": "k3x9p2ab", "phase": "cancelled", "kind": "extend", "environment": "acme",
        "by": "lee", "made_by": "kim@acme.com", "reason": "demo for our customer", "zone": "Asia/Seoul",
        "scheduled_time": "2026-01-15T08:00:00Z", "created_at": "2026-01-15T07:30:00Z", "until": "2026-01-15T13:00:00Z",
        "account": "111122223333", "region": "eu-west-1", "changes": [{
            "schedule": "evening", "from": "2026-01-15T09:00:00Z", "to": "2026-01-15T13:00:00Z", "services": ["api"],
            "calls": 1, "direction": "down",
        }],
    });
    let redacted = redactor.redact(told);
    assert_eq!(
        redacted["changes"],
        json!([{
            "schedule": "schedule-1", "from": "2026-01-15T09:00:00Z", "to": "2026-01-15T13:00:00Z",
            "services": ["service-1"], "calls": 1, "direction": "down",
        }])
    );
    let body = redacted.to_string();
    assert!(decode_body(&body).is_ok(), "{body}");
    for secret in [
        "lee",
        "kim",
        "demo",
        "customer",
        "acme",
        "Seoul",
        "k3x9p2ab",
        "111122223333",
        "evening",
    ] {
        assert!(!body.contains(secret), "{secret} in {body}");
    }
}
