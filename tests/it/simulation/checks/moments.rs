//! Laws about when people are told: not while records still arrive, and not later than there is reason to.

use super::{Court, Violation};
use crate::simulation::invocation::{GRACE, SETTLE, TIMEOUT};
use crate::simulation::mail::Millis;
use crate::simulation::plan::Mode;
use crate::simulation::ports::Effect;
use crate::simulation::script::{Attempt, PERIOD, Run, window_of};
use crate::simulation::shown::Word;
use crate::simulation::told::place_of;

impl Court<'_> {
    /// When the facts about a run were kept, as far as they were by a moment and a message of a window tells them.
    fn arrivals(&self, run: &Run, window: Millis, until: Millis) -> Vec<Millis> {
        let kept = self.world.shared.kept.borrow();
        let mut roster = run.roster.iter();
        let is_rostered = roster.any(|label| self.world.is_kept(label, until));
        // A call that crossed the boundary is known only once its own window was visited.
        let way = |call: &Attempt| match window_of(call.at) == window {
            true => 0,
            false if is_rostered => 60_000,
            // Without a roster, it is told in its own window.
            false => Millis::MAX,
        };
        let is_near = |call: &&Attempt| {
            kept.get(&call.label)
                .is_some_and(|at| at.saturating_add(way(call)) <= until)
        };
        let calls = run.attempts.iter().filter(is_near);
        let labels = calls.map(|call| call.label.clone());
        let labels = labels
            .chain([run.dead_letter_label()])
            .chain(run.roster.clone());
        let times = labels.filter_map(|label| kept.get(&label).copied());
        times.filter(|at| *at <= until).collect()
    }

    fn is_complete(&self, run: &Run, until: Millis) -> bool {
        let mut calls = run.attempts.iter();
        calls.any(|call| call.is_accepted() && self.world.is_kept(&call.label, until))
    }

    /// A message that cannot be edited waits until nothing new came for a while, however late that is, unless
    /// everything that the rosters name is well.
    pub fn check_settling(&mut self) {
        let mut broken = Vec::new();
        for (number, post) in self.posts.iter().enumerate() {
            if post.effect != Effect::Say || post.shown.is_partial {
                continue;
            }
            let read_at = post.read_at.unwrap_or(post.now);
            let script = &self.world.shared.script;
            let is_two = |run: &Run| {
                let roster = run.roster.as_ref();
                !roster.is_some_and(|label| self.world.is_kept(label, read_at))
                    && self.world.is_delivered(&run.dead_letter_label())
            };
            let told = |run: &&Run| {
                if run.has_gap() {
                    return false;
                }
                let mut of_post = self
                    .tellings
                    .iter()
                    .filter(|telling| telling.number == number);
                !is_two(run) && of_post.any(|telling| telling.is_only(run.id))
            };
            let told: Vec<&Run> = script.runs.iter().filter(told).collect();
            let of_post = self.tellings.iter().filter(|row| row.number == number);
            let mut runs = of_post.flat_map(|row| &row.runs);
            if runs.any(|run| self.world.is_mixed_up(&script.runs[*run])) {
                continue;
            }
            let is_expected = |run: &&&Run| {
                let roster = run.roster.as_ref();
                roster.is_some_and(|label| self.world.is_kept(label, read_at))
            };
            let expected: Vec<&&Run> = told.iter().filter(is_expected).collect();
            // ECS may have shown that a run without a record is well.
            let is_well = |run: &Run| {
                let mut rows = self.tellings.iter();
                rows.any(|row| {
                    row.number == number && row.is_only(run.id) && row.row.word == Word::Good
                })
            };
            let is_complete = !expected.is_empty()
                && expected
                    .iter()
                    .all(|run| self.is_complete(run, read_at) || is_well(run));
            let arrivals = told
                .iter()
                .flat_map(|run| self.arrivals(run, post.place.1, read_at));
            let Some(newest) = arrivals.max() else {
                continue;
            };
            if !is_complete && newest > post.now - SETTLE + TIMEOUT {
                let ago = (post.now - newest) / 1_000;
                broken.push(Violation {
                    law: "settling",
                    text: format!("post {number} was made {ago} s after a record of what it tells"),
                });
            }
        }
        self.violations.extend(broken);
    }

    /// Where everything works, each run is told when its time and that of those beside it is over.
    pub fn check_lateness(&mut self) {
        let world = self.world;
        if !world.is_well() {
            return;
        }
        let way = world.longest_way().num_milliseconds();
        let verify = Millis::from(world.plan.ecs.verify_minutes) * 60_000;
        let mut broken = Vec::new();
        for run in &world.shared.script.runs {
            let Some(known) = self
                .arrivals(run, run.window(), Millis::MAX)
                .into_iter()
                .min()
            else {
                continue;
            };
            if world.is_mixed_up(run) || self.is_beside_others(run) {
                continue;
            }
            let beside: Vec<&Run> = world
                .shared
                .script
                .runs
                .iter()
                .filter(|other| place_of(other) == place_of(run))
                .collect();
            let ends = beside.iter().map(|other| {
                let last_call = other.attempts.iter().map(|call| call.at).max().unwrap_or(0);
                let window_end = if other.roster.is_none() || other.subject.is_job {
                    other.window().max(window_of(last_call)) + PERIOD
                } else {
                    0
                };
                let calls = other.calls_end().max(window_end) + GRACE;
                calls.max(last_call + GRACE).max(last_call + verify)
            });
            let recordless = if verify > 0 { 120_000 } else { 0 };
            let mut due = ends.max().unwrap_or(0).max(known + SETTLE) + recordless;
            let mut arrivals: Vec<Millis> = beside
                .iter()
                .flat_map(|other| self.arrivals(other, other.window(), Millis::MAX))
                .collect();
            // Whatever others call is a record of the window, too.
            let kept = world.shared.kept.borrow();
            let anonymous = world.shared.script.anonymous.iter().map(|(_, call)| call);
            let others = world.shared.script.interventions.iter().chain(anonymous);
            let others = others.filter(|call| call.environment == run.subject.environment);
            arrivals.extend(others.filter_map(|call| kept.get(&call.label)));
            arrivals.sort_unstable();
            for arrival in arrivals {
                if arrival <= due + way {
                    due = due.max(arrival + SETTLE + recordless);
                }
            }
            let first = self
                .tellings
                .iter()
                .find(|telling| telling.is_of(run.id) && telling.is_display());
            let is_late = first.is_none_or(|first| first.post.at > due + way);
            if is_late {
                let at = first.map(|first| first.post.at / 1_000);
                let law = if first.is_none() { "untold" } else { "late" };
                broken.push(Violation {
                    law,
                    text: format!(
                        "{} was due at {} s and told at {at:?} s",
                        self.name(run.id),
                        due / 1_000
                    ),
                });
            }
        }
        self.violations.extend(broken);
    }

    /// Whether rows about a run look the same as others about a job that a person started, or about a dead letter that
    /// takes in refused calls of later firings.
    fn is_beside_others(&self, run: &Run) -> bool {
        let calls = self.world.shared.script.interventions.iter();
        let mut calls = calls.filter(|call| call.subject.as_ref() == Some(&run.subject));
        let is_any_persons = run.subject.is_job && calls.next().is_some();
        let mut others = self.world.runs_for(&run.subject);
        is_any_persons
            || (run.roster.is_none()
                && others.any(|other| self.world.is_delivered(&other.dead_letter_label())))
    }

    /// Whether this world's messages can be compared one by one.
    pub fn is_plain(&self) -> bool {
        self.world.is_well() && self.world.plan.mode == Mode::Webhook
    }
}
