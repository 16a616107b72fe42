//! Laws about which runs share a message: those that were due together do, and a later schedule has its own.

use std::collections::BTreeSet;

use super::{Court, Violation};
use crate::simulation::invocation::SETTLE;
use crate::simulation::mail::Millis;
use crate::simulation::ports::Effect;
use crate::simulation::script::Run;
use crate::simulation::told::{Telling, place_of};

impl Court<'_> {
    /// The runs of services that rosters name, by window, in groups whose scheduled times follow each other closely.
    fn groups(&self, until: Millis) -> Vec<Vec<&Run>> {
        let mut runs: Vec<&Run> = self
            .world
            .shared
            .script
            .runs
            .iter()
            .filter(|run| {
                let roster = run.roster.as_ref();
                !run.subject.is_job && roster.is_some_and(|label| self.world.is_kept(label, until))
            })
            .collect();
        runs.sort_by_key(|run| (place_of(run), run.scheduled));
        let mut groups: Vec<Vec<&Run>> = Vec::new();
        for run in runs {
            let belongs = groups
                .last()
                .and_then(|group| group.last())
                .is_some_and(|last| {
                    place_of(last) == place_of(run) && run.scheduled - last.scheduled <= SETTLE
                });
            match groups.last_mut().filter(|_| belongs) {
                Some(group) => group.push(run),
                None => groups.push(vec![run]),
            }
        }
        groups
    }

    fn told_in(&self, number: usize) -> BTreeSet<usize> {
        let of_post = self
            .tellings
            .iter()
            .filter(|telling| telling.number == number);
        of_post.flat_map(|telling| telling.runs.clone()).collect()
    }

    pub fn check_groups(&mut self) {
        if !self.is_plain() {
            return;
        }
        let mut broken = Vec::new();
        let mut known: BTreeSet<usize> = BTreeSet::new();
        for (number, post) in self.posts.iter().enumerate() {
            if post.effect != Effect::Say || post.shown.is_partial {
                continue;
            }
            let told = self.told_in(number);
            // A row that may be about several runs begins none.
            let only = self
                .tellings
                .iter()
                .filter(|telling| telling.number == number);
            let only: BTreeSet<usize> = only
                .filter_map(Telling::only)
                .filter(|run| !self.world.is_mixed_up(&self.world.shared.script.runs[*run]))
                .collect();
            let new: BTreeSet<usize> = only.difference(&known).copied().collect();
            let groups = self.groups(post.read_at.unwrap_or(post.now));
            let of_window = groups
                .iter()
                .filter(|group| place_of(group[0]) == post.place);
            let mut begun = Vec::new();
            for group in of_window {
                // A job that was due at the same time may have begun the group.
                let is_due_with = |told: &Run, run: &Run| {
                    told.subject.is_job
                        && place_of(told) == place_of(run)
                        && (told.scheduled - run.scheduled).abs() <= SETTLE
                };
                let runs = &self.world.shared.script.runs;
                let is_known = group.iter().any(|run| {
                    known.contains(&run.id)
                        || known.iter().any(|told| is_due_with(&runs[*told], run))
                });
                let is_begun = group.iter().any(|run| new.contains(&run.id));
                if !is_begun || is_known {
                    continue;
                }
                begun.push(group[0].scheduled / 60_000);
                let is_left_out =
                    |run: &&&Run| !told.contains(&run.id) && !self.world.is_mixed_up(run);
                if let Some(run) = group.iter().find(is_left_out) {
                    broken.push(Violation {
                        law: "together",
                        text: format!("post {number} leaves out {}", self.name(run.id)),
                    });
                }
                let is_near = |run: &Run| {
                    let mut told = known.iter().map(|&run| &self.world.shared.script.runs[run]);
                    told.any(|other| {
                        place_of(other) == place_of(run)
                            && (other.scheduled - run.scheduled).abs() <= SETTLE + other.flexible
                    })
                };
                let script = &self.world.shared.script;
                let anonymous = script.anonymous.iter().map(|(_, call)| call);
                // Calls without a name, or by people, may have begun the group before its roster.
                let is_begun = anonymous.chain(&script.interventions).any(|call| {
                    call.environment == post.place.0 && self.world.is_delivered(&call.label)
                });
                if post.shown.is_follow_up && !is_begun && !group.iter().any(|run| is_near(run)) {
                    broken.push(Violation {
                        law: "as changes",
                        text: format!("post {number} tells {} as a change", self.name(group[0].id)),
                    });
                }
            }
            if begun.len() > 1 {
                broken.push(Violation {
                    law: "own message",
                    text: format!("post {number} tells the schedules of minutes {begun:?} at once"),
                });
            }
            known.extend(told);
        }
        self.violations.extend(broken);
    }
}
