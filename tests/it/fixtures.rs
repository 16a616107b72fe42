//! Every file in `fixtures/` is replayed by the real command line, and what it shows and sends is snapshotted.
//! A new file needs no registration.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const ROLLCALL: &str = env!("CARGO_BIN_EXE_rollcall");

fn replay(path: &Path, format: &str) -> (Option<i32>, String, String) {
    let folder = path.parent().unwrap();
    let output = Command::new(ROLLCALL)
        .env_clear()
        .current_dir(folder)
        .args(["replay", "--timezone", "Asia/Seoul", "--format", format])
        .arg(path.file_name().unwrap())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn every_fixture_leads_to_its_message() {
    insta::glob!("../../fixtures", "*.{json,jsonl,gz}", |path| {
        let (status, shown, problems) = replay(path, "table");
        let status = status.unwrap();
        insta::assert_snapshot!(
            "shown",
            format!("{shown}--- standard error\n{problems}--- exit status {status}")
        );

        let (_, payloads, _) = replay(path, "payload");
        let payloads: Vec<Value> = payloads
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        insta::assert_json_snapshot!("payload", payloads);
    });
}
