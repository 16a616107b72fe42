//! What `rollcall replay --format json` prints, for scripts. `docs/replay.schema.json` describes it, and a test holds the
//! output to that: a field that is added here is added there.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::windows::{Heard, Told};
use crate::core::fact::{ActionKind, ApiError};
use crate::core::overrides::{self, Override, Phase};
use crate::core::reader::Reader;
use crate::core::refusal::{job_refusal, refusal};
use crate::core::runs::Subject;
use crate::core::snapshot::RunStatus;
use crate::core::status::{Kind, Severity, Status};
use crate::core::summary::Summary;
use crate::metrics::Metrics;

/// A window with its messages and runs.
#[derive(Serialize)]
pub(super) struct Window<'a> {
    environment: &'a str,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    verdict: Verdict,
    is_silenced: bool,
    messages: Vec<Message<'a>>,
    overrides: Vec<ToldOverride<'a>>,
    runs: Vec<Run<'a>>,
    totals: Totals,
}

/// How something stands, in one word.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
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

#[derive(Serialize)]
struct Message<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<&'a str>,
    headline: String,
    subtitle: &'a str,
    schedules: &'a [String],
    totals: String,
}

/// A moment in the life of an override.
#[derive(Serialize)]
struct ToldOverride<'a> {
    id: &'a str,
    phase: Phase,
    kind: overrides::Kind,
    environment: &'a str,
    by: &'a str,
    reason: Option<&'a str>,
    time: DateTime<Utc>,
    until: DateTime<Utc>,
    line: Option<String>,
}

/// One firing of a schedule for one service or job, or calls that no record names a service for.
#[derive(Serialize)]
struct Run<'a> {
    kind: &'static str,
    name: Option<&'a str>,
    cluster: Option<&'a str>,
    region: Option<&'a str>,
    account: Option<&'a str>,
    schedule: Option<&'a str>,
    time: DateTime<Utc>,
    action: Option<&'static str>,
    desired_count: Option<i64>,
    status: &'static str,
    verdict: Verdict,
    calls: usize,
    called_by: BTreeSet<&'a str>,
    running_count: Option<i64>,
    took_seconds: Option<i64>,
    error_code: Option<&'a str>,
    reason: Option<String>,
    advice: Option<&'static str>,
}

/// How many runs have which status.
#[derive(Debug, Default, Clone, Serialize)]
pub(super) struct Totals {
    services: BTreeMap<&'static str, usize>,
    jobs: BTreeMap<&'static str, usize>,
    unnamed_calls: usize,
}

/// What stands after the windows.
#[derive(Serialize)]
pub(super) struct End<'a> {
    totals: &'a Totals,
    verdict: Option<Verdict>,
    records: Records,
    unreadable_files: u64,
}

#[derive(Serialize)]
struct Records {
    read: u64,
    used: u64,
    ignored: BTreeMap<&'static str, u64>,
    undecodable: u64,
}

impl<'a> Window<'a> {
    pub(super) fn of(told: &'a Told<'a>) -> Self {
        let snapshot = told.snapshot;
        let statuses = || snapshot.statuses.iter();
        let worst = statuses().map(|one| one.status.severity()).min();
        let mut totals = Totals::default();
        for one in statuses() {
            totals.count(one);
        }
        Self {
            environment: &snapshot.key.environment,
            start: snapshot.key.start,
            end: snapshot.policy.window_end(snapshot.key.start),
            verdict: worst.unwrap_or(Severity::Good).into(),
            is_silenced: snapshot.runs.is_silenced,
            messages: told.heard.iter().flat_map(Message::all).collect(),
            overrides: ToldOverride::all(told),
            runs: statuses().map(|one| Run::of(one, told.reader)).collect(),
            totals,
        }
    }
}

impl<'a> Message<'a> {
    /// All messages of a receiver.
    fn all(heard: &'a Heard) -> impl Iterator<Item = Self> {
        let route = heard.route.as_deref();
        let summaries = heard.summaries.iter();
        summaries.map(move |summary| Self::of(route, summary))
    }

    fn of(route: Option<&'a str>, summary: &'a Summary) -> Self {
        Self {
            route,
            headline: summary.verdict.line(&summary.environment),
            subtitle: &summary.subtitle,
            schedules: &summary.schedules,
            totals: summary.totals(),
        }
    }
}

