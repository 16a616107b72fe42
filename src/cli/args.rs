//! The command line's arguments. clap prints their doc comments as the help texts.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use chrono_tz::Tz;
use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::history::{HistoryArgs, KeepArgs};
use super::override_args::{
    CANCEL_EXAMPLES, CancelArgs, DOWN_EXAMPLES, DownArgs, EXTEND_EXAMPLES, ExtendArgs,
    OVERRIDES_EXAMPLES, OverridesArgs, SKIP_EXAMPLES, SkipArgs, UP_EXAMPLES, UpArgs,
};
use super::time::{self, When};
use crate::core::reader::RowLimit;
use crate::version::version_and_commit;

/// Tells the truth about every ECS service that schedules were to start or stop.
#[derive(Debug, Parser)]
#[command(version, long_version = version_and_commit(), about, arg_required_else_help = true)]
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
    #[command(subcommand)]
    Silence(SilenceCommand),
    /// Bring what the function knows of windows out of its table, for `rollcall replay`
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportArgs),
    /// Look at a deployment on AWS, and say what would not work and what to do about it
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(DoctorArgs),
    /// Show the services of an environment as they are, when each schedule runs next, and what is overridden
    #[command(after_help = STATUS_EXAMPLES)]
    Status(StatusArgs),
    /// Let an environment's next stop come later, once
    #[command(after_help = EXTEND_EXAMPLES)]
    Extend(ExtendArgs),
    /// Leave out the runs of some days, such as holidays
    #[command(after_help = SKIP_EXAMPLES)]
    Skip(SkipArgs),
    /// Start an environment now, and let it go back to its schedules later
    #[command(after_help = UP_EXAMPLES)]
    Up(UpArgs),
    /// Stop an environment now, until a schedule starts it
    #[command(after_help = DOWN_EXAMPLES)]
    Down(DownArgs),
    /// List what is overridden, by whom, until when and why
    #[command(after_help = OVERRIDES_EXAMPLES)]
    Overrides(OverridesArgs),
    /// Take an override back
    #[command(after_help = CANCEL_EXAMPLES)]
    Cancel(CancelArgs),
    /// Show what given settings lead to: messages, delays and costs
    #[command(after_help = SIMULATE_EXAMPLES)]
    Simulate(SimulateArgs),
    /// Print a completion script
    Completions {
        /// The shell to complete for
        shell: Shell,
    },
    /// Print a page of the manual, to be read by `man -l -`
    #[command(after_help = MAN_EXAMPLES)]
    Man {
        /// The command, such as `silence add` [default: the page that lists the commands]
        #[arg(value_name = "COMMAND")]
        path: Vec<String>,
    },
}

const MAN_EXAMPLES: &str = "\
Examples:
  rollcall man | man -l -
  rollcall man silence add > rollcall-silence-add.1";

const REPLAY_EXAMPLES: &str = "\
Input is told apart by its shape: SQS batches (as the function gets them, or as
`aws sqs receive-message` prints them), EventBridge events, CloudTrail records, arrays
or JSON lines of these, CloudTrail log files as delivered to S3, gzipped or not, what
`aws ecs describe-services` and `describe-tasks` print, and what `rollcall export` wrote.
A directory stands for the .json, .jsonl, .ndjson and .gz files in it and below. Files may
be of any size.

Examples:
  rollcall replay fixtures/twenty-services-one-failure.json --timezone Asia/Seoul
  aws s3 sync s3://BUCKET/AWSLogs/111122223333/CloudTrail/ap-northeast-2/2026/01/15 logs
  rollcall replay logs --environment dev
  rollcall replay --cloudtrail --since 24h --cluster dev
  rollcall replay --cloudtrail --since 2026-01-15T08:00 --timezone Asia/Seoul --save morning.jsonl --redact
  aws sqs receive-message --queue-url \"$DLQ\" --max-number-of-messages 10 | rollcall replay -
  rollcall replay batch.json --format payload | jq .text
  rollcall replay logs --format json | jq '.windows[].runs[] | select(.verdict == \"bad\")'
  SLACK_WEBHOOK_URL=https://hooks.slack.com/… rollcall replay batch.json --post

