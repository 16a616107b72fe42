//! No summary, however large or hostile, makes a message that Slack's documented limits refuse.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rollcall::config::DEFAULT_WAIT_POLICY;
use rollcall::core::decide::{MessageKind, ThreadNews, thread_news};
use rollcall::core::fact::Fact;
use rollcall::core::notice::Notice;
use rollcall::core::overrides::Override;
use rollcall::core::policy::WaitPolicy;
use rollcall::core::reader::{AccountNames, Reader, RowLimit};
use rollcall::core::report::LastReport;
use rollcall::core::runs::Subject;
use rollcall::core::snapshot::WindowSnapshot;
use rollcall::core::summary::{News, Summary};
use rollcall::core::told::Told;
use rollcall::core::window::WindowKey;
use rollcall::core::words::Language;
use rollcall::slack::message::TableForm;
use rollcall::slack::render::{notice, render};
use rollcall::slack::reply::{list, reply};
use serde_json::Value;

use crate::arbitrary::{answers, facts, fold, hostile_text, moment, observe, start};
use crate::slack_reference::{MENTION, check};

/// The rows that a table shows, with those that it counts, are all rows.
fn check_rows(message: &Value, summary: &Summary) {
    let blocks = message["blocks"].as_array().unwrap();
    let Some(table) = blocks.iter().find(|block| block["type"] == "table") else {
        assert!(summary.rows.is_empty() || summary.kind == MessageKind::Changes);
        return;
    };
    let rows = table["rows"].as_array().unwrap();
    let counted = |row: &Value| {
        let name = row[0]["text"].as_str().unwrap();
        let rest = name.strip_prefix('…')?;
        let digits = rest.chars().filter(char::is_ascii_digit);
        digits.collect::<String>().parse().ok()
    };
    let shown: usize = rows[1..].iter().map(|row| counted(row).unwrap_or(1)).sum();
    assert_eq!(shown, summary.rows.len());
    let named = rows[1..].iter().filter(|row| counted(row).is_none());
    assert!(named.count() <= summary.reader.rows.count());
}

/// All numbers of a text.
fn numbers(text: &str) -> Vec<usize> {
    let numbers = text.split(|c: char| !c.is_ascii_digit());
    numbers.filter_map(|number| number.parse().ok()).collect()
}

/// Every total is the sum of its parts, and each service and each run of a job is counted once.
fn check_sums(message: &Value, summary: &Summary, snapshot: &WindowSnapshot<'_>) {
    let statuses = snapshot.statuses.iter();
    let services: BTreeSet<&Subject> = statuses
        .clone()
        .map(|one| one.subject)
        .filter(|subject| matches!(subject, Subject::Service(_)))
        .collect();
    let jobs = statuses.filter(|one| matches!(one.subject, Subject::Job(_)));
    assert_eq!(summary.counts.all(), services.len());
    assert_eq!(summary.jobs.all(), jobs.count());
    let of_rows = summary.rows.iter().filter(|row| row.is_job);
    let of_rows = of_rows.flat_map(|row| &row.counts).map(|(_, count)| count);
    assert_eq!(of_rows.sum::<usize>(), summary.jobs.all());
    let nameless = summary.failures.iter().filter(|one| one.is_nameless);
    let nameless: usize = nameless.map(|one| numbers(&one.subject)[0]).sum();
    assert_eq!(summary.counts.nameless_calls(), nameless);
    let of_reasons: usize = summary.reasons.iter().map(|reason| reason.count).sum();
    assert_eq!(of_reasons, summary.failures.len());

    // The text says the same: parts of the services, then what is missing among calls without a name.
    let totals = summary.totals();
    assert!(message["text"].as_str().unwrap().contains(&totals));
    let english = summary.totals_in(Language::English);
    let of_services = english.split(" · ").next().unwrap();
    let of_services = of_services.strip_prefix("Total: ").unwrap_or_default();
    if services.is_empty() || of_services.contains("name") && !of_services.contains(';') {
        return;
    }
    let mut parts = of_services.split("; ");
    let counted = parts.next().unwrap();
    let counted = match counted.split_once(" of ") {
        Some((called, _)) => numbers(called)[0],
        None => numbers(counted).iter().sum(),
    };
    let missing = parts.filter(|part| part.contains(" missing, "));
    let missing: usize = missing.map(|part| numbers(part)[0]).sum();
    assert_eq!(counted + missing, services.len(), "{english}");
}

/// A message that mentions somebody says why in its first line, and the header says the same as the notification.
fn check_verdict(message: &Value, summary: &Summary) {
    let text = message["text"].as_str().unwrap();
    let header = message["blocks"][0]["text"]["text"].as_str().unwrap();
    let first = text.lines().next().unwrap();
    let marks = ["❌", "⚠️", "⏳", "✅"];
    let mark = marks.iter().find(|mark| first.starts_with(**mark)).unwrap();
    assert!(header.starts_with(mark), "{header} / {first}");
    assert_eq!(text.contains(MENTION), *mark == "❌", "{text}");
    if text.contains(MENTION) {
        let clause = &summary.verdict.clauses[0];
        assert!(
            summary.counts.nameless_calls() > 0 || !summary.failures.is_empty(),
            "{clause}"
        );
        assert!(!first.contains(" 0 failed"), "{first}");
    }
}

