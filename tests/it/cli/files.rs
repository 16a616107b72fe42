//! Which files are replayed, and how large ones are.

use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::{fixture, replay_stdin, rollcall, stderr, stdout};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A call of a service at 09:00 of a day of January, as CloudTrail records it.
fn record(day: usize, service: &str) -> serde_json::Value {
    json!({
        "eventVersion": "1.11", "eventSource": "ecs.amazonaws.com", "eventName": "UpdateService",
        "eventID": format!("{service}-{day}"), "eventTime": format!("2024-01-{day:02}T00:00:07Z"),
        "awsRegion": "ap-northeast-2", "recipientAccountId": "111122223333",
        "requestParameters": {"cluster": "dev", "service": service, "desiredCount": 1},
    })
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn reads_the_date_tree_of_cloudtrail_in_the_order_of_time() {
    let folder = tempfile::tempdir().unwrap();
    let trail = folder
        .path()
        .join("AWSLogs/111122223333/CloudTrail/ap-northeast-2/2024/01");
    for day in [16, 15] {
        let log = json!({"Records": [record(day, "auth"), record(day, "billing")]}).to_string();
        let name = format!("{day}/111122223333_CloudTrail_ap-northeast-2_{day}.json.gz");
        write(&trail.join(name), &gzip(log.as_bytes()));
    }
    // What stands beside the logs is no log.
    let digest = gzip(br#"{"awsAccountId": "111122223333", "logFiles": []}"#);
    write(
        &folder
            .path()
            .join("AWSLogs/111122223333/CloudTrail-Digest/a.json.gz"),
        &digest,
    );
    write(&trail.join("15/.DS_Store"), b"\0\0");
    write(&trail.join("15/notes.txt"), b"not for replay");

    let output = rollcall(&["replay", "--environment", "dev"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let dates: Vec<&str> = stdout(&output)
        .lines()
        .filter(|line| line.starts_with("ECS Scheduled Scaling Summary"))
        .collect();
    assert_eq!(dates.len(), 2, "{dates:?}");
    assert!(
        dates[0].contains("15 Jan 00:00") && dates[1].contains("16 Jan 00:00"),
        "{dates:?}"
    );
    assert_eq!(stderr(&output), "", "no progress where nobody watches");
}

#[test]
fn goes_on_past_files_that_cannot_be_read_and_exits_2() {
    let folder = tempfile::tempdir().unwrap();
    let log = json!({"Records": [record(15, "auth"), record(15, "billing")]}).to_string();
    let cut = gzip(log.repeat(200).as_bytes());
    write(&folder.path().join("a-cut.json.gz"), &cut[..cut.len() / 2]);
    write(&folder.path().join("b-prose.json"), b"not JSON at all");
    write(
        &folder.path().join("c-good.json"),
        record(15, "frontend").to_string().as_bytes(),
    );
    let output = rollcall(&["replay", "--format", "json"])
        .arg(folder.path().join("no-such-file.json"))
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let problems = stderr(&output);
    for name in ["no-such-file.json", "a-cut.json.gz", "b-prose.json"] {
        let start = "rollcall: cannot read ";
        let is_named = |line: &str| line.starts_with(start) && line.contains(name);
        assert!(problems.lines().any(is_named), "{name}: {problems}");
    }
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["unreadable_files"], 3);
    // The cut file told of two services before it ended, and the good one of a third.
    assert_eq!(told["totals"]["services"]["accepted"], 3, "{told}");
}

#[test]
fn a_directory_without_logs_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("notes.txt"), b"");
    let output = rollcall(&["replay"]).arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let expected = "no file in it has a name that ends in .json, .jsonl, .ndjson, .gz";
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
}

#[test]
fn a_broken_line_among_others_is_named_and_the_others_are_read() {
    let good = record(15, "auth").to_string();
    let lines = format!(
        "{{\"cut\": \n{good}\n{{\"detail\": {{\"a\n\n{}\n",
        record(15, "billing")
    );
    let output = replay_stdin(lines.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    let names: Vec<&str> = stderr(&output).lines().take(2).collect();
    assert!(
        names[0].starts_with("rollcall: -: record 1: the body is not JSON"),
        "{names:?}"
    );
    assert!(
        names[1].starts_with("rollcall: -: record 3: the body is not JSON"),
        "{names:?}"
    );
    assert!(stdout(&output).contains("auth") && stdout(&output).contains("billing"));
}

#[test]
fn lists_are_found_wherever_they_stand() {
    let (one, two) = (record(15, "auth"), record(15, "billing"));
    for input in [
        format!("{{\"Records\":[{one},{two}]}}"),
        format!("{{ \"Records\" :\n [{one}\n,{two}], \"more\": {{\"x\": [1, 2.5, null]}} }}"),
        format!("{{\"version\": 1, \"Records\": [{one}, {two}]}}"),
        format!("[[{one}], [{two}]]"),
        format!("{{\"Records\":[{one}]}}{{\"Records\":[{two}]}}"),
        format!("\u{feff}{one}\r\n{two}"),
        serde_json::to_string_pretty(&json!([one, two])).unwrap(),
    ] {
        let output = replay_stdin(input.as_bytes());
        assert!(output.status.success(), "{input}: {}", stderr(&output));
        let shown = stdout(&output);
        assert!(
            shown.contains("auth") && shown.contains("billing"),
            "{input}: {shown}"
        );
    }
}

#[test]
fn an_error_in_a_list_is_told_with_its_line() {
    let output =
        replay_stdin(format!("{{\"Records\": [\n{},\n{{]\n", record(15, "auth")).as_bytes());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("it is not JSON: key must be a string (line 3, column 2)"),
        "{}",
        stderr(&output)
    );
    assert!(
        stdout(&output).contains("auth"),
        "what came before the error counts"
    );
}

/// The child waits for the rest of its input while its memory is looked at.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_input() {
    use std::process::Stdio;

    const MEBIBYTES: usize = 48;
    let other = |number: usize| json!({"eventSource": "s3.amazonaws.com", "eventName": "GetObject", "eventID": number, "key": "x".repeat(8_000)});
    let mut child = rollcall(&["replay", "--format", "json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"{\"Records\":[").unwrap();
    let mut written = 0;
    for number in 0.. {
        let record = if number % 10 == 0 {
            record(1 + number / 10 % 28, &format!("service-{number}"))
        } else {
            other(number)
        };
        let text = format!("{record},");
        written += text.len();
        input.write_all(text.as_bytes()).unwrap();
        if written > MEBIBYTES << 20 {
            break;
        }
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    input.write_all(b"]}").unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let peak: usize = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(
        peak < (MEBIBYTES << 10) * 9 / 10,
        "{peak} KiB for {written} bytes"
    );
}

#[test]
fn rosters_among_the_records_name_the_environment() {
    let output = rollcall(&["replay", "--format", "json"])
        .arg(fixture("rosters-label-clusters.json"))
        .output()
        .unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let windows = told["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 1);
    assert_ne!(windows[0]["environment"], windows[0]["runs"][0]["cluster"]);
}

#[test]
fn a_trace_takes_late_calls_to_the_window_of_their_schedule() {
    let output = rollcall(&["replay", "--trace"])
        .arg(fixture("window-boundary-crossed.json"))
        .output()
        .unwrap();
    let traced: Vec<&str> = stderr(&output)
        .lines()
        .filter_map(|line| line.strip_prefix("trace:   "))
        .collect();
    // Every call is counted in the first window, as in the message, and none in the one in which it was made.
    let shown = stdout(&output)
        .lines()
        .find(|line| line.starts_with("Total: 3 succeeded"));
    assert!(shown.is_some(), "{}", stdout(&output));
    assert!(traced[0].contains("Total: 3 succeeded, "), "{traced:?}");
}
