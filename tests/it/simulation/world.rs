//! The world in virtual time: a queue with SQS's semantics, pollers that batch, and invocations of the real
//! function that are stepped from effect to effect, side by side, and die where the plan says so.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use aws_lambda_events::sqs::SqsMessage;
use serde::Serialize;

use super::circumstances::clock;
use super::ecs::Ecs;
use super::invocation::{Invocation, Memory, TIMEOUT, run};
use super::mail::{Mail, Millis, letters, timer};
use super::plan::{HoldKind, Plan, Quirk, RecursiveLoop};
use super::ports::{Effect, Fate, Gate, Ordered, Place, Post, Shared};
use super::script::Script;

/// How often an operator moves dead letters back to the queue; the world ends when nothing is left.
const REDRIVES: u32 = 10;
const MOST_EVENTS: usize = 60_000;
/// Lambda ends a chain of invocations and messages after about so many rounds, unless it is told not to.
/// Source: AWS Lambda's documentation, "Use Lambda recursive loop detection to prevent infinite loops".
const LONGEST_CHAIN: u32 = 16;

/// A message in the queue.
pub struct Message {
    pub mail: Mail,
    pub receives: u32,
    /// When it was received first.
    pub received_at: Option<Millis>,
    pub is_deleted: bool,
    /// How many invocations are in the chain that sent it, as the trace header tells Lambda.
    lineage: u32,
    /// Counts how often it was said anew when it becomes visible; what was said before does not count.
    turn: u32,
}

#[derive(Clone, Copy)]
enum Event {
    /// A message becomes visible, unless something else was said since.
    Visible(usize, u32),
    Echo(usize),
    Batch(usize, u64),
    Step(usize),
    Timeout(usize),
    /// The event source mapping is enabled again.
    Enabled,
}

/// Fills a batch, has it handled, and only then fetches again.
struct Poller {
    batch: Vec<usize>,
    number: u64,
    is_busy: bool,
}

/// A world on its way.
pub struct World {
    pub plan: Plan,
    pub shared: Rc<Shared>,
    pub messages: Vec<Message>,
    pub invocations: Vec<Invocation>,
    /// How many steps there were; a step is an effect or a return.
    pub steps: u16,
    pub redrives: u32,
    /// How many messages became dead letters.
    pub dead_letters: usize,
    /// How many chains of timers Lambda ended.
    pub ended_chains: usize,
    /// Timers that became dead letters without need.
    pub lost_timers: Vec<String>,
    pub trace: Vec<(Millis, String)>,
    pollers: Vec<Poller>,
    visible: VecDeque<usize>,
    /// Instances of the function that have nothing to do.
    idle: Vec<Rc<Memory>>,
    dead: Vec<usize>,
    events: BTreeMap<(Millis, u64), Event>,
    scheduled: u64,
    pub now: Millis,
    /// How many posts the story has told of.
    shown: usize,
}

impl World {
    /// Lives a world to its end: until no message is left anywhere.
    pub fn live(plan: &Plan) -> Result<Self, String> {
        let mut world = Self::new(plan);
        for count in 0.. {
            if count > MOST_EVENTS {
                return Err(format!("it never comes to rest\n{}", world.story()));
            }
            if let Some(((at, _), event)) = world.events.pop_first() {
                world.now = at;
                world.shared.clock.set(at);
                world.happen(event);
            } else if !world.redrive() {
                break;
            }
        }
        Ok(world)
    }

    fn new(plan: &Plan) -> Self {
        let pollers = (0..plan.mapping.pollers).map(|_| Poller {
            batch: Vec::new(),
            number: 0,
            is_busy: false,
        });
        let script = Script::new(plan);
        let ecs = Ecs::new(&script);
        let letters = letters(plan, &script, &ecs);
        let mut world = Self {
            plan: plan.clone(),
            shared: Rc::new(Shared {
                plan: plan.clone(),
                script,
                ecs,
                ..Shared::default()
            }),
            messages: Vec::new(),
            invocations: Vec::new(),
            steps: 0,
            redrives: 0,
            dead_letters: 0,
            ended_chains: 0,
            lost_timers: Vec::new(),
            trace: Vec::new(),
            pollers: pollers.collect(),
            visible: VecDeque::new(),
            idle: Vec::new(),
            dead: Vec::new(),
            events: BTreeMap::new(),
            scheduled: 0,
            now: 0,
            shown: 0,
        };
        for mail in letters {
            world.send(mail, 0);
        }
        if let Some(until) = world.disabled_until(|(_, _)| true) {
            world.schedule(until, Event::Enabled);
        }
        world
    }

