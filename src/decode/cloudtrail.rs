//! `AWS API Call via CloudTrail` events of ECS `UpdateService` calls.
//!
//! Pure. The structs name only the fields that are read; everything else is skipped without allocating, which
//! is what keeps a 27 KB response with 100 service events cheap. A body is parsed once; only one that does not
//! fit is looked at a second time, to tell another event from a broken record.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{DecodeError, Decoded, IgnoredReason, own};
use crate::arn::{Arn, last_segment, non_empty};
use crate::fact::{Action, ActionKind, ApiError, Call, Caller, Fact, Outcome};

type Text = Option<String>;

/// EventBridge's envelope.
#[derive(Deserialize)]
struct Envelope<Detail> {
    /// Only in rollcall's own messages.
    rollcall: Option<IgnoredAny>,
    #[serde(rename = "detail-type")]
    detail_type: Text,
    id: Text,
    account: Text,
    region: Text,
    time: Text,
    detail: Option<Detail>,
}

/// What tells an `UpdateService` call from every other event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    event_source: Text,
    event_name: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_version: Text,
    event_source: Text,
    event_name: Text,
    #[serde(rename = "eventID")]
    event_id: Text,
    event_time: Text,
    aws_region: Text,
    recipient_account_id: Text,
    user_agent: Text,
    user_identity: Option<UserIdentity>,
    error_code: Text,
    error_message: Text,
    request_parameters: Option<RequestParameters>,
    response_elements: Option<ResponseElements>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserIdentity {
    arn: Text,
    account_id: Text,
    user_name: Text,
    invoked_by: Text,
    session_context: Option<SessionContext>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionContext {
    session_issuer: Option<SessionIssuer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionIssuer {
    arn: Text,
    user_name: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestParameters {
    cluster: Text,
    service: Text,
    desired_count: Option<i64>,
    force_new_deployment: Option<bool>,
}

#[derive(Deserialize)]
struct ResponseElements {
    service: Option<ServiceResponse>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServiceResponse {
    service_arn: Text,
    service_name: Text,
    cluster_arn: Text,
    desired_count: Option<i64>,
    running_count: Option<i64>,
}

pub(super) fn decode(body: &str) -> Result<Decoded, DecodeError> {
    match serde_json::from_str::<Envelope<Record>>(body) {
        Ok(envelope) if envelope.rollcall.is_some() => own::decode(body),
        Ok(envelope) => classify(&envelope),
        Err(error) => explain(body, &error),
    }
}

fn classify(envelope: &Envelope<Record>) -> Result<Decoded, DecodeError> {
    let (Some(detail_type), Some(record)) = (&envelope.detail_type, &envelope.detail) else {
        return Err(DecodeError::NotAnEvent);
    };
    let (source, name) = (record.event_source.as_deref(), record.event_name.as_deref());
    if let Some(reason) = ignored(detail_type, source, name) {
        return Ok(Decoded::Ignored(reason));
    }
    let fact = Fact::Called(Box::new(call(envelope, record)?));
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
    if detail_type != "AWS API Call via CloudTrail" {
        Some(IgnoredReason::OtherDetailType)
    } else if event_source.is_some_and(|source| source != "ecs.amazonaws.com") {
        Some(IgnoredReason::OtherEventSource)
    } else if event_name.is_some_and(|name| name != "UpdateService") {
        Some(IgnoredReason::OtherEventName)
    } else {
        None
    }
}

/// The slow path for a body that is not an `UpdateService` record: another event, whose fields may have other
/// types under the same names, or something broken.
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
    let detail = serde_json::from_str::<Envelope<Kind>>(body)
        .ok()
        .and_then(|envelope| envelope.detail);
    let (source, name) = detail.map_or((None, None), |kind| (kind.event_source, kind.event_name));
    match ignored(detail_type, source.as_deref(), name.as_deref()) {
        Some(reason) => Ok(Decoded::Ignored(reason)),
        None => Err(DecodeError::UnexpectedType { line, column }),
    }
}

fn call(envelope: &Envelope<Record>, record: &Record) -> Result<Call, DecodeError> {
    if record.event_source.is_none() {
        return Err(DecodeError::Missing("eventSource"));
    }
    if record.event_name.is_none() {
        return Err(DecodeError::Missing("eventName"));
    }
    if record
        .event_version
        .as_deref()
        .is_some_and(|version| version.split('.').next() != Some("1"))
    {
        return Err(DecodeError::EventVersion);
    }
    let request = record.request_parameters.as_ref();
    let response = record
        .response_elements
        .as_ref()
        .and_then(|elements| elements.service.as_ref());
    let place = Place::of(envelope, record, request, response);
    Ok(Call {
        event_time: event_time(envelope, record)?,
        outcome: outcome(record),
        event_id: present(&record.event_id)
            .or(present(&envelope.id))
            .ok_or(DecodeError::Missing("eventID"))?
            .to_owned(),
        account: place
            .account
            .ok_or(DecodeError::Missing("recipientAccountId"))?,
        region: place.region.ok_or(DecodeError::Missing("awsRegion"))?,
        cluster: place.cluster,
        service: place.service,
        action: action(request, response),
        caller: caller(record),
    })
}

fn event_time(envelope: &Envelope<Record>, record: &Record) -> Result<DateTime<Utc>, DecodeError> {
    let text = present(&record.event_time)
        .or(present(&envelope.time))
        .ok_or(DecodeError::Missing("eventTime"))?;
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| DecodeError::EventTime)?;
    Ok(time.with_timezone(&Utc))
}

fn outcome(record: &Record) -> Outcome {
    match (present(&record.error_code), present(&record.error_message)) {
        (None, None) => Outcome::Accepted,
        (code, message) => Outcome::Failed(ApiError {
            code: code.unwrap_or("UnknownError").to_owned(),
            message: message.map(str::to_owned),
        }),
    }
}

/// Where the service lives, from whichever part of the record says it: the response's ARNs are exact, the
/// request holds what the caller wrote (a short name, an old ARN or a new one).
struct Place {
    account: Option<String>,
    region: Option<String>,
    cluster: Option<String>,
    service: Option<String>,
}

impl Place {
    fn of(
        envelope: &Envelope<Record>,
        record: &Record,
        request: Option<&RequestParameters>,
        response: Option<&ServiceResponse>,
    ) -> Self {
        let answered = response
            .and_then(|service| present(&service.service_arn))
            .map(ServiceRef::parse);
        let asked = request
            .and_then(|request| present(&request.service))
            .map(ServiceRef::parse);
        let cluster_arn = response.and_then(|service| present(&service.cluster_arn));
        let identity = record.user_identity.as_ref();
        let text = |value: Option<&str>| value.map(str::to_owned);
        Self {
            account: text(
                answered
                    .and_then(|service| service.account)
                    .or(present(&record.recipient_account_id))
                    .or(present(&envelope.account))
                    .or(identity.and_then(|identity| present(&identity.account_id))),
            ),
            region: text(
                answered
                    .and_then(|service| service.region)
                    .or(present(&record.aws_region))
                    .or(present(&envelope.region)),
            ),
            cluster: text(
                cluster_arn
                    .map(last_segment)
                    .or(answered.and_then(|service| service.cluster))
                    .or(request
                        .and_then(|request| present(&request.cluster))
                        .map(last_segment))
                    .or(asked.and_then(|service| service.cluster))
                    // The API takes a request that names no cluster as one for `default`.
                    .or(asked.map(|_| "default")),
            ),
            service: text(
                answered
                    .map(|service| service.name)
                    .or(response.and_then(|service| present(&service.service_name)))
                    .or(asked.map(|service| service.name)),
            ),
        }
    }
}

/// A service as written: `NAME`, `arn:…:service/NAME` (old) or `arn:…:service/CLUSTER/NAME` (new).
#[derive(Clone, Copy)]
struct ServiceRef<'a> {
    region: Option<&'a str>,
    account: Option<&'a str>,
    cluster: Option<&'a str>,
    name: &'a str,
}

impl<'a> ServiceRef<'a> {
    fn parse(text: &'a str) -> Self {
        match Arn::parse(text) {
            Some(arn) => Self {
                region: non_empty(arn.region),
                account: non_empty(arn.account),
                cluster: arn.cluster(),
                name: last_segment(arn.resource),
            },
            None => Self {
                region: None,
                account: None,
                cluster: None,
                name: last_segment(text),
            },
        }
    }
}

/// Desired against running count where the response tells, else the desired count alone.
fn action(
    request: Option<&RequestParameters>,
    response: Option<&ServiceResponse>,
) -> Option<Action> {
    if request.is_none() && response.is_none() {
        return None;
    }
    let asked = request.and_then(|request| request.desired_count);
    let running = response.and_then(|service| service.running_count);
    let desired_count = asked.or(response.and_then(|service| service.desired_count));
    let is_forced = request.and_then(|request| request.force_new_deployment) == Some(true);
    // A request that CloudTrail omitted (over 100 KB) may have asked for the count that the response shows.
    let asks_for_count = asked.is_some() || request.is_none();
    let kind = match (desired_count.filter(|_| asks_for_count), running) {
        (Some(desired), Some(running)) if desired > running => ActionKind::ScaleUp,
        (Some(desired), Some(running)) if desired < running => ActionKind::ScaleDown,
        (Some(0), None) => ActionKind::ScaleDown,
        (Some(_), None) => ActionKind::ScaleUp,
        _ if is_forced => ActionKind::Restart,
        _ if asked.is_some() => ActionKind::NoChange,
        _ => ActionKind::Update,
    };
    Some(Action {
        kind,
        desired_count,
    })
}

fn caller(record: &Record) -> Caller {
    let identity = record.user_identity.as_ref();
    let issuer = identity
        .and_then(|identity| identity.session_context.as_ref())
        .and_then(|context| context.session_issuer.as_ref());
    let role = issuer
        .and_then(|issuer| present(&issuer.user_name).or(present(&issuer.arn).map(last_segment)));
    let session = identity.and_then(|identity| {
        present(&identity.user_name)
            .or(present(&identity.arn).map(last_segment))
            .or(present(&identity.invoked_by))
    });
    let is_scheduler = present(&record.user_agent)
        .is_some_and(|agent| agent.starts_with("AmazonEventBridgeScheduler"))
        || identity.and_then(|identity| present(&identity.invoked_by))
            == Some("scheduler.amazonaws.com");
    Caller {
        role: role.map(str::to_owned),
        session: session.map(str::to_owned),
        is_scheduler,
    }
}

/// An empty string says as little as an absent one.
fn present(text: &Text) -> Option<&str> {
    text.as_deref().and_then(non_empty)
}
