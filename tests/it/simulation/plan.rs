//! What happens in a simulated world: everything that is random stands here, so that a failing world shrinks.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::mail::ERRORS;

/// A world.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub mode: Mode,
    /// What fires, in which environment, and when.
    pub schedules: Vec<Schedule>,
    /// Calls that people make beside the schedules.
    pub interventions: Vec<Intervention>,
    /// How SQS and Lambda take messages.
    pub mapping: Mapping,
    /// What Lambda does about a function that writes to the queue which calls it.
    pub recursive_loop: RecursiveLoop,
    /// When records are held back on their way.
    pub hold: Option<Hold>,
    /// When Slack does not work as it should.
    pub slack: Vec<Outage>,
    /// When the table cannot be reached: seconds since the world began, and for how long.
    pub table: Option<(u32, u32)>,
    /// Whether ECS is asked, and when it does not answer.
    pub ecs: EcsPlan,
    /// The exceptions that people make from the schedules.
    pub overrides: Vec<super::overrides::Override>,
    /// What goes wrong, by the number of the step.
    pub quirks: BTreeMap<u16, Quirk>,
}

/// The function's recursion configuration (`PutFunctionRecursionConfig`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RecursiveLoop {
    /// As the module sets it.
    #[default]
    Allow,
    /// Lambda's default: after about 16 rounds, by the lineage in the trace header, it no longer calls the function.
    Terminate,
}

/// How people are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    /// In messages that cannot be edited.
    Webhook,
    /// In messages that a bot edits, with replies in their threads.
    Bot,
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

/// What becomes of a service after an accepted call, or of a job's task.
#[derive(Debug, Clone, Copy)]
pub enum Life {
    /// The service reaches its count after so many seconds, and stays there; the task ends well.
    Slow(u16),
    /// The service comes and goes, so many seconds each; the task ends with an error after so many seconds.
    Flapping(u16),
    /// The service stays as it was; the task never ends.
    Never,
}

/// A schedule.
#[derive(Debug, Clone)]
pub struct Schedule {
    pub environment: u8,
    /// When it fires first, in minutes since the world began.
    pub minute: u8,
    pub flexible_minutes: u8,
    pub target: Target,
    /// The number of the first subject: schedules of one environment name the same subjects where these overlap.
    pub first: u8,
    /// What becomes of each subject; of each firing, where the schedule fires at a rate.
    pub entries: Vec<Entry>,
    pub roster: Option<Roster>,
    /// Refused calls whose record names no subject.
    pub throttled: Vec<Call>,
}

/// What a schedule calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// It brings services to one task each.
    Up,
    /// It brings services to no task.
    Down,
    /// It starts jobs.
    Job,
    /// It starts one job every so many minutes.
    Rate(u8),
}

/// What becomes of one firing for one subject: its calls, and perhaps a dead letter with its delay in milliseconds.
#[derive(Debug, Clone)]
pub struct Entry {
    pub calls: Vec<Call>,
    pub dead_letter: Option<u32>,
    pub life: Life,
    /// An event that ECS sends of its own accord about a service.
    pub event: Option<NativeEvent>,
}

/// An event that ECS sends of its own accord: so many seconds after the accepted call, so many milliseconds late.
#[derive(Debug, Clone, Copy)]
pub struct NativeEvent {
    pub after: u16,
    pub latency: u32,
}

/// A call.
#[derive(Debug, Clone)]
pub struct Call {
    /// When: the first as a share of the flexible window in 1/1000, a retry so many seconds after the one before.
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

/// A call that somebody else than the schedule makes for one of a schedule's subjects.
#[derive(Debug, Clone)]
pub struct Intervention {
    pub schedule: u8,
    pub entry: u8,
    /// How many seconds after the schedule's time.
    pub after: u16,
    pub count: u8,
    pub error: Option<u8>,
    pub latency: u32,
}

/// How the roster arrives: in parts, so many milliseconds after the schedule's time.
#[derive(Debug, Clone)]
pub struct Roster {
    pub parts: Vec<u32>,
}

/// How messages become invocations.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mapping {
    pub pollers: u8,
    pub batch_seconds: u16,
    pub batch_size: u16,
    /// Steps take up to so many milliseconds.
    pub jitter: u16,
    pub seed: u16,
    /// After how many receives a message goes to the dead-letter queue.
    pub max_receives: u32,
}

/// Something holds records back, and lets them go in fragments.
#[derive(Debug, Clone, Copy)]
pub struct Hold {
    /// Seconds since the world began.
    pub from: u32,
    pub seconds: u32,
    pub kind: HoldKind,
}

