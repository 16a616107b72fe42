//! The arguments of `rollcall extend`, `skip`, `up`, `down`, `overrides` and `cancel`. clap prints their doc comments as the
//! help texts.

use std::str::FromStr;
use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};

use super::time::{self, When};

/// Examples of a command that changes schedules, with what holds for each of them.
macro_rules! with_status {
    ($examples:literal) => {
        concat!(
            $examples,
            "

Uses the credentials and the Region of the environment (AWS_PROFILE, AWS_REGION). docs/overrides.md
has the permissions that this takes, and what happens where others change the same schedules.

Exit status:
  0  done
  1  some of it could not be done; the same command again completes it
  2  nothing was done"
        )
    };
}

pub(super) const EXTEND_EXAMPLES: &str = with_status!(
    "\
Examples:
  rollcall extend --environment dev --until 22:00 --reason demo
  rollcall extend --environment dev --for 2h --service api --service web
  rollcall extend --environment dev --schedule evening --until 2026-12-24T22:00 --dry-run"
);

pub(super) const SKIP_EXAMPLES: &str = with_status!(
    "\
Examples:
  rollcall skip --environment dev --schedule morning --on 2026-12-25
  rollcall skip --environment dev --schedule morning --schedule evening --from 2026-12-24 --to 2027-01-01 --yes"
);

pub(super) const UP_EXAMPLES: &str = with_status!(
    "\
Examples:
  rollcall up --environment dev --for 4h
  rollcall up --environment dev --until 20:30 --reason \"release on Saturday\""
);

pub(super) const DOWN_EXAMPLES: &str = with_status!(
    "\
Examples:
  rollcall down --environment dev
  rollcall down --environment dev --until-schedule morning --yes"
);

pub(super) const OVERRIDES_EXAMPLES: &str = "\
Examples:
  rollcall overrides
  rollcall overrides --environment dev --json | jq -r '.[] | [.id, .by, .until] | @tsv'";

pub(super) const CANCEL_EXAMPLES: &str = with_status!(
    "\
Examples:
  rollcall cancel 3fa94c1e --environment dev"
);

/// Which environment is meant.
#[derive(Debug, Clone, clap::Args)]
pub struct PlaceArgs {
    /// The environment, as in the Terraform module
    #[arg(long, env = "ROLLCALL_ENVIRONMENT")]
    pub environment: String,
    /// The group of the schedules; may be given several times [default: those named after rollcall-ENVIRONMENT]
    #[arg(long = "group", value_name = "GROUP")]
    pub groups: Vec<String>,
    /// The group of the rosters [default: rollcall-ENVIRONMENT-rosters]
    #[arg(long, value_name = "GROUP")]
    pub roster_group: Option<String>,
}

/// How a change is made.
#[derive(Debug, Clone, clap::Args)]
pub struct HowArgs {
    /// Show what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before anything is changed; needed where there is no terminal
    #[arg(long, short)]
    pub yes: bool,
}

/// Of what a new override is.
#[derive(Debug, Clone, clap::Args)]
pub struct AboutArgs {
    /// Only this service; may be given several times [default: all services of the schedules]
    #[arg(long = "service", value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Why, for the channel and for colleagues; at most 200 characters
    #[arg(long, value_parser = reason)]
    pub reason: Option<String>,
}

/// What `rollcall extend` takes.
#[derive(Debug, Clone, clap::Args)]
pub struct ExtendArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// When the run is to come instead: a time of day in the schedule's zone such as 22:00, or a whole time
    #[arg(long, value_name = "TIME", required_unless_present = "span")]
    pub until: Option<Clock>,
    /// How much later than its own time the run is to come
    #[arg(long = "for", value_name = "SPAN", value_parser = time::span, conflicts_with = "until")]
    pub span: Option<Duration>,
    /// The schedule whose next run is meant [default: the next run that lowers counts]
    #[arg(long)]
    pub schedule: Option<String>,
    #[command(flatten)]
    pub about: AboutArgs,
    #[command(flatten)]
    pub how: HowArgs,
}

/// What `rollcall skip` takes.
#[derive(Debug, Clone, clap::Args)]
pub struct SkipArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The schedule whose runs are not to come; may be given several times
    #[arg(long = "schedule", value_name = "SCHEDULE", required = true)]
    pub schedules: Vec<String>,
    /// A day in the schedule's zone; may be given several times
    #[arg(long, value_name = "DATE", required_unless_present = "from", conflicts_with_all = ["from", "to"])]
    pub on: Vec<NaiveDate>,
    /// The first day
    #[arg(long, value_name = "DATE", requires = "to")]
    pub from: Option<NaiveDate>,
    /// The last day
    #[arg(long, value_name = "DATE", requires = "from")]
    pub to: Option<NaiveDate>,
    #[command(flatten)]
    pub about: AboutArgs,
    #[command(flatten)]
    pub how: HowArgs,
}

/// What `rollcall up` takes.
#[derive(Debug, Clone, clap::Args)]
pub struct UpArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// For how long
    #[arg(long = "for", value_name = "SPAN", value_parser = time::span, required_unless_present = "until")]
    pub span: Option<Duration>,
    /// Until when: a time of day in the schedules' zone such as 22:00, or a whole time
    #[arg(long, value_name = "TIME", conflicts_with = "span")]
    pub until: Option<Clock>,
    #[command(flatten)]
    pub about: AboutArgs,
    #[command(flatten)]
    pub how: HowArgs,
}

/// What `rollcall down` takes.
#[derive(Debug, Clone, clap::Args)]
pub struct DownArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The schedule whose next run ends it; runs of others that raise counts before it do not come [default: the next run
    /// that raises counts]
    #[arg(long, value_name = "SCHEDULE")]
    pub until_schedule: Option<String>,
    #[command(flatten)]
    pub about: AboutArgs,
    #[command(flatten)]
    pub how: HowArgs,
}

/// What `rollcall overrides` takes.
#[derive(Debug, Clone, clap::Args)]
pub struct OverridesArgs {
    /// The environment, as in the Terraform module [default: all of this account and Region]
    #[arg(long, env = "ROLLCALL_ENVIRONMENT")]
    pub environment: Option<String>,
    /// The group of the rosters [default: rollcall-ENVIRONMENT-rosters]
    #[arg(long, value_name = "GROUP")]
    pub roster_group: Option<String>,
    /// Print them as JSON
    #[arg(long)]
    pub json: bool,
}

/// What `rollcall cancel` takes.
#[derive(Debug, Clone, clap::Args)]
pub struct CancelArgs {
    /// What identifies the override; `rollcall overrides` says it
    pub id: String,
    #[command(flatten)]
    pub place: PlaceArgs,
    #[command(flatten)]
    pub how: HowArgs,
}

/// The longest reason, in characters: two lines in the channel.
const LONGEST_REASON: usize = 200;

fn reason(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    if (1..=LONGEST_REASON).contains(&length) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "expected 1 to {LONGEST_REASON} characters; these are {length}"
        ))
    }
}

/// A time of day, or a whole time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Such as `22:00`.
    Daily(NaiveTime),
    /// Such as `2026-12-24T22:00`.
    Once(When),
}

impl FromStr for Clock {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(time) = NaiveTime::parse_from_str(text, "%H:%M") {
            return Ok(Self::Daily(time));
        }
        let when = text.contains([':']).then(|| text.parse().ok()).flatten();
        when.map(Self::Once).ok_or_else(|| {
            "expected a time of day such as 22:00, or a time such as 2026-12-24T22:00 or 2026-12-24T22:00:00+09:00"
                .to_owned()
        })
    }
}
