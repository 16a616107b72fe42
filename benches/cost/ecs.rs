//! ECS and Application Auto Scaling: services that are scaled at known times, and follow some time later.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::scenario::{ACCOUNT, CLUSTER, Call, REGION, Scenario};

/// What the function asked, and when it first asked about each call.
#[derive(Debug, Default)]
pub(crate) struct Ecs {
    services: BTreeMap<String, Vec<Called>>,
    /// Text of older events, which every service has as many of as ECS keeps.
    older_events: String,
    pub(crate) requests: BTreeMap<String, usize>,
}

/// A call, and when the service was first looked at after it.
#[derive(Debug, Clone)]
struct Called {
    call: Call,
    first_look: Option<DateTime<Utc>>,
}

impl Ecs {
    /// The services of a scenario.
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let mut services: BTreeMap<String, Vec<Called>> = BTreeMap::new();
        for call in scenario.calls() {
            let called = Called {
                call: call.clone(),
                first_look: None,
            };
            services
                .entry(call.service.clone())
                .or_default()
                .push(called);
        }
        let older = (0..scenario.service_events).map(|number| {
            let at = scenario.time - TimeDelta::hours(12) - TimeDelta::hours(number);
            event(
                number,
                at,
                "customer-notification-dispatcher-00000",
                "has reached a steady state",
            )
        });
        let older: Vec<String> = older.collect();
        Self {
            services,
            older_events: older.join(","),
            requests: BTreeMap::new(),
        }
    }

    /// How long after each call its service was first looked at; none where it never was.
    pub(crate) fn first_looks(&self) -> impl Iterator<Item = Option<TimeDelta>> {
        let calls = self.services.values().flatten();
        calls.map(|called| called.first_look.map(|at| at - called.call.at))
    }

    /// Answers a request; none where the operation is not known.
    pub(crate) fn answer(
        &mut self,
        operation: &str,
        request: &Value,
        now: DateTime<Utc>,
    ) -> Option<String> {
        let count = self.requests.entry(operation.to_owned());
        *count.or_default() += 1;
        Some(match operation {
            "DescribeServices" => self.describe_services(request, now),
            "ListTasks" => self.list_tasks(request),
            "DescribeTasks" => describe_tasks(request, now),
            "DescribeScalableTargets" => r#"{"ScalableTargets":[]}"#.to_owned(),
            _ => return None,
        })
    }

    fn describe_services(&mut self, request: &Value, now: DateTime<Utc>) -> String {
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for name in texts(&request["services"]) {
            let name = name.rsplit('/').next().unwrap_or(name);
            let Some(calls) = self.services.get_mut(name) else {
                failures.push(
                    json!({"arn": arn(&format!("service/{CLUSTER}/{name}")), "reason": "MISSING"}),
                );
                continue;
            };
            let called = calls.iter_mut().rfind(|called| called.call.at <= now);
            let call = called.map(|called| {
                called.first_look.get_or_insert(now);
                &called.call
            });
            found.push(description(name, call, &self.older_events, now));
        }
        format!(
            r#"{{"services":[{}],"failures":{}}}"#,
            found.join(","),
            json!(failures)
        )
    }

    /// A service whose task never runs has one that stopped.
    fn list_tasks(&self, request: &Value) -> String {
        let name = request["serviceName"].as_str().unwrap_or_default();
        let never_runs =
            |calls: &Vec<Called>| calls.iter().any(|called| called.call.runs_at.is_none());
        let has_stopped = request["desiredStatus"] == "STOPPED"
            && self.services.get(name).is_some_and(never_runs);
        let arns = has_stopped.then(|| arn(&format!("task/{CLUSTER}/{name}")));
        let arns: Vec<String> = arns.into_iter().collect();
        json!({"taskArns": arns}).to_string()
    }
}

/// A service after its latest call. Where no call was made yet, no task is wanted, and none runs.
fn description(name: &str, call: Option<&Call>, older_events: &str, now: DateTime<Utc>) -> String {
    let runs_at = call.and_then(|call| call.runs_at).filter(|at| now >= *at);
    let desired = call.map_or(0, |call| call.count);
    let running = match call {
        // Before the call it was the other way round.
        Some(call) if runs_at.is_none() && call.runs_at.is_some() => 1 - call.count,
        Some(call) if runs_at.is_some() => call.count,
        _ => 0,
    };
    let mut events = Vec::new();
    if let Some(at) = runs_at {
        events.push(event(9_001, at, name, "has reached a steady state"));
    }
    if let Some(call) = call {
        let at = call.at + TimeDelta::seconds(3);
        let what = if call.count > 0 {
            "has started 1 tasks: (task 0123456789abcdef0123456789abcdef)"
        } else {
            "has stopped 1 running tasks: (task 0123456789abcdef0123456789abcdef)"
        };
        events.push(event(9_000, at, name, what));
    }
    events.push(older_events.to_owned());
    let task_definition = arn(&format!("task-definition/{name}:42"));
    let head = json!({
        "serviceArn": arn(&format!("service/{CLUSTER}/{name}")),
        "serviceName": name,
        "clusterArn": arn(&format!("cluster/{CLUSTER}")),
        "status": "ACTIVE",
        "desiredCount": desired,
        "runningCount": running,
        "pendingCount": desired.saturating_sub(running),
        "launchType": "FARGATE",
        "taskDefinition": task_definition,
        "deployments": [{
            "id": "ecs-svc/0617025586121550376",
            "status": "PRIMARY",
            "taskDefinition": task_definition,
            "desiredCount": desired,
            "runningCount": running,
            "failedTasks": 0,
            "rolloutState": "COMPLETED",
            "rolloutStateReason": "ECS deployment completed.",
        }],
    });
    let head = head.to_string();
    let head = head.strip_suffix('}').unwrap_or_default();
    let events = events.join(",");
    format!(r#"{head},"events":[{}]}}"#, events.trim_end_matches(','))
}

fn event(number: i64, at: DateTime<Utc>, service: &str, what: &str) -> String {
    json!({
        "id": format!("{number:08x}-0000-5000-8000-000000000000"),
        "createdAt": seconds(at),
        "message": format!("(service {service}) {what}."),
    })
    .to_string()
}

fn describe_tasks(request: &Value, now: DateTime<Utc>) -> String {
    let task = |task: &str| {
        let name = task.rsplit('/').next().unwrap_or_default();
        json!({
            "taskArn": arn(&format!("task/{CLUSTER}/{name}")),
            "clusterArn": arn(&format!("cluster/{CLUSTER}")),
            "group": format!("service:{name}"),
            "lastStatus": "STOPPED",
            "createdAt": seconds(now - TimeDelta::seconds(60)),
            "stoppedAt": seconds(now - TimeDelta::seconds(20)),
            "stopCode": "TaskFailedToStart",
            "stoppedReason": "CannotPullContainerError: pull image manifest has been retried 5 time(s)",
            "containers": [],
        })
    };
    let tasks: Vec<Value> = texts(&request["tasks"]).map(task).collect();
    json!({"tasks": tasks, "failures": []}).to_string()
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn arn(resource: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{resource}")
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this century")]
fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp_millis() as f64 / 1e3
}
