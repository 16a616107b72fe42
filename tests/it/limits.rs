//! No summary, however large or hostile, makes a message that Slack's documented limits refuse.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rollcall::fact::Fact;
use rollcall::roll::Roll;
use rollcall::slack::message::TableForm;
use rollcall::slack::render::render;
use rollcall::summary::Summary;
use rollcall::window::WindowKey;
use serde_json::Value;

use crate::arbitrary::{facts, hostile_text};

const MENTION: &str = "<!subteam^S012AB3CD>";

fn characters(value: &Value) -> usize {
    value.as_str().unwrap().chars().count()
}

/// All texts of blocks, wherever they stand.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::String(text) if name == "text" => found.push(text.clone()),
                    other => texts(other, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        _ => {}
    }
}

fn check_block(block: &Value) {
    match block["type"].as_str().unwrap() {
        "header" => assert!((1..=150).contains(&characters(&block["text"]["text"]))),
        "section" => assert!((1..=3_000).contains(&characters(&block["text"]["text"]))),
        "context" => {
            let elements = block["elements"].as_array().unwrap();
            assert!((1..=10).contains(&elements.len()));
            for element in elements {
                assert!((1..=3_000).contains(&characters(&element["text"])));
            }
        }
        "table" => {
            let rows = block["rows"].as_array().unwrap();
            assert!((2..=100).contains(&rows.len()));
            let cells: Vec<&Value> = rows
                .iter()
                .flat_map(|row| row.as_array().unwrap())
                .collect();
            assert!(rows.iter().all(|row| row.as_array().unwrap().len() == 3));
            assert!(cells.iter().all(|cell| characters(&cell["text"]) >= 1));
            assert!(
                cells
                    .iter()
                    .map(|cell| characters(&cell["text"]))
                    .sum::<usize>()
                    <= 10_000
            );
        }
        other => panic!("unexpected block {other}"),
    }
}

/// Checks a message against the limits of Slack's reference, counted from its JSON.
fn check(message: &Value, may_mention: bool) {
    let blocks = message["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50);
    assert!(
        blocks
            .iter()
            .filter(|block| block["type"] == "table")
            .count()
            <= 1
    );
    blocks.iter().for_each(check_block);

    let mut all = Vec::new();
    texts(&message["blocks"], &mut all);
    let bytes: usize = all.iter().map(String::len).sum();
    assert!(bytes <= 10_000, "{bytes} bytes of text in blocks");
    assert!((1..=4_000).contains(&message["text"].as_str().unwrap().len()));

    all.push(message["text"].as_str().unwrap().to_owned());
    for text in &all {
        let text = if may_mention {
            text.replace(MENTION, "")
        } else {
            text.clone()
        };
        for opening in ["<!", "<@", "<#"] {
            assert!(!text.contains(opening), "{text:?} may ping");
        }
        let fences = text.matches("```").count();
        assert!(
            fences == 0 || (fences == 2 && text.starts_with("```") && text.ends_with("```")),
            "{text:?}"
        );
        assert!(!text.contains(['\u{202e}', '\0', '\u{1b}']));
    }
}

/// What the rows shown stand for, plus what is counted as left out, is all there is.
fn check_complete(message: &Value, summary: &Summary) {
    let blocks = message["blocks"].as_array().unwrap();
    let table = blocks.iter().find(|block| block["type"] == "table");
    let shown = table.map_or(0, |table| table["rows"].as_array().unwrap().len() - 1);
    let totals = blocks
        .iter()
        .filter_map(|block| block["text"]["text"].as_str())
        .find(|text| text.contains("*Total: "));
    let totals = totals.unwrap();
    let counted: usize = match totals
        .lines()
        .next()
        .filter(|line| line.starts_with("… and "))
    {
        Some(line) => line
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse::<usize>().ok())
            .sum(),
        None => 0,
    };
    let told: usize = summary.rows[..shown]
        .iter()
        .map(|row| row.status.count())
        .sum();
    assert_eq!(
        told + counted,
        summary.succeeded + summary.failed,
        "{totals}"
    );
    assert!(totals.contains(&format!(
        "{} succeeded, {} failed",
        summary.succeeded, summary.failed
    )));
    assert!(
        message["text"]
            .as_str()
            .unwrap()
            .contains(&summary.totals())
    );
}

/// Every error code that failed is named, or counted among the others.
fn check_failures(message: &Value, summary: &Summary) {
    let text = message["text"].as_str().unwrap();
    let codes: BTreeSet<&str> = summary
        .failures
        .iter()
        .map(|failure| failure.error.code.as_str())
        .collect();
    for code in codes.into_iter().filter(|code| {
        code.bytes().all(|byte| byte.is_ascii_alphabetic()) && (5..100).contains(&code.len())
    }) {
        assert!(
            text.contains(code) || text.contains("other errors"),
            "{code} is missing in {text}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_message_keeps_slacks_limits(
        facts in prop_oneof![4 => facts(30), 3 => facts(150), 2 => facts(600)],
        environment in hostile_text(),
    ) {
        let key = WindowKey { start: chrono::DateTime::UNIX_EPOCH, environment };
        let summary = Summary::new(&key, &Roll::fold(&facts), chrono_tz::Asia::Seoul);
        for form in [TableForm::Table, TableForm::Preformatted] {
            let message = serde_json::to_value(render(&summary, Some(MENTION), form)).unwrap();
            check(&message, summary.has_failures());
            check_failures(&message, &summary);
            if form == TableForm::Table {
                check_complete(&message, &summary);
            }
        }
    }
}

#[test]
fn drops_succeeded_rows_before_failed_ones() {
    let ok = |id: usize| format!(r#"{{"called":{}}}"#, call_json(id, r#""accepted""#));
    let failed = |id: usize| {
        format!(
            r#"{{"called":{}}}"#,
            call_json(
                id,
                r#"{"failed":{"code":"ThrottlingException","message":null}}"#
            )
        )
    };
    let facts: Vec<Fact> = (0..300)
        .map(|id| serde_json::from_str(&if id < 60 { failed(id) } else { ok(id) }).unwrap())
        .collect();
    let key = WindowKey {
        start: chrono::DateTime::UNIX_EPOCH,
        environment: "dev".to_owned(),
    };
    let summary = Summary::new(&key, &Roll::fold(&facts), chrono_tz::UTC);
    let message = serde_json::to_value(render(&summary, None, TableForm::Table)).unwrap();
    let totals = message["blocks"][3]["text"]["text"].as_str().unwrap();
    assert_eq!(
        totals,
        "… and 201 more succeeded\n*Total: 240 succeeded, 60 failed*"
    );
}

fn call_json(id: usize, outcome: &str) -> String {
    format!(
        r#"{{"event_time":"2024-01-15T00:00:00Z","outcome":{outcome},"event_id":"{id}","account":"123456789012",
            "region":"ap-northeast-2","cluster":"dev","service":"service-{id:03}",
            "action":{{"kind":"scale_up","desired_count":1}},
            "caller":{{"role":"dev-ecs-scheduler","session":null,"is_scheduler":true}}}}"#
    )
}
