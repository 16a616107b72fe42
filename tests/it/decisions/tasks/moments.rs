//! Whom ECS is asked about, and when a window is said.

use rollcall::core::fact::{Fact, Observable};
use rollcall::delivery::{Decision, Knowledge, WaitPolicy, decide, plan};
use rollcall::roll::Roll;

use super::super::{Arrivals, at, batches, key, roster};
use super::rows::row;
use super::{PATIENCE, in_vain, scaled, seen, steady};

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
    let off = WaitPolicy {
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
