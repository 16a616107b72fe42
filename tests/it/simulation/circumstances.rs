//! How well a world's Slack, table and timers are, and what it has to tell.

use chrono::TimeDelta;

use super::invocation::TIMEOUT;
use super::mail::{Millis, moment};
use super::plan::{HoldKind, Illness, Plan};
use super::ports::{Effect, Fate};
use super::world::World;

/// What is kept of the time for what comes after Slack: a timer and a note.
const AFTERWARDS: Millis = 5_000;

impl World {
    pub fn ask_slack(&self, id: usize, takes: Millis) -> (Fate, Millis) {
        let seconds = self.now / 1_000;
        let outage = self.plan.slack.iter().find(|outage| {
            (i64::from(outage.from)..i64::from(outage.from + outage.seconds)).contains(&seconds)
        });
        let until_deadline = (self.invocations[id].start + TIMEOUT - AFTERWARDS - self.now).max(0);
        match outage.map(|outage| outage.illness) {
            _ if until_deadline == 0 => (Fate::Failed, 0),
            None => (Fate::Done, takes),
            Some(Illness::TooManyRequests(seconds)) => (Fate::RateLimited(seconds), takes),
            Some(Illness::ServerError) => (Fate::Failed, takes),
            Some(Illness::PostsAndFails) => (Fate::AnswerLost, takes),
            Some(Illness::Hangs) => (Fate::Failed, until_deadline),
            Some(Illness::PostsAndHangs) => (Fate::AnswerLost, until_deadline),
        }
    }

    pub fn is_table_down(&self) -> bool {
        self.plan.table.is_some_and(|(from, length)| {
            (i64::from(from)..i64::from(from + length)).contains(&(self.now / 1_000))
        })
    }

    /// A timer may end as a dead letter only where the last visitor died, could not note what it did, or at
    /// least tried to send another timer.
    pub fn lost_timer(&self, message: usize) -> Option<String> {
        let label = &self.messages[message].mail.label;
        let mut visitors = self.invocations.iter().rev();
        let visitor = visitors.find(|invocation| invocation.messages.contains(&message))?;
        let failed = visitor.gate.failed.borrow();
        let cost = visitor.gate.cost.borrow();
        let is_excused = visitor.again.is_none()
            || failed.iter().any(|(_, effect)| *effect == Effect::Release)
            || cost.keys().any(|(_, effect)| *effect == Effect::Arm);
        (label.starts_with("timer") && !is_excused).then(|| label.clone())
    }

    /// Whether nothing goes wrong in this world, and the pollers can keep up.
    pub fn is_well(&self) -> bool {
        let Plan {
            slack,
            table,
            hold,
            quirks,
            ..
        } = &self.plan;
        let is_disabled = hold.is_some_and(|hold| matches!(hold.kind, HoldKind::Mapping));
        let is_small = self.shared.script.runs.len() <= 25;
        slack.is_empty() && table.is_none() && quirks.is_empty() && !is_disabled && is_small
    }

    /// How long a timer may take to lead to a visit: a batch, and others that are in the way.
    pub fn longest_way(&self) -> TimeDelta {
        TimeDelta::seconds(60 + 2 * i64::from(self.plan.mapping.batch_seconds))
    }

    /// What happened, for people: the end of it, where it is long.
    pub fn story(&self) -> String {
        let skipped = self.trace.len().saturating_sub(150);
        let lines = self.trace[skipped..].iter();
        let lines: Vec<String> = lines
            .map(|(at, text)| format!("{} {text}", clock(*at)))
            .collect();
        format!("({skipped} earlier lines)\n{}", lines.join("\n"))
    }
}

pub fn clock(at: Millis) -> String {
    moment(at).format("%d %H:%M:%S%.3f").to_string()
}
