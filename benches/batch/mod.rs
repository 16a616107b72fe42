//! Batches of any size, made up from the documented shape of a CloudTrail record and of an ECS service.

use serde_json::{Value, json};

/// The largest event that Lambda hands to a function that is invoked with its answer awaited.
pub(crate) const EVENT_LIMIT: usize = 6 * 1024 * 1024;

/// As many services as fill [`EVENT_LIMIT`] with the largest responses that ECS gives.
pub(crate) const LARGE_RECORDS: usize = 212;

/// Every so many calls one was refused.
const FAILURE_EVERY: usize = 20;

/// A batch just under [`EVENT_LIMIT`]: 212 services, 28 KB each with the 100 latest events of the service.
pub(crate) fn large() -> Value {
    let batch = batch(LARGE_RECORDS, 100);
    let length = batch.to_string().len();
    assert!(
        (EVENT_LIMIT * 99 / 100..EVENT_LIMIT).contains(&length),
        "{length} bytes"
    );
    batch
}

/// An SQS batch of calls for that many services, each answer with that many service events.
pub(crate) fn batch(records: usize, service_events: usize) -> Value {
    let records: Vec<Value> = bodies(records, service_events)
        .enumerate()
        .map(|(index, body)| message(index, &body))
        .collect();
    json!({ "Records": records })
}

/// The bodies of such a batch.
pub(crate) fn bodies(records: usize, service_events: usize) -> impl Iterator<Item = String> {
    (0..records).map(move |index| envelope(index, service_events).to_string())
}

fn message(index: usize, body: &str) -> Value {
    json!({
        "messageId": id("message", index),
        "receiptHandle": "AQEB23ba36c827310efa9424b3c41a44502c==",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1705276906204",
            "SenderId": "AIDAEXAMPLEEVENTBRDG0",
            "ApproximateFirstReceiveTimestamp": "1705276906218",
        },
        "messageAttributes": {},
        "md5OfBody": "c844344f114acad10b944582f5602bea",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:ap-northeast-2:123456789012:dev-ecs-scaling-events",
        "awsRegion": "ap-northeast-2",
    })
}

fn envelope(index: usize, service_events: usize) -> Value {
    let time = time(index);
    json!({
        "version": "0",
        "id": id("envelope", index),
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ecs",
        "account": "123456789012",
        "time": time,
        "region": "ap-northeast-2",
        "resources": [],
        "detail": record(index, service_events, &time),
    })
}

fn record(index: usize, service_events: usize, time: &str) -> Value {
    let service = format!("customer-notification-dispatcher-{index:05}");
    let session = "92430cfeb524c4dd590f747d41fdc631";
    let mut record = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": format!("AROAEXAMPLE2885B34A05:{session}"),
            "arn": format!("arn:aws:sts::123456789012:assumed-role/dev-ecs-scheduler/{session}"),
            "accountId": "123456789012",
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": "AROAEXAMPLE2885B34A05",
                    "arn": "arn:aws:iam::123456789012:role/dev-ecs-scheduler",
                    "accountId": "123456789012",
                    "userName": "dev-ecs-scheduler",
                },
                "attributes": {"creationDate": time, "mfaAuthenticated": "false"},
            },
        },
        "eventTime": time,
        "eventSource": "ecs.amazonaws.com",
        "eventName": "UpdateService",
        "awsRegion": "ap-northeast-2",
        "sourceIPAddress": "203.0.113.156",
        "userAgent": "AmazonEventBridgeScheduler aws-sdk-java/2.21.42",
        "requestParameters": {"cluster": "dev", "service": service, "desiredCount": 1},
        "responseElements": null,
        "requestID": id("request", index),
        "eventID": id("event", index),
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "123456789012",
        "eventCategory": "Management",
    });
    if index.is_multiple_of(FAILURE_EVERY) {
        record["errorCode"] = json!("ServiceNotActiveException");
        record["errorMessage"] = json!("Service was not ACTIVE.");
    }
    // A refused call has no answer; here it has one all the same, so that every record is of one size.
    if service_events > 0 {
        record["responseElements"] = json!({"service": answer(&service, service_events)});
    }
    record
}

fn answer(service: &str, service_events: usize) -> Value {
    let arn = |resource: &str| format!("arn:aws:ecs:ap-northeast-2:123456789012:{resource}");
    let task_definition = arn(&format!("task-definition/{service}:42"));
    let events: Vec<Value> = (0..service_events)
        .map(|index| service_event(service, index))
        .collect();
    json!({
        "serviceArn": arn(&format!("service/dev/{service}")),
        "serviceName": service,
        "clusterArn": arn("cluster/dev"),
        "status": "ACTIVE",
        "desiredCount": 1,
        "runningCount": 0,
        "pendingCount": 0,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "taskDefinition": task_definition,
        "deployments": [{
            "id": "ecs-svc/0617025586121550376",
            "status": "PRIMARY",
            "taskDefinition": task_definition,
            "desiredCount": 1,
            "rolloutState": "COMPLETED",
            "rolloutStateReason": "ECS deployment completed.",
        }],
        "events": events,
        "createdAt": "Dec 25, 2023, 12:00:03 AM",
        "placementConstraints": [],
        "placementStrategy": [],
    })
}

fn service_event(service: &str, index: usize) -> Value {
    let task = format!("{index:032x}");
    let target_group = format!(
        "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/{service}/{}",
        &task[16..]
    );
    let message = match index % 4 {
        0 => format!("(service {service}) has reached a steady state."),
        1 => format!("(service {service}) has stopped 1 running tasks: (task {task})."),
        2 => format!("(service {service}) registered 1 targets in (target-group {target_group})"),
        _ => format!("(service {service}) deregistered 1 targets in (target-group {target_group})"),
    };
    json!({"id": id(service, index), "createdAt": "Jan 14, 2024, 9:00:04 AM", "message": message})
}

/// Calls spread over the five minutes of a flexible window.
fn time(index: usize) -> String {
    let second = index * 7 % 300;
    format!("2024-01-15T00:{:02}:{:02}Z", second / 60, second % 60)
}

/// Looks like a UUID, and no two are the same.
fn id(kind: &str, index: usize) -> String {
    let kind = kind.bytes().fold(0_u32, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(byte.into())
    });
    format!("{kind:08x}-0000-5000-8000-{index:012x}")
}