    fn send(&mut self, mail: Mail, lineage: u32) {
        let index = self.messages.len();
        self.schedule(mail.at, Event::Visible(index, 0));
        for &echo in &mail.echoes {
            self.schedule(echo, Event::Echo(index));
        }
        self.messages.push(Message {
            mail,
            receives: 0,
            received_at: None,
            is_deleted: false,
            lineage,
            turn: 0,
        });
    }

    fn schedule(&mut self, at: Millis, event: Event) {
        self.scheduled += 1;
        self.events
            .insert((at.max(self.now), self.scheduled), event);
    }

    /// A message becomes visible at a time, and not at the one that was said before.
    fn show_again(&mut self, message: usize, at: Millis) {
        self.messages[message].turn += 1;
        let turn = self.messages[message].turn;
        self.schedule(at, Event::Visible(message, turn));
    }

    fn note(&mut self, text: String) {
        self.trace.push((self.now, text));
    }

    /// A number that looks random, the same in every life of the same plan.
    fn dice(&self, what: u64, sides: u64) -> u64 {
        let mut mixed = (u64::from(self.plan.mapping.seed) << 32) ^ what;
        for _ in 0..2 {
            mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        (mixed >> 33) % sides.max(1)
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Visible(message, turn)
                if self.messages[message].is_deleted || self.messages[message].turn != turn => {}
            Event::Visible(message, _)
                if self.messages[message].receives >= self.plan.mapping.max_receives =>
            {
                self.dead_letters += 1;
                self.lost_timers.extend(self.lost_timer(message));
                self.note(format!(
                    "{} is a dead letter",
                    self.messages[message].mail.label
                ));
                self.dead.push(message);
            }
            Event::Visible(message, _) | Event::Echo(message)
                if self.plan.recursive_loop == RecursiveLoop::Terminate
                    && self.messages[message].lineage > LONGEST_CHAIN =>
            {
                let label = &self.messages[message].mail.label;
                self.note(format!("Lambda ends the chain of {label}"));
                self.ended_chains += 1;
            }
            Event::Visible(message, _) | Event::Echo(message) => {
                self.visible.push_back(message);
                self.fetch();
            }
            Event::Batch(poller, number) => {
                if self.pollers[poller].number == number {
                    self.invoke(poller);
                }
            }
            Event::Enabled => self.fetch(),
            Event::Step(invocation) => self.step(invocation),
            Event::Timeout(invocation) => self.die(invocation, "runs out of time"),
        }
    }

    /// Until when the event source mapping is disabled, if it is at a time that fits.
    fn disabled_until(&self, fits: impl Fn((Millis, Millis)) -> bool) -> Option<Millis> {
        let hold = self.plan.hold?;
        let span = matches!(hold.kind, HoldKind::Mapping).then(|| hold.span())?;
        fits(span).then_some(span.1)
    }

    /// Whichever poller has nothing else to do takes the next message.
    fn fetch(&mut self) {
        let now = self.now;
        if self
            .disabled_until(|(from, to)| (from..to).contains(&now))
            .is_some()
        {
            return;
        }
        let mapping = self.plan.mapping;
        let batch_window = Millis::from(mapping.batch_seconds) * 1_000;
        while let Some(&message) = self.visible.front() {
            let free: Vec<usize> = (0..self.pollers.len())
                .filter(|&poller| !self.pollers[poller].is_busy)
                .collect();
            let dice = self.dice(self.scheduled, free.len() as u64);
            let Some(&poller) = free.get(usize::try_from(dice).unwrap()) else {
                return;
            };
            self.visible.pop_front();
            self.messages[message].receives += 1;
            self.messages[message].received_at.get_or_insert(now);
            self.show_again(message, self.now + 6 * TIMEOUT + batch_window);
            if self.pollers[poller].batch.is_empty() {
                let number = self.pollers[poller].number;
                self.schedule(self.now + batch_window, Event::Batch(poller, number));
            }
            self.pollers[poller].batch.push(message);
            if self.pollers[poller].batch.len() >= usize::from(mapping.batch_size) {
                self.invoke(poller);
            }
        }
    }

