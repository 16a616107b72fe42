//! Which words a decision leads to: totals, what is missing, and what changed.

use rollcall::core::decide::{Decision, MessageKind, decide};
use rollcall::core::fact::{ApiError, Fact};
use rollcall::core::status::Status;
use rollcall::core::summary::Summary;
use rollcall::core::told::ToldStatus;

use super::story::rows;
use super::{READER, Story, ok, refused, roster, throttled};

/// When all waiting is over.
const OVER: i64 = 3_600;

fn summary(facts: &[Fact], is_over: bool) -> Summary {
    Story::of(facts).summary(if is_over { OVER } else { 100 })
}

#[test]
fn totals_tell_missing_from_failed_and_pending() {
    let heard = [roster(["a", "b", "c"]), ok("a", 60), refused("b", 60)];
    for (facts, is_over, totals) in [
        (
            &heard[..],
            true,
            "Total: 1 succeeded, 1 failed, 1 never called",
        ),
        (&heard[..], false, "Total: 1 succeeded, 1 failed, 1 awaited"),
        (&heard[..1], true, "Total: 3 never called"),
        (&heard[1..], true, "Total: 1 succeeded, 1 failed"),
        (
            &[roster(["a"]), throttled(1), throttled(2)],
            true,
            "Total: 0 of 1 called; 1 missing, probably among 2 throttled calls that name no service",
        ),
        (
            &[roster(["a"]), ok("a", 3), throttled(1)],
            true,
            "Total: 1 succeeded",
        ),
    ] {
        assert_eq!(summary(facts, is_over).totals(), totals);
    }
}

#[test]
fn a_missing_service_is_a_failure_with_words_of_its_own() {
    let summary = summary(&[roster(["a", "b"]), ok("b", 60)], true);
    let [failure] = &summary.failures[..] else {
        panic!("{summary:?}");
    };
    assert_eq!(failure.subject, "a");
    assert_eq!(failure.reason, "never called");
    assert_eq!(
        failure.advice,
        Some("Is the schedule enabled, and can its role be assumed?".to_owned())
    );
}

#[test]
fn refused_calls_without_a_name_are_set_beside_who_was_not_called() {
    let many = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let of = |facts: &[Fact]| {
        let summary = summary(facts, true);
        let mut nameless = summary.failures.iter().filter(|one| one.is_nameless);
        nameless.next().map_or_else(
            || summary.notes[0].clone(),
            |one| format!("{}: {}", one.subject, one.reason),
        )
    };
    for (facts, said) in [
        (
            vec![
                roster(["a", "b", "c", "d"]),
                ok("a", 60),
                refused("c", 60),
                throttled(1),
                throttled(2),
            ],
            "2 throttled calls name no service: probably for b, d",
        ),
        (
            vec![roster(["a"]), throttled(1)],
            "1 throttled call names no service: probably for a",
        ),
        (
            vec![roster(many), throttled(1)],
            "1 throttled call names no service: probably for a, b, c, d, e, f, g, h, i, j and 2 more",
        ),
        (
            vec![roster(["a"]), ok("a", 60), throttled(1)],
            "1 call was refused without naming a service; every expected call was accepted.",
        ),
        (
            vec![ok("a", 60), throttled(1)],
            "1 throttled call names no service: called by EventBridge Scheduler as dev-ecs-scheduler",
        ),
    ] {
        assert_eq!(of(&facts), said);
    }
}

#[test]
fn a_later_message_shows_what_changed() {
    let earlier = [
        roster(["a", "b", "c", "d"]),
        ok("a", 60),
        refused("b", 60),
        refused("c", 60),
        ok("d", 60),
    ];
    let story = Story::of(&earlier);
    let mut report = story.told(OVER);
    let story = story.learn(OVER + 10, &[ok("b", 90), refused("c", 91)]);
    let later = OVER + 1_000;
    let summary = story.at(later, |snapshot| match decide(snapshot, &report) {
        Decision::Say(message) => {
            assert_eq!(message.kind, MessageKind::Changes);
            Summary::changes(snapshot, &message.runs, &report, READER)
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(rows(&summary), ["b Scale Up (→ 1) ✅ after 2 attempts"]);
    assert_eq!(
        summary.verdict.line("dev"),
        "✅ dev · recovered: b is accepted · now 3 of 4"
    );
    assert_eq!(
        summary.subtitle,
        "Update to Mon 15 Jan 00:01 UTC (reported 01:00: 2 failed)"
    );
    assert_eq!(
        summary.changes,
        ["b: ❌ service not found → ✅ accepted at 00:01"]
    );
    assert_eq!(story.tell(&mut report, later).len(), 1);
    assert_eq!(story.tell(&mut report, later + 1_000), [""; 0]);
}

#[test]
fn refused_calls_without_a_name_may_turn_out_to_be_harmless() {
    let story = Story::of(&[ok("a", 60), throttled(30)]);
    let mut report = story.told(OVER);
    let story = story.learn(OVER + 10, &[roster(["a"])]);
    assert_eq!(
        story.tell(&mut report, OVER + 1_000),
        ["changes: (unknown) — ✅ called again"]
    );
}

#[test]
fn what_people_need_to_hear_of() {
    let failed = |code: &str, message: &str| {
        Status::Failed(ApiError {
            code: code.to_owned(),
            message: Some(message.to_owned()),
        })
    };
    let never = || Status::NeverCalled { seen: None };
    for (earlier, now, is_news) in [
        (Status::Succeeded, Status::Succeeded, false),
        (Status::Succeeded, Status::Accepted, false),
        (failed("A", ""), Status::Succeeded, true),
        (never(), Status::Accepted, true),
        (failed("A", "2"), failed("A", "1"), false),
        (failed("B", "1"), failed("A", "1"), true),
        (never(), never(), false),
        (never(), Status::NeverCalled { seen: Some(0) }, false),
        (never(), Status::Unkept, true),
        (failed("A", ""), Status::Pending, false),
        (never(), Status::Verifying, false),
        (Status::Unnamed(1), Status::Unnamed(2), true),
        (Status::Unnamed(2), Status::Unnamed(2), false),
        (Status::Unnamed(2), Status::Resolved, true),
    ] {
        let told = ToldStatus::of(&earlier);
        assert_eq!(
            told.is_outdated_by(&now),
            is_news,
            "{now:?} after {earlier:?}"
        );
    }
}
