//! Plays EventBridge Scheduler in memory: whole weeks of random overrides, with commands that are interrupted after any
//! request, beside a model that knows runs only and nothing of how Scheduler is made to do them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, ScheduleState, Target,
};
use chrono::{NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::entry::{Entry, Key};
use super::landscape::{Landscape, Subject};
use super::plan::{Asked, Days, Proposal, Situation, Until, Wish, cancel, propose};
use super::records;
use super::refusal::Refusal;
use super::runs::Time;
use super::wanted::{Action, actions};
use crate::cli::occurrences::Timing;
use crate::core::decode::decode_body;
use crate::core::overrides::{Override, Phase};

const SEOUL: Tz = chrono_tz::Asia::Seoul;
const CALLS: &str = "rollcall-dev";
const ROSTERS: &str = "rollcall-dev-rosters";

fn seoul(text: &str) -> Time {
    let local = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    SEOUL.from_local_datetime(&local).unwrap().to_utc()
}

fn entry(group: &str, name: &str, cron: &str, minutes: i32, arn: &str, input: &Value) -> Entry {
    let flexible = FlexibleTimeWindow::builder();
    let flexible = if minutes == 0 {
        flexible.mode(FlexibleTimeWindowMode::Off)
    } else {
        flexible
            .mode(FlexibleTimeWindowMode::Flexible)
            .maximum_window_in_minutes(minutes)
    };
    let target = Target::builder()
        .arn(arn)
        .role_arn("arn:aws:iam::111122223333:role/rollcall-dev")
        .input(input.to_string());
    Entry {
        group: group.to_owned(),
        name: name.to_owned(),
        expression: format!("cron({cron})"),
        timezone: "Asia/Seoul".to_owned(),
        start: None,
        end: None,
        description: None,
        state: ScheduleState::Enabled,
        kms_key_arn: None,
        flexible: flexible.build().unwrap(),
        target: target.build().unwrap(),
        after_completion: ActionAfterCompletion::None,
    }
}

/// What Terraform makes of two schedules of three services.
fn terraform() -> Vec<Entry> {
    let mut entries = Vec::new();
    for (schedule, cron, counts) in [
        ("morning", "0 9 ? * MON-FRI *", [1, 2, 1]),
        ("evening", "0 18 ? * MON-FRI *", [0, 0, 0]),
    ] {
        let services = ["api", "web", "worker"].into_iter().zip(counts);
        for (service, count) in services.clone() {
            let input = json!({"Cluster": "app-dev", "Service": service, "DesiredCount": count});
            let arn = "arn:aws:scheduler:::aws-sdk:ecs:updateService";
            entries.push(entry(
                CALLS,
                &format!("{schedule}.{service}"),
                cron,
                5,
                arn,
                &input,
            ));
        }
        let roster = json!({
            "rollcall": "roster", "environment": "dev", "schedule": schedule, "cluster": "app-dev",
            "account": "111122223333", "region": "ap-northeast-2", "flexible_window_minutes": 5,
            "scheduled_time": "<aws.scheduler.scheduled-time>",
            "services": services.collect::<BTreeMap<_, _>>(),
        });
        let queue = "arn:aws:sqs:ap-northeast-2:111122223333:rollcall-dev-records";
        entries.push(entry(
            ROSTERS,
            &format!("ecs.{schedule}"),
            cron,
            0,
            queue,
            &roster,
        ));
    }
    entries
}

/// What came at a moment: a service was set to a count, or a roster expected that.
type Came = (Time, String, i64);

/// EventBridge Scheduler.
#[derive(Clone)]
struct Scheduler {
    now: Time,
    entries: BTreeMap<Key, Entry>,
    calls: BTreeSet<Came>,
    expected: BTreeSet<Came>,
    told: Vec<Value>,
}

impl Scheduler {
    fn new(now: Time) -> Self {
        let entries = terraform()
            .into_iter()
            .map(|entry| (entry.key(), entry))
            .collect();
        Self {
            now,
            entries,
            calls: BTreeSet::new(),
            expected: BTreeSet::new(),
            told: Vec::new(),
        }
    }

    fn landscape(&self) -> Landscape {
        Landscape::read(self.entries.values().cloned())
    }

    /// Lets time pass: all fires that is due, and what has no run left deletes itself.
    fn play(&mut self, until: Time) {
        for entry in self.entries.values() {
            let timing = Timing::parse(&entry.expression, &entry.timezone).unwrap();
            let runs = timing.after(self.now).take_while(|time| *time <= until);
            for at in runs {
                let is_before = entry.start.is_some_and(|start| at < start);
                let is_after = entry.end.is_some_and(|end| at > end);
                if is_before || is_after || !entry.is_enabled() {
                    continue;
                }
                let text = entry
                    .input()
                    .replace("<aws.scheduler.scheduled-time>", &at.to_rfc3339());
                let input: Value = serde_json::from_str(&text).unwrap();
                if input.get("rollcall").is_some() {
                    decode_body(&text).unwrap_or_else(|why| panic!("{why}: {text}"));
                }
                if input["rollcall"] == "override" {
                    self.told.push(input);
                } else if input["rollcall"] == "roster" {
                    for (service, count) in input["services"].as_object().unwrap() {
                        self.expected
                            .insert((at, service.clone(), count.as_i64().unwrap()));
                    }
                } else {
                    let service = input["Service"].as_str().unwrap().to_owned();
                    self.calls
                        .insert((at, service, input["DesiredCount"].as_i64().unwrap()));
                }
            }
        }
        self.entries.retain(|_, entry| {
            let timing = Timing::parse(&entry.expression, &entry.timezone).unwrap();
            let next = timing.after(until).next();
            let next = next.filter(|next| entry.end.is_none_or(|end| *next <= end));
            entry.after_completion == ActionAfterCompletion::None || next.is_some()
        });
        self.now = until;
    }

    /// Makes requests, in their order and at most so many; says whether these were all.
    fn make(&mut self, proposal: &Proposal, at_most: usize) -> bool {
        let landscape = self.landscape();
        let told = proposal
            .is_to_be_told(self.now)
            .then(|| records::told(&landscape, &proposal.one, self.now))
            .flatten();
        let stages = actions(
            &landscape,
            &proposal.overrides,
            told.into_iter().collect(),
            self.now,
        );
        let all: Vec<Action> = stages.into_iter().flatten().collect();
        for action in all.iter().take(at_most) {
            match action {
                Action::Create(entry) => {
                    let before = self.entries.insert(entry.key(), (**entry).clone());
                    assert!(
                        before.is_none() || before.as_ref() == Some(&**entry),
                        "{entry:?} is not new"
                    );
                    assert!(entry.name.len() <= 64);
                }
                Action::Update(before, after) => {
                    // As AWS refuses it.
                    assert!(
                        after
                            .start
                            .is_none_or(|start| start > self.now - TimeDelta::minutes(5))
                    );
                    assert_eq!(
                        self.entries.insert(after.key(), (**after).clone()).as_ref(),
                        Some(&**before)
                    );
                }
                Action::Delete(entry) => assert!(self.entries.remove(&entry.key()).is_some()),
            }
        }
        all.len() <= at_most
    }
}

/// When each run is, by its schedule, service and origin.
#[derive(Default)]
struct Model {
    calls: BTreeSet<Came>,
    now: Option<Time>,
}

impl Model {
    /// Counts what comes between `since` and `until` while these overrides hold.
    fn play(&mut self, terraform: &Landscape, proposal: &[Override], since: Time, until: Time) {
        let mut runs: BTreeMap<(String, Subject, Time), (Option<Time>, i64)> = BTreeMap::new();
        for call in terraform.calls() {
            let own: Vec<Time> = call
                .timing
                .after(since - TimeDelta::days(30))
                .take_while(|time| *time <= until + TimeDelta::days(30))
                .collect();
            for (subject, count) in &call.subjects {
                for at in &own {
                    runs.insert(
                        (call.schedule.clone(), subject.clone(), *at),
                        (Some(*at), *count),
                    );
                }
                for change in proposal.iter().flat_map(|one| &one.changes) {
                    let is_about = change.services.as_ref().is_none_or(|names| {
                        subject
                            .service()
                            .is_some_and(|name| names.iter().any(|one| one == name))
                    });
                    if change.schedule != call.schedule || !is_about {
                        continue;
                    }
                    if let Some(from) = change.from {
                        if let Some(run) =
                            runs.get_mut(&(call.schedule.clone(), subject.clone(), from))
                        {
                            run.0 = change.to;
                        }
                    } else if let Some(to) = change.to {
                        runs.insert(
                            (call.schedule.clone(), subject.clone(), to),
                            (Some(to), *count),
                        );
                    }
                }
            }
        }
        let came = runs
            .into_iter()
            .filter_map(|((_, subject, _), (at, count))| {
                let at = at.filter(|at| (since < *at) && (*at <= until))?;
                Some((at, subject.service()?.to_owned(), count))
            });
        self.calls.extend(came);
        self.now = Some(until);
    }
}

fn asked(wish: Wish) -> Asked {
    Asked {
        wish,
        services: BTreeSet::new(),
        reason: Some("demo".to_owned()),
        by: "kim".to_owned(),
    }
}

fn with(scheduler: &Scheduler, asked: &Asked) -> Result<Proposal, Refusal> {
    propose(Situation::new(&scheduler.landscape(), scheduler.now), asked)
}

fn extend(until: &str) -> Asked {
    let clock = NaiveTime::parse_from_str(until, "%H:%M").unwrap();
    asked(Wish::Extend {
        until: Until::Clock(clock),
        schedule: None,
    })
}

/// The calls of a day as `time service count`, sorted.
fn calls_on(scheduler: &Scheduler, day: &str) -> Vec<String> {
    let calls = scheduler.calls.iter().map(|(at, service, count)| {
        format!(
            "{} {service} {count}",
            at.with_timezone(&SEOUL).format("%Y-%m-%d %H:%M")
        )
    });
    let of_day = calls.filter_map(|call| call.strip_prefix(day).map(|rest| rest.trim().to_owned()));
    of_day.collect()
}

#[test]
fn an_evening_comes_later_and_the_next_one_as_always() {
    let mut scheduler = Scheduler::new(seoul("2026-01-15 10:00"));
    let proposal = with(&scheduler, &extend("22:00")).unwrap();
    assert!(scheduler.make(&proposal, usize::MAX));
    scheduler.play(seoul("2026-01-16 23:00"));
    assert_eq!(
        calls_on(&scheduler, "2026-01-15"),
        ["22:00 api 0", "22:00 web 0", "22:00 worker 0"]
    );
    assert_eq!(
        calls_on(&scheduler, "2026-01-16"),
        [
            "09:00 api 1",
            "09:00 web 2",
            "09:00 worker 1",
            "18:00 api 0",
            "18:00 web 0",
            "18:00 worker 0"
        ]
    );
    assert_eq!(
        scheduler.calls, scheduler.expected,
        "the rosters move with their schedules"
    );
    let mut phases: Vec<&str> = scheduler
        .told
        .iter()
        .map(|told| told["phase"].as_str().unwrap())
        .collect();
    phases.sort_unstable();
    assert_eq!(phases, ["began", "ended"]);
    assert_eq!(
        scheduler.entries.len(),
        terraform().len(),
        "nothing is left but a start that has passed"
    );
}

/// A scheduler at this time, in which these are made one after another.
fn after(time: &str, wishes: &[Asked]) -> Scheduler {
    let mut scheduler = Scheduler::new(seoul(time));
    for asked in wishes {
        let proposal = with(&scheduler, asked).unwrap();
        assert!(scheduler.make(&proposal, usize::MAX));
        // Of two overrides of one second nobody could tell which is the later one.
        let then = scheduler.now + TimeDelta::seconds(1);
        scheduler.play(then);
    }
    scheduler
}

fn up(hours: i64) -> Asked {
    asked(Wish::Up {
        until: Until::Span(TimeDelta::hours(hours)),
    })
}

fn skip(schedule: &str, day: &str) -> Asked {
    asked(Wish::Skip {
        schedules: vec![schedule.to_owned()],
        days: Days::On([day.parse().unwrap()].into()),
    })
}

/// What each service got on a day, such as `09:00 1 2 1`.
fn day(scheduler: &Scheduler, day: &str) -> Vec<String> {
    let mut times: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for call in calls_on(scheduler, day) {
        let [time, _, count] = call.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{call}");
        };
        times
            .entry(time.to_owned())
            .or_default()
            .push(count.to_owned());
    }
    let lines = times
        .into_iter()
        .map(|(time, counts)| format!("{time} {}", counts.join(" ")));
    lines.collect()
}

