//! Every problem names its variable and the form expected, and no text holds a secret.

use std::time::Duration;

use super::{Config, RoutesSource, Settings};

const WEBHOOK: (&str, &str) = (
    "SLACK_WEBHOOK_URL",
    "https://hooks.slack.com/services/T0/B0/canary",
);

fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
    let lookup = |name: &str| {
        variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    };
    Config::from_lookup(lookup).map_err(|errors| errors.to_string())
}

/// The complaint about one variable beside a good webhook, or none.
fn complaint(name: &str, value: &str) -> Option<String> {
    read(&[WEBHOOK, (name, value)])
        .err()
        .map(|text| text.replace("invalid configuration: ", ""))
}

#[test]
fn a_webhook_is_enough() {
    insta::assert_debug_snapshot!(read(&[WEBHOOK]).unwrap(), @r#"
    Config {
        slack: Webhook(
            Url(
                WebhookUrl(
                    SecretBox<str>([REDACTED]),
                ),
            ),
        ),
        settings: Settings {
            windowing: Windowing {
                environment: None,
                period: 1800s,
            },
            reader: Reader {
                timezone: UTC,
                language: English,
                rows: First(
                    12,
                ),
                accounts: AccountNames(
                    [],
                ),
            },
            mention: None,
        },
        table: None,
        routes: None,
        metrics: All,
        events: EventsConfig {
            bus: None,
            http: None,
            heartbeat: None,
        },
    }
    "#);
}

#[test]
fn every_variable_is_read() {
    let config = read(&[
        ("SLACK_WEBHOOK_PARAMETER", " /rollcall/webhook "),
        ("ROLLCALL_ENVIRONMENT", "dev"),
        ("ROLLCALL_TIMEZONE", "Asia/Seoul"),
        ("ROLLCALL_LANGUAGE", "ko"),
        ("ROLLCALL_ROWS", "all"),
        ("ROLLCALL_WINDOW_MINUTES", "60"),
        ("ROLLCALL_MAX_RECEIVES", "30"),
        (
            "ROLLCALL_MENTION_ON_FAILURE",
            "<!here> <!subteam^S012AB3CD>",
        ),
        ("ROLLCALL_TABLE", "rollcall-dev"),
        ("ROLLCALL_QUEUE_URL", "https://sqs.example/rollcall"),
        ("ROLLCALL_SETTLE_SECONDS", "60"),
        ("ROLLCALL_GRACE_SECONDS", "120"),
        ("ROLLCALL_VERIFY_MINUTES", "15"),
        ("ROLLCALL_METRICS", "alarms"),
    ]);
    insta::assert_debug_snapshot!(config.unwrap(), @r#"
    Config {
        slack: Webhook(
            Parameter(
                "/rollcall/webhook",
            ),
        ),
        settings: Settings {
            windowing: Windowing {
                environment: Some(
                    "dev",
                ),
                period: 3600s,
            },
            reader: Reader {
                timezone: Asia/Seoul,
                language: Korean,
                rows: All,
                accounts: AccountNames(
                    [],
                ),
            },
            mention: Some(
                "<!here> <!subteam^S012AB3CD>",
            ),
        },
        table: Some(
            TableConfig {
                name: "rollcall-dev",
                queue_url: "https://sqs.example/rollcall",
                max_receives: 30,
                policy: WaitPolicy {
                    settle: 60s,
                    grace: 120s,
                    period: 3600s,
                    verify: Some(
                        900s,
                    ),
                },
                ecs_roles: {},
            },
        ),
        routes: None,
        metrics: Alarms,
        events: EventsConfig {
            bus: None,
            http: None,
            heartbeat: None,
        },
    }
    "#);
}

#[test]
fn every_problem_is_reported_with_the_form_expected() {
    let problems = read(&[
        ("ROLLCALL_TIMEZONE", "Seoul"),
        ("ROLLCALL_LANGUAGE", "Korean"),
        ("ROLLCALL_ROWS", "91"),
        ("ROLLCALL_WINDOW_MINUTES", "half an hour"),
        ("ROLLCALL_MAX_RECEIVES", "0"),
        ("ROLLCALL_MENTION_ON_FAILURE", "@here"),
        ("ROLLCALL_TABLE", "rollcall-dev"),
        ("ROLLCALL_SETTLE_SECONDS", "5m"),
        ("ROLLCALL_GRACE_SECONDS", "86401"),
        ("ROLLCALL_VERIFY_MINUTES", "61"),
        ("ROLLCALL_METRICS", "none"),
    ]);
    insta::assert_snapshot!(problems.unwrap_err().replace("; ", ";\n"), @r#"
    invalid configuration: SLACK_WEBHOOK_URL: expected this or SLACK_WEBHOOK_PARAMETER to be set, or SLACK_BOT_TOKEN or SLACK_BOT_TOKEN_PARAMETER;
    ROLLCALL_WINDOW_MINUTES: expected a whole number of minutes that divides a day (1440), such as 15, 30 or 60;
    ROLLCALL_TIMEZONE: expected an IANA time zone such as Asia/Seoul;
    ROLLCALL_LANGUAGE: expected en or ko;
    ROLLCALL_ROWS: expected a whole number of rows from 1 to 90, such as 12, or all;
    ROLLCALL_MENTION_ON_FAILURE: expected a Slack mention such as <!here>, <!subteam^S012AB3CD> or <@U012AB3CD>;
    ROLLCALL_SETTLE_SECONDS: expected whole seconds up to 86400, such as 300;
    ROLLCALL_GRACE_SECONDS: expected whole seconds up to 86400, such as 300;
    ROLLCALL_VERIFY_MINUTES: expected whole minutes up to 60, such as 10, or 0 to ask ECS nothing;
    ROLLCALL_MAX_RECEIVES: expected a whole number from 1 to 1000, such as 5: the maxReceiveCount of the queue's redrive policy;
    ROLLCALL_QUEUE_URL: expected the URL of the function's queue, as ROLLCALL_TABLE is set;
    ROLLCALL_METRICS: expected all, or alarms: those that alarms watch
    "#);
}

#[test]
fn there_is_exactly_one_webhook() {
    let parameter = ("SLACK_WEBHOOK_PARAMETER", "/rollcall/webhook");
    assert_eq!(
        read(&[WEBHOOK, parameter]).unwrap_err(),
        "invalid configuration: SLACK_WEBHOOK_URL: expected either this or SLACK_WEBHOOK_PARAMETER, not both"
    );
    let missing = "invalid configuration: SLACK_WEBHOOK_URL: expected this or SLACK_WEBHOOK_PARAMETER to be set, \
                   or SLACK_BOT_TOKEN or SLACK_BOT_TOKEN_PARAMETER";
    assert_eq!(read(&[]).unwrap_err(), missing);
    assert_eq!(read(&[("SLACK_WEBHOOK_URL", " ")]).unwrap_err(), missing);
    assert!(read(&[("SLACK_WEBHOOK_URL", ""), parameter]).is_ok());
}

#[test]
fn plain_http_only_goes_to_loopback() {
    for url in [
        "https://hooks.slack.com/services/T0/B0/canary",
        "https://hooks.slack-gov.com/services/T0/B0/canary",
        "http://localhost:8080/canary",
        "http://127.0.0.1/canary",
        "http://127.9.9.9:1/canary",
        "http://[::1]:8080/canary",
    ] {
        assert!(read(&[("SLACK_WEBHOOK_URL", url)]).is_ok(), "{url}");
    }
    for url in [
        "http://hooks.slack.com/services/T0/B0/canary",
        "http://localhost.example.com/canary",
        "http://127.0.0.1.example.com/canary",
        "http://127.0.0.1@example.com/canary",
        "http://10.0.0.1/canary",
        "http://[::ffff:10.0.0.1]/canary",
        "http:///canary",
        "hooks.slack.com/services/T0/B0/canary",
        "file:///canary",
        "https:///?canary",
        "canary",
    ] {
        assert_eq!(
            read(&[("SLACK_WEBHOOK_URL", url)]).unwrap_err(),
            "invalid configuration: SLACK_WEBHOOK_URL: expected an https:// address such as \
             https://hooks.slack.com/services/T…/B…/… (http only to loopback)",
            "{url}"
        );
    }
}

#[test]
fn a_webhook_never_shows() {
    let config = read(&[WEBHOOK]);
    assert!(!format!("{config:?} {config:#?}").contains("canary"));
}

#[test]
fn a_webhook_in_place_of_its_parameter_never_shows() {
    for value in [
        WEBHOOK.1,
        "hooks.slack.com/services/T0/B0/canary",
        "services/T0/B0/canary",
        "arn:aws:ssm:eu-west-1:123456789012:canary",
        "two words/canary",
    ] {
        assert_eq!(
            read(&[("SLACK_WEBHOOK_PARAMETER", value)]).unwrap_err(),
            "invalid configuration: SLACK_WEBHOOK_PARAMETER: expected the name or ARN of an SSM parameter, \
             such as /rollcall/webhook",
            "{value}"
        );
    }
    for value in [
        "rollcall-webhook",
        "/rollcall/webhook",
        "/rollcall/webhook:3",
        "/aws/reference/secretsmanager/rollcall/webhook",
        "arn:aws-cn:ssm:cn-north-1:123456789012:parameter/rollcall/webhook",
    ] {
        assert!(
            read(&[("SLACK_WEBHOOK_PARAMETER", value)]).is_ok(),
            "{value}"
        );
    }
}

#[test]
fn a_window_is_whole_minutes_that_divide_a_day() {
    let expected = "ROLLCALL_WINDOW_MINUTES: expected a whole number of minutes that divides a day (1440), \
                    such as 15, 30 or 60";
    for value in [
        "0",
        "7",
        "25",
        "50",
        "721",
        "1441",
        "2880",
        "-5",
        "1.5",
        "30m",
        "18446744073709551615",
        "99999999999999999999",
    ] {
        assert_eq!(
            complaint("ROLLCALL_WINDOW_MINUTES", value).as_deref(),
            Some(expected),
            "{value}"
        );
    }
    for value in ["1", "16", "45", "90", "720", "1440", " 30 ", ""] {
        assert_eq!(complaint("ROLLCALL_WINDOW_MINUTES", value), None, "{value}");
    }
}

#[test]
fn a_message_is_received_once_to_a_thousand_times() {
    let max_receives = |value: &str| {
        let table = [
            WEBHOOK,
            ("ROLLCALL_TABLE", "rollcall-dev"),
            ("ROLLCALL_QUEUE_URL", "https://sqs.example/rollcall"),
            ("ROLLCALL_MAX_RECEIVES", value),
        ];
        let config = read(&table).map_err(|text| text.replace("invalid configuration: ", ""));
        config.map(|config| config.table.unwrap().max_receives)
    };
    for (value, expected) in [("", 5), ("1", 1), (" 30 ", 30), ("1000", 1_000)] {
        assert_eq!(max_receives(value), Ok(expected), "{value:?}");
    }
    for value in ["0", "1001", "-1", "5.0", "five", "4294967301"] {
        assert_eq!(
            max_receives(value).unwrap_err(),
            "ROLLCALL_MAX_RECEIVES: expected a whole number from 1 to 1000, such as 5: \
             the maxReceiveCount of the queue's redrive policy",
            "{value:?}"
        );
    }
    // Without a table the function does not ask how often a record may come back.
    let alone = read(&[WEBHOOK, ("ROLLCALL_MAX_RECEIVES", "0")]);
    assert!(alone.unwrap().table.is_none());
}

#[test]
fn verifying_takes_whole_minutes_of_an_hour_at_most_or_is_off() {
    let verify = |value: &str| {
        let table = [
            WEBHOOK,
            ("ROLLCALL_TABLE", "rollcall-dev"),
            ("ROLLCALL_QUEUE_URL", "https://sqs.example/rollcall"),
            ("ROLLCALL_VERIFY_MINUTES", value),
        ];
        let config = read(&table).map_err(|text| text.replace("invalid configuration: ", ""));
        config.map(|config| config.table.unwrap().policy.verify)
    };
    let minutes = |minutes| Ok(Some(Duration::from_mins(minutes)));
    for (value, expected) in [
        ("", minutes(10)),
        ("0", Ok(None)),
        ("1", minutes(1)),
        (" 10 ", minutes(10)),
        ("60", minutes(60)),
    ] {
        assert_eq!(verify(value), expected, "{value:?}");
    }
    for value in ["-1", "61", "1.5", "10m", "off", "18446744073709551616"] {
        assert_eq!(
            verify(value).unwrap_err(),
            "ROLLCALL_VERIFY_MINUTES: expected whole minutes up to 60, such as 10, or 0 to ask ECS nothing",
            "{value:?}"
        );
    }
    // Without a table ECS is never asked.
    let alone = read(&[WEBHOOK, ("ROLLCALL_VERIFY_MINUTES", "61")]);
    assert!(alone.unwrap().table.is_none());
}

#[test]
fn a_time_zone_is_an_iana_name() {
    let expected = "ROLLCALL_TIMEZONE: expected an IANA time zone such as Asia/Seoul";
    for value in ["KST", "+09:00", "Asia/Atlantis"] {
        assert_eq!(
            complaint("ROLLCALL_TIMEZONE", value).as_deref(),
            Some(expected),
            "{value}"
        );
    }
    for value in ["UTC", "Asia/Seoul", "America/Argentina/Buenos_Aires", ""] {
        assert_eq!(complaint("ROLLCALL_TIMEZONE", value), None, "{value}");
    }
}

#[test]
fn a_mention_is_in_slacks_form() {
    let expected = "ROLLCALL_MENTION_ON_FAILURE: expected a Slack mention such as <!here>, <!subteam^S012AB3CD> or <@U012AB3CD>";
    let many = "<!here> ".repeat(30);
    for value in [
        "@here",
        "here",
        "<!all>",
        "<@>",
        "<@U>",
        "<@u012ab3cd>",
        "<!subteam^>",
        "<!here>,<!here>",
        "<https://example.com>",
        "<!here> please",
        &many,
    ] {
        assert_eq!(
            complaint("ROLLCALL_MENTION_ON_FAILURE", value).as_deref(),
            Some(expected),
            "{value}"
        );
    }
    for value in [
        "<!here>",
        "<!channel>",
        "<!everyone>",
        "<@U012AB3CD> <!subteam^S012AB3CD>",
        "",
    ] {
        assert_eq!(
            complaint("ROLLCALL_MENTION_ON_FAILURE", value),
            None,
            "{value}"
        );
    }
}

#[test]
fn a_replay_needs_no_webhook() {
    let settings = Settings::from_lookup(|_| None).unwrap();
    assert_eq!(settings.windowing.period.as_secs(), 1_800);
    assert_eq!(settings.windowing.environment, None);
}

#[test]
fn routes_stand_in_a_variable_or_in_a_parameter() {
    let table = [
        WEBHOOK,
        ("ROLLCALL_TABLE", "rollcall-dev"),
        ("ROLLCALL_QUEUE_URL", "https://sqs.example/rollcall"),
    ];
    let routes = |more: &[(&str, &str)]| {
        read(&[&table, more].concat()).map(|config| match config.routes {
            RoutesSource::None => "none".to_owned(),
            RoutesSource::Here(routes) => routes.to_json().to_string(),
            RoutesSource::Parameter(name) => name,
        })
    };
    let search = r#"{"routes":[{"name":"search","webhook":"/rollcall/search"}]}"#;
    assert_eq!(routes(&[]).as_deref(), Ok("none"));
    assert_eq!(routes(&[("ROLLCALL_ROUTES", "{}")]).as_deref(), Ok("none"));
    assert_eq!(
        routes(&[("ROLLCALL_ROUTES", search)]).as_deref(),
        Ok(search)
    );
    let parameter = ("ROLLCALL_ROUTES_PARAMETER", "/rollcall/routes");
    assert_eq!(routes(&[parameter]).as_deref(), Ok("/rollcall/routes"));

    let wrong = |more: &[(&str, &str)]| routes(more).expect_err("a problem");
    insta::assert_snapshot!(wrong(&[("ROLLCALL_ROUTES", search), parameter]), @"invalid configuration: ROLLCALL_ROUTES: expected either this or ROLLCALL_ROUTES_PARAMETER, not both");
    insta::assert_snapshot!(wrong(&[("ROLLCALL_ROUTES_PARAMETER", search)]), @"invalid configuration: ROLLCALL_ROUTES_PARAMETER: expected the name or ARN of an SSM parameter, such as /rollcall/routes");
    let channels =
        r#"{"routes":[{"name":"pay","channel":"C0PAY"},{"name":"pay2","chanel":"C0PAY"}]}"#;
    insta::assert_snapshot!(wrong(&[("ROLLCALL_ROUTES", channels), ("ROLLCALL_ROWS", "0")]), @r#"invalid configuration: ROLLCALL_ROWS: expected a whole number of rows from 1 to 90, such as 12, or all; ROLLCALL_ROUTES: routes[1] "pay2": chanel: unknown key, did you mean channel?; ROLLCALL_ROUTES: expected SLACK_BOT_TOKEN or SLACK_BOT_TOKEN_PARAMETER to be set, as routes with a channel need it: pay"#);
    let channel = r#"{"routes":[{"name":"pay","channel":"C0PAY"}]}"#;
    insta::assert_snapshot!(wrong(&[("ROLLCALL_ROUTES", channel)]), @"invalid configuration: ROLLCALL_ROUTES: expected SLACK_BOT_TOKEN or SLACK_BOT_TOKEN_PARAMETER to be set, as routes with a channel need it: pay");
    let bot = [
        ("SLACK_BOT_TOKEN", "xoxb-canary"),
        ("SLACK_CHANNEL", "C0DEV"),
    ];
    assert!(routes(&[&bot[..], &[("ROLLCALL_ROUTES", channel)]].concat()).is_ok());
}

#[test]
fn routes_that_cannot_be_read_need_a_table_and_a_bot_as_well() {
    let wrong = r##"{"routes":[{"name":"pay","channel":"C0PAY","rows":0},{"channel":"C0WEB"},{"name":"rest","channel":"#rest"}]}"##;
    let wrong = read(&[WEBHOOK, ("ROLLCALL_ROUTES", wrong)]).unwrap_err();
    insta::assert_snapshot!(wrong.replace("; ", ";\n"), @r#"
    invalid configuration: ROLLCALL_ROUTES: routes[0] "pay": rows: expected a whole number of rows from 1 to 90, such as 12, or all;
    ROLLCALL_ROUTES: routes[1]: name: expected 1 to 40 letters, digits, hyphens and underscores;
    ROLLCALL_ROUTES: routes[2] "rest": channel: expected the channel's id, such as C012AB3CD;
    ROLLCALL_ROUTES: expected SLACK_BOT_TOKEN or SLACK_BOT_TOKEN_PARAMETER to be set, as routes with a channel need it: pay, routes[1];
    ROLLCALL_TABLE: expected a table's name, as there are routes and what each was told has to be remembered
    "#);
    let needs_table = |variables: &[(&str, &str)]| {
        let problem = read(&[&[WEBHOOK], variables].concat()).unwrap_err();
        problem.contains("ROLLCALL_TABLE: expected a table's name")
    };
    assert!(needs_table(&[("ROLLCALL_ROUTES", "[")]));
    assert!(needs_table(&[("ROLLCALL_ROUTES_PARAMETER", "a b")]));
    assert!(needs_table(&[
        ("ROLLCALL_ROUTES", "{}"),
        ("ROLLCALL_ROUTES_PARAMETER", "/rollcall/routes")
    ]));
}

#[test]
fn routes_need_a_table() {
    let search = r#"{"routes":[{"name":"search","webhook":"/rollcall/search"}]}"#;
    insta::assert_snapshot!(complaint("ROLLCALL_ROUTES", search).unwrap(), @"ROLLCALL_TABLE: expected a table's name, as there are routes and what each was told has to be remembered");
    assert_eq!(complaint("ROLLCALL_ROUTES", "{}"), None);
    assert!(complaint("ROLLCALL_ROUTES_PARAMETER", "/rollcall/routes").is_some());
}
