//! What to say about a window, in the order in which people need it: what is wrong first.
//!
//! Pure, and free of Slack: the terminal shows the same summary. Text from outside is still raw here; whoever
//! renders it makes it harmless for the medium.

mod console;
mod news;
mod notes;
mod period;
mod progress;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use chrono_tz::Tz;

pub use self::news::News;
pub use self::progress::{Progress, Stage};
use crate::advice::advice;
use crate::fact::{ApiError, ServiceId};
use crate::roll::{AnonymousFailure, Roll, Standing, Subject, news};
use crate::window::WindowKey;

/// What to say about one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The environment's label.
    pub environment: String,
    /// The span of the calls in the reader's zone: `2024-01-15 09:00~09:05 KST`.
    pub period: String,
    /// Only what changed since the window was said.
    pub is_follow_up: bool,
    /// Failures first, then the rest, each by name.
    pub rows: Vec<Row>,
    /// One for each failed row, in the same order.
    pub failures: Vec<Failure>,
    /// How many of what stands how.
    pub counts: Counts,
    /// What else the reader should know, a sentence each.
    pub notes: Vec<String>,
    /// How far the window is, in a message that follows it.
    pub progress: Option<Progress>,
}

/// How many services stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many services there are, where a roster says who is expected.
    pub of: Option<usize>,
    /// Services that ended well.
    pub succeeded: usize,
    /// Services that failed, plus the refused calls that named none.
    pub failed: usize,
    /// How many of `failed` are calls that named no service.
    pub unnamed: usize,
    /// Services that were expected and not heard of.
    pub missing: usize,
    /// Services that may still be heard of.
    pub pending: usize,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The service's name, with as much of its place as tells it from the others.
    pub service: String,
    /// Such as `Scale Up (→ 1)`.
    pub action: String,
    /// How it ended.
    pub status: Status,
}

/// How a row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// The last call was refused, after this many calls.
    Failed(usize),
    /// No call was recorded in time.
    Missing,
    /// This many calls were refused whose record names no service.
    Unnamed(usize),
    /// No call was recorded yet.
    Pending,
    /// The last call was accepted, after this many calls.
    Succeeded(usize),
}

impl Status {
    /// Whether people need to look at it.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed(_) | Self::Missing | Self::Unnamed(_))
    }

    /// The word under which the totals count it.
    #[must_use]
    pub fn outcome(self) -> &'static str {
        match self {
            Self::Failed(_) | Self::Unnamed(_) => "failed",
            Self::Missing => "missing",
            Self::Pending => "pending",
            Self::Succeeded(_) => "succeeded",
        }
    }

    /// How much of the totals the row stands for: a service, or every call that named none.
    #[must_use]
    pub fn count(self) -> usize {
        match self {
            Self::Unnamed(calls) => calls,
            _ => 1,
        }
    }
}

/// A failure with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The service as in its row; for calls without one, how many and whose they were.
    pub subject: String,
    /// How many failures of the total this stands for.
    pub count: usize,
    /// The service in the ECS console.
    pub console_url: Option<String>,
    /// What failures are grouped by: the error's code.
    pub code: String,
    /// The error as recorded, or what is missing.
    pub reason: String,
    /// What to do about it.
    pub advice: Option<&'static str>,
}

/// A schedule that is disabled, deleted or without a usable role makes no call, so nothing records it.
const MISSING: &str = "no call was recorded";
const MISSING_ADVICE: &str = "Is the schedule enabled, and can its role be assumed?";

impl Summary {
    /// Says what a roll means, with times in the reader's zone. `is_over` says that waiting for the rosters'
    /// services is over.
    #[must_use]
    pub fn new(key: &WindowKey, roll: &Roll, is_over: bool, timezone: Tz) -> Self {
        let standings = roll.standings(is_over);
        let everything = standings.keys().cloned().collect();
        Self::of(key, roll, &standings, &everything, timezone)
    }

    /// As [`Summary::new`], for a message that follows its window.
    #[must_use]
    pub fn live(key: &WindowKey, roll: &Roll, is_over: bool, stage: Stage, timezone: Tz) -> Self {
        let summary = Self::new(key, roll, is_over, timezone);
        let progress = Progress::of(roll, &summary.counts, stage);
        Self {
            progress: Some(progress),
            ..summary
        }
    }

    /// Says what changed since people were told `earlier`; `None` where that is nothing.
    #[must_use]
    pub fn follow_up(
        key: &WindowKey,
        roll: &Roll,
        is_over: bool,
        earlier: &BTreeMap<Subject, Standing>,
        timezone: Tz,
    ) -> Option<Self> {
        let standings = roll.standings(is_over);
        let news = news(&standings, earlier)?;
        let summary = Self::of(key, roll, &standings, &news, timezone);
        Some(Self {
            is_follow_up: true,
            ..summary
        })
    }

