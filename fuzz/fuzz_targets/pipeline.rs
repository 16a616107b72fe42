//! Whatever stands in an SQS record: decoding, folding, summarising and rendering never panic, runs do not depend
//! on the order of facts, facts survive the log's JSON, and no message leaves Slack's limits.
//!
//! Every line of the input is the body of one record; after a `!` it is that of a schedule's dead letter.

#![no_main]

use std::time::Duration;

use aws_lambda_events::sqs::{SqsMessage, SqsMessageAttribute};
use libfuzzer_sys::fuzz_target;
use rollcall::config::DEFAULT_WAIT_POLICY;
use rollcall::core::decide::MessageKind;
use rollcall::core::decode::{Decoded, decode};
use rollcall::core::fact::Fact;
use rollcall::core::observation::Observations;
use rollcall::core::runs::{Arrival, Runs};
use rollcall::core::snapshot::WindowSnapshot;
use rollcall::core::reader::Reader;
use rollcall::core::summary::Summary;
use rollcall::core::window::{WindowKey, Windowing};
use rollcall::slack::message::TableForm;
use rollcall::slack::render::render;
use serde_json::Value;

#[path = "../../tests/it/slack_reference.rs"]
mod slack_reference;

const WINDOWING: Windowing = Windowing {
    environment: None,
    period: Duration::from_mins(30),
};

fuzz_target!(|input: &str| {
    let facts: Vec<Fact> = input.lines().flat_map(facts).collect();
    for fact in &facts {
        let stored = serde_json::to_string(fact).expect("a fact is JSON");
        let read: Fact = serde_json::from_str(&stored).expect("the JSON of a fact");
        assert_eq!(read, *fact);
    }
    let mut keys = facts.iter().flat_map(|fact| WINDOWING.keys_of(fact));
    let Some(key) = keys.next() else { return };
    let runs = fold(&key, &facts);
    assert_eq!(runs, fold(&key, facts.iter().rev().chain(&facts)));

    let observations = Observations::default();
    // In the middle of the window, and when everything has had its time.
    for minutes in [10, 24 * 60] {
        let now = key.start + Duration::from_mins(minutes);
        let snapshot = WindowSnapshot::new(&key, &runs, &observations, DEFAULT_WAIT_POLICY, now);
        let all: Vec<usize> = (0..snapshot.statuses.len()).collect();
        let reader = Reader::english(chrono_tz::Asia::Seoul);
        let summary = Summary::new(&snapshot, &all, MessageKind::First, reader);
        for form in [TableForm::Table, TableForm::Preformatted] {
            let message = render(&summary, Some(slack_reference::MENTION), form);
            let body = serde_json::to_string(&message).expect("a message is JSON");
            let read: Value = serde_json::from_str(&body).expect("the JSON of a message");
            assert_eq!(
                read,
                serde_json::to_value(&message).expect("a message is JSON")
            );
            slack_reference::check(&read, summary.is_alarm());
        }
    }
});

fn fold<'a>(key: &WindowKey, facts: impl IntoIterator<Item = &'a Fact>) -> Runs {
    let arrival = Arrival {
        at: key.start,
        siblings_until: None,
    };
    Runs::fold(key.start, facts.into_iter().map(|fact| (fact, arrival)))
}

/// What a record says; here every record that cannot be decoded is mentioned.
fn facts(line: &str) -> Vec<Fact> {
    let mut record = SqsMessage::default();
    if let Some(input) = line.strip_prefix('!') {
        record.body = Some(input.to_owned());
        for (name, value) in [
            (
                "SCHEDULE_ARN",
                "arn:aws:scheduler:ap-northeast-2:123456789012:schedule/dev/morning",
            ),
            ("SCHEDULED_TIME", "2024-01-15T00:00:00Z"),
            ("ERROR_CODE", "ThrottlingException"),
            ("RETRY_ATTEMPTS", "3"),
        ] {
            let mut attribute = SqsMessageAttribute::default();
            attribute.string_value = Some(value.to_owned());
            record.message_attributes.insert(name.to_owned(), attribute);
        }
    } else {
        record.body = Some(line.to_owned());
    }
    match decode(&record) {
        Ok(Decoded::Fact { fact, .. }) => vec![fact],
        Ok(Decoded::Timer { .. } | Decoded::Ignored(_)) => Vec::new(),
        Err(error) => vec![Fact::Undecodable {
            message_id: error.to_string(),
        }],
    }
}