    fn invoke(&mut self, poller: usize) {
        let messages = std::mem::take(&mut self.pollers[poller].batch);
        self.pollers[poller].number += 1;
        self.pollers[poller].is_busy = true;
        let id = self.invocations.len();
        let records: Vec<SqsMessage> = messages
            .iter()
            .map(|&index| {
                let message = &self.messages[index];
                let mut record = message.mail.record.clone();
                let count = message.receives.to_string();
                record
                    .attributes
                    .insert("ApproximateReceiveCount".to_owned(), count);
                record
            })
            .collect();
        let received: Vec<&Message> = messages
            .iter()
            .map(|&index| &self.messages[index])
            .collect();
        let labels: Vec<&str> = received
            .iter()
            .map(|message| message.mail.label.as_str())
            .collect();
        let labels = labels.join(", ");
        let is_timer =
            |message: &&Message| message.mail.label.starts_with("timer") && message.receives == 1;
        let gate = Rc::<Gate>::default();
        let dice = self.dice(!self.scheduled, self.idle.len() as u64);
        let memory = match self.idle.len() {
            0 => Rc::default(),
            _ => self.idle.swap_remove(usize::try_from(dice).unwrap()),
        };
        let invocation = Invocation {
            future: Some(run(
                records,
                self.shared.clone(),
                memory.clone(),
                gate.clone(),
                id,
                self.now,
            )),
            gate,
            poller,
            memory,
            start: self.now,
            is_timer_only: received.iter().all(is_timer),
            receives: received.iter().map(|message| message.receives).collect(),
            messages,
            next: None,
            timer_quirk: None,
            again: None,
        };
        self.note(format!("#{id} begins with {labels}"));
        self.invocations.push(invocation);
        self.schedule(self.now + TIMEOUT, Event::Timeout(id));
        self.advance(id);
    }

    /// Lets an invocation run up to its next effect, or to its end.
    fn advance(&mut self, id: usize) {
        let invocation = &mut self.invocations[id];
        let Some(future) = invocation.future.as_mut() else {
            return;
        };
        let polled = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        let (effect, place) = match polled {
            Poll::Pending => invocation.gate.asked.take().unwrap(),
            Poll::Ready(again) => {
                invocation.again = Some(again);
                (Effect::Return, Place::default())
            }
        };
        let label = format!("{} {}", place.0, &clock(place.1)[3..8]);
        let quirk = self.plan.quirks.get(&self.steps).copied();
        self.steps = self.steps.saturating_add(1);
        let dice = self.dice(
            u64::from(self.steps) << 16,
            u64::from(self.plan.mapping.jitter),
        );
        let takes = 1 + Millis::try_from(dice).unwrap();
        let (fate, takes) = match (quirk, effect) {
            (Some(Quirk::Die), _) => {
                self.invocations[id].again = None;
                return self.die(id, &format!("dies before {effect:?} {label}"));
            }
            (Some(Quirk::Stall(millis)), _) => (Fate::Done, Millis::from(millis)),
            (Some(Quirk::Fail), _) => (Fate::Failed, takes),
            (Some(Quirk::LoseAnswer), _) => (Fate::AnswerLost, takes),
            _ if effect.is_on_slack() => self.ask_slack(id, takes),
            _ if effect.is_on_table() && self.is_table_down() => (Fate::Failed, takes),
            (Some(Quirk::Twice), _) if effect.is_on_table() => (Fate::Twice, takes),
            _ => (Fate::Done, takes),
        };
        self.invocations[id].timer_quirk = quirk.filter(|_| effect == Effect::Arm);
        self.invocations[id].next = Some((effect, fate));
        let step = self.steps - 1;
        self.note(format!(
            "#{id} step {step}: {effect:?} {label} → {fate:?} in {takes} ms"
        ));
        self.schedule(self.now + takes, Event::Step(id));
    }

