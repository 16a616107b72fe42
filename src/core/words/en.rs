//! English.

mod dictionary;
mod overrides;

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;

use super::{Aim, Entry, Words, caller_and_role};
use crate::core::fact::{Action, ActionKind};
use crate::core::refusal::Refusal;
use crate::core::status::{Kind, Severity};
use crate::core::trouble::TroubleKind;

pub(super) struct English;

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// What services are that did as they were asked.
fn state(aim: Aim) -> &'static str {
    match aim {
        Aim::Up => "up",
        Aim::Down => "down",
        Aim::Restarted => "restarted",
        Aim::AsAsked => "as asked",
        Aim::Accepted => "accepted",
    }
}

/// What services did not do that are not as they were asked.
fn failure(aim: Aim) -> &'static str {
    match aim {
        Aim::Up => "did not start",
        Aim::Down => "did not stop",
        Aim::Restarted => "did not restart",
        Aim::AsAsked | Aim::Accepted => "failed",
    }
}

impl Words for English {
    fn headings(&self) -> [&'static str; 3] {
        ["Service", "Action", "Status"]
    }

    fn action(&self, action: Action) -> String {
        let kind = match action.kind {
            ActionKind::ScaleUp => "Scale Up",
            ActionKind::ScaleDown => "Scale Down",
            ActionKind::NoChange => "No Change",
            ActionKind::Restart => "Restart",
            ActionKind::Update => "Update",
        };
        match action.desired_count {
            Some(count) => format!("{kind} (→ {count})"),
            None => kind.to_owned(),
        }
    }

    fn run_task(&self, count: i64) -> String {
        match count {
            1 => "Run Task".to_owned(),
            count => format!("Run Task ({count})"),
        }
    }

