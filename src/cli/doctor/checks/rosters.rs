//! The rosters: the function reads them, they go to its queue, and they name the calls that the schedules make.

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::sqs::SqsMessage;

use super::{Target, calls};
use crate::cli::doctor::finding::{Finding, names};
use crate::cli::doctor::seen::{Schedule, Seen, name_of};
use crate::cli::overrides::is_name_of_override;
use crate::core::arn::{Arn, family, last_segment};
use crate::core::decode::{Decoded, Message};
use crate::core::fact::{Fact, Roster};

const AREA: &str = "rosters";
/// EventBridge Scheduler puts the time in its place.
const PLACEHOLDER: &str = "<aws.scheduler.scheduled-time>";

pub(super) fn check(seen: &Seen) -> Vec<Finding> {
    let rosters = match &seen.rosters {
        Err(why) => return vec![Finding::unknown(AREA, &seen.roster_group, why)],
        Ok(rosters) => rosters,
    };
    let mut findings = Vec::new();
    let mut read = Vec::new();
    // What overrides made is right by itself: a roster of theirs may be for some of the services only.
    let rosters: Vec<&Schedule> = rosters
        .iter()
        .filter(|roster| !is_name_of_override(&roster.name))
        .collect();
    for schedule in rosters.iter().copied() {
        match problem(schedule, seen.records_arn.as_deref()) {
            Ok(roster) => read.push((schedule, roster)),
            Err((text, advice)) => {
                findings.push(Finding::wrong(AREA, &schedule.name, text, advice));
            }
        }
    }
    if findings.is_empty() {
        findings.extend(differences(seen, &read));
    }
    if findings.is_empty() && !rosters.is_empty() {
        let text = format!("{} name the calls that the schedules make", rosters.len());
        findings.push(Finding::fine(AREA, &seen.roster_group, text));
    }
    findings
}

/// The roster that a schedule sends, or what is wrong with it and what to do.
fn problem(
    schedule: &Schedule,
    records_arn: Option<&str>,
) -> Result<Roster, (String, &'static str)> {
    if !schedule.is_enabled {
        return Err((
            "is disabled".to_owned(),
            "enable the schedule, or take it away",
        ));
    }
    if records_arn.is_some_and(|queue| queue != schedule.target_arn) {
        let text = format!(
            "goes to {}, which does not feed the function",
            name_of(&schedule.target_arn)
        );
        return Err((text, "let the schedule send to the function's queue"));
    }
    if !schedule.input.contains(PLACEHOLDER) {
        let text = format!("does not hold the placeholder {PLACEHOLDER} for its time");
        return Err((
            text,
            "write < and > as they are: Scheduler does not find them escaped",
        ));
    }
    let mut message = SqsMessage::default();
    message.body = Some(schedule.input.replace(PLACEHOLDER, "2026-01-15T00:00:00Z"));
    match Message::from(message).content {
        Ok(Decoded::Fact {
            fact: Fact::Roster(roster),
            ..
        }) => Ok(*roster),
        Ok(_) => Err((
            "is no roster".to_owned(),
            "send what terraform/README.md describes",
        )),
        Err(error) => Err((
            format!("the function does not understand it: {error}"),
            "send what terraform/README.md describes",
        )),
    }
}

/// What fires when: expression, zone, cluster, and the service or job.
type Due<'a> = (&'a str, &'a str, String, String);

