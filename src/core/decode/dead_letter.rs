//! Decodes dead letters of EventBridge Scheduler: calls that Scheduler gave up on. CloudTrail may hold no record of
//! them, because a schedule whose role cannot be assumed makes no call.
//!
//! Pure. The body is the schedule's input, so it names the service; the error stands in the message's attributes.

use std::collections::HashMap;

use aws_lambda_events::sqs::SqsMessageAttribute;
use chrono::DateTime;
use serde::Deserialize;

use super::{DecodeError, Decoded};
use crate::core::arn::{family, last_segment};
use crate::core::fact::{ApiError, Fact, ScheduleDeadLetter};

type Attributes = HashMap<String, SqsMessageAttribute>;

/// The input of a schedule whose target is `ecs:updateService` or `ecs:runTask`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    cluster: Option<String>,
    service: Option<String>,
    desired_count: Option<i64>,
    task_definition: Option<String>,
}

/// Whether a message is a dead letter of a schedule. (Those of a rule have `RULE_ARN` instead.)
pub(super) fn is_dead_letter(attributes: &Attributes) -> bool {
    attributes.contains_key("SCHEDULE_ARN")
}

pub(super) fn decode(body: &str, attributes: &Attributes) -> Result<Decoded, DecodeError> {
    let text = |name: &str| {
        attributes
            .get(name)
            .and_then(|attribute| attribute.string_value.clone())
    };
    let required = |name: &'static str| text(name).ok_or(DecodeError::MissingAttribute(name));
    let scheduled_time = DateTime::parse_from_rfc3339(&required("SCHEDULED_TIME")?)
        .map_err(|_| DecodeError::MissingAttribute("SCHEDULED_TIME"))?;
    let schedule_arn = required("SCHEDULE_ARN")?;
    let arn: Vec<&str> = schedule_arn.splitn(6, ':').collect();
    let [_, _, _, region, account, _] = arn[..] else {
        return Err(DecodeError::MissingAttribute("SCHEDULE_ARN"));
    };
    // An input that Scheduler cut short is no JSON any more; then only the schedule's ARN tells what was to be called.
    let input: Option<Input> = serde_json::from_str(body).ok();
    let retries: u32 = text("RETRY_ATTEMPTS")
        .and_then(|count| count.parse().ok())
        .unwrap_or_default();
    let fact = Fact::DeadLetter(Box::new(ScheduleDeadLetter {
        scheduled_time: scheduled_time.to_utc(),
        account: account.to_owned(),
        region: region.to_owned(),
        cluster: input.as_ref().map(|input| {
            let cluster = input.cluster.as_deref();
            cluster.map_or("default", last_segment).to_owned()
        }),
        service: input
            .as_ref()
            .and_then(|input| input.service.as_deref())
            .map(last_segment)
            .map(str::to_owned),
        desired_count: input.as_ref().and_then(|input| input.desired_count),
        family: input
            .and_then(|input| input.task_definition)
            .map(|name| family(&name).to_owned()),
        error: ApiError {
            code: required("ERROR_CODE")?,
            message: text("ERROR_MESSAGE"),
        },
        attempts: retries.saturating_add(1),
        schedule_arn,
    }));
    Ok(Decoded::Fact {
        fact,
        environment: None,
    })
}
