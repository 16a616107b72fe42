//! Everything that messages say in words of rollcall's own, by language.
//!
//! Pure. A language is an implementation of `Words`: the compiler lists what a new one lacks. Names, error codes and
//! the texts of AWS stay as they are. No other module holds words that people read in Slack.

mod en;
mod ko;
pub(crate) mod overrides;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;

use self::overrides::OverrideWords;
use super::fact::Action;
use super::refusal::Refusal;
use super::status::{Kind, Severity};
use super::trouble::TroubleKind;

/// The language of messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// `en`.
    #[default]
    English,
    /// `ko`.
    Korean,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Korean];

    pub(crate) fn words(self) -> &'static dyn Words {
        match self {
            Self::English => &en::English,
            Self::Korean => &ko::Korean,
        }
    }
}

/// The text given names no language that rollcall speaks.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("expected en or ko")]
pub struct InvalidLanguage;

impl FromStr for Language {
    type Err = InvalidLanguage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "en" => Ok(Self::English),
            "ko" => Ok(Self::Korean),
            _ => Err(InvalidLanguage),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::English => "en",
            Self::Korean => "ko",
        })
    }
}

/// What is said of one kind of error or trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// For a table cell: `service not found`.
    pub(crate) words: &'static str,
    /// After a count: `not found`, as in `4 not found`.
    pub(crate) brief: &'static str,
    /// What to do about it.
    pub(crate) advice: &'static str,
}

/// What was asked of services, as the first line of a message speaks of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aim {
    /// To run.
    Up,
    /// To stop.
    Down,
    /// To restart.
    Restarted,
    /// Different things, or to run fewer tasks.
    AsAsked,
    /// Nobody looked whether tasks run: all that is known is that ECS accepted the calls.
    Accepted,
}

/// The mark of a severity, the same in every language.
pub(crate) fn mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Bad => "❌",
        Severity::Warn => "⚠️",
        Severity::Waiting => "⏳",
        Severity::Good => "✅",
    }
}

/// Who called and as which role: a role of IAM Identity Center without its prefix and its random end.
fn caller_and_role(caller: &str) -> (&str, Option<&str>) {
    let Some((who, role)) = caller.split_once(" as ") else {
        return (caller, None);
    };
    let short = role.strip_prefix("AWSReservedSSO_");
    let short = short.and_then(|role| role.rsplit_once('_'));
    (who, Some(short.map_or(role, |(role, _)| role)))
}

/// The words of one language. The examples are the English ones.
pub(crate) trait Words: OverrideWords + Sync {
    // The table.

    /// The table's head: `Service`, `Action`, `Status`.
    fn headings(&self) -> [&'static str; 3];
    /// `Scale Up (→ 1)`.
    fn action(&self, action: Action) -> String;
    /// `Run Task (3)`.
    fn run_task(&self, count: i64) -> String;
    /// The action of rows that ask for different things: `several`.
    fn several(&self) -> &'static str;
    /// `… and 8 more`.
    fn more(&self, count: usize) -> String;
    /// The name of calls that name no service: `(unknown)`.
    fn unknown(&self) -> &'static str;
    /// The word for a mark where emoji cannot be aligned: `ERROR`.
    fn mark_word(&self, severity: Severity) -> &'static str;

    // The status of a row.

    /// ECS accepted the call, and more is not known: `accepted`.
    fn accepted(&self) -> &'static str;
    /// No call was recorded, and there is still time: `awaited`.
    fn awaited(&self) -> &'static str;
    /// Calls without a name turned out to be harmless: `called again`.
    fn called_again(&self) -> &'static str;
    /// `never called`.
    fn never_called(&self) -> &'static str;
    /// As [`Words::never_called`], where calls without a name may have been for it: `missing`.
    fn missing(&self) -> &'static str;
    /// `record not read`.
    fn record_not_read(&self) -> &'static str;
    /// The same after a count: `not read`.
    fn not_read(&self) -> &'static str;
    /// `throttled, after 4 attempts`; `words` may be empty.
    fn after_attempts(&self, words: &str, attempts: usize) -> String;
    /// `2 calls throttled`.
    fn calls(&self, count: usize, words: &str) -> String;
    /// `1/1 running (48 s)`, or `stopped (≤ 12 s)` where none was asked for.
    fn reached(&self, running: i64, took: Option<&str>) -> String;
    /// As [`Words::reached`], where no record tells of the call: `1/1 running (no CloudTrail record)`.
    fn recordless(&self, running: i64) -> String;
    /// `0/2 starting`.
    fn starting(&self, running: i64, desired: i64) -> String;
    /// `1/1 running, not steady yet`.
    fn settling(&self, running: i64) -> String;
    /// `2 still running`, or `3/1 stopping`.
    fn stopping(&self, running: i64, desired: i64) -> String;
    /// `0/2 after 13 min`.
    fn late(&self, running: i64, desired: i64, after: Option<TimeDelta>) -> String;
    /// `2 running, schedule wanted 1`.
    fn changed(&self, running: i64, desired: i64, asked: i64) -> String;
    /// Trouble that the dictionary does not know: `tasks do not run`.
    fn tasks_do_not_run(&self) -> &'static str;
    /// A job's tasks were started: `started`.
    fn started(&self) -> &'static str;
    /// `running`, or `1/3 ended`.
    fn working(&self, ended: usize, of: usize) -> String;
    /// `exit 0 (2 min 15 s)`.
    fn finished(&self, took: Option<TimeDelta>) -> String;
    /// An error's code, in words where rollcall made it: `exit code 1`.
    fn error_code<'a>(&self, code: &'a str) -> std::borrow::Cow<'a, str>;
    /// `out of memory (exit code 137)`.
    fn with_code(&self, words: &str, code: &str) -> String;

