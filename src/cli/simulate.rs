//! `rollcall simulate`: shows which messages, delays and costs given settings lead to, with a message for each batch
//! and with a message for each window side by side.
//!
//! The times of the calls, the delays of their records and the batches are drawn at random. The function's own code
//! then handles the batches, with a log and timers in memory that count the requests.

mod meter;
mod world;

use std::process::ExitCode;
use std::time::Duration;

use chrono::TimeDelta;

use self::meter::Usage;
use self::world::{Outcome, World};
use super::args::SimulateArgs;
use super::terminal::Width;
use crate::core::table;

/// How many windows are simulated: enough that averages change little from seed to seed.
const RUNS: u32 = 20;
/// Fewer windows do where each has many services.
const SERVICES_OF_ALL_RUNS: u32 = 5_000;
/// What an invocation is billed for: a Slack call at its usual latency, and little else.
const BILLED: Duration = Duration::from_millis(300);

/// List prices of us-east-1 in dollars; the arm64 figures stand in AWS's Lambda price list, the others in those
/// of DynamoDB (on demand) and SQS.
mod price {
    pub(super) const LAMBDA_GB_SECOND: f64 = 0.000_013_333_4;
    pub(super) const LAMBDA_REQUEST: f64 = 0.20 / 1e6;
    pub(super) const DYNAMODB_WRITE: f64 = 0.625 / 1e6;
    pub(super) const DYNAMODB_READ: f64 = 0.125 / 1e6;
    pub(super) const SQS_REQUEST: f64 = 0.40 / 1e6;
}

/// Simulates and prints a table; `lookup` gives the value of an environment variable.
///
/// # Errors
/// When the simulated log fails, which it does not.
pub async fn simulate(
    args: &SimulateArgs,
    lookup: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<ExitCode> {
    let runs = (SERVICES_OF_ALL_RUNS / args.services).clamp(1, RUNS);
    let mut outcomes = Vec::new();
    for run in 0..runs {
        outcomes.push(World::new(args, args.seed + u64::from(run)).run().await);
    }
    let average = |of: fn(&Outcome) -> f64| outcomes.iter().map(of).sum::<f64>() / f64::from(runs);
    let windows = f64::from(args.windows_per_month);
    let seconds = |of: fn(&Outcome) -> TimeDelta| {
        let total: TimeDelta = outcomes.iter().map(of).sum();
        clock(total / i32::try_from(runs).unwrap_or(1))
    };
    let number = |of: fn(&Outcome) -> f64| format!("{:.1}", average(of));
    let dollars = |of: fn(&Outcome) -> f64| format!("${:.4}", windows * average(of));
    let rows = [
        [
            "Messages for a window",
            &number(|o| o.batch_messages),
            &number(|o| o.window_messages),
        ],
        [
            "First word after",
            &seconds(|o| o.batch_first),
            &seconds(|o| o.window_first),
        ],
        [
            "Everything said after",
            &seconds(|o| o.batch_last),
            &seconds(|o| o.window_last),
        ],
        [
            "Invocations for a window",
            &number(|o| o.batch_invocations),
            &number(|o| o.usage.invocations),
        ],
        ["Timers for a window", "0.0", &number(|o| o.usage.timers)],
        [
            "Requests to ECS for a window",
            "0.0",
            &number(|o| o.usage.ecs_requests),
        ],
        [
            "DynamoDB write units for a window",
            "0.0",
            &number(|o| o.usage.write_units),
        ],
        [
            "DynamoDB read units for a window",
            "0.0",
            &number(|o| o.usage.read_units),
        ],
        [
            "Bytes read for each byte of facts",
            "0.0",
            &number(|o| o.usage.read_bytes / o.usage.fact_bytes.max(1.0)),
        ],
        [
            "Lambda a month",
            &dollars(|o| lambda(o.batch_invocations)),
            &dollars(|o| lambda(o.usage.invocations)),
        ],
        [
            "DynamoDB a month",
            "$0.0000",
            &dollars(|o| dynamodb(&o.usage)),
        ],
        [
            "SQS timers a month",
            "$0.0000",
            &dollars(|o| 3.0 * o.usage.timers * price::SQS_REQUEST),
        ],
    ];
    let per_window = match args.routes {
        0 => "A message per window",
        _ => "A message per window and route",
    };
    let headings = ["", "A message per batch", per_window];
    anstream::println!("{}", introduction(args));
    let rows = rows.map(|row| row.map(str::to_owned));
    let width = Width::of(lookup).columns();
    let table = table::fitted(&headings.map(str::to_owned), rows, width);
    for line in table.head.iter().chain(table.rows.iter().flatten()) {
        anstream::println!("{line}");
    }
    anstream::println!(
        "Averages of {runs} random windows, {} a month; list prices.",
        args.windows_per_month
    );
    Ok(ExitCode::SUCCESS)
}

fn introduction(args: &SimulateArgs) -> String {
    let roster = if args.no_roster {
        "no roster"
    } else {
        "with a roster"
    };
    format!(
        "{} services in a flexible window of {}, records {} late (median), {roster}",
        args.services,
        humantime::format_duration(args.flexible_window),
        humantime::format_duration(args.latency),
    )
}

fn clock(delay: TimeDelta) -> String {
    format!("{:02}:{:02}", delay.num_minutes(), delay.num_seconds() % 60)
}

fn lambda(invocations: f64) -> f64 {
    const GIGABYTES: f64 = 0.125;
    invocations
        * (price::LAMBDA_REQUEST + GIGABYTES * BILLED.as_secs_f64() * price::LAMBDA_GB_SECOND)
}

fn dynamodb(usage: &Usage) -> f64 {
    usage.write_units * price::DYNAMODB_WRITE + usage.read_units * price::DYNAMODB_READ
}
