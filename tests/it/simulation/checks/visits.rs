//! Laws about invocations: nothing is lost, effort is bounded, and nothing is counted that did not happen.

use std::collections::BTreeSet;

use super::Court;
use crate::simulation::overrides;
use crate::simulation::ports::Effect;

impl Court<'_> {
    /// Whatever was delivered is in the log.
    pub fn check_log(&mut self) {
        let mut environments: BTreeSet<String> = BTreeSet::new();
        for run in &self.world.shared.script.runs {
            environments.insert(run.subject.environment.clone());
        }
        for told in overrides::moments(&self.world.plan, &self.world.shared.script) {
            environments.insert(told.place.0);
        }
        let mut kept = BTreeSet::new();
        for environment in &environments {
            kept.extend(self.world.shared.labels_in_log(environment));
        }
        let facts = self
            .world
            .messages
            .iter()
            .filter_map(|message| message.mail.fact.clone());
        let lost: Vec<String> = facts.filter(|fact| !kept.contains(fact)).collect();
        if let Some(lost) = lost.first() {
            self.break_law("lost", format!("{lost} is not in the log"));
        }
    }

    /// An invocation has few effects of each kind on a window.
    pub fn check_cost(&mut self) {
        for (id, invocation) in self.world.invocations.iter().enumerate() {
            for ((place, effect), count) in invocation.gate.cost.borrow().iter() {
                let most = if *effect == Effect::Note { 24 } else { 10 };
                if *count > most {
                    self.violations.push(super::Violation {
                        law: "cost",
                        text: format!("#{id} cost {count} × {effect:?} on {place:?}"),
                    });
                }
            }
        }
    }

    pub fn check_timers(&mut self) {
        if let Some(timer) = self.world.lost_timers.first() {
            let text = format!("{timer} ended as a dead letter, and nobody armed another");
            self.break_law("timers", text);
        }
    }

    /// Attempts to reach Slack grow rarer: besides visits that something else than a timer brought, there are a
    /// handful, and then four an hour.
    pub fn check_attempts(&mut self) {
        for (place, attempts) in self.world.shared.attempts.borrow().iter() {
            let shown = self
                .posts
                .iter()
                .filter(|post| post.place == *place)
                .count();
            let failed = (*attempts as usize).saturating_sub(shown);
            self.tally.attempts += failed;
            let brought = self.world.invocations.iter().filter(|invocation| {
                let costs = invocation.gate.cost.borrow();
                !invocation.is_timer_only && costs.keys().any(|(touched, _)| touched == place)
            });
            let plan = &self.world.plan;
            let down: u32 = plan.slack.iter().map(|outage| outage.seconds).sum();
            let bound = 8 + down as usize / 900 + plan.quirks.len() + 2 * brought.count();
            if failed > bound {
                let text =
                    format!("{failed} failed attempts at {place:?}, where {bound} are enough");
                self.violations.push(super::Violation {
                    law: "attempts",
                    text,
                });
            }
        }
    }

    /// Slack is not called before the time that it asked for, unless nobody could take note of that.
    pub fn check_patience(&mut self) {
        let invocation = |number: usize| &self.world.invocations[number];
        for impatience in self.world.shared.impatience.borrow().iter() {
            let has_failed = |number: usize, effects: &[Effect]| {
                let failed = invocation(number).gate.failed.borrow();
                failed.iter().any(|(_, effect)| effects.contains(effect))
            };
            // Who is cut off from the log on the last receive says what it has: it can neither read nor write the note.
            let log = [
                Effect::Append,
                Effect::Claim,
                Effect::Refresh,
                Effect::Release,
            ];
            let is_excused = invocation(impatience.asked).again.is_none()
                || has_failed(impatience.asked, &[Effect::Note])
                || has_failed(impatience.asked, &log)
                || has_failed(impatience.called, &log);
            if !is_excused || impatience.asked == impatience.called {
                self.violations.push(super::Violation {
                    law: "patience",
                    text: format!(
                        "#{} was asked for patience about {:?}, and #{} had none",
                        impatience.asked, impatience.place, impatience.called
                    ),
                });
            }
        }
    }

    /// A claim counts as lapsed only where one did.
    pub fn check_lapses(&mut self) {
        for lapse in self.world.shared.lapses.borrow().iter() {
            if lapse.counted > lapse.real {
                self.violations.push(super::Violation {
                    law: "lapses",
                    text: format!(
                        "#{} counted {} lapsed claims, and {} had lapsed",
                        lapse.invocation, lapse.counted, lapse.real
                    ),
                });
            }
        }
    }

    /// Where nothing but the table is out of reach, and for no longer than messages are kept, nothing becomes a dead
    /// letter and nothing is said in parts.
    pub fn check_outage(&mut self) {
        let plan = &self.world.plan;
        let is_short = plan.table.is_some_and(|(_, seconds)| seconds <= 3_600)
            && plan.mapping.max_receives >= 30;
        if !is_short || !plan.slack.is_empty() || !plan.quirks.is_empty() {
            return;
        }
        let partials = self.tally.partials;
        let dead = self.tally.dead_letters;
        if partials > 0 || dead > 0 {
            let text = format!(
                "{partials} partial messages and {dead} dead letters in an outage of the table"
            );
            self.break_law("outage", text);
        }
    }
}
