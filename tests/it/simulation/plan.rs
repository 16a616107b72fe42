//! What happens in a simulated world: everything that is random stands here, so that a failing world shrinks.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::mail::ERRORS;

/// A world.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The runs of schedules, each of its own cluster, half an hour apart: a window each.
    pub runs: Vec<Run>,
    /// How SQS and Lambda take messages.
    pub mapping: Mapping,
    /// When Slack is not well.
    pub slack: Vec<Outage>,
    /// When the table cannot be reached: seconds since the world began.
    pub table: Option<(u32, u32)>,
    /// Whether ECS is asked, and when it does not answer.
    pub ecs: EcsPlan,
    /// What goes wrong, by the number of the step.
    pub quirks: BTreeMap<u16, Quirk>,
}

/// Whether ECS is asked, and when it does not answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct EcsPlan {
    /// For how many minutes it is asked; for none where it is not.
    pub verify_minutes: u8,
    /// Nobody may ask.
    pub is_denied: bool,
    /// It answers that this is too fast: seconds since the world began, and for how long.
    pub throttled: Option<(u32, u32)>,
}

/// When a service's task runs.
#[derive(Debug, Clone, Copy)]
pub enum Life {
    /// So many seconds after the call, and then for good.
    Slow(u16),
    /// It comes and goes, so many seconds each.
    Flapping(u16),
    /// Never.
    Never,
}

/// A run of a schedule.
#[derive(Debug, Clone)]
pub struct Run {
    pub services: Vec<Service>,
    pub flexible_minutes: u8,
    pub roster: Option<Roster>,
    /// Refused calls whose record names no service.
    pub throttled: Vec<Call>,
}

/// What becomes of a service: its calls, and perhaps a dead letter with its delay in milliseconds.
#[derive(Debug, Clone)]
pub struct Service {
    pub calls: Vec<Call>,
    pub dead_letter: Option<u32>,
    pub life: Life,
}

/// A call.
#[derive(Debug, Clone)]
pub struct Call {
    /// When, as a share of the flexible window in 1/1000.
    pub at: u16,
    /// The error; `None` for an accepted call.
    pub error: Option<u8>,
    /// How many milliseconds later its record arrives; `None` for a lost record.
    pub latency: Option<u32>,
    /// CloudTrail, EventBridge and SQS deliver at least once: more deliveries, so much later each.
    pub again: Vec<Again>,
}

/// Another delivery of the same.
#[derive(Debug, Clone, Copy)]
pub enum Again {
    /// Of the event, as another message, after so many seconds.
    Event(u16),
    /// Of the same message, though it may have been deleted.
    Message(u16),
}

/// How the roster arrives: in parts, so many milliseconds after the schedule's time.
#[derive(Debug, Clone)]
pub struct Roster {
    pub parts: Vec<u32>,
}

/// How messages become invocations.
#[derive(Debug, Clone, Copy)]
pub struct Mapping {
    pub pollers: u8,
    pub batch_seconds: u16,
    pub batch_size: u16,
    /// Steps take up to so many milliseconds.
    pub jitter: u16,
    pub seed: u16,
}

/// Slack is not well for a while: seconds since the world began.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    pub from: u32,
    pub seconds: u32,
    pub illness: Illness,
}

/// How Slack answers when it is not well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Illness {
    TooManyRequests,
    ServerError,
    /// It posts the message, and answers with an error.
    PostsAndFails,
    /// It answers nothing until there is no time left.
    Hangs,
    /// It posts the message, and never says so.
    PostsAndHangs,
}

/// What goes wrong at a step.
#[derive(Debug, Clone, Copy)]
pub enum Quirk {
    /// The invocation dies instead.
    Die,
    /// The step takes so many milliseconds.
    Stall(u16),
    /// It fails without effect.
    Fail,
    /// It takes effect, but is answered with an error.
    LoseAnswer,
    /// If it arms a timer, that comes so many seconds late.
    TimerLate(u16),
    /// If it arms a timer, that comes again after so many seconds.
    TimerTwice(u16),
}

fn latency() -> impl Strategy<Value = u32> {
    prop_oneof![6 => 0_u32..120_000, 3 => 0_u32..900_000, 1 => 0_u32..5_400_000]
}

fn again() -> impl Strategy<Value = Again> {
    prop_oneof![
        (0_u16..1_000).prop_map(Again::Event),
        (0_u16..1_000).prop_map(Again::Message)
    ]
}

fn call(error: impl Strategy<Value = Option<u8>>) -> impl Strategy<Value = Call> {
    let arrival = option::weighted(0.97, latency());
    let repeats = prop_oneof![8 => vec(again(), 0..1), 2 => vec(again(), 0..3)];
    (0_u16..1_000, error, arrival, repeats).prop_map(|(at, error, latency, again)| Call {
        at,
        error,
        latency,
        again,
    })
}

