//! No summary, however large or hostile, makes a message that Slack's documented limits refuse.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rollcall::core::fact::Fact;
use rollcall::core::summary::{News, Stage, Summary};
use rollcall::core::window::WindowKey;
use rollcall::roll::{Over, Roll};
use rollcall::slack::message::TableForm;
use rollcall::slack::render::render;
use rollcall::slack::reply::reply;
use serde_json::Value;

use crate::arbitrary::{facts, hostile_text};
use crate::slack_reference::{MENTION, check};

/// What the rows shown stand for, plus what is counted as left out, is all there is.
fn check_complete(message: &Value, summary: &Summary) {
    let blocks = message["blocks"].as_array().unwrap();
    let table = blocks.iter().find(|block| block["type"] == "table");
    let shown = table.map_or(0, |table| table["rows"].as_array().unwrap().len() - 1);
    let totals = blocks
        .iter()
        .filter_map(|block| block["text"]["text"].as_str())
        .find(|text| text.contains("*Total: ") || text.contains("*Jobs: "));
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
    let told: usize = summary.rows[..shown].iter().map(|row| row.count).sum();
    let counts = &summary.counts;
    let all = counts.all() + counts.unnamed + summary.jobs.all();
    assert_eq!(told + counted, all, "{totals}");
    assert!(totals.contains(&summary.totals()));
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
        .map(|failure| failure.code.as_str())
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
        let roll = Roll::fold(&facts);
        let summary = Summary::new(&key, &roll, Over::ALL, chrono_tz::Asia::Seoul);
        for form in [TableForm::Table, TableForm::Preformatted] {
            let message = serde_json::to_value(render(&summary, Some(MENTION), form)).unwrap();
            check(&message, summary.has_failures());
            check_failures(&message, &summary);
            if form == TableForm::Table {
                check_complete(&message, &summary);
            }
            for stage in [Stage::Waiting, Stage::Ended] {
                let summary = Summary::live(&key, &roll, Over::ALL, stage, chrono_tz::UTC);
                check(&serde_json::to_value(render(&summary, None, form)).unwrap(), false);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_reply_keeps_slacks_limits(
        before in prop_oneof![4 => facts(30), 2 => facts(600)],
        after in facts(600),
    ) {
        let everything = Roll::fold(before.iter().chain(&after));
        let (news, told) = News::since(&BTreeSet::new(), &Roll::fold(&before), Over::ALL, true, chrono_tz::UTC)
            .unwrap_or_default();
        let later = News::since(&told, &everything, Over::ALL, true, chrono_tz::UTC).map(|(news, _)| news);
        for news in [news].into_iter().chain(later).filter(|news| *news != News::default()) {
            let message = serde_json::to_value(reply(&news, Some(MENTION))).unwrap();
            check(&message, !news.failures.is_empty());
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
    let summary = Summary::new(&key, &Roll::fold(&facts), Over::ALL, chrono_tz::UTC);
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
