//! Several receivers of one window, in virtual time: each hears everything about its own services, once, and none waits for
//! another that is down for hours.
//!
//! The real function is played against receivers in memory. What was told is compared with what the script of the world says,
//! and with a second world that differs in nothing but that everybody can be reached.

mod ear;
mod machine;
mod machines;
mod world;

use std::collections::BTreeMap;

use rollcall::config::DEFAULT_WAIT_POLICY;
use rollcall::core::audience::Audience;
use rollcall::core::fact::Fact;
use rollcall::core::observation::Observations;
use rollcall::core::routes::Routes;
use rollcall::core::runs::{Arrival, Runs, Subject};
use rollcall::core::snapshot::{RunStatus, WindowSnapshot};
use rollcall::core::window::WindowKey;

use self::ear::{Ear, Heard, Trouble};
use self::world::{Ending, Script, World, play};

/// How many worlds are played.
const WORLDS: u64 = 150;

#[test]
fn every_receiver_hears_of_its_own_services_once_whoever_else_is_down() {
    let mut troubles: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..WORLDS {
        let script = Script::of(seed);
        let broken = play(&script, Some(&script.trouble));
        let healthy = play(&script, None);
        for (ear, same) in broken.ears.iter().zip(&healthy.ears) {
            complete(seed, &script, ear, &broken);
            once(seed, &script, ear);
            if ear.name != script.trouble.name {
                undisturbed(seed, ear, same, &[&broken, &healthy]);
            }
        }
        *troubles.entry(script.trouble.kind.name()).or_default() += 1;
    }
    assert!(troubles.len() == 4, "{troubles:?}");
}

/// In the end a receiver knows how each of its services stands, and nothing of any other.
fn complete(seed: u64, script: &Script, ear: &Ear, world: &World) {
    let expected: BTreeMap<String, Ending> = script
        .services
        .iter()
        .filter(|service| Script::readers_of(service).contains(&ear.name.as_str()))
        .map(|service| (service.name.clone(), service.ending))
        .collect();
    let mut known = ear.knows();
    if ear.name == "route:oncall" {
        // It heard of a failure, and then that the service was well after all.
        known.retain(|_, ending| *ending != Ending::Accepted);
    }
    assert_eq!(
        known,
        expected,
        "seed {seed}: {} knows something else\n{}\n{world}",
        ear.name,
        script.words()
    );
}

/// Nothing is told twice, but where an answer was lost and the receiver cannot be searched.
fn once(seed: u64, script: &Script, ear: &Ear) {
    if ear.follows() {
        let posts = ear.heard.borrow();
        let posts = posts.iter().filter(|heard| heard.is_post).count();
        let has_any = usize::from(!ear.knows().is_empty());
        assert_eq!(
            posts, has_any,
            "seed {seed}: {} has {posts} messages",
            ear.name
        );
        return;
    }
    let is_excused = ear.name == script.trouble.name && script.trouble.kind == Trouble::AnswerLost;
    let mut told: Vec<(String, Ending)> = ear.tellings();
    let all = told.len();
    told.sort();
    told.dedup();
    assert!(
        all == told.len() || is_excused,
        "seed {seed}: {} heard something twice: {:?}",
        ear.name,
        ear.heard.borrow()
    );
}

/// What a receiver hears, and when, does not depend on whether another one can be reached.
fn undisturbed(seed: u64, ear: &Ear, same: &Ear, worlds: &[&World; 2]) {
    let (heard, other) = (ear.heard.borrow(), same.heard.borrow());
    let what = |heard: &[Heard]| -> Vec<BTreeMap<String, Ending>> {
        heard.iter().map(|one| one.rows.clone()).collect()
    };
    if ear.follows() {
        // An edit more or less is nothing that people notice; the last one is what they read.
        assert_eq!(
            what(&heard).last(),
            what(&other).last(),
            "seed {seed}: {}",
            ear.name
        );
        return;
    }
    assert_eq!(what(&heard), what(&other), "seed {seed}: {}", ear.name);
    for (one, other) in heard.iter().zip(other.iter()) {
        let late = one.at - other.at;
        assert!(
            (-ear::PATIENCE..=ear::PATIENCE).contains(&late),
            "seed {seed}: {} heard {late} s later because another is down\n{}\nand with everybody well\n{}",
            ear.name,
            worlds[0],
            worlds[1]
        );
    }
}

