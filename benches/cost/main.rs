//! What a window costs, measured with the function itself.
//!
//! The bench plays a morning on loopback: a schedule scales many services up, the records of its calls reach a queue,
//! and an event source mapping hands them to one or two processes of the function. DynamoDB, SQS, ECS and Slack are
//! fakes that count what the function asks of them; nothing here depends on the code of the function, only on the
//! protocols that it speaks.
//!
//! Time runs faster: by default 13.8 times, which is 1769/128. Lambda gives a function with 128 MB that share of a
//! core, so a second of CPU takes as long on the bench's clock as it takes on Lambda, and the function's timeout of
//! 30 seconds means what it means there. While no invocation runs, the clock skips to the next thing that happens.
//! Where other programs keep the machine busy, the function waits for a core; the table tells how long invocations
//! were without that waiting, but deadlines inside of the function have seen it, so measure on a quiet machine.
//!
//! `cargo bench --all-features --bench cost` builds the function as it is released, with optimisation across all crates, which
//! takes minutes. `-- --help` lists the options; `-- --check` exits with 1 where a limit of the cost law is broken.
//! It needs Linux and a C compiler (see `clock.rs`).

#![allow(
    clippy::unwrap_used,
    reason = "a measurement that fails has nothing to say"
)]

mod clock;
mod ecs;
mod expression;
#[path = "../../tests/it/support/http.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod http;
mod instance;
mod mapping;
mod options;
mod queue;
mod report;
mod run;
mod scenario;
mod slack;
mod table;
mod update;
mod world;

use std::process::ExitCode;

use options::{Mode, Options};
use run::Run;

#[expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "this is a program that reports"
)]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help") {
        println!("{}", options::HELP);
        return ExitCode::SUCCESS;
    }
    let options = match Options::parse(arguments.into_iter()) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}\n\n{}", options::HELP);
            return ExitCode::FAILURE;
        }
    };
    let mut broken = 0;
    for mode in &options.modes {
        let mut runs = Vec::new();
        for services in &options.services {
            let run = Run::of(*services, *mode, &options);
            println!("\n{}", details(*mode, &run));
            runs.push(run);
        }
        let (table, broken_here) = report::table(&runs);
        println!("\n{mode:?}\n{table}");
        broken += broken_here;
    }
    if broken > 0 {
        println!("\n{broken} limits are broken");
    }
    ExitCode::from(u8::from(options.is_checked && broken > 0))
}

/// What was counted of a run, and each message.
fn details(mode: Mode, run: &Run) -> String {
    let mut lines = vec![
        format!("{mode:?}, {} services: took {:.1?}", run.services, run.took),
        format!("  DynamoDB {:?}", run.charges.requests),
        format!("  stored bytes {:?}", run.bytes_by_kind),
        format!("  ECS {:?}", run.ecs_requests),
        format!("  Slack {:?}", run.slack_calls),
        format!("  waited for a core {:.1?}", run.measured.waited),
    ];
    if run.is_disturbed() {
        lines.push(DISTURBED.to_owned());
    }
    if let Some(reason) = run.measured.cut_off {
        lines.push(format!("  CUT OFF: {reason}"));
    }
    lines.extend(
        run.unknown
            .iter()
            .take(5)
            .map(|what| format!("  REFUSED: {what}")),
    );
    let skipped = run.said.len().saturating_sub(MESSAGES_SHOWN);
    for (number, said) in run.said.iter().enumerate() {
        if number >= MESSAGES_SHOWN / 2 && number < MESSAGES_SHOWN / 2 + skipped {
            continue;
        }
        let after = run.said_after(number);
        lines.push(format!(
            "  {after:.0} s {}{}: {} {}",
            said.how,
            if said.is_reply { " (reply)" } else { "" },
            said.title,
            said.totals
        ));
    }
    lines.join("\n")
}

const DISTURBED: &str =
    "  DISTURBED: the machine was busy, so the function had less than its share of a core";
/// Of a long list of messages the first and the last are shown.
const MESSAGES_SHOWN: usize = 12;
