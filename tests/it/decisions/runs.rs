//! A row is a run: what becomes of two schedules of one window, of somebody else's calls, and of late records.

use rollcall::core::fact::{Fact, Roster};
use rollcall::core::report::LastReport;
use rollcall::core::window::{WindowKey, Windowing};

use super::{POLICY, Story, at, given_up, ok, refused, roster, roster_at};

/// A call for a count, by a role.
fn called(service: &str, seconds: i64, count: i64, role: &str) -> Fact {
    let Fact::UpdateService(mut call) = ok(service, seconds) else {
        unreachable!("it is a call");
    };
    call.action = Some(rollcall::core::fact::Action::towards(count));
    call.event_id = format!("{service} {seconds} {count} {role}");
    call.caller.role = Some(role.to_owned());
    call.caller.is_scheduler = role.contains("scheduler");
    Fact::UpdateService(call)
}

fn refused_for(service: &str, seconds: i64, count: i64) -> Fact {
    let Fact::UpdateService(mut call) = refused(service, seconds) else {
        unreachable!("it is a call");
    };
    call.action = Some(rollcall::core::fact::Action::towards(count));
    Fact::UpdateService(call)
}

const SCHEDULER: &str = "dev-ecs-scheduler";

#[test]
fn another_schedule_of_the_window_moves_nobodys_deadline() {
    let story = Story::new()
        .learn(1, &[roster_at(0, "nine", [("a", 1)])])
        .learn(1_201, &[roster_at(1_200, "twenty", [("b", 1)])])
        .learn(1_300, &[called("b", 1_230, 1, SCHEDULER)]);
    let mut report = LastReport::default();
    assert_eq!(story.tell(&mut report, 899), [""; 0]);
    assert_eq!(
        story.tell(&mut report, 900),
        ["summary: a Scale Up (→ 1) ❌ never called"]
    );
    // The second schedule has a message of its own, and the first is not told again.
    assert_eq!(story.tell(&mut report, 1_201), [""; 0]);
    assert_eq!(
        story.tell(&mut report, 1_300),
        ["later (twenty): b Scale Up (→ 1) ✅"]
    );
    assert_eq!(story.tell(&mut report, 9_000), [""; 0]);
    let rows = |now| story.rows(now);
    assert_eq!(
        rows(1_250),
        [
            "a Scale Up (→ 1) ❌ never called",
            "b Scale Up (→ 1) ⏳ awaited"
        ]
    );
}

#[test]
fn schedules_that_are_due_together_are_told_together() {
    let story = Story::new()
        .learn(1, &[roster_at(0, "first", [("a", 1)])])
        .learn(61, &[roster_at(60, "second", [("b", 1)])])
        .learn(100, &[called("a", 10, 1, SCHEDULER)])
        .learn(150, &[called("b", 70, 1, SCHEDULER)]);
    let mut report = LastReport::default();
    assert_eq!(story.tell(&mut report, 100), [""; 0]);
    assert_eq!(
        story.tell(&mut report, 150),
        ["summary: a Scale Up (→ 1) ✅; b Scale Up (→ 1) ✅"]
    );
}