const MORNING: &str = "09:00 1 2 1";
const EVENING: &str = "18:00 0 0 0";

fn take_back(scheduler: &mut Scheduler, nth: usize, at_most: usize) -> bool {
    let taken = proposal(scheduler, &Step::Cancel(nth)).unwrap();
    scheduler.make(&taken, at_most)
}

#[test]
fn a_holiday_is_left_out_and_the_mornings_before_and_after_it_come() {
    let mut scheduler = after("2026-01-13 10:00", &[skip("morning", "2026-01-15")]);
    scheduler.play(seoul("2026-01-16 23:00"));
    assert_eq!(day(&scheduler, "2026-01-14"), [MORNING, EVENING]);
    assert_eq!(day(&scheduler, "2026-01-15"), [EVENING]);
    assert_eq!(day(&scheduler, "2026-01-16"), [MORNING, EVENING]);
}

#[test]
fn a_saturday_goes_up_and_down_again() {
    let mut scheduler = after("2026-01-17 10:00", &[up(4)]);
    scheduler.play(seoul("2026-01-19 23:00"));
    assert_eq!(
        day(&scheduler, "2026-01-17"),
        ["10:01 1 2 1", "14:01 0 0 0"]
    );
    assert_eq!(day(&scheduler, "2026-01-18"), Vec::<String>::new());
    assert_eq!(day(&scheduler, "2026-01-19"), [MORNING, EVENING]);
}

