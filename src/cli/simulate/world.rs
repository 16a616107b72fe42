//! Plays one random window: when calls are made, when their records arrive, and in which invocations.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::json;
use tokio::time::Instant;

use super::meter::{Meter, Usage};
use crate::cli::args::SimulateArgs;
use crate::core::decode::{OwnMessage, RosterMessage};
use crate::core::policy::WaitPolicy;
use crate::core::reader::Reader;
use crate::core::routes::{Glob, Matcher, Route, RouteSettings, Routes};
use crate::core::window::Windowing;
use crate::function::visit_windows;
use crate::metrics::Metrics;
use crate::ports::receivers::Receivers;
use crate::visit::{Ports, Visit, VisitMemory};

const ENVIRONMENT: &str = "dev";
const ACCOUNT: &str = "123456789012";
const REGION: &str = "ap-northeast-2";
/// How much delays differ: with this value, one in forty is longer than four times the median.
const SPREAD: f64 = 0.7;
/// As the module's queue has it.
const MAX_RECEIVES: u32 = 30;
/// Longer than any invocation lasts.
const CLAIM: TimeDelta = TimeDelta::seconds(60);
/// The simulation of a window ends by then: one that still arms timers would never end.
const MOST_INVOCATIONS: usize = 100_000;

/// The results of one simulated window.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) batch_messages: f64,
    pub(super) batch_invocations: f64,
    pub(super) batch_first: TimeDelta,
    pub(super) batch_last: TimeDelta,
    pub(super) window_messages: f64,
    pub(super) window_first: TimeDelta,
    pub(super) window_last: TimeDelta,
    pub(super) usage: Usage,
}

/// A window with random calls.
pub(super) struct World<'a> {
    args: &'a SimulateArgs,
    start: DateTime<Utc>,
    rng: Rng,
    /// When each service's task starts to run.
    starts: BTreeMap<String, DateTime<Utc>>,
}

/// Records that reach the function together.
type Invocations = BTreeMap<(DateTime<Utc>, usize), Vec<SqsMessage>>;

impl<'a> World<'a> {
    pub(super) fn new(args: &'a SimulateArgs, seed: u64) -> Self {
        // 09:00 in Seoul; a moment at which windows of any usual length begin.
        let start = DateTime::from_timestamp(1_705_276_800, 0).unwrap_or_default();
        Self {
            args,
            start,
            rng: Rng::with_seed(seed),
            starts: BTreeMap::new(),
        }
    }

    pub(super) async fn run(mut self) -> Outcome {
        let invocations = self.invocations();
        let batch_times: Vec<DateTime<Utc>> = invocations.keys().map(|(at, _)| *at).collect();
        let usage = self.visit_all(invocations).await;
        let since = |times: &[DateTime<Utc>],
                     pick: fn(&[DateTime<Utc>]) -> Option<&DateTime<Utc>>| {
            pick(times).map_or(TimeDelta::zero(), |at| *at - self.start)
        };
        Outcome {
            batch_messages: count(batch_times.len()),
            batch_invocations: count(batch_times.len()),
            batch_first: since(&batch_times, <[_]>::first),
            batch_last: since(&batch_times, <[_]>::last),
            window_messages: count(usage.messages.len()),
            window_first: since(&usage.messages, <[_]>::first),
            window_last: since(&usage.messages, <[_]>::last),
            usage,
        }
    }

    /// Divides the records into batches. Each poller fills a batch of its own until it is full or the batching window
    /// is over.
    fn invocations(&mut self) -> Invocations {
        let mut arrivals: Vec<(DateTime<Utc>, SqsMessage)> = (0..self.args.services)
            .map(|service| self.record(service))
            .collect();
        arrivals.sort_by_key(|(at, _)| *at);
        let mut filling: Vec<Option<(DateTime<Utc>, Vec<SqsMessage>)>> =
            vec![None; self.args.pollers];
        let mut invocations = Invocations::new();
        let window = delta(self.args.batching_window);
        for (at, record) in arrivals {
            let poller = self.rng.usize(..self.args.pollers);
            let is_over = |(opened, records): &(DateTime<Utc>, Vec<SqsMessage>)| {
                *opened + window <= at || records.len() >= self.args.batch_size
            };
            if let Some((opened, records)) = filling[poller].take_if(|batch| is_over(batch)) {
                let number = invocations.len();
                invocations.insert(((opened + window).min(at), number), records);
            }
            filling[poller]
                .get_or_insert_with(|| (at, Vec::new()))
                .1
                .push(record);
        }
        for (opened, records) in filling.into_iter().flatten() {
            let number = invocations.len();
            invocations.insert((opened + window, number), records);
        }
        invocations
    }

    /// When a service is called, and when the record of that arrives.
    fn record(&mut self, service: u32) -> (DateTime<Utc>, SqsMessage) {
        let called_at = self.start + delta(self.args.flexible_window.mul_f64(self.rng.f64()));
        let latency = self.about(self.args.latency);
        let startup = self.about(self.args.startup);
        self.starts
            .insert(name(service), called_at + delta(startup));
        let body = json!({
            "detail-type": "AWS API Call via CloudTrail",
            "source": "aws.ecs",
            "detail": {
                "eventVersion": "1.11",
                "eventSource": "ecs.amazonaws.com",
                "eventName": "UpdateService",
                "eventID": format!("{service}"),
                "eventTime": called_at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
                "awsRegion": REGION,
                "recipientAccountId": ACCOUNT,
                "requestParameters": {"cluster": ENVIRONMENT, "service": name(service), "desiredCount": 1},
            },
        });
        (
            called_at + delta(latency),
            message(service.to_string(), body.to_string()),
        )
    }

