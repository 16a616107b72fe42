//! In which words, by what ECS said.

use rollcall::core::fact::Fact;
use rollcall::core::observation::Bounds;
use rollcall::core::report::LastReport;

use super::super::{at, refused, roster, throttled};
use super::{
    CAPACITY, Known, UNHEALTHY, event, in_vain, scaled, seen, seen_with, steady, story, troubled,
};

/// Half a minute before the time for tasks is over.
const EARLY: i64 = 630;
/// When all waiting is over.
const OVER: i64 = 3_600;

/// The row of service `a` at a moment.
pub(super) fn row(known: &[Known], now: i64) -> String {
    let summary = story(known).summary(now);
    let row = summary.rows.iter().find(|row| row.service == "a").unwrap();
    row.status.to_string()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_row_says_what_ecs_says() {
    let up = scaled("a", 60, 1);
    let down = scaled("a", 60, 0);
    let mut wrong = Vec::new();
    for (facts, before, after) in [
        (vec![up.clone()], "⏳ accepted", "✅"),
        (
            vec![up.clone(), in_vain(70, "AccessDeniedException")],
            "✅ accepted",
            "✅ accepted",
        ),
        (
            vec![up.clone(), seen("a", 70, "0/1")],
            "⏳ 0/1 starting",
            "❌ 0/1 after 10 s",
        ),
        // What ECS said before the call says nothing about it.
        (
            vec![up.clone(), seen("a", 59, "1/1"), seen("b", 70, "1/1")],
            "⏳ accepted",
            "✅",
        ),
        // One look may see a task that is about to fail; ECS's own word or a second look tells.
        (
            vec![up.clone(), seen("a", 70, "1/1")],
            "⏳ 1/1 running, not steady yet",
            "✅ 1/1 running (≤ 10 s)",
        ),
        (
            vec![up.clone(), steady("a", 140, "1/1", 108)],
            "✅ 1/1 running (48 s)",
            "✅ 1/1 running (48 s)",
        ),
        (
            vec![up.clone(), steady("a", 140, "1/1", 59)],
            "⏳ 1/1 running, not steady yet",
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
            "⏳ 1/1 running, not steady yet",
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
            "⏳ 1/1 running, not steady yet",
            "✅ 1/1 running (≤ 1 min 10 s)",
        ),
        (
            vec![up.clone(), troubled("a", 100, "0/1", 30, CAPACITY)],
            "⏳ 0/1 starting",
            "❌ 0/1 after 40 s",
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
            "⚠️ 3 running, schedule wanted 1",
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
            "⏳ accepted",
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
            "⚠️ 1 running, schedule wanted 0",
        ),
        (
            vec![scaled("a", 60, 1), seen("a", 70, "3/1")],
            "⏳ 3/1 stopping",
            "⚠️ 3/1 stopping",
        ),
        (
            vec![refused("a", 60).into(), seen("a", 70, "1/1")],
            "❌ service not found",
            "❌ service not found",
        ),
        (
            vec![roster(["a"]).into(), seen("a", 70, "1/1")],
            "⏳ awaited",
            "✅ 1/1 running (no CloudTrail record)",
        ),
        (
            vec![roster(["a"]).into(), seen("a", 70, "0/0")],
            "⏳ awaited",
            "❌ never called",
        ),
        (
            vec![roster(["a"]).into(), seen("a", 70, "0/1")],
            "⏳ awaited",
            "❌ 0/1 running",
        ),
        (
            vec![
                roster(["a"]).into(),
                scaled("a", 60, 3),
                seen("a", 70, "3/3"),
            ],
            "⏳ 3/1 stopping",
            "⚠️ 3 running, schedule wanted 1",
        ),
    ] {
        let got = [row(&facts, EARLY), row(&facts, OVER)];
        if got != [before, after] {
            wrong.push(format!("{got:?}, not {before} and {after}: {facts:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn reasons_say_who_and_when() {
    let reason = |known: &[Known]| {
        let summary = story(known).summary(OVER);
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
        let Known::Fact(Fact::UpdateService(mut call)) = scaled("a", 720, 3) else {
            unreachable!("it is a call");
        };
        call.caller.role = Some(role.to_owned());
        call.caller.session = Some(session.to_owned());
        call.caller.is_scheduler = false;
        Known::Fact(Fact::UpdateService(call))
    };
    let at_second = |seconds, known: Known| {
        let Known::Fact(Fact::UpdateService(mut call)) = known else {
            unreachable!("it is a call");
        };
        call.event_time = at(seconds);
        Known::Fact(Fact::UpdateService(call))
    };
    let asked = [roster(["a"]).into(), scaled("a", 60, 1)];
    let with = |facts: Vec<Known>| [asked.to_vec(), facts].concat();
    for (facts, expected) in [
        (
            with(vec![seen("a", 600, "3/3")]),
            "ECS wants 3 tasks, the schedule wanted 1: no record tells who set it",
        ),
        (
            with(vec![set("Admin", "jane"), seen("a", 730, "3/3")]),
            "ECS wants 3 tasks, the schedule wanted 1: set by jane as Admin at 00:12",
        ),
        // Scheduler's call came after hers, so that it is not hers any more.
        (
            vec![
                roster(["a"]).into(),
                at_second(30, set("Admin", "jane")),
                scaled("a", 60, 1),
                seen("a", 700, "3/3"),
            ],
            "ECS wants 3 tasks, the schedule wanted 1: no record tells who set it",
        ),
        (
            with(vec![bounds("2/2", Some(2), Some(6))]),
            "ECS wants 2 tasks, the schedule wanted 1: Application Auto Scaling keeps at least 2",
        ),
        (
            with(vec![bounds("1/1", Some(2), Some(6))]),
            "⚠️ Application Auto Scaling may undo the schedule at its next turn: it keeps a (at least 2, not 1).",
        ),
        (
            with(vec![seen("a", 660, "0/1")]),
            "0 of 1 running 10 min 0 s after the call",
        ),
        (
            vec![
                roster(["a"]).into(),
                throttled(60).into(),
                seen("a", 900, "0/0"),
            ],
            "never called, and ECS has its desired count at 0",
        ),
        (
            with(vec![in_vain(70, "AccessDeniedException")]),
            "⚠️ ECS could not be asked whether tasks run (AccessDeniedException): accepted is all that is known.",
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
        refused("e", 5).into(),
        steady("a", 40, "1/1", 30),
        seen("b", 40, "0/2"),
        seen("c", 40, "0/0"),
        seen("d", 40, "2/2"),
    ];
    let totals = |known: &[Known]| story(known).summary(OVER).totals();
    assert_eq!(
        totals(&facts),
        "Total: 1 running, 1 stopped, 1 not up in time, 1 changed, 1 failed"
    );
    assert_eq!(totals(&facts[..5]), "Total: 4 succeeded, 1 failed");
    let denied = [&facts[..5], &[in_vain(9, "AccessDeniedException")]].concat();
    assert_eq!(totals(&denied), "Total: 4 accepted, 1 failed");
    let none = [scaled("a", 1, 1), seen("a", 20, "0/1")];
    assert_eq!(totals(&none), "Total: 1 not up in time");
}

#[test]
fn what_is_as_it_should_be_is_no_news() {
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
        let mut report = LastReport::default();
        assert_eq!(story(earlier).tell(&mut report, OVER).len(), 1);
        let said = story(now).tell(&mut report, OVER);
        assert_eq!(
            !said.is_empty(),
            is_news,
            "{earlier:?} then {now:?}: {said:?}"
        );
    }
}
