//! One run: what was to be done, and what became of the calls.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::core::fact::{Action, ActionKind, ApiError, Caller, Roster};

/// One firing of a schedule for one subject, or a call that no schedule explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// When the schedule was to fire; for a call that no schedule explains, when it was made.
    pub time: DateTime<Utc>,
    /// How many runs of the subject come before it that have the same time: records tell whole seconds.
    pub twin: u8,
    /// The firing, where a roster announces it.
    pub firing: Option<Arc<Firing>>,
    /// When the first roster that announces it arrived.
    pub announced_at: Option<DateTime<Utc>>,
    /// The count that was to be set: the roster's, the dead letter's, or the call's; for a job, how many tasks were
    /// to be started.
    pub asked: Option<i64>,
    /// What the last call asked for, or else what the count tells.
    pub action: Option<Action>,
    /// The calls that answer it, in the order in which they were made.
    pub attempts: Vec<Attempt>,
    /// Scheduler gave up on it.
    pub given_up: Option<GivenUp>,
    /// Accepted calls by others since, in the order in which they were made.
    pub interventions: Vec<Intervention>,
    /// When a later run of the same service was accepted: from then on, what ECS says is about that one.
    pub superseded_at: Option<DateTime<Utc>>,
    /// For a job: the ids of the tasks that were started.
    pub tasks: BTreeSet<String>,
    /// For a job: why ECS started no task, or fewer, although it accepted the call.
    pub failures: Vec<ApiError>,
    /// When the newest fact about it arrived.
    pub arrived_at: DateTime<Utc>,
}

/// One firing of a schedule, as its roster announces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// The schedule's name.
    pub schedule: String,
    /// When it was to fire.
    pub scheduled_time: DateTime<Utc>,
    /// Until when the first attempt of a call may be made.
    pub calls_until: DateTime<Utc>,
    /// Until when Scheduler may retry.
    pub retries_until: DateTime<Utc>,
    /// The role that the schedule calls with, where the roster tells.
    pub role: Option<String>,
    /// The name of the schedule group, where the roster tells.
    pub group: Option<String>,
}

impl Firing {
    pub(super) fn of(roster: &Roster) -> Self {
        Self {
            schedule: roster.schedule.clone(),
            scheduled_time: roster.scheduled_time,
            calls_until: roster.calls_until(),
            retries_until: roster.retries_until(),
            role: roster.role.clone(),
            group: roster.group.clone(),
        }
    }

    /// Whether somebody else made a call by this caller, which sets another count than this firing's.
    pub(super) fn is_certainly_not(&self, caller: &Caller) -> bool {
        match &self.role {
            Some(_) => !self.is_by(caller),
            None => !caller.is_scheduler,
        }
    }

    /// Whether the schedule may have made a call by this caller.
    pub(super) fn is_by(&self, caller: &Caller) -> bool {
        match (&self.role, &caller.role) {
            (Some(role), Some(caller)) => role == caller,
            (Some(_), None) => caller.is_scheduler || caller.session.is_none(),
            (None, _) => !caller.is_evidently_not_scheduler(),
        }
    }
}

/// A call that answers a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Who made it, as [`Caller`] displays.
    pub caller: Arc<str>,
    /// Why it was refused; `None` where ECS accepted it.
    pub error: Option<ApiError>,
}

/// Scheduler's dead letter about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// The error of the last attempt.
    pub error: ApiError,
    /// How many attempts there were, the first one included.
    pub attempts: usize,
}

/// An accepted call by somebody else than the schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intervention {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub caller: Arc<str>,
    /// The count that was asked for, where the record tells.
    pub count: Option<i64>,
}

/// How the calls of a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer<'a> {
    /// ECS accepted a call at this time.
    Accepted(DateTime<Utc>),
    /// Every call was refused; the last one, or the dead letter, for this reason.
    Refused(&'a ApiError),
    /// Nothing was heard of a call.
    None,
}

impl Run {
    /// A run of which nothing is known but its time.
    #[must_use]
    pub fn new(time: DateTime<Utc>, arrived_at: DateTime<Utc>) -> Self {
        Self {
            time,
            twin: 0,
            firing: None,
            announced_at: None,
            asked: None,
            action: None,
            attempts: Vec::new(),
            given_up: None,
            interventions: Vec::new(),
            superseded_at: None,
            tasks: BTreeSet::new(),
            failures: Vec::new(),
            arrived_at,
        }
    }

    /// How its calls ended. One acceptance decides: what Scheduler repeats after it asks for the same again.
    #[must_use]
    pub fn answer(&self) -> Answer<'_> {
        if let Some(at) = self.accepted_at() {
            return Answer::Accepted(at);
        }
        let last = self
            .attempts
            .last()
            .and_then(|attempt| attempt.error.as_ref());
        let given_up = self.given_up.as_ref().map(|given_up| &given_up.error);
        given_up.or(last).map_or(Answer::None, Answer::Refused)
    }

    /// When the first accepted call was made.
    #[must_use]
    pub fn accepted_at(&self) -> Option<DateTime<Utc>> {
        let is_accepted = |attempt: &&Attempt| attempt.error.is_none();
        self.attempts
            .iter()
            .find(is_accepted)
            .map(|attempt| attempt.at)
    }

    /// Whether a roster or a dead letter says when it was due.
    #[must_use]
    pub fn is_announced(&self) -> bool {
        self.firing.is_some() || self.given_up.is_some()
    }

    /// Whether anything was heard of a call.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        !self.attempts.is_empty() || self.given_up.is_some()
    }

    /// How many calls it took: up to the acceptance, or all that there were.
    #[must_use]
    pub fn attempt_count(&self) -> usize {
        let refused = self
            .attempts
            .iter()
            .take_while(|attempt| attempt.error.is_some());
        let made = (refused.count() + 1).min(self.attempts.len());
        let given_up = self
            .given_up
            .as_ref()
            .map_or(0, |given_up| given_up.attempts);
        match self.accepted_at() {
            Some(_) => made,
            None => made.max(given_up),
        }
    }

    /// From when on what ECS says is about this run.
    #[must_use]
    pub fn since(&self) -> DateTime<Utc> {
        self.accepted_at().unwrap_or(self.time)
    }

    /// Whether a new deployment was asked for; the count may be right all the time then.
    #[must_use]
    pub fn is_deployment(&self) -> bool {
        let kind = self.action.map(|action| action.kind);
        matches!(kind, Some(ActionKind::Restart | ActionKind::Update))
    }

    /// The schedule's name, where a roster announces the run.
    #[must_use]
    pub fn schedule(&self) -> Option<&str> {
        self.firing.as_ref().map(|firing| firing.schedule.as_str())
    }
}
