//! A morning: a schedule that scales many services up, the records of its calls, and when tasks come up.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::options::Options;

pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "ap-northeast-2";
pub(crate) const CLUSTER: &str = "dev";
pub(crate) const ROLE: &str = "dev-ecs-scheduler";

/// How long after the schedule the last call is made.
const FLEXIBLE_MINUTES: i64 = 5;
/// How long after its call a record is in the queue, at least and at most.
const LATENCY_SECONDS: (i64, i64) = (60, 120);
/// How many services a roster message names, as the Terraform module cuts them.
const ROSTER_PART: usize = 900;
/// When most tasks run, and when one in ten does.
const STARTS_AFTER_SECONDS: (i64, i64) = (45, 240);

/// A call of the schedule.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) service: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) runs_at: Option<DateTime<Utc>>,
}

/// What happens, all of it known before it begins.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// When the schedule fires.
    pub(crate) time: DateTime<Utc>,
    pub(crate) calls: Vec<Call>,
    pub(crate) service_events: i64,
}

impl Scenario {
    /// A morning with so many services.
    pub(crate) fn new(services: usize, options: &Options) -> Self {
        // 09:00 in Seoul.
        let time = DateTime::from_timestamp(1_705_276_800, 0).unwrap();
        let mut random = Rng::with_seed(options.seed);
        let calls = (0..services).map(|number| {
            let at = time + TimeDelta::milliseconds(random.i64(0..FLEXIBLE_MINUTES * 60_000));
            let latency = random.i64(LATENCY_SECONDS.0 * 1_000..LATENCY_SECONDS.1 * 1_000);
            let is_late = random.u8(..10) == 0;
            let starts_after = if is_late {
                STARTS_AFTER_SECONDS.1
            } else {
                STARTS_AFTER_SECONDS.0
            };
            Call {
                service: format!("customer-notification-dispatcher-{number:05}"),
                at,
                recorded_at: at + TimeDelta::milliseconds(latency),
                runs_at: (!options.tasks_never_start)
                    .then(|| at + TimeDelta::seconds(starts_after)),
            }
        });
        Self {
            time,
            calls: calls.collect(),
            service_events: options.service_events,
        }
    }

    /// Every message that reaches the queue, and when.
    pub(crate) fn messages(&self) -> impl Iterator<Item = (String, DateTime<Utc>)> {
        let rosters = self.calls.chunks(ROSTER_PART).map(|part| {
            let body = roster(self.time, part).to_string();
            (body, self.time + TimeDelta::seconds(1))
        });
        let records = self.calls.iter().enumerate();
        let records =
            records.map(|(number, call)| (record(number, call).to_string(), call.recorded_at));
        rosters.chain(records)
    }
}

fn roster(time: DateTime<Utc>, calls: &[Call]) -> Value {
    let services: Map<String, Value> = calls
        .iter()
        .map(|call| (call.service.clone(), json!(1)))
        .collect();
    json!({
        "rollcall": "roster",
        "environment": CLUSTER,
        "schedule": "morning",
        "scheduled_time": time.to_rfc3339_opts(SecondsFormat::Secs, true),
        "flexible_window_minutes": FLEXIBLE_MINUTES,
        "account": ACCOUNT,
        "region": REGION,
        "cluster": CLUSTER,
        "role": ROLE,
        "retry_minutes": 15,
        "services": services,
    })
}

/// What EventBridge puts into the queue for a call: about two kilobytes.
fn record(number: usize, call: &Call) -> Value {
    let time = call.at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let id = |kind: &str| format!("{kind}-0000-5000-8000-{number:012x}");
    json!({
        "version": "0",
        "id": id("5a1b0e01"),
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ecs",
        "account": ACCOUNT,
        "time": time,
        "region": REGION,
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "userIdentity": identity(&time),
            "eventTime": time,
            "eventSource": "ecs.amazonaws.com",
            "eventName": "UpdateService",
            "awsRegion": REGION,
            "sourceIPAddress": "scheduler.amazonaws.com",
            "userAgent": "AmazonEventBridgeScheduler, aws-sdk-java/2.21.42",
            "requestParameters": {"cluster": CLUSTER, "service": call.service, "desiredCount": 1},
            "responseElements": {"service": answer(&call.service)},
            "requestID": id("5a1b0e02"),
            "eventID": id("5a1b0e03"),
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Management",
        },
    })
}

fn identity(time: &str) -> Value {
    let session = "92430cfeb524c4dd590f747d41fdc631";
    json!({
        "type": "AssumedRole",
        "principalId": format!("AROAEXAMPLE2885B34A05:{session}"),
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/{session}"),
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLE2885B34A05",
                "arn": format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}"),
                "accountId": ACCOUNT,
                "userName": ROLE,
            },
            "attributes": {"creationDate": time, "mfaAuthenticated": "false"},
        },
        "invokedBy": "scheduler.amazonaws.com",
    })
}

fn answer(service: &str) -> Value {
    json!({
        "serviceArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/{CLUSTER}/{service}"),
        "serviceName": service,
        "clusterArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"),
        "status": "ACTIVE",
        "desiredCount": 1,
        "runningCount": 0,
        "pendingCount": 0,
        "launchType": "FARGATE",
        "deployments": [{"status": "PRIMARY", "desiredCount": 1, "rolloutState": "COMPLETED"}],
        "events": [],
    })
}
