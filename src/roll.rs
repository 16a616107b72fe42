//! The fold: a set of facts becomes a roll, one entry per service.
//!
//! Pure, and a law: the roll does not depend on the order, the grouping or the repetition of the facts. Every
//! later promise (late records, redelivery, several writers) rests on it; property tests below hold it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::fact::{Action, ApiError, Call, Fact, FactId, Outcome, ServiceId};

/// Everything known about a window, by service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roll {
    /// One entry per service that was named.
    pub services: BTreeMap<ServiceId, Entry>,
    /// Refused calls whose record names no service, and how many of each kind there were.
    pub anonymous: BTreeMap<AnonymousFailure, usize>,
    /// Accepted calls whose record names no service: ECS did something, but nobody can say to what.
    pub anonymous_accepted: usize,
    /// Who called (as [`Caller`](crate::fact::Caller) displays), and how many calls each made.
    pub callers: BTreeMap<String, usize>,
    /// Messages beside this window's records that could not be decoded.
    pub undecodable: usize,
    /// The first and the last call.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// What became of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What the last call asked for.
    pub action: Option<Action>,
    /// How the last call ended.
    pub outcome: Outcome,
    /// How many calls were made.
    pub attempts: usize,
}

/// A refused call that does not say for which service it was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnonymousFailure {
    /// The error.
    pub error: ApiError,
    /// Who called: the role is all there is to find the schedule by.
    pub caller: String,
}

impl Roll {
    /// Folds facts in any order, with any repetition.
    pub fn fold<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Self {
        let mut distinct: BTreeMap<FactId<'_>, &Fact> = BTreeMap::new();
        for fact in facts {
            // Should two records of one id ever differ, the greater one counts, whichever came first.
            let kept = distinct.entry(fact.id()).or_insert(fact);
            *kept = fact.max(*kept);
        }
        let mut roll = Self::default();
        let mut calls = Vec::with_capacity(distinct.len());
        for fact in distinct.into_values() {
            match fact {
                Fact::Called(call) => calls.push(call),
                Fact::Undecodable { .. } => roll.undecodable += 1,
            }
        }
        calls.sort_unstable();
        roll.span = calls
            .first()
            .zip(calls.last())
            .map(|(first, last)| (first.event_time, last.event_time));
        for call in calls {
            roll.call(call);
        }
        roll
    }

    /// Takes the calls in the order in which they were made, so that the last outcome decides.
    fn call(&mut self, call: &Call) {
        let caller = call.caller.to_string();
        *self.callers.entry(caller.clone()).or_default() += 1;
        let Some(id) = call.service_id() else {
            match &call.outcome {
                Outcome::Failed(error) => {
                    let failure = AnonymousFailure {
                        error: error.clone(),
                        caller,
                    };
                    *self.anonymous.entry(failure).or_default() += 1;
                }
                Outcome::Accepted => self.anonymous_accepted += 1,
            }
            return;
        };
        let attempts = self.services.get(&id).map_or(0, |entry| entry.attempts) + 1;
        self.services.insert(
            id,
            Entry {
                action: call.action,
                outcome: call.outcome.clone(),
                attempts,
            },
        );
    }
}
