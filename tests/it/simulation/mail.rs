//! The messages of a simulated world, as AWS writes them.

use aws_lambda_events::sqs::{SqsMessage, SqsMessageAttribute};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::ecs::Ecs;
use super::overrides;
use super::plan::{Again, Hold, HoldKind, Plan};
use super::script::{Attempt, RETRY_MINUTES, Run, SCHEDULER, Script};

/// The errors that calls are refused with.
pub const ERRORS: [&str; 3] = [
    "ThrottlingException",
    "ServiceNotFoundException",
    "AccessDenied",
];
pub const ACCOUNT: &str = "123456789012";
pub const REGION: &str = "ap-northeast-2";

/// Milliseconds since the world began.
pub type Millis = i64;

/// The moment that many milliseconds after the world began.
pub fn moment(millis: Millis) -> DateTime<Utc> {
    DateTime::from_timestamp(1_705_276_800, 0).unwrap() + TimeDelta::milliseconds(millis)
}

/// How many milliseconds after the world began a moment is.
pub fn millis(moment: DateTime<Utc>) -> Millis {
    moment.timestamp_millis() - 1_705_276_800_000
}

/// A message on its way to the queue.
pub struct Mail {
    /// Who reads a trace knows it by this.
    pub label: String,
    /// What the log is to hold after it was taken in; `None` for what is not kept.
    pub fact: Option<String>,
    pub record: SqsMessage,
    /// When it becomes visible.
    pub at: Millis,
    /// When the same message is delivered once more.
    pub echoes: Vec<Millis>,
}

pub fn mail(label: &str, fact: Option<&str>, body: &Value, at: Millis) -> Mail {
    let mut record = SqsMessage::default();
    record.message_id = Some(label.to_owned());
    record.receipt_handle = Some(label.to_owned());
    record.body = Some(body.to_string());
    Mail {
        label: label.to_owned(),
        fact: fact.map(str::to_owned),
        record,
        at,
        echoes: Vec::new(),
    }
}

/// A timer as the function sends it.
pub fn timer(number: usize, body: &Value, at: Millis) -> Mail {
    mail(&format!("timer-{number}"), None, body, at)
}

/// The world's messages from outside.
pub fn letters(plan: &Plan, script: &Script, ecs: &Ecs) -> Vec<Mail> {
    let mut held = Vec::new();
    for call in script
        .calls()
        .chain(script.anonymous.iter().map(|(_, call)| call))
    {
        let run = script.runs.iter().find(|run| run.mark() == call.mark);
        post_call(call, run, &mut held);
    }
    for run in &script.runs {
        held.extend(run.dead_letter.map(|at| dead_letter(run, at)));
    }
    if let Some(hold) = plan.hold {
        hold.back(&mut held);
    }
    let mut letters = held;
    letters.extend(script.rosters.iter().map(|roster| {
        let first = &script.runs[roster.runs[0]];
        let of_kind = |is_job: bool| -> Map<String, Value> {
            let runs = roster.runs.iter().map(|&run| &script.runs[run]);
            let runs = runs.filter(|run| run.subject.is_job == is_job);
            runs.map(|run| (run.subject.name.clone(), json!(run.count)))
                .collect()
        };
        let body = json!({
            "rollcall": "roster", "environment": first.subject.environment,
            "schedule": roster.label, "cluster": first.subject.environment,
            "scheduled_time": moment(first.scheduled),
            "flexible_window_minutes": first.flexible / 60_000,
            "role": SCHEDULER, "retry_minutes": RETRY_MINUTES,
            "account": ACCOUNT, "region": REGION,
            "services": of_kind(false), "jobs": of_kind(true),
        });
        mail(&roster.label, Some(&roster.label), &body, roster.arrival)
    }));
    let natives = script.runs.iter().filter_map(|run| native(run, ecs));
    letters.extend(natives);
    letters.extend(overrides::letters(plan, script));
    letters
}

impl Hold {
    /// Lets go of what arrives while it lasts only afterwards, in fragments.
    fn back(self, letters: &mut [Mail]) {
        let HoldKind::Records { fragment, gap } = self.kind else {
            return;
        };
        let (from, end) = self.span();
        let mut late: Vec<&mut Mail> = letters
            .iter_mut()
            .filter(|mail| (from..end).contains(&mail.at))
            .collect();
        late.sort_by_key(|mail| mail.at);
        for (number, mail) in late.into_iter().enumerate() {
            let fragments = number / usize::from(fragment.max(1));
            let at = end + i64::try_from(fragments).unwrap() * Millis::from(gap) * 1_000;
            for echo in &mut mail.echoes {
                *echo += at - mail.at;
            }
            mail.at = at;
        }
    }

    pub fn span(self) -> (Millis, Millis) {
        let from = Millis::from(self.from) * 1_000;
        (from, from + Millis::from(self.seconds) * 1_000)
    }
}

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
}

