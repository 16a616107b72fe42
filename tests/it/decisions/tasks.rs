//! Whether services came up: whom ECS is asked about, when a window is said, and in which words.

use std::time::Duration;

use rollcall::delivery::{Decision, Knowledge, Patience, decide, plan};
use rollcall::fact::{
    Action, ActionKind, ApiError, Bounds, Call, Fact, Observable, Observed, Remark, ServiceAction,
    ServiceId, ServiceState, Unobserved,
};
use rollcall::roll::{Over, Roll, news};
use rollcall::summary::Summary;

use super::{Arrivals, at, batches, key, ok, refused, roster, throttled};

const PATIENCE: Patience = Patience {
    verify: Some(Duration::from_mins(10)),
    ..super::PATIENCE
};

/// An accepted call for so many tasks.
fn scaled(service: &str, seconds: i64, count: i64) -> Fact {
    let Fact::Called(call) = ok(service, seconds) else {
        unreachable!("it is a call");
    };
    let kind = match count {
        0 => ActionKind::ScaleDown,
        _ => ActionKind::ScaleUp,
    };
    Fact::Called(Box::new(Call {
        action: Some(Action {
            kind,
            desired_count: Some(count),
        }),
        event_id: format!("{service} {seconds} {count}"),
        ..*call
    }))
}

fn id(service: &str) -> ServiceId {
    ServiceId {
        name: service.to_owned(),
        cluster: "dev".to_owned(),
        region: "ap-northeast-2".to_owned(),
        account: "123456789012".to_owned(),
    }
}

/// What ECS says of a service: `running/desired`.
fn seen(service: &str, seconds: i64, counts: &str) -> Fact {
    seen_with(service, seconds, counts, |_| {})
}

fn seen_with(
    service: &str,
    seconds: i64,
    counts: &str,
    change: impl FnOnce(&mut ServiceState),
) -> Fact {
    let (running, desired) = counts.split_once('/').unwrap();
    let (running, desired): (i64, i64) = (running.parse().unwrap(), desired.parse().unwrap());
    let mut state = ServiceState {
        desired,
        running,
        pending: (desired - running).max(0),
        rollout: None,
        steady_at: None,
        trouble: None,
        bounds: None,
    };
    change(&mut state);
    Fact::Observed(Box::new(Observed {
        observed_at: at(seconds),
        service: id(service),
        state: Some(state),
    }))
}

fn steady(service: &str, seconds: i64, counts: &str, since: i64) -> Fact {
    seen_with(service, seconds, counts, |state| {
        state.steady_at = Some(at(since));
    })
}

fn troubled(service: &str, seconds: i64, counts: &str, since: i64, text: &str) -> Fact {
    seen_with(service, seconds, counts, |state| {
        state.trouble = Some(Remark {
            at: at(since),
            text: text.to_owned(),
        });
    })
}

fn in_vain(seconds: i64, code: &str) -> Fact {
    Fact::Unobserved(Box::new(Unobserved {
        observed_at: at(seconds),
        cluster: id("any").cluster_id(),
        about: Observable::Services,
        error: ApiError {
            code: code.to_owned(),
            message: None,
        },
    }))
}

fn event(service: &str, seconds: i64, name: &str, reason: Option<&str>) -> Fact {
    Fact::ServiceAction(Box::new(ServiceAction {
        created_at: at(seconds),
        event_id: format!("{service} {seconds} {name}"),
        service: id(service),
        event_name: name.to_owned(),
        reason: reason.map(str::to_owned),
    }))
}

const CAPACITY: &str =
    "(service a) was unable to place a task. Reason: Capacity is unavailable at this time.";
const UNHEALTHY: &str =
    "(service a) (port 80) is unhealthy in (target-group x) due to (reason Health checks failed)";

