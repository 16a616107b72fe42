//! A few small worlds, in which everything that can go wrong goes wrong at every single step.

use std::collections::BTreeMap;

use super::checks::Tally;
use super::live;
use super::plan::{
    Again, Call, EcsPlan, Illness, Life, Mapping, Outage, Plan, Quirk, Roster, Run, Service,
};

fn call(at: u16, latency: u32) -> Call {
    Call {
        at,
        error: None,
        latency: Some(latency),
        again: Vec::new(),
    }
}

fn refused(at: u16, latency: u32) -> Call {
    Call {
        error: Some(0),
        ..call(at, latency)
    }
}

fn service(calls: impl IntoIterator<Item = Call>) -> Service {
    Service {
        calls: calls.into_iter().collect(),
        dead_letter: None,
        life: Life::Slow(30),
    }
}

fn world(services: Vec<Service>, roster: Option<u32>, pollers: u8) -> Plan {
    Plan {
        runs: vec![Run {
            services,
            flexible_minutes: 5,
            roster: roster.map(|latency| Roster {
                parts: vec![latency],
            }),
            throttled: Vec::new(),
        }],
        mapping: Mapping {
            pollers,
            batch_seconds: 1,
            batch_size: 2,
            jitter: 300,
            seed: 1,
        },
        slack: Vec::new(),
        table: None,
        ecs: EcsPlan::default(),
        quirks: BTreeMap::new(),
    }
}

/// The worlds, and what each leads to where nothing goes wrong: first messages and follow-ups.
fn worlds() -> Vec<(&'static str, Plan, [usize; 2])> {
    let all_succeed = world(
        (0..3).map(|at| service([call(at, 1_500)])).collect(),
        Some(1_000),
        3,
    );
    let retried = world(
        vec![
            service([refused(0, 9_000), call(100, 2_000)]),
            service([call(0, 31_000)]),
        ],
        None,
        2,
    );
    let one_missing = world(
        vec![
            service([call(0, 1_000)]),
            service([]),
            service([refused(10, 1_500)]),
        ],
        Some(2_000),
        2,
    );
    let mut late_change = world(
        vec![
            service([refused(0, 1_000), call(900, 1_200_000)]),
            service([call(0, 1_000)]),
        ],
        None,
        2,
    );
    late_change.runs[0].services[1].calls[0].again = vec![Again::Event(40), Again::Message(2_000)];
    let mut late_roster = world(
        vec![service([call(0, 1_000)]), service([])],
        Some(600_000),
        2,
    );
    late_roster.runs[0].throttled = vec![refused(0, 2_000)];
    late_roster.runs[0].services[1].dead_letter = Some(1_900_000);
    let mut slack_is_down = world(
        vec![service([call(0, 1_000)]), service([call(5, 1_000)])],
        None,
        2,
    );
    slack_is_down.slack = vec![Outage {
        from: 200,
        seconds: 900,
        illness: Illness::Hangs,
    }];
    let mut slow_tasks = world(
        vec![
            service([call(0, 1_000)]),
            service([call(5, 2_500)]),
            service([]),
        ],
        Some(1_000),
        2,
    );
    slow_tasks.ecs.verify_minutes = 4;
    slow_tasks.runs[0].services[0].life = Life::Slow(45);
    slow_tasks.runs[0].services[1].life = Life::Never;
    vec![
        ("slow tasks", slow_tasks, [1, 0]),
        ("all succeed", all_succeed, [1, 0]),
        ("retried", retried, [1, 0]),
        ("one missing", one_missing, [1, 0]),
        ("late change", late_change, [1, 1]),
        ("late roster", late_roster, [1, 2]),
        ("Slack is down", slack_is_down, [1, 0]),
    ]
}

fn steps_of(name: &str, plan: &Plan) -> (u16, Tally) {
    let (world, tally) = live(plan).unwrap_or_else(|problem| panic!("{name}: {problem}"));
    (world.steps, tally)
}

#[test]
fn worlds_where_nothing_goes_wrong_are_told_without_repetition() {
    for (name, plan, told) in worlds() {
        let (_, tally) = steps_of(name, &plan);
        assert_eq!([tally.firsts, tally.follow_ups], told, "{name}");
        assert_eq!(
            [tally.repeats, tally.partials, tally.redrives],
            [0; 3],
            "{name}"
        );
    }
}

#[test]
fn a_fault_at_any_step_changes_nothing_but_a_repetition() {
    for (name, plan, _) in worlds() {
        for step in 0..steps_of(name, &plan).0 {
            let late = Quirk::TimerLate(1_000);
            for quirk in [
                Quirk::Die,
                Quirk::Fail,
                Quirk::LoseAnswer,
                Quirk::TimerTwice(1),
                late,
            ] {
                let mut plan = plan.clone();
                plan.quirks.insert(step, quirk);
                let (_, tally) = steps_of(name, &plan);
                assert!(tally.repeats <= 1, "{name}: {quirk:?} at {step}");
            }
        }
    }
}

#[test]
fn two_deaths_at_any_two_steps_change_nothing_but_repetitions() {
    for (name, plan, _) in worlds() {
        let steps = steps_of(name, &plan).0;
        for first in 0..steps {
            // The first death brings a few more steps.
            for second in first + 1..steps + 8 {
                let mut plan = plan.clone();
                plan.quirks
                    .extend([(first, Quirk::Die), (second, Quirk::Die)]);
                let (_, tally) = steps_of(name, &plan);
                assert!(tally.repeats <= 2, "{name}: deaths at {first} and {second}");
            }
        }
    }
}

#[test]
fn a_window_that_waits_for_one_moment_has_one_timer() {
    let services = (0..6).map(|index| service((index > 0).then(|| call(150 * index, 1_234))));
    // At a fraction of a second, where a delay in whole seconds comes a little late.
    let plan = world(services.collect(), Some(1_001), 1);
    let (world, _) = live(&plan).unwrap();
    let timers = world
        .messages
        .iter()
        .filter(|message| message.mail.label.starts_with("timer"));
    assert_eq!(timers.count(), 1);
}
