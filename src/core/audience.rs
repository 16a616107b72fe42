//! Who hears of what in a window, by the routes.
//!
//! Pure.

use std::collections::BTreeSet;

use super::overrides::Override;
use super::report::LastReport;
use super::routes::{DEFAULT, Outcome, Routes, Traits};
use super::runs::Subject;
use super::snapshot::{RunStatus, WindowSnapshot};

/// A window as each receiver hears of it, in the order of [`Routes::receivers`]. `report` gives what a receiver was told.
///
/// A receiver that was told of a run goes on hearing of it: that a run recovered is no failure any more, and yet whoever heard
/// of the failure is to hear of that.
#[must_use]
pub fn parts<'a, 'r>(
    routes: &Routes,
    snapshot: WindowSnapshot<'a>,
    report: impl Fn(usize) -> Option<&'r LastReport>,
) -> Vec<WindowSnapshot<'a>> {
    if routes.is_empty() {
        return vec![snapshot];
    }
    let runs = snapshot.statuses.iter();
    let of_runs: Vec<_> = runs.map(|one| of_run(routes, &snapshot, one)).collect();
    let overrides = snapshot.overrides.iter();
    let overrides = overrides.map(|one| of_override(routes, &snapshot, &one.told));
    let of_overrides: Vec<_> = overrides.collect();
    let part = |place: usize| {
        let report = report(place);
        let is_told = |one: &RunStatus<'_>| report.is_some_and(|report| is_told(report, one));
        let is_heard =
            |(one, places): &(&RunStatus<'_>, &Places)| places.contains(&place) || is_told(one);
        let runs = snapshot.statuses.iter().zip(&of_runs);
        let runs = runs.filter(is_heard).map(|(one, _)| one.clone()).collect();
        let overrides = snapshot.overrides.iter().zip(&of_overrides);
        let overrides = overrides.filter(|(_, places)| places.contains(&place));
        let overrides = overrides.map(|(one, _)| *one).collect();
        snapshot.part(runs, overrides)
    };
    (0..routes.receivers().len()).map(part).collect()
}

/// The places of receivers in [`Routes::receivers`].
type Places = BTreeSet<usize>;

fn is_told(report: &LastReport, one: &RunStatus<'_>) -> bool {
    let told = report.told.of(one.subject, one.run);
    told.or_else(|| report.replied.of(one.subject, one.run))
        .is_some()
}

fn of_run(routes: &Routes, snapshot: &WindowSnapshot<'_>, one: &RunStatus<'_>) -> Places {
    let outcome = Outcome::of(&one.status, one.final_at.is_none());
    let of_window = Traits {
        environment: &snapshot.key.environment,
        outcome,
        is_open: outcome.is_none(),
        schedule: one.run.schedule(),
        ..Traits::default()
    };
    match one.subject {
        Subject::Service(id) => routes.receivers_of(&Traits {
            cluster: Some(&id.cluster),
            service: Some(&id.name),
            labels: snapshot.runs.labels_of(one.subject),
            account: Some(&id.account),
            region: Some(&id.region),
            ..of_window
        }),
        Subject::Job(id) => routes.receivers_of(&Traits {
            cluster: Some(&id.cluster.name),
            service: Some(&id.family),
            labels: snapshot.runs.labels_of(one.subject),
            account: Some(&id.cluster.account),
            region: Some(&id.cluster.region),
            ..of_window
        }),
        Subject::Unnamed(calls) => match &calls.cluster {
            Some(cluster) => routes.receivers_that_may(&Traits {
                cluster: Some(&cluster.name),
                account: Some(&cluster.account),
                region: Some(&cluster.region),
                ..of_window
            }),
            None => [DEFAULT].into(),
        },
    }
}

/// An override names its schedules and not their clusters, so every route hears of it whose schedules it may change.
fn of_override(routes: &Routes, snapshot: &WindowSnapshot<'_>, one: &Override) -> Places {
    let of = |schedule| {
        routes.receivers_that_may(&Traits {
            environment: &snapshot.key.environment,
            account: Some(&one.account),
            region: Some(&one.region),
            schedule,
            ..Traits::default()
        })
    };
    let schedules = one.changes.iter().map(|change| Some(&*change.schedule));
    let places: Places = schedules.flat_map(of).collect();
    if places.is_empty() { of(None) } else { places }
}
