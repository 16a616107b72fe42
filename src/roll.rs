//! The fold: a set of facts becomes a roll, one entry per service.
//!
//! Pure, and a law: the roll does not depend on the order, the grouping or the repetition of the facts. Every
//! later promise (late records, redelivery, several writers) rests on it; property tests hold it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::fact::{
    Action, ActionKind, ApiError, Call, Expected, Fact, FactId, Outcome, ServiceId, Undelivered,
};

/// Everything known about a window, by service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roll {
    /// One entry per service that was called or expected.
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
    /// When the last call of the rosters may be made; `None` without a roster.
    pub calls_end_at: Option<DateTime<Utc>>,
    /// What does not answer is not missing.
    pub is_silenced: bool,
}

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
}

/// What there is to say something about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A service.
    Service(ServiceId),
    /// Refused calls that named none.
    Unnamed(AnonymousFailure),
}

/// How a subject stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The last call was accepted.
    Succeeded,
    /// The last call was refused.
    Failed(ApiError),
    /// Expected, and nothing was heard of it in time.
    Missing,
    /// Expected, and there is still time.
    Pending,
    /// So many refused calls.
    Unnamed(usize),
}

impl Standing {
    /// Whether people who were told `earlier` need to hear this. Another text of the same error is no news.
    #[must_use]
    pub fn is_news(&self, earlier: Option<&Self>) -> bool {
        match (self, earlier) {
            (Self::Pending, _) => false,
            (Self::Failed(error), Some(Self::Failed(known))) => error.code != known.code,
            _ => Some(self) != earlier,
        }
    }
}

