//! When runs are told.

use rollcall::core::fact::Fact;
use rollcall::core::report::LastReport;

use super::{Story, call, given_up, ok, refused, roster, throttled};

/// What arrived when; whether everything that was due by then was told at a second; and what is decided when.
type Case = (
    &'static str,
    Vec<(i64, Vec<Fact>)>,
    Option<i64>,
    Vec<(i64, &'static str)>,
);

fn silenced() -> Fact {
    Fact::Silenced {
        silence: "holiday".to_owned(),
    }
}

fn silence_expired() -> Fact {
    Fact::SilenceExpired {
        silence: "holiday".to_owned(),
    }
}

fn check(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for (name, arrivals, told, decisions) in cases {
        let story = arrivals
            .iter()
            .fold(Story::new(), |story, (at, facts)| story.learn(*at, facts));
        let report = told.map_or_else(LastReport::default, |at| story.told(at));
        for (now, expected) in decisions {
            let decided = story.decide(&report, now);
            if decided != expected {
                wrong.push(format!("{name} at {now}: {decided}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn without_a_roster_a_window_is_said_when_it_settles() {
    check(vec![
        (
            "one call",
            vec![(100, vec![ok("a", 60)])],
            None,
            vec![
                (100, "wait until 400 (settled)"),
                (399, "wait until 400 (settled)"),
                (400, "say a (settled)"),
            ],
        ),
        (
            "a late call extends the waiting",
            vec![(100, vec![ok("a", 60)]), (350, vec![ok("b", 70)])],
            None,
            vec![
                (400, "wait until 650 (settled)"),
                (650, "say a, b (settled)"),
            ],
        ),
        (
            "the same call again does not",
            vec![
                (100, vec![ok("a", 60)]),
                (350, vec![ok("a", 60)]),
                (360, vec![ok("a", 60), refused("b", 60)]),
                (380, vec![ok("a", 60), refused("b", 60)]),
            ],
            None,
            vec![
                (400, "wait until 660 (settled)"),
                (660, "say a, b (settled)"),
            ],
        ),
        (
            "the same after the window's end",
            vec![(2_200, vec![refused("a", 60)])],
            None,
            vec![
                (2_200, "wait until 2500 (settled)"),
                (2_400, "wait until 2500 (settled)"),
            ],
        ),
        (
            "and long after it",
            vec![(9_000, vec![ok("a", 60)])],
            None,
            vec![(9_000, "wait until 9300 (settled)")],
        ),
        (
            "refused calls that name no service settle too",
            vec![(100, vec![throttled(60)])],
            None,
            vec![(100, "wait until 400 (settled)"), (400, "say ? (settled)")],
        ),
        (
            "and accepted ones",
            vec![(100, vec![call(None, 60, None)])],
            None,
            vec![(100, "wait until 400 (settled)"), (400, "say ? (settled)")],
        ),
        (
            "a dead letter too",
            vec![(100, vec![given_up("a")])],
            None,
            vec![(100, "wait until 400 (settled)"), (400, "say a (settled)")],
        ),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn with_a_roster_a_window_is_said_when_it_is_complete_or_due() {
    check(vec![
        (
            "all succeeded",
            vec![
                (1, vec![roster(["a", "b"])]),
                (100, vec![ok("a", 60), ok("b", 60)]),
            ],
            None,
            vec![(100, "say a, b (complete)")],
        ),
        (
            "the roster comes last",
            vec![(100, vec![ok("a", 60)]), (200, vec![roster(["a"])])],
            None,
            vec![(200, "say a (complete)")],
        ),
        (
            "a roster in two parts",
            vec![
                (1, vec![roster(["a"])]),
                (2, vec![roster(["b"])]),
                (100, vec![ok("a", 60)]),
            ],
            None,
            vec![(100, "wait until 900 (deadline)")],
        ),
        (
            "one failed, which may yet be retried",
            vec![
                (1, vec![roster(["a", "b"])]),
                (100, vec![ok("a", 60), refused("b", 60)]),
            ],
            None,
            vec![
                (100, "wait until 400 (settled)"),
                (400, "say a, b (settled)"),
            ],
        ),
        (
            "one was given up",
            vec![
                (1, vec![roster(["a", "b"])]),
                (100, vec![ok("a", 60), given_up("b")]),
            ],
            None,
            vec![
                (100, "wait until 400 (settled)"),
                (400, "say a, b (settled)"),
            ],
        ),
        (
            "one is absent",
            vec![(1, vec![roster(["a", "b"])]), (100, vec![ok("a", 60)])],
            None,
            vec![
                (100, "wait until 900 (deadline)"),
                (899, "wait until 900 (deadline)"),
                (900, "say a, b (deadline)"),
            ],
        ),
        (
            "a call from before the schedule is no answer",
            vec![(1, vec![roster(["a"])]), (100, vec![ok("a", -60)])],
            None,
            vec![(100, "wait until 900 (deadline)")],
        ),
        (
            "a failure settles, however late",
            vec![(1, vec![roster(["a"])]), (800, vec![refused("a", 60)])],
            None,
            vec![
                (800, "wait until 1100 (settled)"),
                (900, "wait until 1100 (settled)"),
            ],
        ),
        (
            "throttled calls belong to who is absent",
            vec![(1, vec![roster(["a"])]), (100, vec![throttled(60)])],
            None,
            vec![
                (500, "wait until 900 (deadline)"),
                (900, "say a, ? (deadline)"),
            ],
        ),
        (
            "the roster alone",
            vec![(1, vec![roster(["a", "b"])])],
            None,
            vec![
                (1, "wait until 900 (deadline)"),
                (900, "say a, b (deadline)"),
            ],
        ),
        (
            "a roster of nobody",
            vec![(1, vec![roster([])])],
            None,
            vec![(1, "nothing"), (900, "nothing")],
        ),
        (
            "a silenced roster",
            vec![(1, vec![roster(["a", "b"]), silenced()])],
            None,
            vec![(1, "nothing"), (900, "nothing")],
        ),
        (
            "a silenced roster, and the silence taken back",
            vec![
                (1, vec![roster(["a"]), silenced()]),
                (100, vec![silence_expired()]),
            ],
            None,
            vec![(1, "nothing"), (900, "say a (deadline)")],
        ),
        (
            "a silence taken back before its window knows of it",
            vec![
                (1, vec![silence_expired()]),
                (100, vec![roster(["a"]), silenced()]),
            ],
            None,
            vec![(900, "say a (deadline)")],
        ),
        (
            "a silenced roster with a failure",
            vec![
                (1, vec![roster(["a", "b"]), silenced()]),
                (100, vec![refused("a", 60)]),
            ],
            None,
            vec![(100, "wait until 400 (settled)"), (900, "say a (settled)")],
        ),
    ]);
}

#[test]
fn what_was_said_is_said_again_only_where_it_changed() {
    let text = |message| call(Some("a"), 61, Some(("ServiceNotFoundException", message)));
    let code = |code| call(Some("a"), 61, Some((code, "")));
    check(vec![
        (
            "nothing new",
            vec![(100, vec![ok("a", 60)])],
            Some(400),
            vec![(400, "nothing"), (9_000, "nothing")],
        ),
        (
            "a late call",
            vec![(100, vec![ok("a", 60)]), (1_000, vec![ok("b", 60)])],
            Some(400),
            vec![
                (1_000, "wait until 1300 (settled)"),
                (1_300, "say b (settled)"),
            ],
        ),
        (
            "two late calls belong together",
            vec![
                (100, vec![ok("a", 60)]),
                (1_000, vec![ok("b", 60)]),
                (1_200, vec![ok("c", 60)]),
            ],
            Some(400),
            vec![
                (1_300, "wait until 1500 (settled)"),
                (1_500, "say b, c (settled)"),
            ],
        ),
        (
            "a late call after the deadline settles too",
            vec![(100, vec![ok("a", 60)]), (9_000, vec![ok("b", 60)])],
            Some(400),
            vec![
                (9_000, "wait until 9300 (settled)"),
                (9_300, "say b (settled)"),
            ],
        ),
        (
            "recovered",
            vec![(100, vec![refused("a", 60)]), (1_000, vec![ok("a", 90)])],
            Some(400),
            vec![(1_300, "say a (settled)")],
        ),
        (
            "an older failure of what succeeded",
            vec![(100, vec![ok("a", 60)]), (1_000, vec![refused("a", 30)])],
            Some(400),
            vec![(1_300, "nothing")],
        ),
        (
            "the same calls in another batch",
            vec![
                (100, vec![ok("a", 60)]),
                (101, vec![refused("b", 60)]),
                (1_000, vec![ok("a", 60), refused("b", 60)]),
            ],
            Some(401),
            vec![(1_000, "nothing"), (1_300, "nothing")],
        ),
        (
            "another text of the same error",
            vec![
                (100, vec![refused("a", 60)]),
                (1_000, vec![text("Not here either.")]),
            ],
            Some(400),
            vec![(1_300, "nothing")],
        ),
        (
            "another error",
            vec![
                (100, vec![refused("a", 60)]),
                (1_000, vec![code("ThrottlingException")]),
            ],
            Some(400),
            vec![(1_300, "say a (settled)")],
        ),
        (
            "another call that names no service",
            vec![(100, vec![throttled(60)]), (1_000, vec![throttled(61)])],
            Some(400),
            vec![(1_300, "say ? (settled)")],
        ),
    ]);
}

#[test]
fn a_late_roster_tells_who_is_missing() {
    check(vec![
        (
            "a roster arrives late, and somebody is absent",
            vec![(100, vec![ok("a", 60)]), (500, vec![roster(["a", "b"])])],
            Some(400),
            vec![
                (500, "wait until 900 (deadline)"),
                (899, "wait until 900 (deadline)"),
                (900, "say b (settled)"),
            ],
        ),
        (
            "a roster arrives late, and nobody is absent",
            vec![(100, vec![ok("a", 60)]), (500, vec![roster(["a"])])],
            Some(400),
            vec![(500, "nothing"), (900, "nothing")],
        ),
        (
            "a late roster shows that throttled calls were made again",
            vec![
                (100, vec![ok("a", 60), throttled(50)]),
                (500, vec![roster(["a"])]),
            ],
            Some(400),
            vec![(500, "say ? (settled)"), (800, "say ? (settled)")],
        ),
        (
            "missing, and then heard of",
            vec![(1, vec![roster(["a"])]), (1_000, vec![ok("a", 60)])],
            Some(900),
            vec![(900, "nothing"), (1_300, "say a (settled)")],
        ),
        (
            "missing, and silenced since",
            vec![(1, vec![roster(["a"])]), (1_000, vec![silenced()])],
            Some(900),
            vec![(1_300, "nothing")],
        ),
    ]);
}
