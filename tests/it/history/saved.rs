//! What `--save` and `--redact` leave.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::{command, json_of, morning, stderr, stdout};
use crate::support::cloudtrail::FakeCloudTrail;

fn replay(path: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    command.env_clear().arg("replay").arg(path).args(arguments);
    command.output().unwrap()
}

#[test]
fn a_saved_file_replays_to_the_same_messages_in_the_order_of_time() {
    let fake = FakeCloudTrail::holding(morning(), 2);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("morning.jsonl");
    let shown = command(&fake).arg("--save").arg(&path).output().unwrap();
    assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
    assert!(stdout(&shown).contains("acme-web"));
    assert_eq!(stdout(&shown), stdout(&replay(&path, &[])));

    let saved = std::fs::read_to_string(&path).unwrap();
    let events: Vec<Value> = saved
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let times: Vec<&str> = events
        .iter()
        .filter_map(|event| event["detail"]["eventTime"].as_str())
        .collect();
    assert_eq!(times.len(), 5);
    assert!(times.is_sorted(), "{times:?}");

    let again = command(&fake).arg("--save").arg(&path).output().unwrap();
    assert_eq!(again.status.code(), Some(2));
    assert!(
        stderr(&again).contains("exists already"),
        "{}",
        stderr(&again)
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), saved);
}

#[test]
fn a_redacted_file_tells_the_same_without_a_name() {
    let fake = FakeCloudTrail::holding(morning(), 50);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("morning.jsonl");
    let plain = command(&fake).args(["--format", "json"]).output().unwrap();
    let redacted = command(&fake)
        .args(["--format", "json", "--redact", "--save"])
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(redacted.status.code(), Some(0), "{}", stderr(&redacted));
    assert_eq!(json_of(&plain)["totals"], json_of(&redacted)["totals"]);
    assert_eq!(
        stdout(&redacted),
        stdout(&replay(&path, &["--format", "json"]))
    );

    let saved = std::fs::read_to_string(&path).unwrap();
    for secret in [
        "acme",
        "jane",
        "111122223333",
        "0123456789abcdef0123",
        "198.51.100.23",
        "10.1.2.3",
        "10-1-2-3",
        "ASIA",
        "event-1",
        "request-1",
    ] {
        assert!(!saved.contains(secret), "{secret}: {saved}");
        assert!(!stdout(&redacted).contains(secret), "{secret}");
    }
    // One role has one stand-in, as a field, in ARNs and in the text of the error.
    assert_eq!(
        saved
            .matches("is not authorized to perform: ecs:UpdateService")
            .count(),
        1,
        "{saved}"
    );
    assert!(
        saved.contains("assumed-role/role-1/") && !saved.contains("role-2"),
        "{saved}"
    );
}
