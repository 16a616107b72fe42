//! `extend`: a run comes later.

use std::collections::{BTreeMap, BTreeSet};

use super::{HORIZON, Situation, TOO_LATE, Until};
use crate::cli::overrides::landscape::Subject;
use crate::cli::overrides::refusal::Refusal;
use crate::cli::overrides::runs::{Run, Time, last_runs};
use crate::core::overrides::Change;

impl Situation<'_> {
    pub(super) fn extend(
        self,
        until: Until,
        schedule: Option<&str>,
        services: &BTreeSet<String>,
    ) -> Result<(Vec<Change>, Time), Refusal> {
        let coming = self.coming(services, HORIZON);
        let lowering = self.lowering(&coming);
        let is_meant = |at: &usize| match schedule {
            Some(name) => coming[*at].schedule == name,
            None => lowering.contains(at),
        };
        let first = (0..coming.len()).find(is_meant).map(|at| &coming[at]);
        let first = first.ok_or_else(|| match schedule {
            Some(name) => Refusal::NoRun(name.to_owned()),
            None => Refusal::NothingLowers,
        })?;
        // What several schedules lower at the same time is one run for people, with all that these schedules call then.
        let together = (0..coming.len()).filter(|at| coming[*at].at == first.at);
        let schedules: BTreeSet<&str> = together
            .filter(is_meant)
            .map(|at| coming[at].schedule.as_str())
            .collect();
        let meant: Vec<&Run> = coming
            .iter()
            .filter(|run| run.at == first.at && schedules.contains(run.schedule.as_str()))
            .collect();
        let zone = self.zone(&[&first.schedule]);
        // The time of day is the next one after the run's own time, which may have passed where it was extended before.
        let since = match until {
            Until::Clock(_) => first.origin.max(self.now),
            _ => first.origin,
        };
        let to = until.moment(since, zone)?;
        if to == first.at && first.at == first.origin {
            return Err(Refusal::Same(first.schedule.clone()));
        }
        if to <= self.now + TOO_LATE {
            return Err(Refusal::Past { at: to, zone });
        }
        if to < first.origin {
            return Err(Refusal::Earlier {
                at: to,
                run: first.origin,
                zone,
            });
        }
        if to - first.origin > self.landscape.longest() {
            return Err(Refusal::TooLong {
                at: to,
                hours: self.landscape.longest().num_hours(),
                zone,
            });
        }
        self.check_order(&meant, to)?;
        let moved = meant
            .iter()
            .map(|run| (run.schedule.clone(), run.subject.clone(), Some(run.origin)));
        Ok((self.changes(moved, Some(to)), to))
    }

    /// Which of these runs lower the count of their service: below what the run before it set, or to nothing where none is known.
    fn lowering(self, coming: &[Run]) -> BTreeSet<usize> {
        let subjects = coming.iter().map(|run| run.subject.clone()).collect();
        let last = last_runs(self.landscape, self.overrides, &subjects, self.now);
        let mut counts: BTreeMap<&Subject, i64> = last
            .iter()
            .map(|(subject, run)| (subject, run.count))
            .collect();
        let services = coming.iter().enumerate();
        let services = services.filter(|(_, run)| run.subject.service().is_some());
        let lowering = services.filter(|(_, run)| {
            let before = counts.insert(&run.subject, run.count);
            before.map_or(run.count == 0, |before| run.count < before)
        });
        lowering.map(|(at, _)| at).collect()
    }

    /// A run must not come after the next one of its services: that one would be undone.
    fn check_order(self, moved: &[&Run], to: Time) -> Result<(), Refusal> {
        let coming = self.coming(&BTreeSet::new(), to - self.now);
        let is_between = |other: &&Run| {
            moved.iter().any(|run| {
                run.subject == other.subject && run.count != other.count && other.at > run.at
            })
        };
        match coming.iter().find(is_between) {
            None => Ok(()),
            Some(other) => Err(Refusal::NextComesFirst {
                zone: self.zone(&[&other.schedule]),
                schedule: other.schedule.clone(),
                at: other.at,
            }),
        }
    }
}
