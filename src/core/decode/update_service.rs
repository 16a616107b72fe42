//! Decodes `UpdateService` calls: which service, and what was asked for.
//!
//! Pure. The ARNs of the response are exact. The request holds the service as the caller wrote it: a short name, an ARN
//! of the old form or one of the new form. Where a denial is recorded without the request, its text names the service.

use super::DecodeError;
use super::cloudtrail::{Record, RequestParameters, ServiceResponse, present};
use super::envelope::Envelope;
use crate::core::arn::{Arn, denied_service, last_segment};
use crate::core::fact::{Action, ActionKind, UpdateServiceCall};

pub(super) fn call(
    envelope: &Envelope<Record>,
    record: &Record,
) -> Result<UpdateServiceCall, DecodeError> {
    let request = record.request_parameters.as_ref();
    let response = record
        .response_elements
        .as_ref()
        .and_then(|elements| elements.service.as_ref());
    let answered = response.and_then(|service| present(&service.service_arn));
    let asked = request.and_then(|request| present(&request.service));
    let (account, region) = record.place(envelope, answered.and_then(Arn::parse))?;
    let cluster = response
        .and_then(|service| present(&service.cluster_arn))
        .map(last_segment)
        .or(answered.and_then(cluster_in))
        .or(request
            .and_then(|request| present(&request.cluster))
            .map(last_segment))
        .or(asked.and_then(cluster_in))
        // The API takes a request that names no cluster as one for `default`.
        .or(asked.map(|_| "default"));
    let service = answered
        .map(name_in)
        .or(response.and_then(|service| present(&service.service_name)))
        .or(asked.map(name_in));
    let denied = record.error_message().and_then(denied_service);
    let denied = denied.filter(|_| service.is_none());
    Ok(UpdateServiceCall {
        event_time: record.time(envelope)?,
        outcome: record.outcome(),
        event_id: record.id(envelope)?,
        account,
        region,
        cluster: denied
            .as_ref()
            .map(|denied| denied.cluster.as_str())
            .or(cluster)
            .map(str::to_owned),
        service: denied
            .as_ref()
            .map(|denied| denied.name.as_str())
            .or(service)
            .map(str::to_owned),
        action: action(request, response),
        caller: record.caller(),
    })
}

/// The cluster of a service as written: `NAME`, `arn:…:service/NAME` (old) or `arn:…:service/CLUSTER/NAME` (new).
fn cluster_in(service: &str) -> Option<&str> {
    Arn::parse(service)?.cluster()
}

fn name_in(service: &str) -> &str {
    last_segment(Arn::parse(service).map_or(service, |arn| arn.resource))
}

/// Compares the desired count with the running count where the response tells both; otherwise the desired count alone
/// tells the direction.
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
    // CloudTrail leaves out a request of more than 100 KB; it may have asked for the count that the response shows.
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
