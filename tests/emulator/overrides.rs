//! `rollcall extend`, `skip`, `overrides` and `cancel` with the real binary, against moto's Scheduler.
//!
//! What overrides do to runs over days, the unit tests play in memory; here it is shown that the requests do what they say.

use std::collections::BTreeMap;

use aws_sdk_scheduler::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput;
use aws_sdk_scheduler::primitives::DateTime;
use aws_sdk_scheduler::types::{ActionAfterCompletion, FlexibleTimeWindow, Target};
use chrono::{Datelike, TimeDelta, Timelike, Utc, Weekday};
use serde_json::Value;

use crate::doctor::{Looked, Stack};

const GROUPS: [&str; 2] = ["rollcall-dev", "rollcall-dev-rosters"];

fn run(stack: &Stack, command: &str, arguments: &[&str]) -> Looked {
    Looked::of(stack.rollcall(command).args(arguments).output().unwrap())
}

/// What matters of a schedule.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    expression: Option<String>,
    start: Option<DateTime>,
    end: Option<DateTime>,
    flexible: Option<FlexibleTimeWindow>,
    target: Option<Target>,
    after_completion: ActionAfterCompletion,
}

impl From<GetScheduleOutput> for Seen {
    fn from(answer: GetScheduleOutput) -> Self {
        Self {
            expression: answer.schedule_expression,
            start: answer.start_date,
            end: answer.end_date,
            flexible: answer.flexible_time_window,
            target: answer.target,
            // None at all and the action NONE are the same.
            after_completion: answer
                .action_after_completion
                .unwrap_or(ActionAfterCompletion::None),
        }
    }
}

/// All schedules of both groups, by name.
fn schedules(stack: &Stack) -> BTreeMap<String, Seen> {
    let config = aws_sdk_scheduler::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-2"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(rollcall::tls::aws_http_client())
        .endpoint_url(stack.endpoint());
    let client = aws_sdk_scheduler::Client::from_conf(config.build());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut found = BTreeMap::new();
        for group in GROUPS {
            let listed = client.list_schedules().group_name(group).send().await;
            for one in listed.unwrap().schedules {
                let name = one.name.unwrap();
                let ask = client.get_schedule().group_name(group).name(&name);
                found.insert(name, ask.send().await.unwrap().into());
            }
        }
        found
    })
}

/// The schedule whose next run is far enough away at any time of day: they run at 09:00 and 19:00 in Seoul.
fn schedule() -> &'static str {
    if (9..11).contains(&Utc::now().hour()) {
        "morning"
    } else {
        "evening"
    }
}

/// A weekday at least a week ahead.
fn next_week() -> String {
    let mut day = Utc::now().date_naive() + TimeDelta::days(7);
    while matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
        day += TimeDelta::days(1);
    }
    day.to_string()
}

fn overrides(stack: &Stack) -> Vec<Value> {
    let listed = run(stack, "overrides", &["--json"]);
    assert_eq!(listed.status, Some(0), "{listed:?}");
    serde_json::from_str(&listed.stdout).unwrap()
}

