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

/// A call of a schedule.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) service: String,
    pub(crate) count: u8,
    pub(crate) at: DateTime<Utc>,
    recorded_at: DateTime<Utc>,
    /// When as many tasks run as were asked for; none where they never do.
    pub(crate) runs_at: Option<DateTime<Utc>>,
}

/// A schedule that fired, with all its calls.
#[derive(Debug)]
pub(crate) struct Schedule {
    name: String,
    time: DateTime<Utc>,
    calls: Vec<Call>,
}

/// What happens, all of it known before it begins.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// When the first schedule fires.
    pub(crate) time: DateTime<Utc>,
    schedules: Vec<Schedule>,
    pub(crate) service_events: i64,
}

impl Scenario {
    /// A morning with so many services, which schedules half an hour apart scale up, down, up and so on.
    pub(crate) fn new(services: usize, options: &Options) -> Self {
        // 09:00 in Seoul.
        let time = DateTime::from_timestamp(1_705_276_800, 0).unwrap();
        let mut random = Rng::with_seed(options.seed);
        let schedules = (0..options.schedules).map(|number| {
            let time = time + TimeDelta::minutes(30 * i64::from(number));
            let count = u8::from(number % 2 == 0);
            let starts = !options.tasks_never_start || count == 0;
            let calls =
                (0..services).map(|service| call(service, count, time, starts, &mut random));
            Schedule {
                name: format!("schedule-{number}"),
                time,
                calls: calls.collect(),
            }
        });
        Self {
            time,
            schedules: schedules.collect(),
            service_events: options.service_events,
        }
    }

    /// The calls of all schedules, the earlier schedules' first.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.schedules.iter().flat_map(|schedule| &schedule.calls)
    }

    /// Every message that reaches the queue, and when.
    pub(crate) fn messages(&self) -> impl Iterator<Item = (String, DateTime<Utc>)> {
        let rosters = self.schedules.iter().flat_map(|schedule| {
            let parts = schedule.calls.chunks(ROSTER_PART);
            parts.map(|part| {
                let body = roster(schedule, part).to_string();
                (body, schedule.time + TimeDelta::seconds(1))
            })
        });
        let records = self.calls().enumerate();
        let records =
            records.map(|(number, call)| (record(number, call).to_string(), call.recorded_at));
        rosters.chain(records)
    }
}

/// The label of a route, which stands in the heading of its messages.
pub(crate) fn label_of_route(number: usize) -> String {
    format!("team {number}")
}

/// So many routes, ten at most, which share the services by the last digit of their names.
pub(crate) fn routes(number: usize) -> Value {
    let route = |route: usize| {
        let digits = (route..10).step_by(number).map(|digit| digit.to_string());
        let digits = digits.collect::<Vec<_>>().join(",");
        json!({
            "name": format!("team-{route}"),
            "match": {"service": format!("*{{{digits}}}")},
            "label": label_of_route(route),
        })
    };
    json!({"routes": (0..number).map(route).collect::<Vec<_>>()})
}

fn call(number: usize, count: u8, time: DateTime<Utc>, starts: bool, random: &mut Rng) -> Call {
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
        count,
        at,
        recorded_at: at + TimeDelta::milliseconds(latency),
        runs_at: starts.then(|| at + TimeDelta::seconds(starts_after)),
    }
}

fn roster(schedule: &Schedule, calls: &[Call]) -> Value {
    let services: Map<String, Value> = calls
        .iter()
        .map(|call| (call.service.clone(), json!(call.count)))
        .collect();
    json!({
        "rollcall": "roster",
        "environment": CLUSTER,
        "schedule": schedule.name,
        "scheduled_time": schedule.time.to_rfc3339_opts(SecondsFormat::Secs, true),
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
            "requestParameters": {"cluster": CLUSTER, "service": call.service, "desiredCount": call.count},
            "responseElements": {"service": answer(call)},
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

fn answer(call: &Call) -> Value {
    let service = &call.service;
    json!({
        "serviceArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/{CLUSTER}/{service}"),
        "serviceName": service,
        "clusterArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"),
        "status": "ACTIVE",
        "desiredCount": call.count,
        "runningCount": 1 - call.count,
        "pendingCount": 0,
        "launchType": "FARGATE",
        "deployments": [{"status": "PRIMARY", "desiredCount": call.count, "rolloutState": "COMPLETED"}],
        "events": [],
    })
}