    fn several(&self) -> &'static str {
        "several"
    }

    fn more(&self, count: usize) -> String {
        format!("… and {count} more")
    }

    fn unknown(&self) -> &'static str {
        "(unknown)"
    }

    fn mark_word(&self, severity: Severity) -> &'static str {
        match severity {
            Severity::Bad => "ERROR",
            Severity::Warn => "WARNING",
            Severity::Waiting => "pending",
            Severity::Good => "ok",
        }
    }

    fn accepted(&self) -> &'static str {
        "accepted"
    }

    fn awaited(&self) -> &'static str {
        "awaited"
    }

    fn called_again(&self) -> &'static str {
        "called again"
    }

    fn never_called(&self) -> &'static str {
        "never called"
    }

    fn missing(&self) -> &'static str {
        "missing"
    }

    fn record_not_read(&self) -> &'static str {
        "record not read"
    }

    fn not_read(&self) -> &'static str {
        "not read"
    }

    fn after_attempts(&self, words: &str, attempts: usize) -> String {
        match words {
            "" => format!("after {attempts} attempts"),
            words => format!("{words}, after {attempts} attempts"),
        }
    }

    fn calls(&self, count: usize, words: &str) -> String {
        format!("{} {words}", plural(count, "call", "calls"))
    }

    fn reached(&self, running: i64, took: Option<&str>) -> String {
        let took = took.map_or_else(String::new, |took| format!(" ({took})"));
        match running {
            0 => format!("stopped{took}"),
            _ => format!("{running}/{running} running{took}"),
        }
    }

    fn recordless(&self, running: i64) -> String {
        self.reached(running, Some("no CloudTrail record"))
    }

    fn starting(&self, running: i64, desired: i64) -> String {
        format!("{running}/{desired} starting")
    }

    fn settling(&self, running: i64) -> String {
        format!("{running}/{running} running, not steady yet")
    }

    fn stopping(&self, running: i64, desired: i64) -> String {
        match desired {
            0 => format!("{running} still running"),
            _ => format!("{running}/{desired} stopping"),
        }
    }

    fn late(&self, running: i64, desired: i64, after: Option<TimeDelta>) -> String {
        match after {
            Some(after) if after < TimeDelta::minutes(1) => {
                format!("{running}/{desired} after {}", self.duration(after))
            }
            Some(after) => format!("{running}/{desired} after {} min", after.num_minutes()),
            None => format!("{running}/{desired} running"),
        }
    }

    fn changed(&self, running: i64, desired: i64, asked: i64) -> String {
        match (running, desired) {
            (0, 0) => format!("stopped, schedule wanted {asked}"),
            (running, desired) if running == desired => {
                format!("{running} running, schedule wanted {asked}")
            }
            _ => format!("{running}/{desired} running, schedule wanted {asked}"),
        }
    }

    fn tasks_do_not_run(&self) -> &'static str {
        "tasks do not run"
    }

    fn started(&self) -> &'static str {
        "started"
    }

    fn working(&self, ended: usize, of: usize) -> String {
        match ended {
            0 => "running".to_owned(),
            _ => format!("{ended}/{of} ended"),
        }
    }

    fn finished(&self, took: Option<TimeDelta>) -> String {
        match took {
            None => "exit 0".to_owned(),
            Some(took) => format!("exit 0 ({})", self.duration(took)),
        }
    }

    fn error_code<'a>(&self, code: &'a str) -> Cow<'a, str> {
        code.into()
    }

    fn with_code(&self, words: &str, code: &str) -> String {
        format!("{words} ({code})")
    }

    fn duration(&self, duration: TimeDelta) -> String {
        let seconds = duration.num_seconds().max(0);
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
        match (hours, minutes) {
            (0, 0) => format!("{seconds} s"),
            (0, _) => format!("{minutes} min {} s", seconds % 60),
            _ => format!("{hours} h {minutes} min"),
        }
    }

    fn day(&self, time: DateTime<Tz>) -> String {
        time.format("%a %-d %b").to_string()
    }

    fn counted(&self, count: usize, kind: Kind, severity: Severity) -> String {
        let word = match (kind, severity) {
            (Kind::Succeeded, _) => "succeeded",
            (Kind::Running, _) => "running",
            (Kind::Stopped, _) => "stopped",
            (Kind::Accepted, _) => "accepted",
            (Kind::Finished, _) => "finished",
            (Kind::Started, _) => "started",
            (Kind::Working, _) => "still running",
            (Kind::Starting, Severity::Bad) => "not up in time",
            (Kind::Starting, Severity::Warn) => "not steady",
            (Kind::Starting, _) => "starting",
            (Kind::Stopping, Severity::Warn | Severity::Bad) => "not stopped in time",
            (Kind::Stopping, _) => "stopping",
            (Kind::Changed, _) => "changed",
            (Kind::Failed, _) => "failed",
            (Kind::Missing, Severity::Warn) => "not read",
            (Kind::Missing, _) => "never called",
            (Kind::Pending, _) => "awaited",
            (Kind::Resolved, _) => "resolved",
        };
        format!("{count} {word}")
    }

    fn total(&self, parts: &str) -> String {
        format!("Total: {parts}")
    }

    fn jobs_total(&self, parts: &str, is_runs: bool) -> String {
        let of = if is_runs { "Runs of jobs" } else { "Jobs" };
        format!("{of}: {parts}")
    }

    fn called(&self, count: usize, all: usize) -> String {
        format!("{count} of {all} called")
    }

    fn missing_among(&self, missing: usize, calls: usize, label: &str) -> String {
        match calls {
            1 => format!(
                "{missing} missing, probably among them 1 {label} call that names no service"
            ),
            _ => format!(
                "{missing} missing, probably among {calls} {label} calls that name no service"
            ),
        }
    }

    fn nameless(&self, calls: usize, label: &str) -> String {
        match calls {
            1 => format!("1 {label} call names no service"),
            _ => format!("{calls} {label} calls name no service"),
        }
    }

    fn refused(&self) -> &'static str {
        "refused"
    }

    fn all(&self, aim: Aim, count: usize) -> String {
        match (aim, count) {
            (Aim::Accepted, 1) => "1 call accepted".to_owned(),
            (Aim::Accepted, 2) => "both calls accepted".to_owned(),
            (Aim::Accepted, _) => format!("all {count} calls accepted"),
            (_, 2) => format!("both services {}", state(aim)),
            (_, 1) => format!("1 service {}", state(aim)),
            _ => format!("all {count} services {}", state(aim)),
        }
    }

    fn part(&self, aim: Aim, count: usize, all: usize) -> String {
        format!("{count} of {all} {}", state(aim))
    }

    fn so_far(&self, aim: Aim, count: usize) -> String {
        format!("{count} {} so far", state(aim))
    }

    fn failed(&self, aim: Aim, names: &[String]) -> String {
        format!("{} {}", self.and(names), failure(aim))
    }

    fn failed_of(&self, aim: Aim, count: usize, all: usize) -> String {
        format!("{count} of {all} {}", failure(aim))
    }

    fn failed_count(&self, count: usize) -> String {
        format!("{count} failed")
    }

    fn not_as_asked(&self, count: usize) -> String {
        format!("{count} not as asked")
    }

    fn labelled(&self, count: usize, label: &str) -> String {
        format!("{count} {label}")
    }

    fn nothing(&self, aim: Aim, all: usize) -> String {
        let what = match aim {
            Aim::Up => "nothing started",
            Aim::Down => "nothing stopped",
            Aim::Restarted => "nothing restarted",
            Aim::AsAsked | Aim::Accepted => "nothing happened",
        };
        format!("{what}: 0 of {all} services called")
    }

    fn moved_note(&self) -> &'static str {
        "What stood here turned out to be for others, who hear of it."
    }

    fn nothing_known(&self) -> &'static str {
        "no calls to report"
    }

    fn are(&self, aim: Aim, names: &[String]) -> String {
        match names {
            [name] => format!("{name} is {}", state(aim)),
            [_, _] => format!("{} are {}", self.and(names), state(aim)),
            _ => format!("{} are {}", names.len(), state(aim)),
        }
    }

    fn recovered(&self, what: &str) -> String {
        format!("recovered: {what}")
    }

    fn now(&self, count: usize, all: usize) -> String {
        format!("now {count} of {all}")
    }

    fn all_jobs(&self, count: usize) -> String {
        match count {
            1 => "1 job well".to_owned(),
            2 => "both jobs well".to_owned(),
            _ => format!("all {count} jobs well"),
        }
    }

    fn part_jobs(&self, count: usize, all: usize) -> String {
        format!("{count} of {all} jobs well")
    }

    fn failed_jobs(&self, names: &[String], all: usize) -> String {
        match names {
            [name] => format!("job {name} failed"),
            [_, _] => format!("jobs {} failed", self.and(names)),
            _ => format!("{} of {all} jobs failed", names.len()),
        }
    }

    fn and(&self, names: &[String]) -> String {
        names.join(" and ")
    }

    fn title(&self) -> &'static str {
        "ECS Scheduled Scaling Summary"
    }

    fn slowest(&self, name: &str, took: TimeDelta) -> String {
        format!("slowest: {name}, {}", self.duration(took))
    }

    fn update_to(&self, period: &str, reported: Option<(&str, &str)>) -> String {
        match reported {
            None => format!("Update to {period}"),
            Some((clock, totals)) => format!("Update to {period} (reported {clock}: {totals})"),
        }
    }

    fn change(&self, name: &str, before: &str, after: &str, at: Option<&str>) -> String {
        let at = at.map_or_else(String::new, |clock| format!(" at {clock}"));
        format!("{name}: {before} → {after}{at}")
    }

    fn was_failed(&self) -> &'static str {
        "failed"
    }

    fn recovered_heading(&self) -> &'static str {
        "Recovered"
    }

    fn refusal(&self, refusal: Refusal) -> Entry {
        dictionary::refusal(refusal)
    }

    fn trouble(&self, kind: TroubleKind) -> Entry {
        dictionary::trouble(kind)
    }

    fn in_cluster(&self, words: &str, cluster: &str) -> String {
        format!("{words} in cluster {cluster}")
    }

    fn never_called_seen(&self, seen: Option<i64>) -> String {
        match seen {
            None => "never called".to_owned(),
            Some(seen) => format!("never called, and ECS has its desired count at {seen}"),
        }
    }

    fn called_by(&self, caller: &str, count: Option<i64>, clock: &str) -> String {
        let count = count.map_or_else(String::new, |count| format!(" with count {count}"));
        format!("; {caller} called{count} at {clock}")
    }

    fn late_reason(&self, running: i64, desired: i64, after: Option<TimeDelta>) -> String {
        let after = after.map_or_else(String::new, |after| {
            format!(" {} after the call", self.duration(after))
        });
        match (running, desired) {
            (running, 0) => format!("{running} still running{after}"),
            (running, desired) if running > desired => {
                format!("{running} instead of {desired} still running{after}")
            }
            (running, desired) if running == desired => {
                format!("{running} of {desired} running, but not steady{after}")
            }
            _ => format!("{running} of {desired} running{after}"),
        }
    }

    fn late_label(&self, running: i64, desired: i64) -> &'static str {
        match running.cmp(&desired) {
            std::cmp::Ordering::Less => "not up in time",
            std::cmp::Ordering::Equal => "not steady",
            std::cmp::Ordering::Greater => "not stopped in time",
        }
    }

    fn changed_reason(&self, desired: i64, asked: i64, who: &str) -> String {
        let tasks = if desired == 1 { "task" } else { "tasks" };
        format!("ECS wants {desired} {tasks}, the schedule wanted {asked}: {who}")
    }

    fn changed_label(&self) -> &'static str {
        "at another count"
    }

    fn set_by(&self, caller: &str, clock: &str) -> String {
        format!("set by {caller} at {clock}")
    }

    fn set_by_nobody_known(&self) -> &'static str {
        "no record tells who set it"
    }

    fn bound(&self, is_minimum: bool, bound: i64) -> String {
        let at = if is_minimum { "at least" } else { "at most" };
        format!("{at} {bound}")
    }

    fn kept(&self, bound: &str) -> String {
        format!("Application Auto Scaling keeps {bound}")
    }

    fn unkept_reason(&self) -> &'static str {
        "its record may be in the dead-letter queue"
    }

    fn among(&self, names: &str) -> String {
        format!("probably for {names}")
    }

    fn by(&self, caller: &str) -> String {
        format!("called by {caller}")
    }

    fn caller(&self, caller: &str) -> String {
        match caller_and_role(caller) {
            (who, Some(role)) => format!("{who} as {role}"),
            (who, None) => who.to_owned(),
        }
    }

    fn job(&self, name: &str) -> String {
        format!("{name} (job)")
    }

    fn and_more(&self, names: &str, more: usize) -> String {
        format!("{names} and {more} more")
    }

    fn more_reasons(&self, count: usize, reasons: usize) -> String {
        format!(
            "… and {count} more, for {}",
            plural(reasons, "other reason", "other reasons")
        )
    }

    fn correct_name(&self, schedule: &str) -> String {
        format!("Correct the name in schedule {schedule}, or remove it.")
    }

    fn never_called_advice(&self) -> &'static str {
        "Is the schedule enabled, and can its role be assumed?"
    }

    fn nothing_advice(&self) -> &'static str {
        "Check in order: schedules enabled? role usable? CloudTrail trail logging?"
    }

    fn unkept_advice(&self) -> &'static str {
        "Move the dead letters back to the queue: aws sqs start-message-move-task."
    }

    fn starting_advice(&self) -> &'static str {
        "Look at the service's events and at its stopped tasks."
    }

    fn stopping_advice(&self) -> &'static str {
        "Tasks that run cost money: does a long stop timeout or scale-in protection keep them?"
    }

    fn changed_advice(&self) -> &'static str {
        "Whoever set the other count outweighs the schedule: agree on one."
    }

    fn bounds_advice(&self) -> &'static str {
        "Let a scheduled action of Application Auto Scaling change the bounds at the same time."
    }

    fn exit_advice(&self) -> &'static str {
        "Look at the task's log: its process ended with an error."
    }

    fn schedule_link(&self) -> &'static str {
        "Schedule"
    }

    fn schedules_link(&self) -> &'static str {
        "Schedules"
    }

    fn group_link(&self) -> &'static str {
        "Schedule group"
    }

    fn cluster_link(&self) -> &'static str {
        "Cluster"
    }

    fn service_link(&self) -> &'static str {
        "Service"
    }

    fn tasks_link(&self) -> &'static str {
        "Tasks"
    }

    fn harmless_note(&self, calls: usize) -> String {
        let were = plural(calls, "call was", "calls were");
        format!("{were} refused without naming a service; every expected call was accepted.")
    }

    fn bounds_note(&self, services: &str) -> String {
        format!(
            "⚠️ Application Auto Scaling may undo the schedule at its next turn: it keeps {services}."
        )
    }

    fn bounds_brief(&self, count: usize) -> String {
        format!("Auto Scaling may undo {count}")
    }

    fn undone(&self, name: &str, bound: &str, asked: i64) -> String {
        format!("{name} ({bound}, not {asked})")
    }

    fn callers_note(&self, callers: &str, others: usize) -> String {
        let others = match others {
            0 => String::new(),
            more => format!(" and {}", plural(more, "other", "others")),
        };
        format!("Called by {callers}{others}.")
    }

    fn accepted_nameless_note(&self, calls: usize) -> String {
        let calls = plural(calls, "accepted call", "accepted calls");
        format!("{calls} named no service.")
    }

    fn silenced_note(&self) -> &'static str {
        "This window is silenced: services without a call are not reported."
    }

    fn undecodable_note(&self, messages: usize) -> String {
        let messages = plural(messages, "message", "messages");
        format!("⚠️ {messages} could not be decoded; look in the dead-letter queue.")
    }

    fn undecodable_brief(&self, messages: usize) -> String {
        format!("{} unreadable", plural(messages, "message", "messages"))
    }

    fn working_note(&self, jobs: usize) -> String {
        let were = plural(jobs, "job was", "jobs were");
        format!("{were} still running when ECS was asked last; how it ends is not followed.")
    }

    fn unobserved_note(&self, about: Option<&str>, codes: &str) -> String {
        let about = about.map_or_else(
            || "whether tasks run".to_owned(),
            |names| format!("about {names}"),
        );
        format!("⚠️ ECS could not be asked {about} ({codes}): accepted is all that is known.")
    }

    fn unobserved_brief(&self) -> &'static str {
        "ECS could not be asked"
    }

    fn unasked_about_note(&self, names: &str) -> String {
        format!(
            "ECS was not asked about {names}, as no role for that account is configured: accepted is all that is known."
        )
    }

    fn unasked_note(&self) -> &'static str {
        "✅ means that ECS accepted the call; whether tasks run was not asked."
    }

    fn partial_note(&self) -> &'static str {
        "⚠️ Partial: the window's log could not be reached, so this is one batch only."
    }

    fn partial_brief(&self) -> &'static str {
        "partial"
    }

    fn fallback_note(&self, reason: &str) -> String {
        format!(
            "⚠️ Slack refuses the bot ({reason}), so this comes through the webhook and is not edited."
        )
    }

    fn all_rows(&self, page: usize, pages: usize) -> String {
        match pages {
            1 => "All services:".to_owned(),
            _ => format!("All services ({page} of {pages}):"),
        }
    }
}
