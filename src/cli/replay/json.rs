//! What `rollcall replay --format json` prints, for scripts. `docs/replay.schema.json` describes it, and a test holds the
//! output to that: a field that is added here is added there.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::windows::{Heard, Told};
use crate::core::event::{Run, Totals, Verdict};
use crate::core::overrides::{self, Override, Phase};
use crate::core::status::Severity;
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
        Self {
            environment: &snapshot.key.environment,
            start: snapshot.key.start,
            end: snapshot.policy.window_end(snapshot.key.start),
            verdict: worst.unwrap_or(Severity::Good).into(),
            is_silenced: snapshot.runs.is_silenced,
            messages: told.heard.iter().flat_map(Message::all).collect(),
            overrides: ToldOverride::all(told),
            runs: statuses()
                .map(|one| Run::of(one, told.reader.language))
                .collect(),
            totals: Totals::of(statuses()),
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

impl Window<'_> {
    /// Adds the totals of the window to those of others.
    pub(super) fn add_to(&self, totals: &mut Totals) {
        let own = &self.totals;
        for (&status, count) in &own.services {
            *totals.services.entry(status).or_default() += count;
        }
        for (&status, count) in &own.jobs {
            *totals.jobs.entry(status).or_default() += count;
        }
        totals.unnamed_calls += own.unnamed_calls;
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
