//! The command line as a user runs it.

mod errors;
mod files;
mod json;
mod routes;
mod terminal;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const ROLLCALL: &str = env!("CARGO_BIN_EXE_rollcall");

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

fn rollcall(arguments: &[&str]) -> Command {
    let mut command = Command::new(ROLLCALL);
    command.env_clear().args(arguments).stdin(Stdio::null());
    command
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn replay_stdin(input: &[u8]) -> Output {
    let mut child = rollcall(&["replay", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn several_files_of_one_window_give_one_message() {
    let all = rollcall(&["replay", "--timezone", "Asia/Seoul"])
        .arg(fixture("twenty-services-one-failure.json"))
        .output()
        .unwrap();

    let batch: serde_json::Value = serde_json::from_slice(
        &std::fs::read(fixture("twenty-services-one-failure.json")).unwrap(),
    )
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut command = rollcall(&["replay", "--timezone", "Asia/Seoul"]);
    for (index, records) in batch["Records"].as_array().unwrap().chunks(7).enumerate() {
        let path = folder.path().join(format!("{index}.json"));
        std::fs::write(&path, serde_json::json!({ "Records": records }).to_string()).unwrap();
        command.arg(path);
    }
    let parts = command.output().unwrap();
    assert_eq!(stdout(&all), stdout(&parts));
    assert_eq!(
        stdout(&parts)
            .matches("ECS Scheduled Scaling Summary")
            .count(),
        1
    );
}

#[test]
fn a_pipe_gets_no_colour_codes() {
    let output = rollcall(&["replay"])
        .arg(fixture("all-failed.json"))
        .output()
        .unwrap();
    assert!(!stdout(&output).contains('\u{1b}'));
    let output = rollcall(&["replay"])
        .env("CLICOLOR_FORCE", "1")
        .arg(fixture("all-failed.json"))
        .output()
        .unwrap();
    assert!(stdout(&output).contains("\u{1b}[31m"));
}

#[test]
fn reads_standard_input() {
    let output = replay_stdin(&std::fs::read(fixture("eventbridge-event.json")).unwrap());
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("Total: 1 succeeded"));
}

#[test]
fn names_records_that_cannot_be_decoded_and_exits_1() {
    let output = rollcall(&["replay"])
        .arg(fixture("poison-among-good.json"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("succeeded"),
        "the good records are still reported"
    );
    assert!(
        stderr(&output).contains("the body is not JSON"),
        "{}",
        stderr(&output)
    );

    let output = replay_stdin(b"{\"detail-type\": \"x\", \"detail\": {}}\n{broken\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("-: record 2: the body is not JSON"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn exits_2_where_the_input_cannot_be_read() {
    for (input, expected) in [
        (&b""[..], "it is empty"),
        (b"  \n", "it is empty"),
        (b"not json", "it is not JSON"),
        (b"{\"Records\": [", "it is not JSON"),
        (b"\x1f\x8b\x08broken", "cannot read -"),
    ] {
        let output = replay_stdin(input);
        assert_eq!(output.status.code(), Some(2), "{input:?}");
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
    let output = rollcall(&["replay", "no-such-file.json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        stderr(&output),
        "rollcall: cannot read no-such-file.json: No such file or directory (os error 2)\n"
    );
}

#[test]
fn says_why_there_is_nothing_to_show() {
    let output = replay_stdin(br#"{"Records": []}"#);
    assert!(output.status.success());
    assert_eq!(stdout(&output), "");
    assert_eq!(
        stderr(&output),
        "rollcall: no UpdateService or RunTask call of ECS in 0 records\n"
    );
}

#[test]
fn post_without_a_webhook_says_what_is_missing() {
    let output = rollcall(&["replay", "--post"])
        .arg(fixture("all-succeeded.json"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output)
            .contains("SLACK_WEBHOOK_URL: expected this or SLACK_WEBHOOK_PARAMETER to be set")
    );
}

#[test]
fn a_wrong_time_zone_is_named() {
    let output = rollcall(&["replay", "--timezone", "Seoul"])
        .arg(fixture("all-succeeded.json"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("--timezone"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn payloads_are_one_json_object_a_line() {
    let output = rollcall(&["replay", "--format", "payload"])
        .arg(fixture("two-environments.json"))
        .output()
        .unwrap();
    let texts: Vec<String> = stdout(&output)
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["text"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(texts.len(), 2);
    assert!(texts[0].contains(" dev · ") && texts[1].contains(" stg · "));
}

#[test]
fn a_link_holds_the_blocks() {
    let output = rollcall(&["replay", "--format", "link"])
        .arg(fixture("eventbridge-event.json"))
        .output()
        .unwrap();
    let fragment = stdout(&output)
        .trim()
        .strip_prefix("https://app.slack.com/block-kit-builder/#")
        .unwrap();
    let decoded: String = url_decode(fragment);
    let blocks: serde_json::Value = serde_json::from_str(&decoded).unwrap();
    assert_eq!(blocks["blocks"][0]["type"], "header");
}

fn url_decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .unwrap()
        .into_owned()
}

#[test]
fn version_has_the_commit_where_it_is_asked_for_in_full() {
    let version = env!("CARGO_PKG_VERSION");
    let commit = option_env!("RELEASE_COMMIT").unwrap_or("unknown");

    let short = rollcall(&["-V"]).output().unwrap();
    assert_eq!(stdout(&short), format!("rollcall {version}\n"));
    let long = rollcall(&["--version"]).output().unwrap();
    assert_eq!(
        stdout(&long),
        format!("rollcall {version} (commit {commit})\n")
    );
}

#[test]
fn help_shows_examples_and_completions_complete() {
    let output = rollcall(&["replay", "--help"]).output().unwrap();
    assert!(stdout(&output).contains("rollcall replay fixtures/twenty-services-one-failure.json"));
    let output = rollcall(&["completions", "bash"]).output().unwrap();
    assert!(stdout(&output).contains("_rollcall"));
}

#[test]
fn a_simulated_window_is_said_once_and_a_batch_each_time() {
    let output = rollcall(&["simulate", "--services", "50", "--latency", "30s"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let messages = stdout(&output)
        .lines()
        .find(|line| line.contains("Messages for a window"))
        .unwrap();
    let numbers: Vec<f64> = messages
        .split('|')
        .filter_map(|cell| cell.trim().parse().ok())
        .collect();
    assert!(
        numbers[0] > 5.0 && (numbers[1] - 1.0).abs() < f64::EPSILON,
        "{messages}"
    );
    let again = rollcall(&["simulate", "--services", "50", "--latency", "30s"])
        .output()
        .unwrap();
    assert_eq!(
        stdout(&output),
        stdout(&again),
        "the same seed gives the same numbers"
    );
}

#[test]
fn a_trace_tells_what_would_have_been_decided() {
    let output = rollcall(&["replay", "--trace"])
        .arg(fixture("twenty-services-one-failure.json"))
        .output()
        .unwrap();
    assert!(
        stderr(&output).contains("20 records: 20 decoded, 0 ignored, 0 undecodable"),
        "{}",
        stderr(&output)
    );
    assert!(
        stderr(&output).contains("wait until 2024-01-15T00:10:02Z (settled)"),
        "{}",
        stderr(&output)
    );
}
