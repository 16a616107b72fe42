//! Alarms: each dead-letter queue and the function have one, none rings, and somebody hears them.

use super::letters::dead_letter_arns;
use crate::cli::doctor::finding::{Finding, names};
use crate::cli::doctor::seen::{Alarm, Seen, name_of};

const AREA: &str = "alarms";

pub(super) fn check(seen: &Seen) -> Vec<Finding> {
    let alarms = match &seen.alarms {
        Err(why) => return vec![Finding::unknown(AREA, "CloudWatch", why)],
        Ok(alarms) => alarms,
    };
    let mut findings = missing(seen, alarms);
    let which = |is_it: &dyn Fn(&Alarm) -> bool| -> Vec<&str> {
        let alarms = alarms.iter().filter(|alarm| is_it(alarm));
        alarms.map(|alarm| alarm.name.as_str()).collect()
    };
    let ringing = which(&|alarm| alarm.is_ringing);
    if !ringing.is_empty() {
        let advice = "look at what it says in CloudWatch's console";
        findings.push(Finding::wrong(AREA, names(ringing), "is ringing", advice));
    }
    let mute = which(&|alarm| alarm.actions.is_empty());
    if !mute.is_empty() {
        findings.push(Finding::wrong(
            AREA,
            names(mute),
            "tells nobody: it has no action, or its actions are off",
            "give the alarms an SNS topic, and switch their actions on",
        ));
    }
    findings.extend(
        seen.topics
            .iter()
            .filter_map(|(arn, confirmed)| match confirmed {
                Err(why) => Some(Finding::unknown(AREA, name_of(arn), why)),
                Ok(0) => Some(Finding::wrong(
                    AREA,
                    name_of(arn),
                    "nobody has confirmed a subscription to this topic",
                    "subscribe somebody, and have them confirm by the link in SNS's e-mail",
                )),
                Ok(_) => None,
            }),
    );
    if findings.is_empty() {
        let text = format!("{} are quiet, and somebody hears them", alarms.len());
        findings.push(Finding::fine(AREA, &seen.function.name, text));
    }
    findings
}

/// What fails without an alarm.
fn missing(seen: &Seen, alarms: &[Alarm]) -> Vec<Finding> {
    let has = |namespace: &str, metric: &str, watched: &str| {
        alarms.iter().any(|alarm| {
            let mut metrics = alarm.metrics.iter();
            let is_on = metrics.any(|(space, name)| space == namespace && name == metric);
            is_on && alarm.watches.contains(watched)
        })
    };
    let function = &seen.function.name;
    let mut findings = Vec::new();
    if !has("AWS/Lambda", "Errors", function) {
        findings.push(Finding::wrong(
            AREA,
            function,
            "no alarm watches the function's errors",
            "create an alarm on AWS/Lambda Errors of the function",
        ));
    }
    for arn in dead_letter_arns(seen) {
        let name = name_of(arn);
        let metric = "ApproximateNumberOfMessagesVisible";
        if !has("AWS/SQS", metric, name) {
            findings.push(Finding::wrong(
                AREA,
                name,
                "no alarm watches this dead-letter queue",
                format!("create an alarm on AWS/SQS {metric} of the queue"),
            ));
        }
    }
    findings
}
