//! The rules: enabled, and they match the calls of every schedule's role, accepted and refused.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use super::{Call, Target};
use crate::cli::doctor::finding::{Finding, names};
use crate::cli::doctor::seen::{Rule, Sample, Seen};
use crate::core::arn::{Arn, last_segment};

const AREA: &str = "rules";

/// Records as CloudTrail would write them: for each role an accepted and a refused call of each kind.
pub(in crate::cli::doctor) fn samples(
    calls: &[Call<'_>],
    region: &str,
    account: &str,
    now: DateTime<Utc>,
) -> Vec<Sample> {
    let kind = |call: &Call<'_>| match call.target {
        Target::Service { .. } => "UpdateService",
        Target::Job { .. } => "RunTask",
    };
    let mut kinds: Vec<(&str, &str)> = calls
        .iter()
        .map(|call| (call.schedule.role_arn.as_str(), kind(call)))
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    let now = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    let sample = |(role, call): (&str, &str), error: Option<&str>| Sample {
        what: format!(
            "{} {call} call of {}",
            error.map_or("an accepted", |_| "a refused"),
            last_segment(role)
        ),
        event: event(role, call, error, region, account, &now),
    };
    let both = |kind| [sample(kind, None), sample(kind, Some("AccessDenied"))];
    kinds.into_iter().flat_map(both).collect()
}

fn event(
    role: &str,
    call: &str,
    error: Option<&str>,
    region: &str,
    account: &str,
    now: &str,
) -> String {
    let role_account = Arn::parse(role).map_or(account, |arn| arn.account);
    let mut detail = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "accountId": role_account,
            "sessionContext": {"sessionIssuer": {
                "type": "Role", "arn": role, "accountId": role_account, "userName": last_segment(role),
            }},
            "invokedBy": "scheduler.amazonaws.com",
        },
        "eventTime": now,
        "eventSource": "ecs.amazonaws.com",
        "eventName": call,
        "awsRegion": region,
        "requestParameters": {"cluster": "sample", "service": "sample", "desiredCount": 1},
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": account,
        "eventCategory": "Management",
    });
    if let Some(error) = error {
        detail["errorCode"] = error.into();
        detail["requestParameters"] = serde_json::Value::Null;
    }
    json!({
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ecs",
        "account": account,
        "time": now,
        "region": region,
        "resources": [],
        "detail": detail,
    })
    .to_string()
}

pub(super) fn check(seen: &Seen) -> Vec<Finding> {
    if seen.records_arn.is_none() {
        return Vec::new();
    }
    let rules = match &seen.rules {
        Err(why) => return vec![Finding::unknown(AREA, "EventBridge", why)],
        Ok(rules) => rules,
    };
    if rules.is_empty() {
        return vec![Finding::wrong(
            AREA,
            "EventBridge",
            "no rule has the queue as its target",
            "create the rules that send ECS's calls to the queue",
        )];
    }
    let mut findings = Vec::new();
    for rule in rules {
        findings.extend(problems(rule));
    }
    let mut matched = 0;
    for (sample, is_matched) in &seen.samples {
        match is_matched {
            Ok(true) => matched += 1,
            Ok(false) => findings.push(Finding::wrong(
                AREA,
                "patterns",
                format!("no enabled rule matches {}", sample.what),
                "add the role's ARN to the rules' patterns, or leave userIdentity out of them",
            )),
            Err(why) => findings.push(Finding::unknown(AREA, &sample.what, why)),
        }
    }
    if findings.is_empty() {
        let text = format!("are enabled, and match {matched} of {matched} kinds of calls");
        let which = names(rules.iter().map(|rule| rule.name.as_str()));
        findings.push(Finding::fine(AREA, which, text));
    }
    findings
}

fn problems(rule: &Rule) -> impl Iterator<Item = Finding> {
    let wrong = |text, advice| Finding::wrong(AREA, &rule.name, text, advice);
    let disabled = (!rule.is_enabled).then(|| wrong("is disabled", "enable the rule"));
    let lost = rule.dead_letter_arn.is_none().then(|| {
        wrong(
            "its target has no dead-letter queue, so a record that EventBridge cannot deliver is lost",
            "give the target a dead-letter queue",
        )
    });
    disabled.into_iter().chain(lost)
}