#[test]
fn an_extended_run_is_moved_once_and_cancelled_again() {
    let mut stack = Stack::start();
    assert_eq!(stack.ask("healthy"), "ready");
    let before = schedules(&stack);
    let schedule = schedule();
    let wish = ["--schedule", schedule, "--for", "1h", "--reason", "demo"];

    let with = |more: &[&'static str]| [&wish[..], more].concat();
    let shown = run(&stack, "extend", &with(&["--dry-run"]));
    assert_eq!(shown.status, Some(0), "{shown:?}");
    assert!(
        shown.stdout.contains("1 h later than scheduled"),
        "{shown:?}"
    );
    // Two calls and their roster move; a record, and a message that it begins.
    assert!(
        shown
            .stdout
            .contains("Plan: 5 to add, 4 to change, 0 to destroy."),
        "{shown:?}"
    );
    assert!(schedules(&stack) == before, "nothing was changed");
    let asked = run(&stack, "extend", &wish);
    assert_eq!(asked.status, Some(2), "{asked:?}");
    assert!(asked.stderr.contains("--yes"), "{asked:?}");
    assert!(schedules(&stack) == before, "nothing was changed");

    let extended = run(&stack, "extend", &with(&["--yes"]));
    assert_eq!(extended.status, Some(0), "{extended:?}");
    let after = schedules(&stack);
    assert_eq!(after.len(), before.len() + 5, "{:?}", after.keys());
    let mut started = 0;
    for (name, old) in &before {
        let mut new = after[name].clone();
        started += usize::from(new.start.is_some());
        new.start = None;
        assert_eq!(&new, old, "only the start changed");
    }
    assert_eq!(started, 3);
    let moved = |of: &str| {
        let named = format!("{of}.at-");
        let found = after.iter().find(|(name, _)| name.starts_with(&named));
        found.unwrap_or_else(|| panic!("{:?}", after.keys())).1
    };
    for of in [format!("{schedule}.api"), format!("main.{schedule}")] {
        let moved = moved(&of);
        assert_eq!(moved.target, before[&of].target);
        assert_eq!(moved.flexible, before[&of].flexible);
        assert_eq!(moved.after_completion, ActionAfterCompletion::Delete);
    }

    let [one] = &overrides(&stack)[..] else {
        panic!("one override holds");
    };
    assert_eq!(
        (&one["kind"], &one["reason"]),
        (&"extend".into(), &"demo".into())
    );
    assert!(!one["by"].as_str().unwrap().is_empty());
    let again = run(&stack, "extend", &with(&["--yes"]));
    assert_eq!(again.status, Some(0), "{again:?}");
    assert!(again.stdout.contains("holds already"), "{again:?}");
    assert_eq!(overrides(&stack).len(), 1);
    assert_eq!(schedules(&stack).len(), after.len());
    let looked = run(&stack, "doctor", &[]);
    assert_eq!(looked.status, Some(0), "{}", looked.stdout);
    let shown = run(&stack, "status", &[]);
    assert!(
        shown.stdout.contains("1 h later than scheduled"),
        "{shown:?}"
    );

    let cancelled = run(&stack, "cancel", &[one["id"].as_str().unwrap(), "--yes"]);
    assert_eq!(cancelled.status, Some(0), "{cancelled:?}");
    assert_eq!(overrides(&stack), Vec::<Value>::new());
    let mut restored = schedules(&stack);
    restored.retain(|name, _| !name.starts_with("override-"));
    assert_eq!(restored.len(), before.len(), "{:?}", restored.keys());
    assert!(restored.values().all(|one| one.start.is_none()));
}

#[test]
fn what_is_refused_half_way_is_completed_by_the_same_command() {
    let mut stack = Stack::start();
    assert_eq!(stack.ask("healthy"), "ready");
    let before = schedules(&stack);
    let day = next_week();
    let wish = ["--schedule", schedule(), "--on", &day, "--yes"];

    assert_eq!(stack.ask("forbid scheduler:CreateSchedule"), "ready");
    let refused = run(&stack, "skip", &wish);
    assert_eq!(refused.status, Some(2), "{refused:?}");
    assert!(
        refused.stderr.contains("scheduler:CreateSchedule"),
        "{refused:?}"
    );
    assert!(schedules(&stack) == before, "nothing was changed");

    assert_eq!(stack.ask("forbid scheduler:UpdateSchedule"), "ready");
    let partly = run(&stack, "skip", &wish);
    assert_eq!(partly.status, Some(1), "{partly:?}");
    let halfway = schedules(&stack);
    assert!(
        halfway.values().all(|one| one.start.is_none()),
        "no run is taken away yet"
    );

    assert_eq!(stack.ask("forbid"), "ready");
    let completed = run(&stack, "skip", &wish);
    assert_eq!(completed.status, Some(0), "{completed:?}");
    let after = schedules(&stack);
    let copies = after.keys().filter(|name| name.contains(".to-"));
    assert_eq!(
        copies.count(),
        3,
        "the runs before that day are kept: {:?}",
        after.keys()
    );
    let started = after
        .iter()
        .filter(|(name, one)| before.contains_key(*name) && one.start.is_some());
    assert_eq!(started.count(), 3);
    assert_eq!(overrides(&stack).len(), 1);
}

#[test]
fn what_cannot_be_is_refused_with_what_could_be() {
    let mut stack = Stack::start();
    assert_eq!(stack.ask("healthy"), "ready");
    let before = schedules(&stack);
    for (command, arguments, expected) in [
        (
            "skip",
            &["--schedule", "mornin", "--on", "2030-01-01"][..],
            "expected one of evening, morning, report",
        ),
        (
            "extend",
            &["--for", "2h", "--service", "apii"],
            "expected one of api, web",
        ),
        ("extend", &["--for", "30h"], "more than 24 hours"),
        ("up", &["--for", "3d"], "more than 24 hours"),
        (
            "skip",
            &["--schedule", "morning", "--on", "2020-01-06"],
            "has no run on Mon 6 Jan 2020",
        ),
    ] {
        let refused = run(&stack, command, &[arguments, &["--yes"]].concat());
        assert_eq!(refused.status, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(expected), "{refused:?}");
    }
    let unknown = run(&stack, "cancel", &["12345678", "--yes"]);
    assert_eq!(unknown.status, Some(2), "{unknown:?}");
    assert!(
        unknown.stderr.contains("no override 12345678"),
        "{unknown:?}"
    );
    assert!(schedules(&stack) == before, "nothing was changed");
    assert_eq!(stack.ask("forbid sts:GetCallerIdentity"), "ready");
    let nobody = run(&stack, "up", &["--for", "1h", "--yes"]);
    assert_eq!(nobody.status, Some(2), "{nobody:?}");
}
