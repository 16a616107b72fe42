//! What machines are told: which type an event has, when it is repeated, and what fits into it.

use proptest::prelude::*;
use rollcall::core::decide::{Decision, decide, decide_last};
use rollcall::core::event::{Event, MOST_BYTES, Receiver, by_group, confirm};
use rollcall::core::fact::Fact;
use rollcall::core::observation::Observations;
use rollcall::core::policy::WaitPolicy;
use rollcall::core::report::LastReport;
use rollcall::core::runs::{Arrival, Runs};
use rollcall::core::snapshot::WindowSnapshot;
use rollcall::core::window::WindowKey;
use serde_json::Value;

use super::jobs::{refused as job_refused, roster as job_roster, started};
use super::{POLICY, Story, at, key, ok, refused, roster, roster_at, throttled};
use crate::arbitrary::{self, answers, facts};
use crate::schema;

/// The events of everything that is due at a moment, each confirmed.
fn tell(story: &Story, report: &mut LastReport, now: i64) -> Vec<Event> {
    let mut told = Vec::new();
    loop {
        let is_said = story.at(now, |snapshot| match decide(snapshot, report) {
            Decision::Say(message) => {
                told.extend(events(snapshot, &message.runs, report, true));
                true
            }
            _ => false,
        });
        if !is_said {
            return told;
        }
    }
}

/// The events about some runs, confirmed or not.
fn events(
    snapshot: &WindowSnapshot<'_>,
    runs: &[usize],
    report: &mut LastReport,
    is_confirmed: bool,
) -> Vec<Event> {
    let mut events = Vec::new();
    for (group, news) in by_group(snapshot, runs) {
        let receiver = Receiver {
            route: None,
            report,
            is_whole: true,
        };
        events.push(Event::of(snapshot, group, &news, receiver));
        if is_confirmed {
            confirm(snapshot, group, &news, report);
        }
    }
    events
}

fn data(event: &Event) -> Value {
    serde_json::from_str(&event.data).unwrap()
}

/// `2 environment.up: a running, b running; changed b (failed)` for each event.
fn p(events: &[Event]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let event = |event: &Event| {
        let data = data(event);
        let list = |field: &str, second: &str| -> Vec<String> {
            let items = data[field].as_array().unwrap().iter();
            items
                .map(|item| format!("{} {}", text(&item["name"]), text(&item[second])))
                .collect()
        };
        let changes = list("changes", "was");
        let changes = if changes.is_empty() {
            String::new()
        } else {
            format!("; changed {}", changes.join(", "))
        };
        let runs = list("runs", "status").join(", ");
        format!("{} {}: {runs}{changes}", data["revision"], event.kind)
    };
    events.iter().map(event).collect()
}

/// What is told at each of these moments.
fn told_at<const N: usize>(story: &Story, moments: [i64; N]) -> [Vec<String>; N] {
    let mut report = LastReport::default();
    moments.map(|now| p(&tell(story, &mut report, now)))
}

#[test]
fn a_good_morning_is_up_and_a_good_evening_is_down() {
    let morning = Story::of(&[roster(["a", "b"]), ok("a", 3), ok("b", 4)]);
    assert_eq!(
        told_at(&morning, [60, 3_600]),
        [
            vec!["1 environment.up: a accepted, b accepted".to_owned()],
            vec![]
        ]
    );
    let evening = roster_at(0, "evening", [("a", 0), ("b", 0)]);
    let evening = Story::of(&[evening, ok("a", 3), ok("b", 4)]);
    assert_eq!(
        told_at(&evening, [60]),
        [vec!["1 environment.down: a accepted, b accepted"]]
    );
}

#[test]
fn who_does_not_know_everything_never_says_that_the_environment_is_up() {
    for calls in [[ok("a", 3), ok("b", 4)], [ok("a", 3), refused("b", 4)]] {
        let facts = [&[roster(["a", "b"])], &calls[..]].concat();
        let arrival = Arrival {
            at: at(0),
            siblings_until: None,
        };
        let runs = Runs::fold(key().start, facts.iter().map(|fact| (fact, arrival)));
        let (key, observations) = (key(), Observations::default());
        let snapshot = WindowSnapshot::new(&key, &runs, &observations, POLICY, at(3_600));
        let receiver = Receiver {
            route: None,
            report: &LastReport::default(),
            is_whole: false,
        };
        let event = Event::of(&snapshot, 0, &[0, 1], receiver);
        assert_eq!(event.kind.name(), "schedule.run_changed");
    }
}

#[test]
fn a_group_with_both_is_what_most_of_it_is_and_up_where_that_is_even() {
    let mixed = |services: [(&str, i64); 4]| {
        let calls = services.map(|(name, _)| ok(name, 3));
        let mut facts = vec![roster_at(0, "mixed", services)];
        facts.extend(calls);
        let events = tell(&Story::of(&facts), &mut LastReport::default(), 60);
        events[0].kind.name()
    };
    assert_eq!(
        mixed([("a", 0), ("b", 0), ("c", 0), ("d", 1)]),
        "environment.down"
    );
    assert_eq!(
        mixed([("a", 0), ("b", 0), ("c", 1), ("d", 1)]),
        "environment.up"
    );
}