Exit status:
  0  everything was decoded
  1  some records could not be decoded; they are named on standard error
  2  a file cannot be read, which is named while the others are shown; a setting is wrong; or
     AWS refused
  3  --post: Slack did not confirm every message
  4  --exit-code: a run failed or is missing
Where several hold, the first of 2, 3, 4 and 1 counts.";

/// What `rollcall replay` takes.
#[derive(Debug, clap::Args)]
pub struct ReplayArgs {
    /// Files and directories to read; `-` is standard input. Each file is one invocation, and each window is said once
    #[arg(required_unless_present = "cloudtrail", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub history: HistoryArgs,
    #[command(flatten)]
    pub keep: KeepArgs,
    /// How to show the messages
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Exit with 4 where a run failed or is missing
    #[arg(long)]
    pub exit_code: bool,
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
    #[arg(long, value_parser = time::zone)]
    pub timezone: Option<Tz>,
    /// How many rows a table has before the others are counted, or `all` [env: `ROLLCALL_ROWS`] [default: 12]
    #[arg(long)]
    pub rows: Option<RowLimit>,
}

const SILENCE_EXAMPLES: &str = "\
Examples:
  rollcall silence add --table rollcall-dev-windows --environment dev --for 3d --comment Seollal
  rollcall silence add --table rollcall-dev-windows --environment dev \\
    --from 2026-12-24 --until 2026-12-27 --timezone Asia/Seoul --dry-run

In a silenced window, a service or job without a call is neither reported nor counted. A call
that was made and refused still is. Prints the silence's id, by which it can be taken back.";

/// What `rollcall silence` does.
#[derive(Debug, Subcommand)]
pub enum SilenceCommand {
    /// Silence an environment for a time
    #[command(after_help = SILENCE_EXAMPLES)]
    Add(SilenceAddArgs),
    /// Show the silences that are under way or to come
    List(SilenceListArgs),
    /// Take silences back, from the present window on
    Expire(SilenceExpireArgs),
}

/// Where the function keeps windows.
#[derive(Debug, clap::Args)]
pub struct TableArgs {
    /// The function's DynamoDB table, such as `rollcall-dev-windows`
    #[arg(long, env = "ROLLCALL_TABLE")]
    pub table: String,
}

#[cfg(feature = "operator")]
impl TableArgs {
    /// What to look at where a request to the table fails.
    pub(super) fn hint(&self) -> String {
        format!(
            "--table: cannot use the table {}; expected the function's, such as rollcall-dev-windows, in AWS_REGION, and \
             credentials that may use it",
            self.table
        )
    }
}

/// What `rollcall silence add` takes.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("end").required(true).args(["span", "until"])))]
pub struct SilenceAddArgs {
    #[command(flatten)]
    pub table: TableArgs,
    /// The environment's label, as messages show it
    #[arg(long, env = "ROLLCALL_ENVIRONMENT")]
    pub environment: String,
    /// For how long, such as `3d` or `12h`
    #[arg(long = "for", value_name = "SPAN", value_parser = time::span)]
    pub span: Option<Duration>,
    /// Until when, such as `2026-12-27` or `2026-12-27T00:00:00+09:00`
    #[arg(long, value_name = "TIME")]
    pub until: Option<When>,
    /// From when, in the same forms [default: now]
    #[arg(long, value_name = "TIME")]
    pub from: Option<When>,
    /// Why, for those who list silences
    #[arg(long)]
    pub comment: Option<String>,
    /// The zone of times without one, such as `Asia/Seoul` [env: `ROLLCALL_TIMEZONE`] [default: UTC]
    #[arg(long, value_parser = time::zone)]
    pub timezone: Option<Tz>,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Silence an environment although the function has never reported it
    #[arg(long)]
    pub force: bool,
    /// With `--force`: the length of a window in minutes, where the function has not noted it in the table [default: 30]
    #[arg(long, value_name = "MINUTES", value_parser = time::window_minutes, requires = "force")]
    pub window_minutes: Option<Duration>,
}

