//! What must hold at the end of every world. Each violation carries the name of the law that it breaks.

mod messages;
mod moments;
mod runs;
mod tasks;
mod visits;

use super::plan::Mode;
use super::ports::{Effect, Place, Post};
use super::told::Telling;
use super::world::World;

/// How often what happened: worlds that exercise nothing prove nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    pub worlds: usize,
    pub bots: usize,
    pub runs: usize,
    pub invocations: usize,
    pub deaths: usize,
    pub messages: usize,
    pub edits: usize,
    pub replies: usize,
    pub follow_ups: usize,
    pub partials: usize,
    pub excuses: usize,
    pub attempts: usize,
    pub busy: usize,
    pub dead_letters: usize,
    pub redrives: usize,
    /// Runs whose failure was told.
    pub failures: usize,
    /// Runs that were told missing.
    pub missing: usize,
    /// Services whose true state was told.
    pub verified: usize,
    /// Moments of overrides.
    pub overrides: usize,
}

impl Tally {
    pub fn add(&mut self, other: Self) {
        self.worlds += other.worlds;
        self.bots += other.bots;
        self.runs += other.runs;
        self.invocations += other.invocations;
        self.deaths += other.deaths;
        self.messages += other.messages;
        self.edits += other.edits;
        self.replies += other.replies;
        self.follow_ups += other.follow_ups;
        self.partials += other.partials;
        self.excuses += other.excuses;
        self.attempts += other.attempts;
        self.busy += other.busy;
        self.dead_letters += other.dead_letters;
        self.redrives += other.redrives;
        self.failures += other.failures;
        self.missing += other.missing;
        self.verified += other.verified;
        self.overrides += other.overrides;
    }
}

/// A law that a world broke, by its name, and how.
pub struct Violation {
    pub law: &'static str,
    pub text: String,
}

/// A world that has come to its end, and what was told in it.
pub struct Court<'a> {
    pub world: &'a World,
    pub posts: &'a [Post],
    pub tellings: Vec<Telling<'a>>,
    pub violations: Vec<Violation>,
    pub tally: Tally,
}

/// Checks a world that has come to its end.
pub fn check(world: &World) -> (Tally, Vec<Violation>) {
    let posts = world.shared.posts.borrow();
    let of = |effect: Effect| posts.iter().filter(move |post| post.effect == effect);
    let mut court = Court {
        world,
        posts: &posts,
        tellings: world.tellings(&posts),
        violations: Vec::new(),
        tally: Tally {
            worlds: 1,
            bots: usize::from(world.plan.mode == Mode::Bot),
            runs: world.shared.script.runs.len(),
            invocations: world.invocations.len(),
            deaths: world
                .invocations
                .iter()
                .filter(|invocation| invocation.again.is_none())
                .count(),
            messages: of(Effect::Say).chain(of(Effect::Post)).count(),
            edits: of(Effect::Edit).count(),
            replies: of(Effect::Reply).count(),
            follow_ups: of(Effect::Say)
                .filter(|post| post.shown.is_follow_up)
                .count(),
            partials: of(Effect::Say).filter(|post| post.shown.is_partial).count(),
            busy: world.shared.busy.get(),
            dead_letters: world.dead_letters,
            redrives: world.redrives as usize,
            ..Tally::default()
        },
    };
    court.check_log();
    court.check_cost();
    court.check_timers();
    court.check_attempts();
    court.check_patience();
    court.check_lapses();
    court.check_outage();
    court.check_told();
    court.check_repetition();
    court.check_missing();
    court.check_last_words();
    court.check_retractions();
    court.check_settling();
    court.check_lateness();
    court.check_groups();
    court.check_tasks();
    court.check_overrides();
    (court.tally, court.violations)
}

impl Court<'_> {
    pub fn break_law(&mut self, law: &'static str, text: String) {
        self.violations.push(Violation { law, text });
    }

    pub fn excuses(&self, place: &Place) -> usize {
        self.world.excuses(self.posts, place)
    }
}
