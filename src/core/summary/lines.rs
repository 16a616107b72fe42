//! Makes the rows of the table and the reasons of failures: one row for each service or job, or for each run of a
//! service where its runs differ.
//!
//! Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::failure::Failure;
use super::period::clock;
use super::qualifier::Qualifier;
use super::row_status::{RowStatus, row_status};
use super::{Row, totals};
use crate::core::fact::{Action, JobId, ServiceId};
use crate::core::reader::Reader;
use crate::core::refusal::refusal;
use crate::core::runs::{Subject, UnnamedCalls};
use crate::core::snapshot::{RunStatus, WindowSnapshot};
use crate::core::status::{Kind, Severity, Status};

/// Makes the rows and reasons of one snapshot.
pub(super) struct Lines<'a> {
    pub(super) snapshot: &'a WindowSnapshot<'a>,
    pub(super) reader: Reader,
    qualifier: Qualifier,
}

/// A row, and the reasons of the failures that it shows.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) row: Row,
    pub(super) failures: Vec<Failure>,
    /// They are refused calls that named no service.
    pub(super) is_nameless: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new(snapshot: &'a WindowSnapshot<'_>, reader: Reader) -> Self {
        Self {
            snapshot,
            reader,
            qualifier: Qualifier::of(snapshot, reader.accounts),
        }
    }

    /// The rows of a subject. `is_changes` means that an earlier message told of it, and `suspects` are the services
    /// that calls without a name may have been made for.
    pub(super) fn lines(
        &self,
        subject: &Subject,
        runs: &[&RunStatus<'_>],
        is_changes: bool,
        suspects: &[String],
    ) -> Vec<Line> {
        match subject {
            Subject::Service(id) => {
                let is_alone = !is_changes || !self.is_several(subject);
                self.services(id, runs, is_alone)
            }
            Subject::Job(id) => vec![self.job(id, runs)],
            Subject::Unnamed(calls) => self.unnamed(calls, runs, is_changes, suspects),
        }
    }

    /// The reasons of one failed run.
    pub(super) fn failure(&self, one: &RunStatus<'_>) -> Option<Failure> {
        let lines = self.lines(one.subject, &[one], true, &[]);
        lines.into_iter().flat_map(|line| line.failures).next()
    }

    /// A run's subject, with its time where there are several.
    pub(super) fn run_name(&self, one: &RunStatus<'_>) -> String {
        let name = self.name(one.subject);
        if self.is_several(one.subject) {
            format!("{name} ({})", clock(one.run.time, self.reader))
        } else {
            name
        }
    }

    /// Whether the window has several runs of a service or job.
    fn is_several(&self, subject: &Subject) -> bool {
        let runs = self.snapshot.runs.by_subject.get(subject);
        !matches!(subject, Subject::Unnamed(_)) && runs.is_some_and(|runs| runs.len() > 1)
    }

    /// A subject's name as the message shows it.
    pub(super) fn name(&self, subject: &Subject) -> String {
        match subject {
            Subject::Service(id) => self.qualifier.name(id),
            Subject::Job(id) => self.qualifier.name(&id.cluster.service(id.family.clone())),
            Subject::Unnamed(_) => self.reader.words().unknown().to_owned(),
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
                let clock = clock(*time, self.reader);
                line.row.action = format!("{clock} {}", line.row.action);
                for failure in &mut line.failures {
                    failure.reason = format!("{clock} {}", failure.reason);
                }
            }
        }
        lines.into_iter().map(|(_, line)| line).collect()
    }

    fn service(&self, id: &ServiceId, one: &RunStatus<'_>) -> Line {
        let action = match &one.status {
            // The row shows the count that the run asked for, and not the one that somebody else set since.
            Status::Changed(changed) => Some(Action::towards(changed.asked)),
            _ => one.run.action,
        };
        let action = action.map(|action| self.reader.words().action(action));
        Line {
            row: Row {
                service: self.qualifier.name(id),
                action: action.unwrap_or_else(|| NO_ACTION.to_owned()),
                status: row_status(one.run, &one.status, self.reader),
                counts: vec![(one.status.kind(), 1)],
                is_job: false,
            },
            failures: self.failure_of(one).into_iter().collect(),
            is_nameless: false,
        }
    }

    /// One row for all runs of a job, and a reason for each run that failed. Its good runs may be told in another
    /// message, so its time is shown wherever the window has several.
    fn job(&self, id: &JobId, runs: &[&RunStatus<'_>]) -> Line {
        let subject = Subject::Job(id.clone());
        let is_several = self.is_several(&subject);
        let mut counts: BTreeMap<(Kind, Severity), usize> = BTreeMap::new();
        for one in runs {
            let key = (one.status.kind(), one.status.severity());
            *counts.entry(key).or_default() += 1;
        }
        let failures = runs.iter().filter_map(|one| {
            let mut failure = self.failure_of(one)?;
            if is_several {
                let clock = clock(one.run.time, self.reader);
                failure.reason = format!("{clock} {}", failure.reason);
            }
            Some(failure)
        });
        let asked = runs.first().and_then(|one| one.run.asked).unwrap_or(1);
        let action = self.reader.words().run_task(asked);
        Line {
            failures: failures.collect(),
            row: Row {
                service: self.name(&subject),
                action: match runs {
                    [one] if is_several => {
                        format!("{} {action}", clock(one.run.time, self.reader))
                    }
                    _ => action,
                },
                status: self.job_status(runs, &counts),
                counts: counts
                    .into_iter()
                    .map(|((kind, _), count)| (kind, count))
                    .collect(),
                is_job: true,
            },
            is_nameless: false,
        }
    }

    fn job_status(
        &self,
        runs: &[&RunStatus<'_>],
        counts: &BTreeMap<(Kind, Severity), usize>,
    ) -> RowStatus {
        if let [one] = runs {
            return row_status(one.run, &one.status, self.reader);
        }
        let words = self.reader.words();
        let worst = runs.iter().map(|one| one.status.severity()).min();
        let parts: Vec<String> = counts
            .iter()
            .map(|(&(kind, severity), &count)| words.counted(count, kind, severity))
            .collect();
        RowStatus {
            severity: worst.unwrap_or(Severity::Good),
            words: parts.join(", "),
        }
    }

    /// The row of refused calls that named no service, with one error and by one caller. Accepted ones are a note
    /// instead.
    fn unnamed(
        &self,
        calls: &UnnamedCalls,
        runs: &[&RunStatus<'_>],
        is_changes: bool,
        suspects: &[String],
    ) -> Vec<Line> {
        let words = self.reader.words();
        let count: usize = runs.iter().map(|one| nameless_calls(one)).sum();
        let line = |severity, status: String, counts, failures, is_nameless| Line {
            row: Row {
                service: words.unknown().to_owned(),
                action: NO_ACTION.to_owned(),
                status: RowStatus {
                    severity,
                    words: status,
                },
                counts,
                is_job: false,
            },
            failures,
            is_nameless,
        };
        let Some(error) = calls.error.as_ref().filter(|_| count > 0) else {
            // An earlier message reported them as failed, so this one says that they were called again.
            let is_told = is_changes && calls.error.is_some();
            let again = words.called_again().to_owned();
            let line = line(Severity::Good, again, Vec::new(), Vec::new(), false);
            return Vec::from_iter(is_told.then_some(line));
        };
        let label = totals::nameless_label(refusal(error), self.reader.language).to_owned();
        let failure = self.nameless(calls, error, count, suspects);
        let counts = vec![(Kind::Failed, count)];
        let status = words.calls(count, &label);
        vec![line(Severity::Bad, status, counts, vec![failure], true)]
    }
}

/// What stands where nobody knows what was asked for.
const NO_ACTION: &str = "—";

/// How many refused calls without a name a run stands for, as far as they are still a failure.
pub(super) fn nameless_calls(one: &RunStatus<'_>) -> usize {
    match one.status {
        Status::Unnamed(calls) => calls,
        _ => 0,
    }
}
