//! Whether people are told how services really are: rows say no more than ECS did, and in a world where nobody is
//! kept from asking, no less.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rollcall::core::fact::{Fact, Observed, Outcome};
use rollcall::core::summary::Class;
use rollcall::core::window::Batch;
use rollcall::delivery::deadline;
use rollcall::roll::Roll;

use super::checks::{Tally, Window, Word};
use super::invocation::PATIENCE;
use super::mail::moment;
use super::ports::Post;

impl Window<'_> {
    /// Until when tasks have time, as far as a roll tells; the world's beginning where nobody asks.
    pub(super) fn checks_until(&self, roll: &Roll) -> DateTime<Utc> {
        let minutes = i64::from(self.world.plan.ecs.verify_minutes);
        let last_call = roll.last_accepted_at().filter(|_| minutes > 0);
        last_call.map_or(moment(0), |at| at + TimeDelta::minutes(minutes))
    }

    /// A row says no more than ECS did when it was asked last, and is not told while that may yet change.
    pub(super) fn check_rows(&self, post: &Post, roll: &Roll) -> Result<(), String> {
        let is_open = roll.services.values().any(|entry| {
            let is_accepted = entry.outcome == Some(Outcome::Accepted);
            is_accepted && !entry.sight.is_steady
        });
        let is_early = post.now < self.checks_until(roll);
        if is_open && is_early && !self.world.plan.ecs.is_denied {
            return Err(format!(
                "#{} spoke while tasks had time to start",
                post.invocation
            ));
        }
        let looks = looks(&post.batches);
        for row in &post.summary.rows {
            let entry = roll.services.iter().find(|(id, _)| id.name == row.service);
            let since = entry.and_then(|(_, entry)| entry.since());
            let last = looks.get(row.service.as_str());
            let last = last.filter(|look| Some(look.observed_at) >= since);
            let state = last.and_then(|look| look.state.as_ref());
            let counts = state.map(|state| (state.running, state.desired));
            let is_true = match row.class {
                Class::Running => counts == Some((1, 1)),
                Class::Starting => counts == Some((0, 1)),
                Class::Changed => counts == Some((0, 0)),
                Class::Accepted | Class::Succeeded => counts.is_none(),
                _ => true,
            };
            if !is_true {
                return Err(format!("#{}: {row:?}, but {counts:?}", post.invocation));
            }
        }
        Ok(())
    }

    /// Where nothing keeps anybody from asking, people are told how services really are: who came up in time is
    /// not called missing for a lost record, and who never came is not called running.
    pub(super) fn check_truth(
        &self,
        told: &BTreeMap<String, Word>,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let plan = self.world.plan.ecs;
        if !self.world.is_well() || plan.verify_minutes == 0 || plan.throttled.is_some() {
            return Ok(());
        }
        if plan.is_denied {
            return Ok(());
        }
        let roll = self.roll();
        let over = self.checks_until(&roll);
        for (id, entry) in &roll.services {
            let Some((code, _)) = told.get(&id.name) else {
                continue;
            };
            let is_refused = matches!(entry.outcome, Some(Outcome::Failed(_)));
            // Two looks tell; the last is when time is over, or waiting for records is.
            let until = match entry.outcome {
                Some(_) => over,
                None => deadline(self.key, &roll, PATIENCE),
            };
            let ecs = &self.world.shared.ecs;
            let is_up = ecs.settles_at(&id.name).is_some_and(|at| at < until);
            if is_up && !is_refused && !code.is_empty() {
                return Err(format!("{} is up, and called {code}", id.name));
            }
            if ecs.never_comes(&id.name) && code.is_empty() {
                return Err(format!("{} never came, and is called well", id.name));
            }
            tally.verified += 1;
        }
        Ok(())
    }
}

/// What ECS said last of each service.
fn looks(batches: &[Batch]) -> BTreeMap<&str, &Observed> {
    let mut last: BTreeMap<&str, &Observed> = BTreeMap::new();
    for fact in batches.iter().flat_map(|batch| &batch.facts) {
        if let Fact::Observed(observed) = fact {
            let kept = last.entry(&observed.service.name).or_insert(observed);
            if kept.observed_at < observed.observed_at {
                *kept = observed;
            }
        }
    }
    last
}
