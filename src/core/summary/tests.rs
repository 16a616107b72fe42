//! How a summary is worded: its period, names, totals, notes and links.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{Summary, console, period};
use crate::core::decide::MessageKind;
use crate::core::fact::{
    Action, ActionKind, ApiError, CallOutcome, Caller, Fact, ServiceId, UpdateServiceCall as Call,
};
use crate::core::observation::Observations;
use crate::core::policy::WaitPolicy;
use crate::core::reader::{AccountNames, Reader};
use crate::core::runs::{Arrival, Runs};
use crate::core::snapshot::WindowSnapshot;
use crate::core::window::WindowKey;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// An accepted call for a service.
fn call(id: usize, service: &str) -> Call {
    Call {
        event_time: time("2024-01-15T00:00:03Z"),
        outcome: CallOutcome::Accepted,
        event_id: format!("event-{id}"),
        account: "123456789012".to_owned(),
        region: "ap-northeast-2".to_owned(),
        cluster: Some("dev".to_owned()),
        service: Some(service.to_owned()),
        action: Some(Action {
            kind: ActionKind::ScaleUp,
            desired_count: Some(1),
        }),
        caller: Caller {
            role: Some("dev-ecs-scheduler".to_owned()),
            session: None,
            is_scheduler: true,
        },
    }
}

fn refused(call: Call, code: &str) -> Call {
    Call {
        outcome: CallOutcome::Failed(ApiError {
            code: code.to_owned(),
            message: None,
        }),
        ..call
    }
}

fn anonymous(call: Call) -> Call {
    Call {
        service: None,
        cluster: None,
        action: None,
        ..call
    }
}

fn summary(calls: impl IntoIterator<Item = Call>) -> Summary {
    let facts: Vec<Fact> = calls
        .into_iter()
        .map(|call| Fact::UpdateService(Box::new(call)))
        .collect();
    summary_of(&facts)
}

fn summary_of(facts: &[Fact]) -> Summary {
    told(facts, Reader::english(Tz::Asia__Seoul))
}

fn told(facts: &[Fact], reader: Reader) -> Summary {
    let key = WindowKey {
        start: time("2024-01-15T00:00:00Z"),
        environment: "dev".to_owned(),
    };
    let now = time("2024-01-15T00:10:00Z");
    let arrival = Arrival {
        at: now,
        siblings_until: None,
    };
    let runs = Runs::fold(key.start, facts.iter().map(|fact| (fact, arrival)));
    let policy = WaitPolicy {
        verify: None,
        ..crate::config::DEFAULT_WAIT_POLICY
    };
    let observations = Observations::default();
    let snapshot = WindowSnapshot::new(&key, &runs, &observations, policy, now);
    let all: Vec<usize> = (0..snapshot.statuses.len()).collect();
    Summary::new(&snapshot, &all, MessageKind::First, reader)
}

fn services(summary: &Summary) -> Vec<&str> {
    summary
        .rows
        .iter()
        .map(|row| row.service.as_str())
        .collect()
}

#[test]
fn a_period_goes_from_the_first_minute_to_the_nearest_to_the_last() {
    let seoul = Tz::Asia__Seoul;
    #[rustfmt::skip]
    let cases = [
        ("2024-01-15T00:00:03Z", "2024-01-15T00:04:58Z", seoul, "Mon 15 Jan 09:00~09:05 KST"),
        ("2024-01-15T00:00:59Z", "2024-01-15T00:04:29Z", seoul, "Mon 15 Jan 09:00~09:04 KST"),
        ("2024-01-15T00:00:03Z", "2024-01-15T00:00:03Z", seoul, "Mon 15 Jan 09:00 KST"),
        ("2024-01-15T00:00:40Z", "2024-01-15T00:00:40Z", seoul, "Mon 15 Jan 09:00~09:01 KST"),
        // Midnight in the reader's zone, and only there.
        ("2024-01-15T14:58:00Z", "2024-01-15T15:03:00Z", seoul, "Mon 15 Jan 23:58~Tue 16 Jan 00:03 KST"),
        ("2024-01-15T14:58:00Z", "2024-01-15T15:03:00Z", Tz::UTC, "Mon 15 Jan 14:58~15:03 UTC"),
        ("2024-12-31T23:58:00Z", "2024-12-31T23:59:45Z", Tz::UTC, "Tue 31 Dec 23:58~Wed 1 Jan 00:00 UTC"),
        // The hour that spring skips and the one that autumn has twice: the zone is the last call's.
        ("2024-03-10T06:58:00Z", "2024-03-10T07:02:00Z", Tz::America__New_York, "Sun 10 Mar 01:58~03:02 EDT"),
        ("2024-11-03T05:58:00Z", "2024-11-03T06:02:00Z", Tz::America__New_York, "Sun 3 Nov 01:58~01:02 EST"),
        ("2024-01-15T00:00:03Z", "2024-01-15T00:05:00Z", Tz::Asia__Kathmandu, "Mon 15 Jan 05:45~05:50 +0545"),
    ];
    for (first, last, zone, expected) in cases {
        assert_eq!(
            period::text((time(first), time(last)), Reader::english(zone)),
            expected,
            "{first} {last}"
        );
    }
}