#[test]
fn an_evening_within_the_time_comes_at_its_end_and_one_before_the_morning_not_at_all() {
    let mut scheduler = after("2026-01-15 16:00", &[up(4)]);
    scheduler.play(seoul("2026-01-15 23:00"));
    assert_eq!(
        day(&scheduler, "2026-01-15"),
        ["16:01 1 2 1", "20:01 0 0 0"]
    );

    let mut scheduler = after("2026-01-15 16:00", &[up(19)]);
    scheduler.play(seoul("2026-01-16 23:00"));
    assert_eq!(day(&scheduler, "2026-01-15"), ["16:01 1 2 1"]);
    assert_eq!(
        day(&scheduler, "2026-01-16"),
        [MORNING, EVENING],
        "it stays up at eleven"
    );
}

#[test]
fn down_lasts_until_the_next_morning() {
    let down = asked(Wish::Down {
        until_schedule: None,
    });
    let mut scheduler = after("2026-01-15 14:00", &[down]);
    scheduler.play(seoul("2026-01-16 12:00"));
    assert_eq!(day(&scheduler, "2026-01-15"), ["14:01 0 0 0", EVENING]);
    assert_eq!(day(&scheduler, "2026-01-16"), [MORNING]);
}

#[test]
fn what_would_have_come_meanwhile_comes_at_once_when_it_is_cancelled() {
    let mut scheduler = after("2026-01-15 10:00", &[extend("22:00")]);
    scheduler.play(seoul("2026-01-15 21:00"));
    assert_eq!(day(&scheduler, "2026-01-15"), Vec::<String>::new());
    assert!(take_back(&mut scheduler, 0, usize::MAX));
    scheduler.play(seoul("2026-01-16 23:00"));
    assert_eq!(day(&scheduler, "2026-01-15"), ["21:01 0 0 0"]);
    assert_eq!(day(&scheduler, "2026-01-16"), [MORNING, EVENING]);
    let ended = scheduler
        .told
        .iter()
        .filter(|told| told["phase"] == "ended");
    assert_eq!(ended.count(), 0, "it did not end at ten");
}