/// Every error code that failed is named, or counted among the others.
fn check_failures(message: &Value, summary: &Summary) {
    let blocks = message["blocks"].to_string();
    let is_plain = |code: &&str| {
        code.bytes().all(|byte| byte.is_ascii_alphabetic()) && (5..100).contains(&code.len())
    };
    let codes = summary
        .failures
        .iter()
        .filter_map(|one| one.error_code.as_deref());
    let codes: BTreeSet<&str> = codes.filter(is_plain).collect();
    for code in codes {
        let is_counted = blocks.contains("… and ") || blocks.contains("… 외 ");
        // A single reason may leave out what AWS wrote, where there are many reasons.
        let is_long = summary.reasons.len() > 3;
        assert!(
            blocks.contains(code) || is_counted || is_long,
            "{code} is missing in {blocks}"
        );
    }
}

/// Readers of both languages, with more or fewer rows.
fn readers() -> impl Strategy<Value = Reader> {
    let rows = prop::sample::select(vec![RowLimit::First(1), RowLimit::First(12), RowLimit::All]);
    (prop::sample::select(Language::ALL.to_vec()), rows).prop_map(|(language, rows)| Reader {
        timezone: chrono_tz::Asia::Seoul,
        language,
        rows,
        accounts: AccountNames::NONE,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_message_keeps_slacks_limits(
        facts in prop_oneof![4 => facts(30), 3 => facts(150), 2 => facts(600)],
        answers in answers(60),
        seconds in 0_i64..4_000,
        environment in hostile_text(),
        kind in prop::sample::select(vec![MessageKind::First, MessageKind::Later]),
        reader in readers(),
    ) {
        let key = WindowKey { start: start(), environment };
        let runs = fold(&facts);
        let observations = observe(&runs, &answers);
        let snapshot = WindowSnapshot::new(&key, &runs, &observations, DEFAULT_WAIT_POLICY, moment(seconds));
        let all: Vec<usize> = (0..snapshot.statuses.len()).collect();
        let overrides: Vec<&Override> = runs.overrides.iter().map(|one| &one.told).collect();
        let mut summary = Summary::new(&snapshot, &all, kind, reader);
        summary.mention_ended(&overrides);
        let mut changes = Summary::changes(&snapshot, &all, &LastReport::default(), reader);
        changes.mention_ended(&overrides);
        for one in overrides {
            if let Some(line) = Notice::of(one, "dev", moment(seconds), reader) {
                check(&serde_json::to_value(notice(&line)).unwrap(), false);
            }
        }
        for form in [TableForm::Table, TableForm::Preformatted] {
            let message = serde_json::to_value(render(&summary, Some(MENTION), form)).unwrap();
            check(&message, summary.is_alarm());
            check_failures(&message, &summary);
            check_verdict(&message, &summary);
            if form == TableForm::Table {
                check_rows(&message, &summary);
                check_sums(&message, &summary, &snapshot);
            }
            for page in 0..summary.pages() {
                check(&serde_json::to_value(list(&summary, page, form)).unwrap(), false);
            }
            let message = serde_json::to_value(render(&changes, Some(MENTION), form)).unwrap();
            check(&message, changes.is_alarm());
            check_verdict(&message, &changes);
            let live = Summary::live(&snapshot, &all, kind, false, reader);
            check(&serde_json::to_value(render(&live, None, form)).unwrap(), false);
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
        reader in readers(),
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
                let news = News::of(&snapshot, &news, reader);
                let reply = serde_json::to_value(reply(&news, Some(MENTION))).unwrap();
                check(&reply, news.is_alarm());
            }
            for &index in &news.failed {
                let one = &snapshot.statuses[index];
                replied.tell(one.subject, one.run, &one.status);
            }
        }
    }
}

#[test]
fn counts_rows_that_are_well_before_failed_ones() {
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
    let all_rows = Reader {
        rows: RowLimit::All,
        ..Reader::english(chrono_tz::UTC)
    };
    for (reader, last) in [
        (Reader::english(chrono_tz::UTC), [12, 48, 240]),
        (all_rows, [95, 205, 0]),
    ] {
        let [shown, first, second] = last;
        let summary = Summary::new(&snapshot, &all, MessageKind::First, reader);
        let message = serde_json::to_value(render(&summary, None, TableForm::Table)).unwrap();
        let blocks = message["blocks"].as_array().unwrap();
        let table = blocks
            .iter()
            .find(|block| block["type"] == "table")
            .unwrap();
        let rows = table["rows"].as_array().unwrap();
        let counts: Vec<usize> = rows[1 + shown..]
            .iter()
            .map(|row| numbers(row[0]["text"].as_str().unwrap())[0])
            .collect();
        let expected: Vec<usize> = [first, second]
            .into_iter()
            .filter(|count| *count > 0)
            .collect();
        assert_eq!(counts, expected);
        assert_eq!(summary.totals(), "Total: 240 succeeded, 60 failed");
    }
}

fn call_json(id: usize, outcome: &str) -> String {
    format!(
        r#"{{"event_time":"2024-01-15T00:00:00Z","outcome":{outcome},"event_id":"{id}","account":"123456789012",
            "region":"ap-northeast-2","cluster":"dev","service":"service-{id:03}",
            "action":{{"kind":"scale_up","desired_count":1}},
            "caller":{{"role":"dev-ecs-scheduler","session":null,"is_scheduler":true}}}}"#
    )
}
