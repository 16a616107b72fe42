//! Which words a decision leads to: totals, what is missing, and what changed.

use std::collections::BTreeMap;

use rollcall::core::fact::{ApiError, Fact, ServiceId};
use rollcall::core::summary::Summary;
use rollcall::roll::{Over, Roll, Standing, Subject};

use super::{key, ok, refused, roster, throttled};

fn over(calls: bool) -> Over {
    Over {
        calls,
        checks: true,
    }
}

fn summary(facts: &[Fact], is_over: bool) -> Summary {
    Summary::new(&key(), &Roll::fold(facts), over(is_over), chrono_tz::UTC)
}

fn follow_up(earlier: &[Fact], was_over: bool, since: &[Fact], is_over: bool) -> Option<Summary> {
    let said: BTreeMap<Subject, Standing> = Roll::fold(earlier).standings(over(was_over));
    let roll = Roll::fold(earlier.iter().chain(since));
    Summary::follow_up(&key(), &roll, over(is_over), &said, chrono_tz::UTC)
}

#[test]
fn totals_tell_missing_from_failed_and_pending() {
    let heard = [roster(["a", "b", "c"]), ok("a", 60), refused("b", 60)];
    for (facts, is_over, totals) in [
        (
            &heard[..],
            true,
            "Total: 1/3 succeeded, 1 failed, 1 missing",
        ),
        (
            &heard[..],
            false,
            "Total: 1/3 succeeded, 1 failed, 1 pending",
        ),
        (
            &heard[..1],
            true,
            "Total: 0/3 succeeded, 0 failed, 3 missing",
        ),
        (&heard[1..], true, "Total: 1 succeeded, 1 failed"),
        (
            &[roster(["a"]), throttled(1), throttled(2)],
            true,
            "Total: 0/1 succeeded, 2 failed (2 calls named no service), 1 missing",
        ),
        (
            &[roster(["a"]), ok("a", 3), throttled(1)],
            true,
            "Total: 1/1 succeeded, 0 failed",
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
    assert_eq!(failure.reason, "no call was recorded");
    assert_eq!(
        failure.advice,
        Some("Is the schedule enabled, and can its role be assumed?")
    );
}

#[test]
fn refused_calls_without_a_name_are_set_beside_who_has_not_succeeded() {
    let many = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    for (facts, note) in [
        (
            vec![
                roster(["a", "b", "c", "d"]),
                ok("a", 60),
                refused("c", 60),
                throttled(1),
                throttled(2),
            ],
            "2 calls were refused before ECS recorded which service; without a successful call so far: b, c, d.",
        ),
        (
            vec![roster(["a"]), throttled(1)],
            "1 call was refused before ECS recorded which service; without a successful call so far: a.",
        ),
        (
            vec![roster(many), throttled(1)],
            "1 call was refused before ECS recorded which service; without a successful call so far: \
             a, b, c, d, e, f, g, h, i, j and 2 more.",
        ),
        (
            vec![roster(["a"]), ok("a", 60), throttled(1)],
            "1 call was refused without naming a service; every expected call was accepted.",
        ),
    ] {
        assert_eq!(summary(&facts, true).notes[0], note);
    }
    let without_roster = summary(&[ok("a", 60), throttled(1)], true);
    assert_eq!(
        without_roster.notes[0],
        "Called by EventBridge Scheduler as dev-ecs-scheduler (2)."
    );
}

#[test]
fn a_follow_up_shows_what_changed_and_counts_everything() {
    let earlier = [
        roster(["a", "b", "c", "d"]),
        ok("a", 60),
        refused("b", 60),
        refused("c", 60),
    ];
    let since = [ok("b", 90), refused("c", 91)];
    let summary = follow_up(&earlier, false, &since, true).unwrap();
    let rows: Vec<String> = summary
        .rows
        .iter()
        .map(|row| format!("{} {}", row.service, row.status))
        .collect();
    assert_eq!(rows, ["d ❌ Missing", "b ✅ after 2 attempts"]);
    assert_eq!(summary.failures.len(), 1);
    assert_eq!(summary.headline(), "ECS Scheduled Scaling Changes");
    assert_eq!(
        summary.totals(),
        "Total: 2/4 succeeded, 1 failed, 1 missing"
    );
}

#[test]
fn there_is_no_follow_up_without_news() {
    let earlier = [roster(["a", "b"]), ok("a", 60)];
    assert_eq!(follow_up(&earlier, false, &[], false), None);
    assert_eq!(follow_up(&earlier, true, &[], true), None);
    assert_eq!(follow_up(&earlier, true, &[refused("a", 30)], true), None);
}

#[test]
fn a_follow_up_may_only_take_something_back() {
    let earlier = [ok("a", 60), throttled(30)];
    let summary = follow_up(&earlier, false, &[roster(["a"])], false).unwrap();
    assert!(summary.rows.is_empty() && summary.failures.is_empty());
    assert_eq!(summary.totals(), "Total: 1/1 succeeded, 0 failed");
    assert_eq!(
        summary.notes[0],
        "1 call was refused without naming a service; every expected call was accepted."
    );
}

#[test]
fn what_people_need_to_hear_of() {
    let failed = |code: &str, message: &str| {
        Standing::Failed(ApiError {
            code: code.to_owned(),
            message: Some(message.to_owned()),
        })
    };
    let (ok, missing, pending) = (
        Standing::Accepted,
        Standing::Missing { seen: None },
        Standing::Pending,
    );
    for (now, earlier, is_news) in [
        (ok.clone(), None, true),
        (ok.clone(), Some(ok.clone()), false),
        (ok.clone(), Some(failed("A", "")), true),
        (ok.clone(), Some(missing.clone()), true),
        (ok, Some(pending.clone()), true),
        (failed("A", "1"), Some(failed("A", "2")), false),
        (failed("A", "1"), Some(failed("B", "1")), true),
        (missing.clone(), Some(pending.clone()), true),
        (missing.clone(), Some(missing), false),
        (pending.clone(), None, false),
        (pending, Some(failed("A", "")), false),
        (Standing::Unnamed(2), Some(Standing::Unnamed(1)), true),
        (Standing::Unnamed(2), Some(Standing::Unnamed(2)), false),
    ] {
        assert_eq!(
            now.is_news(earlier.as_ref()),
            is_news,
            "{now:?} after {earlier:?}"
        );
    }
    let subject = Subject::Service(ServiceId {
        name: "a".to_owned(),
        cluster: "dev".to_owned(),
        region: "ap-northeast-2".to_owned(),
        account: "123456789012".to_owned(),
    });
    let nothing = BTreeMap::new();
    for (earlier, is_news) in [
        (Standing::Missing { seen: None }, true),
        (Standing::Pending, false),
    ] {
        let earlier = BTreeMap::from([(subject.clone(), earlier)]);
        let news = rollcall::roll::news(&nothing, &earlier);
        assert_eq!(news.is_some(), is_news);
    }
}
