//! The arguments. Their texts are the command line's reference.

use std::path::PathBuf;

use chrono_tz::Tz;
use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

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
    /// Print a completion script
    Completions {
        /// The shell to complete for
        shell: Shell,
    },
}

const REPLAY_EXAMPLES: &str = "\
Input is told apart by its shape: SQS batches (as the function gets them, or as `aws sqs receive-message`
prints them), EventBridge events, CloudTrail records, arrays or JSON lines of these, and CloudTrail log files
as delivered to S3, gzipped or not.

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
    /// The environment's label [env: `ROLLCALL_ENVIRONMENT`] [default: the cluster's name]
    #[arg(long)]
    pub environment: Option<String>,
    /// The zone of the times shown, such as `Asia/Seoul` [env: `ROLLCALL_TIMEZONE`] [default: UTC]
    #[arg(long)]
    pub timezone: Option<Tz>,
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
