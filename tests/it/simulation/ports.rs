//! What an invocation can do to the simulated world. Every effect waits at a gate until the world lets it
//! through, so that the world decides the order of all invocations' effects and what becomes of each.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rollcall::core::decode::OwnMessage;
use rollcall::core::description::{self, TaskDescription};
use rollcall::core::fact::{ApiError, ClusterId, Fact};
use rollcall::core::look::Wanted;
use rollcall::core::notice::Notice;
use rollcall::core::observation::{
    Answer, AskFailure, Observable, Observations, ServiceLook, ServiceState,
};
use rollcall::core::report::{Bookmark, LastReport};
use rollcall::core::runs::Arrival;
use rollcall::core::summary::{News, Summary};
use rollcall::core::window::WindowKey;
use rollcall::memory_log::MemoryLog;
use rollcall::metrics::Metrics;
use rollcall::ports::Clock;
use rollcall::ports::ecs::{Asked, Ecs};
use rollcall::ports::notifier::{Channel, Delivery, Notifier, NotifyError};
use rollcall::ports::queue::{Queue, QueueError, Receipt, Timer, delay};
use rollcall::ports::window_log::{
    Claim, Claimed, Head, Released, VisitNotes, WindowContents, WindowLog, WindowLogError,
};
use tokio::time::Instant;

use super::ecs::Counts;
use super::mail::{Millis, millis, moment};
use super::plan::{Mode, Plan};
use super::script::{PERIOD, Script, Subject, window_of};
use super::shown::{Row, Shown};

/// A window: its environment, and when it begins.
pub type Place = (String, Millis);

/// What an invocation does to the world; at last it returns, and its messages are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    Append,
    Claim,
    Refresh,
    Look,
    Observe,
    /// A message that cannot be edited.
    Say,
    /// A message that can.
    Post,
    Edit,
    Reply,
    Find,
    Note,
    NoteTimer,
    Arm,
    Postpone,
    Release,
    Return,
}

impl Effect {
    pub fn is_on_table(self) -> bool {
        use Effect::{Append, Claim, Note, NoteTimer, Observe, Refresh, Release};
        matches!(
            self,
            Append | Claim | Refresh | Observe | Note | NoteTimer | Release
        )
    }

    pub fn is_on_slack(self) -> bool {
        matches!(
            self,
            Self::Say | Self::Post | Self::Edit | Self::Reply | Self::Find
        )
    }
}

/// What becomes of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Done,
    /// Nothing happens, and the invocation is told so.
    Failed,
    /// It happens, but the invocation is told that it failed.
    AnswerLost,
    /// The client did not hear the first answer and asked again: it happens twice, with the second answer.
    Twice,
    /// Nothing happens, and Slack asks not to be called for so many seconds.
    RateLimited(u16),
}

/// Something that was shown to people.
#[derive(Debug)]
pub struct Post {
    pub invocation: usize,
    /// When its invocation began, which is the time it knows.
    pub now: Millis,
    /// When people saw it.
    pub at: Millis,
    /// When its invocation had last read the window; `None` where it had not.
    pub read_at: Option<Millis>,
    pub place: Place,
    pub effect: Effect,
    /// Which of the bot's messages it is, or is about.
    pub message: Option<usize>,
    pub shown: Shown,
    pub fate: Fate,
    /// That it was said was written.
    pub is_noted: bool,
}

impl Post {
    /// For the story.
    pub fn words(&self) -> String {
        let rows: Vec<String> = self.shown.rows.iter().map(Row::words).collect();
        let message = self
            .message
            .map_or_else(String::new, |number| format!(" {number}"));
        format!("  {:?}{message}: {}", self.effect, rows.join("; "))
    }
}

/// Something that an invocation asked of the queue.
#[derive(Debug)]
pub enum Ordered {
    /// A message that becomes visible at a time.
    Timer(OwnMessage, Millis),
    /// The message with this receipt is to come again at a time.
    Return(String, Millis),
}

/// What ECS answered.
#[derive(Debug)]
pub struct Look {
    pub at: Millis,
    pub subject: Subject,
    pub counts: Option<Counts>,
}

