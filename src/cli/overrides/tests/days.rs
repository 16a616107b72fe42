//! Examples: what runs on the days around an override.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::player::*;
use crate::cli::overrides::plan::{Asked, Days, Until, Wish};
use crate::cli::overrides::refusal::Refusal;

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
    let key = (CALLS.to_owned(), "morning.api".to_owned());
    let after_its_window = seoul("2026-01-15 09:06") + TimeDelta::seconds(17);
    assert_eq!(scheduler.entries[&key].start, Some(after_its_window));
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

#[test]
fn who_cancels_an_override_takes_no_run_of_a_later_one_away() {
    let mut scheduler = after("2026-01-17 10:00", &[up(4)]);
    scheduler.play(seoul("2026-01-17 12:00"));
    let later = with(&scheduler, &up(6)).unwrap();
    assert!(scheduler.make(&later, usize::MAX));
    scheduler.play(seoul("2026-01-17 12:30"));
    assert!(take_back(&mut scheduler, 0, usize::MAX));
    scheduler.play(seoul("2026-01-17 23:00"));
    let last = day(&scheduler, "2026-01-17").pop().unwrap();
    assert_eq!(last, "18:01 0 0 0");
}

#[test]
fn a_skipped_day_leaves_the_evening_before_it_that_comes_after_midnight() {
    let mut scheduler = after("2026-01-15 10:00", &[extend("02:00")]);
    for schedule in ["morning", "evening"] {
        let skipped = with(&scheduler, &skip(schedule, "2026-01-16")).unwrap();
        assert!(scheduler.make(&skipped, usize::MAX));
    }
    scheduler.play(seoul("2026-01-16 23:00"));
    assert_eq!(day(&scheduler, "2026-01-16"), ["02:00 0 0 0"]);
}

/// Gives the schedules of this name and their roster a start, as Terraform does.
fn starting(scheduler: &mut Scheduler, schedule: &str, start: &str) {
    for entry in scheduler.entries.values_mut() {
        if entry.name.contains(schedule) {
            entry.start = Some(seoul(start));
        }
    }
}

#[test]
fn a_start_that_terraform_gave_is_kept() {
    let mut scheduler = Scheduler::new(seoul("2026-01-13 10:00"));
    starting(&mut scheduler, "morning", "2026-01-20 00:00");
    let refused = with(&scheduler, &skip("morning", "2026-01-22")).unwrap_err();
    assert!(matches!(refused, Refusal::NotStarted { .. }), "{refused}");
    let other = with(&scheduler, &extend("22:00")).unwrap();
    assert!(scheduler.make(&other, usize::MAX));
    scheduler.play(seoul("2026-01-20 12:00"));
    assert_eq!(day(&scheduler, "2026-01-19"), [EVENING]);
    assert_eq!(day(&scheduler, "2026-01-20"), [MORNING]);

    let mut scheduler = Scheduler::new(seoul("2026-01-13 10:00"));
    starting(&mut scheduler, "morning", "2026-01-05 00:00");
    let skipped = with(&scheduler, &skip("morning", "2026-01-15")).unwrap();
    assert!(
        scheduler.make(&skipped, usize::MAX),
        "a start that has passed is none"
    );
    scheduler.play(seoul("2026-01-16 23:00"));
    assert_eq!(day(&scheduler, "2026-01-14"), [MORNING, EVENING]);
    assert_eq!(day(&scheduler, "2026-01-15"), [EVENING]);
    assert_eq!(day(&scheduler, "2026-01-16"), [MORNING, EVENING]);
}

#[test]
fn a_service_that_is_only_stopped_is_extended_with_the_others() {
    let mut scheduler = Scheduler::new(seoul("2026-01-15 10:00"));
    scheduler
        .entries
        .retain(|(_, name), _| name != "morning.worker");
    for entry in scheduler.entries.values_mut() {
        if entry.name == "ecs.morning" {
            entry.target.input = Some(entry.input().replace(",\"worker\":1", ""));
        }
    }
    let extended = with(&scheduler, &extend("22:00")).unwrap();
    assert!(scheduler.make(&extended, usize::MAX));
    scheduler.play(seoul("2026-01-15 23:00"));
    assert_eq!(day(&scheduler, "2026-01-15"), ["22:00 0 0 0"]);
}

/// The rosters that a schedule of this moment sends once: the labels, and the services that they are sent for.
fn sent_once(scheduler: &Scheduler) -> Vec<(Vec<String>, Vec<String>)> {
    let once = scheduler
        .entries
        .values()
        .filter(|entry| entry.group == ROSTERS && entry.expression.starts_with("at("));
    let inputs =
        once.map(|entry| serde_json::from_str::<serde_json::Value>(entry.input()).unwrap());
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    inputs
        .filter(|input| input["rollcall"] == "roster")
        .map(|input| (keys(&input["labels"]), keys(&input["services"])))
        .collect()
}

