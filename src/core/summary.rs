//! Makes the content of a message about some runs, in the order in which people need it: first whether anything is to be
//! done, then why things are not as they should be, then the table.
//!
//! Pure, and independent of Slack: the terminal shows the same summary. Names and errors are still as they came from
//! outside; the renderers for Slack and for the terminal make them harmless. All words come from [`crate::core::words`].

mod changes;
mod console;
mod failure;
mod lines;
mod news;
mod notes;
mod period;
mod qualifier;
mod reasons;
mod row_status;
mod rows;
mod standings;
mod totals;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::TimeDelta;

pub use self::console::Link;
pub use self::failure::{CHANGED, Failure, LATE, NEVER_CALLED, STOPPING, UNKEPT, UNSTEADY};
use self::lines::{Line, Lines};
pub use self::news::News;
pub use self::reasons::Reason;
pub use self::row_status::RowStatus;
use self::standings::Standings;
pub use self::totals::Totals;
pub use self::verdict::Verdict;
use super::decide::MessageKind;
use super::notice;
use super::overrides::Override;
use super::reader::Reader;
use super::report::LastReport;
use super::runs::Subject;
use super::snapshot::{RunStatus, WindowSnapshot};
use super::status::{Kind, Severity, Status};
use super::words::Language;

/// What to say about some runs of one window.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Summary {
    /// For whom it is written.
    pub reader: Reader,
    /// The environment's label.
    pub environment: String,
    /// The first line: whether anything is to be done, and what happened.
    pub verdict: Verdict,
    /// The second line: the title, the span of the calls, the schedules where there are several, the slowest service
    /// where all are well.
    pub subtitle: String,
    /// Whether the message is the first about these runs, one about a later schedule, or one about changes.
    pub kind: MessageKind,
    /// The names of the schedules that it is about, where there are several in the window.
    pub schedules: Vec<String>,
    /// Why things are not as they should be.
    pub reasons: Vec<Reason>,
    /// In a message about changes, what each run was and is.
    pub changes: Vec<String>,
    /// All rows, the worst first, each by name.
    pub rows: Vec<Row>,
    /// One for each failed run, in the order of the rows; [`Summary::reasons`] are made of these.
    pub failures: Vec<Failure>,
    /// How many services have which status.
    pub counts: Totals,
    /// How many runs of jobs have which status.
    pub jobs: Totals,
    /// Further sentences that the reader should know.
    pub notes: Vec<String>,
    /// Lines about overrides that ended with the runs of this message.
    pub overrides: Vec<String>,
    /// The totals of everything that was told together: of more than the rows in a message about changes.
    whole: Whole,
}

/// The totals that a message shows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Whole {
    services: Totals,
    jobs: Totals,
    has_job_runs: bool,
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
    /// How many runs of which kind the row shows.
    pub counts: Vec<(Kind, usize)>,
    /// It is a job's row.
    pub is_job: bool,
}

impl Summary {
    /// Summarizes some of a snapshot's runs.
    #[must_use]
    pub fn new(
        snapshot: &WindowSnapshot<'_>,
        runs: &[usize],
        kind: MessageKind,
        reader: Reader,
    ) -> Self {
        let lines = Lines::new(snapshot, reader);
        let told = select(snapshot, runs);
        let standings = Standings::of(&lines, &told);
        let mut shown = shown(&lines, &told, kind == MessageKind::Changes);
        let notes = notes::notes(&lines, &told);
        let warnings = notes.iter().filter_map(|note| note.brief.clone()).collect();
        let schedules = schedules(snapshot, &told, kind);
        let verdict = Verdict::of(&standings, warnings, reader);
        let mut subtitle = vec![reader.words().title().to_owned()];
        subtitle.push(period::of(snapshot, &told, reader));
        subtitle.extend((!schedules.is_empty()).then(|| listed(&schedules, reader)));
        if verdict.severity == Severity::Good {
            subtitle.extend(slowest(&lines, &told));
        }
        let mut failures: Vec<Failure> = Vec::new();
        for line in &mut shown {
            failures.append(&mut line.failures);
        }
        let reasons = if standings.is_nothing() && standings.jobs.is_empty() {
            reasons::of_nothing(&failures, group_link(&lines, &told), reader)
        } else {
            reasons::of(&failures, reader)
        };
        Self {
            reader,
            environment: snapshot.label.to_owned(),
            verdict,
            subtitle: subtitle.join(" · "),
            kind,
            schedules,
            reasons,
            changes: Vec::new(),
            rows: shown.into_iter().map(|line| line.row).collect(),
            failures,
            counts: standings.totals.clone(),
            jobs: standings.job_totals.clone(),
            notes: notes.into_iter().map(|note| note.text).collect(),
            overrides: Vec::new(),
            whole: Whole::of(standings),
        }
    }