/// Slack asked for patience, and was called before that was over.
#[derive(Debug)]
pub struct Impatience {
    pub place: Place,
    /// Who was asked for patience, and who had none.
    pub asked: usize,
    pub called: usize,
}

/// A claim that was counted as lapsed.
#[derive(Debug)]
pub struct Lapse {
    pub invocation: usize,
    pub counted: u64,
    /// How many really lapsed, as far as the log could see.
    pub real: u64,
}

/// One of the bot's messages, with what it carries: its window, and when its runs begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotMessage {
    pub place: Place,
    pub start: DateTime<Utc>,
}

/// What all invocations share, and what is noted for the checks at the end.
#[derive(Default)]
pub struct Shared {
    pub plan: Plan,
    pub script: Script,
    /// How services really are.
    pub ecs: super::ecs::Ecs,
    pub log: MemoryLog,
    pub clock: Cell<Millis>,
    pub posts: RefCell<Vec<Post>>,
    pub ordered: RefCell<Vec<Ordered>>,
    pub looks: RefCell<Vec<Look>>,
    /// When each fact was kept first, by its label.
    pub kept: RefCell<BTreeMap<String, Millis>>,
    pub messages: RefCell<Vec<BotMessage>>,
    /// The lines about overrides that stand in the bot's channel, by window and name.
    pub announced: RefCell<BTreeSet<(Place, String)>>,
    /// Attempts to tell people something, by window.
    pub attempts: RefCell<BTreeMap<Place, u32>>,
    /// Until when Slack asked for patience about a window, and whom it asked.
    pub patience: RefCell<BTreeMap<Place, (Millis, usize)>>,
    pub impatience: RefCell<Vec<Impatience>>,
    pub lapses: RefCell<Vec<Lapse>>,
    /// Visits that found the window taken.
    pub busy: Cell<usize>,
}

/// Where an invocation waits for its next effect.
#[derive(Default)]
pub struct Gate {
    pub asked: RefCell<Option<(Effect, Place)>>,
    pub granted: Cell<Option<Fate>>,
    /// Which effects failed, or were believed to.
    pub failed: RefCell<BTreeSet<(Place, Effect)>>,
    /// How often it had which effect on which window.
    pub cost: RefCell<BTreeMap<(Place, Effect), u32>>,
}

impl Gate {
    async fn pass(&self, effect: Effect, place: &Place) -> Fate {
        *self
            .cost
            .borrow_mut()
            .entry((place.clone(), effect))
            .or_default() += 1;
        self.asked.replace(Some((effect, place.clone())));
        let fate =
            std::future::poll_fn(|_| self.granted.take().map_or(Poll::Pending, Poll::Ready)).await;
        if !is_heard(fate) {
            self.failed.borrow_mut().insert((place.clone(), effect));
        }
        fate
    }
}

/// Whether the invocation hears that an effect happened.
fn is_heard(fate: Fate) -> bool {
    matches!(fate, Fate::Done | Fate::Twice)
}

/// How often an effect happens.
fn times(fate: Fate) -> usize {
    match fate {
        Fate::Failed | Fate::RateLimited(_) => 0,
        Fate::Done | Fate::AnswerLost => 1,
        Fate::Twice => 2,
    }
}

impl Shared {
    /// The labels of everything that the log holds about an environment.
    pub fn labels_in_log(&self, environment: &str) -> BTreeSet<String> {
        let windows = (-1..10).map(|number| WindowKey {
            start: moment(number * PERIOD),
            environment: environment.to_owned(),
        });
        let contents: Vec<WindowContents> = windows.map(|key| self.log.contents(&key)).collect();
        let facts = contents.iter().flat_map(WindowContents::facts);
        facts.filter_map(|(fact, _)| label(fact)).collect()
    }
}

/// What the world knows a fact by.
fn label(fact: &Fact) -> Option<String> {
    match fact {
        Fact::UpdateService(call) => Some(call.event_id.clone()),
        Fact::RunTask(call) => Some(call.event_id.clone()),
        Fact::Roster(roster) => Some(roster.schedule.clone()),
        Fact::DeadLetter(letter) => letter.schedule_arn.rsplit('/').next().map(str::to_owned),
        Fact::ServiceEvent(event) => Some(event.event_id.clone()),
        Fact::Task(task) => task
            .task
            .id
            .strip_prefix("task-")
            .map(|run| format!("native-{run}")),
        Fact::Override(one) => Some(format!("{} {}", one.id, one.phase.as_str())),
        Fact::Silenced { .. }
        | Fact::SilenceExpired { .. }
        | Fact::Undecodable { .. }
        | Fact::Unkept { .. } => None,
    }
}

