//! The first words of a message that is edited: how many of its runs have ended, in a few characters.
//!
//! Pure.

use std::fmt;

use chrono::TimeDelta;

use super::{Summary, period};
use crate::core::runs::Subject;
use crate::core::snapshot::WindowSnapshot;

/// How many runs of a message have ended, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Progress {
    /// Every run has ended.
    pub has_ended: bool,
    /// How many ended well so far.
    pub succeeded: usize,
    /// How many went wrong so far.
    pub wrong: usize,
    /// How many runs there are; `None` while no roster tells.
    pub of: Option<usize>,
    /// From when the schedule was to fire, or from the first call, to the last call, or until the last service was at
    /// its count.
    pub took: Option<TimeDelta>,
}

impl Progress {
    pub(super) fn of(
        snapshot: &WindowSnapshot<'_>,
        runs: &[usize],
        summary: &Summary,
        has_ended: bool,
    ) -> Self {
        let (counts, jobs) = (&summary.counts, &summary.jobs);
        let all = counts.all() + jobs.all();
        let has_roster = counts.has_roster || jobs.has_roster;
        let of = match (has_roster, has_ended) {
            // The refused calls that name no service were made for services of the roster.
            (true, _) => Some(all),
            (false, true) => Some(all + counts.unnamed),
            (false, false) => None,
        };
        let late = if has_ended { counts.late() } else { 0 };
        Self {
            has_ended,
            succeeded: counts.succeeded() + jobs.succeeded(),
            wrong: counts.failed() + counts.missing() + jobs.failed() + jobs.missing() + late,
            of,
            took: took(snapshot, runs),
        }
    }
}

fn took(snapshot: &WindowSnapshot<'_>, runs: &[usize]) -> Option<TimeDelta> {
    let told = || runs.iter().map(|&index| &snapshot.statuses[index]);
    let calls = told().flat_map(|one| one.run.attempts.iter().map(|attempt| attempt.at));
    let (first, last) = period::span(calls)?;
    let scheduled = told()
        .filter(|one| one.run.firing.is_some())
        .map(|one| one.run.time)
        .min();
    let reached = told().filter_map(|one| {
        let Subject::Service(id) = one.subject else {
            return None;
        };
        let seen = snapshot.observations.service(id, one.run.time)?;
        let took = match &one.status {
            crate::core::status::Status::Reached(reached) => reached.took?,
            _ => return seen.reached_at,
        };
        Some(one.run.accepted_at()? + took)
    });
    let end = reached.max().map_or(last, |reached| reached.max(last));
    Some(end - scheduled.unwrap_or(first))
}

impl fmt::Display for Progress {
    /// `⏳ 14/20`, `⏳ 13/20, 1 failed`, `✅ 20/20 in 4 min 12 s`, `❌ 18/20`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match (self.has_ended, self.wrong) {
            (false, _) => "⏳",
            (true, 0) => "✅",
            (true, _) => "❌",
        };
        write!(f, "{mark} {}", self.succeeded)?;
        match self.of {
            Some(of) => write!(f, "/{of}")?,
            None => f.write_str(" so far")?,
        }
        match (self.has_ended, self.wrong, self.took) {
            (false, 1.., _) => write!(f, ", {} failed", self.wrong),
            (true, 0, Some(took)) if self.succeeded > 0 => {
                write!(f, " in {}", period::in_words(took))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::Progress;

    fn p(
        has_ended: bool,
        succeeded: usize,
        wrong: usize,
        of: Option<usize>,
        seconds: i64,
    ) -> String {
        let took = Some(TimeDelta::seconds(seconds));
        let progress = Progress {
            has_ended,
            succeeded,
            wrong,
            of,
            took,
        };
        progress.to_string()
    }

    #[test]
    fn says_how_far_and_how_it_ended() {
        const WAITING: bool = false;
        const ENDED: bool = true;
        for (text, expected) in [
            (p(WAITING, 0, 0, Some(20), 0), "⏳ 0/20"),
            (p(WAITING, 14, 0, Some(20), 60), "⏳ 14/20"),
            (p(WAITING, 13, 1, Some(20), 60), "⏳ 13/20, 1 failed"),
            (p(WAITING, 14, 0, None, 60), "⏳ 14 so far"),
            (p(ENDED, 20, 0, Some(20), 252), "✅ 20/20 in 4 min 12 s"),
            (p(ENDED, 1, 0, Some(1), 0), "✅ 1/1 in 0 s"),
            (p(ENDED, 2, 0, Some(2), 3_840), "✅ 2/2 in 1 h 4 min"),
            (p(ENDED, 18, 2, Some(20), 252), "❌ 18/20"),
            (p(ENDED, 0, 0, Some(0), 0), "✅ 0/0"),
        ] {
            assert_eq!(text, expected);
        }
    }
}