#[test]
fn labels_stay_with_their_services_in_rosters_that_are_sent_once() {
    let whole = after("2026-01-17 10:00", &[up(4)]);
    let strings = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    let of_all = (strings(&["api", "web"]), strings(&["api", "web", "worker"]));
    assert!(
        sent_once(&whole).contains(&of_all),
        "{:?}",
        sent_once(&whole)
    );
    let mut some = up(4);
    some.services = strings(&["web", "worker"]).into_iter().collect();
    let some = sent_once(&after("2026-01-17 10:00", &[some]));
    let of_some = (strings(&["web"]), strings(&["web", "worker"]));
    assert!(
        some.contains(&of_some) && !some.contains(&of_all),
        "{some:?}"
    );
}

#[test]
fn what_lowers_is_below_the_run_before_it_and_not_below_another_days() {
    let mut scheduler = Scheduler::new(seoul("2026-01-17 08:00"));
    for (schedule, cron, count) in [
        ("weekend", "0 10 ? * SAT-SUN *", 1),
        ("rest", "0 16 ? * SAT-SUN *", 0),
    ] {
        let mut call = scheduler.entries[&(CALLS.to_owned(), "morning.web".to_owned())].clone();
        call.name = format!("{schedule}.web");
        call.expression = format!("cron({cron})");
        call.target.input = Some(call.input().replace(":2", &format!(":{count}")));
        let mut roster = scheduler.entries[&(ROSTERS.to_owned(), "ecs.morning".to_owned())].clone();
        roster.name = format!("ecs.{schedule}");
        roster.expression = format!("cron({cron})");
        let mut input: serde_json::Value = serde_json::from_str(roster.input()).unwrap();
        input["schedule"] = schedule.into();
        input["services"] = serde_json::json!({"web": count});
        roster.target.input = Some(input.to_string());
        scheduler
            .entries
            .extend([(call.key(), call), (roster.key(), roster)]);
    }
    let wish = asked(Wish::Extend {
        until: Until::Span(TimeDelta::hours(2)),
        schedule: None,
    });
    let extended = with(&scheduler, &wish).unwrap();
    assert_eq!(
        extended.one.changes[0].schedule, "rest",
        "web has 2 tasks on weekdays and 1 on weekends"
    );
    assert!(scheduler.make(&extended, usize::MAX));
    scheduler.play(seoul("2026-01-17 23:00"));
    assert_eq!(day(&scheduler, "2026-01-17"), ["10:00 1", "18:00 0"]);
}

#[test]
fn a_start_waits_until_the_evening_that_has_begun_is_over() {
    let mut scheduler = Scheduler::new(seoul("2026-01-15 17:00"));
    scheduler.play(seoul("2026-01-15 18:01"));
    let started = with(&scheduler, &up(4)).unwrap();
    assert_eq!(started.one.changes[0].to, Some(seoul("2026-01-15 18:06")));
}

#[test]
fn the_same_wish_after_the_runs_own_time_is_the_same_override() {
    let mut scheduler = after("2026-01-15 15:00", &[extend("22:00")]);
    scheduler.play(seoul("2026-01-15 18:30"));
    let again = with(&scheduler, &extend("22:00")).unwrap();
    assert!(again.is_repeated);
}

/// What the queue was told of ends.
fn ends(scheduler: &Scheduler) -> usize {
    let ended = scheduler
        .told
        .iter()
        .filter(|told| told["phase"] == "ended");
    ended.count()
}

#[test]
fn nothing_is_said_of_the_end_of_what_was_never_done_or_was_stopped_meanwhile() {
    let mut scheduler = Scheduler::new(seoul("2026-01-15 10:00"));
    let extended = with(&scheduler, &extend("22:00")).unwrap();
    // AWS takes the record and nothing else, and nobody repeats the command.
    assert!(!scheduler.make(&extended, 1));
    scheduler.play(seoul("2026-01-15 23:00"));
    assert_eq!(day(&scheduler, "2026-01-15"), [EVENING]);
    assert_eq!(ends(&scheduler), 0);

    let mut scheduler = after("2026-01-15 10:00", &[extend("22:00")]);
    scheduler.play(seoul("2026-01-15 19:00"));
    let down = with(
        &scheduler,
        &asked(Wish::Down {
            until_schedule: None,
        }),
    )
    .unwrap();
    assert!(scheduler.make(&down, usize::MAX));
    scheduler.play(seoul("2026-01-15 23:00"));
    assert_eq!(
        day(&scheduler, "2026-01-15"),
        ["19:01 0 0 0", "22:00 0 0 0"]
    );
    assert_eq!(ends(&scheduler), 0, "it was not up until ten");
}
