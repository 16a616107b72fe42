//! How a run stands, and what everybody asks of that: how bad it is, whether more may come, what it is counted as.
//!
//! Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::fact::ApiError;
use super::observation::Remark;

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// ECS accepted the call, and nobody asks about tasks.
    Succeeded,
    /// ECS accepted the call, and cannot be asked more, or what it said came too late to matter.
    Accepted,
    /// ECS accepted the call, and is going to be asked about the tasks.
    Verifying,
    /// ECS has the service at the count that was asked for.
    Reached(Reached),
    /// The service is on its way to that count.
    Underway(Underway),
    /// ECS has the service at another count.
    Changed(Changed),
    /// ECS says what keeps tasks from running.
    Troubled(Remark),
    /// Every call was refused; or a job's tasks were not started, or failed.
    Failed(ApiError),
    /// Nothing was heard of a call in time.
    NeverCalled {
        /// The count that ECS shows, where it was asked.
        seen: Option<i64>,
    },
    /// Nothing was heard of a call, but records of this window are in the dead-letter queue.
    Unkept,
    /// Nothing was heard of a call, and there is still time.
    Pending,
    /// So many refused calls that name no service.
    Unnamed(usize),
    /// Calls that name no service and that nobody need look at: they were accepted, or since then everything that the
    /// rosters name was.
    Resolved,
    /// So many tasks of a job were started, and nothing is known of them.
    Started(usize),
    /// Tasks of a job have not ended yet.
    Working(Working),
    /// Every task of a job ended with exit code 0, after this long.
    Finished(Option<TimeDelta>),
}

/// A service at the count that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// How many tasks run; none, where that was asked for.
    pub running: i64,
    /// How long after the call; `None` where no record tells of the call.
    pub took: Option<TimeDelta>,
    /// ECS itself said when; otherwise it was at this time at the latest.
    pub is_exact: bool,
    /// A record tells of the call.
    pub is_recorded: bool,
}

/// A service on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Underway {
    /// How many tasks run.
    pub running: i64,
    /// How many are to run.
    pub desired: i64,
    /// It should have arrived by now.
    pub is_late: bool,
    /// When ECS was asked last.
    pub seen_at: Option<DateTime<Utc>>,
}

/// A service at another count than the one that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// How many tasks run.
    pub running: i64,
    /// How many ECS wants to run.
    pub desired: i64,
    /// How many were asked for.
    pub asked: i64,
    /// Who asked for what ECS wants, and when, where a record tells.
    pub by: Option<(String, DateTime<Utc>)>,
}

/// A job's tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Working {
    /// How many have ended.
    pub ended: usize,
    /// How many were started.
    pub of: usize,
    /// The time for them is over.
    pub is_late: bool,
}

/// How a status looks at a glance, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It failed.
    Bad,
    /// It is not as it should be.
    Warn,
    /// More is to come.
    Waiting,
    /// It is as it should be, as far as anybody can tell.
    Good,
}

/// What a status is counted as, in the order of the totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// [`Status::Succeeded`].
    Succeeded,
    /// [`Status::Reached`] with tasks.
    Running,
    /// [`Status::Reached`] without tasks.
    Stopped,
    /// [`Status::Accepted`].
    Accepted,
    /// [`Status::Finished`].
    Finished,
    /// [`Status::Started`].
    Started,
    /// [`Status::Working`].
    Working,
    /// On the way to more tasks.
    Starting,
    /// On the way to fewer tasks.
    Stopping,
    /// [`Status::Changed`].
    Changed,
    /// Refused, or something keeps tasks from running.
    Failed,
    /// [`Status::NeverCalled`] and [`Status::Unkept`].
    Missing,
    /// [`Status::Pending`].
    Pending,
    /// [`Status::Resolved`]: nothing to count.
    Resolved,
}

