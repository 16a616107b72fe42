//! No summary, however large or hostile, makes a message that Slack's documented limits refuse.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rollcall::config::DEFAULT_WAIT_POLICY;
use rollcall::core::decide::{MessageKind, ThreadNews, thread_news};
use rollcall::core::fact::Fact;
use rollcall::core::policy::WaitPolicy;
use rollcall::core::snapshot::WindowSnapshot;
use rollcall::core::summary::{News, Summary};
use rollcall::core::told::Told;
use rollcall::core::window::WindowKey;
use rollcall::slack::message::TableForm;
use rollcall::slack::render::render;
use rollcall::slack::reply::reply;
use serde_json::Value;

use crate::arbitrary::{answers, facts, fold, hostile_text, moment, observe, start};
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
    let told = summary.rows[..shown].iter().flat_map(|row| &row.counts);
    let told: usize = told.map(|(_, count)| count).sum();
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
        answers in answers(60),
        seconds in 0_i64..4_000,
        environment in hostile_text(),
        kind in prop::sample::select(vec![MessageKind::First, MessageKind::Later, MessageKind::Changes]),
    ) {
        let key = WindowKey { start: start(), environment };
        let runs = fold(&facts);
        let observations = observe(&runs, &answers);
        let snapshot = WindowSnapshot::new(&key, &runs, &observations, DEFAULT_WAIT_POLICY, moment(seconds));
        let all: Vec<usize> = (0..snapshot.statuses.len()).collect();
        let summary = Summary::new(&snapshot, &all, kind, chrono_tz::Asia::Seoul);
        for form in [TableForm::Table, TableForm::Preformatted] {
            let message = serde_json::to_value(render(&summary, Some(MENTION), form)).unwrap();
            check(&message, summary.has_failures());
            check_failures(&message, &summary);
            if form == TableForm::Table {
                check_complete(&message, &summary);
            }
            for has_ended in [false, true] {
                let summary = Summary::live(&snapshot, &all, kind, has_ended, chrono_tz::UTC);
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
        seconds in 0_i64..4_000,
    ) {
        let key = WindowKey { start: start(), environment: "dev".to_owned() };
        let everything: Vec<Fact> = before.iter().chain(&after).cloned().collect();
        let mut replied = Told::default();
        for facts in [before, everything] {
            let runs = fold(&facts);
            let observations = observe(&runs, &[]);
            let snapshot =
                WindowSnapshot::new(&key, &runs, &observations, DEFAULT_WAIT_POLICY, moment(seconds));
            let all: Vec<usize> = (0..snapshot.statuses.len()).collect();
            let news = thread_news(&snapshot, &all, &replied, true).unwrap_or_default();
            if news != ThreadNews::default() {
                let news = News::of(&snapshot, &news, chrono_tz::UTC);
                let reply = serde_json::to_value(reply(&news, Some(MENTION))).unwrap();
                check(&reply, !news.failures.is_empty());
            }
            for &index in &news.failed {
                let one = &snapshot.statuses[index];
                replied.tell(one.subject, one.run, &one.status);
            }
        }
    }
}

#[test]
fn drops_succeeded_rows_before_failed_ones() {
    let ok = |id: usize| format!(r#"{{"update_service":{}}}"#, call_json(id, r#""accepted""#));
    let failed = |id: usize| {
        format!(
            r#"{{"update_service":{}}}"#,
            call_json(
                id,
                r#"{"failed":{"code":"ThrottlingException","message":null}}"#
            )
        )
    };
    let policy = WaitPolicy {
        verify: None,
        ..DEFAULT_WAIT_POLICY
    };
    let facts: Vec<Fact> = (0..300)
        .map(|id| serde_json::from_str(&if id < 60 { failed(id) } else { ok(id) }).unwrap())
        .collect();
    let key = WindowKey {
        start: start(),
        environment: "dev".to_owned(),
    };
    let runs = fold(&facts);
    let observations = observe(&runs, &[]);
    let now = moment(3_600);
    let snapshot = WindowSnapshot::new(&key, &runs, &observations, policy, now);
    let all: Vec<usize> = (0..snapshot.statuses.len()).collect();
    let summary = Summary::new(&snapshot, &all, MessageKind::First, chrono_tz::UTC);
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
