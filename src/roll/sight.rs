//! What ECS says about one service since its call: how it is, since when, and what keeps it from being so.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::entry::Entry;
use crate::fact::{Bounds, Observed, Remark, RolloutState, ServiceAction, ServiceState};
use crate::trouble::trouble;

/// How long a service must have been seen at its count where ECS does not say itself that it is steady: a task
/// that fails its health checks runs for a while.
const STEADY: TimeDelta = TimeDelta::seconds(25);

/// What ECS says about a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    /// How often it was asked.
    pub looks: usize,
    /// When it was asked last.
    pub last_look: Option<DateTime<Utc>>,
    /// What it said then; `None` where it was not asked, or has no such service.
    pub state: Option<ServiceState>,
    /// What keeps tasks from running.
    pub trouble: Option<Remark>,
    /// Since when the service is at its count.
    pub reached_at: Option<DateTime<Utc>>,
    /// ECS itself said since when.
    pub is_exact: bool,
    /// It is going to stay there.
    pub is_steady: bool,
    /// Within what Application Auto Scaling keeps the count.
    pub bounds: Option<Bounds>,
}

impl Sight {
    /// What ECS said since `since`: when it was asked, in order, and of its own accord.
    pub(super) fn of(
        entry: &Entry,
        since: DateTime<Utc>,
        looks: &[&Observed],
        actions: &[&ServiceAction],
    ) -> Self {
        let mut sight = Self::default();
        let mut said = Said {
            is_deployment: entry.is_deployment(),
            ..Said::default()
        };
        for look in looks.iter().filter(|look| look.observed_at >= since) {
            sight.looks += 1;
            sight.last_look = Some(look.observed_at);
            sight.state.clone_from(&look.state);
            let bounds = look.state.as_ref().and_then(|state| state.bounds);
            sight.bounds = bounds.or(sight.bounds);
            said.look(look);
        }
        for action in actions {
            said.event(action);
        }
        said.steady_at.retain(|at| *at >= since);
        said.troubles.retain(|remark| remark.at >= since);

        let desired = sight.state.as_ref().map(|state| state.desired);
        let is_zero = desired == Some(0);
        sight.trouble = said.trouble_left(is_zero);
        // That no task is left is seen as soon as it is so.
        let steady = said.steady_from().filter(|_| !is_zero);
        sight.is_exact = steady.is_some();
        sight.reached_at = said.reached_at.map(|seen| steady.unwrap_or(seen));
        let seen_for = said
            .reached_at
            .zip(sight.last_look)
            .map(|(from, to)| to - from);
        let is_there_to_stay =
            seen_for.is_some_and(|length| is_zero || steady.is_some() || length >= STEADY);
        // Another count than the one that was asked for may change again.
        let is_as_asked = entry.asked.is_none() || entry.asked == desired;
        sight.is_steady = is_as_asked && is_there_to_stay && sight.trouble.is_none();
        sight
    }
}

/// What ECS said, sorted out.
#[derive(Default)]
struct Said {
    /// A new deployment was asked for.
    is_deployment: bool,
    /// Since when the service was seen at its count, without being seen away from it.
    reached_at: Option<DateTime<Utc>>,
    /// When it was last seen away from its count.
    away_at: Option<DateTime<Utc>>,
    /// When ECS called it steady.
    steady_at: BTreeSet<DateTime<Utc>>,
    /// What explains trouble.
    troubles: Vec<Remark>,
}

impl Said {
    fn look(&mut self, look: &Observed) {
        let state = look.state.as_ref();
        if state.is_some_and(|state| state.is_at_count(self.is_deployment)) {
            self.reached_at = self.reached_at.or(Some(look.observed_at));
        } else {
            (self.reached_at, self.away_at) = (None, Some(look.observed_at));
        }
        if let Some(state) = state {
            self.steady_at.extend(state.steady_at);
            self.troubles.extend(state.trouble.clone());
            let failed = state.failed_rollout(look.observed_at, self.is_deployment);
            self.troubles.extend(failed);
        }
    }

    fn event(&mut self, action: &ServiceAction) {
        if action.event_name == "SERVICE_STEADY_STATE" {
            self.steady_at.insert(action.created_at);
        } else {
            self.troubles.extend(action.remark());
        }
    }

    /// Since when ECS calls it steady. What it said before the service was seen away from its count is about an
    /// earlier time.
    fn steady_from(&self) -> Option<DateTime<Utc>> {
        let is_still_so = |at: &&DateTime<Utc>| self.away_at.is_none_or(|away| **at > away);
        self.steady_at.iter().find(is_still_so).copied()
    }

    /// What keeps tasks from running, or where none is to run, from stopping.
    fn trouble_left(&self, is_zero: bool) -> Option<Remark> {
        let is_left = |remark: &&Remark| {
            let goes_on = is_while_running(&remark.text);
            // What came before ECS called the service steady is over, but for the deployment that was asked for:
            // the version before may be steady.
            let is_before_steady = self.steady_at.last().is_some_and(|at| *at >= remark.at);
            let is_over = is_before_steady && !(self.is_deployment && goes_on);
            // Once every task runs, whatever kept them from starting is over too.
            let is_overcome = self.reached_at.is_some() && !goes_on;
            let matters = !is_zero || remark.text.contains("unable to scale in");
            matters && !is_over && !is_overcome
        };
        // That tasks keep failing says less than why one did.
        let last = self
            .troubles
            .iter()
            .filter(is_left)
            .max_by_key(|remark| (is_cause(remark), *remark));
        last.cloned()
    }
}

impl ServiceState {
    pub(super) fn is_at_count(&self, is_deployment: bool) -> bool {
        let is_deploying = is_deployment
            && self
                .rollout
                .as_ref()
                .is_some_and(|rollout| rollout.state != RolloutState::Completed);
        self.running == self.desired && self.pending == 0 && !is_deploying
    }

    /// A deployment that failed explains that tasks are absent; one that failed long ago explains nothing.
    fn failed_rollout(&self, at: DateTime<Utc>, is_deployment: bool) -> Option<Remark> {
        let rollout = self.rollout.as_ref()?;
        let is_to_blame =
            rollout.state == RolloutState::Failed && (is_deployment || self.running < self.desired);
        let reason = rollout.reason.as_deref().unwrap_or("no reason given");
        is_to_blame.then(|| Remark {
            at,
            text: format!("deployment failed: {reason}"),
        })
    }
}

/// Whether it goes on although every task runs: health checks fail while a task is there.
fn is_while_running(text: &str) -> bool {
    trouble(text).is_some_and(|trouble| trouble.is_while_running)
}

fn is_cause(remark: &Remark) -> bool {
    trouble(&remark.text).is_some_and(|trouble| !trouble.is_general)
}

impl ServiceAction {
    /// What the event says about trouble.
    fn remark(&self) -> Option<Remark> {
        let text = match &self.reason {
            Some(reason) => format!("{}: {reason}", self.event_name),
            None => self.event_name.clone(),
        };
        trouble(&text)?;
        Some(Remark {
            at: self.created_at,
            text,
        })
    }
}