impl Kind {
    /// The worst first, as what a message leaves out is counted.
    pub const WORST_FIRST: [Self; 14] = [
        Self::Failed,
        Self::Missing,
        Self::Changed,
        Self::Starting,
        Self::Stopping,
        Self::Working,
        Self::Pending,
        Self::Succeeded,
        Self::Running,
        Self::Stopped,
        Self::Accepted,
        Self::Finished,
        Self::Started,
        Self::Resolved,
    ];

    /// One character for the log; see [`crate::core::told`].
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Succeeded => 's',
            Self::Running => 'r',
            Self::Stopped => 'o',
            Self::Accepted => 'a',
            Self::Finished => 'f',
            Self::Started => 't',
            Self::Working => 'w',
            Self::Starting => 'u',
            Self::Stopping => 'd',
            Self::Changed => 'c',
            Self::Failed => 'F',
            Self::Missing => 'M',
            Self::Pending => 'p',
            Self::Resolved => 'R',
        }
    }

    /// Whether it is as it should be, as far as anybody can tell.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(
            self,
            Self::Succeeded
                | Self::Running
                | Self::Stopped
                | Self::Accepted
                | Self::Finished
                | Self::Started
                | Self::Resolved
        )
    }
}

impl Status {
    /// How it looks at a glance.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Troubled(_) | Self::Failed(_) | Self::NeverCalled { .. } | Self::Unnamed(_) => {
                Severity::Bad
            }
            // Tasks that should run do not; tasks that run too long, or unsteadily, can wait until somebody has time.
            Self::Underway(underway) if underway.is_late && underway.running < underway.desired => {
                Severity::Bad
            }
            Self::Changed(_) | Self::Unkept => Severity::Warn,
            Self::Underway(underway) if underway.is_late => Severity::Warn,
            Self::Underway(_) | Self::Pending | Self::Verifying | Self::Working(_) => {
                Severity::Waiting
            }
            Self::Succeeded
            | Self::Accepted
            | Self::Reached(_)
            | Self::Resolved
            | Self::Started(_)
            | Self::Finished(_) => Severity::Good,
        }
    }

    /// Whether people need to look at it.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.severity() <= Severity::Warn
    }

    /// Whether more is to come. A job that still runs when its time is over is followed no further.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        match self {
            Self::Pending | Self::Verifying => true,
            Self::Underway(underway) => !underway.is_late,
            Self::Working(working) => !working.is_late,
            _ => false,
        }
    }

    /// Whether it is as it should be, as far as anybody can tell. A job that still runs is.
    #[must_use]
    pub fn is_good(&self) -> bool {
        !self.is_failure() && !self.is_awaited()
    }

    /// What it is counted as.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Succeeded => Kind::Succeeded,
            Self::Accepted => Kind::Accepted,
            Self::Reached(reached) if reached.running == 0 => Kind::Stopped,
            Self::Reached(_) => Kind::Running,
            Self::Underway(underway) if underway.running > underway.desired => Kind::Stopping,
            Self::Underway(_) | Self::Verifying => Kind::Starting,
            Self::Changed(_) => Kind::Changed,
            Self::Troubled(_) | Self::Failed(_) | Self::Unnamed(_) => Kind::Failed,
            Self::NeverCalled { .. } | Self::Unkept => Kind::Missing,
            Self::Pending => Kind::Pending,
            Self::Resolved => Kind::Resolved,
            Self::Started(_) => Kind::Started,
            Self::Working(_) => Kind::Working,
            Self::Finished(_) => Kind::Finished,
        }
    }

    /// What tells two statuses of the same kind apart where people need to hear of the difference: another error
    /// code, another count, more refused calls. Another text of the same error is no news.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Failed(error) => error.code.clone(),
            Self::Troubled(_) => "tasks".to_owned(),
            Self::Unnamed(calls) => calls.to_string(),
            Self::Changed(changed) => format!("{} {}", changed.desired, changed.by.is_some()),
            Self::Unkept => "unkept".to_owned(),
            _ => String::new(),
        }
    }
}
