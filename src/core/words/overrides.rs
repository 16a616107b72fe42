//! What messages say of overrides, by language.
//!
//! Pure. The arguments are names and times as a message shows them: bounded, and in one line. The examples are the English
//! ones.

use chrono::TimeDelta;

use crate::core::overrides::Direction;

/// The days of some runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Days {
    /// The first day: `Thu 24 Dec`.
    pub(crate) first: String,
    /// The last day, which may be the first.
    pub(crate) last: String,
    /// How many runs there are from the first day to the last.
    pub(crate) runs: usize,
}

/// The words for overrides in one language.
pub(crate) trait OverrideWords {
    /// `20 services`.
    fn services(&self, count: usize) -> String;
    /// `dev stays up until 22:00 instead of 18:00`; `of` is such as ` (20 services)`, or empty.
    fn stays_up(&self, environment: &str, until: &str, instead_of: &str, of: &str) -> String;
    /// `dev: morning at 11:00 instead of 09:00`, where `moves` are such as [`OverrideWords::moved_run`] makes.
    fn moved(&self, environment: &str, moves: &[String], of: &str) -> String;
    /// `morning at 11:00 instead of 09:00`.
    fn moved_run(&self, schedule: &str, to: &str, from: &str) -> String;
    /// `dev: morning on Fri 25 Dec is skipped`.
    fn skipped(&self, environment: &str, schedules: &str, days: &Days, of: &str) -> String;
    /// `dev goes up now until 20:30`; `at` is a time where that is past.
    fn goes(
        &self,
        environment: &str,
        direction: Direction,
        at: Option<&str>,
        until: &str,
        of: &str,
    ) -> String;
    /// `, says kim: demo`.
    fn says(&self, by: &str, reason: Option<&str>) -> String;
    /// `dev: evening runs at 18:00 as scheduled`.
    fn runs_at(&self, environment: &str, schedules: &str, time: &str) -> String;
    /// `dev: morning on Fri 25 Dec runs as scheduled`.
    fn runs_on(&self, environment: &str, schedules: &str, days: &Days) -> String;
    /// `dev: the schedules apply again`.
    fn applies_again(&self, environment: &str) -> String;
    /// `, lee took kim's override back`.
    fn taken_back(&self, by: &str, made_by: Option<&str>) -> String;
    /// `dev is down, kept up by kim for 4 h: demo`.
    fn was_kept(&self, environment: &str, kept: &Kept<'_>) -> String;
}

/// What is said of an override that ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept<'a> {
    /// ` (api, web)` where it was about some services only.
    pub(crate) of: &'a str,
    /// What they were kept.
    pub(crate) direction: Direction,
    /// They are known to be the opposite now.
    pub(crate) is_done: bool,
    /// Who asked for it.
    pub(crate) by: &'a str,
    /// For how long they were kept so.
    pub(crate) time: TimeDelta,
    /// Why.
    pub(crate) reason: Option<&'a str>,
}

/// Whole hours and minutes.
pub(super) fn hours(time: TimeDelta) -> (i64, i64) {
    let minutes = (time.num_seconds().max(0) + 30) / 60;
    (minutes / 60, minutes % 60)
}
