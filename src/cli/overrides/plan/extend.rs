//! `extend`: a run comes later.

use std::collections::BTreeSet;

use super::{HORIZON, Situation, TOO_LATE, Until};
use crate::cli::overrides::refusal::Refusal;
use crate::cli::overrides::runs::{Run, Time};
use crate::core::overrides::Change;

impl Situation<'_> {
    pub(super) fn extend(
        self,
        until: Until,
        schedule: Option<&str>,
        services: &BTreeSet<String>,
    ) -> Result<(Vec<Change>, Time), Refusal> {
        let bounds = self.bounds(services);
        let lowers = |run: &Run| {
            bounds
                .get(&run.subject)
                .is_some_and(|(_, high)| run.count < *high)
        };
        let is_meant =
            |run: &Run| schedule.map_or_else(|| lowers(run), |name| run.schedule == name);
        let coming = self.coming(services, HORIZON);
        let first = coming.iter().find(|run| is_meant(run));
        let first = first.ok_or_else(|| match schedule {
            Some(name) => Refusal::NoRun(name.to_owned()),
            None => Refusal::NothingLowers,
        })?;
        // All that lowers at the same time is one run for people, even where several schedules make it.
        let meant: Vec<&Run> = coming
            .iter()
            .filter(|run| run.at == first.at && is_meant(run))
            .collect();
        let zone = self.zone(&[&first.schedule]);
        // The time of day is the next one after the run's own time, which may have passed where it was extended before.
        let since = match until {
            Until::Clock(_) => first.origin.max(self.now),
            _ => first.origin,
        };
        let to = until.moment(since, zone)?;
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
