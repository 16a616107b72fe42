//! What to say about runs, in the order in which people need it: what is wrong first.
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
    /// What the runs are to the reader.
    pub kind: MessageKind,
    /// The schedules that a later message of the window is about.
    pub schedules: Vec<String>,
    /// Failures first, then the rest, each by name.
    pub rows: Vec<Row>,
    /// One for each failed run, in the order of the rows.
    pub failures: Vec<Failure>,
    /// How many services stand how.
    pub counts: Counts,
    /// How many runs of jobs stand how.
    pub jobs: Counts,
    /// What else the reader should know, a sentence each.
    pub notes: Vec<String>,
    /// How far the runs are, in a message that is edited.
    pub progress: Option<Progress>,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Row {
    /// The service's name, with as much of its place as tells it from the others; or a job's.
    pub service: String,
    /// Such as `Scale Up (→ 1)`; with the time before it where runs of one service differ.
    pub action: String,
    /// How it stands.
    pub status: RowStatus,
    /// How much of the totals the row stands for.
    pub counts: Vec<(Kind, usize)>,
}

/// How a row stands, in a mark and a few words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowStatus {
    /// At a glance.
    pub severity: Severity,
    /// In a few words, such as `1/1 running (48 s)`; often none are needed.
    pub words: String,
}

/// A failure with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
    /// Says how some of a snapshot's runs stand, with times in the reader's zone.
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
        // Subjects come by name; a stable sort only brings the failures and what is unknown to the front.
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

    /// A digest that tells whether another summary says the same.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    /// What the message is.
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

    /// What stands above the reasons: nothing may have failed, and not everything be as it should.
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

/// Counts what the rows stand for. What changed since the window was told is counted with all else that was told.
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