#[test]
fn no_failure_is_hidden_by_another_run() {
    // Up is refused at 09:00, down is accepted at 09:20.
    let story = Story::new()
        .learn(1, &[roster_at(0, "up", [("a", 1)])])
        .learn(60, &[refused_for("a", 30, 1)])
        .learn(1_201, &[roster_at(1_200, "down", [("a", 0)])])
        .learn(1_300, &[called("a", 1_230, 0, SCHEDULER)]);
    assert_eq!(
        story.rows(3_600),
        [
            "a 00:00 Scale Up (→ 1) ❌ service not found",
            "a 00:20 Scale Down (→ 0) ✅"
        ]
    );
    // Up is accepted, down is never called.
    let story = Story::new()
        .learn(
            1,
            &[roster_at(0, "up", [("a", 1)]), called("a", 1, 1, SCHEDULER)],
        )
        .learn(1_201, &[roster_at(1_200, "down", [("a", 0)])]);
    assert_eq!(
        story.rows(3_600),
        [
            "a 00:20 Scale Down (→ 0) ❌ never called",
            "a 00:00 Scale Up (→ 1) ✅"
        ]
    );
    // The same error twice is told twice.
    let story = Story::new()
        .learn(
            1,
            &[roster_at(0, "up", [("a", 1)]), refused_for("a", 30, 1)],
        )
        .learn(
            1_201,
            &[
                roster_at(1_200, "down", [("a", 0)]),
                refused_for("a", 1_230, 0),
            ],
        );
    let mut report = LastReport::default();
    assert_eq!(
        story.tell(&mut report, 301),
        ["summary: a Scale Up (→ 1) ❌ service not found"]
    );
    assert_eq!(
        story.tell(&mut report, 1_501),
        ["later (down): a Scale Down (→ 0) ❌ service not found"]
    );
}

#[test]
fn runs_that_agree_are_one_row() {
    let story = Story::new()
        .learn(
            1,
            &[
                roster_at(0, "first", [("a", 1)]),
                called("a", 1, 1, SCHEDULER),
            ],
        )
        .learn(
            1_201,
            &[
                roster_at(1_200, "second", [("a", 1)]),
                called("a", 1_201, 1, SCHEDULER),
            ],
        );
    assert_eq!(story.rows(3_600), ["a Scale Up (→ 1) ✅"]);
}

#[test]
fn somebody_elses_call_is_no_attempt() {
    let named = |role: &str| {
        let Fact::Roster(roster) = roster(["a"]) else {
            unreachable!("it is a roster");
        };
        Fact::Roster(Box::new(Roster {
            role: Some(role.to_owned()),
            ..*roster
        }))
    };
    // Another role sets the same count after the schedule was refused: the refusal stays.
    let story = Story::of(&[
        named(SCHEDULER),
        refused_for("a", 30, 1),
        called("a", 200, 1, "deployer"),
    ]);
    assert_eq!(story.rows(3_600), ["a Scale Up (→ 1) ❌ service not found"]);
    // The schedule never called: who did is said, and it is no answer.
    let story = Story::of(&[named(SCHEDULER), called("a", 200, 1, "deployer")]);
    assert_eq!(story.rows(3_600), ["a Scale Up (→ 1) ❌ never called"]);
    let reason = &story.summary(3_600).failures[0].reason;
    assert!(
        reason.ends_with("; deployer called with count 1 at 00:03"),
        "{reason}"
    );
    // The schedule's own role answers, however the record marks it.
    let Fact::UpdateService(mut unmarked) = called("a", 30, 1, SCHEDULER) else {
        unreachable!("it is a call");
    };
    unmarked.caller.is_scheduler = false;
    let story = Story::of(&[named(SCHEDULER), Fact::UpdateService(unmarked)]);
    assert_eq!(story.rows(3_600), ["a Scale Up (→ 1) ✅"]);
}

#[test]
fn a_retry_is_an_attempt_and_a_repetition_after_success_is_not() {
    let story = Story::of(&[
        roster(["a"]),
        refused_for("a", 10, 1),
        called("a", 40, 1, SCHEDULER),
        refused_for("a", 50, 1),
    ]);
    assert_eq!(story.rows(3_600), ["a Scale Up (→ 1) ✅ after 2 attempts"]);
    // Without a roster nothing tells that the last refusal is a repetition.
    let story = Story::of(&[
        refused_for("a", 10, 1),
        called("a", 40, 1, SCHEDULER),
        refused_for("a", 50, 1),
    ]);
    assert_eq!(
        story.rows(3_600),
        [
            "a 00:00 Scale Up (→ 1) ❌ service not found",
            "a 00:00 Scale Up (→ 1) ✅ after 2 attempts"
        ]
    );
}

