//! Whole weeks of random overrides, with commands that are interrupted after any request, beside a model that knows runs only
//! and nothing of how Scheduler is made to do them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveTime, TimeDelta};
use proptest::prelude::*;
use serde_json::Value;

use crate::cli::overrides::landscape::{Landscape, Subject};
use crate::cli::overrides::plan::{Asked, Days, Situation, Until, Wish, cancel};
use crate::cli::overrides::runs::Time;
use crate::cli::overrides::wanted::actions;
use crate::core::overrides::{Override, Phase};

use super::player::*;

/// When each run is, by its schedule, service and origin.
#[derive(Default)]
struct Model {
    calls: BTreeSet<Came>,
    now: Option<Time>,
}

impl Model {
    /// Counts what comes between `since` and `until` while these overrides hold.
    fn play(&mut self, terraform: &Landscape, proposal: &[Override], since: Time, until: Time) {
        let mut runs: BTreeMap<(String, Subject, Time), (Option<Time>, i64)> = BTreeMap::new();
        for call in terraform.calls() {
            let own: Vec<Time> = call
                .timing
                .after(since - TimeDelta::days(30))
                .take_while(|time| *time <= until + TimeDelta::days(30))
                .collect();
            for (subject, count) in &call.subjects {
                for at in &own {
                    runs.insert(
                        (call.schedule.clone(), subject.clone(), *at),
                        (Some(*at), *count),
                    );
                }
                for change in proposal.iter().flat_map(|one| &one.changes) {
                    let is_about = change.services.as_ref().is_none_or(|names| {
                        subject
                            .service()
                            .is_some_and(|name| names.iter().any(|one| one == name))
                    });
                    if change.schedule != call.schedule || !is_about {
                        continue;
                    }
                    if let Some(from) = change.from {
                        if let Some(run) =
                            runs.get_mut(&(call.schedule.clone(), subject.clone(), from))
                        {
                            run.0 = change.to;
                        }
                    } else if let Some(to) = change.to {
                        runs.insert(
                            (call.schedule.clone(), subject.clone(), to),
                            (Some(to), *count),
                        );
                    }
                }
            }
        }
        let came = runs
            .into_iter()
            .filter_map(|((_, subject, _), (at, count))| {
                let at = at.filter(|at| (since < *at) && (*at <= until))?;
                Some((at, subject.service()?.to_owned(), count))
            });
        self.calls.extend(came);
        self.now = Some(until);
    }
}

fn minutes(from: i64, to: i64) -> impl Strategy<Value = TimeDelta> {
    (from..=to).prop_map(TimeDelta::minutes)
}

fn step() -> impl Strategy<Value = Step> {
    let schedule = || prop_oneof![Just("morning".to_owned()), Just("evening".to_owned())];
    let until = || {
        prop_oneof![
            minutes(5, 14 * 60).prop_map(Until::Span),
            (0..24u32, prop_oneof![Just(0), Just(30)]).prop_map(|(hour, minute)| Until::Clock(
                NaiveTime::from_hms_opt(hour, minute, 0).unwrap()
            )),
        ]
    };
    let day = (12..30u32).prop_map(|day| chrono::NaiveDate::from_ymd_opt(2026, 1, day).unwrap());
    let days = prop_oneof![
        prop::collection::btree_set(day.clone(), 1..3).prop_map(Days::On),
        (day.clone(), day).prop_map(|(a, b)| Days::Span(a.min(b), a.max(b))),
    ];
    let wish = prop_oneof![
        (until(), prop::option::of(schedule()))
            .prop_map(|(until, schedule)| Wish::Extend { until, schedule }),
        (schedule(), days).prop_map(|(schedule, days)| Wish::Skip {
            schedules: vec![schedule],
            days
        }),
        until().prop_map(|until| Wish::Up { until }),
        prop::option::of(schedule()).prop_map(|until_schedule| Wish::Down { until_schedule }),
    ];
    let services = prop_oneof![
        3 => Just(BTreeSet::new()),
        1 => prop::sample::subsequence(vec!["api", "web", "worker"], 1..3)
            .prop_map(|names| names.into_iter().map(str::to_owned).collect()),
    ];
    let by = prop_oneof![Just("kim"), Just("lee")];
    prop_oneof![
        4 => (wish, services, by).prop_map(|(wish, services, by)| Step::Wish(Asked {
            wish, services, reason: None, by: by.to_owned(),
        })),
        1 => (0..4usize).prop_map(Step::Cancel),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_overridden_runs_as_a_model_says_and_then_as_terraform_says(
        steps in prop::collection::vec((0..40_000i64, step(), prop::option::of((0..12usize, 0..50i64))), 1..6),
    ) {
        let begin = seoul("2026-01-12 00:00");
        let terraform = Landscape::read(terraform());
        let mut scheduler = Scheduler::new(begin);
        let mut model = Model::default();
        let mut overrides = Vec::new();
        let mut heard = Vec::new();
        let pass = |scheduler: &mut Scheduler, model: &mut Model, overrides: &[_], until: Time| {
            model.play(&terraform, overrides, scheduler.now, until);
            scheduler.play(until);
        };
        for (seconds, step, crash) in &steps {
            let then = scheduler.now + TimeDelta::seconds(*seconds);
            pass(&mut scheduler, &mut model, &overrides, then);
            let Some(first) = proposal(&scheduler, step) else { continue };
            if let Some((requests, delay)) = crash {
                if scheduler.make(&first, *requests) {
                    heard.extend((!first.is_silent).then(|| first.one.clone()));
                    overrides.clone_from(&first.overrides);
                    continue;
                }
                // Nothing that is moved is due within this time, so it does not matter what holds meanwhile.
                let then = scheduler.now + TimeDelta::seconds(*delay);
                pass(&mut scheduler, &mut model, &overrides, then);
            }
            // The same command again.
            let again = match step {
                Step::Cancel(_) => {
                    let landscape = scheduler.landscape();
                    cancel(Situation::new(&landscape, scheduler.now, scheduler.now), &first.one.id, "lee").ok()
                }
                Step::Wish(_) => proposal(&scheduler, step),
            };
            let again = again.unwrap_or_else(|| panic!("the same command is refused: {step:?}"));
            prop_assert!(scheduler.make(&again, usize::MAX));
            heard.extend((!again.is_silent).then(|| again.one.clone()));
            overrides.clone_from(&again.overrides);
            // And once more: nothing is left to do.
            let landscape = scheduler.landscape();
            let left = actions(&landscape, &again.overrides, Vec::new(), scheduler.now);
            prop_assert!(left.iter().all(Vec::is_empty), "{left:?}");
        }
        let end = scheduler.now + TimeDelta::days(40);
        pass(&mut scheduler, &mut model, &overrides, end);
        let difference: Vec<_> = scheduler.calls.symmetric_difference(&model.calls).collect();
        prop_assert!(difference.is_empty(), "calls: {difference:?}");
        let difference: Vec<_> = scheduler.calls.symmetric_difference(&scheduler.expected).collect();
        prop_assert!(difference.is_empty(), "rosters: {difference:?}");
        prop_assert_eq!(scheduler.entries.len(), self::terraform().len());
        for one in heard {
            let phase = if one.phase == Phase::Cancelled { "cancelled" } else { "began" };
            let is_told = |told: &Value| told["id"] == one.id && told["phase"] == phase;
            prop_assert!(scheduler.told.iter().any(is_told), "{one:?}");
        }
    }
}
