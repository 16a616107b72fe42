//! What `rollcall replay` of large files costs, beside a program that only parses the same files: time, CPU and memory.
//!
//! `cargo bench --bench replay`, or `cargo bench --bench replay -- 100` for files of 100 MB. Without a number the files
//! have 1,000 MB, which need as much room in the directory for temporary files.

#![allow(
    clippy::unwrap_used,
    reason = "a measurement that fails has nothing to say"
)]

mod files;
mod parse;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use files::Workload;

const MEGABYTES: usize = 1_000;
/// The first argument of the process that only parses.
const PARSE_ROLE: &str = "parse-only";

#[expect(clippy::print_stdout, reason = "this is a program that reports")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, path] = &arguments[..]
        && role == PARSE_ROLE
    {
        println!("{}", parse::objects(Path::new(path)));
        return;
    }
    let megabytes = arguments
        .iter()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(MEGABYTES);
    println!("| {megabytes} MB of | parse only | replay | ratio | CPU ratio | peak memory |");
    println!("|---|---|---|---|---|---|");
    for workload in Workload::ALL {
        let file = workload.write(megabytes << 20);
        let parse = measure(
            Command::new(std::env::current_exe().unwrap())
                .arg(PARSE_ROLE)
                .arg(file.path()),
        );
        let replay = measure(
            Command::new(env!("CARGO_BIN_EXE_rollcall"))
                .args(["replay", "--format", "json"])
                .arg(file.path()),
        );
        println!(
            "| {} | {:.1} s | {:.1} s | {:.2} | {:.2} | {:.0} MiB |",
            workload.name(),
            parse.time.as_secs_f64(),
            replay.time.as_secs_f64(),
            replay.time.as_secs_f64() / parse.time.as_secs_f64(),
            replay.cpu.as_secs_f64() / parse.cpu.as_secs_f64(),
            replay.peak_mib,
        );
    }
}

struct Cost {
    time: Duration,
    cpu: Duration,
    /// The most that any process so far took, so the hungriest has to come last.
    peak_mib: f64,
}

fn measure(command: &mut Command) -> Cost {
    let (start, cpu) = (Instant::now(), cpu_of_children());
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{command:?}: {status}");
    Cost {
        time: start.elapsed(),
        cpu: cpu_of_children().saturating_sub(cpu),
        peak_mib: peak_of_children(),
    }
}

/// The CPU time of all children that have ended.
fn cpu_of_children() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
    Duration::from_micros(microseconds.try_into().unwrap())
}

/// The most MiB that any child which has ended had resident. Linux counts KiB.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn peak_of_children() -> f64 {
    getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss() as f64 / 1024.0
}
