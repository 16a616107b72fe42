//! What became of one service: its calls, and what ECS says about its tasks since.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::standing::{Changed, Over, Reached, Standing, Underway};
use crate::fact::{
    Action, ActionKind, Bounds, Observed, Outcome, Remark, RolloutState, ServiceAction,
    ServiceState,
};
use crate::trouble::trouble;

/// How long a service must have been seen at its count where ECS does not say itself that it is steady: a task
/// that fails its health checks runs for a while.
const STEADY: TimeDelta = TimeDelta::seconds(25);

/// What became of one service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// What the last call asked for, or the roster expects.
    pub action: Option<Action>,
    /// How the last call ended; `None` where nothing was heard of the service.
    pub outcome: Option<Outcome>,
    /// How many calls were made.
    pub attempts: usize,
    /// When a roster's schedule was to fire; a call before that is no answer to it.
    pub expected_from: Option<DateTime<Utc>>,
    /// The count that the roster expects, or else the one that the last call asked for.
    pub asked: Option<i64>,
    /// When the call that decides was made.
    pub called_at: Option<DateTime<Utc>>,
    /// Who had which count accepted, and when.
    pub changes: Vec<(DateTime<Utc>, i64, String)>,
    /// What ECS says since.
    pub sight: Sight,
}

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

impl Entry {
    /// From when on what ECS says is about the call.
    #[must_use]
    pub fn since(&self) -> Option<DateTime<Utc>> {
        self.called_at.or(self.expected_from)
    }

    /// Whether a new deployment was asked for, which may have the right count all the time.
    #[must_use]
    pub fn is_deployment(&self) -> bool {
        let kind = self.action.map(|action| action.kind);
        matches!(kind, Some(ActionKind::Restart | ActionKind::Update))
    }

    /// Whether ECS is to be asked about it: it was called, or should have been by now.
    #[must_use]
    pub fn is_watched(&self, over: Over) -> bool {
        let is_called = match self.outcome {
            Some(Outcome::Accepted) => true,
            Some(Outcome::Failed(_)) => false,
            None => over.calls && self.asked.is_some(),
        };
        is_called && !self.sight.is_steady
    }

    /// How the service stands; `None` where there is nothing to say.
    pub(super) fn standing(&self, over: Over, is_silenced: bool) -> Option<Standing> {
        match &self.outcome {
            Some(Outcome::Accepted) => Some(self.seen(over).unwrap_or(Standing::Accepted)),
            Some(Outcome::Failed(error)) => Some(Standing::Failed(error.clone())),
            None if is_silenced => None,
            None if !over.calls => Some(Standing::Pending),
            None => Some(self.seen_without_record()),
        }
    }

    /// A record may be lost; that ECS wants what was asked for tells that the call was made all the same. Waiting
    /// for the record took long enough for tasks too.
    fn seen_without_record(&self) -> Standing {
        let seen = self.sight.state.as_ref().map(|state| state.desired);
        let is_as_asked = seen.is_some() && seen == self.asked;
        self.seen(Over::ALL)
            .filter(|_| is_as_asked)
            .unwrap_or(Standing::Missing { seen })
    }

    fn seen(&self, over: Over) -> Option<Standing> {
        let sight = &self.sight;
        let Some(state) = &sight.state else {
            let gone = |at| Remark {
                at,
                text: "ECS has no such service any more".to_owned(),
            };
            let trouble = sight.trouble.clone().or(sight.last_look.map(gone));
            return trouble.map(Standing::Troubled);
        };
        let ServiceState {
            running, desired, ..
        } = *state;
        let standing = if let Some(asked) = self.asked.filter(|asked| *asked != desired) {
            let change = self.changes.last().filter(|change| change.1 == desired);
            if change.is_none() && !over.checks {
                // ECS may not show yet what was asked for, and a record may yet tell who changed it.
                return Some(Standing::Underway(Underway {
                    running,
                    desired: asked,
                    is_late: false,
                }));
            }
            Standing::Changed(Changed {
                running,
                desired,
                asked,
                by: change.map(|(at, _, caller)| (caller.clone(), *at)),
            })
        } else if let Some(trouble) = sight.trouble.as_ref().filter(|_| !sight.is_steady) {
            Standing::Troubled(trouble.clone())
        } else if sight.is_steady || (over.checks && state.is_at_count(self.is_deployment())) {
            Standing::Reached(Reached {
                running,
                took: self.called_at.and_then(|at| Some(sight.reached_at? - at)),
                is_exact: sight.is_exact,
                is_recorded: self.called_at.is_some(),
            })
        } else {
            Standing::Underway(Underway {
                running,
                desired,
                is_late: over.checks,
            })
        };
        Some(standing)
    }
}