fn place(key: &WindowKey) -> Place {
    (key.environment.clone(), millis(key.start))
}

/// The ports of one invocation.
pub struct Hands {
    shared: Rc<Shared>,
    gate: Rc<Gate>,
    invocation: usize,
    start: Millis,
    /// The window that it is busy with.
    place: RefCell<Place>,
    read_at: RefCell<BTreeMap<Place, Millis>>,
    lapsed: Cell<u64>,
}

impl Hands {
    pub fn new(shared: Rc<Shared>, gate: Rc<Gate>, invocation: usize, start: Millis) -> Self {
        Self {
            shared,
            gate,
            invocation,
            start,
            place: RefCell::default(),
            read_at: RefCell::default(),
            lapsed: Cell::default(),
        }
    }

    /// Notes what the invocation counted.
    pub fn finish(&self, metrics: &Metrics) {
        self.shared.lapses.borrow_mut().push(Lapse {
            invocation: self.invocation,
            counted: metrics.claims_lapsed,
            real: self.lapsed.get(),
        });
    }

    /// Calls Slack, and notes whether that was too soon.
    async fn call(&self, effect: Effect, place: &Place) -> Fate {
        let fate = self.gate.pass(effect, place).await;
        let clock = self.shared.clock.get();
        *self
            .shared
            .attempts
            .borrow_mut()
            .entry(place.clone())
            .or_default() += 1;
        let mut patience = self.shared.patience.borrow_mut();
        if let Some((until, asked)) = patience.get(place)
            && clock < *until
        {
            self.shared.impatience.borrow_mut().push(Impatience {
                place: place.clone(),
                asked: *asked,
                called: self.invocation,
            });
        }
        if let Fate::RateLimited(seconds) = fate {
            // An invocation counts from the time at which it began.
            let until = self.start + Millis::from(seconds) * 1_000;
            patience.insert(place.clone(), (until, self.invocation));
        }
        fate
    }

    fn show(&self, effect: Effect, place: Place, message: Option<usize>, shown: Shown, fate: Fate) {
        if times(fate) == 0 {
            return;
        }
        self.shared.posts.borrow_mut().push(Post {
            invocation: self.invocation,
            now: self.start,
            at: self.shared.clock.get(),
            read_at: self.read_at.borrow().get(&place).copied(),
            place,
            effect,
            message,
            shown,
            fate,
            is_noted: false,
        });
    }
}

fn answer<T>(fate: Fate, result: T) -> Result<T, WindowLogError> {
    if is_heard(fate) {
        Ok(result)
    } else {
        Err(WindowLogError("simulated".to_owned()))
    }
}

fn delivery<T>(fate: Fate, result: T) -> Delivery<T> {
    Delivery {
        result: match fate {
            Fate::Done | Fate::Twice => Ok(result),
            Fate::Failed => Err(NotifyError::Transport("simulated".to_owned())),
            Fate::AnswerLost => Err(NotifyError::Unanswered("simulated".to_owned())),
            Fate::RateLimited(seconds) => Err(NotifyError::RateLimited {
                retry_after: Duration::from_secs(u64::from(seconds)),
            }),
        },
        rate_limited: u64::from(matches!(fate, Fate::RateLimited(_))),
        latency: Duration::ZERO,
    }
}

impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        moment(self.shared.clock.get())
    }
}