/// What `rollcall silence list` takes.
#[derive(Debug, clap::Args)]
pub struct SilenceListArgs {
    #[command(flatten)]
    pub table: TableArgs,
    /// Only this environment
    #[arg(long, env = "ROLLCALL_ENVIRONMENT")]
    pub environment: Option<String>,
    /// Also those that are over or were taken back
    #[arg(long)]
    pub expired: bool,
    /// The zone of the times shown [env: `ROLLCALL_TIMEZONE`] [default: UTC]
    #[arg(long, value_parser = time::zone)]
    pub timezone: Option<Tz>,
}

/// What `rollcall silence expire` takes.
#[derive(Debug, clap::Args)]
pub struct SilenceExpireArgs {
    #[command(flatten)]
    pub table: TableArgs,
    /// The ids that `silence add` printed and `silence list` shows
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
}

const EXPORT_EXAMPLES: &str = "\
Examples:
  rollcall export --table rollcall-dev-windows --environment dev --window 2026-01-15T00:00:00Z \\
    > morning.jsonl
  rollcall export --table rollcall-dev-windows --window 'dev 2026-01-15T00:00:00Z' | rollcall replay -

The second form of --window is that of the function's log: `reported dev 2026-01-15T00:00:00Z`.
The table keeps a window for 14 days.";

/// What `rollcall export` takes.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    #[command(flatten)]
    pub table: TableArgs,
    /// The environment's label, as messages show it; not needed where `--window` names it
    #[arg(long, env = "ROLLCALL_ENVIRONMENT")]
    pub environment: Option<String>,
    /// A moment in the window; may be given several times
    #[arg(long = "window", required = true, value_name = "[ENVIRONMENT ]TIME")]
    pub windows: Vec<WindowName>,
    /// The zone of times without one, such as `Asia/Seoul` [env: `ROLLCALL_TIMEZONE`] [default: UTC]
    #[arg(long, value_parser = time::zone)]
    pub timezone: Option<Tz>,
}

/// A window as people name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowName {
    /// The environment, where it is named.
    pub environment: Option<String>,
    /// A moment in the window.
    pub time: When,
}

impl FromStr for WindowName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (environment, time) = match (text.parse(), text.rsplit_once(' ')) {
            (Ok(time), _) => (None, Ok(time)),
            (Err(_), Some((environment, time))) => (Some(environment.to_owned()), time.parse()),
            (Err(error), None) => (None, Err(error)),
        };
        time.map(|time| Self { environment, time }).map_err(|_: String| {
            "expected a moment in the window, such as 2026-01-15T00:00:00Z, or the window as logs name it, such as \
             'dev 2026-01-15T00:00:00Z'"
                .to_owned()
        })
    }
}

const DOCTOR_EXAMPLES: &str = "\
Uses the credentials and the Region of the environment (AWS_PROFILE, AWS_REGION), and only reads;
docs/doctor.md has the policy that it takes. What the caller may not read is shown as `?`.

Examples:
  rollcall doctor --environment dev
  rollcall doctor --environment dev --json | jq -r '.findings[] | select(.outcome == \"wrong\").text'
  rollcall doctor --environment dev --send-test

Exit status:
  0  nothing is wrong, as far as the caller may look
  1  something is wrong; --send-test: nothing was told in time
  2  nothing could be looked at";

