//! What must hold at the end of every world.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use rollcall::core::decode::{Decoded, decode};
use rollcall::core::fact::Fact;
use rollcall::core::summary::{Mark, Summary};
use rollcall::core::window::{Batch, WindowKey, WindowLog};
use rollcall::delivery::deadline;
use rollcall::roll::{Over, Roll};

use super::invocation::{PATIENCE, WINDOWING};
use super::ports::{Effect, Fate, Post};
use super::world::World;

/// How often what happened: worlds that exercise nothing prove nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    pub worlds: usize,
    pub windows: usize,
    pub invocations: usize,
    pub deaths: usize,
    pub firsts: usize,
    pub repeats: usize,
    pub follow_ups: usize,
    pub partials: usize,
    pub failed_attempts: usize,
    pub busy: usize,
    pub redrives: usize,
    /// Windows with a follow-up that nobody could note, and that a later fact took back.
    pub forgotten: usize,
    /// Services whose true state was told.
    pub verified: usize,
}

impl Tally {
    pub fn add(&mut self, other: Self) {
        self.worlds += other.worlds;
        self.windows += other.windows;
        self.invocations += other.invocations;
        self.deaths += other.deaths;
        self.firsts += other.firsts;
        self.repeats += other.repeats;
        self.follow_ups += other.follow_ups;
        self.partials += other.partials;
        self.failed_attempts += other.failed_attempts;
        self.busy += other.busy;
        self.redrives += other.redrives;
        self.forgotten += other.forgotten;
        self.verified += other.verified;
    }
}

/// Checks a world that has come to its end.
pub fn check(world: &World) -> Result<Tally, String> {
    let mut tally = Tally {
        worlds: 1,
        invocations: world.invocations.len(),
        deaths: world
            .invocations
            .iter()
            .filter(|invocation| invocation.again.is_none())
            .count(),
        redrives: world.redrives as usize,
        ..Tally::default()
    };
    tally.busy = world.shared.busy.borrow().values().sum::<u32>() as usize;
    check_cost(world)?;
    if let Some(timer) = world.lost_timers.first() {
        return Err(format!(
            "{timer} ended as a dead letter, and nobody armed another"
        ));
    }
    let mut delivered: BTreeMap<WindowKey, Vec<Fact>> = BTreeMap::new();
    for message in &world.messages {
        let decoded = decode(&message.mail.record).map_err(|error| error.to_string())?;
        let (facts, environment) = match decoded {
            Decoded::Fact { fact, environment } => (vec![fact], environment),
            Decoded::Facts(facts) => (facts, None),
            Decoded::Timer(_) | Decoded::Ignored(_) => continue,
        };
        for fact in facts {
            let key = WINDOWING.key_of(&fact, environment.as_deref()).unwrap();
            delivered.entry(key).or_default().push(fact);
        }
    }
    let posts = world.shared.posts.borrow();
    let strangers = posts.iter().find(|post| {
        delivered
            .keys()
            .all(|key| key.environment != post.summary.environment)
    });
    if let Some(post) = strangers {
        return Err(format!("a message for no window: {:?}", post.summary));
    }
    for (key, facts) in &delivered {
        let posts: Vec<&Post> = posts
            .iter()
            .filter(|post| post.summary.environment == key.environment)
            .collect();
        let window = Window {
            world,
            key,
            facts,
            posts,
        };
        window
            .check(&mut tally)
            .map_err(|problem| format!("{key}: {problem}"))?;
    }
    Ok(tally)
}

/// An invocation has at most one effect of each kind on a window; whoever asks ECS keeps what it says, and reads
/// the window once more.
fn check_cost(world: &World) -> Result<(), String> {
    for (id, invocation) in world.invocations.iter().enumerate() {
        let cost = invocation.gate.cost.borrow();
        for ((label, effect), count) in cost.iter() {
            let has_looked = cost.contains_key(&(label.clone(), Effect::Look));
            let most = match effect {
                Effect::Append | Effect::Read if has_looked => 2,
                _ => 1,
            };
            if *count > most {
                return Err(format!("#{id} cost {count} × {effect:?} on {label}"));
            }
        }
    }
    Ok(())
}

/// How a subject stands, as people need it: what is wrong, and how many calls that is; nothing for what is well.
pub(super) type Word = (String, usize);

fn words(summary: &Summary) -> BTreeMap<String, Word> {
    let mut failures = summary.failures.iter();
    let mut word = |row: &rollcall::core::summary::Row| {
        let is_failure = row.status.mark <= Mark::Warn;
        let failure = is_failure.then(|| failures.next()).flatten();
        let code = failure.map_or_else(String::new, |failure| failure.code.clone());
        match row.service.as_str() {
            "(unknown)" => (format!("? {code}"), (code, row.count)),
            service => (service.to_owned(), (code, 1)),
        }
    };
    summary.rows.iter().map(&mut word).collect()
}

