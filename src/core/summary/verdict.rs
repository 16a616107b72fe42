//! The first line of a message: whether anything is to be done, and what happened, before anybody opens it.
//!
//! Pure.

use std::cmp::Reverse;

use super::lines::Lines;
use super::standings::{Standing, Standings};
use super::totals::Totals;
use crate::core::decide::ThreadNews;
use crate::core::reader::Reader;
use crate::core::snapshot::RunStatus;
use crate::core::status::{Kind, Severity};
use crate::core::text::truncate_middle;
use crate::core::words::{Aim, mark};

/// How many services the first line names; more of them are counted.
const NAMED: usize = 2;
/// How many reasons the first line counts.
const LABELS: usize = 3;
/// How many bytes of a name the first line shows.
const NAME: usize = 40;

/// The first line of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Verdict {
    /// ✅ nothing to do, ⚠️ to look at when there is time, ❌ to act on, ⏳ still going on.
    pub severity: Severity,
    /// What happened, the most important first; later clauses are left out where there is no room.
    pub clauses: Vec<String>,
}

impl Verdict {
    /// The verdict on runs that have ended. `warnings` are what the notes have to say in the first line.
    pub(super) fn of(standings: &Standings, warnings: Vec<String>, reader: Reader) -> Self {
        let worst = match standings.worst() {
            Severity::Waiting => Severity::Good,
            worst => worst,
        };
        let mut clauses = of_services(standings, reader);
        clauses.extend(of_jobs(standings, reader));
        if clauses.is_empty() {
            clauses.push(reader.words().nothing_known().to_owned());
        }
        Self {
            severity: worst,
            clauses,
        }
        .warned(warnings)
    }

    /// The verdict on runs that go on.
    pub(super) fn so_far(standings: &Standings, waits_for_tasks: bool, reader: Reader) -> Self {
        let words = reader.words();
        let mut clauses = Vec::new();
        let services = &standings.services;
        let good = services.iter().filter(|one| one.is_good()).count();
        let goal = if waits_for_tasks {
            standings.aim
        } else {
            Aim::Accepted
        };
        if !services.is_empty() || standings.jobs.is_empty() {
            clauses.push(if standings.has_roster {
                words.part(goal, good, services.len())
            } else {
                words.so_far(goal, good)
            });
        }
        if !standings.jobs.is_empty() {
            let good = standings.jobs.iter().filter(|one| one.is_good()).count();
            clauses.push(words.part_jobs(good, standings.jobs.len()));
        }
        let all = services.iter().chain(&standings.jobs);
        let failed = all.filter(|one| one.severity <= Severity::Warn).count();
        if failed > 0 {
            clauses.push(words.failed_count(failed));
        }
        Self {
            severity: Severity::Waiting,
            clauses,
        }
    }

    /// The verdict on runs that changed since they were told. `is_recovery` means that everything good among them was
    /// told as not being so, and `standings` are those of everything that was told together.
    pub(super) fn of_changes(
        lines: &Lines<'_>,
        told: &[&RunStatus<'_>],
        standings: &Standings,
        is_recovery: bool,
    ) -> Self {
        let words = lines.reader.words();
        let changed = Standings::of(lines, told);
        let goal = goal(&changed);
        let all: Vec<&Standing> = changed.services.iter().chain(&changed.jobs).collect();
        let wrong: Vec<&Standing> = all
            .iter()
            .copied()
            .filter(|one| one.severity <= Severity::Warn)
            .collect();
        let mut clauses = match wrong.as_slice() {
            [] => Vec::new(),
            wrong => failing(wrong, changed.aim, Some(wrong.len()), lines.reader),
        };
        clauses.extend(nameless(&changed, lines.reader));
        if clauses.is_empty() {
            let names = short_names(&all);
            clauses.push(match (names.is_empty(), is_recovery) {
                (true, _) => words.called_again().to_owned(),
                (false, true) => words.recovered(&words.are(goal, &names)),
                (false, false) => words.are(goal, &names),
            });
        }
        let whole = if changed.services.is_empty() {
            &standings.jobs
        } else {
            &standings.services
        };
        let good = whole.iter().filter(|one| one.is_good()).count();
        if !whole.is_empty() && !changed.is_selection {
            clauses.push(words.now(good, whole.len()));
        }
        Self {
            severity: changed.worst(),
            clauses,
        }
    }

    /// The first line of a reply in a message's thread.
    pub(super) fn of_news(lines: &Lines<'_>, news: &ThreadNews) -> Self {
        let words = lines.reader.words();
        let of = |indices: &[usize]| -> Vec<&RunStatus<'_>> {
            let statuses = indices.iter();
            statuses
                .map(|&index| &lines.snapshot.statuses[index])
                .collect()
        };
        let (failed, recovered) = (of(&news.failed), of(&news.recovered));
        let mut clauses = Vec::new();
        let failed = Standings::of(lines, &failed);
        let wrong: Vec<&Standing> = failed.services.iter().chain(&failed.jobs).collect();
        if !wrong.is_empty() {
            clauses.extend(failing(&wrong, failed.aim, Some(wrong.len()), lines.reader));
        }
        clauses.extend(nameless(&failed, lines.reader));
        let well = Standings::of(lines, &recovered);
        let all: Vec<&Standing> = well.services.iter().chain(&well.jobs).collect();
        match (all.is_empty(), recovered.is_empty()) {
            (false, _) => {
                let aim = if well.services.is_empty() {
                    Aim::AsAsked
                } else {
                    goal(&well)
                };
                clauses.push(words.recovered(&words.are(aim, &short_names(&all))));
            }
            (true, false) => clauses.push(words.called_again().to_owned()),
            (true, true) => {}
        }
        Self {
            severity: failed.worst(),
            clauses,
        }
    }

