//! A run as JSON shows it, to machines and in `rollcall replay --format json`.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::core::fact::{ActionKind, ApiError};
use crate::core::refusal::{job_refusal, refusal};
use crate::core::runs::{self, Subject};
use crate::core::snapshot::RunStatus;
use crate::core::status::{Kind, Severity, Status};
use crate::core::words::Language;

/// How something stands, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Bad,
    Warning,
    Waiting,
    Good,
}

impl From<Severity> for Verdict {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Bad => Self::Bad,
            Severity::Warn => Self::Warning,
            Severity::Waiting => Self::Waiting,
            Severity::Good => Self::Good,
        }
    }
}

/// What a run is about, and where that is.
#[derive(Debug, Serialize)]
pub(crate) struct Place<'a> {
    kind: &'static str,
    name: Option<&'a str>,
    cluster: Option<&'a str>,
    region: Option<&'a str>,
    account: Option<&'a str>,
}

impl<'a> Place<'a> {
    pub(super) fn of(subject: &'a Subject) -> Self {
        let (kind, [name, cluster, region, account]) = match subject {
            Subject::Service(id) => (
                "service",
                [&id.name, &id.cluster, &id.region, &id.account].map(Some),
            ),
            Subject::Job(id) => {
                let cluster = &id.cluster;
                let place = [&id.family, &cluster.name, &cluster.region, &cluster.account];
                ("job", place.map(Some))
            }
            Subject::Unnamed(calls) => {
                let cluster = calls.cluster.as_ref();
                let name = cluster.map(|cluster| &cluster.name);
                let region = cluster.map(|cluster| &cluster.region);
                let account = cluster.map(|cluster| &cluster.account);
                ("unnamed_calls", [None, name, region, account])
            }
        };
        Self {
            kind,
            name: name.map(String::as_str),
            cluster: cluster.map(String::as_str),
            region: region.map(String::as_str),
            account: account.map(String::as_str),
        }
    }
}

/// One firing of a schedule for one service or job, or calls that no record names a service for.
#[derive(Debug, Serialize)]
pub(crate) struct Run<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    schedule: Option<&'a str>,
    time: DateTime<Utc>,
    action: Option<&'static str>,
    desired_count: Option<i64>,
    status: &'static str,
    verdict: Verdict,
    calls: usize,
    called_by: BTreeSet<&'a str>,
    called_at: Option<DateTime<Utc>>,
    running_count: Option<i64>,
    reached_at: Option<DateTime<Utc>>,
    took_seconds: Option<i64>,
    error_code: Option<&'a str>,
    reason: Option<String>,
    advice: Option<&'static str>,
}

impl<'a> Run<'a> {
    /// How a run stands, with advice in this language.
    pub(crate) fn of(one: &'a RunStatus<'a>, language: Language) -> Self {
        let run = one.run;
        let error = error(one);
        let (running_count, took) = reached(&one.status);
        // ECS may have been at the count before the call was made; then no time tells when it got there.
        let took = took.filter(|took| *took >= TimeDelta::zero());
        let reason = match &one.status {
            Status::Troubled(remark) => Some(remark.text.clone()),
            _ => error.map(ToString::to_string),
        };
        let callers = run.attempts.iter().map(|attempt| &*attempt.caller);
        Self {
            place: Place::of(one.subject),
            schedule: run.schedule(),
            time: run.time,
            action: run.action.map(|action| action_word(action.kind)),
            desired_count: run.asked,
            status: status_word(one.status.kind()),
            verdict: one.status.severity().into(),
            calls: run.attempt_count(),
            called_by: callers.collect(),
            called_at: called_at(run),
            running_count,
            reached_at: took.and_then(|took| Some(run.accepted_at()? + took)),
            took_seconds: took.map(|took| took.num_seconds()),
            error_code: error.map(|error| error.code.as_str()),
            reason,
            advice: error.and_then(|error| advice(one.subject, error, language)),
        }
    }
}

/// How many tasks run, and how long after the call that was so, or the job had ended.
fn reached(status: &Status) -> (Option<i64>, Option<TimeDelta>) {
    match status {
        Status::Reached(reached) => (Some(reached.running), reached.took),
        Status::Underway(underway) => (Some(underway.running), None),
        Status::Changed(changed) => (Some(changed.running), None),
        Status::Finished(took) => (None, *took),
        _ => (None, None),
    }
}

/// When the call was made that ECS accepted, or else the last one.
fn called_at(run: &runs::Run) -> Option<DateTime<Utc>> {
    let last = || run.attempts.last().map(|attempt| attempt.at);
    run.accepted_at().or_else(last)
}

fn advice(subject: &Subject, error: &ApiError, language: Language) -> Option<&'static str> {
    let refusal = match subject {
        Subject::Job(_) => job_refusal(error),
        _ => refusal(error),
    };
    refusal.map(|refusal| language.words().refusal(refusal).advice)
}

/// Why a run failed, where that is an error of a call.
fn error<'a>(one: &'a RunStatus<'a>) -> Option<&'a ApiError> {
    match (&one.status, one.subject) {
        (Status::Failed(error), _) => Some(error),
        (Status::Unnamed(_), Subject::Unnamed(calls)) => calls.error.as_ref(),
        _ => None,
    }
}

/// A status in one word.
pub(super) fn status_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Succeeded | Kind::Accepted => "accepted",
        Kind::Running => "running",
        Kind::Stopped => "stopped",
        Kind::Finished => "finished",
        Kind::Started => "started",
        Kind::Working => "working",
        Kind::Starting => "starting",
        Kind::Stopping => "stopping",
        Kind::Changed => "changed",
        Kind::Failed => "failed",
        Kind::Missing => "missing",
        Kind::Pending => "pending",
        Kind::Resolved => "resolved",
    }
}

fn action_word(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::ScaleUp => "scale_up",
        ActionKind::ScaleDown => "scale_down",
        ActionKind::NoChange => "no_change",
        ActionKind::Restart => "restart",
        ActionKind::Update => "update",
    }
}
