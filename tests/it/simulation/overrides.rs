//! Overrides in simulated worlds: what people made of the schedules, how the queue hears of it, and how often it must be told.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::json;

use super::checks::{Court, Violation};
use super::mail::{ACCOUNT, Mail, Millis, REGION, mail, moment};
use super::plan::{Again, Mode, Plan, plan};
use super::ports::{Effect, Place, Post};
use super::script::{Script, environment, window_of};

/// How long a line that nothing holds back may take: what a visit after an append waits for, and a batch on its way.
const PROMPT: Millis = 120_000;

/// An override. Its commands are those of the command line: 0 extends, 1 skips, 2 starts, 3 stops.
#[derive(Debug, Clone)]
pub struct Override {
    pub kind: u8,
    pub environment: u8,
    /// When its beginning is told, in seconds since the world began.
    pub begins: u16,
    /// How many seconds later it ends, unless it ends with a schedule.
    pub lasts: u16,
    /// The roster that comes when it ends: a run that was moved there.
    pub roster: Option<u8>,
    /// Somebody takes it back after so many seconds, so that it does not end.
    pub cancelled: Option<u16>,
    /// How many milliseconds late each of the two messages is.
    pub latency: [u32; 2],
    pub again: Vec<Again>,
}

/// A moment of an override, as it is sent.
pub struct Moment {
    pub label: String,
    pub phase: &'static str,
    pub place: Place,
    /// When it happens, and when it reaches the queue.
    pub at: Millis,
    pub arrival: Millis,
    /// Whether people are to hear of it.
    pub is_told: bool,
    /// The words by which its line is known.
    pub mark: String,
    until: Millis,
    schedule: Option<String>,
}

fn planned() -> impl Strategy<Value = Override> {
    let again = prop_oneof![
        (0_u16..2_000).prop_map(Again::Event),
        (0_u16..2_000).prop_map(Again::Message)
    ];
    let latency = || prop_oneof![4 => 0_u32..5_000, 1 => 0_u32..600_000, 1 => 0_u32..5_400_000];
    (
        (0_u8..4, 0_u8..2, 0_u16..5_400, 60_u16..7_200),
        option::weighted(0.6, 0_u8..4),
        option::weighted(0.3, 30_u16..3_600),
        (latency(), latency()),
        vec(again, 0..3),
    )
        .prop_map(
            |((kind, environment, begins, lasts), roster, cancelled, late, again)| Override {
                kind,
                environment,
                begins,
                lasts,
                roster,
                cancelled,
                latency: [late.0, late.1],
                again,
            },
        )
}

/// Any world, with overrides.
pub fn overridden() -> impl Strategy<Value = Plan> {
    (plan(), vec(planned(), 1..4)).prop_map(|(plan, overrides)| Plan { overrides, ..plan })
}

/// Everything that happens to a world's overrides.
pub fn moments(plan: &Plan, script: &Script) -> Vec<Moment> {
    let moments = plan.overrides.iter().enumerate();
    moments
        .flat_map(|(number, one)| both(one, number, script))
        .collect()
}

fn both(one: &Override, number: usize, script: &Script) -> [Moment; 2] {
    // Only an override that moves a run ends with that run's roster.
    let roster = one.roster.filter(|_| matches!(one.kind, 0 | 2));
    let roster = roster.and_then(|index| script.rosters.get(usize::from(index)));
    let run = roster.map(|roster| &script.runs[roster.runs[0]]);
    let name = run.map_or_else(
        || environment(one.environment),
        |run| run.subject.environment.clone(),
    );
    let begins = Millis::from(one.begins) * 1_000;
    let own_end = begins + Millis::from(one.lasts) * 1_000;
    let until = run.map_or(own_end, |run| run.scheduled);
    let moment = |phase: &'static str, at: Millis, late: u32| Moment {
        label: format!("o{number} {phase}"),
        phase,
        place: (
            name.clone(),
            window_of(if phase == "began" { at - 60_000 } else { at }),
        ),
        at,
        arrival: at + Millis::from(late),
        is_told: phase != "ended" || matches!(one.kind, 0 | 2),
        mark: match phase {
            "began" => format!("says o{number}x"),
            "ended" => format!("by o{number}x for"),
            _ => format!("o{number}x took"),
        },
        until,
        schedule: roster.map(|roster| roster.label.clone()),
    };
    // An override begins before it ends, whichever schedule it ends with.
    let begins = begins.min(until - 60_000);
    let last = match one.cancelled {
        Some(after) => moment(
            "cancelled",
            begins + Millis::from(after) * 1_000,
            one.latency[1],
        ),
        None => moment("ended", until, one.latency[1]),
    };
    [moment("began", begins, one.latency[0]), last]
}

/// The messages that tell of overrides.
pub fn letters(plan: &Plan, script: &Script) -> Vec<Mail> {
    let mut letters = Vec::new();
    for (number, one) in plan.overrides.iter().enumerate() {
        for told in both(one, number, script) {
            let body = body(one, number, &told);
            let mut first = mail(&told.label, Some(&told.label), &body, told.arrival);
            for (copy, again) in one.again.iter().enumerate() {
                match again {
                    Again::Message(after) => {
                        first
                            .echoes
                            .push(told.arrival + Millis::from(*after) * 1_000);
                    }
                    Again::Event(after) => letters.push(mail(
                        &format!("{} again {copy}", told.label),
                        Some(&told.label),
                        &body,
                        told.arrival + Millis::from(*after) * 1_000,
                    )),
                }
            }
            letters.push(first);
        }
    }
    letters
}

