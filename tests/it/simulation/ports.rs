//! What an invocation can do to the simulated world. Every effect waits at a gate until the world lets it
//! through, so that the world decides the order of all invocations' effects and what becomes of each.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rollcall::core::fact::Fact;
use rollcall::core::summary::Summary;
use rollcall::core::window::{
    Batch, Claim, Claimed, MemoryLog, Released, State, WindowKey, WindowLog, WindowLogError,
};
use rollcall::ecs::{Ecs, Wanted};
use rollcall::notify::{Delivery, Notifier, NotifyError};
use rollcall::timer::{TimerError, Timers, delay};
use tokio::time::Instant;

use super::mail::Millis;
use super::plan::EcsPlan;

/// What an invocation does to the world; at last it returns, and its messages are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    Append,
    Claim,
    Read,
    Look,
    Say,
    Arm,
    Release,
    Return,
}

/// What becomes of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Done,
    /// Nothing happens, and the invocation is told so.
    Failed,
    /// It happens, but the invocation is told that it failed.
    AnswerLost,
}

/// Something that was shown to people.
#[derive(Debug)]
pub struct Post {
    pub invocation: usize,
    /// When its invocation began, which is the time it knows.
    pub now: DateTime<Utc>,
    pub summary: Summary,
    /// What was read before.
    pub batches: Vec<Batch>,
    /// How many batches there were when the window was claimed.
    pub known_at_claim: usize,
    pub fate: Fate,
    /// The state that says so was written.
    pub is_noted: bool,
}

impl Post {
    pub fn is_partial(&self) -> bool {
        self.summary
            .notes
            .iter()
            .any(|note| note.contains("Partial"))
    }
}

/// A timer that was sent.
#[derive(Debug)]
pub struct Armed {
    pub key: WindowKey,
    pub at: Millis,
}

/// What all invocations share, and what is noted for the checks at the end.
#[derive(Default)]
pub struct Shared {
    /// How services really are.
    pub ecs: super::ecs::Ecs,
    pub ecs_plan: EcsPlan,
    pub log: MemoryLog,
    pub clock: Cell<Millis>,
    pub posts: RefCell<Vec<Post>>,
    pub armed: RefCell<Vec<Armed>>,
    /// Attempts to say something, by the label of the window.
    pub attempts: RefCell<BTreeMap<String, u32>>,
    /// Visits that found the window taken, by its label.
    pub busy: RefCell<BTreeMap<String, u32>>,
}

/// Where an invocation waits for its next effect.
#[derive(Default)]
pub struct Gate {
    pub asked: Cell<Option<(Effect, usize)>>,
    pub granted: Cell<Option<Fate>>,
    keys: RefCell<Vec<String>>,
    /// Which effects failed, or were believed to.
    pub failed: RefCell<BTreeSet<(String, Effect)>>,
    /// How often it had which effect on which window.
    pub cost: RefCell<BTreeMap<(String, Effect), u32>>,
}

impl Gate {
    async fn pass(&self, effect: Effect, label: &str) -> Fate {
        *self
            .cost
            .borrow_mut()
            .entry((label.to_owned(), effect))
            .or_default() += 1;
        let index = self.index(label);
        self.asked.set(Some((effect, index)));
        let fate =
            std::future::poll_fn(|_| self.granted.take().map_or(Poll::Pending, Poll::Ready)).await;
        if fate != Fate::Done {
            self.failed.borrow_mut().insert((label.to_owned(), effect));
        }
        fate
    }

    fn index(&self, label: &str) -> usize {
        let mut keys = self.keys.borrow_mut();
        let known = keys.iter().position(|known| known == label);
        known.unwrap_or_else(|| {
            keys.push(label.to_owned());
            keys.len() - 1
        })
    }

    pub fn label(&self, index: usize) -> String {
        self.keys.borrow()[index].clone()
    }
}

/// The ports of one invocation.
pub struct Hands {
    pub shared: Rc<Shared>,
    pub gate: Rc<Gate>,
    pub invocation: usize,
    pub now: DateTime<Utc>,
    pub read: RefCell<Vec<Batch>>,
    pub known_at_claim: Cell<usize>,
}

fn log_answer<T>(fate: Fate, result: T) -> Result<T, WindowLogError> {
    match fate {
        Fate::Done => Ok(result),
        Fate::Failed | Fate::AnswerLost => Err(WindowLogError("simulated".to_owned())),
    }
}

impl WindowLog for Hands {
    async fn append(
        &self,
        key: &WindowKey,
        facts: &[Fact],
        now: DateTime<Utc>,
    ) -> Result<(), WindowLogError> {
        let fate = self.gate.pass(Effect::Append, &key.environment).await;
        if fate != Fate::Failed {
            self.shared.log.append(key, facts, now).await?;
        }
        log_answer(fate, ())
    }