fn post_call(call: &Attempt, run: Option<&Run>, letters: &mut Vec<Mail>) {
    let Some(at) = call.arrival else { return };
    let time = moment(call.at).to_rfc3339_opts(SecondsFormat::Secs, true);
    let is_scheduler = call.role == SCHEDULER;
    let session = if is_scheduler {
        "a1b2c3"
    } else {
        "jane@example.com"
    };
    let mut detail = json!({
        "eventVersion": "1.11", "eventSource": "ecs.amazonaws.com", "eventName": "UpdateService",
        "eventID": call.label, "eventTime": time, "awsRegion": REGION, "recipientAccountId": ACCOUNT,
        "userAgent": if is_scheduler { "AmazonEventBridgeScheduler/1.0" } else { "console.amazonaws.com" },
        "userIdentity": {
            "type": "AssumedRole", "accountId": ACCOUNT,
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{}/{session}", call.role),
            "sessionContext": {"sessionIssuer": {"userName": call.role}},
        },
    });
    if let Some(code) = call.error {
        detail["errorCode"] = json!(code);
        detail["errorMessage"] = json!(call.mark);
    }
    match &call.subject {
        Some(subject) if subject.is_job => {
            detail["eventName"] = json!("RunTask");
            detail["requestParameters"] = json!({
                "cluster": subject.environment, "taskDefinition": format!("{}:1", subject.name), "count": 1,
            });
            if call.is_accepted() {
                let task = run.map_or_else(|| format!("task-{}", call.label), Run::task);
                let cluster = &subject.environment;
                detail["responseElements"] = json!({"failures": [], "tasks": [{
                    "taskArn": arn("ecs", &format!("task/{cluster}/{task}")),
                    "clusterArn": arn("ecs", &format!("cluster/{cluster}")),
                    "taskDefinitionArn": arn("ecs", &format!("task-definition/{}:1", subject.name)),
                }]});
            }
        }
        Some(subject) => {
            detail["requestParameters"] = json!({
                "cluster": subject.environment, "service": subject.name, "desiredCount": call.count,
            });
        }
        None => {
            let cluster = &call.environment;
            detail["requestParameters"] = json!({"cluster": cluster, "desiredCount": call.count});
        }
    }
    let body = json!({"detail-type": "AWS API Call via CloudTrail", "detail": detail});
    let mut first = mail(&call.label, Some(&call.label), &body, at);
    for (number, again) in call.again.iter().enumerate() {
        match again {
            Again::Message(seconds) => first.echoes.push(at + Millis::from(*seconds) * 1_000),
            Again::Event(seconds) => letters.push(mail(
                &format!("{}-again-{number}", call.label),
                Some(&call.label),
                &body,
                at + Millis::from(*seconds) * 1_000,
            )),
        }
    }
    letters.push(first);
}

fn dead_letter(run: &Run, at: Millis) -> Mail {
    let subject = &run.subject;
    let mut body = json!({"Cluster": subject.environment});
    if subject.is_job {
        body["TaskDefinition"] = json!(subject.name);
    } else {
        body["Service"] = json!(subject.name);
        body["DesiredCount"] = json!(run.count);
    }
    let label = run.dead_letter_label();
    let mut letter = mail(&label, Some(&label), &body, at);
    let attributes = [
        (
            "SCHEDULE_ARN",
            arn("scheduler", &format!("schedule/dev/{label}")),
        ),
        ("SCHEDULED_TIME", moment(run.scheduled).to_rfc3339()),
        ("ERROR_CODE", "AccessDenied".to_owned()),
        ("ERROR_MESSAGE", run.mark()),
        ("RETRY_ATTEMPTS", "3".to_owned()),
    ];
    for (name, value) in attributes {
        let mut attribute = SqsMessageAttribute::default();
        attribute.string_value = Some(value);
        letter
            .record
            .message_attributes
            .insert(name.to_owned(), attribute);
    }
    letter
}

/// What ECS says of its own accord about a run that was accepted: that a service is steady or cannot place a task,
/// that a task has stopped.
fn native(run: &Run, ecs: &Ecs) -> Option<Mail> {
    let event = run.event?;
    let subject = &run.subject;
    let called = run.accepted()?.at;
    let label = format!("native-{}", run.id);
    let cluster = arn("ecs", &format!("cluster/{}", subject.environment));
    let text = |at: Millis| moment(at).to_rfc3339_opts(SecondsFormat::Millis, true);
    let (created, body) = if subject.is_job {
        let stopped = ecs.ends_at(&run.task())?;
        let mut detail = ecs.describe_task(&run.task(), stopped)?;
        let task = arn(
            "ecs",
            &format!("task/{}/{}", subject.environment, run.task()),
        );
        (detail["taskArn"], detail["clusterArn"]) = (json!(task), json!(cluster));
        detail["updatedAt"] = json!(text(stopped));
        (
            stopped,
            json!({"detail-type": "ECS Task State Change", "id": label, "detail": detail}),
        )
    } else {
        let settled = run.settles_after();
        let (at, name, reason) = match settled {
            Some(after) => (called + after, "SERVICE_STEADY_STATE", None),
            None if run.count > 0 => {
                let at = called + Millis::from(event.after) * 1_000;
                (
                    at,
                    "SERVICE_TASK_PLACEMENT_FAILURE",
                    Some("RESOURCE:FARGATE"),
                )
            }
            None => return None,
        };
        let detail = json!({"eventName": name, "clusterArn": cluster, "createdAt": text(at), "reason": reason});
        let service = arn(
            "ecs",
            &format!("service/{}/{}", subject.environment, subject.name),
        );
        (
            at,
            json!({"detail-type": "ECS Service Action", "id": label, "resources": [service], "detail": detail}),
        )
    };
    Some(mail(
        &label,
        Some(&label),
        &body,
        created + Millis::from(event.latency),
    ))
}
