//! Machines beside people: a machine that is down for hours hears everything in the end, each event at least once by its id,
//! and keeps nobody waiting; the watchdog hears that everybody was told once that is so.

use std::collections::BTreeMap;
use std::rc::Rc;

use rollcall::core::event::EventType;
use rollcall::core::reader::Reader;
use rollcall::core::routes::Routes;
use rollcall::ports::machine::{Beat, Machine};
use rollcall::ports::receivers::{MachineKind, Receivers};

use super::ear::Trouble;
use super::world::{Ending, MACHINE, Script, World, play};
use super::{WORLDS, undisturbed};

#[test]
fn a_machine_that_is_down_hears_everything_and_keeps_nobody_waiting() {
    let mut repeated = 0;
    for seed in 0..WORLDS {
        let script = Script::of(seed).with_trouble_of(MACHINE);
        let broken = play(&script, Some(&script.trouble));
        let healthy = play(&script, None);
        for (ear, same) in broken.ears.iter().zip(&healthy.ears) {
            undisturbed(seed, ear, same, &[&broken, &healthy]);
        }
        for world in [&broken, &healthy] {
            knows_everything(seed, &script, world);
            numbers_its_events(seed, world);
        }
        assert_eq!(repetitions(&healthy), 0, "seed {seed}");
        if script.trouble.kind == Trouble::AnswerLost {
            repeated += repetitions(&broken);
        } else {
            assert_eq!(repetitions(&broken), 0, "seed {seed}");
        }
    }
    assert!(repeated > 0, "no lost answer made an event come twice");
}

/// In the end the machine knows how each service stands, and has heard whether all is well.
fn knows_everything(seed: u64, script: &Script, world: &World) {
    let endings = script.services.iter();
    let endings: BTreeMap<String, Ending> =
        endings.map(|one| (one.name.clone(), one.ending)).collect();
    assert_eq!(world.device.knows(), endings, "seed {seed}\n{world}");
    let is_well = endings.values().all(|ending| *ending == Ending::Accepted);
    let taken = world.device.taken.borrow();
    let is_up = taken
        .iter()
        .any(|event| event.kind == EventType::EnvironmentUp);
    let last = taken.last().unwrap();
    assert_eq!(last.data["verdict"] == "good", is_well, "seed {seed}");
    assert!(
        !is_well || is_up,
        "seed {seed}: nobody said that it is up\n{world}"
    );
}

/// An id is that of one content; revisions grow, and only what replaces an event that was not confirmed has its number.
fn numbers_its_events(seed: u64, world: &World) {
    let mut known = BTreeMap::new();
    let mut last = 0;
    for event in world.device.taken.borrow().iter() {
        let content = known.entry(event.id.clone()).or_insert(event.data.clone());
        assert_eq!(*content, event.data, "seed {seed}");
        let revision = event.data["revision"].as_u64().unwrap();
        assert!(
            (last..=last + 1).contains(&revision),
            "seed {seed}: {revision} after {last}"
        );
        last = revision;
    }
}

fn repetitions(world: &World) -> usize {
    let taken = world.device.taken.borrow();
    let ids: std::collections::BTreeSet<&str> = taken.iter().map(|event| &*event.id).collect();
    taken.len() - ids.len()
}

#[test]
fn the_watchdog_hears_of_what_was_told_and_of_what_is_overdue_once() {
    let mut failing = 0;
    // Four worlds for each seed.
    for seed in 0..WORLDS / 5 {
        let own = Script::of(seed);
        for script in [Script::of(seed).with_trouble_of(MACHINE), own] {
            let healthy = play(&script, None);
            let beats = healthy.pings.heard.borrow();
            assert!(!beats.is_empty(), "seed {seed}: nobody pinged\n{healthy}");
            assert!(
                beats.iter().all(|(_, beat)| *beat == Beat::Alive),
                "seed {seed}"
            );

            let broken = play(&script, Some(&script.trouble));
            let beats = broken.pings.heard.borrow();
            let words = || format!("seed {seed}: {beats:?}\n{}\n{broken}", script.words());
            assert_eq!(
                beats.last().map(|(_, beat)| *beat),
                Some(Beat::Alive),
                "{}",
                words()
            );
            // That something is overdue is told once, until all was told.
            let is_repeated = beats
                .windows(2)
                .any(|two| two.iter().all(|(_, beat)| *beat == Beat::Failing));
            assert!(!is_repeated, "{}", words());
            failing += beats
                .iter()
                .filter(|(_, beat)| *beat == Beat::Failing)
                .count();
        }
    }
    assert!(failing > 0, "no trouble was long enough");
}

/// Whoever hears of failures alone cannot tell whether the environment is up.
#[test]
fn a_route_by_outcome_does_not_hear_of_the_whole_environment() {
    let routes = r#"{"routes": [
        {"name": "fails", "match": {"outcome": "failed"}, "webhook": "/fails", "events": true},
        {"name": "pay", "match": {"cluster": "pay-*"}, "webhook": "/pay", "events": true}]}"#;
    let routes = Routes::parse(routes).unwrap();
    let world = play(&Script::of(0), None);
    let reader = Reader::english(chrono_tz::UTC);
    let receivers = Receivers::new(routes, reader, |_| &world.ears[0]);
    let machine: Rc<dyn Machine> = world.device.clone();
    let receivers = receivers.with_machines(vec![(MachineKind::Http, machine)], None);
    let machines = receivers.machines().iter();
    let heard: Vec<_> = machines
        .map(|one| (&*one.name, one.is_by_outcome))
        .collect();
    let expected = [("http", false), ("http:fails", true), ("http:pay", false)];
    assert_eq!(heard, expected);
}