    async fn read(&self, key: &WindowKey) -> Result<Vec<Batch>, WindowLogError> {
        let fate = self.gate.pass(Effect::Read, &key.environment).await;
        let batches = self.shared.log.read(key).await?;
        self.read.replace(batches.clone());
        log_answer(fate, batches)
    }

    async fn claim(
        &self,
        key: &WindowKey,
        claim: &Claim,
        now: DateTime<Utc>,
    ) -> Result<Claimed, WindowLogError> {
        let fate = self.gate.pass(Effect::Claim, &key.environment).await;
        if fate == Fate::Failed {
            return log_answer(fate, Claimed::Busy);
        }
        let claimed = self.shared.log.claim(key, claim, now).await?;
        self.known_at_claim
            .set(self.shared.log.read(key).await?.len());
        if claimed == Claimed::Busy {
            *self
                .shared
                .busy
                .borrow_mut()
                .entry(key.environment.clone())
                .or_default() += 1;
        }
        log_answer(fate, claimed)
    }

    async fn release(
        &self,
        key: &WindowKey,
        claim: &Claim,
        state: &State,
    ) -> Result<Released, WindowLogError> {
        let fate = self.gate.pass(Effect::Release, &key.environment).await;
        if fate == Fate::Failed {
            return log_answer(fate, Released::Lost);
        }
        let released = self.shared.log.release(key, claim, state).await?;
        let mut posts = self.shared.posts.borrow_mut();
        let last = posts.iter_mut().rfind(|post| {
            post.invocation == self.invocation && post.summary.environment == key.environment
        });
        if let Some(post) = last {
            let is_known = state.spoken.as_ref().is_some_and(|spoken| {
                spoken.at == post.now
                    && post
                        .batches
                        .iter()
                        .all(|batch| spoken.batches.contains(&batch.id))
            });
            post.is_noted = released == Released::Done && is_known;
        }
        log_answer(fate, released)
    }
}

impl Notifier for Hands {
    async fn notify(&self, summary: &Summary, _: Instant) -> Delivery {
        let label = &summary.environment;
        *self
            .shared
            .attempts
            .borrow_mut()
            .entry(label.clone())
            .or_default() += 1;
        let fate = self.gate.pass(Effect::Say, label).await;
        if fate != Fate::Failed {
            self.shared.posts.borrow_mut().push(Post {
                invocation: self.invocation,
                now: self.now,
                summary: summary.clone(),
                batches: self.read.borrow().clone(),
                known_at_claim: self.known_at_claim.get(),
                fate,
                is_noted: false,
            });
        }
        Delivery {
            result: match fate {
                Fate::Done => Ok(()),
                Fate::Failed | Fate::AnswerLost => {
                    Err(NotifyError::Transport("simulated".to_owned()))
                }
            },
            rate_limited: 0,
            latency: Duration::ZERO,
        }
    }
}

impl Ecs for Hands {
    async fn look(&self, wanted: &Wanted, now: DateTime<Utc>, _: Instant) -> Vec<Fact> {
        let label = wanted.services.keys().next().map(|id| id.cluster.clone());
        let fate = self
            .gate
            .pass(Effect::Look, &label.unwrap_or_default())
            .await;
        let (shared, plan) = (&self.shared, &self.shared.ecs_plan);
        let clock = shared.clock.get();
        let is_throttled = plan.throttled.is_some_and(|(from, length)| {
            (i64::from(from)..i64::from(from + length)).contains(&(clock / 1_000))
        });
        if plan.is_denied {
            super::ecs::Ecs::look_in_vain(wanted, now, "AccessDeniedException")
        } else if is_throttled || fate != Fate::Done {
            super::ecs::Ecs::look_in_vain(wanted, now, "ThrottlingException")
        } else {
            shared.ecs.look(wanted, clock, now)
        }
    }
}

impl Timers for Hands {
    async fn arm(
        &self,
        key: &WindowKey,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, TimerError> {
        let fate = self.gate.pass(Effect::Arm, &key.environment).await;
        let delay = delay(at, now);
        if fate != Fate::Failed {
            self.shared.armed.borrow_mut().push(Armed {
                key: key.clone(),
                at: self.shared.clock.get() + delay.num_milliseconds(),
            });
        }
        match fate {
            Fate::Done => Ok(now + delay),
            Fate::Failed | Fate::AnswerLost => Err(TimerError("simulated".to_owned())),
        }
    }
}