impl WindowLog for Hands {
    async fn append(
        &self,
        key: &WindowKey,
        facts: &[Fact],
        arrival: Arrival,
    ) -> Result<Head, WindowLogError> {
        let fate = self.gate.pass(Effect::Append, &place(key)).await;
        let mut head = Head::default();
        for _ in 0..times(fate) {
            head = self.shared.log.append(key, facts, arrival).await?;
        }
        if times(fate) > 0 {
            let mut kept = self.shared.kept.borrow_mut();
            // Later windows keep a roster only to explain what comes there.
            let is_own = |fact: &&Fact| match fact {
                Fact::Roster(roster) => window_of(millis(roster.scheduled_time)) == place(key).1,
                _ => true,
            };
            for label in facts.iter().filter(is_own).filter_map(label) {
                kept.entry(label).or_insert(self.shared.clock.get());
            }
        }
        answer(fate, head)
    }

    async fn claim(
        &self,
        key: &WindowKey,
        claim: &Claim,
        now: DateTime<Utc>,
    ) -> Result<Claimed, WindowLogError> {
        self.place.replace(place(key));
        let fate = self.gate.pass(Effect::Claim, &place(key)).await;
        let mut claimed = Claimed::Busy(None);
        let mut has_any_lapsed = false;
        for _ in 0..times(fate) {
            claimed = self.shared.log.claim(key, claim, now).await?;
            if let Claimed::Held { has_lapsed, .. } = &mut claimed {
                has_any_lapsed |= *has_lapsed;
                // The real log keeps the claim before until the holder has heard of it.
                *has_lapsed = has_any_lapsed;
            }
        }
        self.lapsed
            .set(self.lapsed.get() + u64::from(has_any_lapsed));
        if matches!(claimed, Claimed::Busy(_)) {
            self.shared.busy.set(self.shared.busy.get() + 1);
        }
        answer(fate, claimed)
    }

    async fn refresh(
        &self,
        key: &WindowKey,
        head: &Head,
        contents: &mut WindowContents,
    ) -> Result<(), WindowLogError> {
        let fate = self.gate.pass(Effect::Refresh, &place(key)).await;
        let clock = self.shared.clock.get();
        self.read_at.borrow_mut().insert(place(key), clock);
        self.shared.log.refresh(key, head, contents).await?;
        answer(fate, ())
    }

    async fn observe(
        &self,
        key: &WindowKey,
        chunk: usize,
        observations: &Observations,
    ) -> Result<(), WindowLogError> {
        let fate = self.gate.pass(Effect::Observe, &place(key)).await;
        for _ in 0..times(fate) {
            self.shared.log.observe(key, chunk, observations).await?;
        }
        answer(fate, ())
    }

    async fn note(
        &self,
        key: &WindowKey,
        receiver: &str,
        report: &LastReport,
    ) -> Result<(), WindowLogError> {
        let place = place(key);
        let fate = self.gate.pass(Effect::Note, &place).await;
        for _ in 0..times(fate) {
            self.shared.log.note(key, receiver, report).await?;
        }
        if times(fate) > 0 {
            let mut posts = self.shared.posts.borrow_mut();
            let ours = |post: &&mut Post| post.invocation == self.invocation && post.place == place;
            for post in posts.iter_mut().rev().take(20).filter(ours) {
                post.is_noted = true;
            }
        }
        answer(fate, ())
    }

    async fn note_timer(&self, key: &WindowKey, at: DateTime<Utc>) -> Result<(), WindowLogError> {
        let fate = self.gate.pass(Effect::NoteTimer, &place(key)).await;
        for _ in 0..times(fate) {
            self.shared.log.note_timer(key, at).await?;
        }
        answer(fate, ())
    }

    async fn release(
        &self,
        key: &WindowKey,
        claim: &Claim,
        notes: &VisitNotes,
        timer_at: Option<DateTime<Utc>>,
    ) -> Result<Released, WindowLogError> {
        let fate = self.gate.pass(Effect::Release, &place(key)).await;
        let mut released = Released::Lost;
        for time in 0..times(fate) {
            released = self.shared.log.release(key, claim, notes, timer_at).await?;
            if time == 0 && released == Released::Lost {
                self.lapsed.set(self.lapsed.get() + 1);
            }
        }
        answer(fate, released)
    }
}

impl Notifier for Hands {
    async fn notify(&self, summary: &Summary, _: Instant) -> Delivery {
        let mut place = self.place.borrow().clone();
        // What is said of one batch is said of a window that nobody may have claimed.
        if place.0 != summary.environment {
            place = (summary.environment.clone(), place.1);
        }
        let fate = self.call(Effect::Say, &place).await;
        self.show(Effect::Say, place, None, Shown::summary(summary), fate);
        delivery(fate, ())
    }