/// The row of service `a` at a moment.
fn row(facts: &[Fact], over: Over) -> String {
    let summary = Summary::new(&key(), &Roll::fold(facts), over, chrono_tz::UTC);
    let row = summary.rows.iter().find(|row| row.service == "a").unwrap();
    row.status.to_string()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_row_says_what_ecs_says() {
    let up = scaled("a", 60, 1);
    let down = scaled("a", 60, 0);
    let early = Over::default();
    for (facts, before, after) in [
        (vec![up.clone()], "✅", "✅"),
        (
            vec![up.clone(), in_vain(70, "AccessDeniedException")],
            "✅ accepted",
            "✅ accepted",
        ),
        (
            vec![up.clone(), seen("a", 70, "0/1")],
            "⏳ 0/1 starting",
            "⚠️ 0/1 starting",
        ),
        // What ECS said before the call says nothing about it.
        (
            vec![up.clone(), seen("a", 59, "1/1"), seen("b", 70, "1/1")],
            "✅",
            "✅",
        ),
        // One look may see a task that is about to fail; ECS's own word or a second look tells.
        (
            vec![up.clone(), seen("a", 70, "1/1")],
            "⏳ 1/1 settling",
            "✅ 1/1 running (≤ 10 s)",
        ),
        (
            vec![up.clone(), steady("a", 140, "1/1", 108)],
            "✅ 1/1 running (48 s)",
            "✅ 1/1 running (48 s)",
        ),
        (
            vec![up.clone(), steady("a", 140, "1/1", 59)],
            "⏳ 1/1 settling",
            "✅ 1/1 running (≤ 1 min 20 s)",
        ),
        (
            vec![up.clone(), seen("a", 70, "1/1"), seen("a", 100, "1/1")],
            "✅ 1/1 running (≤ 10 s)",
            "✅ 1/1 running (≤ 10 s)",
        ),
        // It was there, it was away: that ECS called it steady before means nothing any more.
        (
            vec![
                up.clone(),
                steady("a", 100, "1/1", 90),
                steady("a", 130, "0/1", 90),
                steady("a", 160, "1/1", 90),
            ],
            "⏳ 1/1 settling",
            "✅ 1/1 running (≤ 1 min 40 s)",
        ),
        (
            vec![up.clone(), troubled("a", 100, "0/1", 90, CAPACITY)],
            "❌ no Fargate capacity",
            "❌ no Fargate capacity",
        ),
        (
            vec![
                up.clone(),
                troubled("a", 100, "0/1", 90, CAPACITY),
                troubled("a", 130, "1/1", 90, CAPACITY),
            ],
            "⏳ 1/1 settling",
            "✅ 1/1 running (≤ 1 min 10 s)",
        ),
        (
            vec![up.clone(), troubled("a", 100, "0/1", 30, CAPACITY)],
            "⏳ 0/1 starting",
            "⚠️ 0/1 starting",
        ),
        (
            vec![
                up.clone(),
                troubled("a", 100, "1/1", 90, UNHEALTHY),
                troubled("a", 130, "1/1", 90, UNHEALTHY),
            ],
            "❌ health checks fail",
            "❌ health checks fail",
        ),
        (
            vec![up.clone(), seen("a", 100, "3/3")],
            "⏳ 3/1 stopping",
            "⚠️ 3/3 running, not 1",
        ),
        (
            vec![
                up.clone(),
                event(
                    "a",
                    90,
                    "SERVICE_TASK_PLACEMENT_FAILURE",
                    Some("RESOURCE:FARGATE"),
                ),
            ],
            "❌ no Fargate capacity",
            "❌ no Fargate capacity",
        ),
        (
            vec![up.clone(), event("a", 90, "SERVICE_STEADY_STATE", None)],
            "✅",
            "✅",
        ),
        (
            vec![
                up,
                seen("a", 95, "1/1"),
                event("a", 90, "SERVICE_STEADY_STATE", None),
            ],
            "✅ 1/1 running (30 s)",
            "✅ 1/1 running (30 s)",
        ),
        (
            vec![down.clone(), seen("a", 70, "0/0")],
            "✅ stopped (≤ 10 s)",
            "✅ stopped (≤ 10 s)",
        ),
        (
            vec![down.clone(), seen("a", 70, "2/0")],
            "⏳ 2 still running",
            "⚠️ 2 still running",
        ),
        (
            vec![down, seen("a", 70, "1/1")],
            "⏳ 1 still running",
            "⚠️ 1/1 running, not 0",
        ),
        (
            vec![scaled("a", 60, 1), seen("a", 70, "3/1")],
            "⏳ 3/1 stopping",
            "⚠️ 3/1 stopping",
        ),
        (
            vec![refused("a", 60), seen("a", 70, "1/1")],
            "❌ Error",
            "❌ Error",
        ),
        (
            vec![roster(["a"]), seen("a", 70, "1/1")],
            "⏳",
            "✅ (seen at ECS, no record)",
        ),
        (
            vec![roster(["a"]), seen("a", 70, "0/0")],
            "⏳",
            "❌ Missing",
        ),
        (
            vec![roster(["a"]), seen("a", 70, "0/1")],
            "⏳",
            "⚠️ 0/1 starting",
        ),
        (
            vec![roster(["a"]), scaled("a", 60, 3), seen("a", 70, "3/3")],
            "⚠️ 3/3 running, not 1",
            "⚠️ 3/3 running, not 1",
        ),
    ] {
        assert_eq!(
            [row(&facts, early), row(&facts, Over::ALL)],
            [before, after],
            "{facts:?}"
        );
    }
}

/// What is decided, and who is asked: `now: decision; a, b` or `; at 120`.
fn story(arrivals: &Arrivals, now: i64) -> String {
    let batches = batches(arrivals);
    let known = Knowledge::of(&key(), &batches, None, PATIENCE).unwrap();
    let decision = match decide(&key(), &known, PATIENCE, at(now)) {
        Decision::Post(reason) => format!("post ({reason})"),
        Decision::Wait(until, reason) => {
            format!("wait until {} ({reason})", (until - at(0)).num_seconds())
        }
        other => format!("{other:?}"),
    };
    let plan = plan(&key(), &known.roll, PATIENCE, at(now));
    let asked: Vec<&str> = plan
        .wanted
        .services
        .keys()
        .map(|id| id.name.as_str())
        .collect();
    let next = plan
        .next
        .map(|next| format!("at {}", (next - at(0)).num_seconds()));
    match (asked.is_empty(), next) {
        (false, _) => format!("{decision}; ask {}", asked.join(", ")),
        (true, Some(next)) => format!("{decision}; ask {next}"),
        (true, None) => decision,
    }
}

#[test]
fn a_window_waits_for_tasks_as_long_as_ecs_can_be_asked() {
    let called = || vec![roster(["a", "b"]), scaled("a", 60, 1), scaled("b", 100, 1)];
    let look =
        |seconds, a: &str, b: &str| (seconds, vec![seen("a", seconds, a), seen("b", seconds, b)]);
    let mut arrivals = vec![(160, called())];
    for (now, then, expected) in [
        (
            160,
            look(160, "0/1", "0/1"),
            "wait until 700 (checks); ask a, b",
        ),
        (
            160,
            look(190, "1/1", "0/1"),
            "wait until 700 (checks); ask at 190",
        ),
        (
            200,
            look(250, "1/1", "0/1"),
            "wait until 700 (checks); ask at 250",
        ),
        // `a` was seen at its count twice.
        (
            250,
            look(370, "1/1", "0/1"),
            "wait until 700 (checks); ask at 370",
        ),
        (
            370,
            look(610, "1/1", "0/1"),
            "wait until 700 (checks); ask at 610",
        ),
        // The last look is when time is over.
        (
            610,
            look(700, "1/1", "0/1"),
            "wait until 700 (checks); ask at 700",
        ),
        (700, (701, vec![]), "post (complete)"),
    ] {
        assert_eq!(story(&arrivals, now), expected, "at {now}");
        arrivals.push(then);
    }
    arrivals.truncate(2);
    arrivals.push((
        200,
        vec![steady("a", 200, "1/1", 170), steady("b", 200, "1/1", 180)],
    ));
    assert_eq!(story(&arrivals, 200), "post (complete)");
}

#[test]
fn who_does_not_answer_is_not_waited_for_for_ever() {
    let called = vec![roster(["a"]), scaled("a", 60, 1)];
    let denied = vec![
        (100, called.clone()),
        (100, vec![in_vain(100, "AccessDeniedException")]),
    ];
    assert_eq!(story(&denied, 100), "post (complete)");
    let mut throttled = vec![
        (100, called.clone()),
        (100, vec![in_vain(100, "ThrottlingException")]),
    ];
    assert_eq!(
        story(&throttled, 100),
        "wait until 660 (checks); ask at 130"
    );
    throttled.push((660, vec![in_vain(660, "ThrottlingException")]));
    assert_eq!(story(&throttled, 660), "post (complete)");
    let off = Patience {
        verify: None,
        ..PATIENCE
    };
    assert!(
        plan(&key(), &Roll::fold(&called), off, at(100))
            .wanted
            .is_empty()
    );
}

#[test]
fn a_call_of_another_time_is_not_looked_at() {
    let hours = |hours: i64| hours * 3_600;
    for (called_at, now, expected) in [
        (60, 61, "ask a"),
        (60, hours(2), "ask a"),
        // Other windows' calls have changed it since, and it would be blamed for that.
        (60, hours(14), ""),
        // Clocks differ a little; a call of tomorrow is none.
        (90, 61, "ask at 90"),
        (hours(24), 61, ""),
    ] {
        let arrivals = vec![(now, vec![scaled("a", called_at, 1)])];
        let told = story(&arrivals, now);
        let asked = told.split_once("; ").map_or("", |(_, asked)| asked);
        assert_eq!(asked, expected, "called at {called_at}, now {now}");
    }
}

#[test]
fn who_may_not_see_tasks_still_sees_services() {
    let Fact::Unobserved(mut denied) = in_vain(100, "AccessDeniedException") else {
        unreachable!("it is one");
    };
    denied.about = Observable::Tasks;
    let seen_once = seen("a", 100, "0/1");
    let arrivals = vec![(
        100,
        vec![
            scaled("a", 60, 1),
            seen_once.clone(),
            Fact::Unobserved(denied),
        ],
    )];
    assert_eq!(story(&arrivals, 110), "wait until 660 (checks); ask at 130");
    // Once nobody can look any more, it is late: nothing more will be known.
    let revoked = [
        scaled("a", 60, 1),
        seen_once,
        in_vain(130, "AccessDeniedException"),
    ];
    let known = Roll::fold(&revoked);
    let over = rollcall::delivery::over(&key(), &known, PATIENCE, at(130));
    assert_eq!(row(&revoked, over), "⚠️ 0/1 starting");
}

#[test]
fn who_left_no_record_is_looked_at_when_waiting_for_records_is_over() {
    let expected = vec![(0, vec![roster(["a", "b"]), scaled("b", 10, 1)])];
    let settled = (40, vec![steady("b", 40, "1/1", 20)]);
    let mut arrivals = [expected, vec![settled]].concat();
    assert_eq!(story(&arrivals, 40), "wait until 900 (deadline)");
    assert_eq!(story(&arrivals, 900), "wait until 960 (checks); ask a");
    let mut busy = arrivals.clone();
    busy.push((900, vec![in_vain(900, "ThrottlingException")]));
    assert_eq!(story(&busy, 900), "wait until 960 (checks); ask at 930");
    assert_eq!(story(&busy, 960), "post (deadline); ask a");
    arrivals.push((900, vec![seen("a", 900, "1/1")]));
    assert_eq!(story(&arrivals, 900), "post (complete); ask at 930");
}

#[test]
fn a_late_record_is_looked_at_although_the_time_is_over() {
    let arrivals = vec![(5_000, vec![scaled("a", 60, 1)])];
    assert_eq!(story(&arrivals, 5_000), "post (deadline); ask a");
    let arrivals = vec![(5_000, vec![scaled("a", 60, 1), seen("a", 5_000, "0/1")])];
    assert_eq!(story(&arrivals, 5_000), "post (deadline)");
}

#[test]
fn what_is_as_it_should_be_is_no_news() {
    let standings = |facts: &[Fact]| Roll::fold(facts).standings(Over::ALL);
    let up = scaled("a", 60, 1);
    let (accepted, running) = (
        vec![up.clone()],
        vec![up.clone(), steady("a", 90, "1/1", 80)],
    );
    let starting = vec![up.clone(), seen("a", 700, "0/1")];
    let still = vec![up.clone(), seen("a", 700, "0/1"), seen("a", 800, "0/1")];
    let troubled = vec![up, troubled("a", 700, "0/1", 650, CAPACITY)];
    for (earlier, now, is_news) in [
        (&accepted, &running, false),
        (&accepted, &starting, true),
        (&starting, &running, true),
        (&starting, &still, false),
        (&starting, &troubled, true),
        (&troubled, &running, true),
    ] {
        let is_told = news(&standings(now), &standings(earlier)).is_some();
        assert_eq!(is_told, is_news, "{earlier:?} then {now:?}");
    }
}

#[test]
fn reasons_say_who_and_when() {
    let reason = |facts: &[Fact]| {
        let summary = Summary::new(&key(), &Roll::fold(facts), Over::ALL, chrono_tz::UTC);
        let failure = summary.failures.first();
        failure.map_or_else(|| summary.notes.join(" "), |failure| failure.reason.clone())
    };
    let bounds = |counts: &str, min, max| {
        seen_with("a", 100, counts, |state| {
            state.steady_at = Some(at(90));
            state.bounds = Some(Bounds { min, max });
        })
    };
    let set = |role: &str, session: &str| {
        let Fact::Called(mut call) = scaled("a", 720, 3) else {
            unreachable!("it is a call");
        };
        call.caller.role = Some(role.to_owned());
        call.caller.session = Some(session.to_owned());
        call.caller.is_scheduler = false;
        Fact::Called(call)
    };
    let at_second = |seconds, fact: Fact| {
        let Fact::Called(mut call) = fact else {
            unreachable!("it is a call");
        };
        call.event_time = at(seconds);
        Fact::Called(call)
    };
    let asked = [roster(["a"]), scaled("a", 60, 1)];
    let with = |facts: Vec<Fact>| [asked.to_vec(), facts].concat();
    for (facts, expected) in [
        (
            with(vec![seen("a", 600, "3/3")]),
            "ECS wants 3 tasks where 1 was asked for: no record tells who set it",
        ),
        (
            with(vec![set("Admin", "jane"), seen("a", 730, "3/3")]),
            "ECS wants 3 tasks where 1 was asked for: set by jane as Admin at 00:12",
        ),
        // Scheduler's call came after hers, so that it is not hers any more.
        (
            vec![
                roster(["a"]),
                at_second(30, set("Admin", "jane")),
                scaled("a", 60, 1),
                seen("a", 700, "3/3"),
            ],
            "ECS wants 3 tasks where 1 was asked for: no record tells who set it",
        ),
        (
            with(vec![bounds("2/2", Some(2), Some(6))]),
            "ECS wants 2 tasks where 1 was asked for: Application Auto Scaling keeps at least 2",
        ),
        (
            with(vec![bounds("1/1", Some(2), Some(6))]),
            "⚠️ Application Auto Scaling may undo the schedule at its next turn: it keeps a (at least 2, not 1). \
             Called by EventBridge Scheduler as dev-ecs-scheduler (1).",
        ),
        (
            with(vec![seen("a", 660, "0/1")]),
            "0 of 1 running 10 min 0 s after the call",
        ),
        (
            vec![roster(["a"]), throttled(60), seen("a", 900, "0/0")],
            "no call was recorded, and ECS has its desired count at 0",
        ),
        (
            with(vec![in_vain(70, "AccessDeniedException")]),
            "Called by EventBridge Scheduler as dev-ecs-scheduler (1). \
             ⚠️ ECS could not be asked whether tasks run (AccessDeniedException): accepted is all that is known.",
        ),
    ] {
        assert_eq!(reason(&facts), expected);
    }
}

#[test]
fn totals_count_what_is_real() {
    let facts = [
        scaled("a", 1, 1),
        scaled("b", 2, 2),
        scaled("c", 3, 0),
        scaled("d", 4, 1),
        refused("e", 5),
        steady("a", 40, "1/1", 30),
        seen("b", 40, "0/2"),
        seen("c", 40, "0/0"),
        seen("d", 40, "2/2"),
    ];
    let totals = |facts: &[Fact]| {
        Summary::new(&key(), &Roll::fold(facts), Over::ALL, chrono_tz::UTC).totals()
    };
    assert_eq!(
        totals(&facts),
        "Total: 1 running, 1 stopped, 1 starting, 1 changed, 1 failed"
    );
    assert_eq!(totals(&facts[..5]), "Total: 4 succeeded, 1 failed");
    let denied = [&facts[..5], &[in_vain(9, "AccessDeniedException")]].concat();
    assert_eq!(totals(&denied), "Total: 4 accepted, 1 failed");
    let none = [scaled("a", 1, 1), seen("a", 20, "0/1")];
    assert_eq!(totals(&none), "Total: 0 running, 1 starting, 0 failed");
}
