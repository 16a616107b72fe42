//! Makes the content of a message about some runs, in the order in which people need it: failures first.
//!
//! Pure, and independent of Slack: the terminal shows the same summary. Names and errors are still as they came from
//! outside; the renderers for Slack and for the terminal make them harmless.

mod console;
mod counts;
mod lines;
mod news;
mod notes;
mod period;
mod progress;
mod qualifier;
mod reasons;
mod words;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use chrono_tz::Tz;

pub use self::counts::Counts;
use self::lines::Lines;
pub use self::news::News;
pub use self::progress::Progress;
use super::decide::MessageKind;
use super::runs::Subject;
use super::snapshot::{RunStatus, WindowSnapshot};
use super::status::{Kind, Severity};

/// What to say about some runs of one window.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Summary {
    /// The environment's label.
    pub environment: String,
    /// The span of the calls in the reader's zone: `2024-01-15 09:00~09:05 KST`.
    pub period: String,
    /// Whether the message is the first about these runs, one about a later schedule, or one about changes.
    pub kind: MessageKind,
    /// In the message of a later schedule of the window: the names of the schedules that it is about.
    pub schedules: Vec<String>,
    /// Failures first, then the rest, each by name.
    pub rows: Vec<Row>,
    /// One for each failed run, in the order of the rows.
    pub failures: Vec<Failure>,
    /// How many runs of services have which status.
    pub counts: Counts,
    /// How many runs of jobs have which status.
    pub jobs: Counts,
    /// Further sentences that the reader should know.
    pub notes: Vec<String>,
    /// In a message that is edited: how many of its runs have ended.
    pub progress: Option<Progress>,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Row {
    /// The name of the service or job, with as much of its cluster, Region and account as tells it from the others.
    pub service: String,
    /// Such as `Scale Up (→ 1)`; it begins with the run's time where runs of one service differ.
    pub action: String,
    /// The status.
    pub status: RowStatus,
    /// How many runs of which kind the row adds to the totals.
    pub counts: Vec<(Kind, usize)>,
}

/// The status of a row: a mark and a few words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowStatus {
    /// Which mark is shown.
    pub severity: Severity,
    /// A few words, such as `1/1 running (48 s)`; often empty, because the mark says enough.
    pub words: String,
}

/// A failure with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Failure {
    /// The service as in its row; for calls that named none, how many there were and who made them.
    pub subject: String,
    /// How many of the failures in the totals this is.
    pub count: usize,
    /// The service in the ECS console.
    pub console_url: Option<String>,
    /// The error's code: where the message has no room for each failure, those with the same code are grouped.
    pub code: String,
    /// The error as it was recorded, or a sentence about what is wrong.
    pub reason: String,
    /// What to do about it.
    pub advice: Option<&'static str>,
}

impl Summary {
    /// Summarizes some of a snapshot's runs, with times in the reader's zone.
    #[must_use]
    pub fn new(
        snapshot: &WindowSnapshot<'_>,
        runs: &[usize],
        kind: MessageKind,
        timezone: Tz,
    ) -> Self {
        let lines = Lines::new(snapshot, timezone);
        let told: Vec<&RunStatus<'_>> = runs
            .iter()
            .map(|&index| &snapshot.statuses[index])
            .collect();
        let mut by_subject: BTreeMap<&Subject, Vec<&RunStatus<'_>>> = BTreeMap::new();
        for &one in &told {
            by_subject.entry(one.subject).or_default().push(one);
        }
        let is_changes = kind == MessageKind::Changes;
        let mut shown = Vec::with_capacity(by_subject.len());
        for (subject, runs) in by_subject {
            shown.extend(lines.lines(subject, &runs, is_changes));
        }
        let (counts, jobs) = count(snapshot, &told, &shown, &lines);
        // Lines are in the order of their subjects' names. A stable sort keeps that and brings failures to the front,
        // then calls that named no service, then runs that are still awaited.
        shown.sort_by_key(
            |line| match (line.row.status.severity, line.failures.first()) {
                (_, Some(failure)) => {
                    u8::from(failure.console_url.is_none() && line.row.action == "—")
                }
                (Severity::Good, None) => 3,
                (_, None) => 2,
            },
        );
        let mut summary = Self {
            environment: snapshot.key.environment.clone(),
            period: period::of(snapshot, &told, timezone),
            kind,
            schedules: schedules(snapshot, &told, kind),
            rows: Vec::with_capacity(shown.len()),
            failures: Vec::new(),
            counts,
            jobs,
            notes: notes::notes(snapshot, &told, &lines),
            progress: None,
        };
        for line in shown {
            summary.rows.push(line.row);
            summary.failures.extend(line.failures);
        }
        summary
    }

