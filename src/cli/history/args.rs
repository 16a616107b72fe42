//! The arguments that say which records of CloudTrail's event history a replay reads, and which it keeps. clap prints their doc comments.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::cli::time::{self, When};

/// What `rollcall replay --cloudtrail` takes.
#[derive(Debug, clap::Args)]
pub struct HistoryArgs {
    /// Read the calls of `UpdateService` and `RunTask` from CloudTrail's event history, with the credentials and the
    /// Region of the environment (`AWS_PROFILE`, `AWS_REGION`); needs `cloudtrail:LookupEvents`
    #[arg(long)]
    pub cloudtrail: bool,
    /// With `--cloudtrail`: from when on, as a span of time before now such as `24h`, or a time such as
    /// `2026-01-15T08:00`; 90 days at most [default: 24h]
    #[arg(long, value_name = "SPAN|TIME", requires = "cloudtrail")]
    pub since: Option<Since>,
    /// With `--cloudtrail`: until when, such as `2026-01-15T10:00` [default: now]
    #[arg(long, value_name = "TIME", requires = "cloudtrail")]
    pub until: Option<When>,
    /// With `--cloudtrail`: only calls of this cluster, by its name or ARN, and those whose record does not name one; may be
    /// given several times
    #[arg(long = "cluster", value_name = "CLUSTER", requires = "cloudtrail")]
    pub clusters: Vec<String>,
    /// With `--cloudtrail`: the Region to read [default: that of the environment]
    #[arg(long, requires = "cloudtrail")]
    pub region: Option<String>,
}

/// What becomes of the records that `rollcall replay` reads.
#[derive(Debug, clap::Args)]
pub struct KeepArgs {
    /// Keep the records in a new file, for a later `rollcall replay FILE`
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Replace account ids, names, addresses and ids by stand-ins, in what is shown and in what `--save` keeps
    #[arg(long)]
    pub redact: bool,
}

/// The beginning of a time, as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// So long before now.
    Ago(Duration),
    /// At that time.
    At(When),
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (time::span(text), text.parse()) {
            (Ok(span), _) => Ok(Self::Ago(span)),
            (Err(_), Ok(time)) => Ok(Self::At(time)),
            (Err(_), Err(_)) => Err(
                "expected a span of time before now, such as 24h or 3d, or a time, such as 2026-01-15T08:00+09:00 or \
                 2026-01-15"
                    .to_owned(),
            ),
        }
    }
}