#[test]
fn a_window_without_calls_begins_with_its_key() {
    let summary = summary_of(&[Fact::Undecodable {
        message_id: "m".to_owned(),
    }]);
    assert_eq!(
        summary.subtitle,
        "ECS Scheduled Scaling Summary · Mon 15 Jan 09:00 KST"
    );
    assert_eq!(
        summary.verdict.line("dev"),
        "⚠️ dev · no calls to report · 1 message unreadable"
    );
    assert_eq!(summary.totals(), "Total: 0 succeeded");
    assert_eq!(
        summary.notes,
        ["⚠️ 1 message could not be decoded; look in the dead-letter queue."]
    );
}

#[test]
fn failures_come_first_then_each_by_name() {
    let summary = summary([
        call(1, "web"),
        refused(call(2, "worker"), "ThrottlingException"),
        call(3, "auth"),
        refused(call(4, "billing"), "AccessDenied"),
        anonymous(refused(call(5, ""), "ThrottlingException")),
    ]);
    assert_eq!(
        services(&summary),
        ["billing", "worker", "(unknown)", "auth", "web"]
    );
    let failures: Vec<&str> = summary
        .failures
        .iter()
        .map(|failure| failure.subject.as_str())
        .collect();
    assert_eq!(
        failures,
        ["billing", "worker", "1 throttled call names no service"]
    );
}

#[test]
fn a_name_has_as_much_of_its_place_as_differs() {
    let base = || [call(1, "api"), call(2, "web")];
    assert_eq!(services(&summary(base())), ["api", "web"]);

    let mut calls = base();
    calls[1].cluster = Some("stg".to_owned());
    assert_eq!(services(&summary(calls)), ["dev/api", "stg/web"]);

    let mut calls = base();
    calls[1].region = "us-east-1".to_owned();
    assert_eq!(
        services(&summary(calls)),
        ["ap-northeast-2/api", "us-east-1/web"]
    );

    let mut calls = base();
    calls[1].account = "210987654321".to_owned();
    calls[1].region = "us-east-1".to_owned();
    calls[1].cluster = Some("stg".to_owned());
    assert_eq!(
        services(&summary(calls)),
        [
            "123456789012/ap-northeast-2/dev/api",
            "210987654321/us-east-1/stg/web"
        ]
    );

    let mut calls = base();
    calls[1].account = "210987654321".to_owned();
    let names = BTreeMap::from([("210987654321".to_owned(), "pay-dev".to_owned())]);
    let reader = Reader {
        accounts: AccountNames::new(names),
        ..Reader::english(Tz::UTC)
    };
    assert_eq!(
        services(&told(
            &calls.map(|call| Fact::UpdateService(Box::new(call))),
            reader
        )),
        ["123456789012/api", "pay-dev/web"]
    );

    // A call that names no service does not make the others longer.
    let mut calls = base().to_vec();
    let mut elsewhere = anonymous(call(3, ""));
    elsewhere.region = "us-east-1".to_owned();
    calls.push(elsewhere);
    assert_eq!(services(&summary(calls)), ["api", "web"]);
}