    /// As [`Summary::new`], for a message that is edited while its runs go on.
    #[must_use]
    pub fn live(
        snapshot: &WindowSnapshot<'_>,
        runs: &[usize],
        kind: MessageKind,
        has_ended: bool,
        timezone: Tz,
    ) -> Self {
        let summary = Self::new(snapshot, runs, kind, timezone);
        let progress = Progress::of(snapshot, runs, &summary, has_ended);
        Self {
            progress: Some(progress),
            ..summary
        }
    }

    /// A digest by which a message that shows the same is recognized.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    /// The title.
    #[must_use]
    pub fn headline(&self) -> &'static str {
        match self.kind {
            MessageKind::First | MessageKind::Later => "ECS Scheduled Scaling Summary",
            MessageKind::Changes => "ECS Scheduled Scaling Changes",
        }
    }

    /// The span of the calls, and for a later message which schedules it is about.
    #[must_use]
    pub fn subtitle(&self) -> String {
        match self.schedules.as_slice() {
            [] => self.period.clone(),
            schedules => format!("{} · {}", self.period, schedules.join(", ")),
        }
    }

    /// The heading above the reasons. Where only warnings are listed, such as tasks that are late, it does not speak of
    /// failures.
    #[must_use]
    pub fn reasons_heading(&self) -> &'static str {
        if self
            .rows
            .iter()
            .any(|row| row.status.severity == Severity::Bad)
        {
            "❌ Failures"
        } else {
            "⚠️ Not as asked"
        }
    }

    /// Whether people should be notified, by the configured mention.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        !self.failures.is_empty()
    }

    /// `Total: 19 succeeded, 1 failed`, or with a roster `Total: 18/20 running, 1 starting, 1 failed`. Jobs are counted
    /// apart.
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

/// Counts the runs that the rows show, services and jobs apart.
fn count(
    snapshot: &WindowSnapshot<'_>,
    told: &[&RunStatus<'_>],
    shown: &[lines::Line],
    lines: &Lines<'_>,
) -> (Counts, Counts) {
    let is_expected = |one: &&RunStatus<'_>| one.run.firing.is_some();
    let is_job = |one: &&RunStatus<'_>| matches!(one.subject, Subject::Job(_));
    let has_roster = |job: bool| {
        told.iter()
            .any(|one| is_expected(one) && is_job(one) == job)
    };
    let mut counts = Counts::new(lines.usual(), has_roster(false));
    let mut jobs = Counts::new(Kind::Finished, has_roster(true));
    for line in shown {
        let counts = if line.is_job { &mut jobs } else { &mut counts };
        for &(kind, count) in &line.row.counts {
            counts.add(kind, count);
        }
        counts.unnamed += line.unnamed;
    }
    let _ = snapshot;
    (counts, jobs)
}

fn schedules(
    snapshot: &WindowSnapshot<'_>,
    told: &[&RunStatus<'_>],
    kind: MessageKind,
) -> Vec<String> {
    if kind != MessageKind::Later {
        return Vec::new();
    }
    let mut groups: Vec<usize> = told.iter().map(|one| one.group).collect();
    groups.dedup();
    let names = groups
        .into_iter()
        .flat_map(|group| snapshot.groups[group].schedules.iter().cloned());
    names.collect()
}

#[cfg(test)]
mod tests;
