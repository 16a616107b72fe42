//! A few small worlds, in which everything that can go wrong goes wrong at every single step.

use std::collections::BTreeMap;

use super::checks::{Tally, check};
use super::live;
use super::overrides::Override;
use super::plan::{
    Again, Call, EcsPlan, Entry, Hold, HoldKind, Illness, Life, Mapping, Mode, Outage, Plan, Quirk,
    RecursiveLoop, Roster, Schedule, Target,
};
use super::world::World;

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

fn entry(calls: impl IntoIterator<Item = Call>) -> Entry {
    Entry {
        calls: calls.into_iter().collect(),
        dead_letter: None,
        life: Life::Slow(30),
        event: None,
    }
}

fn schedule(minute: u8, target: Target, entries: Vec<Entry>, roster: Option<u32>) -> Schedule {
    Schedule {
        environment: 0,
        minute,
        flexible_minutes: if matches!(target, Target::Rate(_)) {
            0
        } else {
            5
        },
        target,
        first: 0,
        entries,
        roster: roster.map(|latency| Roster {
            parts: vec![latency],
        }),
        throttled: Vec::new(),
    }
}

fn world(schedules: Vec<Schedule>) -> Plan {
    Plan {
        schedules,
        mapping: Mapping {
            pollers: 2,
            batch_seconds: 1,
            batch_size: 2,
            jitter: 300,
            seed: 1,
            max_receives: super::invocation::MAX_RECEIVES[0],
        },
        ..Plan::default()
    }
}

fn up(entries: Vec<Entry>, roster: Option<u32>) -> Schedule {
    schedule(0, Target::Up, entries, roster)
}

/// An override that ends after twenty minutes, with the run of a roster or without one. Its messages come twice.
fn extension(roster: Option<u8>) -> Override {
    Override {
        kind: 0,
        environment: 0,
        begins: 120,
        lasts: 1_080,
        roster,
        cancelled: None,
        latency: [1_200, 1_400],
        again: vec![Again::Event(30)],
    }
}

/// The worlds, and what each leads to where nothing goes wrong: messages that are no changes, and changes.
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn worlds() -> Vec<(&'static str, Plan, [usize; 2])> {
    let all_succeed = world(vec![up(
        (0..3).map(|at| entry([call(at, 1_500)])).collect(),
        Some(1_000),
    )]);
    let retried = world(vec![up(
        vec![
            entry([refused(0, 9_000), call(30, 2_000)]),
            entry([call(0, 31_000)]),
        ],
        None,
    )]);
    let one_missing = world(vec![up(
        vec![
            entry([call(0, 1_000)]),
            entry([]),
            entry([refused(10, 1_500)]),
        ],
        Some(2_000),
    )]);
    let mut late_change = world(vec![up(
        vec![
            entry([refused(0, 1_000), call(270, 1_200_000)]),
            entry([call(0, 1_000)]),
        ],
        None,
    )]);
    late_change.schedules[0].entries[1].calls[0].again =
        vec![Again::Event(40), Again::Message(2_000)];
    let mut late_roster = world(vec![up(
        vec![entry([call(0, 1_000)]), entry([])],
        Some(600_000),
    )]);
    late_roster.schedules[0].throttled = vec![refused(0, 2_000)];
    late_roster.schedules[0].entries[1].dead_letter = Some(1_900_000);
    let mut slack_is_down = world(vec![up(
        vec![entry([call(0, 1_000)]), entry([call(5, 1_000)])],
        None,
    )]);
    slack_is_down.slack = vec![Outage {
        from: 200,
        seconds: 900,
        illness: Illness::Hangs,
    }];
    let mut slow_tasks = world(vec![up(
        vec![entry([call(0, 1_000)]), entry([call(5, 2_500)]), entry([])],
        Some(1_000),
    )]);
    slow_tasks.ecs = EcsPlan {
        verify_minutes: 4,
        ..EcsPlan::default()
    };
    slow_tasks.schedules[0].entries[0].life = Life::Slow(45);
    slow_tasks.schedules[0].entries[1].life = Life::Never;
    let two_rosters = world(vec![
        up(vec![entry([])], Some(1_000)),
        schedule(
            20,
            Target::Down,
            vec![entry([refused(0, 1_000)]), entry([call(0, 2_000)])],
            Some(1_000),
        ),
    ]);
    let up_and_down = world(vec![
        up(vec![entry([refused(0, 1_000)])], Some(1_000)),
        schedule(20, Target::Down, vec![entry([call(0, 1_000)])], Some(1_000)),
    ]);
    let jobs = world(vec![
        schedule(
            0,
            Target::Job,
            vec![entry([refused(0, 1_000)])],
            Some(1_000),
        ),
        schedule(
            20,
            Target::Job,
            vec![entry([call(0, 1_000)]), entry([])],
            Some(1_000),
        ),
    ]);
    let mut held_back = world(vec![up(
        (0..4).map(|at| entry([call(at, 1_500)])).collect(),
        Some(1_000),
    )]);
    held_back.schedules[0].entries.push(entry([]));
    held_back.hold = Some(Hold {
        from: 0,
        seconds: 1_200,
        kind: HoldKind::Records {
            fragment: 1,
            gap: 100,
        },
    });
    let mut extended = world(vec![schedule(
        20,
        Target::Down,
        vec![entry([call(0, 1_000)]), entry([call(5, 2_000)])],
        Some(1_000),
    )]);
    extended.overrides = vec![extension(Some(0))];
    let mut without_runs = world(Vec::new());
    without_runs.overrides = vec![extension(None)];
    vec![
        ("an extended evening", extended, [2, 0]),
        ("an override without a run", without_runs, [2, 0]),
        ("slow tasks", slow_tasks, [1, 0]),
        ("all succeed", all_succeed, [1, 0]),
        ("retried", retried, [1, 0]),
        ("one missing", one_missing, [1, 0]),
        ("late change", late_change, [1, 1]),
        ("late roster", late_roster, [1, 2]),
        ("Slack is down", slack_is_down, [1, 0]),
        ("two rosters", two_rosters, [2, 0]),
        ("up and down", up_and_down, [2, 0]),
        ("jobs", jobs, [2, 0]),
        ("held back", held_back, [1, 1]),
    ]
}

