//! What became of one service: its calls, and what ECS says about its tasks since.

use chrono::{DateTime, Utc};

use super::sight::Sight;
use super::standing::{Changed, Over, Reached, Standing, Underway};
use crate::fact::{Action, ActionKind, Outcome, Remark, ServiceState};

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
