//! Dead-letter queues: what lies in one was lost on its way.

use std::collections::BTreeSet;

use crate::cli::doctor::finding::{Finding, names};
use crate::cli::doctor::seen::{Seen, name_of};

const AREA: &str = "letters";

/// The dead-letter queues that were met on the way, by ARN.
pub(in crate::cli::doctor) fn dead_letter_arns(seen: &Seen) -> BTreeSet<&str> {
    let queues = seen.queues.values().flatten().flatten();
    let redrives = queues.filter_map(|queue| queue.redrive.as_ref());
    let rules = seen
        .rules
        .iter()
        .flatten()
        .map(|rule| rule.dead_letter_arn.as_deref());
    let schedules = seen.schedules.iter().chain(&seen.rosters).flatten();
    let schedules = schedules.map(|schedule| schedule.dead_letter_arn.as_deref());
    redrives
        .map(|redrive| redrive.target_arn.as_str())
        .chain(rules.chain(schedules).flatten())
        .collect()
}

pub(super) fn check(seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut empty = Vec::new();
    for arn in dead_letter_arns(seen) {
        let name = name_of(arn);
        match seen.queues.get(arn) {
            None => {}
            Some(Err(why)) => findings.push(Finding::unknown(AREA, name, why)),
            Some(Ok(None)) => findings.push(Finding::wrong(
                AREA,
                name,
                "does not exist, so what should go there is lost",
                "create the dead-letter queue",
            )),
            Some(Ok(Some(queue))) if queue.messages > 0 => findings.push(Finding::wrong(
                AREA,
                name,
                format!("holds {} messages that were lost on their way", queue.messages),
                "read them with `aws sqs receive-message … | rollcall replay -`, mend the cause, and move them back or \
                 purge the queue",
            )),
            Some(Ok(Some(_))) => empty.push(name),
        }
    }
    if findings.is_empty() && !empty.is_empty() {
        findings.push(Finding::fine(AREA, names(empty), "are empty"));
    }
    findings
}
