//! One run of the real function in a simulated world.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use chrono::TimeDelta;
use rollcall::core::policy::WaitPolicy;
use rollcall::core::reader::Reader;
use rollcall::core::window::Windowing;
use rollcall::function::visit_windows;
use rollcall::metrics::Metrics;
use rollcall::ports::receivers::Receivers;
use rollcall::visit::{Ports, Visit, VisitMemory};
use tokio::time::Instant;

use super::mail::{Millis, moment};
use super::plan::Quirk;
use super::ports::{Effect, Fate, Gate, Hands, Shared};
use super::script::PERIOD;

/// How long nothing new must have arrived before a failure is told.
pub const SETTLE: Millis = 300_000;
/// How much later than the last possible call its record is waited for.
pub const GRACE: Millis = 600_000;
/// After how many receives SQS may be configured to give a message up.
pub const MAX_RECEIVES: &[u32] = &[30, 5];
pub const TIMEOUT: Millis = 30_000;
const MARGIN: Millis = 1_000;

pub type Invoked = Pin<Box<dyn Future<Output = BTreeSet<String>>>>;
/// What an instance of the function keeps between invocations.
pub type Memory = VisitMemory;

/// A run of the function.
pub struct Invocation {
    pub future: Option<Invoked>,
    pub poller: usize,
    /// The instance that it runs in.
    pub memory: Rc<Memory>,
    pub gate: Rc<Gate>,
    pub start: Millis,
    pub messages: Vec<usize>,
    /// How often each was received, this time included.
    pub receives: Vec<u32>,
    /// One of its messages comes from a timer's first delivery, and nothing else brought it.
    pub is_timer_only: bool,
    pub next: Option<(Effect, Fate)>,
    pub timer_quirk: Option<Quirk>,
    /// What it returned, if it lived so long.
    pub again: Option<BTreeSet<String>>,
}

fn seconds(millis: Millis) -> Duration {
    Duration::from_millis(millis.unsigned_abs())
}

/// One run of the real function.
pub fn run(
    records: Vec<SqsMessage>,
    shared: Rc<Shared>,
    memory: Rc<Memory>,
    gate: Rc<Gate>,
    id: usize,
    start: Millis,
) -> Invoked {
    let now = moment(start);
    let verify = Duration::from_mins(u64::from(shared.plan.ecs.verify_minutes));
    let max_receives = shared.plan.mapping.max_receives;
    let hands = Hands::new(shared, gate, id, start);
    Box::pin(async move {
        let token = format!("request-{id}");
        let policy = WaitPolicy {
            settle: seconds(SETTLE),
            grace: seconds(GRACE),
            period: seconds(PERIOD),
            verify: Some(verify).filter(|verify| !verify.is_zero()),
        };
        let windowing = Windowing {
            environment: None,
            period: seconds(PERIOD),
        };
        let how = Visit {
            policy,
            windowing: &windowing,
            token: &token,
            claim_until: now + TimeDelta::milliseconds(TIMEOUT + MARGIN),
            now,
            // Nothing in the simulation looks at it: Slack's answers come when the world says so.
            deadline: Instant::now(),
            hops: 0,
        };
        let receivers = Receivers::only(&hands, Reader::english(chrono_tz::UTC));
        let ports = Ports {
            log: &hands,
            receivers: &receivers,
            queue: &hands,
            ecs: &hands,
            clock: &hands,
            memory: &memory,
        };
        let mut metrics = Metrics::default();
        let again = visit_windows(records, max_receives, &ports, how, &mut metrics).await;
        hands.finish(&metrics);
        again
    })
}