/// What people who were told `earlier` need to hear of, where they need to hear anything. That what was told
/// stands no more is news too, of no subject that is left: calls that were refused without a name do not count
/// once everything expected is known to have succeeded.
#[must_use]
pub fn news(
    standings: &BTreeMap<Subject, Standing>,
    earlier: &BTreeMap<Subject, Standing>,
) -> Option<BTreeSet<Subject>> {
    let is_news =
        |(subject, standing): &(&Subject, &Standing)| standing.is_news(earlier.get(subject));
    let news: BTreeSet<Subject> = standings
        .iter()
        .filter(is_news)
        .map(|(subject, _)| subject.clone())
        .collect();
    let is_gone = |(subject, standing): (&Subject, &Standing)| {
        *standing != Standing::Pending && !standings.contains_key(subject)
    };
    (!news.is_empty() || earlier.iter().any(is_gone)).then_some(news)
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
        let (mut calls, mut rosters, mut dead_letters) = (Vec::new(), Vec::new(), Vec::new());
        for fact in distinct.into_values() {
            match fact {
                Fact::Called(call) => calls.push(call),
                Fact::Expected(expected) => rosters.push(expected),
                Fact::Undelivered(undelivered) => dead_letters.push(undelivered),
                Fact::Silenced => roll.is_silenced = true,
                Fact::Undecodable { .. } => roll.undecodable += 1,
            }
        }
        rosters.sort_unstable();
        for roster in rosters {
            roll.expect(roster);
        }
        calls.sort_unstable();
        roll.span = calls
            .first()
            .zip(calls.last())
            .map(|(first, last)| (first.event_time, last.event_time));
        for call in calls {
            roll.call(call);
        }
        dead_letters.sort_unstable();
        for dead_letter in dead_letters {
            roll.give_up(dead_letter);
        }
        roll
    }

    /// Whether every service that a roster names has succeeded. Not true without a roster.
    #[must_use]
    pub fn has_all_succeeded(&self) -> bool {
        self.calls_end_at.is_some()
            && self
                .expected()
                .all(|entry| entry.outcome == Some(Outcome::Accepted))
    }

    /// Whether anything happened: a roster alone only says what is to happen.
    #[must_use]
    pub fn has_news(&self) -> bool {
        let is_answered = |entry: &Entry| entry.outcome.is_some();
        self.anonymous_accepted > 0
            || !self.anonymous.is_empty()
            || self.services.values().any(is_answered)
    }

    /// How every subject stands; `is_over` says that waiting for the rosters' services is over.
    #[must_use]
    pub fn standings(&self, is_over: bool) -> BTreeMap<Subject, Standing> {
        let service = |(id, entry): (&ServiceId, &Entry)| {
            let standing = match &entry.outcome {
                Some(Outcome::Accepted) => Standing::Succeeded,
                Some(Outcome::Failed(error)) => Standing::Failed(error.clone()),
                None if self.is_silenced => return None,
                None if is_over => Standing::Missing,
                None => Standing::Pending,
            };
            Some((Subject::Service(id.clone()), standing))
        };
        let mut standings: BTreeMap<Subject, Standing> =
            self.services.iter().filter_map(service).collect();
        // Whatever was refused without a name was called again: everything expected has succeeded.
        if !self.has_all_succeeded() {
            let unnamed = |(failure, &calls): (&AnonymousFailure, &usize)| {
                (Subject::Unnamed(failure.clone()), Standing::Unnamed(calls))
            };
            standings.extend(self.anonymous.iter().map(unnamed));
        }
        standings
    }

    /// Whether every service that a roster names has an outcome. Not true without a roster.
    #[must_use]
    pub fn has_all_answered(&self) -> bool {
        self.calls_end_at.is_some() && self.expected().all(|entry| entry.outcome.is_some())
    }

    fn expected(&self) -> impl Iterator<Item = &Entry> {
        self.services
            .values()
            .filter(|entry| entry.expected_from.is_some())
    }

    fn expect(&mut self, expected: &Expected) {
        let flexible_window = TimeDelta::minutes(i64::from(expected.flexible_window_minutes));
        self.calls_end_at = self
            .calls_end_at
            .max(Some(expected.scheduled_time + flexible_window));
        for (name, &desired_count) in &expected.services {
            let id = ServiceId {
                account: expected.account.clone(),
                region: expected.region.clone(),
                cluster: expected.cluster.clone(),
                name: name.clone(),
            };
            let entry = self.services.entry(id).or_default();
            entry.expected_from = entry.expected_from.max(Some(expected.scheduled_time));
            entry.action = Some(towards(desired_count));
        }
    }

    /// Takes the calls in the order in which they were made, so that the last outcome decides.
    fn call(&mut self, call: &Call) {
        let caller = call.caller.to_string();
        *self.callers.entry(caller.clone()).or_default() += 1;
        let Some(id) = call.service_id() else {
            match &call.outcome {
                Outcome::Failed(error) => self.fail_anonymously(error, caller),
                Outcome::Accepted => self.anonymous_accepted += 1,
            }
            return;
        };
        let entry = self.services.entry(id).or_default();
        entry.action = call.action.or(entry.action);
        entry.attempts += 1;
        if entry
            .expected_from
            .is_none_or(|from| call.event_time >= from)
        {
            entry.outcome = Some(call.outcome.clone());
        }
    }

    /// A dead letter says that Scheduler stopped trying; a call that was accepted all the same outweighs it.
    fn give_up(&mut self, undelivered: &Undelivered) {
        let Some(id) = undelivered.service_id() else {
            let schedule = undelivered
                .schedule_arn
                .rsplit('/')
                .next()
                .unwrap_or_default();
            self.fail_anonymously(
                &undelivered.error,
                format!("EventBridge Scheduler's schedule {schedule}"),
            );
            return;
        };
        let entry = self.services.entry(id).or_default();
        entry.action = entry.action.or(undelivered.desired_count.map(towards));
        entry.attempts = entry.attempts.max(undelivered.attempts as usize);
        if entry.outcome != Some(Outcome::Accepted) {
            entry.outcome = Some(Outcome::Failed(undelivered.error.clone()));
        }
    }

    fn fail_anonymously(&mut self, error: &ApiError, caller: String) {
        *self
            .anonymous
            .entry(AnonymousFailure {
                error: error.clone(),
                caller,
            })
            .or_default() += 1;
    }
}

/// What a count alone says about the direction.
fn towards(desired_count: i64) -> Action {
    let kind = if desired_count == 0 {
        ActionKind::ScaleDown
    } else {
        ActionKind::ScaleUp
    };
    Action {
        kind,
        desired_count: Some(desired_count),
    }
}
