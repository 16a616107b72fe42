//! ECS and Application Auto Scaling: services that were scaled up at a known time, and run some time later.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::scenario::{ACCOUNT, CLUSTER, REGION, Scenario};

/// What the function asked, and when it first asked about each service.
#[derive(Debug, Default)]
pub(crate) struct Ecs {
    services: BTreeMap<String, Service>,
    /// Text of older events, which every service has as many of as ECS keeps.
    older_events: String,
    pub(crate) requests: BTreeMap<String, usize>,
}

/// A service with a count that a schedule sets to one.
#[derive(Debug, Clone)]
struct Service {
    called_at: DateTime<Utc>,
    runs_at: Option<DateTime<Utc>>,
    first_look: Option<DateTime<Utc>>,
}

impl Ecs {
    /// The services of a scenario.
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let service = |call: &super::scenario::Call| {
            let service = Service {
                called_at: call.at,
                runs_at: call.runs_at,
                first_look: None,
            };
            (call.service.clone(), service)
        };
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
            services: scenario.calls.iter().map(service).collect(),
            older_events: older.join(","),
            requests: BTreeMap::new(),
        }
    }

    /// How long after its call each service was first looked at; none where it never was.
    pub(crate) fn first_looks(&self) -> impl Iterator<Item = Option<TimeDelta>> {
        let services = self.services.values();
        services.map(|service| service.first_look.map(|at| at - service.called_at))
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
            let Some(service) = self.services.get_mut(name) else {
                failures.push(
                    json!({"arn": arn(&format!("service/{CLUSTER}/{name}")), "reason": "MISSING"}),
                );
                continue;
            };
            service.first_look.get_or_insert(now);
            found.push(description(name, service, &self.older_events, now));
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
        let service = self.services.get(name);
        let has_stopped = request["desiredStatus"] == "STOPPED"
            && service.is_some_and(|service| service.runs_at.is_none());
        let arns = has_stopped.then(|| arn(&format!("task/{CLUSTER}/{name}")));
        let arns: Vec<String> = arns.into_iter().collect();
        json!({"taskArns": arns}).to_string()
    }
}

fn description(name: &str, service: &Service, older_events: &str, now: DateTime<Utc>) -> String {
    let is_called = now >= service.called_at;
    let runs_at = service.runs_at.filter(|at| now >= *at);
    let (desired, running) = (u8::from(is_called), u8::from(runs_at.is_some()));
    let mut events = Vec::new();
    if let Some(at) = runs_at {
        events.push(event(9_001, at, name, "has reached a steady state"));
    }
    if is_called {
        let started_at = service.called_at + TimeDelta::seconds(3);
        events.push(event(
            9_000,
            started_at,
            name,
            "has started 1 tasks: (task 0123456789abcdef0123456789abcdef)",
        ));
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
        "pendingCount": desired - running.min(desired),
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