fn body(one: &Override, number: usize, told: &Moment) -> serde_json::Value {
    let created = told_began(one, told);
    let schedule = told
        .schedule
        .clone()
        .unwrap_or_else(|| "evening".to_owned());
    let mut change = json!({"schedule": schedule, "calls": 3});
    if matches!(one.kind, 0 | 1) {
        change["from"] = json!(moment(told.until - 3_600_000));
    }
    if one.kind != 1 {
        change["to"] = json!(moment(told.until));
    }
    json!({
        "rollcall": "override", "id": format!("o{number}"), "phase": told.phase,
        "kind": (["extend", "skip", "up", "down"][usize::from(one.kind)]),
        "environment": told.place.0, "by": format!("o{number}x"),
        "scheduled_time": moment(told.at), "created_at": created, "until": moment(told.until),
        "zone": "UTC", "account": ACCOUNT, "region": REGION, "changes": [change],
    })
}

/// It is made a minute before its beginning is told.
fn told_began(one: &Override, told: &Moment) -> chrono::DateTime<chrono::Utc> {
    let begins = (Millis::from(one.begins) * 1_000).min(told.until - 60_000);
    moment(begins - 60_000)
}

impl Court<'_> {
    /// Every moment of an override is told: once by a bot, at least once by a webhook, and not again without an excuse. What
    /// nothing holds back is told soon, and nothing is asked of ECS because of it.
    pub fn check_overrides(&mut self) {
        let moments = moments(&self.world.plan, &self.world.shared.script);
        for told in &moments {
            let posts: Vec<&Post> = self.posts.iter().filter(|post| tells(post, told)).collect();
            let count = self.count(&posts);
            let is_due = told.is_told && self.world.is_delivered(&told.label);
            let is_bot = self.world.plan.mode == Mode::Bot;
            if is_due && posts.is_empty() {
                self.break_law("override", format!("{} was never told", told.label));
            } else if !is_due && !posts.is_empty() {
                self.break_law("override", format!("{} needed no word", told.label));
            } else if count > 1 + self.excuses_for(told, is_bot) {
                self.break_law("override", format!("{} was told {count} times", told.label));
            }
            let first = posts.iter().map(|post| post.at).min();
            let is_alone = told.phase != "ended";
            if let Some(at) = first.filter(|_| is_alone && self.world.is_well()) {
                let late = at - told.arrival;
                let most = PROMPT + 2 * self.world.longest_way().num_milliseconds();
                if late > most {
                    self.break_law(
                        "override",
                        format!("{} was told {late} ms late", told.label),
                    );
                }
            }
        }
        self.tally.overrides += moments.len();
        self.check_windows_of_overrides(&moments);
    }

    /// In how many messages a moment was told: an edited message is one. What was said on a message's last receive, because the log
    /// could not keep it, does not count: somebody moves that message back, and then it is told for good.
    fn count(&self, posts: &[&Post]) -> usize {
        let edited: BTreeSet<usize> = posts.iter().filter_map(|post| post.message).collect();
        let has_noted = |post: &Post| {
            let costs = self.world.invocations[post.invocation].gate.cost.borrow();
            costs.contains_key(&(post.place.clone(), Effect::Note))
        };
        let alone = posts
            .iter()
            .filter(|post| post.message.is_none() && has_noted(post));
        edited.len() + alone.count()
    }

    /// How often a moment may be told again: where nobody could know that it was told. A bot looks for what it may have posted,
    /// unless the note was refused while the invocation lived on, as another instance cannot know of that.
    fn excuses_for(&self, told: &Moment, is_bot: bool) -> usize {
        let has_failed = |effect: Effect| {
            let mut invocations = self.world.invocations.iter();
            invocations.any(|invocation| {
                let failed = invocation.gate.failed.borrow();
                failed.contains(&(told.place.clone(), effect))
            })
        };
        if is_bot && !has_failed(Effect::Find) && !has_failed(Effect::Note) {
            0
        } else {
            self.excuses(&told.place)
        }
    }

    /// A window that holds nothing but overrides asks nothing of ECS, and its timers end.
    fn check_windows_of_overrides(&mut self, moments: &[Moment]) {
        let script = &self.world.shared.script;
        let is_empty = |place: &Place| {
            !script
                .runs
                .iter()
                .any(|run| run.subject.environment == place.0)
                && !script
                    .interventions
                    .iter()
                    .any(|call| call.environment == place.0)
        };
        let places: BTreeSet<&Place> = moments.iter().map(|told| &told.place).collect();
        let mut broken = Vec::new();
        for place in places.into_iter().filter(|place| is_empty(place)) {
            for invocation in &self.world.invocations {
                if invocation
                    .gate
                    .cost
                    .borrow()
                    .contains_key(&(place.clone(), Effect::Look))
                {
                    broken.push(Violation {
                        law: "override",
                        text: format!("ECS was asked about {place:?}, where nothing was called"),
                    });
                }
            }
        }
        self.violations.extend(broken);
    }
}

fn tells(post: &Post, told: &Moment) -> bool {
    post.shown
        .overrides
        .iter()
        .any(|line| line.contains(&told.mark))
}

#[test]
fn every_override_is_told_once_and_nothing_else_suffers() {
    super::live_all("overrides", overridden(), "ROLLCALL_SIM_OVERRIDES", 400);
}