#[test]
fn totals_count_services_and_calls_that_named_none_apart() {
    let throttled = |id| anonymous(refused(call(id, ""), "ThrottlingException"));
    for (calls, total, line) in [
        (
            vec![call(1, "api")],
            "Total: 1 succeeded",
            "✅ dev · 1 call accepted",
        ),
        // Two calls for one service are one service.
        (
            vec![call(1, "api"), call(2, "api")],
            "Total: 1 succeeded",
            "✅ dev · 1 call accepted",
        ),
        (
            vec![call(1, "api"), throttled(2)],
            "Total: 1 succeeded; 1 throttled call names no service",
            "❌ dev · 1 throttled call names no service · 1 call accepted",
        ),
        (
            vec![
                throttled(1),
                throttled(2),
                refused(call(3, "api"), "AccessDenied"),
            ],
            "Total: 1 failed; 2 throttled calls name no service",
            "❌ dev · api did not start · 2 throttled calls name no service · 0 of 1 up",
        ),
        (
            vec![
                throttled(1),
                anonymous(refused(call(2, ""), "AccessDenied")),
            ],
            "Total: 2 refused calls name no service",
            "❌ dev · 2 refused calls name no service",
        ),
    ] {
        let summary = summary(calls);
        assert_eq!(summary.totals(), total);
        assert_eq!(summary.verdict.line("dev"), line);
        assert_eq!(summary.is_alarm(), line.starts_with('❌'));
    }
}

#[test]
fn notes_say_who_called_and_what_is_not_known() {
    let by = |id: usize, session: &str| {
        let mut call = call(id, "api");
        call.caller = Caller {
            role: None,
            session: Some(session.to_owned()),
            is_scheduler: false,
        };
        call
    };
    let notes = |calls: Vec<Call>| {
        let mut notes = summary(calls).notes;
        let unasked = "✅ means that ECS accepted the call; whether tasks run was not asked.";
        notes.retain(|note| note != unasked);
        notes.join(" ")
    };
    assert_eq!(
        notes(vec![by(1, "jane"), by(2, "joe"), by(3, "joe")]),
        "Called by joe (2), jane (1)."
    );
    let four = ["a", "b", "c", "d"];
    let calls = |count: usize| {
        four.iter()
            .take(count)
            .enumerate()
            .map(|(id, name)| by(id, name))
            .collect()
    };
    assert_eq!(
        notes(calls(4)),
        "Called by a (1), b (1), c (1) and 1 other."
    );
    assert_eq!(notes(vec![call(1, "api")]), "");
    let accepted = anonymous(by(1, "jane"));
    assert_eq!(
        notes(vec![accepted]),
        "Called by jane (1). 1 accepted call named no service."
    );
}

fn link(region: &str, cluster: &str, name: &str) -> Option<String> {
    console::service(&ServiceId {
        name: name.to_owned(),
        cluster: cluster.to_owned(),
        region: region.to_owned(),
        account: "123456789012".to_owned(),
    })
}

#[test]
fn a_link_leads_to_the_console_of_its_partition() {
    for (region, domain) in [
        ("ap-northeast-2", "console.aws.amazon.com"),
        ("cn-north-1", "console.amazonaws.cn"),
        ("us-gov-west-1", "console.amazonaws-us-gov.com"),
    ] {
        assert_eq!(
            link(region, "dev", "my_api-2").unwrap(),
            format!(
                "https://{region}.{domain}/ecs/v2/clusters/dev/services/my_api-2/health?region={region}"
            )
        );
    }
}

#[test]
fn a_hostile_name_stays_inside_its_part_of_the_link() {
    let link = |cluster, name| link("us-east-1", cluster, name).unwrap();
    let rest = "/health?region=us-east-1";
    let console = "https://us-east-1.console.aws.amazon.com/ecs/v2/clusters/";
    assert_eq!(
        link("../..", "a/b?c#d"),
        format!("{console}%2E%2E%2F%2E%2E/services/a%2Fb%3Fc%23d{rest}")
    );
    assert_eq!(
        link("x|y>", "<!channel>\n"),
        format!("{console}x%7Cy%3E/services/%3C%21channel%3E%0A{rest}")
    );
    assert_eq!(
        link("dev", "名前"),
        format!("{console}dev/services/%E5%90%8D%E5%89%8D{rest}")
    );
}

#[test]
fn a_hostile_region_gives_no_link() {
    for region in [
        "",
        "evil.example/",
        "us-east-1.evil.example",
        "US-EAST-1",
        "us east",
        "us-east-1\n",
        "한국",
    ] {
        assert_eq!(link(region, "dev", "api"), None, "{region:?}");
    }
}
