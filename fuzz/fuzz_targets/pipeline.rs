//! Whatever stands in an SQS record: decoding, folding, summarising and rendering never panic, the roll does not
//! depend on the order, facts survive the log's JSON, and no message leaves Slack's limits.
//!
//! Every line of the input is the body of one record.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rollcall::decode::{Decoded, decode};
use rollcall::fact::Fact;
use rollcall::roll::Roll;
use rollcall::slack::message::TableForm;
use rollcall::slack::render::render;
use rollcall::summary::Summary;
use rollcall::window::Windowing;

#[path = "../../tests/it/slack_reference.rs"]
mod slack_reference;

fuzz_target!(|input: &str| {
    let facts: Vec<Fact> = input.lines().map(fact).collect();
    for fact in &facts {
        let stored = serde_json::to_string(fact).expect("a fact is JSON");
        assert_eq!(
            serde_json::from_str::<Fact>(&stored).expect("JSON of a fact"),
            *fact
        );
    }
    let roll = Roll::fold(&facts);
    assert_eq!(roll, Roll::fold(facts.iter().rev().chain(&facts)));

    let windowing = Windowing {
        environment: None,
        period: std::time::Duration::from_mins(30),
    };
    let Some(Fact::Called(call)) = facts.iter().find(|fact| matches!(fact, Fact::Called(_))) else {
        return;
    };
    let key = windowing.key_of(call);
    let summary = Summary::new(&key, &roll, chrono_tz::Asia::Seoul);
    for form in [TableForm::Table, TableForm::Preformatted] {
        let message = render(&summary, Some(slack_reference::MENTION), form);
        let body = serde_json::to_string(&message).expect("a message is JSON");
        let read: serde_json::Value = serde_json::from_str(&body).expect("the JSON of a message");
        assert_eq!(
            read,
            serde_json::to_value(&message).expect("a message is JSON")
        );
        slack_reference::check(&read, summary.has_failures());
    }
});

/// What a record says; here every other record is one that cannot be decoded.
fn fact(body: &str) -> Fact {
    match decode(Some(body)) {
        Ok(Decoded::Call(call)) => Fact::Called(call),
        Ok(Decoded::Ignored(reason)) => Fact::Undecodable {
            message_id: reason.to_string(),
        },
        Err(error) => Fact::Undecodable {
            message_id: error.to_string(),
        },
    }
}
