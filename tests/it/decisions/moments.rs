//! When a window is said.

use rollcall::core::fact::{Expected, Fact};
use rollcall::core::window::Spoken;
use rollcall::delivery::{Decision, Knowledge, deadline, decide};
use rollcall::roll::Roll;

use super::{Arrivals, PATIENCE, at, batches, call, given_up, key, ok, refused, roster, throttled};

/// What is decided at `now`, if so many of the first batches were said at the given second.
fn decided(arrivals: &Arrivals, said: Option<(i64, usize)>, now: i64) -> String {
    let batches = batches(arrivals);
    let spoken = said.map(|(said_at, count)| Spoken {
        at: at(said_at),
        batches: batches[..count]
            .iter()
            .map(|batch| batch.id.clone())
            .collect(),
        live: None,
    });
    let known = Knowledge::of(&key(), &batches, spoken.as_ref(), PATIENCE).unwrap();
    match decide(&key(), &known, PATIENCE, at(now)) {
        Decision::Post(reason) => format!("post: {reason}"),
        Decision::FollowUp => "follow up".to_owned(),
        Decision::Wait(until, reason) => {
            format!("wait until {}: {reason}", (until - at(0)).num_seconds())
        }
        Decision::Edit(_) => unreachable!("what is said once is never edited"),
        Decision::Nothing => "nothing".to_owned(),
    }
}