#[test]
fn a_cancellation_that_is_interrupted_is_completed_much_later() {
    for requests in 0..20 {
        let mut scheduler = after("2026-01-13 10:00", &[skip("morning", "2026-01-15")]);
        let is_done = take_back(&mut scheduler, 0, requests);
        scheduler.play(seoul("2026-01-13 11:00"));
        assert!(is_done || take_back(&mut scheduler, 0, usize::MAX));
        scheduler.play(seoul("2026-01-15 23:00"));
        assert_eq!(day(&scheduler, "2026-01-14"), [MORNING, EVENING]);
        assert_eq!(day(&scheduler, "2026-01-15"), [MORNING, EVENING]);
    }
}

#[test]
fn one_that_has_to_catch_up_is_completed_much_later_too() {
    for requests in 0..20 {
        let mut scheduler = after("2026-01-15 10:00", &[extend("22:00")]);
        scheduler.play(seoul("2026-01-15 21:00"));
        let is_done = take_back(&mut scheduler, 0, requests);
        scheduler.play(seoul("2026-01-15 21:30"));
        assert!(is_done || take_back(&mut scheduler, 0, usize::MAX));
        scheduler.play(seoul("2026-01-15 21:45"));
        let last = day(&scheduler, "2026-01-15").pop().unwrap();
        assert!(last.ends_with("0 0 0"), "{last}");
        scheduler.play(seoul("2026-01-16 23:00"));
        assert_eq!(day(&scheduler, "2026-01-16"), [MORNING, EVENING]);
        assert_eq!(scheduler.entries.len(), terraform().len());
    }
}

