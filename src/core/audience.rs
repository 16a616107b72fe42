//! Who hears of what in a window, by the routes.
//!
//! Pure.

use std::collections::BTreeSet;

use super::overrides::Override;
use super::report::LastReport;
use super::routes::{DEFAULT, Outcome, Routes, Traits};
use super::runs::{Subject, UnnamedCalls};
use super::snapshot::{RunStatus, WindowSnapshot};

/// Who hears of each run and of each override of a window, what they were told before aside.
#[derive(Debug)]
pub struct Audience<'r> {
    routes: &'r Routes,
    of_runs: Vec<Places>,
    of_overrides: Vec<Places>,
}

/// The places of receivers in [`Routes::receivers`].
type Places = BTreeSet<usize>;

impl<'r> Audience<'r> {
    /// Of this window, by these routes.
    #[must_use]
    pub fn of(routes: &'r Routes, snapshot: &WindowSnapshot<'_>) -> Self {
        // Without routes everything is for the default receiver.
        if routes.is_empty() {
            return Self {
                routes,
                of_runs: Vec::new(),
                of_overrides: Vec::new(),
            };
        }
        let runs = snapshot.statuses.iter();
        let mut of_runs: Vec<_> = runs.map(|one| of_run(routes, snapshot, one)).collect();
        narrow(snapshot, &mut of_runs);
        let overrides = snapshot.overrides.iter();
        let of_overrides = overrides.map(|one| of_override(routes, snapshot, &one.told));
        Self {
            routes,
            of_runs,
            of_overrides: of_overrides.collect(),
        }
    }

    /// The window as the receiver at a place hears of it, which was told what `report` says.
    ///
    /// A receiver that was told of a run goes on hearing of it: that a run recovered is no failure any more, and yet whoever
    /// heard of the failure is to hear of that.
    #[must_use]
    pub fn part<'a>(
        &self,
        snapshot: &WindowSnapshot<'a>,
        place: usize,
        report: Option<&LastReport>,
    ) -> WindowSnapshot<'a> {
        if self.routes.is_empty() {
            return snapshot.clone();
        }
        let is_told = |one: &RunStatus<'_>| report.is_some_and(|report| is_told(report, one));
        let is_heard =
            |(one, places): &(&RunStatus<'_>, &Places)| places.contains(&place) || is_told(one);
        let runs = snapshot.statuses.iter().zip(&self.of_runs);
        let runs = runs.filter(is_heard).map(|(one, _)| one.clone()).collect();
        let overrides = snapshot.overrides.iter().zip(&self.of_overrides);
        let overrides = overrides.filter(|(_, places)| places.contains(&place));
        let overrides = overrides.map(|(one, _)| *one).collect();
        snapshot.part(runs, overrides)
    }

    /// The window as each receiver hears of it, in the order of [`Routes::receivers`]. `report` gives what a receiver was told.
    #[must_use]
    pub fn parts<'a, 't>(
        &self,
        snapshot: WindowSnapshot<'a>,
        report: impl Fn(usize) -> Option<&'t LastReport>,
    ) -> Vec<WindowSnapshot<'a>> {
        if self.routes.is_empty() {
            return vec![snapshot];
        }
        let part = |place| self.part(&snapshot, place, report(place));
        (0..self.routes.receivers().len()).map(part).collect()
    }
}

/// Calls that name no service were made for services that were not heard of. Where rosters tell who hears of these, nobody else needs
/// to hear of the calls.
fn narrow(snapshot: &WindowSnapshot<'_>, of_runs: &mut [Places]) {
    let runs = snapshot.statuses.iter();
    let unheard = runs.clone().zip(&*of_runs);
    let unheard = unheard.filter(|(one, _)| one.is_unheard());
    let suspects: Vec<(&Subject, Places)> = unheard
        .map(|(one, places)| (one.subject, places.clone()))
        .collect();
    for (one, places) in runs.zip(of_runs) {
        let Subject::Unnamed(calls) = one.subject else {
            continue;
        };
        let suspects = suspects
            .iter()
            .filter(|(subject, _)| may_concern(calls, subject));
        let of_suspects: Places = suspects.flat_map(|(_, places)| places).copied().collect();
        if !places.is_disjoint(&of_suspects) {
            places.retain(|place| of_suspects.contains(place));
        }
    }
}

fn may_concern(calls: &UnnamedCalls, subject: &Subject) -> bool {
    calls.cluster.as_ref().is_none_or(|cluster| match subject {
        Subject::Service(id) => id.cluster_id() == *cluster,
        Subject::Job(id) => id.cluster == *cluster,
        Subject::Unnamed(_) => false,
    })
}

fn is_told(report: &LastReport, one: &RunStatus<'_>) -> bool {
    let told = report.told.of(one.subject, one.run);
    told.or_else(|| report.replied.of(one.subject, one.run))
        .is_some()
}

fn of_run(routes: &Routes, snapshot: &WindowSnapshot<'_>, one: &RunStatus<'_>) -> Places {
    let outcome = Outcome::of(&one.status, one.final_at.is_none());
    let of_window = Traits {
        environment: Some(&snapshot.key.environment),
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
            environment: Some(&snapshot.key.environment),
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