    /// As [`Summary::new`], for runs that changed since they were told as `report` says. The totals are those of
    /// everything that is told together.
    #[must_use]
    pub fn changes(
        snapshot: &WindowSnapshot<'_>,
        runs: &[usize],
        report: &LastReport,
        reader: Reader,
    ) -> Self {
        let summary = Self::new(snapshot, runs, MessageKind::Changes, reader);
        let lines = Lines::new(snapshot, reader);
        let told = select(snapshot, runs);
        let groups: BTreeSet<usize> = told.iter().map(|one| one.group).collect();
        let all = snapshot.statuses.iter();
        let all: Vec<&RunStatus<'_>> = all.filter(|one| groups.contains(&one.group)).collect();
        let standings = Standings::of(&lines, &all);
        let heard = |one: &RunStatus<'_>| report.told.of(one.subject, one.run);
        let was_wrong = |one: &&&RunStatus<'_>| heard(one).is_some_and(|told| !told.is_good());
        let failed = all.iter().filter(was_wrong).count();
        let is_recovery = told.iter().all(|one| was_wrong(&one));
        let words = reader.words();
        let reported = report
            .said_at
            .map(|at| (period::clock(at, reader), words.failed_count(failed)));
        let reported = reported.as_ref().filter(|_| failed > 0);
        let of = period::start(snapshot, &all, reader);
        let verdict = Verdict::of_changes(&lines, &told, &standings, is_recovery);
        let change = |one: &&RunStatus<'_>| changes::line(&lines, one, heard(one));
        Self {
            verdict,
            subtitle: words.update_to(&of, reported.map(|(at, what)| (&**at, &**what))),
            changes: told.iter().map(change).collect(),
            whole: Whole::of(standings),
            ..summary
        }
    }

    /// As [`Summary::new`], for a message that is edited while its runs go on.
    #[must_use]
    pub fn live(
        snapshot: &WindowSnapshot<'_>,
        runs: &[usize],
        kind: MessageKind,
        has_ended: bool,
        reader: Reader,
    ) -> Self {
        let summary = Self::new(snapshot, runs, kind, reader);
        if has_ended {
            return summary;
        }
        let lines = Lines::new(snapshot, reader);
        let standings = Standings::of(&lines, &select(snapshot, runs));
        let waits_for_tasks = snapshot.policy.verify.is_some();
        Self {
            verdict: Verdict::so_far(&standings, waits_for_tasks, reader),
            ..summary
        }
    }

    /// Says which overrides ended with its runs.
    pub fn mention_ended(&mut self, overrides: &[&Override]) {
        let is_down = self.verdict.severity == Severity::Good
            && self.counts.all() > 0
            && self.counts.get(Kind::Stopped) == self.counts.all();
        let line = |one: &&Override| notice::ended(one, &self.environment, is_down, self.reader);
        self.overrides = overrides.iter().filter_map(line).collect();
    }

    /// Says that it holds one batch only, because the window's log could not be reached.
    pub fn mark_partial(&mut self) {
        let words = self.reader.words();
        self.notes.insert(0, words.partial_note().to_owned());
        let brief = vec![words.partial_brief().to_owned()];
        self.verdict = self.verdict.clone().warned(brief);
    }

    /// Says that Slack refuses the bot for this reason, and that the webhook speaks instead.
    pub fn mark_fallback(&mut self, reason: &str) {
        let note = self.reader.words().fallback_note(reason);
        self.notes.insert(0, note);
    }

    /// A digest by which a message that shows the same is recognized.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    /// Whether people are to be notified, by the configured mention; the first line then says why.
    #[must_use]
    pub fn is_alarm(&self) -> bool {
        self.verdict.is_alarm()
    }

    /// The rows that a message shows: the first `limit`, and rows that count the others.
    #[must_use]
    pub fn table(&self, limit: usize) -> Vec<Row> {
        rows::bounded(&self.rows, limit, self.reader)
    }

    /// How many replies it takes to list all rows in the message's thread; none where the message shows all of them.
    #[must_use]
    pub fn pages(&self) -> usize {
        if self.rows.len() <= self.reader.rows.count() {
            return 0;
        }
        self.rows.len().div_ceil(PAGE).min(PAGES)
    }