    /// Whether people are to be notified: something failed that they have to act on. The first line then says what.
    #[must_use]
    pub fn is_alarm(&self) -> bool {
        self.severity == Severity::Bad
    }

    /// Adds what notes have to say in the first line.
    pub(super) fn warned(mut self, warnings: Vec<String>) -> Self {
        if !warnings.is_empty() {
            self.severity = self.severity.min(Severity::Warn);
        }
        self.clauses.extend(warnings);
        self
    }

    /// `❌ dev · frontend did not start · 19 of 20 up`, with everything in it.
    #[must_use]
    pub fn line(&self, environment: &str) -> String {
        let clauses = self.clauses.join(" · ");
        format!("{} {environment} · {clauses}", mark(self.severity))
    }
}

fn of_services(standings: &Standings, reader: Reader) -> Vec<String> {
    let words = reader.words();
    let services = &standings.services;
    let of = |severity| -> Vec<&Standing> {
        let all = services.iter();
        all.filter(|one| one.severity == severity).collect()
    };
    let (bad, warned) = (of(Severity::Bad), of(Severity::Warn));
    let mut clauses = Vec::new();
    let is_few = bad.len() <= NAMED;
    if standings.is_nothing() {
        return vec![words.nothing(standings.aim, services.len())];
    }
    let missing = standings.totals.missing();
    let calls = standings.totals.nameless_calls();
    if calls > 0 && missing == bad.len() && missing > 0 && !standings.is_selection {
        let label = standings.totals.nameless_label(reader.language);
        return vec![
            words.called(services.len() - missing, services.len()),
            words.missing_among(missing, calls, label),
        ];
    }
    if !bad.is_empty() {
        let all = (!standings.is_selection).then_some(services.len());
        clauses.extend(failing(&bad, standings.aim, all, reader));
    }
    clauses.extend(nameless(standings, reader));
    match warned.as_slice() {
        [] => {}
        [one] if bad.is_empty() => clauses.push(told_apart(one)),
        several => clauses.push(words.not_as_asked(several.len())),
    }
    if !services.is_empty() && is_few {
        clauses.extend(well(standings, bad.is_empty(), reader));
    }
    clauses
}

/// `frontend did not start`, or `12 of 263 did not start` and `8 throttled, 4 not found`; `12 failed` where nobody knows of how many.
fn failing(wrong: &[&Standing], aim: Aim, all: Option<usize>, reader: Reader) -> Vec<String> {
    let words = reader.words();
    match wrong {
        [one] if one.is_running || one.severity == Severity::Warn => vec![told_apart(one)],
        few if few.len() <= NAMED => vec![words.failed(aim, &short_names(few))],
        many => {
            let count = match all {
                Some(all) => words.failed_of(aim, many.len(), all),
                None => words.failed_count(many.len()),
            };
            vec![count, labels(many, reader)]
        }
    }
}

/// `billing: 3 running, schedule wanted 1`.
fn told_apart(one: &Standing) -> String {
    format!("{}: {}", truncate_middle(&one.name, NAME), one.words)
}

