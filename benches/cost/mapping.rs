//! Lambda's event source mapping: fills batches from the queue, invokes the function, and deletes what it took.
//!
//! Each poller fills a batch of its own until the batch is full, has six megabytes or its batching window is over.
//! While no invocation runs, the clock skips to the next thing that happens, as an instance is frozen then anyway.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::instance::{Done, Instance, Used};
use super::options::{Mode, Options};
use super::queue::{Message, Queue};
use super::world::World;

/// The Terraform module's defaults.
const TIMEOUT: TimeDelta = TimeDelta::seconds(30);
const VISIBILITY: TimeDelta = TimeDelta::seconds(200);
/// What Lambda hands out at once.
const PAYLOAD_BYTES: usize = 6 * 1_024 * 1_024;
/// How many messages a poller takes from SQS at once.
const RECEIVED_AT_ONCE: usize = 10;
/// A window that still causes invocations by then would never end.
const MOST_INVOCATIONS: usize = 5_000;

/// What was measured of the function.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) invocations: usize,
    pub(crate) timeouts: usize,
    pub(crate) errors: usize,
    pub(crate) failed_records: usize,
    /// How long all invocations took together, which is what Lambda charges.
    pub(crate) billed: Duration,
    /// The longest invocation, and what it would have been without waiting for a core.
    pub(crate) longest: Duration,
    pub(crate) longest_undisturbed: Duration,
    /// The most CPU of one invocation, in real time.
    pub(crate) most_cpu: Duration,
    /// For how long processes waited for a core, in real time.
    pub(crate) waited: Duration,
    pub(crate) peak: u64,
    /// Why the run ended before the window did.
    pub(crate) cut_off: Option<&'static str>,
}

/// A batch that is being filled.
struct Batch {
    messages: Vec<Message>,
    bytes: usize,
    until: DateTime<Utc>,
}

/// An invocation that runs.
struct Invocation {
    instance: usize,
    messages: Vec<Message>,
    began: DateTime<Utc>,
    before: Used,
}

enum Poller {
    Idle,
    Filling(Batch),
    Waiting(Invocation),
}

/// The mapping, with its pollers and the function's instances.
pub(crate) struct Mapping<'a> {
    world: &'a World,
    options: &'a Options,
    environment: Vec<(String, String)>,
    /// What the logs of this run are called.
    label: String,
    pollers: Vec<Poller>,
    instances: Vec<Option<Instance>>,
    /// The instances that run nothing; the one that ran last is used next.
    idle: Vec<usize>,
    done: (Sender<Done>, Receiver<Done>),
    measured: Measured,
}

impl<'a> Mapping<'a> {
    pub(crate) fn new(world: &'a World, services: usize, mode: Mode, options: &'a Options) -> Self {
        Self {
            world,
            options,
            environment: world.environment(mode, options),
            label: format!("{mode:?}-{services}").to_lowercase(),
            pollers: (0..options.instances).map(|_| Poller::Idle).collect(),
            instances: (0..options.instances).map(|_| None).collect(),
            idle: (0..options.instances).rev().collect(),
            done: channel(),
            measured: Measured::default(),
        }
    }

    /// Runs until nothing is in the queue or in anybody's hands.
    pub(crate) fn run(mut self) -> Measured {
        let limit = Duration::from_secs(60 * self.options.limit_minutes);
        let started = Instant::now();
        loop {
            self.fill();
            self.hand_out();
            let Some(next) = self.next_at() else { break };
            self.wait(next);
            if started.elapsed() > limit {
                self.measured.cut_off = Some("out of time");
            } else if self.measured.invocations >= MOST_INVOCATIONS {
                self.measured.cut_off = Some("too many invocations");
            }
            if self.measured.cut_off.is_some() {
                break;
            }
        }
        for instance in self.instances.iter().flatten() {
            self.measured.peak = self.measured.peak.max(instance.peak());
        }
        self.measured
    }

    /// Takes what is visible, a few messages for each poller in turn.
    fn fill(&mut self) {
        let now = self.world.clock.now();
        let mut state = self.world.state();
        let mut is_any = true;
        while is_any {
            is_any = false;
            for poller in &mut self.pollers {
                for _ in 0..RECEIVED_AT_ONCE {
                    is_any |= poller.take(&mut state.queue, now, self.options);
                }
            }
        }
    }

    /// Invokes the function with what is ready.
    fn hand_out(&mut self) {
        let now = self.world.clock.now();
        for number in 0..self.pollers.len() {
            let Poller::Filling(batch) = &mut self.pollers[number] else {
                continue;
            };
            let is_ready = now >= batch.until
                || batch.messages.len() >= self.options.batch
                || batch.bytes >= PAYLOAD_BYTES;
            if let Some(instance) = self.idle.pop_if(|_| is_ready) {
                let messages = std::mem::take(&mut batch.messages);
                self.pollers[number] = Poller::Waiting(self.invoke(instance, messages));
            }
        }
    }

