//! Tells which kind of event a body holds, and hands it to the module that decodes this kind.
//!
//! Pure. A CloudTrail record is parsed once, here. Only a body that cannot be parsed as a record is parsed a second
//! time, to tell whether it is another event or a broken record. Rollcall's own messages and the events of ECS are
//! smaller and rarer, so their modules parse them once more.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::cloudtrail::Record;
use super::envelope::Envelope;
use super::{DecodeError, Decoded, IgnoredReason, ecs_event, own, run_task, update_service};
use crate::core::fact::Fact;

/// The `detail-type` of an event that holds CloudTrail's record of a call.
pub const CLOUDTRAIL_CALL: &str = "AWS API Call via CloudTrail";

/// The two fields that tell which API call a record is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    event_source: Option<String>,
    event_name: Option<String>,
}

pub(super) fn decode(body: &str) -> Result<Decoded, DecodeError> {
    match serde_json::from_str::<Envelope<Record>>(body) {
        Ok(envelope) if envelope.rollcall.is_some() => own::decode(body),
        Ok(envelope) => classify(body, &envelope),
        Err(error) => explain(body, &error),
    }
}

fn classify(body: &str, envelope: &Envelope<Record>) -> Result<Decoded, DecodeError> {
    let (Some(detail_type), Some(record)) = (&envelope.detail_type, &envelope.detail) else {
        return Err(DecodeError::NotAnEvent);
    };
    if ecs_event::is_one(detail_type) {
        return ecs_event::decode(detail_type, body);
    }
    let (source, name) = (record.event_source.as_deref(), record.event_name.as_deref());
    if let Some(reason) = ignored(detail_type, source, name) {
        return Ok(Decoded::Ignored(reason));
    }
    record.check()?;
    let fact = if name == Some("RunTask") {
        Fact::RunTask(Box::new(run_task::call(envelope, record)?))
    } else {
        Fact::UpdateService(Box::new(update_service::call(envelope, record)?))
    };
    Ok(Decoded::Fact {
        fact,
        environment: None,
    })
}

fn ignored(
    detail_type: &str,
    event_source: Option<&str>,
    event_name: Option<&str>,
) -> Option<IgnoredReason> {
    if detail_type == CLOUDTRAIL_CALL {
        ignored_call(event_source, event_name)
    } else {
        Some(IgnoredReason::OtherDetailType)
    }
}

/// Why rollcall has no use for CloudTrail's record of a call; `None` where it may have one.
#[must_use]
pub fn ignored_call(event_source: Option<&str>, event_name: Option<&str>) -> Option<IgnoredReason> {
    if event_source.is_some_and(|source| source != "ecs.amazonaws.com") {
        Some(IgnoredReason::OtherEventSource)
    } else if event_name.is_some_and(|name| !matches!(name, "UpdateService" | "RunTask")) {
        Some(IgnoredReason::OtherEventName)
    } else {
        None
    }
}

/// Finds out why a body cannot be parsed as a record of a call. It may be another event, whose fields have the same
/// names and other types, or it may be broken.
fn explain(body: &str, error: &serde_json::Error) -> Result<Decoded, DecodeError> {
    let (line, column) = (error.line(), error.column());
    if serde_json::from_str::<IgnoredAny>(body).is_err() {
        return Err(DecodeError::NotJson { line, column });
    }
    let Ok(outer) = serde_json::from_str::<Envelope<IgnoredAny>>(body) else {
        return Err(DecodeError::NotAnEvent);
    };
    let (Some(detail_type), Some(_)) = (&outer.detail_type, &outer.detail) else {
        return Err(DecodeError::NotAnEvent);
    };
    if ecs_event::is_one(detail_type) {
        return ecs_event::decode(detail_type, body);
    }
    let detail = serde_json::from_str::<Envelope<Kind>>(body)
        .ok()
        .and_then(|envelope| envelope.detail);
    let (source, name) = detail.map_or((None, None), |kind| (kind.event_source, kind.event_name));
    match ignored(detail_type, source.as_deref(), name.as_deref()) {
        Some(reason) => Ok(Decoded::Ignored(reason)),
        None => Err(DecodeError::UnexpectedType { line, column }),
    }
}
