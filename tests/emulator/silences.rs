//! Silences and exports, by the real command line on a real table.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rollcall::aws::{DynamoDbLog, Silence};
use rollcall::core::runs::Runs;
use rollcall::core::window::{WindowKey, Windowing};

use crate::emulator::{Emulator, Resources};
use crate::mapping::Mapping;
use crate::support::slack::{FakeSlack, Reply};
use crate::windows::{call, environment, now, roster, send};

const PERIOD: Duration = Duration::from_mins(30);

struct Table {
    emulator: Emulator,
    resources: Resources,
}

impl Table {
    fn new() -> Self {
        let emulator = Emulator::start();
        let resources = emulator.resources();
        Self {
            emulator,
            resources,
        }
    }

    fn log(&self) -> DynamoDbLog {
        DynamoDbLog::new(self.emulator.dynamodb(), self.resources.table.clone())
    }

    fn note_period(&self, environment: Option<&str>) {
        let log = self.log();
        self.emulator
            .wait_for(log.note_period(environment, PERIOD))
            .unwrap();
    }

    fn silences(&self) -> Vec<Silence> {
        self.emulator.wait_for(self.log().silences()).unwrap()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().stdin(Stdio::null()).envs([
            ("AWS_ENDPOINT_URL", self.emulator.endpoint()),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "ap-northeast-2"),
            ("ROLLCALL_TABLE", &self.resources.table),
        ]);
        command
    }

    fn rollcall(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_rollcall"));
        command.args(arguments).output().unwrap()
    }

    /// What a command prints that succeeds.
    fn prints(&self, arguments: &[&str]) -> String {
        let output = self.rollcall(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        text(&output.stdout).to_owned()
    }

    /// Whether the window of a moment is silenced.
    fn is_silenced(&self, time: DateTime<Utc>) -> bool {
        let windowing = Windowing {
            environment: None,
            period: PERIOD,
        };
        let key = WindowKey {
            start: windowing.start_of(time),
            environment: "dev".to_owned(),
        };
        let contents = self.emulator.wait_for(self.log().read(&key)).unwrap();
        let contents = contents.unwrap_or_default();
        Runs::fold(key.start, contents.facts()).is_silenced
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn hours(hours: i64) -> TimeDelta {
    TimeDelta::hours(hours)
}

#[test]
fn a_silence_is_added_listed_and_taken_back() {
    let table = Table::new();
    table.note_period(Some("dev"));
    let add = [
        "silence",
        "add",
        "--environment",
        "dev",
        "--for",
        "3h",
        "--comment",
        "Seollal",
    ];
    let id = table.prints(&add);
    let id = id.trim();
    let later = table.prints(&["silence", "add", "--environment", "dev", "--for", "1h"]);
    assert!(table.is_silenced(now()) && table.is_silenced(now() + hours(2)));
    assert!(!table.is_silenced(now() + hours(4)));
    let listed = table.prints(&["silence", "list"]);
    let line = listed.lines().find(|line| line.contains(id)).unwrap();
    assert!(line.contains("dev") && line.contains("Seollal"), "{listed}");
    assert!(
        table
            .prints(&["silence", "list", "--environment", "stg"])
            .is_empty()
    );

    table.prints(&["silence", "expire", "--dry-run", id]);
    assert!(
        table.is_silenced(now() + hours(2)),
        "a dry run does nothing"
    );
    table.prints(&["silence", "expire", id]);
    assert!(!table.is_silenced(now() + hours(2)));
    assert!(table.is_silenced(now()), "the other silence stands");
    let listed = table.prints(&["silence", "list"]);
    assert!(
        !listed.contains(id) && listed.contains(later.trim()),
        "{listed}"
    );
    let listed = table.prints(&["silence", "list", "--expired"]);
    assert!(
        listed.contains(id) && listed.contains("(taken back)"),
        "{listed}"
    );
    // Once more is no error, and changes nothing.
    table.prints(&["silence", "expire", id]);

    let output = table.rollcall(&["silence", "expire", "nothing"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("there is no silence nothing"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_dry_run_says_what_it_would_do_and_does_nothing() {
    let table = Table::new();
    table.note_period(Some("dev"));
    let output = table.rollcall(&[
        "silence",
        "add",
        "--environment",
        "dev",
        "--from",
        "2026-12-24",
        "--until",
        "2026-12-27",
        "--timezone",
        "Asia/Seoul",
        "--dry-run",
    ]);
    assert!(output.status.success());
    assert_eq!(
        text(&output.stderr),
        "rollcall: would silence 144 windows of dev from 2026-12-24T00:00:00+09:00 until 2026-12-27T00:00:00+09:00\n"
    );
    assert_eq!(text(&output.stdout), "");
    assert!(table.silences().is_empty());
}

#[test]
fn an_environment_that_was_never_seen_is_refused_unless_forced() {
    let table = Table::new();
    table.note_period(Some("dev"));
    let add = ["silence", "add", "--environment", "dve", "--for", "1h"];
    let output = table.rollcall(&add);
    assert_eq!(output.status.code(), Some(2));
    let problem = text(&output.stderr);
    assert!(
        problem.contains("--environment") && problem.contains("it knows dev"),
        "{problem}"
    );
    assert!(table.silences().is_empty());
    let forced = [&add[..], &["--force", "--window-minutes", "60"]].concat();
    table.prints(&forced);
    assert_eq!(table.silences()[0].period, Duration::from_hours(1));
}

#[test]
fn where_clusters_are_the_labels_a_visited_window_makes_an_environment_known() {
    let emulator = Emulator::start();
    let resources = emulator.resources();
    let slack = FakeSlack::answering([Reply::ok()]);
    send(&emulator, &resources, &[call(1, None)]);
    let mut variables = environment(&emulator, &resources, &slack);
    // Each window is labelled by its cluster, which is `dev`.
    variables.retain(|(name, _)| name != "ROLLCALL_ENVIRONMENT");
    let queue_url = resources.queue_url.clone();
    Mapping::new(emulator.sqs(), queue_url, variables, 1, Vec::new()).drain();
    let table = Table {
        emulator,
        resources,
    };
    let add = |environment| {
        table.rollcall(&[
            "silence",
            "add",
            "--for",
            "2d",
            "--environment",
            environment,
        ])
    };
    assert_eq!(add("stg").status.code(), Some(2));
    let known = add("dev");
    assert!(known.status.success(), "{}", text(&known.stderr));
    assert_eq!(
        table.silences()[0].period,
        Duration::from_hours(24),
        "as the function noted"
    );
}

#[test]
fn nobody_is_missing_in_a_silenced_window_until_the_silence_is_taken_back() {
    let emulator = Emulator::start();
    let table = Table {
        resources: emulator.resources(),
        emulator,
    };
    let slack = FakeSlack::answering([Reply::ok()]);
    let variables = environment(&table.emulator, &table.resources, &slack);
    let log = table.log();
    let day = Duration::from_hours(24);
    table
        .emulator
        .wait_for(log.note_period(Some("dev"), day))
        .unwrap();
    let id = table.prints(&["silence", "add", "--environment", "dev", "--for", "1h"]);
    let drain = |bodies: &[serde_json::Value]| {
        send(&table.emulator, &table.resources, bodies);
        let queue_url = table.resources.queue_url.clone();
        let mapping = Mapping::new(
            table.emulator.sqs(),
            queue_url,
            variables.clone(),
            1,
            Vec::new(),
        );
        mapping.drain();
    };
    drain(&[roster(3)]);
    assert!(slack.posts().is_empty(), "silenced");
    table.prints(&["silence", "expire", id.trim()]);
    // The next record of the window brings the next visit.
    drain(&[call(0, None)]);
    let post = slack.only_post();
    assert_eq!(
        post.rows().len(),
        4,
        "two services without a call are reported again: {:?}",
        post.rows()
    );
}

/// The commands of the chapter about holidays, as they are printed.
#[test]
fn the_documented_holiday_command_works_as_printed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/terraform/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (_, chapter) = readme.split_once("**Holidays.**").unwrap();
    let (_, block) = chapter.split_once("```\n").unwrap();
    let (commands, _) = block.split_once("```").unwrap();
    assert!(commands.contains("rollcall silence add"), "{commands}");
    let name = commands
        .split("--table ")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap();
    let emulator = Emulator::start();
    emulator.table(name);
    let mut resources = emulator.resources();
    name.clone_into(&mut resources.table);
    let table = Table {
        emulator,
        resources,
    };
    table.note_period(Some("dev"));
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_rollcall"));
    let folder = binary.parent().unwrap().to_str().unwrap();
    let output = table
        .command("sh")
        .args(["-euc", commands])
        .env("PATH", format!("{folder}:/usr/bin:/bin"))
        .env_remove("ROLLCALL_TABLE")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(table.silences().len(), 1);
    assert!(table.is_silenced(table.silences()[0].from + hours(24)));
}

#[test]
fn an_exported_window_replays_as_the_function_reported_it() {
    let emulator = Emulator::start();
    let (resources, slack) = (emulator.resources(), FakeSlack::answering([Reply::ok()]));
    emulator.cluster(
        "dev",
        &[("service-00", 0, Some(1)), ("service-01", 0, Some(3))],
    );
    let bodies = [
        roster(3),
        call(0, None),
        call(1, None),
        call(2, Some("ServiceNotFoundException")),
    ];
    send(&emulator, &resources, &bodies);
    let mut variables = environment(&emulator, &resources, &slack);
    variables.push(("ROLLCALL_VERIFY_MINUTES".to_owned(), "1".to_owned()));
    let queue_url = resources.queue_url.clone();
    Mapping::new(emulator.sqs(), queue_url, variables, 1, Vec::new()).drain();
    let post = slack.only_post();

    let table = Table {
        emulator,
        resources,
    };
    let window = format!("dev {}", now().format("%Y-%m-%dT%H:%M:%SZ"));
    let exported = table.prints(&["export", "--window", &window]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("morning.jsonl");
    std::fs::write(&file, exported).unwrap();
    let replayed = table.prints(&["replay", "--format", "payload", file.to_str().unwrap()]);
    let replayed: serde_json::Value = serde_json::from_str(&replayed).unwrap();
    let posted: serde_json::Value = serde_json::from_slice(&post.body).unwrap();
    assert_eq!(replayed, posted);

    let output = table.rollcall(&["export", "--environment", "dev", "--window", "2020-01-01"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("holds nothing of dev 2020-01-01"),
        "{}",
        text(&output.stderr)
    );
}