    async fn tell(&self, notice: &Notice, _: Instant) -> Delivery {
        let place = self.place.borrow().clone();
        let fate = self.call(Effect::Say, &place).await;
        self.show(Effect::Say, place, None, Shown::notice(notice), fate);
        delivery(fate, ())
    }

    fn live(&self) -> Option<&impl Channel> {
        (self.shared.plan.mode == Mode::Bot).then_some(self)
    }
}

impl Channel for Hands {
    async fn post(
        &self,
        key: &WindowKey,
        start: DateTime<Utc>,
        summary: &Summary,
        _: Instant,
    ) -> Delivery<Bookmark> {
        let place = place(key);
        let fate = self.call(Effect::Post, &place).await;
        let mut number = 0;
        if times(fate) > 0 {
            let mut messages = self.shared.messages.borrow_mut();
            number = messages.len();
            messages.push(BotMessage {
                place: place.clone(),
                start,
            });
        }
        self.show(
            Effect::Post,
            place,
            Some(number),
            Shown::summary(summary),
            fate,
        );
        delivery(fate, bookmark(number))
    }

    async fn edit(&self, bookmark: &Bookmark, summary: &Summary, _: Instant) -> Delivery {
        let (number, place) = self.message(bookmark);
        let fate = self.call(Effect::Edit, &place).await;
        self.show(
            Effect::Edit,
            place,
            Some(number),
            Shown::summary(summary),
            fate,
        );
        delivery(fate, ())
    }

    async fn reply(&self, bookmark: &Bookmark, news: &News, _: Instant) -> Delivery {
        let (number, place) = self.message(bookmark);
        let fate = self.call(Effect::Reply, &place).await;
        self.show(Effect::Reply, place, Some(number), Shown::reply(news), fate);
        delivery(fate, ())
    }

    async fn list(&self, bookmark: &Bookmark, _: &Summary, _: usize, _: Instant) -> Delivery {
        let (_, place) = self.message(bookmark);
        delivery(self.call(Effect::Reply, &place).await, ())
    }

    async fn announce(&self, key: &WindowKey, notice: &Notice, _: Instant) -> Delivery {
        let place = place(key);
        let fate = self.call(Effect::Post, &place).await;
        if times(fate) > 0 {
            let name = (place.clone(), notice.name.clone());
            self.shared.announced.borrow_mut().insert(name);
        }
        self.show(Effect::Post, place, None, Shown::notice(notice), fate);
        delivery(fate, ())
    }

    async fn has_announced(
        &self,
        key: &WindowKey,
        notice: &Notice,
        _: Instant,
    ) -> Result<bool, NotifyError> {
        let place = place(key);
        let fate = self.call(Effect::Find, &place).await;
        let name = (place, notice.name.clone());
        let is_found = self.shared.announced.borrow().contains(&name);
        delivery(fate, is_found).result
    }

    async fn find(
        &self,
        key: &WindowKey,
        _: Instant,
    ) -> Result<Vec<(DateTime<Utc>, Bookmark)>, NotifyError> {
        let place = place(key);
        let fate = self.call(Effect::Find, &place).await;
        let messages = self.shared.messages.borrow();
        let of_window = messages
            .iter()
            .enumerate()
            .filter(|(_, message)| message.place == place);
        let found = of_window.map(|(number, message)| (message.start, bookmark(number)));
        delivery(fate, found.collect()).result
    }
}

fn bookmark(number: usize) -> Bookmark {
    Bookmark(number.to_string())
}

impl Hands {
    fn message(&self, bookmark: &Bookmark) -> (usize, Place) {
        let number: usize = bookmark.0.parse().unwrap();
        (number, self.shared.messages.borrow()[number].place.clone())
    }