type Case = (
    &'static str,
    Arrivals,
    Option<(i64, usize)>,
    Vec<(i64, &'static str)>,
);

fn check(cases: Vec<Case>) {
    for (name, arrivals, said, decisions) in cases {
        for (now, expected) in decisions {
            assert_eq!(decided(&arrivals, said, now), expected, "{name} at {now}");
        }
    }
}

#[test]
fn without_a_roster_a_window_is_said_when_it_settles() {
    check(vec![
        (
            "one call",
            vec![(100, vec![ok("a", 60)])],
            None,
            vec![
                (100, "wait until 400: settled"),
                (399, "wait until 400: settled"),
                (400, "post: settled"),
            ],
        ),
        (
            "a late call extends the waiting",
            vec![(100, vec![ok("a", 60)]), (350, vec![ok("b", 70)])],
            None,
            vec![(400, "wait until 650: settled"), (650, "post: settled")],
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
            vec![(400, "wait until 660: settled"), (660, "post: settled")],
        ),
        (
            "the window's end and the grace bound the waiting",
            vec![(2_200, vec![refused("a", 60)])],
            None,
            vec![
                (2_200, "wait until 2400: deadline"),
                (2_400, "post: deadline"),
            ],
        ),
        (
            "after that it is said at once",
            vec![(9_000, vec![ok("a", 60)])],
            None,
            vec![(9_000, "post: deadline")],
        ),
        (
            "refused calls that name no service settle too",
            vec![(100, vec![throttled(60)])],
            None,
            vec![(100, "wait until 400: settled"), (400, "post: settled")],
        ),
        (
            "and accepted ones",
            vec![(100, vec![call(None, 60, None)])],
            None,
            vec![(100, "wait until 400: settled"), (400, "post: settled")],
        ),
        (
            "a dead letter too",
            vec![(100, vec![given_up("a")])],
            None,
            vec![(100, "wait until 400: settled"), (400, "post: settled")],
        ),
    ]);
}

#[test]
fn with_a_roster_a_window_is_said_when_it_is_complete_or_due() {
    check(vec![
        (
            "all succeeded",
            vec![
                (1, vec![roster(["a", "b"])]),
                (100, vec![ok("a", 60), ok("b", 60)]),
            ],
            None,
            vec![(100, "post: complete")],
        ),
        (
            "the roster comes last",
            vec![(100, vec![ok("a", 60)]), (200, vec![roster(["a"])])],
            None,
            vec![(200, "post: complete")],
        ),
        (
            "a roster in two parts",
            vec![
                (1, vec![roster(["a"])]),
                (2, vec![roster(["b"])]),
                (100, vec![ok("a", 60)]),
            ],
            None,
            vec![(100, "wait until 900: deadline")],
        ),
        (
            "one failed, which may yet be retried",
            vec![
                (1, vec![roster(["a", "b"])]),
                (100, vec![ok("a", 60), refused("b", 60)]),
            ],
            None,
            vec![(100, "wait until 400: settled"), (400, "post: settled")],
        ),
        (
            "one was given up",
            vec![
                (1, vec![roster(["a", "b"])]),
                (100, vec![ok("a", 60), given_up("b")]),
            ],
            None,
            vec![(100, "wait until 400: settled"), (400, "post: settled")],
        ),
        (
            "one is absent",
            vec![(1, vec![roster(["a", "b"])]), (100, vec![ok("a", 60)])],
            None,
            vec![
                (100, "wait until 900: deadline"),
                (899, "wait until 900: deadline"),
                (900, "post: deadline"),
            ],
        ),
        (
            "a call from before the schedule is no answer",
            vec![(1, vec![roster(["a"])]), (100, vec![ok("a", -60)])],
            None,
            vec![(100, "wait until 900: deadline")],
        ),
        (
            "a failure settles no later than the deadline",
            vec![(1, vec![roster(["a"])]), (800, vec![refused("a", 60)])],
            None,
            vec![(800, "wait until 900: deadline"), (900, "post: deadline")],
        ),
        (
            "throttled calls belong to who is absent",
            vec![(1, vec![roster(["a"])]), (100, vec![throttled(60)])],
            None,
            vec![(500, "wait until 900: deadline"), (900, "post: deadline")],
        ),
        (
            "the roster alone",
            vec![(1, vec![roster(["a", "b"])])],
            None,
            vec![(1, "wait until 900: deadline"), (900, "post: deadline")],
        ),
        (
            "a roster of nobody",
            vec![(1, vec![roster([])])],
            None,
            vec![(1, "nothing"), (900, "nothing")],
        ),
        (
            "a silenced roster",
            vec![(1, vec![roster(["a", "b"]), Fact::Silenced])],
            None,
            vec![(1, "nothing"), (900, "nothing")],
        ),
        (
            "a silenced roster with a failure",
            vec![
                (1, vec![roster(["a", "b"]), Fact::Silenced]),
                (100, vec![refused("a", 60)]),
            ],
            None,
            vec![(100, "wait until 900: deadline"), (900, "post: deadline")],
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
            Some((400, 1)),
            vec![(400, "nothing"), (9_000, "nothing")],
        ),
        (
            "a late call",
            vec![(100, vec![ok("a", 60)]), (1_000, vec![ok("b", 60)])],
            Some((400, 1)),
            vec![(1_000, "wait until 1300: settled"), (1_300, "follow up")],
        ),
        (
            "two late calls belong together",
            vec![
                (100, vec![ok("a", 60)]),
                (1_000, vec![ok("b", 60)]),
                (1_200, vec![ok("c", 60)]),
            ],
            Some((400, 1)),
            vec![(1_300, "wait until 1500: settled"), (1_500, "follow up")],
        ),
        (
            "a late call after the deadline settles too",
            vec![(100, vec![ok("a", 60)]), (9_000, vec![ok("b", 60)])],
            Some((400, 1)),
            vec![(9_000, "wait until 9300: settled"), (9_300, "follow up")],
        ),
        (
            "recovered",
            vec![(100, vec![refused("a", 60)]), (1_000, vec![ok("a", 90)])],
            Some((400, 1)),
            vec![(1_300, "follow up")],
        ),
        (
            "an older failure of what succeeded",
            vec![(100, vec![ok("a", 60)]), (1_000, vec![refused("a", 30)])],
            Some((400, 1)),
            vec![(1_300, "nothing")],
        ),
        (
            "the same calls in another batch",
            vec![
                (100, vec![ok("a", 60)]),
                (101, vec![refused("b", 60)]),
                (1_000, vec![ok("a", 60), refused("b", 60)]),
            ],
            Some((400, 2)),
            vec![(1_000, "nothing"), (1_300, "nothing")],
        ),
        (
            "another text of the same error",
            vec![
                (100, vec![refused("a", 60)]),
                (1_000, vec![text("Not here either.")]),
            ],
            Some((400, 1)),
            vec![(1_300, "nothing")],
        ),
        (
            "another error",
            vec![
                (100, vec![refused("a", 60)]),
                (1_000, vec![code("ThrottlingException")]),
            ],
            Some((400, 1)),
            vec![(1_300, "follow up")],
        ),
        (
            "another call that names no service",
            vec![(100, vec![throttled(60)]), (1_000, vec![throttled(61)])],
            Some((400, 1)),
            vec![(1_300, "follow up")],
        ),
    ]);
}

#[test]
fn a_late_roster_tells_who_is_missing() {
    check(vec![
        (
            "a roster arrives late, and somebody is absent",
            vec![(100, vec![ok("a", 60)]), (500, vec![roster(["a", "b"])])],
            Some((400, 1)),
            vec![
                (500, "wait until 900: deadline"),
                (899, "wait until 900: deadline"),
                (900, "follow up"),
            ],
        ),
        (
            "a roster arrives late, and nobody is absent",
            vec![(100, vec![ok("a", 60)]), (500, vec![roster(["a"])])],
            Some((400, 1)),
            vec![(500, "nothing"), (900, "nothing")],
        ),
        (
            "a late roster shows that throttled calls were made again",
            vec![
                (100, vec![ok("a", 60), throttled(50)]),
                (500, vec![roster(["a"])]),
            ],
            Some((400, 1)),
            vec![(500, "wait until 800: settled"), (800, "follow up")],
        ),
        (
            "missing, and then heard of",
            vec![(1, vec![roster(["a"])]), (1_000, vec![ok("a", 60)])],
            Some((900, 1)),
            vec![(900, "wait until 1300: settled"), (1_300, "follow up")],
        ),
        (
            "missing, and silenced since",
            vec![(1, vec![roster(["a"])]), (1_000, vec![Fact::Silenced])],
            Some((900, 1)),
            vec![(1_300, "follow up")],
        ),
    ]);
}

#[test]
fn the_deadline_is_the_last_possible_call_and_the_grace() {
    let later = Fact::Roster(Box::new(Expected {
        scheduled_time: at(600),
        flexible_window_minutes: 15,
        ..match roster(["a"]) {
            Fact::Roster(expected) => *expected,
            _ => unreachable!(),
        }
    }));
    for (facts, expected) in [
        (vec![], 1_800 + 600),
        (vec![ok("a", 1_799)], 1_800 + 600),
        (vec![roster(["a"])], 300 + 600),
        (vec![roster(["a"]), later.clone()], 600 + 900 + 600),
        (vec![later, roster(["a"])], 600 + 900 + 600),
    ] {
        let roll = Roll::fold(&facts);
        assert_eq!(deadline(&key(), &roll, PATIENCE), at(expected), "{facts:?}");
    }
}
