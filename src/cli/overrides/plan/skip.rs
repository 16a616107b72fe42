//! `skip`: the runs of some days do not come.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};

use super::{Days, HORIZON, Situation};
use crate::cli::overrides::refusal::Refusal;
use crate::cli::overrides::runs::{Run, Time};
use crate::core::overrides::Change;

impl Situation<'_> {
    pub(super) fn skip(
        self,
        schedules: &[String],
        days: &Days,
        services: &BTreeSet<String>,
    ) -> Result<(Vec<Change>, Time), Refusal> {
        let day_of = |run: &Run| -> NaiveDate {
            run.origin
                .with_timezone(&self.zone(&[&run.schedule]))
                .date_naive()
        };
        let coming = self.coming(services, HORIZON);
        let of_schedules = coming
            .iter()
            .filter(|run| schedules.contains(&run.schedule));
        let skipped: Vec<&Run> = of_schedules
            .filter(|run| days.contain(day_of(run)))
            .collect();
        for schedule in schedules {
            let of_schedule = skipped.iter().filter(|run| run.schedule == *schedule);
            let met: BTreeSet<NaiveDate> = of_schedule.map(|run| day_of(run)).collect();
            let missing = match days {
                Days::On(days) => days.iter().find(|day| !met.contains(day)).copied(),
                Days::Span(first, _) => met.is_empty().then_some(*first),
            };
            if let Some(day) = missing {
                return Err(Refusal::NoRunOn(schedule.clone(), day));
            }
        }
        // The record stays until the last skipped run could not come any more.
        let ends = skipped
            .iter()
            .map(|run| run.at + run.flexible + TimeDelta::minutes(2));
        let until = ends
            .max()
            .ok_or_else(|| Refusal::NoRun(schedules.join(", ")))?;
        let skipped = skipped
            .into_iter()
            .map(|run| (run.schedule.clone(), run.subject.clone(), Some(run.origin)));
        Ok((self.changes(skipped, None), until))
    }
}
