//! Whether people are told how services really are: rows say no more than ECS did, and in a world where nobody is kept
//! from asking, no less.

use rollcall::core::status::Kind;

use super::{Court, Violation};
use crate::simulation::invocation::GRACE;
use crate::simulation::mail::Millis;
use crate::simulation::plan::Life;
use crate::simulation::script::{Run, window_of};
use crate::simulation::shown::Word;
use crate::simulation::told::{Truth, place_of};

impl Court<'_> {
    pub fn check_tasks(&mut self) {
        let mut broken = Vec::new();
        self.check_looks(&mut broken);
        let plan = self.world.plan.ecs;
        let is_asked = plan.verify_minutes > 0 && !plan.is_denied && plan.throttled.is_none();
        if self.world.is_well() && is_asked {
            for run in &self.world.shared.script.runs {
                self.check_state(run, &mut broken);
            }
        }
        self.violations.extend(broken);
    }

    /// A row says no more than ECS did.
    fn check_looks(&self, broken: &mut Vec<Violation>) {
        let looks = self.world.shared.looks.borrow();
        for telling in &self.tellings {
            let Some(run) = telling.only() else { continue };
            let run = &self.world.shared.script.runs[run];
            if run.subject.is_job {
                continue;
            }
            let is_said = |running: Option<bool>| {
                looks.iter().any(|look| {
                    look.subject == run.subject
                        && (run.scheduled..=telling.post.at).contains(&look.at)
                        && look.counts.is_some_and(|counts| {
                            counts.running == counts.desired
                                && running.is_none_or(|running| (counts.running > 0) == running)
                        })
                })
            };
            let is_true = match telling.row.class {
                Some(Kind::Running) => is_said(Some(true)),
                Some(Kind::Stopped) => is_said(Some(false)),
                _ => true,
            };
            if !is_true {
                let text = format!(
                    "post {} says {:?}, and ECS never did",
                    telling.number, telling.row
                );
                broken.push(Violation { law: "looks", text });
            }
        }
    }

    /// Whether nobody called for another count after a run.
    fn is_newest(&self, run: &Run) -> bool {
        let called = run.accepted().map_or(run.scheduled, |call| call.at);
        let mut calls = self.world.shared.script.calls();
        let is_last = !calls.any(|call| {
            call.subject.as_ref() == Some(&run.subject)
                && call.mark != run.mark()
                && (call.is_accepted() || call.at > run.scheduled)
                && call.at + GRACE > called
        });
        let mut others = self.world.runs_for(&run.subject);
        is_last && !others.any(|other| other.id != run.id && other.scheduled >= run.scheduled)
    }

    /// Who came up in time is not called missing or late, and who never came is not called well.
    fn check_state(&mut self, run: &Run, broken: &mut Vec<Violation>) {
        let world = self.world;
        let Some(call) = run.accepted() else { return };
        if run.subject.is_job || !self.is_newest(run) || world.truth(run) == Truth::Refused {
            return;
        }
        // Without a roster, a retry that crosses the boundary is told in a window of its own.
        let crosses = run
            .attempts
            .iter()
            .any(|call| window_of(call.at) != run.window());
        let has_letter = world.is_delivered(&run.dead_letter_label());
        if run.roster.is_none() && (crosses || has_letter) {
            return;
        }
        let all = self.tellings.iter();
        let mut of_run = all.filter(|telling| telling.is_display() && telling.is_of(run.id));
        let Some(last) = of_run.next_back().filter(|last| last.is_only(run.id)) else {
            return;
        };
        let verify = Millis::from(world.plan.ecs.verify_minutes) * 60_000;
        let until = match world.truth(run) {
            Truth::Accepted => call.at + verify,
            _ => run.calls_end() + GRACE,
        };
        let settled = world.shared.ecs.settles_at(&run.subject, run.count);
        let is_up = settled.is_some_and(|at| at < until - 60_000);
        let is_expected = run.roster.is_some() || world.truth(run) == Truth::Accepted;
        if is_up && is_expected && last.row.word.is_failure() {
            broken.push(Violation {
                law: "up",
                text: format!(
                    "{} is at its count, and called {:?}",
                    self.name(run.id),
                    last.row
                ),
            });
        }
        let before = world.shared.ecs.counts(&run.subject, call.at);
        let is_elsewhere = before.is_some_and(|counts| counts.running != run.count);
        let never_comes = matches!(run.life, Life::Never) && is_elsewhere;
        if never_comes && last.row.word == Word::Good {
            broken.push(Violation {
                law: "never up",
                text: format!(
                    "{} never came, and is called {:?}",
                    self.name(run.id),
                    last.row
                ),
            });
        }
        self.tally.verified += 1;
        if let Some(event) = run.event.filter(|_| never_comes && run.count > 0) {
            let created = call.at + Millis::from(event.after) * 1_000;
            let label = format!("native-{}", run.id);
            let is_in_time = created < until - 60_000
                && world.is_kept(&label, last.post.now - 360_000)
                && place_of(run) == last.post.place;
            if is_in_time && matches!(last.row.word, Word::Late(_)) {
                broken.push(Violation {
                    law: "native",
                    text: format!(
                        "ECS said what keeps {} from running, and post {} did not",
                        self.name(run.id),
                        last.number
                    ),
                });
            }
        }
    }
}