    // Times.

    /// `4 min 12 s`.
    fn duration(&self, duration: TimeDelta) -> String;
    /// `Mon 15 Jan`.
    fn day(&self, time: DateTime<Tz>) -> String;

    // Totals.

    /// One part of a total: `19 running`. The severity tells what is late from what is on its way.
    fn counted(&self, count: usize, kind: Kind, severity: Severity) -> String;
    /// `Total: 19 running, 1 failed`.
    fn total(&self, parts: &str) -> String;
    /// `Jobs: 2 finished`, or `Runs of jobs: 4 finished`.
    fn jobs_total(&self, parts: &str, is_runs: bool) -> String;
    /// `5 of 8 called`.
    fn called(&self, count: usize, all: usize) -> String;
    /// `3 missing, probably among 2 throttled calls that name no service`.
    fn missing_among(&self, missing: usize, calls: usize, label: &str) -> String;
    /// `2 throttled calls name no service`.
    fn nameless(&self, calls: usize, label: &str) -> String;
    /// What calls are called that were refused for several reasons: `refused`.
    fn refused(&self) -> &'static str;

    // The first line.

    /// `all 50 services up`.
    fn all(&self, aim: Aim, count: usize) -> String;
    /// `19 of 20 up`.
    fn part(&self, aim: Aim, count: usize, all: usize) -> String;
    /// `14 up so far`.
    fn so_far(&self, aim: Aim, count: usize) -> String;
    /// `frontend did not start`.
    fn failed(&self, aim: Aim, names: &[String]) -> String;
    /// `12 of 263 did not start`.
    fn failed_of(&self, aim: Aim, count: usize, all: usize) -> String;
    /// `2 failed`.
    fn failed_count(&self, count: usize) -> String;
    /// `3 not as asked`.
    fn not_as_asked(&self, count: usize) -> String;
    /// `8 throttled`.
    fn labelled(&self, count: usize, label: &str) -> String;
    /// `nothing started: 0 of 20 services called`.
    fn nothing(&self, aim: Aim, all: usize) -> String;
    /// Ends a message whose calls are other receivers' after all.
    fn moved_note(&self) -> &'static str;
    /// `no calls to report`.
    fn nothing_known(&self) -> &'static str;
    /// `frontend is up`; at most two names, else their count.
    fn are(&self, aim: Aim, names: &[String]) -> String;
    /// `recovered: frontend is up`.
    fn recovered(&self, what: &str) -> String;
    /// `now 20 of 20`.
    fn now(&self, count: usize, all: usize) -> String;
    /// `all 9 jobs well`.
    fn all_jobs(&self, count: usize) -> String;
    /// `7 of 9 jobs well`.
    fn part_jobs(&self, count: usize, all: usize) -> String;
    /// `job import failed`; at most two names, else their count of all: `6 of 9 jobs failed`.
    fn failed_jobs(&self, names: &[String], all: usize) -> String;
    /// `a and b`.
    fn and(&self, names: &[String]) -> String;

    // The second line.

    /// `ECS Scheduled Scaling Summary`.
    fn title(&self) -> &'static str;
    /// `slowest: billing, 4 min 12 s`.
    fn slowest(&self, name: &str, took: TimeDelta) -> String;
    /// `Update to Mon 15 Jan 09:00 KST (reported 09:11: 1 failed)`.
    fn update_to(&self, period: &str, reported: Option<(&str, &str)>) -> String;

    // What changed.

    /// `frontend: ❌ service not found → ✅ 1/1 running at 09:24`.
    fn change(&self, name: &str, before: &str, after: &str, at: Option<&str>) -> String;
    /// What was told of something that failed, where no more is known: `failed`.
    fn was_failed(&self) -> &'static str;
    /// The heading of failures that recovered: `Recovered`.
    fn recovered_heading(&self) -> &'static str;

    // Reasons.

