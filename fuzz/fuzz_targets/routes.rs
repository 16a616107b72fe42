//! Whatever stands in a file of routes: reading them never panics, what is read writes and reads again as the same, and
//! whatever a run is like, somebody hears of it.
//!
//! The first line of the input is what a run is like, its words in the order of the traits; the rest is the routes' JSON.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use rollcall::core::routes::{DEFAULT, Outcome, Routes, TEXT_LIMIT, Traits};

fuzz_target!(|input: &str| {
    let (run, json) = input.split_once('\n').unwrap_or(("", input));
    let routes = match Routes::parse(json) {
        Ok(routes) => routes,
        Err(invalid) => return assert!(!invalid.0.is_empty()),
    };
    let written = routes.to_json().to_string();
    if written.len() <= TEXT_LIMIT {
        assert_eq!(Routes::parse(&written).as_ref(), Ok(&routes));
    }

    let mut words = run.split(' ').filter(|word| !word.is_empty());
    let labels: BTreeMap<String, String> = words
        .clone()
        .filter_map(|word| word.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut traits = Traits {
        environment: words.next().unwrap_or_default(),
        cluster: words.next(),
        service: words.next(),
        account: words.next(),
        region: words.next(),
        schedule: words.next(),
        labels: Some(&labels),
        outcome: None,
        is_open: false,
    };
    let count = routes.receivers().len();
    let under_way = routes.receivers_of(&traits);
    assert!(!under_way.is_empty() && under_way.iter().all(|place| *place < count));
    for outcome in [Outcome::Failed, Outcome::Succeeded] {
        traits.outcome = Some(outcome);
        // An outcome adds receivers and takes none away.
        assert!(routes.receivers_of(&traits).is_superset(&under_way));
    }
    traits.outcome = None;
    let may = routes.receivers_that_may(&traits);
    assert!(!may.is_empty() && may.iter().all(|place| *place < count));
    assert!(may.is_superset(&under_way) || under_way.contains(&DEFAULT));
});
