//! Decoding, folding and rendering, without any I/O: what a batch costs, and how the cost grows.
//!
//! `cargo bench --bench pipeline`

#[path = "batch/mod.rs"]
#[allow(dead_code, reason = "the other bench uses the rest")]
mod batch;

use std::time::Duration;

use chrono_tz::Asia;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use rollcall::decode::{Decoded, decode};
use rollcall::fact::Fact;
use rollcall::roll::Roll;
use rollcall::slack::message::{Message, TableForm};
use rollcall::slack::render::render;
use rollcall::summary::Summary;
use rollcall::window::Windowing;

fn main() {
    divan::main();
}

/// Records as large as ECS makes them: 20, and what fills Lambda's largest event.
#[divan::bench(args = [20, batch::LARGE_RECORDS])]
fn large_records(bencher: Bencher, records: usize) {
    bench(bencher, records, 100);
}

/// Records without an answer: how the cost grows with their number.
#[divan::bench(args = [20, 1_000, 2_000, 5_000, 10_000])]
fn small_records(bencher: Bencher, records: usize) {
    bench(bencher, records, 0);
}

/// The shares of the steps at ten thousand.
#[divan::bench_group]
mod of_10_000_small_records {
    use super::{Bencher, Roll, TableForm, batch, black_box, facts, render, summarise};

    const RECORDS: usize = 10_000;

    fn bodies() -> Vec<String> {
        batch::bodies(RECORDS, 0).collect()
    }

    #[divan::bench]
    fn decode(bencher: Bencher) {
        let bodies = bodies();
        bencher.bench_local(|| facts(black_box(&bodies)));
    }

    #[divan::bench]
    fn fold(bencher: Bencher) {
        let facts = facts(&bodies());
        bencher.bench_local(|| Roll::fold(black_box(&facts)));
    }

    #[divan::bench]
    fn render_message(bencher: Bencher) {
        let summary = summarise(&facts(&bodies()));
        bencher.bench_local(|| render(black_box(&summary), None, TableForm::Table));
    }
}

fn bench(bencher: Bencher, records: usize, service_events: usize) {
    let bodies: Vec<String> = batch::bodies(records, service_events).collect();
    let bytes: usize = bodies.iter().map(String::len).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .counter(ItemsCount::new(records))
        .bench_local(|| report(black_box(&bodies)));
}

fn report(bodies: &[String]) -> Message {
    render(&summarise(&facts(bodies)), None, TableForm::Table)
}

fn facts(bodies: &[String]) -> Vec<Fact> {
    bodies
        .iter()
        .map(|body| match decode(Some(body)) {
            Ok(Decoded::Call(call)) => Fact::Called(call),
            other => panic!("no call: {other:?}"),
        })
        .collect()
}

fn summarise(facts: &[Fact]) -> Summary {
    let windowing = Windowing {
        environment: Some("dev".to_owned()),
        period: Duration::from_mins(30),
    };
    let Some(Fact::Called(call)) = facts.first() else {
        panic!("no call")
    };
    Summary::new(&windowing.key_of(call), &Roll::fold(facts), Asia::Seoul)
}
