//! Counts services and jobs, and words the totals. Each service counts once, by the worst of its runs.
//!
//! Pure.

use std::collections::BTreeMap;

use crate::core::refusal::Refusal;
use crate::core::status::{Kind, Severity};
use crate::core::words::Language;

/// How many services, or runs of jobs, have which status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Totals {
    /// Refused calls that named no service, by why they were refused. They are no services, so they count apart.
    pub nameless: BTreeMap<Option<Refusal>, usize>,
    by: BTreeMap<(Kind, Severity), usize>,
}

impl Totals {
    /// Adds so many of a kind.
    pub fn add(&mut self, kind: Kind, severity: Severity, count: usize) {
        *self.by.entry((kind, severity)).or_default() += count;
    }

    fn sum(&self, is_wanted: impl Fn(Kind, Severity) -> bool) -> usize {
        let wanted = self
            .by
            .iter()
            .filter(|((kind, severity), _)| is_wanted(*kind, *severity));
        wanted.map(|(_, count)| count).sum()
    }

    /// How many are of a kind.
    #[must_use]
    pub fn get(&self, kind: Kind) -> usize {
        self.sum(|of, _| of == kind)
    }

    /// How many ended well, as far as is known.
    #[must_use]
    pub fn succeeded(&self) -> usize {
        self.sum(|kind, _| kind.is_good())
    }

    /// How many failed; refused calls that named no service are not among them.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.get(Kind::Failed)
    }

    /// How many were expected, and no record of a call arrived.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.get(Kind::Missing)
    }

    /// How many are still starting or stopping although their time is over, or are at another count than was asked for.
    #[must_use]
    pub fn late(&self) -> usize {
        let is_late = |kind| matches!(kind, Kind::Starting | Kind::Stopping | Kind::Changed);
        self.sum(|kind, severity| is_late(kind) && severity <= Severity::Warn)
    }

    /// How many there are.
    #[must_use]
    pub fn all(&self) -> usize {
        self.sum(|_, _| true)
    }

    /// How many refused calls named no service.
    #[must_use]
    pub fn nameless_calls(&self) -> usize {
        self.nameless.values().sum()
    }

    /// What refused calls without a name are called: `throttled`, or `refused` where the reasons differ.
    pub(super) fn nameless_label(&self, language: Language) -> &'static str {
        let mut reasons = self.nameless.keys();
        match (reasons.next(), reasons.next()) {
            (Some(reason), None) => nameless_label(*reason, language),
            _ => language.words().refused(),
        }
    }

    /// Whether there is nothing to count.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by.is_empty() && self.nameless.is_empty()
    }

    /// `19 running, 1 failed`; `5 of 8 called; 3 missing, probably among 2 throttled calls that name no service`. The
    /// numbers before the last semicolon and the missing ones add up to [`Totals::all`].
    pub(super) fn parts(&self, language: Language) -> String {
        let words = language.words();
        let calls = self.nameless_calls();
        let label = self.nameless_label(language);
        let missing = self.missing();
        let is_among = calls > 0 && missing > 0;
        let counted = self
            .by
            .iter()
            .filter(|((kind, _), _)| !(is_among && *kind == Kind::Missing));
        let parts: Vec<String> = counted
            .map(|((kind, severity), count)| words.counted(*count, *kind, *severity))
            .collect();
        let is_only_called = self.get(Kind::Succeeded) + missing == self.all();
        match (is_among, calls) {
            (true, _) => {
                let among = words.missing_among(missing, calls, label);
                let called = if is_only_called {
                    words.called(self.all() - missing, self.all())
                } else {
                    parts.join(", ")
                };
                format!("{called}; {among}")
            }
            (false, 0) => parts.join(", "),
            (false, calls) if parts.is_empty() => words.nameless(calls, label),
            (false, calls) => format!("{}; {}", parts.join(", "), words.nameless(calls, label)),
        }
    }
}

/// `Total: 19 running, 1 failed · Jobs: 2 finished`. `has_runs` means that a job has several runs.
pub(super) fn line(services: &Totals, jobs: &Totals, has_runs: bool, language: Language) -> String {
    let words = language.words();
    let of_services = || words.total(&services.parts(language));
    let of_jobs = || words.jobs_total(&jobs.parts(language), has_runs);
    match (services.is_empty(), jobs.is_empty()) {
        (true, true) => words.total(&words.counted(0, Kind::Succeeded, Severity::Good)),
        (false, true) => of_services(),
        (true, false) => of_jobs(),
        (false, false) => format!("{} · {}", of_services(), of_jobs()),
    }
}

/// What refused calls without a name are called by their reason.
pub(super) fn nameless_label(reason: Option<Refusal>, language: Language) -> &'static str {
    let words = language.words();
    reason.map_or(words.refused(), |refusal| words.refusal(refusal).brief)
}
