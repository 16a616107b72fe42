//! How everything that there is something to say about stands, and what of that is news.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::AnonymousFailure;
use crate::fact::{ApiError, JobId, Remark, ServiceId};

/// Which waiting is over: until then, what is absent is pending, and what is on its way is in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Over {
    /// The waiting for calls and their records.
    pub calls: bool,
    /// The waiting for tasks to run, or to stop.
    pub checks: bool,
}

impl Over {
    /// Nothing more will come.
    pub const ALL: Self = Self {
        calls: true,
        checks: true,
    };
}

/// What there is to say something about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A service.
    Service(ServiceId),
    /// Refused calls that named none.
    Unnamed(AnonymousFailure),
    /// A job.
    Job(JobId),
}

/// How a subject stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The last call was accepted, and ECS was not asked since.
    Accepted,
    /// ECS has the service at the count that was asked for.
    Reached(Reached),
    /// The service is on its way to that count.
    Underway(Underway),
    /// ECS has the service at another count.
    Changed(Changed),
    /// ECS says what keeps tasks from running.
    Troubled(Remark),
    /// The last call was refused; a job's tasks were not started, or failed.
    Failed(ApiError),
    /// Expected, and nothing was heard of it in time.
    Missing {
        /// The count that ECS shows, where it was asked.
        seen: Option<i64>,
    },
    /// Expected, and there is still time.
    Pending,
    /// So many refused calls.
    Unnamed(usize),
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
    /// The waiting for them is over.
    pub is_late: bool,
}

impl Standing {
    /// Whether people need to look at it.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        match self {
            Self::Changed(_)
            | Self::Troubled(_)
            | Self::Failed(_)
            | Self::Missing { .. }
            | Self::Unnamed(_) => true,
            Self::Underway(underway) => underway.is_late,
            Self::Accepted
            | Self::Reached(_)
            | Self::Pending
            | Self::Started(_)
            | Self::Working(_)
            | Self::Finished(_) => false,
        }
    }

    /// Whether it is as it should be, as far as anybody can tell.
    #[must_use]
    pub fn is_good(&self) -> bool {
        !self.is_failure() && !self.is_awaited()
    }

    /// Whether more is to come.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        match self {
            Self::Pending => true,
            Self::Underway(underway) => !underway.is_late,
            _ => false,
        }
    }

    /// Whether people who were told `earlier` need to hear this. Another text of the same error is no news, and
    /// neither is that a job which was on its way has ended well.
    #[must_use]
    pub fn is_news(&self, earlier: Option<&Self>) -> bool {
        match (self, earlier) {
            _ if self.is_awaited() => false,
            (Self::Failed(error), Some(Self::Failed(known))) => error.code != known.code,
            (Self::Troubled(_), Some(Self::Troubled(_)))
            | (Self::Underway(_), Some(Self::Underway(_)))
            | (Self::Missing { .. }, Some(Self::Missing { .. })) => false,
            (Self::Changed(changed), Some(Self::Changed(known))) => {
                let is_told_who = known.by.is_some() || changed.by.is_none();
                changed.desired != known.desired || !is_told_who
            }
            (_, Some(earlier)) if self.is_good() && earlier.is_good() => false,
            _ => Some(self) != earlier,
        }
    }
}

/// What people who were told `earlier` need to hear of, where they need to hear anything. That what was told
/// stands no more is news too, of no subject that is left: calls that were refused without a name do not count
/// once everything expected is known to have succeeded.
#[must_use]
pub fn news(
    standings: &BTreeMap<Subject, Standing>,
    earlier: &BTreeMap<Subject, Standing>,
) -> Option<BTreeSet<Subject>> {
    let is_news =
        |(subject, standing): &(&Subject, &Standing)| standing.is_news(earlier.get(subject));
    let news: BTreeSet<Subject> = standings
        .iter()
        .filter(is_news)
        .map(|(subject, _)| subject.clone())
        .collect();
    let is_gone = |(subject, standing): (&Subject, &Standing)| {
        *standing != Standing::Pending && !standings.contains_key(subject)
    };
    (!news.is_empty() || earlier.iter().any(is_gone)).then_some(news)
}