impl ServiceState {
    fn is_at_count(&self, is_deployment: bool) -> bool {
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

impl Sight {
    /// What ECS said since `since`: when it was asked, in order, and of its own accord.
    pub(super) fn of(
        entry: &Entry,
        since: DateTime<Utc>,
        looks: &[&Observed],
        actions: &[&ServiceAction],
    ) -> Self {
        let is_deployment = entry.is_deployment();
        let mut sight = Self::default();
        let (mut reached_at, mut away_at) = (None, None);
        let mut steady_at: BTreeSet<DateTime<Utc>> = BTreeSet::new();
        let mut troubles: Vec<Remark> = Vec::new();
        for look in looks.iter().filter(|look| look.observed_at >= since) {
            sight.looks += 1;
            sight.last_look = Some(look.observed_at);
            sight.state.clone_from(&look.state);
            let Some(state) = &look.state else {
                (reached_at, away_at) = (None, Some(look.observed_at));
                continue;
            };
            if state.is_at_count(is_deployment) {
                reached_at = reached_at.or(Some(look.observed_at));
            } else {
                (reached_at, away_at) = (None, Some(look.observed_at));
            }
            steady_at.extend(state.steady_at);
            troubles.extend(state.trouble.clone());
            troubles.extend(state.failed_rollout(look.observed_at, is_deployment));
            sight.bounds = state.bounds.or(sight.bounds);
        }
        for action in actions {
            if action.event_name == "SERVICE_STEADY_STATE" {
                steady_at.insert(action.created_at);
            } else if let Some(remark) = action.remark() {
                troubles.push(remark);
            }
        }
        steady_at.retain(|at| *at >= since);
        let is_zero = sight.state.as_ref().is_some_and(|state| state.desired == 0);
        sight.trouble = troubles
            .into_iter()
            .filter(|remark| remark.at >= since)
            // Where no task is to run, only what keeps one from stopping matters.
            .filter(|remark| !is_zero || remark.text.contains("unable to scale in"))
            // What came before ECS called the service steady is over, but for the deployment that was asked for:
            // the version before may be steady. So is, once every task runs, whatever kept them from starting.
            .filter(|remark| {
                let is_over = steady_at.last().is_some_and(|steady| *steady >= remark.at);
                !is_over || (is_deployment && is_while_running(&remark.text))
            })
            .filter(|remark| reached_at.is_none() || is_while_running(&remark.text))
            // That tasks keep failing says less than why one did.
            .max_by(|one, other| (is_cause(one), one).cmp(&(is_cause(other), other)));
        // What ECS said before the service was seen away from its count is about an earlier time.
        let steady = steady_at
            .iter()
            .find(|at| away_at.is_none_or(|away| **at > away))
            .filter(|_| !is_zero);
        sight.reached_at = reached_at.map(|seen| steady.copied().unwrap_or(seen));
        sight.is_exact = steady.is_some();
        let seen_for = reached_at.zip(sight.last_look).map(|(from, to)| to - from);
        // Another count than the one that was asked for may change again.
        let desired = sight.state.as_ref().map(|state| state.desired);
        let is_as_asked = entry.asked.is_none() || entry.asked == desired;
        sight.is_steady = is_as_asked
            && sight.trouble.is_none()
            && seen_for.is_some_and(|length| is_zero || steady.is_some() || length >= STEADY);
        sight
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