/// The same from the fold.
fn expected_words(key: &WindowKey, roll: &Roll) -> BTreeMap<String, Word> {
    words(&Summary::new(key, roll, Over::ALL, chrono_tz::UTC))
}

/// A window in a world, and what was said of it.
pub(super) struct Window<'a> {
    pub(super) world: &'a World,
    pub(super) key: &'a WindowKey,
    facts: &'a [Fact],
    posts: Vec<&'a Post>,
}

impl Window<'_> {
    fn check(&self, tally: &mut Tally) -> Result<(), String> {
        tally.windows += 1;
        self.check_log()?;
        self.check_firsts(tally)?;
        for post in &self.posts {
            self.check_moment(post)?;
        }
        let told = self.check_words(tally)?;
        self.check_truth(&told, tally)?;
        self.check_attempts(tally)
    }

    /// Everything that is in the log in the end.
    fn log(&self) -> Vec<Batch> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let read = self.world.shared.log.read(self.key);
        runtime.block_on(read).unwrap()
    }

    pub(super) fn roll(&self) -> Roll {
        Roll::fold(self.log().iter().flat_map(|batch| &batch.facts))
    }

    /// No record is lost: whatever was delivered is in the log.
    fn check_log(&self) -> Result<(), String> {
        let batches = self.log();
        let kept: BTreeSet<&Fact> = batches.iter().flat_map(|batch| &batch.facts).collect();
        match self.facts.iter().find(|fact| !kept.contains(fact)) {
            Some(lost) => Err(format!("lost: {lost:?}")),
            None => Ok(()),
        }
    }

    /// One first message, if there is anything to say; another one only where nobody could know of the one
    /// before: its answer or the note of it was lost.
    fn check_firsts(&self, tally: &mut Tally) -> Result<(), String> {
        let roll = Roll::fold(self.facts);
        let has_something = !roll.standings(Over::ALL).is_empty() || roll.anonymous_accepted > 0;
        let firsts = || {
            self.posts
                .iter()
                .filter(|post| !post.summary.is_follow_up && !post.is_partial())
        };
        let noted = firsts().filter(|post| post.is_noted).count();
        if noted != usize::from(has_something) {
            return Err(format!(
                "{noted} first messages, something to say: {has_something}"
            ));
        }
        for post in self
            .posts
            .iter()
            .filter(|post| !post.is_noted && !post.is_partial())
        {
            let invocation = &self.world.invocations[post.invocation];
            let failed = invocation.gate.failed.borrow();
            let has_failed = |effect| failed.contains(&(self.key.environment.clone(), effect));
            let is_excused = post.fate == Fate::AnswerLost
                || invocation.again.is_none()
                || has_failed(Effect::Release)
                || has_failed(Effect::Arm);
            if !is_excused {
                return Err(format!(
                    "#{} said it, could note it, and did not",
                    post.invocation
                ));
            }
        }
        tally.firsts += noted;
        tally.repeats += self
            .posts
            .iter()
            .filter(|post| !post.is_noted && !post.is_partial())
            .count();
        tally.partials += self.posts.iter().filter(|post| post.is_partial()).count();
        Ok(())
    }

    /// A message comes when everything has succeeded, when nothing new came for a while, or when waiting is over.
    fn check_moment(&self, post: &Post) -> Result<(), String> {
        let invocation = &self.world.invocations[post.invocation];
        if post.is_partial() {
            let is_due = invocation.is_last_chance;
            return if is_due {
                Ok(())
            } else {
                Err("partial before the last chance".to_owned())
            };
        }
        if post.batches.len() < post.known_at_claim {
            return Err(format!("#{} left out what was known", post.invocation));
        }
        let roll = Roll::fold(post.batches.iter().flat_map(|batch| &batch.facts));
        let newest = newest(&post.batches);
        self.check_rows(post, &roll)?;
        let quiet_for = post.now - newest;
        let is_settled = quiet_for >= TimeDelta::from_std(PATIENCE.settle).unwrap();
        let over = deadline(self.key, &roll, PATIENCE);
        let is_over = post.now >= over;
        let may_settle = roll.calls_end_at.is_none() || roll.has_all_answered();
        let has_all_succeeded = roll.has_all_succeeded(Over::default());
        let is_in_time = if post.summary.is_follow_up {
            is_settled
        } else {
            is_over || has_all_succeeded || (may_settle && is_settled)
        };
        if !is_in_time {
            return Err(format!("#{} spoke too early", post.invocation));
        }
        let settled = newest + TimeDelta::from_std(PATIENCE.settle).unwrap();
        let due = match (&post.summary, may_settle) {
            (summary, _) if summary.is_follow_up => settled.max(over),
            _ if has_all_succeeded => newest,
            (_, true) => settled.min(over),
            (_, false) => over,
        };
        let due = due.max(newest).max(self.checks_until(&roll));
        // Who left no record is looked at for a minute more, where ECS does not answer at once.
        let is_any_recordless = roll.services.values().any(|entry| entry.outcome.is_none());
        let due = match self.world.plan.ecs.verify_minutes {
            1.. if is_any_recordless => due.max(over + TimeDelta::minutes(1)),
            _ => due,
        };
        if self.world.is_well() && post.now > due + self.world.longest_way() {
            return Err(format!("#{} spoke too late", post.invocation));
        }
        Ok(())
    }

    /// What people were told, message by message, is how everything stands in the end; and no follow-up repeats
    /// what they knew.
    fn check_words(&self, tally: &mut Tally) -> Result<BTreeMap<String, Word>, String> {
        let mut told: BTreeMap<String, Word> = BTreeMap::new();
        let mut noted: Option<BTreeMap<String, Word>> = None;
        let mut remembered: BTreeMap<String, Word> = BTreeMap::new();
        for post in self.posts.iter().filter(|post| !post.is_partial()) {
            let words = words(&post.summary);
            if post.summary.is_follow_up {
                let Some(known) = &noted else {
                    return Err("a follow-up before the first message".to_owned());
                };
                let is_known = |(name, word): (&String, &Word)| known.get(name) == Some(word);
                let is_retraction = post.summary.counts.unnamed == 0
                    && known.keys().any(|name| name.starts_with('?'));
                if words.iter().any(is_known) || (words.is_empty() && !is_retraction) {
                    return Err(format!(
                        "#{} repeats what was said: {words:?}",
                        post.invocation
                    ));
                }
                tally.follow_ups += 1;
            } else if noted.is_some() {
                return Err(format!("#{} says everything again", post.invocation));
            }
            let tell = |told: &mut BTreeMap<String, Word>| {
                told.extend(words.clone());
                if post.summary.counts.unnamed == 0 {
                    told.retain(|name, _| !name.starts_with('?'));
                }
            };
            tell(&mut told);
            if post.is_noted {
                noted = Some(told.clone());
                tell(&mut remembered);
            }
        }
        let expected = expected_words(self.key, &self.roll());
        if told == expected {
            return Ok(told);
        }
        // What was said and not noted, and then came true no more, stands: nobody knows that it was said.
        if remembered == expected {
            tally.forgotten += 1;
            return Ok(remembered);
        }
        let differing = |(name, word): &(&String, &Word)| expected.get(*name) != Some(word);
        let told_wrongly: Vec<_> = told.iter().filter(differing).collect();
        let untold: Vec<_> = expected
            .iter()
            .filter(|(name, word)| told.get(*name) != Some(word))
            .collect();
        Err(format!("told {told_wrongly:?}, but it is {untold:?}"))
    }

    /// Attempts to reach Slack grow rarer: besides visits that something else than a timer brought, there are a
    /// handful, and then four an hour.
    fn check_attempts(&self, tally: &mut Tally) -> Result<(), String> {
        let label = &self.key.environment;
        let attempts = self
            .world
            .shared
            .attempts
            .borrow()
            .get(label)
            .copied()
            .unwrap_or(0);
        let brought = self.world.invocations.iter().filter(|invocation| {
            let costs = invocation.gate.cost.borrow();
            !invocation.is_timer_only && costs.keys().any(|(touched, _)| touched == label)
        });
        let down: u32 = self
            .world
            .plan
            .slack
            .iter()
            .map(|outage| outage.seconds)
            .sum();
        let failures = self.world.plan.quirks.len() + 2 * brought.count();
        let bound = 8 + down / 900 + u32::try_from(failures).unwrap();
        tally.failed_attempts += (attempts as usize).saturating_sub(self.posts.len());
        if attempts > bound {
            return Err(format!("{attempts} attempts, where {bound} are enough"));
        }
        Ok(())
    }
}

/// When the newest fact arrived first.
fn newest(batches: &[Batch]) -> DateTime<Utc> {
    let mut arrivals: BTreeMap<&Fact, DateTime<Utc>> = BTreeMap::new();
    for batch in batches {
        for fact in batch.facts.iter().filter(|fact| fact.is_answer()) {
            let arrival = arrivals.entry(fact).or_insert(batch.appended_at);
            *arrival = batch.appended_at.min(*arrival);
        }
    }
    arrivals.into_values().max().unwrap_or_default()
}