    /// A random duration, log-normal around a median.
    fn about(&mut self, median: Duration) -> Duration {
        let normal = (-2.0 * self.rng.f64().max(f64::MIN_POSITIVE).ln()).sqrt()
            * (std::f64::consts::TAU * self.rng.f64()).cos();
        median.mul_f64((normal * SPREAD).exp())
    }

    fn roster(&self) -> SqsMessage {
        let roster = OwnMessage::Roster(Box::new(RosterMessage {
            environment: ENVIRONMENT.to_owned(),
            schedule: "morning".to_owned(),
            scheduled_time: self.start,
            flexible_window_minutes: u32::try_from(
                self.args.flexible_window.as_secs().div_ceil(60),
            )
            .unwrap_or(0),
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            cluster: ENVIRONMENT.to_owned(),
            services: (0..self.args.services)
                .map(|service| (name(service), 1))
                .collect(),
            jobs: BTreeMap::new(),
            role: None,
            retry_minutes: None,
            group: None,
            labels: BTreeMap::new(),
        }));
        message(
            "roster".to_owned(),
            serde_json::to_string(&roster).unwrap_or_default(),
        )
    }

    /// Runs the function's own code for one invocation after the other, until no timer is left.
    async fn visit_all(&mut self, mut invocations: Invocations) -> Usage {
        let meter = Meter::new(std::mem::take(&mut self.starts));
        let memories = [VisitMemory::default(), VisitMemory::default()];
        if !self.args.no_roster {
            invocations.insert((self.start, usize::MAX), vec![self.roster()]);
        }
        for number in 0..MOST_INVOCATIONS {
            let due = meter.timers.borrow().iter().map(|(at, _)| *at).min();
            let next = invocations.keys().next().map(|(at, _)| *at);
            let (now, records) = match (due, next) {
                (None, None) => break,
                (Some(due), next) if next.is_none_or(|next| due <= next) => {
                    (due, fire(&meter, due))
                }
                _ => match invocations.pop_first() {
                    Some(((at, _), records)) => (at, records),
                    None => break,
                },
            };
            self.invoke(&meter, now, number, records, &memories).await;
        }
        meter.usage.into_inner()
    }

    async fn invoke(
        &self,
        meter: &Meter,
        now: DateTime<Utc>,
        number: usize,
        records: Vec<SqsMessage>,
        memories: &[VisitMemory],
    ) {
        let windowing = Windowing {
            environment: Some(ENVIRONMENT.to_owned()),
            period: self.args.window,
        };
        let policy = WaitPolicy {
            settle: self.args.settle,
            grace: self.args.grace,
            period: self.args.window,
            verify: Some(self.args.verify).filter(|verify| !verify.is_zero()),
        };
        let how = Visit {
            policy,
            windowing: &windowing,
            token: &number.to_string(),
            claim_until: now + CLAIM,
            now,
            deadline: Instant::now() + Duration::from_mins(1),
            hops: 0,
        };
        meter.now.set(now);
        meter.usage.borrow_mut().invocations += 1.0;
        let reader = Reader::english(chrono_tz::UTC);
        let ports = Ports {
            log: meter,
            receivers: &Receivers::new(routes(self.args.routes), reader, |_| meter),
            queue: meter,
            ecs: meter,
            clock: meter,
            memory: &memories[number % memories.len()],
        };
        visit_windows(records, MAX_RECEIVES, &ports, how, &mut Metrics::default()).await;
    }
}

/// The timers that fire at a moment, as messages.
fn fire(meter: &Meter, due: DateTime<Utc>) -> Vec<SqsMessage> {
    let mut timers = meter.timers.borrow_mut();
    let (fired, waiting) = timers.drain(..).partition(|(at, _)| *at <= due);
    *timers = waiting;
    let fired: Vec<_> = fired;
    let timer = |(_, window)| OwnMessage::Timer {
        window,
        unkept: 0,
        hops: 0,
    };
    let body = |timer| serde_json::to_string(&timer).unwrap_or_default();
    fired
        .into_iter()
        .map(|fired| message("timer".to_owned(), body(timer(fired))))
        .collect()
}

fn message(id: String, body: String) -> SqsMessage {
    let mut message = SqsMessage::default();
    message.message_id = Some(id);
    message.body = Some(body);
    message
}

/// So many routes that share the services evenly, by the last digits of their names.
fn routes(count: u8) -> Routes {
    let route = |number: u8| {
        let digits = (0..10_u8).filter(|digit| digit % count == number);
        let names: Vec<String> = digits.map(|digit| format!("*{digit}")).collect();
        Route {
            name: format!("route-{number}"),
            matcher: Matcher {
                service: Glob::parse(&format!("{{{}}}", names.join(","))),
                ..Matcher::default()
            },
            is_continued: false,
            settings: RouteSettings::default(),
            routes: Vec::new(),
        }
    };
    Routes::new((0..count).map(route).collect())
}

fn name(service: u32) -> String {
    format!("service-{service:05}")
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