    fn look_in_vain(wanted: &Wanted, now: DateTime<Utc>, code: &str) -> Vec<Answer> {
        let services = wanted.services.iter();
        let services = services.map(|one| (one.id.cluster_id(), Observable::Services));
        let tasks = wanted
            .tasks
            .iter()
            .map(|id| (id.cluster.clone(), Observable::Tasks));
        let mut places: Vec<(ClusterId, Observable)> = services.chain(tasks).collect();
        places.sort_unstable();
        places.dedup();
        let failure = |(cluster, about)| {
            Answer::Failure(AskFailure {
                at: now,
                cluster,
                about,
                error: ApiError {
                    code: code.to_owned(),
                    message: None,
                },
            })
        };
        places.into_iter().map(failure).collect()
    }

    fn look_at(&self, wanted: &Wanted, clock: Millis, now: DateTime<Utc>) -> Vec<Answer> {
        let ecs = &self.shared.ecs;
        let services = wanted.services.iter().map(|one| {
            let subject = Subject {
                environment: one.id.cluster.clone(),
                name: one.id.name.clone(),
                is_job: false,
            };
            let counts = ecs.counts(&subject, clock);
            self.shared.looks.borrow_mut().push(Look {
                at: clock,
                subject,
                counts,
            });
            Answer::Service(ServiceLook {
                at: now,
                service: one.id.clone(),
                state: counts.map(|Counts { running, desired }| ServiceState {
                    desired,
                    running,
                    pending: (desired - running).max(0),
                    rollout: None,
                    steady_at: None,
                    trouble: None,
                    bounds: None,
                }),
            })
        });
        let tasks = wanted.tasks.iter().filter_map(|id| {
            let mut described = ecs.describe_task(&id.id, clock)?;
            let ClusterId {
                name,
                region,
                account,
            } = &id.cluster;
            let arn = format!("arn:aws:ecs:{region}:{account}:task/{name}/{}", id.id);
            described["taskArn"] = arn.into();
            let described: TaskDescription = serde_json::from_value(described).ok()?;
            description::task(&described, now).map(Answer::Task)
        });
        services.chain(tasks).collect()
    }
}

impl Ecs for Hands {
    async fn look(&self, wanted: &Wanted, now: DateTime<Utc>, _: Instant) -> Asked {
        let place = self.place.borrow().clone();
        let fate = self.gate.pass(Effect::Look, &place).await;
        let plan = &self.shared.plan.ecs;
        let clock = self.shared.clock.get();
        let is_throttled = plan.throttled.is_some_and(|(from, length)| {
            (i64::from(from)..i64::from(from + length)).contains(&(clock / 1_000))
        });
        let answers = if plan.is_denied {
            Self::look_in_vain(wanted, now, "AccessDeniedException")
        } else if is_throttled || !is_heard(fate) {
            Self::look_in_vain(wanted, now, "ThrottlingException")
        } else {
            self.look_at(wanted, clock, now)
        };
        Asked {
            answers,
            services: wanted.services.len(),
            tasks: wanted.tasks.len(),
        }
    }
}

impl Queue for Hands {
    async fn arm(&self, timer: Timer<'_>, now: DateTime<Utc>) -> Result<DateTime<Utc>, QueueError> {
        let fate = self.gate.pass(Effect::Arm, &place(timer.key)).await;
        let delay = delay(timer.at, now);
        for _ in 0..times(fate) {
            let message = OwnMessage::Timer {
                window: timer.key.clone(),
                unkept: timer.unkept,
                hops: timer.hops,
            };
            let at = self.shared.clock.get() + delay.num_milliseconds();
            self.shared
                .ordered
                .borrow_mut()
                .push(Ordered::Timer(message, at));
        }
        if is_heard(fate) {
            Ok(now + delay)
        } else {
            Err(QueueError("simulated".to_owned()))
        }
    }

    async fn postpone(&self, receipt: &Receipt, delay: Duration) -> Result<(), QueueError> {
        let place = (receipt.handle.clone(), 0);
        let fate = self.gate.pass(Effect::Postpone, &place).await;
        if times(fate) > 0 {
            let delay = Millis::try_from(delay.as_millis()).unwrap();
            let at = self.shared.clock.get() + delay;
            let order = Ordered::Return(receipt.handle.clone(), at);
            self.shared.ordered.borrow_mut().push(order);
        }
        if is_heard(fate) {
            Ok(())
        } else {
            Err(QueueError("simulated".to_owned()))
        }
    }
}