/// What `rollcall doctor` takes.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// The environment, as in the Terraform module
    #[arg(long, env = "ROLLCALL_ENVIRONMENT", required_unless_present = "name")]
    pub environment: Option<String>,
    /// The function's name [default: rollcall-ENVIRONMENT]
    #[arg(long)]
    pub name: Option<String>,
    /// The group of the schedules; may be given several times [default: those that are named after the function]
    #[arg(long = "group", value_name = "GROUP")]
    pub groups: Vec<String>,
    /// The group of the rosters [default: NAME-rosters]
    #[arg(long, value_name = "GROUP")]
    pub roster_group: Option<String>,
    /// Print the findings as JSON
    #[arg(long)]
    pub json: bool,
    /// Send a marked test event through the function's queue, and wait until Slack was told of it
    #[arg(long)]
    pub send_test: bool,
    /// With `--send-test`: for how long to wait [default: as long as the function's settings may take]
    #[arg(long, value_name = "SPAN", value_parser = time::span, requires = "send_test")]
    pub wait: Option<Duration>,
}

const STATUS_EXAMPLES: &str = "\
Uses the credentials and the Region of the environment (AWS_PROFILE, AWS_REGION), and only reads:
scheduler:ListScheduleGroups, ListSchedules and GetSchedule, and ecs:DescribeServices.

Examples:
  rollcall status --environment dev
  rollcall status --environment dev --json | jq -r '.services[] | select(.running != .desired).service'

Exit status:
  0  shown
  2  nothing could be looked at, or no schedule belongs to the environment";

/// What `rollcall status` takes.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// The environment, as in the Terraform module
    #[arg(long, env = "ROLLCALL_ENVIRONMENT")]
    pub environment: String,
    /// The group of the schedules; may be given several times [default: those named after rollcall-ENVIRONMENT]
    #[arg(long = "group", value_name = "GROUP")]
    pub groups: Vec<String>,
    /// The group of the rosters, which also holds the overrides [default: rollcall-ENVIRONMENT-rosters]
    #[arg(long, value_name = "GROUP")]
    pub roster_group: Option<String>,
    /// Print everything as JSON
    #[arg(long)]
    pub json: bool,
}

impl DoctorArgs {
    /// The function's name, as the Terraform module chooses it where none is given.
    #[must_use]
    pub fn function_name(&self) -> String {
        let of_environment = || {
            format!(
                "rollcall-{}",
                self.environment.as_deref().unwrap_or_default()
            )
        };
        self.name.clone().unwrap_or_else(of_environment)
    }
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
    /// How many routes the services are divided among, each with a message of its own; the rest is told by default
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=10))]
    pub routes: u8,
    /// The schedules' flexible time window
    #[arg(long, default_value = "5m", value_parser = time::span)]
    pub flexible_window: Duration,
    /// The median time from a call to its record's arrival
    #[arg(long, default_value = "90s", value_parser = time::span)]
    pub latency: Duration,
    /// How many batches the event source mapping fills at once
    #[arg(long, default_value_t = 5, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100))]
    pub pollers: usize,
    /// The event source mapping's batch size
    #[arg(long, default_value_t = 100, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=10_000))]
    pub batch_size: usize,
    /// The event source mapping's batching window
    #[arg(long, default_value = "20s", value_parser = time::span)]
    pub batching_window: Duration,
    /// `ROLLCALL_SETTLE_SECONDS`
    #[arg(long, default_value = "5m", value_parser = time::span)]
    pub settle: Duration,
    /// `ROLLCALL_GRACE_SECONDS`
    #[arg(long, default_value = "10m", value_parser = time::span)]
    pub grace: Duration,
    /// `ROLLCALL_WINDOW_MINUTES`
    #[arg(long, default_value = "30m", value_parser = time::span)]
    pub window: Duration,
    /// `ROLLCALL_VERIFY_MINUTES`; `0s` asks ECS nothing
    #[arg(long, default_value = "10m", value_parser = time::span)]
    pub verify: Duration,
    /// The median time from a call until its service's tasks run
    #[arg(long, default_value = "60s", value_parser = time::span)]
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
    /// Windows, runs and totals for scripts, as docs/replay.schema.json describes them
    Json,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn arguments_are_consistent() {
        super::Args::command().debug_assert();
    }
}
