//! How far a window is, in a few characters for the head of a message that follows it.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Summary, period};
use crate::roll::Roll;

/// Whether more is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// More may come.
    Waiting,
    /// How the window ended is known.
    Ended,
}

/// How far a window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Whether more is awaited.
    pub stage: Stage,
    /// What ended well so far.
    pub succeeded: usize,
    /// What went wrong so far.
    pub wrong: usize,
    /// How many there are; `None` while nobody can tell.
    pub of: Option<usize>,
    /// From when the schedule was to fire, or from the first call, to the last call.
    pub took: Option<TimeDelta>,
}

impl Progress {
    pub(super) fn of(roll: &Roll, summary: &Summary, stage: Stage) -> Self {
        let (counts, jobs) = (&summary.counts, &summary.jobs);
        let all = counts.all() + jobs.all();
        let has_roster = roll.calls_end_at.is_some();
        let of = match (has_roster, stage) {
            // The refused calls that name no service were made for services of the roster.
            (true, _) => Some(all),
            (false, Stage::Ended) => Some(all + counts.unnamed),
            (false, Stage::Waiting) => None,
        };
        let scheduled = roll
            .services
            .values()
            .filter_map(|entry| entry.expected_from)
            .min();
        let reached = roll
            .services
            .values()
            .filter_map(|entry| entry.sight.reached_at);
        let last =
            |called: DateTime<Utc>| reached.max().map_or(called, |reached| called.max(reached));
        let late = if stage == Stage::Ended {
            counts.late()
        } else {
            0
        };
        Self {
            stage,
            succeeded: counts.succeeded() + jobs.succeeded(),
            wrong: counts.failed() + counts.missing() + jobs.failed() + jobs.missing() + late,
            of,
            took: roll
                .span
                .map(|(first, called)| last(called) - scheduled.unwrap_or(first)),
        }
    }
}

impl fmt::Display for Progress {
    /// `⏳ 14/20`, `⏳ 13/20, 1 failed`, `✅ 20/20 in 4 min 12 s`, `❌ 18/20`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match (self.stage, self.wrong) {
            (Stage::Waiting, _) => "⏳",
            (Stage::Ended, 0) => "✅",
            (Stage::Ended, _) => "❌",
        };
        write!(f, "{mark} {}", self.succeeded)?;
        match self.of {
            Some(of) => write!(f, "/{of}")?,
            None => f.write_str(" so far")?,
        }
        match (self.stage, self.wrong, self.took) {
            (Stage::Waiting, 1.., _) => write!(f, ", {} failed", self.wrong),
            (Stage::Ended, 0, Some(took)) if self.succeeded > 0 => {
                write!(f, " in {}", period::in_words(took))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{Progress, Stage};

    fn p(stage: Stage, succeeded: usize, wrong: usize, of: Option<usize>, seconds: i64) -> String {
        let took = Some(TimeDelta::seconds(seconds));
        let progress = Progress {
            stage,
            succeeded,
            wrong,
            of,
            took,
        };
        progress.to_string()
    }

    #[test]
    fn says_how_far_and_how_it_ended() {
        use Stage::{Ended, Waiting};
        for (text, expected) in [
            (p(Waiting, 0, 0, Some(20), 0), "⏳ 0/20"),
            (p(Waiting, 14, 0, Some(20), 60), "⏳ 14/20"),
            (p(Waiting, 13, 1, Some(20), 60), "⏳ 13/20, 1 failed"),
            (p(Waiting, 14, 0, None, 60), "⏳ 14 so far"),
            (p(Ended, 20, 0, Some(20), 252), "✅ 20/20 in 4 min 12 s"),
            (p(Ended, 1, 0, Some(1), 0), "✅ 1/1 in 0 s"),
            (p(Ended, 2, 0, Some(2), 3_840), "✅ 2/2 in 1 h 4 min"),
            (p(Ended, 18, 2, Some(20), 252), "❌ 18/20"),
            (p(Ended, 0, 0, Some(0), 0), "✅ 0/0"),
        ] {
            assert_eq!(text, expected);
        }
    }
}
