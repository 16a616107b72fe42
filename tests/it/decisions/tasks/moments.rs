//! Whom ECS is asked about, and when runs are told that it is asked about.

use rollcall::core::look::plan;
use rollcall::core::observation::{Answer, Observable};
use rollcall::core::policy::WaitPolicy;

use super::super::{Story, roster};
use super::rows::row;
use super::{Known, POLICY, add, in_vain, scaled, seen, steady, story};

fn called() -> Vec<Known> {
    vec![
        roster(["a", "b"]).into(),
        scaled("a", 60, 1),
        scaled("b", 100, 1),
    ]
}

fn arrived(at: i64, known: &[Known]) -> Story {
    let story = Story {
        policy: POLICY,
        ..Story::new()
    };
    add(story, at, known)
}

#[test]
fn runs_wait_for_tasks_as_long_as_ecs_can_be_asked() {
    let look = |seconds, a: &str, b: &str| [seen("a", seconds, a), seen("b", seconds, b)];
    let mut known = arrived(160, &called());
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
    ] {
        assert_eq!(known.decide_and_look(now), expected, "at {now}");
        known = add(known, now, &then);
    }
    assert_eq!(known.decide_and_look(700), "say a, b (settled)");
    let both = [steady("a", 200, "1/1", 170), steady("b", 200, "1/1", 180)];
    let known = add(arrived(160, &called()), 200, &both);
    assert_eq!(known.decide_and_look(200), "say a, b (complete)");
}

#[test]
fn what_ecs_does_not_answer_is_not_waited_for_for_ever() {
    let called = [roster(["a"]).into(), scaled("a", 60, 1)];
    let denied = add(
        arrived(100, &called),
        100,
        &[in_vain(100, "AccessDeniedException")],
    );
    assert_eq!(denied.decide_and_look(100), "say a (complete)");
    let throttled = add(
        arrived(100, &called),
        100,
        &[in_vain(100, "ThrottlingException")],
    );
    assert_eq!(
        throttled.decide_and_look(100),
        "wait until 660 (checks); ask at 130"
    );
    let throttled = add(throttled, 660, &[in_vain(660, "ThrottlingException")]);
    assert_eq!(throttled.decide_and_look(660), "say a (complete)");
    let off = Story {
        policy: WaitPolicy {
            verify: None,
            ..POLICY
        },
        ..arrived(100, &called)
    };
    off.at(100, |snapshot| assert!(plan(snapshot).wanted.is_empty()));
}

#[test]
fn a_call_of_another_time_is_not_looked_at() {
    let hours = |hours: i64| hours * 3_600;
    for (called_at, now, expected) in [
        (60, 61, "ask a"),
        (60, hours(2), "ask a"),
        // Calls of other windows have changed the count since, and this run would be blamed for that.
        (60, hours(14), ""),
        // Clocks differ a little; a call of tomorrow cannot be looked at.
        (90, 61, "ask at 90"),
        (hours(24), 61, ""),
    ] {
        let told = arrived(0, &[scaled("a", called_at, 1)]).decide_and_look(now);
        let asked = told.split_once("; ").map_or("", |(_, asked)| asked);
        assert_eq!(asked, expected, "called at {called_at}, now {now}");
    }
}

#[test]
fn a_role_that_may_not_see_tasks_still_sees_services() {
    let Known::Answer(_, Answer::Failure(mut denied)) = in_vain(100, "AccessDeniedException")
    else {
        unreachable!("it is one");
    };
    denied.about = Observable::Tasks;
    let known = [
        scaled("a", 60, 1),
        seen("a", 100, "0/1"),
        Known::Answer(100, Answer::Failure(denied)),
    ];
    let told = arrived(100, &known).decide_and_look(110);
    assert!(
        told.starts_with("wait until 660 (checks); ask at "),
        "{told}"
    );
    // Once nobody can look any more, nothing more will be known.
    let revoked = [
        scaled("a", 60, 1),
        seen("a", 100, "0/1"),
        in_vain(130, "AccessDeniedException"),
    ];
    assert_eq!(row(&revoked, 131), "✅ accepted");
}

#[test]
fn a_service_without_a_record_is_looked_at_when_the_time_for_records_is_over() {
    let expected = [roster(["a", "b"]).into(), scaled("b", 10, 1)];
    let known = add(story(&expected), 40, &[steady("b", 40, "1/1", 20)]);
    assert_eq!(known.decide_and_look(40), "wait until 900 (deadline)");
    assert_eq!(
        known.decide_and_look(900),
        "wait until 960 (deadline); ask a"
    );
    let busy = add(known.clone(), 900, &[in_vain(900, "ThrottlingException")]);
    assert_eq!(
        busy.decide_and_look(900),
        "wait until 960 (deadline); ask at 930"
    );
    assert_eq!(busy.decide_and_look(960), "say a, b (deadline); ask a");
    let known = add(known, 900, &[seen("a", 900, "1/1")]);
    assert_eq!(
        known.decide_and_look(900),
        "say a, b (complete); ask at 930"
    );
}

#[test]
fn a_late_record_is_looked_at_although_the_time_is_over() {
    let late = arrived(5_000, &[scaled("a", 60, 1)]);
    assert_eq!(
        late.decide_and_look(5_000),
        "wait until 5300 (settled); ask a"
    );
    let late = add(late, 5_000, &[seen("a", 5_000, "0/1")]);
    assert_eq!(late.decide_and_look(5_300), "say a (settled)");
}