#[test]
fn a_later_override_replaces_an_earlier_one_until_it_is_cancelled() {
    let both = [extend("20:00"), extend("22:00")];
    let mut scheduler = after("2026-01-15 10:00", &both);
    scheduler.play(seoul("2026-01-15 23:00"));
    assert_eq!(day(&scheduler, "2026-01-15"), ["22:00 0 0 0"]);
    let ends = scheduler
        .told
        .iter()
        .filter(|told| told["phase"] != "began");
    let mut ends: Vec<_> = ends
        .map(|told| {
            (
                told["scheduled_time"].as_str().unwrap(),
                told["phase"].as_str().unwrap(),
            )
        })
        .collect();
    ends.sort_unstable();
    let at = "2026-01-15T13:00:00Z";
    assert_eq!(
        ends,
        [(at, "ended"), (at, "replaced")],
        "one end is told, and not at eight"
    );

    let mut scheduler = after("2026-01-15 10:00", &both);
    assert!(take_back(&mut scheduler, 1, usize::MAX));
    scheduler.play(seoul("2026-01-15 23:00"));
    assert_eq!(
        day(&scheduler, "2026-01-15"),
        ["20:00 0 0 0"],
        "the earlier one holds again"
    );

    let mut scheduler = after("2026-01-15 10:00", &[extend("23:00"), extend("21:00")]);
    scheduler.play(seoul("2026-01-15 21:30"));
    assert_eq!(scheduler.landscape().overrides, [], "both are over");
}