    /// Rows for the subjects shown; counts of all.
    fn of(
        key: &WindowKey,
        roll: &Roll,
        standings: &BTreeMap<Subject, Standing>,
        shown: &BTreeSet<Subject>,
        timezone: Tz,
    ) -> Self {
        let qualifier = Qualifier::of(roll);
        let mut counts = Counts {
            of: roll.calls_end_at.map(|_| roll.services.len()),
            ..Counts::default()
        };
        let mut lines: Vec<(Row, Option<Failure>)> = Vec::with_capacity(shown.len());
        for (subject, standing) in standings {
            counts.add(standing);
            if shown.contains(subject) {
                lines.push(match subject {
                    Subject::Service(id) => service_line(roll, id, standing, &qualifier),
                    Subject::Unnamed(failure) => unnamed_line(failure, standing),
                });
            }
        }
        // Subjects come by name; a stable sort only brings the failures and what is unknown to the front.
        lines.sort_by_key(|(row, _)| match row.status {
            Status::Failed(_) | Status::Missing => 0,
            Status::Unnamed(_) => 1,
            Status::Pending => 2,
            Status::Succeeded(_) => 3,
        });
        let (rows, failures): (Vec<Row>, Vec<Option<Failure>>) = lines.into_iter().unzip();
        Self {
            environment: key.environment.clone(),
            period: period::text(roll.span.unwrap_or((key.start, key.start)), timezone),
            is_follow_up: false,
            rows,
            failures: failures.into_iter().flatten().collect(),
            counts,
            notes: notes::notes(roll, standings),
            progress: None,
        }
    }

    /// What the message is.
    #[must_use]
    pub fn headline(&self) -> &'static str {
        if self.is_follow_up {
            "ECS Scheduled Scaling Changes"
        } else {
            "ECS Scheduled Scaling Summary"
        }
    }

    /// Whether anybody needs to be called to it.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        !self.failures.is_empty()
    }

    /// `Total: 19 succeeded, 1 failed`, or with a roster `Total: 18/20 succeeded, 1 failed, 1 missing`.
    #[must_use]
    pub fn totals(&self) -> String {
        let Counts {
            of,
            succeeded,
            failed,
            unnamed,
            missing,
            pending,
        } = self.counts;
        let of = of.map_or_else(String::new, |of| format!("/{of}"));
        let unnamed = match unnamed {
            0 => String::new(),
            1 => " (1 call named no service)".to_owned(),
            calls => format!(" ({calls} calls named no service)"),
        };
        let mut totals = format!("Total: {succeeded}{of} succeeded, {failed} failed{unnamed}");
        for (count, standing) in [(missing, "missing"), (pending, "pending")] {
            if count > 0 {
                // Writing to a string cannot fail.
                let _ = write!(totals, ", {count} {standing}");
            }
        }
        totals
    }
}

impl Counts {
    fn add(&mut self, standing: &Standing) {
        match standing {
            Standing::Succeeded => self.succeeded += 1,
            Standing::Failed(_) => self.failed += 1,
            Standing::Missing => self.missing += 1,
            Standing::Pending => self.pending += 1,
            Standing::Unnamed(calls) => {
                self.failed += calls;
                self.unnamed += calls;
            }
        }
    }
}

fn service_line(
    roll: &Roll,
    id: &ServiceId,
    standing: &Standing,
    qualifier: &Qualifier,
) -> (Row, Option<Failure>) {
    let entry = roll.services.get(id);
    let attempts = entry.map_or(0, |entry| entry.attempts);
    let status = match standing {
        Standing::Succeeded => Status::Succeeded(attempts),
        Standing::Failed(_) => Status::Failed(attempts),
        Standing::Missing => Status::Missing,
        Standing::Pending | Standing::Unnamed(_) => Status::Pending,
    };
    let service = qualifier.name(id);
    let failure = |code: &str, reason: String, advice| Failure {
        subject: service.clone(),
        count: 1,
        console_url: console::url(id),
        code: code.to_owned(),
        reason,
        advice,
    };
    let failure = match standing {
        Standing::Failed(error) => Some(failure(&error.code, error.to_string(), advice(error))),
        Standing::Missing => Some(failure(MISSING, MISSING.to_owned(), Some(MISSING_ADVICE))),
        _ => None,
    };
    let action = entry
        .and_then(|entry| entry.action)
        .map_or_else(|| "—".to_owned(), |action| action.to_string());
    (
        Row {
            service,
            action,
            status,
        },
        failure,
    )
}

fn unnamed_line(
    AnonymousFailure { error, caller }: &AnonymousFailure,
    standing: &Standing,
) -> (Row, Option<Failure>) {
    let count = if let Standing::Unnamed(calls) = standing {
        *calls
    } else {
        1
    };
    let subject = match count {
        1 => format!("unknown service (called by {caller})"),
        _ => format!("unknown services ({count} calls by {caller})"),
    };
    let ApiError { code, .. } = error;
    let failure = Failure {
        subject,
        count,
        console_url: None,
        code: code.clone(),
        reason: error.to_string(),
        advice: advice(error),
    };
    let row = Row {
        service: "(unknown)".to_owned(),
        action: "—".to_owned(),
        status: Status::Unnamed(count),
    };
    (row, Some(failure))
}

/// How much of a service's place its name needs: nothing while all share it.
struct Qualifier {
    cluster: bool,
    region: bool,
    account: bool,
}

impl Qualifier {
    fn of(roll: &Roll) -> Self {
        let differs = |part: fn(&ServiceId) -> &str| {
            let mut parts = roll.services.keys().map(part);
            parts
                .next()
                .is_some_and(|first| parts.any(|other| other != first))
        };
        Self {
            cluster: differs(|id| &id.cluster),
            region: differs(|id| &id.region),
            account: differs(|id| &id.account),
        }
    }

    fn name(&self, id: &ServiceId) -> String {
        let parts = [
            (self.account, &id.account),
            (self.region, &id.region),
            (self.cluster, &id.cluster),
            (true, &id.name),
        ];
        let shown: Vec<&str> = parts
            .into_iter()
            .filter(|(is_shown, _)| *is_shown)
            .map(|(_, part)| part.as_str())
            .collect();
        shown.join("/")
    }
}

#[cfg(test)]
mod tests;
