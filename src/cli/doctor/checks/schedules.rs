//! The schedules: there are some, they are enabled, and they are not over.

use chrono::{DateTime, Utc};

use super::calls;
use crate::cli::doctor::finding::{Finding, names};
use crate::cli::doctor::seen::{Schedule, Seen};

const AREA: &str = "schedules";

pub(super) fn check(seen: &Seen, now: DateTime<Utc>) -> Vec<Finding> {
    let groups = match &seen.groups {
        Err(why) => return vec![Finding::unknown(AREA, "groups", why)],
        Ok(groups) => groups.join(", "),
    };
    let schedules = match &seen.schedules {
        Err(why) => return vec![Finding::unknown(AREA, groups, why)],
        Ok(schedules) => schedules,
    };
    let (calls, unreadable) = calls(schedules);
    if calls.is_empty() && unreadable.is_empty() {
        return vec![Finding::wrong(
            AREA,
            if groups.is_empty() { "groups" } else { &groups },
            "no schedule starts or stops anything",
            "name the schedules' group by --group, or create schedules",
        )];
    }
    let mut findings = Vec::new();
    let mut complain = |which: &[&Schedule], text: &str, advice: &str| {
        if !which.is_empty() {
            let text = format!("{} of {} {text}", which.len(), schedules.len());
            let which = names(which.iter().map(|schedule| schedule.name.as_str()));
            findings.push(Finding::wrong(AREA, which, text, advice));
        }
    };
    complain(
        &unreadable,
        "have an input that ECS would refuse",
        "give the input the cluster, the service and the desired count, or the task definition",
    );
    let called: Vec<&Schedule> = calls.iter().map(|call| call.schedule).collect();
    let of = |is_it: &dyn Fn(&Schedule) -> bool| -> Vec<&Schedule> {
        called
            .iter()
            .copied()
            .filter(|schedule| is_it(schedule))
            .collect()
    };
    complain(
        &of(&|schedule| !schedule.is_enabled),
        "are disabled",
        "enable them, or take them away; paused on purpose, they need nothing",
    );
    complain(
        &of(&|schedule| schedule.end.is_some_and(|end| end <= now)),
        "are over: their end date has passed",
        "set a later end date, or take them away",
    );
    complain(
        &of(&|schedule| schedule.dead_letter_arn.is_none()),
        "have no dead-letter queue, so a call that Scheduler gives up on leaves no trace",
        "give the schedules a dead-letter queue",
    );
    if findings.is_empty() {
        let text = format!("{} are enabled", calls.len());
        findings.push(Finding::fine(AREA, groups, text));
    }
    findings
}
