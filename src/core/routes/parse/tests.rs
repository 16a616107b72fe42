use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Outcome, Routes, Traits};

fn problems(json: &str) -> String {
    Routes::parse(json).expect_err("a problem").0.join("\n")
}

/// The routes of the issue that asked for routes, with a route in a route.
const EXAMPLE: &str = r#"{"routes": [
    {"name": "pay", "match": {"cluster": "pay-*"}, "channel": "C0PAY", "label": "payments dev",
     "timezone": "Europe/Berlin", "mention_on_failure": "<!subteam^S0PAY>", "language": "ko", "rows": 20, "events": true,
     "routes": [{"name": "ledger", "match": {"service": "ledger", "account": null}, "rows": "all"}]},
    {"name": "search", "match": {"labels": {"team": "search"}}, "webhook": "/rollcall/search/webhook", "continue": true},
    {"name": "oncall", "match": {"outcome": "failed", "environment": "dev", "region": "eu-*", "schedule": "{morning,evening}"},
     "webhook": "arn:aws:ssm:eu-west-1:123456789012:parameter/rollcall/oncall"}
]}"#;

#[test]
fn every_key_is_read() {
    let routes = Routes::parse(EXAMPLE).expect("routes");
    insta::assert_snapshot!(serde_json::to_string_pretty(&routes.to_json()).unwrap(), @r#"
    {
      "routes": [
        {
          "channel": "C0PAY",
          "events": true,
          "label": "payments dev",
          "language": "ko",
          "match": {
            "cluster": "pay-*"
          },
          "mention_on_failure": "<!subteam^S0PAY>",
          "name": "pay",
          "routes": [
            {
              "match": {
                "service": "ledger"
              },
              "name": "ledger",
              "rows": "all"
            }
          ],
          "rows": "20",
          "timezone": "Europe/Berlin"
        },
        {
          "continue": true,
          "match": {
            "labels": {
              "team": "search"
            }
          },
          "name": "search",
          "webhook": "/rollcall/search/webhook"
        },
        {
          "match": {
            "environment": "dev",
            "outcome": "failed",
            "region": "eu-*",
            "schedule": "{morning,evening}"
          },
          "name": "oncall",
          "webhook": "arn:aws:ssm:eu-west-1:123456789012:parameter/rollcall/oncall"
        }
      ]
    }
    "#);
}

#[test]
fn what_is_written_reads_as_the_same() {
    let routes = Routes::parse(EXAMPLE).expect("routes");
    let written = routes.to_json().to_string();
    assert_eq!(Routes::parse(&written), Ok(routes));
    assert_eq!(Routes::parse("{}"), Ok(Routes::default()));
    assert_eq!(Routes::parse(r#"{"routes": []}"#), Ok(Routes::default()));
}

#[test]
fn every_problem_is_reported_with_its_route_and_the_form_expected() {
    insta::assert_snapshot!(problems(r##"{"routs": [], "routes": [
        {"name": "pay", "chanel": "C0PAY", "match": {"clustr": "pay", "labels": {"team": 7}, "outcome": "bad", "service": "a[b]"}},
        {"name": "pay", "match": "pay-*", "channel": "#pay", "continue": "yes"},
        {"name": "sea rch", "channel": "C1", "webhook": "/rollcall/search", "timezone": "Berlin", "language": "de", "rows": 91},
        {"webhook": 1, "label": " ", "mention_on_failure": "@here", "events": 1, "routes": {}},
        "search",
        {"name": "default", "match": {"labels": "search"}}
    ]}"##), @r#"
    routs: unknown key, did you mean routes?
    routes[0] "pay": match.service: expected a pattern for names such as pay-* or {pay,ledger}-dev
    routes[0] "pay": match.outcome: expected failed or succeeded
    routes[0] "pay": match.labels.team: expected a pattern for names such as pay-* or {pay,ledger}-dev
    routes[0] "pay": match.clustr: unknown key, did you mean cluster?
    routes[0] "pay": chanel: unknown key, did you mean channel?
    routes[1] "pay": name: expected another name: a route before it has this one
    routes[1] "pay": match: expected an object, such as {"cluster": "pay-*"}
    routes[1] "pay": continue: expected true or false
    routes[1] "pay": channel: expected the channel's id, such as C012AB3CD
    routes[2]: name: expected 1 to 40 letters, digits, hyphens and underscores
    routes[2]: channel: expected either this or webhook, not both
    routes[2]: timezone: expected an IANA time zone such as Asia/Seoul
    routes[2]: language: expected en or ko
    routes[2]: rows: expected a whole number of rows from 1 to 90, such as 12, or all
    routes[3]: name: expected 1 to 40 letters, digits, hyphens and underscores
    routes[3]: webhook: expected the name or ARN of an SSM parameter, such as /rollcall/search/webhook
    routes[3]: label: expected 1 to 80 characters that can be seen
    routes[3]: mention_on_failure: expected a Slack mention such as <!here>, <!subteam^S012AB3CD> or <@U012AB3CD>
    routes[3]: events: expected true or false
    routes[3]: routes: expected a list
    routes[4]: expected an object, such as {"name": "search"}
    routes[5] "default": name: expected another name: default is who hears of what no route takes
    routes[5] "default": match.labels: expected an object, such as {"team": "search"}
    "#);
}

#[test]
fn a_key_that_stands_twice_is_a_problem_at_any_depth() {
    let secret = "https://hooks.slack.com/services/T0/B0/canary";
    let json = r#"{"routes": [{"name": "a"}], "SECRET": 1, "SECRET": 1, "routes": [
        {"name": "search", "name": "pay", "channel": "C0SEARCH", "channel": null, "channel": "C0PAY", "webhook": null,
         "match": {"cluster": "a"}, "match": {"cluster": "b", "cluster": "SECRET", "labels": {"team": "a", "team": "SECRET", "SECRET": "a", "SECRET": "a"}},
         "routes": [{"name": "ledger", "rows": 1, "rows": "SECRET", "match": {"labels": {}, "labels": {}}}]}
    ]}"#;
    let problems = problems(&json.replace("SECRET", secret));
    assert!(!problems.contains("canary"), "{problems}");
    insta::assert_snapshot!(problems, @r#"
    a key: expected once, but this key stands here several times
    routes: expected once, but this key stands here several times
    a key: unknown key
    routes[0] "pay": channel: expected once, but this key stands here several times
    routes[0] "pay": match: expected once, but this key stands here several times
    routes[0] "pay": name: expected once, but this key stands here several times
    routes[0] "pay": match.cluster: expected once, but this key stands here several times
    routes[0] "pay": match.labels.a key: expected once, but this key stands here several times
    routes[0] "pay": match.labels.team: expected once, but this key stands here several times
    routes[0].routes[0] "ledger": rows: expected once, but this key stands here several times
    routes[0].routes[0] "ledger": match.labels: expected once, but this key stands here several times
    routes[0].routes[0] "ledger": rows: expected a whole number of rows from 1 to 90, such as 12, or all
    "#);
}

#[test]
fn a_secret_in_the_wrong_place_is_not_quoted() {
    let secret = "https://hooks.slack.com/services/T0/B0/canary";
    let json = serde_json::json!({ secret: 1, "routes": [
        {"name": secret, "match": {secret: 1, "labels": {secret: 1}, "cluster": secret}, "webhook": secret},
        {"name": "token", "webhook": "xoxb-canary", "channel": secret, "label": 1, "match": {"service": "canary\\"}},
    ]});
    let problems = problems(&json.to_string());
    assert!(!problems.contains("canary"), "{problems}");
    insta::assert_snapshot!(problems, @r#"
    a key: unknown key
    routes[0]: name: expected 1 to 40 letters, digits, hyphens and underscores
    routes[0]: match.labels.a key: expected a pattern for names such as pay-* or {pay,ledger}-dev
    routes[0]: match.a key: unknown key
    routes[0]: webhook: expected the name or ARN of the SSM parameter that holds the address: the address itself is a secret and does not belong here
    routes[1] "token": match.service: expected a pattern for names such as pay-* or {pay,ledger}-dev
    routes[1] "token": channel: expected the channel's id, such as C012AB3CD
    routes[1] "token": webhook: expected the name or ARN of an SSM parameter, such as /rollcall/search/webhook
    routes[1] "token": label: expected 1 to 80 characters that can be seen
    "#);
}

#[test]
fn a_route_that_can_never_hear_of_anything_is_a_problem() {
    insta::assert_snapshot!(problems(r#"{"routes": [
        {"name": "pay", "match": {"cluster": "pay-*"}},
        {"name": "ledger", "match": {"cluster": "pay-*", "service": "ledger"}},
        {"name": "rest"},
        {"name": "web", "match": {"cluster": "web"}},
        {"name": "oncall", "match": {"outcome": "failed"},
         "routes": [{"name": "praise", "match": {"outcome": "succeeded"}}]}
    ]}"#), @r#"
    routes[1] "ledger": never hears of anything, since routes[0] "pay" matches the same and more and does not continue; put this one before it, or set continue there
    routes[3] "web": never hears of anything, since routes[2] "rest" matches the same and more and does not continue; put this one before it, or set continue there
    routes[4] "oncall": its route "praise" never hears of anything, since it asks for another outcome
    "#);
    insta::assert_snapshot!(problems(r#"{"routes": [
        {"name": "known", "match": {"environment": "*", "cluster": "*", "labels": {"team": "*"}}},
        {"name": "pay", "match": {"cluster": "pay-{a,b}", "labels": {"team": "pay"}}},
        {"name": "oncall", "match": {"outcome": "failed"}, "routes": [
            {"name": "eu", "match": {"region": "eu-*"}, "routes": [{"name": "praise", "match": {"outcome": "succeeded"}}]},
            {"name": "us", "match": {"outcome": "succeeded"}}
        ]}
    ]}"#), @r#"
    routes[1] "pay": never hears of anything, since routes[0] "known" matches the same and more and does not continue; put this one before it, or set continue there
    routes[2] "oncall": its route "praise" never hears of anything, since it asks for another outcome
    routes[2] "oncall": its route "us" never hears of anything, since it asks for another outcome
    "#);
    let reached = [
        // What is unknown fits no pattern, so `*` leaves it to the one after it.
        r#"{"routes": [{"name": "known", "match": {"cluster": "*"}}, {"name": "rest"}]}"#,
        r#"{"routes": [{"name": "labelled", "match": {"labels": {"team": "*"}}}, {"name": "pay", "match": {"cluster": "pay"}}]}"#,
        // It continues, so the one after it hears, too.
        r#"{"routes": [{"name": "all", "continue": true}, {"name": "web", "match": {"cluster": "web"}}]}"#,
        // An outcome adds a receiver wherever it stands, and takes nothing away.
        r#"{"routes": [{"name": "all"}, {"name": "oncall", "match": {"outcome": "failed"}}]}"#,
        r#"{"routes": [{"name": "oncall", "match": {"outcome": "failed"}}, {"name": "all"}]}"#,
        r#"{"routes": [{"name": "a", "match": {"labels": {"team": "a"}}}, {"name": "b", "match": {"labels": {"team": "b"}}}]}"#,
    ];
    for json in reached {
        assert!(Routes::parse(json).is_ok(), "{json}");
    }
}

#[test]
fn limits_are_kept() {
    let nested = |depth: usize| {
        let open = |level| format!(r#"{{"name": "r{level}", "routes": ["#);
        let opened: String = (1..depth).map(open).collect();
        let innermost = format!(r#"{{"name": "r{depth}"}}"#);
        format!(
            r#"{{"routes": [{opened}{innermost}{}]}}"#,
            "]}".repeat(depth - 1)
        )
    };
    assert!(Routes::parse(&nested(3)).is_ok());
    insta::assert_snapshot!(problems(&nested(4)), @r#"routes[0].routes[0].routes[0] "r3": routes: expected routes to stand at most 3 deep"#);
    insta::assert_snapshot!(problems(&nested(200)), @"routes: expected JSON: recursion limit exceeded at line 1 column 1704");

    let many = |count: usize| {
        let route =
            |index| format!(r#"{{"name": "r{index}", "match": {{"cluster": "c{index}"}}}}"#);
        let routes: Vec<_> = (0..count).map(route).collect();
        format!(r#"{{"routes": [{}]}}"#, routes.join(","))
    };
    assert!(Routes::parse(&many(50)).is_ok());
    insta::assert_snapshot!(problems(&many(60)), @"routes[50]: expected at most 50 routes in all");
    insta::assert_snapshot!(problems(&format!("{}{{}}", " ".repeat(65_536))), @"routes: expected at most 64 KB of JSON");

    let keys: Vec<_> = (0..60).map(|index| format!(r#""key{index}": 1"#)).collect();
    let problems = problems(&format!("{{{}}}", keys.join(",")));
    assert_eq!(problems.lines().count(), 51);
    assert!(problems.ends_with("and 10 more"), "{problems}");
}

#[test]
fn a_text_that_is_no_object_is_a_problem() {
    insta::assert_snapshot!(problems(""), @"routes: expected JSON: EOF while parsing a value at line 1 column 0");
    insta::assert_snapshot!(problems("[]"), @r#"routes: expected an object, such as {"routes": [{"name": "search"}]}"#);
    insta::assert_snapshot!(problems(r#"{"routes": 1}"#), @"routes: expected a list");
    insta::assert_snapshot!(problems(&"[".repeat(1_000)), @"routes: expected JSON: recursion limit exceeded at line 1 column 128");
}

/// Values that are right, wrong, or of another kind, for any key.
fn value() -> impl Strategy<Value = Value> {
    let texts = [
        "a",
        "pay-*",
        "{a,b}",
        "{a",
        "C0PAY",
        "/rollcall/a",
        "failed",
        "succeeded",
        "ko",
        "Asia/Seoul",
        "<!here>",
        "all",
        "",
        "https://hooks.example/canary",
    ];
    prop_oneof![
        6 => prop::sample::select(texts.to_vec()).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => (0..100_u32).prop_map(Value::from),
        1 => Just(Value::Null),
    ]
}

fn object(keys: &'static [&'static str], most: usize) -> impl Strategy<Value = Value> {
    let key = prop::sample::select(keys.to_vec()).prop_map(str::to_owned);
    prop::collection::vec((key, value()), 0..most)
        .prop_map(|pairs| Value::Object(pairs.into_iter().collect()))
}

/// Routes that stand in each other, most of them right, so that parsing often succeeds.
fn routes() -> impl Strategy<Value = Value> {
    let part = ["cluster", "service", "outcome", "environment", "schedule"];
    let matcher = (
        prop::sample::select(part.to_vec()),
        prop::sample::select(vec!["a", "b", "pay-*", "failed"]),
    )
        .prop_map(|(part, text)| json!({ part: text }));
    let matcher = prop_oneof![8 => matcher, 1 => object(&["cluster", "outcome", "clustr"], 3)];
    let one = (
        "[a-z]{6}",
        matcher,
        any::<bool>(),
        object(&["rows", "label", "continue", "events"], 2),
    );
    let leaf = one.prop_map(|(name, matcher, is_continued, more)| {
        let mut route = json!({"name": name, "match": matcher, "continue": is_continued});
        if let (Value::Object(route), Value::Object(mut more)) = (&mut route, more) {
            route.append(&mut more);
        }
        route
    });
    let route = leaf.prop_recursive(3, 12, 3, |below| {
        (below.clone(), prop::collection::vec(below, 1..3)).prop_map(|(mut route, below)| {
            route["routes"] = Value::Array(below);
            route
        })
    });
    prop::collection::vec(route, 0..4).prop_map(|routes| json!({ "routes": routes }))
}

proptest! {
    #[test]
    fn somebody_hears_of_every_run_and_an_outcome_takes_nobody_away(json in routes(), cluster in "[ab]|pay-dev", service in "[ab]") {
        let Ok(routes) = Routes::parse(&json.to_string()) else { return Ok(()) };
        prop_assert_eq!(Routes::parse(&routes.to_json().to_string()), Ok(routes.clone()));
        let of = |outcome| routes.receivers_of(&Traits {
            environment: Some("a"),
            cluster: Some(&cluster),
            service: Some(&service),
            outcome,
            ..Traits::default()
        });
        let under_way = of(None);
        prop_assert!(!under_way.is_empty());
        for outcome in [Outcome::Failed, Outcome::Succeeded] {
            prop_assert!(of(Some(outcome)).is_superset(&under_way));
        }
    }

    #[test]
    fn nothing_that_is_read_panics(json in object(&["routes", "name"], 3), text in "\\PC{0,40}") {
        for json in [json.to_string(), text.clone(), format!("{{\"routes\":[{text}]}}"), json!({"routes": [json]}).to_string()] {
            let _ = Routes::parse(&json);
        }
    }
}
