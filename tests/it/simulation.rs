//! The promise of the product, in virtual time: however events arrive and whatever dies or fails on the way,
//! each window is said once, nothing is lost, and what people were told is how things stand.
//!
//! The real function runs against the real log in memory; only time, the queue, Slack and the faults are
//! simulated. Nothing sleeps. `PROPTEST_CASES` makes a longer run; a failure shrinks to a small world and
//! prints its story.

mod checks;
mod circumstances;
mod ecs;
mod exhaustive;
mod invocation;
mod mail;
mod plan;
mod ports;
mod truth;
mod world;

use std::cell::Cell;

use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use self::checks::{Tally, check};
use self::plan::{Plan, plan};
use self::world::World;

/// Lives a world and checks it; a violation comes with the world's story.
fn live(plan: &Plan) -> Result<(World, Tally), String> {
    let world = World::live(plan)?;
    let tally = check(&world).map_err(|problem| format!("{problem}\n{}", world.story()))?;
    Ok((world, tally))
}

#[test]
fn every_world_is_told_once_and_truly() {
    // Proptest's default is meant for cases that take longer.
    let cases = match Config::default().cases {
        256 => 3_000,
        cases => cases,
    };
    let total = Cell::new(Tally::default());
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        max_shrink_time: 20_000,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&plan(), |plan| {
        let (_, tally) = live(&plan).map_err(TestCaseError::fail)?;
        let mut sum = total.get();
        sum.add(tally);
        total.set(sum);
        Ok(())
    });
    match result {
        Ok(()) => eprintln!("{:#?}", total.get()),
        Err(TestError::Fail(reason, plan)) => panic!("{reason}\n{plan:?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}