#[test]
fn the_same_wish_again_is_the_same_override() {
    for wish in [extend("22:00"), skip("morning", "2026-01-16"), up(4)] {
        let scheduler = after("2026-01-15 10:00", &[wish.clone(), wish.clone()]);
        assert_eq!(scheduler.landscape().overrides.len(), 1, "{wish:?}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let refused = |time: &str, wish: &Asked| with(&after(time, &[]), wish).unwrap_err();
    let at = seoul;
    let (schedule, zone) = ("evening".to_owned(), SEOUL);
    assert_eq!(
        refused("2026-01-15 17:54", &extend("22:00")),
        Refusal::TooLate {
            schedule,
            at: at("2026-01-15 18:00"),
            free_at: at("2026-01-15 18:06"),
            zone
        }
    );
    let schedule = "morning".to_owned();
    assert_eq!(
        refused("2026-01-15 10:00", &extend("10:00")),
        Refusal::NextComesFirst {
            schedule,
            at: at("2026-01-16 09:00"),
            zone
        }
    );
    let past = asked(Wish::Up {
        until: Until::Moment(at("2026-01-15 09:00")),
    });
    assert_eq!(
        refused("2026-01-15 10:00", &past),
        Refusal::Past {
            at: at("2026-01-15 09:00"),
            zone
        }
    );
    assert_eq!(
        refused("2026-01-15 10:00", &up(25)),
        Refusal::TooLong {
            at: at("2026-01-16 11:01"),
            hours: 24,
            zone
        }
    );
    let friday = "2026-01-16".parse().unwrap();
    let sunday = asked(Wish::Skip {
        schedules: vec!["morning".to_owned()],
        days: Days::On([friday, "2026-01-18".parse().unwrap()].into()),
    });
    assert_eq!(
        refused("2026-01-15 10:00", &sunday),
        Refusal::NoRunOn("morning".to_owned(), "2026-01-18".parse().unwrap())
    );
    let earlier = asked(Wish::Extend {
        until: Until::Moment(at("2026-01-15 17:00")),
        schedule: None,
    });
    assert_eq!(
        refused("2026-01-15 10:00", &earlier),
        Refusal::Earlier {
            at: at("2026-01-15 17:00"),
            run: at("2026-01-15 18:00"),
            zone
        }
    );
}

fn minutes(from: i64, to: i64) -> impl Strategy<Value = TimeDelta> {
    (from..=to).prop_map(TimeDelta::minutes)
}

#[derive(Debug, Clone)]
enum Step {
    Wish(Asked),
    /// Takes back one of the overrides that hold.
    Cancel(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let schedule = || prop_oneof![Just("morning".to_owned()), Just("evening".to_owned())];
    let until = || {
        prop_oneof![
            minutes(5, 14 * 60).prop_map(Until::Span),
            (0..24u32, prop_oneof![Just(0), Just(30)]).prop_map(|(hour, minute)| Until::Clock(
                NaiveTime::from_hms_opt(hour, minute, 0).unwrap()
            )),
        ]
    };
    let day = (12..30u32).prop_map(|day| chrono::NaiveDate::from_ymd_opt(2026, 1, day).unwrap());
    let days = prop_oneof![
        prop::collection::btree_set(day.clone(), 1..3).prop_map(Days::On),
        (day.clone(), day).prop_map(|(a, b)| Days::Span(a.min(b), a.max(b))),
    ];
    let wish = prop_oneof![
        (until(), prop::option::of(schedule()))
            .prop_map(|(until, schedule)| Wish::Extend { until, schedule }),
        (schedule(), days).prop_map(|(schedule, days)| Wish::Skip {
            schedules: vec![schedule],
            days
        }),
        until().prop_map(|until| Wish::Up { until }),
        prop::option::of(schedule()).prop_map(|until_schedule| Wish::Down { until_schedule }),
    ];
    let services = prop_oneof![
        3 => Just(BTreeSet::new()),
        1 => prop::sample::subsequence(vec!["api", "web", "worker"], 1..3)
            .prop_map(|names| names.into_iter().map(str::to_owned).collect()),
    ];
    let by = prop_oneof![Just("kim"), Just("lee")];
    prop_oneof![
        4 => (wish, services, by).prop_map(|(wish, services, by)| Step::Wish(Asked {
            wish, services, reason: None, by: by.to_owned(),
        })),
        1 => (0..4usize).prop_map(Step::Cancel),
    ]
}

fn proposal(scheduler: &Scheduler, step: &Step) -> Option<Proposal> {
    match step {
        Step::Wish(asked) => with(scheduler, asked).ok(),
        Step::Cancel(nth) => {
            let landscape = scheduler.landscape();
            let id = &landscape.overrides.get(*nth)?.id;
            cancel(Situation::new(&landscape, scheduler.now), id, "lee").ok()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_overridden_runs_as_a_model_says_and_then_as_terraform_says(
        steps in prop::collection::vec((0..40_000i64, step(), prop::option::of((0..12usize, 0..50i64))), 1..6),
    ) {
        let begin = seoul("2026-01-12 00:00");
        let terraform = Landscape::read(terraform());
        let mut scheduler = Scheduler::new(begin);
        let mut model = Model::default();
        let mut overrides = Vec::new();
        let mut heard = Vec::new();
        let pass = |scheduler: &mut Scheduler, model: &mut Model, overrides: &[_], until: Time| {
            model.play(&terraform, overrides, scheduler.now, until);
            scheduler.play(until);
        };
        for (seconds, step, crash) in &steps {
            let then = scheduler.now + TimeDelta::seconds(*seconds);
            pass(&mut scheduler, &mut model, &overrides, then);
            let Some(first) = proposal(&scheduler, step) else { continue };
            if let Some((requests, delay)) = crash {
                if scheduler.make(&first, *requests) {
                    heard.push(first.one.clone());
                    overrides.clone_from(&first.overrides);
                    continue;
                }
                // Nothing that is moved is due within this time, so it does not matter what holds meanwhile.
                let then = scheduler.now + TimeDelta::seconds(*delay);
                pass(&mut scheduler, &mut model, &overrides, then);
            }
            // The same command again.
            let again = match step {
                Step::Cancel(_) => {
                    let landscape = scheduler.landscape();
                    cancel(Situation::new(&landscape, scheduler.now), &first.one.id, "lee").ok()
                }
                Step::Wish(_) => proposal(&scheduler, step),
            };
            let again = again.unwrap_or_else(|| panic!("the same command is refused: {step:?}"));
            prop_assert!(scheduler.make(&again, usize::MAX));
            heard.push(again.one.clone());
            overrides.clone_from(&again.overrides);
            // And once more: nothing is left to do.
            let landscape = scheduler.landscape();
            let left = actions(&landscape, &again.overrides, Vec::new(), scheduler.now);
            prop_assert!(left.iter().all(Vec::is_empty), "{left:?}");
        }
        let end = scheduler.now + TimeDelta::days(40);
        pass(&mut scheduler, &mut model, &overrides, end);
        let difference: Vec<_> = scheduler.calls.symmetric_difference(&model.calls).collect();
        prop_assert!(difference.is_empty(), "calls: {difference:?}");
        let difference: Vec<_> = scheduler.calls.symmetric_difference(&scheduler.expected).collect();
        prop_assert!(difference.is_empty(), "rosters: {difference:?}");
        prop_assert_eq!(scheduler.entries.len(), self::terraform().len());
        for one in heard {
            let phase = if one.phase == Phase::Cancelled { "cancelled" } else { "began" };
            let is_told = |told: &Value| told["id"] == one.id && told["phase"] == phase;
            prop_assert!(scheduler.told.iter().any(is_told), "{one:?}");
        }
    }
}
