//! The command line's arguments. clap prints their doc comments as the help texts.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::core::reader::RowLimit;

/// Tells the truth about every ECS service that schedules were to start or stop.
#[derive(Debug, Parser)]
#[command(version, about, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    #[expect(missing_docs, reason = "clap would print it")]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "clap would print it")]
pub enum Command {
    /// Show the Slack message that recorded events lead to
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(ReplayArgs),
    /// Do not report missing services for a time: holidays and pauses
    Silence(SilenceArgs),
    /// Show what given settings lead to: messages, delays and costs
    #[command(after_help = SIMULATE_EXAMPLES)]
    Simulate(SimulateArgs),
    /// Print a completion script
    Completions {
        /// The shell to complete for
        shell: Shell,
    },
}

const REPLAY_EXAMPLES: &str = "\
Input is told apart by its shape: SQS batches (as the function gets them, or as
`aws sqs receive-message` prints them), EventBridge events, CloudTrail records, arrays
or JSON lines of these, and CloudTrail log files as delivered to S3, gzipped or not.

Examples:
  rollcall replay fixtures/twenty-services-one-failure.json --timezone Asia/Seoul
  rollcall replay 123456789012_CloudTrail_*.json.gz --environment dev
  aws sqs receive-message --queue-url \"$DLQ\" --max-number-of-messages 10 | rollcall replay -
  rollcall replay batch.json --format payload | jq .text
  SLACK_WEBHOOK_URL=https://hooks.slack.com/… rollcall replay batch.json --post

Exit status:
  0  everything was decoded
  1  some records could not be decoded; they are named on standard error
  2  the input cannot be read, or a setting is wrong
  3  --post: Slack did not confirm every message";

/// What `rollcall replay` takes.
#[derive(Debug, clap::Args)]
pub struct ReplayArgs {
    /// Files to read; `-` is standard input. Each is one invocation, and each window is said once
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How to show the messages
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Send the messages to Slack as well, by `SLACK_WEBHOOK_URL` or `SLACK_WEBHOOK_PARAMETER`
    #[arg(long)]
    pub post: bool,
    /// Tell on standard error what each invocation learned, and what a function with a table would have decided
    #[arg(long)]
    pub trace: bool,
    /// The environment's label [env: `ROLLCALL_ENVIRONMENT`] [default: the cluster's name]
    #[arg(long)]
    pub environment: Option<String>,
    /// The zone of the times shown, such as `Asia/Seoul` [env: `ROLLCALL_TIMEZONE`] [default: UTC]
    #[arg(long)]
    pub timezone: Option<Tz>,
    /// How many rows a table has before the others are counted, or `all` [env: `ROLLCALL_ROWS`] [default: 12]
    #[arg(long)]
    pub rows: Option<RowLimit>,
}

/// What `rollcall silence` takes.
#[derive(Debug, clap::Args)]
pub struct SilenceArgs {
    /// The environment's label, as the function has it
    #[arg(long, env = "ROLLCALL_ENVIRONMENT")]
    pub environment: String,
    /// From when, such as `2024-12-24T00:00:00+09:00` [default: now]
    #[arg(long)]
    pub from: Option<DateTime<Utc>>,
    /// Until when, such as `2024-12-27T00:00:00+09:00`
    #[arg(long)]
    pub until: DateTime<Utc>,
    /// The function's DynamoDB table
    #[arg(long, env = "ROLLCALL_TABLE")]
    pub table: String,
    /// The length of a window, where the function has not noted it in the table [default: as noted there]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1440))]
    pub window_minutes: Option<u64>,
}

const SIMULATE_EXAMPLES: &str = "\
Examples:
  rollcall simulate --services 50 --flexible-window 5m
  rollcall simulate --services 1000 --flexible-window 15m --latency 3m --no-roster";

/// What `rollcall simulate` takes. Durations are written as in `90s`, `5m` or `1h 30m`.
#[derive(Debug, clap::Args)]
pub struct SimulateArgs {
    /// How many services the schedule starts or stops
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub services: u32,
    /// The schedules' flexible time window
    #[arg(long, default_value = "5m", value_parser = humantime::parse_duration)]
    pub flexible_window: Duration,
    /// The median time from a call to its record's arrival
    #[arg(long, default_value = "90s", value_parser = humantime::parse_duration)]
    pub latency: Duration,
    /// How many batches the event source mapping fills at once
    #[arg(long, default_value_t = 5, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100))]
    pub pollers: usize,
    /// The event source mapping's batch size
    #[arg(long, default_value_t = 100, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=10_000))]
    pub batch_size: usize,
    /// The event source mapping's batching window
    #[arg(long, default_value = "20s", value_parser = humantime::parse_duration)]
    pub batching_window: Duration,
    /// `ROLLCALL_SETTLE_SECONDS`
    #[arg(long, default_value = "5m", value_parser = humantime::parse_duration)]
    pub settle: Duration,
    /// `ROLLCALL_GRACE_SECONDS`
    #[arg(long, default_value = "10m", value_parser = humantime::parse_duration)]
    pub grace: Duration,
    /// `ROLLCALL_WINDOW_MINUTES`
    #[arg(long, default_value = "30m", value_parser = humantime::parse_duration)]
    pub window: Duration,
    /// `ROLLCALL_VERIFY_MINUTES`; `0s` asks ECS nothing
    #[arg(long, default_value = "10m", value_parser = humantime::parse_duration)]
    pub verify: Duration,
    /// The median time from a call until its service's tasks run
    #[arg(long, default_value = "60s", value_parser = humantime::parse_duration)]
    pub startup: Duration,
    /// The schedules send no roster
    #[arg(long)]
    pub no_roster: bool,
    /// How many windows a month has, for the costs
    #[arg(long, default_value_t = 44)]
    pub windows_per_month: u32,
    /// The first random seed
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// How `rollcall replay` shows messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// As people see it, in colour where the terminal has it
    Table,
    /// The JSON bodies that Slack would get, one on each line
    Payload,
    /// Addresses that open the messages in Slack's Block Kit Builder
    Link,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn arguments_are_consistent() {
        super::Args::command().debug_assert();
    }
}