/// Where rosters and schedules differ. Schedules of a `rate()` and paused ones have no roster.
fn differences(seen: &Seen, rosters: &[(&Schedule, Roster)]) -> Vec<Finding> {
    let Ok(schedules) = &seen.schedules else {
        return Vec::new();
    };
    let (calls, _) = calls(schedules);
    let mut due: BTreeMap<Due<'_>, i64> = BTreeMap::new();
    let known = calls.iter().filter(|call| {
        let schedule = call.schedule;
        let is_rate = schedule.expression.starts_with("rate(");
        schedule.is_enabled && !is_rate && !is_name_of_override(&schedule.name)
    });
    for call in known {
        let (name, count) = match &call.target {
            Target::Service { name, count } => (name.clone(), *count),
            Target::Job {
                task_definition,
                count,
            } => (job(task_definition), *count),
        };
        let schedule = call.schedule;
        let key = (
            schedule.expression.as_str(),
            schedule.timezone.as_str(),
            call.cluster.clone(),
            name,
        );
        due.insert(key, count);
    }
    let mut expected: BTreeMap<Due<'_>, i64> = BTreeMap::new();
    // Schedules of other accounts and Regions were not read, so nothing can be said about their rosters.
    let here = Arn::parse(&seen.function.arn).map(|arn| (arn.account, arn.region));
    let is_here = |roster: &Roster| {
        here.is_none_or(|here| here == (roster.account.as_str(), roster.region.as_str()))
    };
    for (schedule, roster) in rosters.iter().filter(|(_, roster)| is_here(roster)) {
        let services = roster
            .services
            .iter()
            .map(|(name, count)| (name.clone(), *count));
        let jobs = roster.jobs.iter().map(|(name, count)| (job(name), *count));
        for (name, count) in services.chain(jobs) {
            let times = (schedule.expression.as_str(), schedule.timezone.as_str());
            expected.insert((times.0, times.1, roster.cluster.clone(), name), count);
        }
    }
    // A function that does not watch jobs has none in its rosters.
    let has_jobs = rosters.iter().any(|(_, roster)| !roster.jobs.is_empty());
    due.retain(|(.., name), _| has_jobs || !name.starts_with("job "));
    compared(&due, &expected)
}

fn job(task_definition: &str) -> String {
    format!("job {}", family(last_segment(task_definition)))
}

fn compared(due: &BTreeMap<Due<'_>, i64>, expected: &BTreeMap<Due<'_>, i64>) -> Vec<Finding> {
    let name = |(_, _, cluster, name): &Due<'_>| format!("{cluster}/{name}");
    let differing =
        |one: &BTreeMap<Due<'_>, i64>, other: &BTreeMap<Due<'_>, i64>, is_count: bool| {
            let differing = one.iter().filter(|(key, count)| match other.get(*key) {
                None => !is_count,
                Some(other) => is_count && *count != other,
            });
            differing
                .map(|(key, _)| name(key))
                .collect::<BTreeSet<String>>()
        };
    let advice =
        "apply the Terraform modules again, so that rosters and schedules come from the same input";
    [
        (
            differing(due, expected, false),
            "are scheduled and in no roster, so a call that is missing would not be told",
        ),
        (
            differing(expected, due, false),
            "are in a roster and not scheduled, so they would be told as missing",
        ),
        (
            differing(due, expected, true),
            "have another count in the roster than in the schedule",
        ),
    ]
    .into_iter()
    .filter(|(which, _)| !which.is_empty())
    .map(|(which, text)| {
        Finding::wrong(AREA, names(which.iter().map(String::as_str)), text, advice)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(input: &str) -> Schedule {
        Schedule {
            is_enabled: true,
            target_arn: "arn:aws:sqs:ap-northeast-2:111122223333:records".to_owned(),
            input: input.to_owned(),
            ..Schedule::default()
        }
    }

    const ROSTER: &str = r#"{"rollcall":"roster","environment":"dev","schedule":"morning","scheduled_time":
        "<aws.scheduler.scheduled-time>","account":"111122223333","region":"ap-northeast-2","cluster":"dev",
        "services":{"api":1}}"#;

    #[test]
    fn a_roster_is_read_by_the_functions_own_decoder() {
        let records = Some("arn:aws:sqs:ap-northeast-2:111122223333:records");
        assert_eq!(
            problem(&schedule(ROSTER), records).unwrap().services["api"],
            1
        );
        let text = |schedule: Schedule| problem(&schedule, records).unwrap_err().0;
        let wrong = text(schedule(
            &ROSTER.replace(r#"{"api":1}"#, r#"{"api":"one"}"#),
        ));
        assert!(wrong.contains("services"), "{wrong}");
        let escaped = text(schedule(
            &ROSTER.replace('<', "\\u003c").replace('>', "\\u003e"),
        ));
        assert!(escaped.contains("placeholder"), "{escaped}");
        let elsewhere = Schedule {
            target_arn: "arn:aws:sqs:ap-northeast-2:111122223333:other".to_owned(),
            ..schedule(ROSTER)
        };
        assert!(text(elsewhere).contains("goes to other"));
    }
}
