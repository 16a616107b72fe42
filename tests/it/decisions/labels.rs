//! What routes choose by: the labels that rosters give to services and jobs, and the clusters of calls without a name.

use std::collections::BTreeMap;

use rollcall::core::fact::{ClusterId, Fact, JobId, Labels};
use rollcall::core::runs::{Arrival, Runs, Subject, UnnamedCalls};

use super::{Story, at, ok, roster, roster_at, throttled};

fn labels(team: &str) -> Labels {
    BTreeMap::from([("team".to_owned(), team.to_owned())])
}

/// The roster, in which a service or job has this label.
fn labelled(fact: Fact, name: &str, team: &str) -> Fact {
    let Fact::Roster(mut roster) = fact else {
        unreachable!("it is a roster");
    };
    roster.labels.insert(name.to_owned(), labels(team));
    Fact::Roster(roster)
}

fn fold(facts: &[Fact]) -> Runs {
    let arrival = Arrival {
        at: at(0),
        siblings_until: None,
    };
    Runs::fold(at(0), facts.iter().map(|fact| (fact, arrival)))
}

fn cluster(name: &str) -> ClusterId {
    ClusterId {
        name: name.to_owned(),
        region: "ap-northeast-2".to_owned(),
        account: "123456789012".to_owned(),
    }
}

fn service(name: &str) -> Subject {
    Subject::Service(cluster("dev").service(name.to_owned()))
}

#[test]
fn services_and_jobs_have_the_labels_of_their_rosters() {
    let Fact::Roster(mut both) = roster(["api", "web"]) else {
        unreachable!("it is a roster");
    };
    both.jobs.insert("report".to_owned(), 1);
    both.labels.insert("report".to_owned(), labels("pay"));
    let runs = fold(&[
        labelled(Fact::Roster(both), "api", "search"),
        ok("other", 30),
    ]);
    let job = Subject::Job(JobId {
        family: "report".to_owned(),
        cluster: cluster("dev"),
    });
    assert_eq!(runs.labels_of(&service("api")), Some(&labels("search")));
    assert_eq!(runs.labels_of(&job), Some(&labels("pay")));
    assert_eq!(runs.labels_of(&service("web")), None);
    assert_eq!(runs.labels_of(&service("other")), None);
}

#[test]
fn the_latest_roster_that_labels_a_service_counts() {
    let early = labelled(roster_at(0, "morning", [("api", 1)]), "api", "zebra");
    let late = labelled(roster_at(600, "later", [("api", 2)]), "api", "ant");
    let silent = roster_at(900, "last", [("api", 3)]);
    for facts in [
        [early.clone(), late.clone(), silent.clone()],
        [silent, late, early],
    ] {
        let runs = fold(&facts);
        assert_eq!(runs.labels_of(&service("api")), Some(&labels("ant")));
    }
}

/// A throttled call that names its cluster at most.
fn throttled_in(cluster: Option<&str>, seconds: i64) -> Fact {
    let Fact::UpdateService(mut call) = throttled(seconds) else {
        unreachable!("it is a call");
    };
    call.cluster = cluster.map(str::to_owned);
    call.event_id = format!("{cluster:?} {seconds}");
    Fact::UpdateService(call)
}

#[test]
fn calls_without_a_name_are_apart_by_cluster() {
    let facts = [
        throttled_in(Some("dev"), 30),
        throttled_in(Some("stg"), 31),
        throttled_in(None, 32),
        throttled_in(Some("stg"), 33),
    ];
    let runs = fold(&facts);
    let calls = runs.iter().map(|(subject, run)| {
        let Subject::Unnamed(UnnamedCalls { cluster, .. }) = subject else {
            unreachable!("no record names a service");
        };
        let cluster = cluster.as_ref().map(|cluster| cluster.name.as_str());
        (cluster, run.attempts.len())
    });
    let calls: Vec<_> = calls.collect();
    assert_eq!(calls, [(None, 1), (Some("dev"), 1), (Some("stg"), 2)]);
}

#[test]
fn calls_without_a_name_of_every_cluster_are_harmless_once_all_were_called_again() {
    let story = Story::of(&[
        roster(["a"]),
        throttled_in(Some("dev"), 30),
        throttled_in(None, 31),
        ok("a", 60),
    ]);
    assert_eq!(story.rows(900), ["a Scale Up (→ 1) ✅"]);
}