    fn invoke(&mut self, number: usize, messages: Vec<Message>) -> Invocation {
        let records: Vec<Value> = messages.iter().map(Message::record).collect();
        let body = json!({"Records": records}).to_string();
        let clock = &self.world.clock;
        let instance = self.instances[number].get_or_insert_with(|| {
            let done = self.done.0.clone();
            Instance::start(
                number,
                &self.environment,
                self.options,
                &self.label,
                clock,
                done,
            )
        });
        self.measured.invocations += 1;
        let (began, before) = (clock.now(), instance.used());
        instance.invoke(body, began + TIMEOUT);
        Invocation {
            instance: number,
            messages,
            began,
            before,
        }
    }

    /// When something happens next by itself; none where nothing will.
    fn next_at(&self) -> Option<DateTime<Utc>> {
        let is_free = |poller: &Poller| !matches!(poller, Poller::Waiting(_));
        let queue = self.world.state().queue.next_at();
        let queue = queue.filter(|_| self.pollers.iter().any(is_free));
        let pollers = self.pollers.iter().filter_map(|poller| match poller {
            Poller::Idle => None,
            Poller::Filling(batch) => Some(batch.until),
            Poller::Waiting(invocation) => Some(invocation.began + TIMEOUT),
        });
        pollers.chain(queue).min()
    }

    /// Waits for `next`, or for an invocation to end before.
    fn wait(&mut self, next: DateTime<Utc>) {
        let clock = &self.world.clock;
        if !self
            .pollers
            .iter()
            .any(|poller| matches!(poller, Poller::Waiting(_)))
        {
            clock.skip_to(next);
            return;
        }
        // At least a little, so that a full batch without an instance does not make the loop spin.
        let limit = clock.real(next - clock.now()).max(Duration::from_millis(1));
        match self.done.1.recv_timeout(limit) {
            Ok(done) => self.end(Some(&done)),
            Err(RecvTimeoutError::Timeout) => self.end(None),
            Err(RecvTimeoutError::Disconnected) => unreachable!("the mapping holds a sender"),
        }
    }

    /// Takes a response, or ends what has run for too long.
    fn end(&mut self, done: Option<&Done>) {
        let now = done.map_or_else(|| self.world.clock.now(), |done| done.at);
        for poller in &mut self.pollers {
            let Poller::Waiting(invocation) = poller else {
                continue;
            };
            let number = invocation.instance;
            let said = done.filter(|done| done.instance == number);
            let is_over = now >= invocation.began + TIMEOUT;
            if said.is_none() && !is_over {
                continue;
            }
            let used = self.instances[number].as_ref().map(Instance::used);
            let used = used.unwrap_or_default();
            let speed = self.options.speed;
            self.measured
                .note(now - invocation.began, invocation.before, used, speed);
            match said.map(|done| &done.response) {
                Some(Some(response)) => {
                    let failed = failed_ids(response);
                    self.measured.failed_records += failed.len();
                    let mut state = self.world.state();
                    for message in &invocation.messages {
                        if !failed.contains(&message.id.as_str()) {
                            state.queue.delete(&message.id);
                        }
                    }
                }
                Some(None) => self.measured.errors += 1,
                None => {
                    self.measured.timeouts += 1;
                    let peak = self.instances[number].as_ref().map_or(0, Instance::peak);
                    self.measured.peak = self.measured.peak.max(peak);
                    // Lambda ends an instance that ran out of time.
                    self.instances[number] = None;
                }
            }
            self.idle.push(number);
            *poller = Poller::Idle;
        }
    }
}

impl Poller {
    /// Takes a message if one is visible and there is room for it.
    fn take(&mut self, queue: &mut Queue, now: DateTime<Utc>, options: &Options) -> bool {
        let is_full = match self {
            Self::Idle => false,
            Self::Filling(batch) => {
                now >= batch.until
                    || batch.messages.len() >= options.batch
                    || batch.bytes >= PAYLOAD_BYTES
            }
            Self::Waiting(_) => true,
        };
        let message = (!is_full).then(|| queue.receive(now, VISIBILITY)).flatten();
        let Some(message) = message else { return false };
        if let Self::Idle = self {
            *self = Self::Filling(Batch {
                messages: Vec::new(),
                bytes: 0,
                until: now + TimeDelta::seconds(options.batching_seconds),
            });
        }
        if let Self::Filling(batch) = self {
            batch.bytes += message.record().to_string().len();
            batch.messages.push(message);
        }
        true
    }
}

impl Measured {
    /// Notes how an invocation went.
    fn note(&mut self, took: TimeDelta, before: Used, after: Used, speed: f64) {
        let took = took.to_std().unwrap_or_default();
        let waited = Duration::from_nanos(after.waited.saturating_sub(before.waited));
        self.waited += waited;
        self.billed += took;
        self.longest = self.longest.max(took);
        let undisturbed = took.saturating_sub(waited.mul_f64(speed));
        self.longest_undisturbed = self.longest_undisturbed.max(undisturbed);
        let cpu = Duration::from_nanos(after.cpu.saturating_sub(before.cpu));
        self.most_cpu = self.most_cpu.max(cpu);
    }
}

/// The records that are to come again; an answer without a list says that there are none.
fn failed_ids(response: &Value) -> Vec<&str> {
    let failures = response["batchItemFailures"].as_array();
    let ids = failures.into_iter().flatten();
    ids.filter_map(|failure| failure["itemIdentifier"].as_str())
        .collect()
}