#[test]
fn one_that_does_not_answer_leaves_the_time_of_the_others_alone() {
    let script = Script::at_once("slack", Trouble::Hanging);
    let world = play(&script, Some(&script.trouble));
    let healthy = play(&script, None);
    let first = |world: &World, name: &str| {
        let ear = world.ears.iter().find(|ear| ear.name == name);
        let heard = ear.and_then(|ear| ear.heard.borrow().first().map(|heard| heard.at));
        heard.expect("it hears something")
    };
    for name in ["route:pay", "route:web"] {
        assert_eq!(first(&world, name), first(&healthy, name), "{name}");
        // The default receiver is told in the same visit, so that a visit which told one after the other would be late.
        assert_eq!(first(&healthy, name), first(&healthy, "slack"), "{name}");
    }
}

/// The names in each receiver's part of a window with these facts, an hour after its start.
fn names_in_parts(routes: &Routes, facts: &[Fact]) -> Vec<Vec<String>> {
    let key = WindowKey {
        start: world::moment(0),
        environment: "dev".to_owned(),
    };
    let arrival = Arrival {
        at: world::moment(0),
        siblings_until: None,
    };
    let runs = Runs::fold(key.start, facts.iter().map(|fact| (fact, arrival)));
    let observations = Observations::default();
    let policy = DEFAULT_WAIT_POLICY;
    let now = world::moment(3_600);
    let snapshot = WindowSnapshot::new(&key, &runs, &observations, policy, now);
    let name = |one: &RunStatus<'_>| match one.subject {
        Subject::Service(id) => id.name.clone(),
        Subject::Job(id) => id.family.clone(),
        Subject::Unnamed(calls) => format!(
            "calls in {:?}",
            calls.cluster.as_ref().map(|one| &*one.name)
        ),
    };
    let parts = Audience::of(routes, &snapshot).parts(snapshot, |_| None);
    let names = parts
        .iter()
        .map(|part| part.statuses.iter().map(name).collect());
    names.collect()
}

#[test]
fn labels_and_clusters_say_who_hears_of_what() {
    let routes = r#"{"routes": [
        {"name": "search", "match": {"labels": {"team": "search"}}, "webhook": "/search"},
        {"name": "pay", "match": {"cluster": "pay-*"}, "webhook": "/pay"}]}"#;
    let routes = Routes::parse(routes).expect("routes");
    let Fact::Roster(mut roster) = world::roster("dev", "finder") else {
        unreachable!()
    };
    let team = [("team".to_owned(), "search".to_owned())];
    roster.labels = [("finder".to_owned(), team.into())].into();
    roster.services.insert("other".to_owned(), 1);
    let facts = [
        Fact::Roster(roster),
        world::roster("pay-dev", "ledger"),
        world::unnamed(Some("pay-dev")),
        world::unnamed(None),
    ];
    let all = names_in_parts(&routes, &facts);
    let of =
        |names: &[&str]| -> Vec<String> { names.iter().map(|&name| name.to_owned()).collect() };
    assert_eq!(all[0], of(&["other", "calls in None"]));
    assert_eq!(all[1], of(&["finder"]));
    // Of all services of this cluster, one of pay's was not heard of.
    assert_eq!(all[2], of(&["ledger", "calls in Some(\"pay-dev\")"]));

    // Nothing was called for in this cluster, so that nothing tells whose the calls were.
    let all = names_in_parts(&routes, &[world::unnamed(Some("dev"))]);
    let calls = of(&["calls in Some(\"dev\")"]);
    assert_eq!(all, [calls.clone(), calls, of(&[])]);
}

#[test]
fn a_message_names_the_schedules_of_its_own_runs() {
    let key = WindowKey {
        start: world::moment(0),
        environment: "dev".to_owned(),
    };
    let facts = [
        world::roster("pay-dev", "pay-0"),
        world::roster("dev", "web-0"),
    ];
    let arrival = Arrival {
        at: world::moment(0),
        siblings_until: None,
    };
    let runs = Runs::fold(key.start, facts.iter().map(|fact| (fact, arrival)));
    let observations = Observations::default();
    let policy = DEFAULT_WAIT_POLICY;
    let now = world::moment(3_600);
    let snapshot = WindowSnapshot::new(&key, &runs, &observations, policy, now);
    let routes = world::routes();
    let audience = Audience::of(&routes, &snapshot);
    let schedules: Vec<Vec<String>> = audience
        .parts(snapshot, |_| None)
        .iter()
        .map(|part| part.groups[0].schedules.iter().cloned().collect())
        .collect();
    let of =
        |names: &[&str]| -> Vec<String> { names.iter().map(|&name| name.to_owned()).collect() };
    let both = of(&["dev-morning", "pay-dev-morning"]);
    assert_eq!(
        schedules,
        [
            of(&[]),
            of(&["pay-dev-morning"]),
            of(&["dev-morning"]),
            both
        ]
    );
}
