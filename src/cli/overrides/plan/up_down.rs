//! `up` and `down`: the environment starts or stops now, against its schedules.

use std::collections::{BTreeMap, BTreeSet};

use super::{HORIZON, Situation, TOO_LATE, Until};
use crate::cli::overrides::landscape::Subject;
use crate::cli::overrides::refusal::Refusal;
use crate::cli::overrides::runs::{Run, Time, last_runs};
use crate::core::overrides::Change;

/// A call of a schedule that is to be made, moved or taken away.
type Call = (String, Subject, Option<Time>);

impl Situation<'_> {
    /// The highest counts now. When the time is over, each service gets what its schedules say by then.
    pub(super) fn up(
        self,
        until: Until,
        services: &BTreeSet<String>,
    ) -> Result<(Vec<Change>, Time), Refusal> {
        let high = self.extreme(services, |(low, high)| (high > low).then_some(high));
        if high.is_empty() {
            return Err(Refusal::NothingRaises);
        }
        let subjects: BTreeSet<Subject> = high.keys().cloned().collect();
        let names: Vec<&str> = high
            .values()
            .map(|(schedule, _)| schedule.as_str())
            .collect();
        let zone = self.zone(&names);
        let start = self.soon(&subjects);
        let since = match until {
            Until::Span(_) => start,
            _ => self.now,
        };
        let end = until.moment(since, zone)?;
        if end <= start + TOO_LATE {
            return Err(Refusal::Past { at: end, zone });
        }
        if end - start > self.landscape.longest() {
            return Err(Refusal::TooLong {
                at: end,
                hours: self.landscape.longest().num_hours(),
                zone,
            });
        }
        let mut changes = self.changes(besides(&high), Some(start));
        let is_lower = |run: &Run| {
            high.get(&run.subject)
                .is_some_and(|(_, count)| run.count < *count)
        };
        let coming = self.coming(services, end - self.now);
        let lowering: Vec<&Run> = coming.iter().filter(|run| is_lower(run)).collect();
        let last = last_runs(self.landscape, self.overrides, &subjects, end);
        let mut moved: BTreeSet<Call> = BTreeSet::new();
        let mut added: BTreeSet<Call> = BTreeSet::new();
        for run in last.values().filter(|run| is_lower(run)) {
            // What comes meanwhile comes at the end instead; what came before comes once more.
            let is_coming = run.at > self.now;
            let call = (
                run.schedule.clone(),
                run.subject.clone(),
                is_coming.then_some(run.origin),
            );
            if is_coming { &mut moved } else { &mut added }.insert(call);
        }
        let skipped = lowering
            .iter()
            .map(|run| (run.schedule.clone(), run.subject.clone(), Some(run.origin)))
            .filter(|call| !moved.contains(call));
        changes.extend(self.changes(skipped, None));
        changes.extend(self.changes(moved.iter().cloned(), Some(end)));
        changes.extend(self.changes(added, Some(end)));
        Ok((changes, end))
    }

    /// The lowest counts now, until the next run that raises them.
    pub(super) fn down(
        self,
        until_schedule: Option<&str>,
        services: &BTreeSet<String>,
    ) -> Result<(Vec<Change>, Time), Refusal> {
        let low = self.extreme(services, |(low, high)| (low < high).then_some(low));
        if low.is_empty() {
            return Err(Refusal::NothingLowers);
        }
        let start = self.soon(&low.keys().cloned().collect());
        let is_higher = |run: &&Run| {
            low.get(&run.subject)
                .is_some_and(|(_, count)| run.count > *count)
        };
        let coming = self.coming(services, HORIZON);
        let raising: Vec<&Run> = coming.iter().filter(is_higher).collect();
        let is_end = |run: &&&Run| until_schedule.is_none_or(|name| run.schedule == name);
        let end = raising.iter().find(is_end).map(|run| run.at);
        let end = end.ok_or_else(|| match until_schedule {
            Some(name) => Refusal::NoRun(name.to_owned()),
            None => Refusal::NothingRaises,
        })?;
        if end <= start + TOO_LATE {
            return Err(Refusal::Past {
                at: end,
                zone: self.zone(&[]),
            });
        }
        let skipped = raising.iter().filter(|run| run.at < end);
        let skipped =
            skipped.map(|run| (run.schedule.clone(), run.subject.clone(), Some(run.origin)));
        let mut changes = self.changes(besides(&low), Some(start));
        changes.extend(self.changes(skipped, None));
        Ok((changes, end))
    }

    /// The schedule that gives each service the count that `choose` takes of its lowest and highest, and that count.
    fn extreme(
        self,
        services: &BTreeSet<String>,
        choose: impl Fn((i64, i64)) -> Option<i64>,
    ) -> BTreeMap<Subject, (String, i64)> {
        let bounds = self.bounds(services);
        let mut chosen = BTreeMap::new();
        for recurring in self.alive() {
            for (subject, count) in &recurring.subjects {
                let wanted = bounds.get(subject).copied().and_then(&choose);
                if wanted == Some(*count) {
                    let schedule = || (recurring.schedule.clone(), *count);
                    chosen.entry(subject.clone()).or_insert_with(schedule);
                }
            }
        }
        chosen
    }
}

/// A run besides for each service.
fn besides(calls: &BTreeMap<Subject, (String, i64)>) -> impl Iterator<Item = Call> {
    calls
        .iter()
        .map(|(subject, (schedule, _))| (schedule.clone(), subject.clone(), None))
}