fn steps_of(name: &str, plan: &Plan) -> (u16, Tally) {
    let (world, tally) =
        live(plan).unwrap_or_else(|problem| panic!("{name}: {problem}\n{plan:#?}"));
    (world.steps, tally)
}

#[test]
fn worlds_where_nothing_goes_wrong_are_told_without_repetition() {
    for (name, plan, told) in worlds() {
        let (world, tally) = live(&plan).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        let told_in = [tally.messages - tally.follow_ups, tally.follow_ups];
        assert_eq!(told_in, told, "{name}\n{}", world.story());
        assert_eq!([tally.partials, tally.redrives], [0; 2], "{name}");
    }
}

fn each_mode(plan: &Plan) -> [Plan; 2] {
    [Mode::Webhook, Mode::Bot].map(|mode| Plan {
        mode,
        ..plan.clone()
    })
}

#[test]
fn a_fault_at_any_step_changes_nothing_but_a_repetition() {
    for (name, plan, _) in worlds() {
        for plan in each_mode(&plan) {
            for step in 0..steps_of(name, &plan).0 {
                let late = Quirk::TimerLate(1_000);
                for quirk in [
                    Quirk::Die,
                    Quirk::Fail,
                    Quirk::LoseAnswer,
                    Quirk::Twice,
                    Quirk::TimerTwice(1),
                    late,
                ] {
                    let mut plan = plan.clone();
                    plan.quirks = BTreeMap::from([(step, quirk)]);
                    steps_of(name, &plan);
                }
            }
        }
    }
}

#[test]
fn two_deaths_at_any_two_steps_change_nothing_but_repetitions() {
    for (name, plan, _) in worlds() {
        let steps = steps_of(name, &plan).0;
        for first in 0..steps {
            // The first death brings a few more steps. One pair in three: all of them take minutes.
            for second in (first + 1 + first % 3..steps + 8).step_by(3) {
                let mut plan = plan.clone();
                plan.quirks
                    .extend([(first, Quirk::Die), (second, Quirk::Die)]);
                steps_of(name, &plan);
            }
        }
    }
}

#[test]
fn a_window_that_waits_for_one_moment_has_one_timer() {
    let entries = (0..6).map(|index| entry((index > 0).then(|| call(150 * index, 1_234))));
    // At a fraction of a second, where a delay in whole seconds comes a little late.
    let mut plan = world(vec![up(entries.collect(), Some(1_001))]);
    plan.mapping.pollers = 1;
    let (world, _) = live(&plan).unwrap();
    let timers = world
        .messages
        .iter()
        .filter(|message| message.mail.label.starts_with("timer"));
    assert_eq!(timers.count(), 1);
}

/// Mornings on which a window takes more visits than Lambda's loop detection allows by default.
fn long_mornings() -> Vec<(&'static str, Plan)> {
    let apart = (0..8).map(|index| {
        let mut never = entry([call(40 * index, 1_500)]);
        never.life = Life::Never;
        never
    });
    let mut never_start = world(vec![up(apart.collect(), Some(1_000))]);
    never_start.ecs.verify_minutes = 10;
    let mut slack_is_down = world(vec![up(vec![entry([refused(0, 1_000)])], Some(1_000))]);
    slack_is_down.slack = vec![Outage {
        from: 0,
        seconds: 4 * 3_600,
        illness: Illness::ServerError,
    }];
    vec![
        ("tasks that never start", never_start),
        ("Slack is down for four hours", slack_is_down),
    ]
}

/// A check of the settings: with Lambda's default, windows are lost in silence, so that the module has to change it.
#[test]
fn windows_are_lost_unless_recursive_loops_are_allowed() {
    for (name, plan) in long_mornings() {
        for plan in each_mode(&plan) {
            let (allowed, _) = live(&plan).unwrap_or_else(|problem| panic!("{name}: {problem}"));
            assert_eq!(allowed.ended_chains, 0, "{name}");
            let terminate = RecursiveLoop::Terminate;
            let plan = Plan {
                recursive_loop: terminate,
                ..plan
            };
            let world = World::live(&plan).unwrap();
            let (_, violations) = check(&world);
            assert!(world.ended_chains > 0, "{name}: {}", world.story());
            assert!(!violations.is_empty(), "{name}: {}", world.story());
        }
    }
}
