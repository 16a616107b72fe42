//! Whole processes, measured side by side: rollcall's function, a Python handler that does the same, and a
//! floor that only parses and posts. All are driven through the Lambda Runtime API on loopback, in turns, so
//! that a busy moment of the machine meets everybody.
//!
//! `cargo bench --all-features --bench process -- 20 --function FILE` for twenty repetitions (10 unless said otherwise) with
//! the executable of a release's package. Without a file the function is the one that cargo builds for the bench, which has
//! also the features of the command line and none of the flags that `scripts/release` gives.

#![allow(
    clippy::unwrap_used,
    reason = "a measurement that fails has nothing to say"
)]

#[path = "../batch/mod.rs"]
#[allow(dead_code, reason = "the other bench uses the rest")]
mod batch;
mod contender;
#[path = "../baseline/floor.rs"]
mod floor;
mod measure;
mod report;
mod routes;
#[path = "../../tests/it/support/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod support;

use contender::Contender;
use measure::{Samples, Workload};

const REPETITIONS: usize = 10;

#[expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "this is a program that reports"
)]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, slack, message] = &arguments[..]
        && role == contender::FLOOR_ROLE
    {
        return contender::run_floor(slack, message);
    }
    let repetitions = arguments
        .iter()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(REPETITIONS);
    let function = arguments
        .iter()
        .position(|argument| argument == "--function")
        .map_or(env!("CARGO_BIN_EXE_rollcall-lambda"), |option| {
            &arguments[option + 1]
        });
    // Processes are started in their own folder.
    let function = std::fs::canonicalize(function).unwrap();
    let python = contender::python_version();
    if python.is_none() {
        eprintln!(
            "python3 was not found in PATH: the comparison with the Python handler is left out"
        );
    }
    let contenders: Vec<Contender> = Contender::ALL
        .into_iter()
        .filter(|contender| *contender != Contender::Python || python.is_some())
        .collect();

    let workload = Workload::new(function.clone());
    workload.assert_same_message(&contenders);
    let mut samples: Vec<(Contender, Samples)> = contenders
        .iter()
        .map(|&contender| (contender, Samples::default()))
        .collect();
    for repetition in 1..=repetitions {
        eprintln!("repetition {repetition} of {repetitions}");
        for (contender, samples) in &mut samples {
            workload.measure(*contender, samples);
        }
    }
    let python = python.unwrap_or_else(|| "no Python".to_owned());
    println!(
        "\n{repetitions} repetitions in turns, medians; {python}; the large batch has {} bytes\n",
        workload.large_bytes()
    );
    println!("{}", report::table(&samples));
    println!("\n{}", routes::table(&function, repetitions));
}
