//! Decoding, folding and rendering, without any I/O: what a batch costs, and how the cost grows.
//!
//! `cargo bench --bench pipeline`

#[path = "batch/mod.rs"]
#[allow(dead_code, reason = "the other bench uses the rest")]
mod batch;

use aws_lambda_events::sqs::SqsMessage;
use chrono::DateTime;
use chrono_tz::Asia;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use rollcall::config::DEFAULT_WAIT_POLICY;
use rollcall::core::decide::MessageKind;
use rollcall::core::decode::{Decoded, decode};
use rollcall::core::fact::Fact;
use rollcall::core::observation::Observations;
use rollcall::core::reader::Reader;
use rollcall::core::runs::{Arrival, Runs};
use rollcall::core::snapshot::WindowSnapshot;
use rollcall::core::summary::Summary;
use rollcall::core::window::WindowKey;
use rollcall::slack::message::{Message, TableForm};
use rollcall::slack::render::render;

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
    use super::{
        Bencher, TableForm, black_box, facts, in_words, messages, render, runs, summarise,
    };

    const RECORDS: usize = 10_000;

    #[divan::bench]
    fn decode(bencher: Bencher) {
        let messages = messages(RECORDS, 0);
        bencher.bench_local(|| facts(black_box(&messages)));
    }

    #[divan::bench]
    fn fold(bencher: Bencher) {
        let facts = facts(&messages(RECORDS, 0));
        bencher.bench_local(|| runs(black_box(&facts)));
    }

    #[divan::bench]
    fn summary(bencher: Bencher) {
        let runs = runs(&facts(&messages(RECORDS, 0)));
        bencher.bench_local(|| in_words(black_box(&runs)));
    }

    #[divan::bench]
    fn render_message(bencher: Bencher) {
        let summary = summarise(&facts(&messages(RECORDS, 0)));
        bencher.bench_local(|| render(black_box(&summary), None, TableForm::Table));
    }
}

fn bench(bencher: Bencher, records: usize, service_events: usize) {
    let messages = messages(records, service_events);
    let bytes: usize = messages
        .iter()
        .filter_map(|message| message.body.as_ref())
        .map(String::len)
        .sum();
    bencher
        .counter(BytesCount::new(bytes))
        .counter(ItemsCount::new(records))
        .bench_local(|| report(black_box(&messages)));
}

fn messages(records: usize, service_events: usize) -> Vec<SqsMessage> {
    let message = |body| {
        let mut message = SqsMessage::default();
        message.body = Some(body);
        message
    };
    batch::bodies(records, service_events)
        .map(message)
        .collect()
}

fn report(messages: &[SqsMessage]) -> Message {
    render(&summarise(&facts(messages)), None, TableForm::Table)
}

fn facts(messages: &[SqsMessage]) -> Vec<Fact> {
    let fact = |message| match decode(message) {
        Ok(Decoded::Fact { fact, .. }) => fact,
        other => panic!("no call: {other:?}"),
    };
    messages.iter().map(fact).collect()
}

fn runs(facts: &[Fact]) -> Runs {
    let arrival = Arrival {
        at: DateTime::UNIX_EPOCH,
        siblings_until: None,
    };
    Runs::fold(
        DateTime::UNIX_EPOCH,
        facts.iter().map(|fact| (fact, arrival)),
    )
}

/// How everything stands, in words.
fn in_words(runs: &Runs) -> Summary {
    let key = WindowKey {
        start: DateTime::UNIX_EPOCH,
        environment: "dev".to_owned(),
    };
    let observations = Observations::default();
    let (policy, now) = (DEFAULT_WAIT_POLICY, DateTime::UNIX_EPOCH);
    let snapshot = WindowSnapshot::new(&key, runs, &observations, policy, now);
    let all: Vec<usize> = (0..snapshot.statuses.len()).collect();
    Summary::new(
        &snapshot,
        &all,
        MessageKind::First,
        Reader::english(Asia::Seoul),
    )
}

fn summarise(facts: &[Fact]) -> Summary {
    in_words(&runs(facts))
}