    /// An error that the dictionary knows.
    fn refusal(&self, refusal: Refusal) -> Entry;
    /// Trouble that the dictionary knows.
    fn trouble(&self, kind: TroubleKind) -> Entry;
    /// `service not found in cluster dev`.
    fn in_cluster(&self, words: &str, cluster: &str) -> String;
    /// `never called, and ECS has its desired count at 0`.
    fn never_called_seen(&self, seen: Option<i64>) -> String;
    /// `; jane called with count 1 at 09:12`.
    fn called_by(&self, caller: &str, count: Option<i64>, clock: &str) -> String;
    /// `0 of 2 running after 13 min 30 s`.
    fn late_reason(&self, running: i64, desired: i64, after: Option<TimeDelta>) -> String;
    /// What late tasks are grouped by: `not up in time`, `not steady`, `still running`.
    fn late_label(&self, running: i64, desired: i64) -> &'static str;
    /// `3 tasks wanted where the schedule asked for 1: set by jane at 09:12`.
    fn changed_reason(&self, desired: i64, asked: i64, who: &str) -> String;
    /// What services at another count are grouped by: `at another count`.
    fn changed_label(&self) -> &'static str;
    /// `set by jane at 09:12`.
    fn set_by(&self, caller: &str, clock: &str) -> String;
    /// `no record tells who set it`.
    fn set_by_nobody_known(&self) -> &'static str;
    /// `at least 2`, `at most 6`.
    fn bound(&self, is_minimum: bool, bound: i64) -> String;
    /// `Application Auto Scaling keeps at least 2`.
    fn kept(&self, bound: &str) -> String;
    /// `its record may be in the dead-letter queue`.
    fn unkept_reason(&self) -> &'static str;
    /// `probably among api, web`, or `called by …`: whom calls without a name may have been for.
    fn among(&self, names: &str) -> String;
    /// `called by jane`.
    fn by(&self, caller: &str) -> String;
    /// A caller as a message shows it.
    fn caller(&self, caller: &str) -> String;
    /// The name of a job among reasons: `import (job)`.
    fn job(&self, name: &str) -> String;
    /// The names of what a list leaves out: ` … and 5 more`.
    fn and_more(&self, names: &str, more: usize) -> String;
    /// `… and 12 more, for 3 other reasons`.
    fn more_reasons(&self, count: usize, reasons: usize) -> String;

    // Advice.

    /// Correct the name in the schedule.
    fn correct_name(&self, schedule: &str) -> String;
    /// Where some services were not called.
    fn never_called_advice(&self) -> &'static str;
    /// Where no service was called.
    fn nothing_advice(&self) -> &'static str;
    /// Where records are in the dead-letter queue.
    fn unkept_advice(&self) -> &'static str;
    /// Where tasks are late and nobody says why.
    fn starting_advice(&self) -> &'static str;
    /// Where tasks do not stop.
    fn stopping_advice(&self) -> &'static str;
    /// Where somebody set another count.
    fn changed_advice(&self) -> &'static str;
    /// Where Application Auto Scaling keeps another count.
    fn bounds_advice(&self) -> &'static str;
    /// Where a job's process ended with an error.
    fn exit_advice(&self) -> &'static str;

    // Links.

    /// `Schedule`.
    fn schedule_link(&self) -> &'static str;
    /// `Schedules`.
    fn schedules_link(&self) -> &'static str;
    /// `Schedule group`.
    fn group_link(&self) -> &'static str;
    /// `Cluster`.
    fn cluster_link(&self) -> &'static str;
    /// `Service`.
    fn service_link(&self) -> &'static str;
    /// `Tasks`.
    fn tasks_link(&self) -> &'static str;

    // Notes, each with the few words that the first line has for it where it is a warning.

    /// Refused calls without a name did no harm.
    fn harmless_note(&self, calls: usize) -> String;
    /// Application Auto Scaling is going to change counts.
    fn bounds_note(&self, services: &str) -> String;
    /// `Auto Scaling may undo 2`.
    fn bounds_brief(&self, count: usize) -> String;
    /// `api (at least 2, not 1)`.
    fn undone(&self, name: &str, bound: &str, asked: i64) -> String;
    /// `Called by jane (2).`
    fn callers_note(&self, callers: &str, others: usize) -> String;
    /// Accepted calls named no service.
    fn accepted_nameless_note(&self, calls: usize) -> String;
    /// Nobody reports services without a call.
    fn silenced_note(&self) -> &'static str;
    /// Messages could not be decoded.
    fn undecodable_note(&self, messages: usize) -> String;
    /// `1 message unreadable`.
    fn undecodable_brief(&self, messages: usize) -> String;
    /// Jobs were still running.
    fn working_note(&self, jobs: usize) -> String;
    /// ECS could not be asked; about some services, or at all.
    fn unobserved_note(&self, about: Option<&str>, codes: &str) -> String;
    /// `ECS could not be asked`.
    fn unobserved_brief(&self) -> &'static str;
    /// ECS was not asked about these services, because no role is configured for their account.
    fn unasked_about_note(&self, names: &str) -> String;
    /// Nobody asked ECS.
    fn unasked_note(&self) -> &'static str;
    /// The log could not be reached, so this is one batch.
    fn partial_note(&self) -> &'static str;
    /// `partial`.
    fn partial_brief(&self) -> &'static str;
    /// The webhook speaks instead of the bot.
    fn fallback_note(&self, reason: &str) -> String;
    /// The heading of a reply with all rows: `All services (2 of 6):`.
    fn all_rows(&self, page: usize, pages: usize) -> String;
}

#[cfg(test)]
mod tests;
