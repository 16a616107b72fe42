//! Makes the rows of the table and the reasons of failures: one row for each service or job, or for each run of a
//! service where its runs differ.
//!
//! Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::qualifier::Qualifier;
use super::reasons::{NEVER_CALLED, NEVER_CALLED_ADVICE, Reason, UNKEPT, UNKEPT_ADVICE};
use super::words::{job_words, row_status};
use super::{Failure, Row, RowStatus, console};
use crate::core::advice::{advice, job_advice};
use crate::core::fact::{Action, JobId, ServiceId};
use crate::core::runs::{Subject, UnnamedCalls};
use crate::core::snapshot::{RunStatus, WindowSnapshot};
use crate::core::status::{Kind, Severity, Status};
use crate::core::trouble::trouble;

const STOPPED_ADVICE: &str = "Look at the task's log: its process ended with an error.";

/// Makes the rows and reasons of one snapshot.
pub(super) struct Lines<'a> {
    snapshot: &'a WindowSnapshot<'a>,
    qualifier: Qualifier,
    timezone: Tz,
}

/// A row, and the reasons of the failures that it shows.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) row: Row,
    pub(super) failures: Vec<Failure>,
    pub(super) is_job: bool,
    /// How many of the failed runs are calls that named no service.
    pub(super) unnamed: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(snapshot: &'a WindowSnapshot<'_>, timezone: Tz) -> Self {
        Self {
            snapshot,
            qualifier: Qualifier::of(snapshot.runs),
            timezone,
        }
    }

    /// The rows of a subject. `is_changes` means that an earlier message told of it.
    pub(super) fn lines(
        &self,
        subject: &Subject,
        runs: &[&RunStatus<'_>],
        is_changes: bool,
    ) -> Vec<Line> {
        match subject {
            Subject::Service(id) => {
                let is_alone = !is_changes || !self.is_several(subject);
                self.services(id, runs, is_alone)
            }
            Subject::Job(id) => {
                // Its good runs may be told in another message.
                let is_several = self.is_several(subject);
                vec![self.job(id, runs, is_several)]
            }
            Subject::Unnamed(calls) => unnamed(calls, runs, is_changes),
        }
    }

    /// The reasons of one failed run.
    pub(super) fn failure(&self, one: &RunStatus<'_>) -> Option<Failure> {
        let lines = self.lines(one.subject, &[one], true);
        lines.into_iter().flat_map(|line| line.failures).next()
    }

    /// A run's subject, with its time where there are several.
    pub(super) fn run_name(&self, one: &RunStatus<'_>) -> String {
        let name = self.name(one.subject);
        if self.is_several(one.subject) {
            format!("{name} ({})", self.clock(one.run.time))
        } else {
            name
        }
    }

    /// Whether the window has several runs of a service or job.
    fn is_several(&self, subject: &Subject) -> bool {
        let runs = self.snapshot.runs.by_subject.get(subject);
        !matches!(subject, Subject::Unnamed(_)) && runs.is_some_and(|runs| runs.len() > 1)
    }

    fn clock(&self, time: DateTime<Utc>) -> String {
        time.with_timezone(&self.timezone)
            .format("%H:%M")
            .to_string()
    }

    /// A subject's name as the message shows it.
    pub(super) fn name(&self, subject: &Subject) -> String {
        match subject {
            Subject::Service(id) => self.qualifier.name(id),
            Subject::Job(id) => self.qualifier.name(&id.cluster.service(id.family.clone())),
            Subject::Unnamed(_) => "the calls that named no service".to_owned(),
        }
    }

    /// The status that all services should have: running where ECS answered, else accepted or succeeded.
    pub(super) fn usual(&self) -> Kind {
        match (self.snapshot.is_observed, self.snapshot.is_asked) {
            (true, _) => Kind::Running,
            (false, true) => Kind::Accepted,
            (false, false) => Kind::Succeeded,
        }
    }

    /// One row while the runs of a service agree; a row for each run, with its time, where they differ, or where the
    /// message does not tell of all of them.
    fn services(&self, id: &ServiceId, runs: &[&RunStatus<'_>], is_alone: bool) -> Vec<Line> {
        let line = |one: &&RunStatus<'_>| (one.run.time, self.service(id, one));
        let mut lines: Vec<(DateTime<Utc>, Line)> = runs.iter().map(line).collect();
        let is_same = |(_, one): &(DateTime<Utc>, Line), other: &Line| {
            one.row.action == other.row.action
                && one.row.counts == other.row.counts
                && one.failures == other.failures
        };
        let newest = lines.pop();
        let agrees = newest
            .as_ref()
            .is_some_and(|(_, newest)| lines.iter().all(|line| is_same(line, newest)));
        if agrees && is_alone {
            // The row shows how long the newest run took.
            lines.clear();
        }
        lines.extend(newest);
        if lines.len() > 1 || !is_alone {
            for (time, line) in &mut lines {
                let clock = self.clock(*time);
                line.row.action = format!("{clock} {}", line.row.action);
                for failure in &mut line.failures {
                    failure.reason = format!("{clock} {}", failure.reason);
                }
            }
        }
        lines.into_iter().map(|(_, line)| line).collect()
    }

    fn service(&self, id: &ServiceId, one: &RunStatus<'_>) -> Line {
        let service = self.qualifier.name(id);
        let progress = self.snapshot.observations.service(id, one.run.time);
        let reason = Reason::of(one.run, progress, &one.status, self.timezone);
        let failure = reason.map(|reason| Failure {
            subject: service.clone(),
            count: 1,
            console_url: console::service(id),
            code: reason.code,
            reason: reason.text,
            advice: reason.advice,
        });
        let action = match &one.status {
            // The row shows the count that the run asked for, and not the one that somebody else set since.
            Status::Changed(changed) => Some(Action::towards(changed.asked)),
            _ => one.run.action,
        };
        Line {
            row: Row {
                service,
                action: action.map_or_else(|| "—".to_owned(), |action| action.to_string()),
                status: row_status(&one.status, one.run.attempt_count()),
                counts: vec![(one.status.kind(), 1)],
            },
            failures: failure.into_iter().collect(),
            is_job: false,
            unnamed: 0,
        }
    }

    /// One row for all runs of a job, and a reason for each run that failed.
    fn job(&self, id: &JobId, runs: &[&RunStatus<'_>], is_several: bool) -> Line {
        let name = self.name(&Subject::Job(id.clone()));
        let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
        for one in runs {
            *counts.entry(one.status.kind()).or_default() += 1;
        }
        let failures = runs
            .iter()
            .filter_map(|one| self.job_failure(id, &name, one, is_several));
        let asked = runs.first().and_then(|one| one.run.asked).unwrap_or(1);
        let action = match asked {
            1 => "Run Task".to_owned(),
            count => format!("Run Task ({count})"),
        };
        Line {
            failures: failures.collect(),
            row: Row {
                service: name,
                action: match runs {
                    [one] if is_several => format!("{} {action}", self.clock(one.run.time)),
                    _ => action,
                },
                status: job_status(runs, &counts),
                counts: counts.into_iter().collect(),
            },
            is_job: true,
            unnamed: 0,
        }
    }

    fn job_failure(
        &self,
        id: &JobId,
        name: &str,
        one: &RunStatus<'_>,
        is_several: bool,
    ) -> Option<Failure> {
        let (code, reason, advice) = match &one.status {
            Status::Failed(error) => {
                let known = trouble(&error.to_string()).map(|trouble| trouble.advice);
                let is_exit = error.code.starts_with("exit code");
                let advice = known
                    .or(job_advice(error))
                    .or(is_exit.then_some(STOPPED_ADVICE));
                (error.code.clone(), error.to_string(), advice)
            }
            Status::NeverCalled { .. } => (
                NEVER_CALLED.to_owned(),
                NEVER_CALLED.to_owned(),
                Some(NEVER_CALLED_ADVICE),
            ),
            Status::Unkept => (UNKEPT.to_owned(), UNKEPT.to_owned(), Some(UNKEPT_ADVICE)),
            _ => return None,
        };
        let clock = self.clock(one.run.time);
        Some(Failure {
            subject: format!("{name} (job)"),
            count: 1,
            console_url: console::tasks(&id.cluster),
            code,
            reason: if is_several {
                format!("{clock} {reason}")
            } else {
                reason
            },
            advice,
        })
    }
}

fn job_status(runs: &[&RunStatus<'_>], counts: &BTreeMap<Kind, usize>) -> RowStatus {
    if let [one] = runs {
        let status = row_status(&one.status, one.run.attempt_count());
        let words = match &one.status {
            Status::Failed(error) => job_words(error).unwrap_or(status.words),
            _ => status.words,
        };
        return RowStatus { words, ..status };
    }
    let worst = runs.iter().map(|one| one.status.severity()).min();
    let parts: Vec<String> = counts
        .iter()
        .map(|(kind, count)| format!("{count} {}", kind.word()))
        .collect();
    RowStatus {
        severity: worst.unwrap_or(Severity::Good),
        words: parts.join(", "),
    }
}

/// The row of refused calls that named no service, with one error and by one caller. Accepted ones are a note instead.
fn unnamed(calls: &UnnamedCalls, runs: &[&RunStatus<'_>], is_changes: bool) -> Vec<Line> {
    let counted = |one: &&&RunStatus<'_>| matches!(one.status, Status::Unnamed(_));
    let count: usize = runs
        .iter()
        .filter(counted)
        .map(|one| one.run.attempts.len().max(1))
        .sum();
    let row = |severity, words: String, counts| Row {
        service: "(unknown)".to_owned(),
        action: "—".to_owned(),
        status: RowStatus { severity, words },
        counts,
    };
    let Some(error) = calls.error.as_ref().filter(|_| count > 0) else {
        // An earlier message reported them as failed, so this one says that they were called again.
        let is_told = is_changes && calls.error.is_some();
        let row = row(Severity::Good, "called again".to_owned(), Vec::new());
        let line = Line {
            row,
            failures: Vec::new(),
            is_job: false,
            unnamed: 0,
        };
        return if is_told { vec![line] } else { Vec::new() };
    };
    let caller = &calls.caller;
    let failure = Failure {
        subject: match count {
            1 => format!("unknown service (called by {caller})"),
            _ => format!("unknown services ({count} calls by {caller})"),
        },
        count,
        console_url: None,
        code: error.code.clone(),
        reason: error.to_string(),
        advice: advice(error),
    };
    let words = match count {
        1 => "Error".to_owned(),
        calls => format!("{calls} calls"),
    };
    vec![Line {
        row: row(Severity::Bad, words, vec![(Kind::Failed, count)]),
        failures: vec![failure],
        is_job: false,
        unnamed: count,
    }]
}
