//! The messages of a simulated world, as AWS writes them.

use std::collections::HashMap;

use aws_lambda_events::sqs::{SqsMessage, SqsMessageAttribute};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::plan::{Again, Call, Plan, Run};

/// The errors that calls are refused with.
pub const ERRORS: [&str; 3] = [
    "ThrottlingException",
    "ServiceNotFoundException",
    "AccessDenied",
];

/// Milliseconds since the world began.
pub type Millis = i64;

/// The moment that many milliseconds after the world began.
pub fn moment(millis: Millis) -> DateTime<Utc> {
    DateTime::from_timestamp(1_705_276_800, 0).unwrap() + TimeDelta::milliseconds(millis)
}

/// A message on its way to the queue.
pub struct Mail {
    /// Who reads a trace knows it by this.
    pub label: String,
    pub record: SqsMessage,
    /// When it becomes visible.
    pub at: Millis,
    /// When the same message is delivered once more.
    pub echoes: Vec<Millis>,
}

fn record(id: &str, body: &Value) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = Some(id.to_owned());
    record.body = Some(body.to_string());
    record
}

/// A timer as the function sends it.
pub fn timer(number: usize, body: &Value, at: Millis) -> Mail {
    Mail {
        label: format!("timer {number}"),
        record: record(&format!("timer-{number}"), body),
        at,
        echoes: Vec::new(),
    }
}

impl Plan {
    /// The world's messages from outside.
    pub fn mail(&self) -> Vec<Mail> {
        let mut mail = Vec::new();
        for (number, run) in self.runs.iter().enumerate() {
            run.post(i64::try_from(number).unwrap(), &mut mail);
        }
        mail
    }
}

/// A run's cluster, which is its window's label.
pub fn cluster(run: i64) -> String {
    format!("cluster-{run}")
}

impl Run {
    /// When a call is made, in a run that starts then.
    pub fn called_at(&self, start: Millis, call: &Call) -> Millis {
        start + i64::from(call.at) * i64::from(self.flexible_minutes) * 60
    }

    fn post(&self, number: i64, mail: &mut Vec<Mail>) {
        let start = number * 1_800_000;
        let cluster = cluster(number);
        for (index, service) in self.services.iter().enumerate() {
            let name = format!("{number}-service-{index}");
            for (attempt, call) in service.calls.iter().enumerate() {
                call.post(
                    &format!("{name}-call-{attempt}"),
                    Some(&name),
                    &cluster,
                    self,
                    start,
                    mail,
                );
            }
            if let Some(latency) = service.dead_letter {
                mail.push(dead_letter(
                    &name,
                    &cluster,
                    start,
                    start + i64::from(latency),
                ));
            }
        }
        for (index, call) in self.throttled.iter().enumerate() {
            call.post(
                &format!("{number}-throttled-{index}"),
                None,
                &cluster,
                self,
                start,
                mail,
            );
        }
        let parts = self.roster.as_ref().map_or(&[][..], |roster| &roster.parts);
        for (part, &latency) in parts.iter().enumerate() {
            let expected = (0..self.services.len()).filter(|index| index % parts.len() == part);
            let services: HashMap<String, i64> = expected
                .map(|index| (format!("{number}-service-{index}"), 1))
                .collect();
            let body = json!({
                "rollcall": "roster", "environment": cluster, "schedule": "morning", "cluster": cluster,
                "scheduled_time": moment(start), "flexible_window_minutes": self.flexible_minutes,
                "account": "123456789012", "region": "ap-northeast-2", "services": services,
            });
            let label = format!("roster-{number}-{part}");
            mail.push(Mail {
                record: record(&label, &body),
                label,
                at: start + i64::from(latency),
                echoes: Vec::new(),
            });
        }
    }
}

impl Call {
    fn post(
        &self,
        id: &str,
        service: Option<&str>,
        cluster: &str,
        run: &Run,
        start: Millis,
        mail: &mut Vec<Mail>,
    ) {
        let Some(latency) = self.latency else { return };
        let called = run.called_at(start, self);
        let time = moment(called).to_rfc3339_opts(SecondsFormat::Secs, true);
        let body = json!({
            "detail-type": "AWS API Call via CloudTrail",
            "detail": {
                "eventVersion": "1.11", "eventSource": "ecs.amazonaws.com", "eventName": "UpdateService",
                "eventID": id, "eventTime": time, "awsRegion": "ap-northeast-2",
                "recipientAccountId": "123456789012",
                "errorCode": self.error.map(|error| ERRORS[usize::from(error)]),
                "requestParameters": {"cluster": cluster, "service": service, "desiredCount": 1},
            },
        });
        let at = called + i64::from(latency);
        let mut push = |id: &str, at, echoes| {
            mail.push(Mail {
                label: id.to_owned(),
                record: record(id, &body),
                at,
                echoes,
            });
        };
        let echoes = self.again.iter().filter_map(|again| match again {
            Again::Message(seconds) => Some(at + i64::from(*seconds) * 1_000),
            Again::Event(_) => None,
        });
        push(id, at, echoes.collect());
        for (number, again) in self.again.iter().enumerate() {
            if let Again::Event(seconds) = again {
                push(
                    &format!("{id}-again-{number}"),
                    at + i64::from(*seconds) * 1_000,
                    Vec::new(),
                );
            }
        }
    }
}

fn dead_letter(service: &str, cluster: &str, scheduled: Millis, at: Millis) -> Mail {
    let label = format!("{service}-dead-letter");
    let mut record = record(
        &label,
        &json!({"Cluster": cluster, "Service": service, "DesiredCount": 1}),
    );
    let attributes = [
        (
            "SCHEDULE_ARN",
            "arn:aws:scheduler:ap-northeast-2:123456789012:schedule/dev/morning",
        ),
        ("SCHEDULED_TIME", &moment(scheduled).to_rfc3339()),
        ("ERROR_CODE", "AccessDenied"),
        ("RETRY_ATTEMPTS", "3"),
    ];
    for (name, value) in attributes {
        let mut attribute = SqsMessageAttribute::default();
        attribute.string_value = Some(value.to_owned());
        record.message_attributes.insert(name.to_owned(), attribute);
    }
    Mail {
        label,
        record,
        at,
        echoes: Vec::new(),
    }
}