#[test]
fn a_failure_is_incomplete_and_a_late_recovery_is_up() {
    let story =
        Story::of(&[roster(["a", "b"]), ok("a", 3), refused("b", 4)]).learn(2_000, &[ok("b", 120)]);
    assert_eq!(
        told_at(&story, [1_500, 2_000, 2_400, 9_999]),
        [
            vec!["1 environment.incomplete: a accepted, b failed".to_owned()],
            vec![],
            vec!["2 environment.up: a accepted, b accepted; changed b failed".to_owned()],
            vec![]
        ]
    );
}

#[test]
fn what_recovers_only_in_part_is_a_change_and_the_rest_brings_up_once() {
    let late = |name, seconds| ok(name, seconds);
    let story = Story::of(&[roster(["a", "b"]), refused("a", 3), refused("b", 4)])
        .learn(2_000, &[late("a", 100)])
        .learn(4_000, &[late("b", 110)]);
    assert_eq!(
        told_at(&story, [1_500, 2_400, 4_400, 9_999]),
        [
            vec!["1 environment.incomplete: a failed, b failed".to_owned()],
            vec!["2 schedule.run_changed: a accepted, b failed; changed a failed".to_owned()],
            vec!["3 environment.up: a accepted, b accepted; changed b failed".to_owned()],
            vec![]
        ]
    );
}

#[test]
fn calls_that_name_no_service_are_incomplete() {
    let story = Story::of(&[throttled(3)]);
    assert_eq!(
        told_at(&story, [400]),
        [vec!["1 environment.incomplete: - failed"]]
    );
}

#[test]
fn jobs_say_nothing_of_up_and_down() {
    let well = Story::of(&[job_roster(0), started(3, "1")]);
    let ill = Story::of(&[job_roster(0), job_refused(3)]);
    assert_eq!(
        [told_at(&well, [9_999]), told_at(&ill, [9_999])],
        [
            [vec!["1 schedule.run_changed: report started"]],
            [vec!["1 schedule.run_changed: report failed"]]
        ]
    );
}

#[test]
fn two_schedules_of_a_window_are_two_events() {
    let story = Story::of(&[
        roster(["a"]),
        ok("a", 3),
        roster_at(1_200, "later", [("b", 1)]),
    ])
    .learn(1_210, &[ok("b", 1_205)]);
    let mut report = LastReport::default();
    let mut told = tell(&story, &mut report, 60);
    told.extend(tell(&story, &mut report, 1_300));
    assert_eq!(
        p(&told),
        [
            "1 environment.up: a accepted",
            "2 environment.up: b accepted"
        ]
    );
    let starts = told.iter().map(|event| data(event)["start"].clone());
    let starts: Vec<Value> = starts.collect();
    assert_eq!(starts, ["2024-01-15T00:00:00Z", "2024-01-15T00:20:00Z"]);
}

