//! What ECS says about the tasks of a run: from looks, and from events that it sent without being asked.
//!
//! Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::fact::ServiceEvent;
use super::observation::{Bounds, Remark, Seen, ServiceObservation, ServiceState};
use super::runs::Run;
use super::trouble::trouble;

/// For how long every look must have seen a service at its count where ECS does not itself say that it is steady:
/// a task that fails its health checks runs for a while.
const STEADY: TimeDelta = TimeDelta::seconds(25);

/// How the tasks of a run are, by all that ECS said since its call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceProgress {
    /// What ECS said when it was asked last; `None` where it was not asked, or has no such service.
    pub state: Option<ServiceState>,
    /// When ECS was asked last.
    pub seen_at: Option<DateTime<Utc>>,
    /// ECS has no such service any more: when it said so.
    pub gone_at: Option<DateTime<Utc>>,
    /// What keeps tasks from running.
    pub trouble: Option<Remark>,
    /// Since when the service is at its count.
    pub reached_at: Option<DateTime<Utc>>,
    /// ECS itself said since when; otherwise it was first seen there then.
    pub is_exact: bool,
    /// It is going to stay there, so it need not be looked at any more.
    pub is_steady: bool,
    /// Within what Application Auto Scaling keeps the count.
    pub bounds: Option<Bounds>,
}

impl ServiceProgress {
    /// What is known of a run. `events` are those of its service, whenever they happened.
    #[must_use]
    pub fn of(
        run: &Run,
        observation: Option<&ServiceObservation>,
        events: &[ServiceEvent],
    ) -> Self {
        let since = run.since();
        let until = run.superseded_at.unwrap_or(DateTime::<Utc>::MAX_UTC);
        let events = events
            .iter()
            .filter(|event| (since..until).contains(&event.created_at));
        let mut said = Said::of(observation, events);
        // A recorded description holds events from before the call, too.
        said.steady_at.retain(|at| *at >= since);
        said.remarks.retain(|remark| remark.at >= since);
        let state = observation.and_then(ServiceObservation::state);
        let is_zero = state.is_some_and(|state| state.desired == 0);
        let reached_at = observation.and_then(|seen| seen.reached_at);
        // ECS calls a service steady some time after its last task stopped; that none is left is seen at once.
        let steady = said.steady_from().filter(|_| !is_zero);
        let trouble = said.trouble_left(is_zero, reached_at.is_some(), run.is_deployment());
        let seen_for = observation.and_then(|seen| Some(seen.still_at? - seen.reached_at?));
        let is_there_to_stay = reached_at.is_some()
            && seen_for.is_some_and(|length| is_zero || steady.is_some() || length >= STEADY);
        // A count that nobody asked for may change again.
        let is_as_asked = run.asked.is_none() || run.asked == state.map(|state| state.desired);
        Self {
            state: state.cloned(),
            seen_at: observation.map(|seen| seen.last_ask),
            gone_at: observation
                .filter(|seen| seen.seen == Some(Seen::Gone))
                .map(|seen| seen.last_ask),
            is_steady: is_as_asked && is_there_to_stay && trouble.is_none(),
            trouble,
            reached_at: reached_at.map(|seen| steady.unwrap_or(seen)),
            is_exact: reached_at.is_some() && steady.is_some(),
            bounds: observation.and_then(|seen| seen.bounds),
        }
    }
}

/// What ECS said, sorted by what it is about.
#[derive(Default)]
struct Said {
    away_at: Option<DateTime<Utc>>,
    steady_at: Vec<DateTime<Utc>>,
    remarks: Vec<Remark>,
}

impl Said {
    fn of<'a>(
        observation: Option<&ServiceObservation>,
        events: impl Iterator<Item = &'a ServiceEvent>,
    ) -> Self {
        let mut said = observation.map_or_else(Self::default, |seen| Self {
            away_at: seen.away_at,
            steady_at: seen.steady_at.clone(),
            remarks: seen.remarks.clone(),
        });
        for event in events {
            if event.event_name == "SERVICE_STEADY_STATE" {
                said.steady_at.push(event.created_at);
            } else {
                said.remarks.extend(event.remark());
            }
        }
        said.steady_at.sort_unstable();
        said
    }

    /// Since when ECS calls the service steady. What it said before the service was seen away from its count is
    /// about an earlier time.
    fn steady_from(&self) -> Option<DateTime<Utc>> {
        let is_still_so = |at: &&DateTime<Utc>| self.away_at.is_none_or(|away| **at > away);
        self.steady_at.iter().find(is_still_so).copied()
    }

    /// What keeps tasks from running, or where none is to run, from stopping.
    fn trouble_left(&self, is_zero: bool, is_reached: bool, is_deployment: bool) -> Option<Remark> {
        let is_left = |remark: &&Remark| {
            let goes_on = trouble(&remark.text).is_some_and(|trouble| trouble.is_while_running);
            // Trouble from before ECS called the service steady is over, except in a deployment: there the version
            // before it may be what is steady.
            let is_before_steady = self.steady_at.last().is_some_and(|at| *at >= remark.at);
            let is_over = is_before_steady && !(is_deployment && goes_on);
            // Once every task runs, whatever kept them from starting is over, too.
            let is_overcome = is_reached && !goes_on;
            let matters = !is_zero || remark.text.contains("unable to scale in");
            matters && !is_over && !is_overcome
        };
        // Why one task failed says more than that tasks keep failing.
        let is_cause =
            |remark: &Remark| trouble(&remark.text).is_some_and(|trouble| !trouble.is_general);
        let left = self.remarks.iter().filter(is_left);
        left.max_by_key(|remark| (is_cause(remark), *remark))
            .cloned()
    }
}

impl ServiceEvent {
    /// What the event explains about trouble.
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