    fn step(&mut self, id: usize) {
        let invocation = &mut self.invocations[id];
        let Some((effect, fate)) = invocation.next.take() else {
            return;
        };
        if invocation.future.is_none() {
            return;
        }
        if effect == Effect::Return {
            invocation.future = None;
            if fate == Fate::Done {
                self.acknowledge(id);
            } else {
                invocation.again = None;
            }
            return self.rest(id);
        }
        invocation.gate.granted.set(Some(fate));
        self.advance(id);
        let quirk = self.invocations[id].timer_quirk;
        self.note_posts();
        for order in self.shared.ordered.take() {
            match order {
                Ordered::Timer(message, at) => self.send_timer(id, &message, at, quirk),
                Ordered::Return(receipt, at) => {
                    let is_it = |message: &Message| message.mail.label == receipt;
                    if let Some(message) = self.messages.iter().position(is_it) {
                        self.show_again(message, at);
                    }
                }
            }
        }
    }

    /// Tells the story what people saw.
    fn note_posts(&mut self) {
        let posts = self.shared.posts.borrow();
        let new: Vec<String> = posts[self.shown..].iter().map(Post::words).collect();
        self.shown = posts.len();
        drop(posts);
        for words in new {
            self.note(words);
        }
    }

    fn send_timer(
        &mut self,
        invocation: usize,
        message: &impl Serialize,
        at: Millis,
        quirk: Option<Quirk>,
    ) {
        let brought_by = self.invocations[invocation].messages.iter();
        let lineage = brought_by.map(|&index| self.messages[index].lineage).max();
        let body = serde_json::to_value(message).unwrap();
        let number = self.messages.len();
        let late = match quirk {
            Some(Quirk::TimerLate(seconds)) => Millis::from(seconds) * 1_000,
            _ => 0,
        };
        let mut mail = timer(number, &body, at + late);
        if let Some(Quirk::TimerTwice(seconds)) = quirk {
            mail.echoes.push(at + Millis::from(seconds) * 1_000);
        }
        self.note(format!("{} is to fire at {}", mail.label, clock(mail.at)));
        self.send(mail, lineage.map_or(0, |lineage| lineage + 1));
    }

    fn acknowledge(&mut self, id: usize) {
        let invocation = &self.invocations[id];
        let again = invocation.again.clone().unwrap_or_default();
        for &index in &invocation.messages {
            let message = &mut self.messages[index];
            let message_id = message.mail.record.message_id.as_deref().unwrap();
            message.is_deleted |= !again.contains(message_id);
        }
        if !again.is_empty() {
            self.note(format!("#{id} wants again: {again:?}"));
        }
    }

    fn die(&mut self, id: usize, how: &str) {
        if self.invocations[id].future.take().is_some() {
            self.invocations[id].again = None;
            self.note(format!("#{id} {how}"));
            // A crash ends the instance; an invocation that ends in an error may leave it as it is.
            if self.dice(id as u64, 2) == 0 {
                self.invocations[id].memory = Rc::default();
            }
            self.rest(id);
        }
    }

    fn rest(&mut self, id: usize) {
        self.idle.push(self.invocations[id].memory.clone());
        self.pollers[self.invocations[id].poller].is_busy = false;
        self.fetch();
    }

    /// Somebody moves what ended in the dead-letter queue back, once everything is well again.
    fn redrive(&mut self) -> bool {
        let dead = std::mem::take(&mut self.dead);
        if dead.is_empty() || self.redrives == REDRIVES {
            return false;
        }
        self.redrives += 1;
        let ends = self
            .plan
            .slack
            .iter()
            .map(|outage| outage.from + outage.seconds);
        let ends = ends.chain(self.plan.table.map(|(from, length)| from + length));
        self.now = self.now.max(i64::from(ends.max().unwrap_or(0)) * 1_000);
        self.note(format!("{} dead letters go back to the queue", dead.len()));
        for message in dead {
            self.messages[message].receives = 0;
            self.show_again(message, self.now);
        }
        true
    }
}
