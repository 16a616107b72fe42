//! The second half of a replay: window by window, in the order of time, finds out what the function would say.
//!
//! Only the windows of some hours are in memory at once: those that a call of a later window may still belong to.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::learned::{Exported, Learned};
use super::routing::Routing;
use crate::cli::described;
use crate::cli::spool::Facts;
use crate::config::DEFAULT_WAIT_POLICY;
use crate::core::fact::Fact;
use crate::core::notice::{self, Notice};
use crate::core::observation::{Answer, Observations};
use crate::core::overrides::Override;
use crate::core::policy::WaitPolicy;
use crate::core::reader::Reader;
use crate::core::runs::Runs;
use crate::core::snapshot::WindowSnapshot;
use crate::core::summary::Summary;
use crate::core::window::{ROSTER_REACH, WindowKey, Windowing};
use crate::pipeline;

/// What becomes of windows.
pub(super) struct Windows<'a> {
    windowing: &'a Windowing,
    routing: &'a Routing<'a>,
    environments: BTreeMap<String, String>,
    touched: BTreeSet<WindowKey>,
    exported: BTreeMap<WindowKey, Exported>,
    answers: Vec<Answer>,
    now: DateTime<Utc>,
    /// The windows that calls of later windows may belong to.
    pending: Facts,
}

/// A window as the function would report it.
pub(super) struct Told<'w> {
    /// How all its runs stand.
    pub(super) snapshot: &'w WindowSnapshot<'w>,
    /// What each receiver hears; without routes there is one.
    pub(super) heard: &'w [Heard],
    /// For whom the default receiver's messages are written.
    pub(super) reader: Reader,
}

/// What one receiver hears of a window.
pub(super) struct Heard {
    /// The route's name; `None` without routes.
    pub(super) route: Option<String>,
    /// The mention in its messages about failures.
    pub(super) mention: Option<String>,
    /// The lines about overrides that are messages of their own.
    pub(super) notices: Vec<Notice>,
    /// The messages about runs.
    pub(super) summaries: Vec<Summary>,
}

impl Told<'_> {
    /// The line about a moment of an override, where one is said: in a message of its own, or in one about runs.
    pub(super) fn line(&self, one: &Override) -> Option<String> {
        let notice = Notice::of(one, self.snapshot.label, one.scheduled_time, self.reader)?;
        let mut notices = self.heard.iter().flat_map(|heard| &heard.notices);
        if notices.any(|told| told.name == notice.name) {
            return Some(notice.line);
        }
        let said = |summary: &Summary| {
            let line = |is_done| notice::ended(one, &summary.environment, is_done, summary.reader);
            let mut lines = [true, false].into_iter().filter_map(line);
            lines.find(|line| summary.overrides.contains(line))
        };
        let mut summaries = self.heard.iter().flat_map(|heard| &heard.summaries);
        summaries.find_map(said)
    }
}

/// Gives everything that was learned to `tell`, window by window.
///
/// # Errors
/// When a temporary file cannot be read, or as `tell` fails.
pub(super) async fn tell_windows(
    learned: Learned,
    routing: &Routing<'_>,
    now: DateTime<Utc>,
    mut tell: impl AsyncFnMut(Told<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut windows = Windows {
        windowing: routing.windowing,
        routing,
        environments: learned.environments,
        touched: learned.touched,
        exported: learned.exported,
        answers: learned.answers,
        // No more records will come, so every run has had its time.
        now: now + TimeDelta::days(366),
        pending: Facts::new(),
    };
    for facts in learned.spool.windows() {
        for (key, facts) in windows.take(facts?) {
            windows.report(&key, &facts, &mut tell).await?;
        }
    }
    for (key, facts) in std::mem::take(&mut windows.pending) {
        windows.report(&key, &facts, &mut tell).await?;
    }
    Ok(())
}

impl Windows<'_> {
    /// Takes the windows that begin at one time. Returns those before that nothing can change any more.
    fn take(&mut self, facts: Facts) -> Facts {
        let facts = self.together(facts);
        if let Some((key, _)) = facts.first_key_value() {
            let reach =
                ROSTER_REACH + TimeDelta::from_std(self.period(key)).unwrap_or(ROSTER_REACH);
            let horizon = WindowKey {
                start: key.start - reach,
                environment: String::new(),
            };
            let pending = self.pending.split_off(&horizon);
            let done = std::mem::replace(&mut self.pending, pending);
            self.forward(&facts);
            for (key, facts) in facts {
                self.pending.entry(key).or_default().extend(facts);
            }
            return done;
        }
        Facts::new()
    }

    /// The windows of one time by their labels, each with everything that is said with it.
    fn together(&self, mut facts: Facts) -> Facts {
        facts.retain(|key, _| self.touched.contains(key));
        if self.windowing.environment.is_none() {
            let mut labelled = Facts::new();
            for (key, facts) in facts {
                labelled.entry(self.label(key)).or_default().extend(facts);
            }
            facts = labelled;
        }
        let mut together = Facts::new();
        for (key, parts) in pipeline::adopt_anonymous(facts.clone().keys()) {
            let known = together.entry(key).or_default();
            for part in parts {
                known.extend(facts.remove(&part).unwrap_or_default());
            }
        }
        together
    }

    /// Labels a window that is labelled by its cluster as the rosters of the replay do.
    fn label(&self, key: WindowKey) -> WindowKey {
        let environment = match self.environments.get(&key.environment) {
            Some(environment) if !self.exported.contains_key(&key) => environment.clone(),
            _ => key.environment,
        };
        WindowKey { environment, ..key }
    }

    /// Takes calls that answer runs of earlier windows there. Where an exported window holds such a call, and the earlier
    /// window is no part of the replay, the call is left out: it was told there.
    fn forward(&mut self, facts: &Facts) {
        for (key, facts) in facts {
            let is_late = |fact: &Fact| matches!(fact, Fact::Roster(roster) if roster.scheduled_time < key.start);
            if !facts.iter().any(is_late) {
                continue;
            }
            let is_exported = self.exported.contains_key(key);
            let runs = pipeline::fold(key, facts);
            for (target, fact) in pipeline::elsewhere(key, runs, self.period(key)) {
                if !is_exported || self.pending.contains_key(&target) {
                    self.pending.entry(target).or_default().insert(fact);
                }
            }
        }
    }

    fn period(&self, key: &WindowKey) -> Duration {
        let exported = self.exported.get(key);
        exported.map_or(self.windowing.period, |exported| exported.period)
    }

    fn observations(&self, key: &WindowKey, runs: &Runs) -> Observations {
        match self.exported.get(key) {
            Some(exported) => exported.observations.clone(),
            None => described::observations(&self.answers, runs),
        }
    }

    async fn report(
        &self,
        key: &WindowKey,
        facts: &BTreeSet<Fact>,
        tell: &mut impl AsyncFnMut(Told<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let runs = pipeline::fold(key, facts);
        let observations = self.observations(key, &runs);
        let policy = WaitPolicy {
            period: self.period(key),
            ..DEFAULT_WAIT_POLICY
        };
        let snapshot = WindowSnapshot::new(key, &runs, &observations, policy, self.now);
        let heard = self.routing.heard(&snapshot);
        if heard.is_empty() {
            return Ok(());
        }
        tell(Told {
            snapshot: &snapshot,
            heard: &heard,
            reader: self.routing.reader,
        })
        .await
    }
}
