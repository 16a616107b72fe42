//! Laws of the fold and of the telling, over random input.

mod telling;

use proptest::prelude::*;
use rollcall::core::fact::Fact;
use rollcall::core::runs::{Answer, Arrival, Attempt, Runs};
use rollcall::core::window::WindowKey;
use rollcall::memory_log::MemoryLog;
use rollcall::ports::window_log::WindowLog;

use crate::arbitrary::{calls, facts};

const ARRIVAL: Arrival = Arrival {
    at: chrono::DateTime::UNIX_EPOCH,
    siblings_until: None,
};

fn key() -> WindowKey {
    WindowKey {
        start: chrono::DateTime::UNIX_EPOCH,
        environment: "dev".to_owned(),
    }
}

fn fold(facts: &[Fact]) -> Runs {
    Runs::fold(key().start, facts.iter().map(|fact| (fact, ARRIVAL)))
}

/// Appends the facts in the given batches and folds what the log then holds.
fn runs_of_batches(batches: &[Vec<Fact>]) -> Runs {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let log = MemoryLog::default();
        for batch in batches {
            log.append(&key(), batch, ARRIVAL).await.unwrap();
        }
        Runs::fold(key().start, log.contents(&key()).facts())
    })
}

proptest! {
    #[test]
    fn order_makes_no_difference((facts, shuffled) in facts(40).prop_flat_map(|facts| {
        (Just(facts.clone()), Just(facts).prop_shuffle())
    })) {
        prop_assert_eq!(fold(&facts), fold(&shuffled));
    }

    #[test]
    fn repetition_makes_no_difference((facts, repeated) in facts(40).prop_flat_map(|facts| {
        let again = prop::sample::subsequence(facts.clone(), 0..=facts.len());
        (Just(facts), again)
    })) {
        let twice: Vec<Fact> = repeated.iter().chain(&facts).chain(&repeated).cloned().collect();
        prop_assert_eq!(fold(&facts), fold(&twice));
    }

    #[test]
    fn grouping_into_batches_makes_no_difference(facts in facts(40), size in 1_usize..10) {
        let batches: Vec<Vec<Fact>> = facts.chunks(size).map(<[Fact]>::to_vec).collect();
        prop_assert_eq!(fold(&facts), runs_of_batches(&batches));
        prop_assert_eq!(fold(&facts), runs_of_batches(&[batches.clone(), batches].concat()));
    }

    #[test]
    fn a_repetition_that_arrives_later_is_no_news(facts in facts(20), later in 1_i64..1_000) {
        let again = Arrival { at: ARRIVAL.at + chrono::TimeDelta::seconds(later), ..ARRIVAL };
        let twice = facts.iter().map(|fact| (fact, again)).chain(facts.iter().map(|fact| (fact, ARRIVAL)));
        prop_assert_eq!(fold(&facts), Runs::fold(key().start, twice));
    }

    #[test]
    fn no_call_is_dropped(facts in calls(40)) {
        let runs = fold(&facts);
        let distinct: std::collections::BTreeSet<_> = facts.iter().map(Fact::id).collect();
        let known: usize = runs.iter().map(|(_, run)| run.attempts.len() + run.interventions.len()).sum();
        prop_assert_eq!(distinct.len(), known + runs.elsewhere.len() + runs.undecodable);
    }

    #[test]
    fn one_acceptance_decides_a_run(facts in facts(40)) {
        for (_, run) in fold(&facts).iter() {
            let accepted: Vec<_> = run.attempts.iter().filter(|one| one.error.is_none()).collect();
            match run.answer() {
                Answer::Accepted(at) => prop_assert_eq!(at, accepted[0].at),
                Answer::Refused(_) => prop_assert!(accepted.is_empty() && run.is_answered()),
                Answer::None => prop_assert!(run.attempts.is_empty() && run.given_up.is_none()),
            }
            let is_sorted = run.attempts.is_sorted_by_key(|attempt: &Attempt| attempt.at);
            prop_assert!(is_sorted, "{:?}", run.attempts);
        }
    }
}