#[test]
fn a_dead_letter_is_about_its_own_run() {
    let story = Story::of(&[given_up("a"), called("a", 600, 1, SCHEDULER)]);
    assert_eq!(
        story.rows(3_600),
        [
            "a 00:00 Scale Up (→ 1) ❌ access denied, after 4 attempts",
            "a 00:10 Scale Up (→ 1) ✅"
        ]
    );
    // Where a roster expects the run, an accepted call outweighs the letter.
    let story = Story::of(&[roster(["a"]), given_up("a"), called("a", 60, 1, SCHEDULER)]);
    assert_eq!(story.rows(3_600), ["a Scale Up (→ 1) ✅"]);
}

#[test]
fn a_backlog_is_one_message_however_late_it_is() {
    let fragments = (0..7).map(|number| {
        let facts = vec![called(
            &format!("service-{number}"),
            30 + number,
            1,
            SCHEDULER,
        )];
        (7_200 + 120 * number, facts)
    });
    let story = fragments.fold(Story::new(), |story, (at, facts)| story.learn(at, &facts));
    let mut report = LastReport::default();
    let mut said = Vec::new();
    for now in (7_200..9_000).step_by(60) {
        said.extend(story.tell(&mut report, now));
    }
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0].matches('✅').count(), 7, "{said:?}");
}

#[test]
fn nobody_is_missing_while_records_are_on_their_way_back() {
    let story = Story::new()
        .learn_again(
            1_000,
            &[roster(["a", "b"]), called("b", 30, 1, SCHEDULER)],
            1_900,
        )
        .learn(1_850, &[called("a", 40, 1, SCHEDULER)]);
    let mut report = LastReport::default();
    assert_eq!(story.decide(&report, 1_500), "wait until 1900 (redelivery)");
    assert_eq!(
        story.tell(&mut report, 1_850),
        ["summary: a Scale Up (→ 1) ✅; b Scale Up (→ 1) ✅"]
    );
}

#[test]
fn records_in_the_dead_letter_queue_are_not_missing_calls() {
    let unkept = Fact::Unkept {
        message_id: "timer".to_owned(),
        records: 3,
    };
    let story = Story::of(&[roster(["a"]), unkept]);
    assert_eq!(story.rows(3_600), ["a Scale Up (→ 1) ⚠️ record not read"]);
}

#[test]
fn a_run_told_by_its_call_is_not_told_again_by_its_roster() {
    let story = Story::new()
        .learn(100, &[called("a", 47, 1, SCHEDULER)])
        .learn(2_000, &[roster(["a"])]);
    let mut report = LastReport::default();
    assert_eq!(
        story.tell(&mut report, 400),
        ["summary: a Scale Up (→ 1) ✅"]
    );
    assert_eq!(story.tell(&mut report, 9_000), [""; 0]);
}

#[test]
fn a_call_after_the_boundary_belongs_to_its_runs_window() {
    let windowing = Windowing {
        environment: None,
        period: POLICY.period,
    };
    // A schedule at 00:28 with a flexible window of five minutes and a quarter of an hour of retries.
    let late = roster_at(1_680, "late", [("a", 1)]);
    let starts = |fact: &Fact| -> Vec<i64> {
        let start = |key: &WindowKey| (key.start - at(0)).num_minutes();
        windowing.keys_of(fact).iter().map(start).collect()
    };
    assert_eq!(starts(&late), [0, 30]);
    assert_eq!(starts(&roster(["a"])), [0]);
    let call = called("a", 1_830, 1, SCHEDULER);
    assert_eq!(starts(&call), [30]);
    // The next window knows the roster, keeps the call out of its own rows, and says whose it is.
    let arrival = rollcall::core::runs::Arrival {
        at: at(1_900),
        siblings_until: None,
    };
    let facts = [&late, &call].map(|fact| (fact, arrival));
    let next = rollcall::core::runs::Runs::fold(at(1_800), facts);
    assert!(next.by_subject.is_empty() && !next.has_roster);
    assert_eq!(next.elsewhere, [(at(1_680), call.clone())]);
    let story = Story::of(&[late, call]);
    assert_eq!(story.rows(3_600), ["a Scale Up (→ 1) ✅"]);
}