#[test]
fn an_event_of_each_type_looks_like_this() {
    let story = Story::of(&[roster(["a", "b"]), ok("a", 3), refused("b", 4)]);
    let event = tell(&story, &mut LastReport::default(), 1_500).remove(0);
    insta::assert_snapshot!(event.body().split_once(r#""data":"#).unwrap().0, @r#"{"type":"environment.incomplete","timestamp":"2024-01-15T00:25:00Z","#);
    insta::assert_json_snapshot!(data(&event));
}

#[test]
fn the_example_in_the_documents_is_as_the_schema_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/events.md");
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = text.split("```json\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let example = blocks.map(|block| serde_json::from_str::<Value>(block).unwrap());
    let example = example.into_iter().find(|block| block["version"] == 1);
    let validator = schema::validator("event.schema.json");
    assert_eq!(schema::problems(&validator, &example.unwrap()), [""; 0]);
}

/// A window of so many services, of which every tenth was refused with a long text.
fn large(services: usize) -> Story {
    let call = |index: usize| {
        let name = format!("service-with-a-long-name-{index:05}");
        match index % 10 {
            0 => super::call(
                Some(&name),
                3,
                Some(("ServiceNotFoundException", &"gone ".repeat(20))),
            ),
            _ => ok(&name, 3),
        }
    };
    let facts: Vec<Fact> = (0..services).map(call).collect();
    Story::of(&facts)
}

#[test]
fn what_does_not_fit_is_left_out_and_counted_and_the_good_ones_first() {
    let story = large(3_000);
    let mut report = LastReport::default();
    let event = tell(&story, &mut report, 9_999).remove(0);
    assert!(event.data.len() <= MOST_BYTES, "{}", event.data.len());
    assert!(event.data.len() > MOST_BYTES - 2_000, "room is left unused");
    let told = data(&event);
    let runs = told["runs"].as_array().unwrap();
    let left_out = told["runs_left_out"].as_u64().unwrap();
    assert_eq!(runs.len() as u64 + left_out, 3_000);
    let failed = runs.iter().filter(|run| run["verdict"] == "bad").count();
    assert_eq!(failed, 300, "no failure is left out for a success");
    assert_eq!(told["totals"]["services"]["accepted"], 2_700);
    assert_eq!(told["totals"]["services"]["failed"], 300);
    // All of them are told, those that did not fit too.
    assert!(tell(&story, &mut report, 9_999).is_empty());
}

#[test]
fn changes_that_do_not_fit_are_counted() {
    let names: Vec<String> = (0..1_000)
        .map(|index| format!("service-{index:04}"))
        .collect();
    let before: Vec<Fact> = names.iter().map(|name| refused(name, 3)).collect();
    let after: Vec<Fact> = names.iter().map(|name| ok(name, 9)).collect();
    let story = Story::of(&before).learn(2_000, &after);
    let mut report = LastReport::default();
    assert_eq!(tell(&story, &mut report, 1_500).len(), 1);
    let told = data(&tell(&story, &mut report, 9_999)[0]);
    let changes = told["changes"].as_array().unwrap().len() as u64;
    assert!(changes > 100, "{changes}");
    assert_eq!(changes + told["changes_left_out"].as_u64().unwrap(), 1_000);
    assert!(!told["runs"].as_array().unwrap().is_empty());
}

/// The events of a random window at a moment, as if nobody were to come again.
fn last(
    facts: &[Fact],
    answers: &[rollcall::core::observation::Answer],
    now: i64,
    route: Option<&str>,
    report: &LastReport,
) -> Vec<Event> {
    let arrival = Arrival {
        at: at(0),
        siblings_until: None,
    };
    let runs = Runs::fold(key().start, facts.iter().map(|fact| (fact, arrival)));
    let observations = arbitrary::observe(&runs, answers);
    let policy = WaitPolicy {
        verify: Some(std::time::Duration::from_mins(10)),
        ..POLICY
    };
    let key: WindowKey = key();
    let snapshot = WindowSnapshot::new(&key, &runs, &observations, policy, at(now));
    let Decision::Say(message) = decide_last(&snapshot, report) else {
        return Vec::new();
    };
    let event = |(group, news): (usize, Vec<usize>)| {
        let receiver = Receiver {
            route,
            report,
            is_whole: true,
        };
        Event::of(&snapshot, group, &news, receiver)
    };
    by_group(&snapshot, &message.runs)
        .into_iter()
        .map(event)
        .collect()
}

fn ids(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.id.as_str()).collect()
}

/// What an event tells, apart from its id.
fn content(event: &Event) -> String {
    format!("{} {}", event.kind, event.data.replace(&event.id, ""))
}

proptest! {
    #[test]
    fn every_event_is_as_the_schema_says(facts in facts(30), answers in answers(20), now in 0_i64..4_000) {
        let validator = schema::validator("event.schema.json");
        for event in last(&facts, &answers, now, Some("pay"), &LastReport::default()) {
            let told = data(&event);
            prop_assert_eq!(schema::problems(&validator, &told), Vec::<String>::new());
            prop_assert_eq!(&told["id"], &event.id);
        }
    }

    #[test]
    fn a_repetition_has_the_same_ids_and_anything_else_has_others(
        facts in facts(30), shuffle in any::<prop::sample::Index>(), answers in answers(20), times in (0_i64..4_000, 0_i64..4_000),
    ) {
        let report = LastReport::default();
        let first = last(&facts, &answers, times.0, None, &report);
        let mut others = facts.clone();
        if !others.is_empty() {
            let middle = shuffle.index(others.len());
            others.rotate_left(middle);
        }
        // Records in another order, and told at another time with the same result: the same event.
        let repeated = last(&others, &answers, times.0, None, &report);
        prop_assert_eq!(ids(&first), ids(&repeated));
        let later = last(&facts, &answers, times.1, None, &report);
        let routed = last(&facts, &answers, times.0, Some("pay"), &report);
        let revised = LastReport { revision: 1, ..LastReport::default() };
        let revised = last(&facts, &answers, times.0, None, &revised);
        let mut known = std::collections::BTreeMap::new();
        for event in first.iter().chain(&later).chain(&routed).chain(&revised) {
            let told = known.entry(event.id.clone()).or_insert_with(|| content(event));
            prop_assert_eq!(&*told, &content(event), "an id is that of one content");
        }
        let contents: std::collections::BTreeSet<&String> = known.values().collect();
        prop_assert_eq!(contents.len(), known.len(), "a content has one id");
        if !first.is_empty() {
            prop_assert_ne!(ids(&first), ids(&routed));
            prop_assert_ne!(ids(&first), ids(&revised));
        }
    }
}