/// What holds records back.
#[derive(Debug, Clone, Copy)]
pub enum HoldKind {
    /// CloudTrail or EventBridge is late: records of calls and dead letters arrive afterwards, so many at a time, so
    /// many seconds apart.
    Records { fragment: u8, gap: u8 },
    /// The event source mapping is disabled: nothing is fetched from the queue.
    Mapping,
}

/// Slack does not work as it should for a while: seconds since the world began.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    pub from: u32,
    pub seconds: u32,
    pub illness: Illness,
}

/// How Slack answers then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Illness {
    /// It asks not to be called for so many seconds.
    TooManyRequests(u16),
    ServerError,
    /// It posts the message, and answers with an error.
    PostsAndFails,
    /// It answers nothing until there is no time left.
    Hangs,
    /// It posts the message, and never says so.
    PostsAndHangs,
}

/// What goes wrong at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quirk {
    /// The invocation dies instead.
    Die,
    /// The step takes so many milliseconds.
    Stall(u16),
    /// It fails without effect.
    Fail,
    /// It takes effect, but is answered with an error.
    LoseAnswer,
    /// The client does not hear the first answer, asks again, and hears the second: a request to the table takes
    /// effect twice.
    Twice,
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

fn error() -> impl Strategy<Value = u8> {
    0..u8::try_from(ERRORS.len()).unwrap()
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

fn entry() -> impl Strategy<Value = Entry> {
    let calls = prop_oneof![
        10 => vec(call(Just(None)), 1..=1),
        2 => vec(call(error().prop_map(Some)), 1..=1),
        3 => vec(call(option::weighted(0.6, error())), 1..4),
        1 => vec(call(Just(None)), 0..1),
    ];
    let life = prop_oneof![
        6 => (0_u16..120).prop_map(Life::Slow),
        2 => (0_u16..1_200).prop_map(Life::Slow),
        1 => (1_u16..300).prop_map(Life::Flapping),
        2 => Just(Life::Never),
    ];
    let event =
        (0_u16..300, 0_u32..60_000).prop_map(|(after, latency)| NativeEvent { after, latency });
    (
        calls,
        option::weighted(0.05, latency()),
        life,
        option::weighted(0.25, event),
    )
        .prop_map(|(calls, dead_letter, life, event)| Entry {
            calls,
            dead_letter,
            life,
            event,
        })
}

fn roster() -> impl Strategy<Value = Roster> {
    let parts = prop_oneof![
        3 => vec(0_u32..20_000, 1..=1),
        1 => vec(0_u32..2_400_000, 1..=2),
    ];
    parts.prop_map(|parts| Roster { parts })
}

fn throttled() -> impl Strategy<Value = Vec<Call>> {
    prop_oneof![6 => vec(call(Just(Some(0))), 0..1), 1 => vec(call(Just(Some(0))), 0..4)]
}

/// A schedule; `size` says how many subjects it has.
fn schedule(size: impl Strategy<Value = Vec<Entry>>) -> impl Strategy<Value = Schedule> {
    let environment = prop_oneof![4 => Just(0_u8), 1 => 0_u8..2];
    let minute = prop_oneof![
        2 => Just(0_u8),
        3 => prop::sample::select(vec![0_u8, 2, 5, 10, 20, 28, 29, 30, 50]),
        1 => 0_u8..60,
    ];
    let target = prop_oneof![
        5 => Just(Target::Up),
        2 => Just(Target::Down),
        2 => Just(Target::Job),
        1 => (2_u8..15).prop_map(Target::Rate),
    ];
    let flexible = prop_oneof![Just(0_u8), Just(5), 0_u8..=15];
    (
        environment,
        minute,
        flexible,
        target,
        prop_oneof![2 => Just(0_u8), 1 => 0_u8..4],
        size,
        option::weighted(0.75, roster()),
        throttled(),
    )
        .prop_map(
            |(environment, minute, flexible, target, first, entries, roster, throttled)| {
                let is_rate = matches!(target, Target::Rate(_));
                Schedule {
                    environment,
                    minute,
                    flexible_minutes: if is_rate { 0 } else { flexible },
                    target,
                    first,
                    entries: entries
                        .into_iter()
                        .take(if is_rate { 6 } else { 500 })
                        .collect(),
                    roster: roster.filter(|_| !is_rate),
                    throttled,
                }
            },
        )
}

fn schedules() -> impl Strategy<Value = Vec<Schedule>> {
    let small = || vec(entry(), 1..5);
    let any = prop_oneof![
        800 => vec(entry(), 1..6),
        200 => vec(entry(), 1..25),
        6 => vec(entry(), 20..100),
        1 => vec(entry(), 100..=400),
    ];
    prop_oneof![
        2 => vec(schedule(any), 1..=1),
        2 => vec(schedule(small()), 2..=2),
        2 => vec(schedule(vec(entry(), 1..3)), 2..=4),
    ]
}

fn intervention() -> impl Strategy<Value = Intervention> {
    (
        0_u8..4,
        0_u8..4,
        0_u16..1_500,
        0_u8..3,
        option::weighted(0.3, error()),
        0_u32..300_000,
    )
        .prop_map(
            |(schedule, entry, after, count, error, latency)| Intervention {
                schedule,
                entry,
                after,
                count,
                error,
                latency,
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
        prop::sample::select(super::invocation::MAX_RECEIVES),
    )
        .prop_map(
            |(pollers, batch_seconds, batch_size, jitter, seed, max_receives)| Mapping {
                pollers,
                batch_seconds,
                batch_size,
                jitter,
                seed,
                max_receives,
            },
        )
}

fn hold() -> impl Strategy<Value = Hold> {
    let kind = prop_oneof![
        3 => (1_u8..5, 0_u8..240).prop_map(|(fragment, gap)| HoldKind::Records { fragment, gap }),
        1 => Just(HoldKind::Mapping),
    ];
    (0_u32..3_600, 0_u32..3_600, kind).prop_map(|(from, seconds, kind)| Hold {
        from,
        seconds,
        kind,
    })
}

fn outage() -> impl Strategy<Value = Outage> {
    let illness = prop_oneof![
        2 => (1_u16..120).prop_map(Illness::TooManyRequests),
        1 => Just(Illness::ServerError),
        1 => Just(Illness::PostsAndFails),
        1 => Just(Illness::Hangs),
        1 => Just(Illness::PostsAndHangs),
    ];
    let seconds = prop_oneof![4 => 0_u32..300, 2 => 0_u32..3_600, 1 => 0_u32..43_200];
    (0_u32..5_400, seconds, illness).prop_map(|(from, seconds, illness)| Outage {
        from,
        seconds,
        illness,
    })
}

fn ecs() -> impl Strategy<Value = EcsPlan> {
    (
        prop_oneof![4 => Just(0_u8), 5 => Just(10), 1 => 1_u8..60],
        prop::bool::weighted(0.1),
        option::weighted(0.2, (0_u32..3_600, 0_u32..1_800)),
    )
        .prop_map(|(verify_minutes, is_denied, throttled)| EcsPlan {
            verify_minutes,
            is_denied,
            throttled,
        })
}

fn quirk() -> impl Strategy<Value = Quirk> {
    prop_oneof![
        3 => Just(Quirk::Die),
        2 => (0_u16..40_000).prop_map(Quirk::Stall),
        2 => Just(Quirk::Fail),
        2 => Just(Quirk::LoseAnswer),
        2 => Just(Quirk::Twice),
        1 => (0_u16..3_600).prop_map(Quirk::TimerLate),
        2 => (0_u16..3_600).prop_map(Quirk::TimerTwice),
    ]
}

/// Any world, most of them small. In a third of them nothing goes wrong at a step.
pub fn plan() -> impl Strategy<Value = Plan> {
    let mode = prop_oneof![Just(Mode::Webhook), Just(Mode::Bot)];
    let interventions = prop_oneof![5 => vec(intervention(), 0..1), 2 => vec(intervention(), 1..3)];
    let slack = prop_oneof![2 => vec(outage(), 0..1), 1 => vec(outage(), 1..3)];
    let quirks = prop_oneof![
        4 => btree_map(0_u16..400, quirk(), 0..1),
        3 => btree_map(0_u16..40, quirk(), 0..6),
        3 => btree_map(0_u16..200, quirk(), 0..20),
        1 => btree_map(0_u16..120, quirk(), 20..60),
    ];
    (
        (mode, schedules(), interventions, mapping()),
        option::weighted(0.15, hold()),
        slack,
        option::weighted(0.1, (0_u32..3_600, 0_u32..3_600)),
        ecs(),
        quirks,
    )
        .prop_map(
            |((mode, schedules, interventions, mapping), hold, slack, table, ecs, quirks)| Plan {
                mode,
                schedules,
                interventions,
                mapping,
                hold,
                recursive_loop: RecursiveLoop::Allow,
                slack,
                table,
                ecs,
                overrides: Vec::new(),
                quirks,
            },
        )
}
