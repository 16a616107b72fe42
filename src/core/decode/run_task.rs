//! Decodes `RunTask` calls: which job, how many tasks were asked for, and which ECS started.
//!
//! Pure. ECS may accept a call and start no task; the response then says why, in `failures`.

use std::collections::BTreeSet;

use super::DecodeError;
use super::cloudtrail::{FailureResponse, Record, present};
use super::envelope::Envelope;
use crate::core::arn::{Arn, family, last_segment};
use crate::core::fact::{ApiError, RunTaskCall};

pub(super) fn call(
    envelope: &Envelope<Record>,
    record: &Record,
) -> Result<RunTaskCall, DecodeError> {
    let request = record.request_parameters.as_ref();
    let response = record.response_elements.as_ref();
    let tasks = response
        .and_then(|response| response.tasks.as_deref())
        .unwrap_or_default();
    let failures = response
        .and_then(|response| response.failures.as_deref())
        .unwrap_or_default();
    let first = tasks.first();
    let arn = first
        .and_then(|task| present(&task.task_arn))
        .and_then(Arn::parse);
    let (account, region) = record.place(envelope, arn)?;
    let cluster = first
        .and_then(|task| present(&task.cluster_arn))
        .map(last_segment)
        .or(arn.and_then(|arn| arn.cluster()))
        .or(request
            .and_then(|request| present(&request.cluster))
            .map(last_segment))
        // The API takes a request that names no cluster as one for `default`.
        .or(request.map(|_| "default"));
    let definition = first
        .and_then(|task| present(&task.task_definition_arn))
        .or(request.and_then(|request| present(&request.task_definition)));
    let ids = tasks.iter().filter_map(|task| present(&task.task_arn));
    Ok(RunTaskCall {
        event_time: record.time(envelope)?,
        outcome: record.outcome(),
        event_id: record.id(envelope)?,
        account,
        region,
        cluster: cluster.map(str::to_owned),
        family: definition.map(|name| family(name).to_owned()),
        // Where a request names no count, it asks for one task.
        count: request.map(|request| request.count.unwrap_or(1)),
        tasks: ids.map(|arn| last_segment(arn).to_owned()).collect(),
        failures: distinct(failures),
        caller: record.caller(),
    })
}

/// The distinct reasons: ECS lists a failure for each container instance that could not take the task, mostly with the
/// same reason.
fn distinct(failures: &[FailureResponse]) -> Vec<ApiError> {
    let errors = failures.iter().map(|failure| ApiError {
        code: present(&failure.reason)
            .unwrap_or("UnknownFailure")
            .to_owned(),
        message: present(&failure.detail).map(str::to_owned),
    });
    let mut seen = BTreeSet::new();
    errors
        .filter(|error| seen.insert((error.code.clone(), error.message.clone())))
        .collect()
}