fn service() -> impl Strategy<Value = Service> {
    let error = || 0..u8::try_from(ERRORS.len()).unwrap();
    let calls = prop_oneof![
        12 => vec(call(Just(None)), 1..=1),
        3 => vec(call(option::weighted(0.6, error())), 1..4),
        1 => vec(call(Just(None)), 0..1),
    ];
    let life = prop_oneof![
        6 => (0_u16..120).prop_map(Life::Slow),
        2 => (0_u16..1_200).prop_map(Life::Slow),
        1 => (1_u16..300).prop_map(Life::Flapping),
        1 => Just(Life::Never),
    ];
    (calls, option::weighted(0.05, latency()), life).prop_map(|(calls, dead_letter, life)| {
        Service {
            calls,
            dead_letter,
            life,
        }
    })
}

fn run() -> impl Strategy<Value = Run> {
    let services = prop_oneof![
        800 => vec(service(), 1..6),
        200 => vec(service(), 1..25),
        8 => vec(service(), 20..100),
        2 => vec(service(), 100..=500),
    ];
    let roster = prop_oneof![
        3 => vec(0_u32..20_000, 1..=1),
        1 => vec(0_u32..2_400_000, 1..=2),
    ];
    let roster = option::weighted(0.7, roster.prop_map(|parts| Roster { parts }));
    let throttled =
        prop_oneof![3 => vec(call(Just(Some(0))), 0..1), 1 => vec(call(Just(Some(0))), 0..4)];
    (services, 0_u8..=15, roster, throttled).prop_map(
        |(services, flexible_minutes, roster, throttled)| Run {
            services,
            flexible_minutes,
            roster,
            throttled,
        },
    )
}

fn mapping() -> impl Strategy<Value = Mapping> {
    (
        1_u8..=5,
        prop_oneof![0_u16..3, 5_u16..60],
        prop_oneof![1_u16..10, Just(100_u16)],
        prop_oneof![Just(20_u16), Just(300), Just(1_000)],
        any::<u16>(),
    )
        .prop_map(
            |(pollers, batch_seconds, batch_size, jitter, seed)| Mapping {
                pollers,
                batch_seconds,
                batch_size,
                jitter,
                seed,
            },
        )
}

fn outage() -> impl Strategy<Value = Outage> {
    let illness = prop::sample::select(vec![
        Illness::TooManyRequests,
        Illness::ServerError,
        Illness::PostsAndFails,
        Illness::Hangs,
        Illness::PostsAndHangs,
    ]);
    let seconds = prop_oneof![4 => 0_u32..300, 2 => 0_u32..3_600, 1 => 0_u32..43_200];
    (0_u32..5_400, seconds, illness).prop_map(|(from, seconds, illness)| Outage {
        from,
        seconds,
        illness,
    })
}

fn ecs() -> impl Strategy<Value = EcsPlan> {
    (
        prop_oneof![2 => Just(0_u8), 5 => Just(10), 1 => 1_u8..60],
        prop::bool::weighted(0.1),
        option::weighted(0.2, (0_u32..3_600, 0_u32..1_800)),
    )
        .prop_map(|(verify_minutes, is_denied, throttled)| EcsPlan {
            verify_minutes,
            is_denied,
            throttled,
        })
}

pub fn quirk() -> impl Strategy<Value = Quirk> {
    prop_oneof![
        3 => Just(Quirk::Die),
        2 => (0_u16..40_000).prop_map(Quirk::Stall),
        2 => Just(Quirk::Fail),
        2 => Just(Quirk::LoseAnswer),
        1 => (0_u16..3_600).prop_map(Quirk::TimerLate),
        2 => (0_u16..3_600).prop_map(Quirk::TimerTwice),
    ]
}

/// Any world, most of them small.
pub fn plan() -> impl Strategy<Value = Plan> {
    let runs = prop_oneof![4 => vec(run(), 1..=1), 1 => vec(run(), 2..=2)];
    let slack = prop_oneof![2 => vec(outage(), 0..1), 1 => vec(outage(), 1..3)];
    let quirks = prop_oneof![
        1 => btree_map(0_u16..400, quirk(), 0..1),
        2 => btree_map(0_u16..40, quirk(), 0..6),
        2 => btree_map(0_u16..200, quirk(), 0..20),
        1 => btree_map(0_u16..120, quirk(), 20..60),
    ];
    (
        runs,
        mapping(),
        slack,
        option::weighted(0.1, (0_u32..3_600, 0_u32..1_800)),
        ecs(),
        quirks,
    )
        .prop_map(|(runs, mapping, slack, table, ecs, quirks)| Plan {
            runs,
            mapping,
            slack,
            table,
            ecs,
            quirks,
        })
}
