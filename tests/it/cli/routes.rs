//! Routes as a user tests and shows them, and what each route hears.

use std::io::Write;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use super::{fixture, rollcall, stderr, stdout};

/// Runs a command with these routes on its standard input.
fn with_routes(routes: &Value, arguments: &[&str]) -> Output {
    let mut child = rollcall(arguments)
        .args(["--routes", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(routes.to_string().as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn example() -> Value {
    let ledger =
        json!({"name": "ledger", "match": {"service": "au*"}, "language": "ko", "rows": "all"});
    json!({"routes": [
        {"name": "pay", "match": {"cluster": "dev"}, "channel": "C0PAY", "label": "payments dev", "timezone": "Europe/Berlin",
         "mention_on_failure": "<!subteam^S0PAY>", "routes": [ledger]},
        {"name": "search", "match": {"labels": {"team": "search"}}, "webhook": "/rollcall/search/webhook", "continue": true},
        {"name": "oncall", "match": {"outcome": "failed"}, "webhook": "/rollcall/oncall/webhook"},
    ]})
}

#[test]
fn routes_are_drawn_as_a_tree() {
    insta::assert_snapshot!(stdout(&with_routes(&example(), &["routes", "show"])), @r#"
    default · where the function's own settings say
    ├─ pay · cluster dev
    │  │ channel C0PAY · labelled "payments dev" · times of Europe/Berlin · mentions <!subteam^S0PAY>
    │  └─ ledger · service au*
    │       language ko · rows all
    │       as above: channel C0PAY · labelled "payments dev" · times of Europe/Berlin · mentions <!subteam^S0PAY>
    ├─ search · label team=search · continues
    │    webhook in /rollcall/search/webhook
    └─ oncall · outcome failed
         webhook in /rollcall/oncall/webhook
    "#);
    let output = with_routes(&example(), &["routes", "show", "--json"]);
    let written: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(written, example());
    insta::assert_snapshot!(stdout(&with_routes(&json!({}), &["routes", "show"])), @"default · where the function's own settings say");
}

#[test]
fn who_hears_of_a_service_is_printed_and_verified() {
    let test = |arguments: &[&str]| {
        let output = with_routes(&example(), &[&["routes", "test"], arguments].concat());
        let code = output.status.code().unwrap();
        format!("{}{}exit {code}", stdout(&output), stderr(&output))
    };
    insta::assert_snapshot!(test(&["--cluster", "dev", "--service", "auth", "--outcome", "failed"]), @r"
    ledger  channel C0PAY
    oncall  webhook in /rollcall/oncall/webhook
    exit 0
    ");
    insta::assert_snapshot!(test(&["--cluster", "web", "--label", "team=search", "--verify", "search"]), @r"
    search  webhook in /rollcall/search/webhook
    exit 0
    ");
    insta::assert_snapshot!(test(&["--cluster", "web", "--verify", "default"]), @r"
    default  where the function's own settings say
    exit 0
    ");
    insta::assert_snapshot!(test(&["--cluster", "dev", "--outcome", "failed", "--verify", "oncall,pay"]), @r"
    pay     channel C0PAY
    oncall  webhook in /rollcall/oncall/webhook
    exit 0
    ");
    insta::assert_snapshot!(test(&["--cluster", "dev", "--verify", "pay", "--verify", "serch"]), @r"
    pay  channel C0PAY
    rollcall: --verify: expected pay, serch; heard by pay
    rollcall: --verify: no route has the name serch
    exit 1
    ");
    insta::assert_snapshot!(test(&["--cluster", "dev", "--service", "auth", "--json"]), @r#"
    {
      "receivers": [
        {
          "channel": "C0PAY",
          "label": "payments dev",
          "language": "ko",
          "mention_on_failure": "<!subteam^S0PAY>",
          "name": "ledger",
          "rows": "all",
          "timezone": "Europe/Berlin"
        }
      ]
    }
    exit 0
    "#);
    assert!(test(&["--label", "team"]).ends_with("exit 2"));
    assert!(test(&["--outcome", "late"]).ends_with("exit 2"));
}

#[test]
fn all_problems_of_routes_are_named_and_exit_2() {
    let wrong = json!({"routes": [{"name": "a", "chanel": "C1"}, {"webhook": "https://hooks.example/canary"}]});
    for arguments in [
        &["routes", "test", "--verify", "a"][..],
        &["routes", "show"],
        &["replay", "fixtures/all-succeeded.json"],
    ] {
        let output = with_routes(&wrong, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        insta::allow_duplicates! {
            insta::assert_snapshot!(stderr(&output), @r#"
            rollcall: standard input: 3 problems
              routes[0] "a": chanel: unknown key, did you mean channel?
              routes[1]: name: expected 1 to 40 letters, digits, hyphens and underscores
              routes[1]: webhook: expected the name or ARN of the SSM parameter that holds the address: the address itself is a secret and does not belong here
            "#);
        }
    }
}

#[test]
fn routes_come_from_a_file_or_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.json");
    std::fs::write(&path, example().to_string()).unwrap();
    let file = rollcall(&["routes", "show", "--routes"])
        .arg(&path)
        .output()
        .unwrap();
    let variable = rollcall(&["routes", "show"])
        .env("ROLLCALL_ROUTES", example().to_string())
        .output()
        .unwrap();
    assert!(file.status.success());
    assert_eq!(stdout(&file), stdout(&variable));

    let none = rollcall(&["routes", "show"]).output().unwrap();
    assert_eq!(none.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&none), @"rollcall: --routes: expected a file, or ROLLCALL_ROUTES to be set");
    let absent = rollcall(&["routes", "show", "--routes", "absent.json"])
        .output()
        .unwrap();
    assert_eq!(absent.status.code(), Some(2));
    assert!(stderr(&absent).contains("cannot read absent.json"));
}

#[test]
fn a_replay_shows_what_each_route_hears() {
    let path = fixture("two-environments.json");
    let path = path.to_str().unwrap();
    let shown = with_routes(&example(), &["replay", path]);
    insta::assert_snapshot!(stdout(&shown), @r"
    ── pay
    ✅ payments dev · all 4 calls accepted
    ECS Scheduled Scaling Summary · Mon 15 Jan 01:00~01:05 CET
    | Service    | Action         | Status |
    |------------|----------------|--------|
    | billing    | Scale Up (→ 1) | ✅     |
    | frontend   | Scale Up (→ 1) | ✅     |
    | nestjs     | Scale Up (→ 1) | ✅     |
    | python-api | Scale Up (→ 1) | ✅     |
    Total: 4 succeeded
    ✅ means that ECS accepted the call; whether tasks run was not asked.

    ── ledger
    ✅ payments dev · 호출 1건 수락됨
    ECS 예약 스케일링 요약 · 1월 15일(월) 01:03~01:04 CET
    | 서비스 | 동작            | 상태 |
    |--------|-----------------|------|
    | auth   | 스케일 업 (→ 1) | ✅   |
    합계: 성공 1
    ✅는 ECS가 호출을 수락했다는 뜻입니다. 태스크가 실행되는지는 묻지 않았습니다.

    ── default
    ❌ stg · auth did not start · 4 of 5 accepted
    ECS Scheduled Scaling Summary · Mon 15 Jan 00:00~00:05 UTC
    auth: service not active in cluster stg
    → The service was deleted or is draining: create it again, or remove its schedule.
    ServiceNotActiveException: Service was not ACTIVE.
    | Service    | Action         | Status                |
    |------------|----------------|-----------------------|
    | auth       | Scale Up (→ 1) | ❌ service not active |
    | billing    | Scale Up (→ 1) | ✅                    |
    | frontend   | Scale Up (→ 1) | ✅                    |
    | nestjs     | Scale Up (→ 1) | ✅                    |
    | python-api | Scale Up (→ 1) | ✅                    |
    Total: 4 succeeded, 1 failed
    ✅ means that ECS accepted the call; whether tasks run was not asked.

    ── oncall
    ❌ stg · auth did not start
    ECS Scheduled Scaling Summary · Mon 15 Jan 00:03~00:04 UTC
    auth: service not active in cluster stg
    → The service was deleted or is draining: create it again, or remove its schedule.
    ServiceNotActiveException: Service was not ACTIVE.
    | Service | Action         | Status                |
    |---------|----------------|-----------------------|
    | auth    | Scale Up (→ 1) | ❌ service not active |
    Total: 1 failed
    ");
    let told = with_routes(&example(), &["replay", "--format", "json", path]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let windows = told["windows"].as_array().unwrap().iter();
    let messages = windows.flat_map(|window| window["messages"].as_array().unwrap());
    let routes: Vec<_> = messages.map(|one| one["route"].as_str().unwrap()).collect();
    assert_eq!(routes, ["pay", "ledger", "default", "oncall"]);
    let schema = std::fs::read(fixture("../docs/replay.schema.json")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let schema = &schema["$defs"]["window"]["properties"]["messages"];
    for window in told["windows"].as_array().unwrap() {
        assert!(jsonschema::is_valid(schema, &window["messages"]));
    }

    let payloads = with_routes(&example(), &["replay", "--format", "payload", path]);
    assert_eq!(stdout(&payloads).lines().count(), 4);
    let conflict = with_routes(&example(), &["replay", "--post", path]);
    assert_eq!(conflict.status.code(), Some(2));
}
