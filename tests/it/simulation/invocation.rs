//! One run of the real function in a simulated world.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use chrono::TimeDelta;
use rollcall::core::window::Windowing;
use rollcall::delivery::{Ports, Visit, WaitPolicy};
use rollcall::function::visit_windows;
use rollcall::metrics::Metrics;
use tokio::time::Instant;

use super::mail::{Millis, moment};
use super::plan::Quirk;
use super::ports::{Effect, Fate, Gate, Hands, Shared};

/// How long to wait for what, in a world that asks ECS for so many minutes.
pub fn patience(verify_minutes: u8) -> WaitPolicy {
    let verify = Duration::from_mins(u64::from(verify_minutes));
    WaitPolicy {
        verify: Some(verify).filter(|verify| !verify.is_zero()),
        ..PATIENCE
    }
}

pub const PATIENCE: WaitPolicy = WaitPolicy {
    settle: Duration::from_mins(5),
    grace: Duration::from_mins(10),
    period: Duration::from_mins(30),
    verify: None,
};
pub const WINDOWING: Windowing = Windowing {
    environment: None,
    period: PATIENCE.period,
};
pub const TIMEOUT: Millis = 30_000;
const MARGIN: Millis = 1_000;
pub type Invoked = Pin<Box<dyn Future<Output = BTreeSet<String>>>>;

/// A run of the function.
pub struct Invocation {
    pub future: Option<Invoked>,
    pub poller: usize,
    pub gate: Rc<Gate>,
    pub start: Millis,
    pub messages: Vec<usize>,
    /// One of its messages comes from a timer's first delivery, and nothing else brought it.
    pub is_timer_only: bool,
    pub is_last_chance: bool,
    pub next: Option<(Effect, Fate)>,
    pub timer_quirk: Option<Quirk>,
    /// What it returned, if it lived so long.
    pub again: Option<BTreeSet<String>>,
}

/// One run of the real function.
pub fn run(
    records: Vec<SqsMessage>,
    shared: Rc<Shared>,
    gate: Rc<Gate>,
    id: usize,
    start: Millis,
) -> Invoked {
    let now = moment(start);
    let hands = Hands {
        shared,
        gate,
        invocation: id,
        now,
        read: RefCell::default(),
        known_at_claim: Cell::default(),
    };
    Box::pin(async move {
        let token = format!("request-{id}");
        let how = Visit {
            patience: patience(hands.shared.ecs_plan.verify_minutes),
            timezone: chrono_tz::UTC,
            token: &token,
            claim_until: now + TimeDelta::milliseconds(TIMEOUT + MARGIN),
            now,
            // Nothing in the simulation looks at it: Slack's answers come when the world says so.
            deadline: Instant::now(),
        };
        let ports = Ports {
            log: &hands,
            notifier: &hands,
            timers: &hands,
            ecs: &hands,
        };
        visit_windows(records, &WINDOWING, &ports, how, &mut Metrics::default()).await
    })
}