impl<'a> ToldOverride<'a> {
    fn all(told: &'a Told<'a>) -> Vec<Self> {
        let overrides = told.snapshot.runs.overrides.iter();
        let overrides = overrides.map(|one| &one.told);
        let of = |one: &'a Override| Self {
            id: &one.id,
            phase: one.phase,
            kind: one.kind,
            environment: &one.environment,
            by: &one.by,
            reason: one.reason.as_deref(),
            time: one.scheduled_time,
            until: one.until,
            line: told.line(one),
        };
        overrides.map(of).collect()
    }
}

impl<'a> Run<'a> {
    fn of(one: &'a RunStatus<'a>, reader: Reader) -> Self {
        let (kind, name, place) = match one.subject {
            Subject::Service(id) => (
                "service",
                Some(&id.name),
                Some((&id.cluster, &id.region, &id.account)),
            ),
            Subject::Job(id) => {
                let cluster = &id.cluster;
                let place = (&cluster.name, &cluster.region, &cluster.account);
                ("job", Some(&id.family), Some(place))
            }
            Subject::Unnamed(calls) => {
                let cluster = calls.cluster.as_ref();
                let place =
                    cluster.map(|cluster| (&cluster.name, &cluster.region, &cluster.account));
                ("unnamed_calls", None, place)
            }
        };
        let run = one.run;
        let error = error(one);
        let (running_count, took) = match &one.status {
            Status::Reached(reached) => (Some(reached.running), reached.took),
            Status::Underway(underway) => (Some(underway.running), None),
            Status::Changed(changed) => (Some(changed.running), None),
            Status::Finished(took) => (None, *took),
            _ => (None, None),
        };
        let reason = match &one.status {
            Status::Troubled(remark) => Some(remark.text.clone()),
            _ => error.map(ToString::to_string),
        };
        Self {
            kind,
            name: name.map(String::as_str),
            cluster: place.map(|(cluster, ..)| cluster.as_str()),
            region: place.map(|(_, region, _)| region.as_str()),
            account: place.map(|(.., account)| account.as_str()),
            schedule: run.schedule(),
            time: run.time,
            action: run.action.map(|action| action_word(action.kind)),
            desired_count: run.asked,
            status: status_word(one.status.kind()),
            verdict: one.status.severity().into(),
            calls: run.attempt_count(),
            called_by: run
                .attempts
                .iter()
                .map(|attempt| &*attempt.caller)
                .collect(),
            running_count,
            took_seconds: took.map(|took| took.num_seconds()),
            error_code: error.map(|error| error.code.as_str()),
            reason,
            advice: error
                .and_then(|error| match one.subject {
                    Subject::Job(_) => job_refusal(error),
                    _ => refusal(error),
                })
                .map(|refusal| reader.words().refusal(refusal).advice),
        }
    }
}

/// Why a run failed, where that is an error of a call.
fn error<'a>(one: &'a RunStatus<'a>) -> Option<&'a ApiError> {
    match (&one.status, one.subject) {
        (Status::Failed(error), _) => Some(error),
        (Status::Unnamed(_), Subject::Unnamed(calls)) => calls.error.as_ref(),
        _ => None,
    }
}

impl Totals {
    fn count(&mut self, one: &RunStatus<'_>) {
        let by_status = match one.subject {
            Subject::Service(_) => &mut self.services,
            Subject::Job(_) => &mut self.jobs,
            Subject::Unnamed(_) => {
                self.unnamed_calls += one.run.attempt_count();
                return;
            }
        };
        *by_status.entry(status_word(one.status.kind())).or_default() += 1;
    }

    /// Adds the totals of a window.
    pub(super) fn add(&mut self, window: &Window<'_>) {
        let more = &window.totals;
        for (&status, count) in &more.services {
            *self.services.entry(status).or_default() += count;
        }
        for (&status, count) in &more.jobs {
            *self.jobs.entry(status).or_default() += count;
        }
        self.unnamed_calls += more.unnamed_calls;
    }
}

impl<'a> End<'a> {
    pub(super) fn of(
        totals: &'a Totals,
        counts: &Metrics,
        unreadable: u64,
        worst: Option<Severity>,
    ) -> Self {
        let ignored = counts.ignored.iter();
        Self {
            totals,
            verdict: worst.map(Verdict::from),
            records: Records {
                read: counts.records,
                used: counts.decoded,
                ignored: ignored
                    .map(|(reason, count)| (reason.as_str(), *count))
                    .collect(),
                undecodable: counts.undecodable,
            },
            unreadable_files: unreadable,
        }
    }
}

fn status_word(kind: Kind) -> &'static str {
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