    /// The rows of one of these replies, from 0. The last one counts what is left out of a very long list.
    #[must_use]
    pub fn page(&self, page: usize) -> Vec<Row> {
        let rows = self.rows.chunks(PAGE).nth(page).unwrap_or_default();
        let mut rows = rows.to_vec();
        if page + 1 == PAGES {
            let rest = self.rows.get(PAGE * PAGES..).unwrap_or_default();
            rows.extend(rows::bounded(rest, 0, self.reader));
        }
        rows
    }

    /// `Total: 19 running, 1 failed`, in the reader's language. Jobs are counted apart.
    #[must_use]
    pub fn totals(&self) -> String {
        self.totals_in(self.reader.language)
    }

    /// As [`Summary::totals`], for the log, which is in English.
    #[must_use]
    pub fn totals_in(&self, language: Language) -> String {
        let Whole {
            services,
            jobs,
            has_job_runs,
        } = &self.whole;
        totals::line(services, jobs, *has_job_runs, language)
    }
}

impl Whole {
    fn of(standings: Standings) -> Self {
        Self {
            services: standings.totals,
            jobs: standings.job_totals,
            has_job_runs: standings.has_job_runs,
        }
    }
}

fn select<'a, 's>(snapshot: &'a WindowSnapshot<'s>, runs: &[usize]) -> Vec<&'a RunStatus<'s>> {
    let runs = runs.iter();
    runs.map(|&index| &snapshot.statuses[index]).collect()
}

/// The lines of some runs: what failed, calls that named no service, what is not as it should be, what is awaited, and
/// what is well. Within each they are in the order of their subjects' names.
fn shown(lines: &Lines<'_>, told: &[&RunStatus<'_>], is_changes: bool) -> Vec<Line> {
    let mut by_subject: BTreeMap<&Subject, Vec<&RunStatus<'_>>> = BTreeMap::new();
    for &one in told {
        by_subject.entry(one.subject).or_default().push(one);
    }
    let suspects = notes::suspects(lines, told);
    let mut shown = Vec::with_capacity(by_subject.len());
    for (subject, runs) in by_subject {
        shown.extend(lines.lines(subject, &runs, is_changes, &suspects));
    }
    if shown.iter().any(|line| line.is_nameless) {
        // Whoever is missing was probably called, and refused without being named: its schedule works.
        let missing = lines.reader.words().missing();
        for line in &mut shown {
            for failure in &mut line.failures {
                if failure.code == NEVER_CALLED {
                    missing.clone_into(&mut failure.label);
                    missing.clone_into(&mut line.row.status.words);
                    failure.advice = None;
                    failure.own_advice = None;
                }
            }
        }
    }
    // A stable sort keeps the order of the names.
    shown.sort_by_key(|line| (line.row.status.severity, line.is_nameless));
    shown
}

fn schedules(
    snapshot: &WindowSnapshot<'_>,
    told: &[&RunStatus<'_>],
    kind: MessageKind,
) -> Vec<String> {
    if kind == MessageKind::Later {
        let groups: BTreeSet<usize> = told.iter().map(|one| one.group).collect();
        let names = groups
            .into_iter()
            .flat_map(|group| snapshot.groups[group].schedules.iter().cloned());
        return names.collect();
    }
    let names: BTreeSet<&str> = told.iter().filter_map(|one| one.run.schedule()).collect();
    match (kind, names.len()) {
        (MessageKind::First, 2..) => names.into_iter().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// The service that took longest, where there are several to compare.
fn slowest(lines: &Lines<'_>, told: &[&RunStatus<'_>]) -> Option<String> {
    let took = |one: &&RunStatus<'_>| match &one.status {
        Status::Reached(reached) => Some((reached.took?, lines.name(one.subject))),
        _ => None,
    };
    let all: Vec<(TimeDelta, String)> = told.iter().filter_map(took).collect();
    let (took, name) = all.iter().max().filter(|_| all.len() > 1)?;
    Some(lines.reader.words().slowest(name, *took))
}

/// The schedule group of some services that were never called.
fn group_link(lines: &Lines<'_>, told: &[&RunStatus<'_>]) -> Option<Link> {
    let of = |one: &&RunStatus<'_>| match one.subject {
        Subject::Service(id) => lines.link_to_group(one, &id.cluster_id()),
        _ => None,
    };
    told.iter().find_map(of)
}

/// How many rows a reply in a thread lists: with cells of any length they fit into a message of Slack's.
const PAGE: usize = 45;
/// At most so many replies list rows.
const PAGES: usize = 20;

/// How many names a sentence lists; the rest is counted.
const NAMED: usize = 10;

/// The first names, and how many more there are.
fn listed(names: &[String], reader: Reader) -> String {
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => reader.words().and_more(&shown, more),
    }
}

#[cfg(test)]
mod tests;
