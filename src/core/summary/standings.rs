//! How each service and job of a message stands: each once, by the worst of its runs. The first line and the totals are
//! both made of this, so that they cannot disagree.
//!
//! Pure.

use std::collections::BTreeMap;

use super::lines::{Lines, nameless_calls};
use super::row_status::row_status;
use super::totals::Totals;
use crate::core::fact::{Action, ActionKind};
use crate::core::refusal::refusal;
use crate::core::runs::Subject;
use crate::core::snapshot::RunStatus;
use crate::core::status::{Kind, Severity, Status};
use crate::core::trouble::trouble;
use crate::core::words::Aim;

/// How a service or job stands.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) name: String,
    pub(super) severity: Severity,
    pub(super) kind: Kind,
    /// The words of its row, where something is wrong.
    pub(super) words: String,
    /// What its failure is counted under.
    pub(super) label: Option<String>,
    /// Something is wrong although its tasks run.
    pub(super) is_running: bool,
}

impl Standing {
    pub(super) fn is_good(&self) -> bool {
        self.kind.is_good() || (self.kind == Kind::Working && self.severity > Severity::Warn)
    }
}

/// How everything in a message stands.
#[derive(Debug)]
pub(super) struct Standings {
    pub(super) services: Vec<Standing>,
    pub(super) jobs: Vec<Standing>,
    /// What was asked of the services.
    pub(super) aim: Aim,
    pub(super) totals: Totals,
    pub(super) job_totals: Totals,
    /// A job has several runs; the totals count each.
    pub(super) has_job_runs: bool,
    /// Rosters tell how many services and jobs there are.
    pub(super) has_roster: bool,
    /// They were chosen by how they ended: how many they are of all says nothing.
    pub(super) is_selection: bool,
}

impl Standings {
    pub(super) fn of(lines: &Lines<'_>, told: &[&RunStatus<'_>]) -> Self {
        let mut by_subject: BTreeMap<&Subject, Vec<&RunStatus<'_>>> = BTreeMap::new();
        for &one in told {
            by_subject.entry(one.subject).or_default().push(one);
        }
        let mut standings = Self {
            services: Vec::new(),
            jobs: Vec::new(),
            aim: aim(told),
            totals: Totals::default(),
            job_totals: Totals::default(),
            has_job_runs: false,
            has_roster: told.iter().any(|one| one.run.firing.is_some()),
            is_selection: lines.snapshot.is_selection,
        };
        for (subject, runs) in by_subject {
            standings.add(lines, subject, &runs);
        }
        standings
    }

    fn add(&mut self, lines: &Lines<'_>, subject: &Subject, runs: &[&RunStatus<'_>]) {
        if let Subject::Unnamed(calls) = subject {
            let count: usize = runs.iter().map(|one| nameless_calls(one)).sum();
            if let Some(error) = calls.error.as_ref().filter(|_| count > 0) {
                *self.totals.nameless.entry(refusal(error)).or_default() += count;
            }
            return;
        }
        let rank = |one: &&&RunStatus<'_>| (one.status.severity(), worst_first(one.status.kind()));
        let Some(worst) = runs.iter().min_by_key(rank) else {
            return;
        };
        let standing = standing(lines, worst);
        if matches!(subject, Subject::Service(_)) {
            self.totals.add(standing.kind, standing.severity, 1);
            self.services.push(standing);
            return;
        }
        self.has_job_runs |= runs.len() > 1;
        for one in runs {
            let (kind, severity) = (one.status.kind(), one.status.severity());
            self.job_totals.add(kind, severity, 1);
        }
        self.jobs.push(standing);
    }

    /// Whether no service was called at all.
    pub(super) fn is_nothing(&self) -> bool {
        let is_missing =
            |one: &Standing| one.kind == Kind::Missing && one.severity == Severity::Bad;
        !self.is_selection
            && self.services.len() > 1
            && self.services.iter().all(is_missing)
            && self.totals.nameless.is_empty()
    }

    /// The worst of all.
    pub(super) fn worst(&self) -> Severity {
        let nameless = (self.totals.nameless_calls() > 0).then_some(Severity::Bad);
        let all = self.services.iter().chain(&self.jobs);
        let worst = all.map(|one| one.severity).chain(nameless).min();
        worst.unwrap_or(Severity::Good)
    }
}

fn worst_first(kind: Kind) -> usize {
    let place = Kind::WORST_FIRST.iter().position(|of| *of == kind);
    place.unwrap_or(usize::MAX)
}

fn standing(lines: &Lines<'_>, one: &RunStatus<'_>) -> Standing {
    let is_running = match &one.status {
        Status::Troubled(remark) => {
            trouble(&remark.text).is_some_and(|known| known.is_while_running)
        }
        _ => false,
    };
    Standing {
        name: lines.name(one.subject),
        severity: one.status.severity(),
        kind: one.status.kind(),
        words: if one.status.is_failure() {
            row_status(one.run, &one.status, lines.reader).words
        } else {
            String::new()
        },
        label: lines.failure_of(one).map(|failure| failure.label),
        is_running,
    }
}

/// What was asked of the services, where all of them were asked for the same.
fn aim(told: &[&RunStatus<'_>]) -> Aim {
    let services = told
        .iter()
        .filter(|one| matches!(one.subject, Subject::Service(_)));
    let mut aims = services.filter_map(|one| match &one.status {
        Status::Changed(changed) => Some(Action::towards(changed.asked)),
        _ => one.run.action,
    });
    let of = |action: Action| match (action.kind, action.desired_count) {
        (ActionKind::ScaleUp, _) => Aim::Up,
        (ActionKind::NoChange, Some(count)) if count > 0 => Aim::Up,
        (ActionKind::ScaleDown | ActionKind::NoChange, Some(0) | None) => Aim::Down,
        (ActionKind::Restart, _) => Aim::Restarted,
        _ => Aim::AsAsked,
    };
    let first = aims.next().map_or(Aim::AsAsked, of);
    if aims.all(|action| of(action) == first) {
        first
    } else {
        Aim::AsAsked
    }
}
