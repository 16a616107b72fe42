//! What to say about a window, in the order in which people need it: what is wrong first.
//!
//! Pure, and free of Slack: the terminal shows the same summary. Text from outside is still raw here; whoever
//! renders it makes it harmless for the medium.

mod console;
mod counts;
mod lines;
mod news;
mod notes;
mod period;
mod progress;
mod qualifier;
mod reasons;
mod status;

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

pub use self::counts::{Class, Counts};
use self::lines::Lines;
pub use self::news::News;
pub use self::progress::{Progress, Stage};
pub use self::status::{Mark, Status};
use crate::roll::{Over, Roll, Standing, Subject, news};
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
    /// How many services stand how.
    pub counts: Counts,
    /// How many jobs stand how.
    pub jobs: Counts,
    /// What else the reader should know, a sentence each.
    pub notes: Vec<String>,
    /// How far the window is, in a message that follows it.
    pub progress: Option<Progress>,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The service's name, with as much of its place as tells it from the others; or a job's.
    pub service: String,
    /// Such as `Scale Up (→ 1)`.
    pub action: String,
    /// How it stands.
    pub status: Status,
    /// What the totals count it under.
    pub class: Class,
    /// How much of the totals the row stands for: one service, or every call that named none.
    pub count: usize,
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

impl Summary {
    /// Says what a roll means, with times in the reader's zone.
    #[must_use]
    pub fn new(key: &WindowKey, roll: &Roll, over: Over, timezone: Tz) -> Self {
        let standings = roll.standings(over);
        let everything = standings.keys().cloned().collect();
        Self::of(key, roll, &standings, &everything, timezone)
    }

    /// As [`Summary::new`], for a message that follows its window.
    #[must_use]
    pub fn live(key: &WindowKey, roll: &Roll, over: Over, stage: Stage, timezone: Tz) -> Self {
        let summary = Self::new(key, roll, over, timezone);
        let progress = Progress::of(roll, &summary, stage);
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
        over: Over,
        earlier: &BTreeMap<Subject, Standing>,
        timezone: Tz,
    ) -> Option<Self> {
        let standings = roll.standings(over);
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
        let lines = Lines::new(roll, timezone);
        let has_roster = roll.calls_end_at.is_some();
        let of = |all: usize| has_roster.then_some(all);
        let mut counts = Counts::new(lines.usual(), of(roll.services.len()));
        let mut jobs = Counts::new(Class::Finished, of(roll.jobs.len()));
        let mut shown_lines: Vec<(Row, Option<Failure>)> = Vec::with_capacity(shown.len());
        for (subject, standing) in standings {
            let (row, failure) = lines.line(subject, standing);
            match subject {
                Subject::Job(_) => &mut jobs,
                Subject::Service(_) | Subject::Unnamed(_) => &mut counts,
            }
            .add(row.class, row.count);
            if let Standing::Unnamed(calls) = standing {
                counts.unnamed += calls;
            }
            if shown.contains(subject) {
                shown_lines.push((row, failure));
            }
        }
        // Subjects come by name; a stable sort only brings the failures and what is unknown to the front.
        shown_lines.sort_by_key(|(row, failure)| match (row.status.mark, failure) {
            (_, Some(failure)) => u8::from(failure.console_url.is_none() && row.action == "—"),
            (Mark::Good, None) => 3,
            (_, None) => 2,
        });
        let (rows, failures): (Vec<Row>, Vec<Option<Failure>>) = shown_lines.into_iter().unzip();
        Self {
            environment: key.environment.clone(),
            period: period::text(roll.span.unwrap_or((key.start, key.start)), timezone),
            is_follow_up: false,
            rows,
            failures: failures.into_iter().flatten().collect(),
            counts,
            jobs,
            notes: notes::notes(roll, standings, &lines),
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

    /// What stands above the reasons: nothing may have failed, and not everything be as it should.
    #[must_use]
    pub fn reasons_heading(&self) -> &'static str {
        if self.rows.iter().any(|row| row.status.mark == Mark::Bad) {
            "❌ Failures"
        } else {
            "⚠️ Not as asked"
        }
    }

    /// Whether anybody needs to be called to it.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        !self.failures.is_empty()
    }

    /// `Total: 19 succeeded, 1 failed`, or with a roster `Total: 18/20 running, 1 starting, 1 failed`; jobs apart.
    #[must_use]
    pub fn totals(&self) -> String {
        let services = format!("Total: {}", self.counts.words());
        let jobs = format!("Jobs: {}", self.jobs.words());
        match (self.counts.is_empty(), self.jobs.is_empty()) {
            (_, true) => services,
            (true, false) => jobs,
            (false, false) => format!("{services} · {jobs}"),
        }
    }
}

#[cfg(test)]
mod tests;
