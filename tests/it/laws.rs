//! The laws of the fold: order, grouping and repetition of facts make no difference.

use proptest::prelude::*;
use rollcall::core::fact::{Fact, Outcome};
use rollcall::core::window::{MemoryLog, WindowKey, WindowLog};
use rollcall::roll::Roll;

use crate::arbitrary::{calls, facts};

fn key() -> WindowKey {
    WindowKey {
        start: chrono::DateTime::UNIX_EPOCH,
        environment: "dev".to_owned(),
    }
}

/// Appends the facts in the given batches and folds what the log then holds.
fn roll_of_batches(batches: &[Vec<Fact>]) -> Roll {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let log = MemoryLog::default();
        for batch in batches {
            log.append(&key(), batch, chrono::DateTime::UNIX_EPOCH)
                .await
                .unwrap();
        }
        Roll::fold(
            log.read(&key())
                .await
                .unwrap()
                .iter()
                .flat_map(|batch| &batch.facts),
        )
    })
}

proptest! {
    #[test]
    fn order_makes_no_difference((facts, shuffled) in facts(40).prop_flat_map(|facts| {
        (Just(facts.clone()), Just(facts).prop_shuffle())
    })) {
        prop_assert_eq!(Roll::fold(&facts), Roll::fold(&shuffled));
    }

    #[test]
    fn repetition_makes_no_difference((facts, repeated) in facts(40).prop_flat_map(|facts| {
        let again = prop::sample::subsequence(facts.clone(), 0..=facts.len());
        (Just(facts), again)
    })) {
        let twice: Vec<Fact> = repeated.iter().chain(&facts).chain(&repeated).cloned().collect();
        prop_assert_eq!(Roll::fold(&facts), Roll::fold(&twice));
    }

    #[test]
    fn grouping_into_batches_makes_no_difference(facts in facts(40), size in 1_usize..10) {
        let batches: Vec<Vec<Fact>> = facts.chunks(size).map(<[Fact]>::to_vec).collect();
        prop_assert_eq!(Roll::fold(&facts), roll_of_batches(&batches));
        prop_assert_eq!(Roll::fold(&facts), roll_of_batches(&[batches.clone(), batches].concat()));
    }

    #[test]
    fn no_call_is_dropped(facts in calls(40)) {
        let roll = Roll::fold(&facts);
        let distinct: std::collections::BTreeSet<_> = facts.iter().map(Fact::id).collect();
        let services: usize = roll.services.values().map(|entry| entry.attempts).sum();
        let anonymous: usize = roll.anonymous.values().sum();
        prop_assert_eq!(distinct.len(), services + anonymous + roll.anonymous_accepted + roll.undecodable);
    }

    #[test]
    fn the_last_outcome_decides(facts in calls(40)) {
        let roll = Roll::fold(&facts);
        for (id, entry) in &roll.services {
            let calls = facts.iter().filter_map(|fact| match fact {
                Fact::UpdateService(call) if call.service_id().as_ref() == Some(id) => Some(call),
                _ => None,
            });
            // Where one id was given to several calls, which of them counts is another law's business.
            let calls: Vec<_> = calls.collect();
            let latest = calls.iter().map(|call| call.event_time).max().unwrap();
            let is_unique = |id: &str| facts.iter().filter(|fact| matches!(fact, Fact::UpdateService(call) if call.event_id == id)).count() == 1;
            if calls.iter().all(|call| is_unique(&call.event_id)) {
                let last: Vec<_> = calls.iter().filter(|call| call.event_time == latest).collect();
                prop_assert!(last.iter().any(|call| Some(&call.outcome) == entry.outcome.as_ref()));
                let has_success = last.iter().any(|call| call.outcome == Outcome::Accepted);
                prop_assert_eq!(has_success, entry.outcome == Some(Outcome::Accepted));
            }
        }
    }
}