/// `8 throttled, 4 not found`: the most frequent first.
fn labels(wrong: &[&Standing], reader: Reader) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for label in wrong.iter().filter_map(|one| one.label.as_deref()) {
        match counts.iter_mut().find(|(known, _)| *known == label) {
            Some((_, count)) => *count += 1,
            None => counts.push((label, 1)),
        }
    }
    counts.sort_by_key(|&(_, count)| Reverse(count));
    let words = reader.words();
    let shown = counts.iter().take(LABELS);
    let shown: Vec<String> = shown
        .map(|&(label, count)| words.labelled(count, label))
        .collect();
    let rest: usize = counts.iter().skip(LABELS).map(|(_, count)| count).sum();
    match rest {
        0 => shown.join(", "),
        rest => words.and_more(&shown.join(", "), rest),
    }
}

/// `all 50 services up`, `19 of 20 up`; what is only accepted is said to be no more than that. Of services that were chosen by how they
/// ended it is `4 running`, and nothing where some failed.
fn well(standings: &Standings, is_all_well: bool, reader: Reader) -> Option<String> {
    let (totals, all) = (&standings.totals, standings.services.len());
    if standings.is_selection {
        return is_all_well.then(|| totals.parts(reader.language));
    }
    Some(share(totals, standings.aim, all, reader))
}

fn share(totals: &Totals, aim: Aim, all: usize, reader: Reader) -> String {
    let words = reader.words();
    let reached = totals.get(Kind::Running) + totals.get(Kind::Stopped);
    let accepted = totals.get(Kind::Succeeded) + totals.get(Kind::Accepted);
    match (reached, accepted) {
        (0, accepted) if accepted == all => words.all(Aim::Accepted, all),
        (0, accepted) if accepted > 0 => words.part(Aim::Accepted, accepted, all),
        (reached, 0) if reached == all => words.all(aim, all),
        // Services at another count may run all the same.
        (reached, 0) if totals.get(Kind::Changed) > 0 => words.part(Aim::AsAsked, reached, all),
        (reached, 0) => words.part(aim, reached, all),
        (reached, accepted) => {
            let part = words.part(aim, reached, all);
            let accepted = words.counted(accepted, Kind::Accepted, Severity::Good);
            format!("{part}, {accepted}")
        }
    }
}

/// As what services that are well are spoken of.
fn goal(standings: &Standings) -> Aim {
    let totals = &standings.totals;
    let reached = totals.get(Kind::Running) + totals.get(Kind::Stopped);
    match (standings.services.is_empty(), reached) {
        (true, _) => Aim::AsAsked,
        (false, 0) => Aim::Accepted,
        (false, _) => standings.aim,
    }
}

/// `2 throttled calls name no service`.
fn nameless(standings: &Standings, reader: Reader) -> Option<String> {
    let totals = &standings.totals;
    let label = totals.nameless_label(reader.language);
    let calls = totals.nameless_calls();
    (calls > 0).then(|| reader.words().nameless(calls, label))
}

fn of_jobs(standings: &Standings, reader: Reader) -> Vec<String> {
    let words = reader.words();
    let jobs = &standings.jobs;
    let wrong: Vec<&Standing> = jobs
        .iter()
        .filter(|one| one.severity <= Severity::Warn)
        .collect();
    let good = jobs.iter().filter(|one| one.is_good()).count();
    match (jobs.len(), wrong.len()) {
        (0, _) => Vec::new(),
        (_, 0) if standings.is_selection => {
            vec![standings.job_totals.parts(reader.language)]
        }
        (_, failed) if standings.is_selection && failed > NAMED => {
            vec![words.failed_count(failed)]
        }
        (all, _) if standings.is_selection => vec![words.failed_jobs(&short_names(&wrong), all)],
        (all, 0) if good == all => vec![words.all_jobs(all)],
        (all, 0) => vec![words.part_jobs(good, all)],
        (all, few) if few <= NAMED && few < all => vec![
            words.failed_jobs(&short_names(&wrong), all),
            words.part_jobs(good, all),
        ],
        (all, _) => vec![words.failed_jobs(&short_names(&wrong), all)],
    }
}

fn short_names(standings: &[&Standing]) -> Vec<String> {
    let name = |one: &&Standing| truncate_middle(&one.name, NAME).into_owned();
    standings.iter().map(name).collect()
}
