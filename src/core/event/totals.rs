//! How many runs have which status.

use std::collections::BTreeMap;

use serde::Serialize;

use super::run::status_word;
use crate::core::runs::Subject;
use crate::core::snapshot::RunStatus;

/// How many runs have which status. A status without runs is absent.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Totals {
    pub(crate) services: BTreeMap<&'static str, usize>,
    pub(crate) jobs: BTreeMap<&'static str, usize>,
    pub(crate) unnamed_calls: usize,
}

impl Totals {
    /// The totals of some runs.
    pub(crate) fn of<'a>(runs: impl IntoIterator<Item = &'a RunStatus<'a>>) -> Self {
        let mut totals = Self::default();
        for one in runs {
            totals.count(one);
        }
        totals
    }

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
}
