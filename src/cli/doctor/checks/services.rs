//! What the schedules call: it is there, and nobody else sets its count.

use super::{Call, Target, calls};
use crate::cli::doctor::finding::{Finding, names};
use crate::cli::doctor::seen::Seen;

const AREA: &str = "services";

pub(super) fn check(seen: &Seen) -> Vec<Finding> {
    let Ok(schedules) = &seen.schedules else {
        return Vec::new();
    };
    let (calls, _) = calls(schedules);
    let mut findings = Vec::new();
    let mut well = Vec::new();
    for (cluster, services) in &seen.ecs.services {
        if let Err(why) = services {
            findings.push(Finding::unknown(AREA, cluster, why));
        }
    }
    for call in &calls {
        let found = standing(seen, call).or_else(|| task_definition(seen, call));
        match found {
            Some(finding) => findings.push(finding),
            None => well.push(call),
        }
    }
    findings.extend(bounds(seen, &calls));
    findings.extend(other_calls(seen, &calls));
    let is_known = seen.ecs.services.values().all(Result::is_ok);
    if findings.is_empty() && !well.is_empty() && is_known {
        let text = format!(
            "what {} schedules call is there, and nobody else sets its count",
            well.len()
        );
        findings.push(Finding::fine(AREA, clusters(&calls), text));
    }
    // A morning and an evening schedule call the same service.
    findings.sort_by(|one, other| (&one.subject, &one.text).cmp(&(&other.subject, &other.text)));
    findings.dedup();
    findings
}

fn clusters(calls: &[Call<'_>]) -> String {
    let mut clusters: Vec<&str> = calls.iter().map(|call| call.cluster.as_str()).collect();
    clusters.sort_unstable();
    clusters.dedup();
    names(clusters)
}

/// What is wrong with the service that a schedule calls.
fn standing(seen: &Seen, call: &Call<'_>) -> Option<Finding> {
    let (cluster, name) = call.service()?;
    let services = seen.ecs.services.get(&cluster)?.as_ref().ok()?;
    let wrong = |text: &str, advice: &str| {
        Some(Finding::wrong(
            AREA,
            format!("{cluster}/{name}"),
            text,
            advice,
        ))
    };
    match services.get(&name) {
        None => wrong(
            "does not exist",
            "create the service, correct its name or its cluster in the schedules, or take it out of them",
        ),
        Some(service) if service.status != "ACTIVE" => wrong(
            &format!("is {}", service.status),
            "create the service again, or take it out of the schedules",
        ),
        Some(service) if service.is_daemon => wrong(
            "is a daemon, whose count ECS sets by itself and refuses to be given",
            "take it out of the schedules",
        ),
        Some(_) => None,
    }
}

fn task_definition(seen: &Seen, call: &Call<'_>) -> Option<Finding> {
    let Target::Job {
        task_definition, ..
    } = &call.target
    else {
        return None;
    };
    match seen.ecs.task_definitions.get(task_definition)? {
        Ok(Some(_)) => None,
        Ok(None) => Some(Finding::wrong(
            AREA,
            task_definition,
            "there is no such task definition that is active",
            "register the task definition, or correct its name in the schedules",
        )),
        Err(why) => Some(Finding::unknown(AREA, task_definition, why)),
    }
}

/// Application Auto Scaling brings a service back between its bounds.
fn bounds(seen: &Seen, calls: &[Call<'_>]) -> Vec<Finding> {
    let bounds = match &seen.ecs.bounds {
        None => return Vec::new(),
        Some(Err(why)) => return vec![Finding::unknown(AREA, "automatic scaling", why)],
        Some(Ok(bounds)) => bounds,
    };
    let outside = |call: &Call<'_>| {
        let (cluster, name) = call.service()?;
        let Target::Service { count, .. } = call.target else {
            return None;
        };
        let kept = bounds.get(&(cluster.clone(), name.clone()))?;
        (count < kept.min || count > kept.max).then(|| {
            Finding::wrong(
                AREA,
                format!("{cluster}/{name}"),
                format!(
                    "is to get {count}, and Application Auto Scaling keeps it between {} and {}",
                    kept.min, kept.max
                ),
                "suspend its scaling at that time, or change the bounds by scheduled actions instead of the count",
            )
        })
    };
    calls.iter().filter_map(outside).collect()
}

/// A tool that keeps a count of its own undoes the schedules whenever it runs.
fn other_calls(seen: &Seen, calls: &[Call<'_>]) -> Vec<Finding> {
    let others = match &seen.others {
        Err(why) => return vec![Finding::unknown(AREA, "other callers", why)],
        Ok(others) => others,
    };
    let mut findings: Vec<Finding> = Vec::new();
    for other in others {
        let is_scheduled = calls
            .iter()
            .any(|call| call.service().as_ref() == Some(&other.service));
        let (cluster, name) = &other.service;
        let subject = format!("{cluster}/{name}");
        let is_told = findings.iter().any(|finding| finding.subject == subject);
        if is_scheduled && !is_told {
            findings.push(Finding::wrong(
                AREA,
                subject,
                format!("{} set its count to {} at {}", other.by, other.count, other.at),
                "let the tool ignore the count (lifecycle { ignore_changes = [desired_count] }), or it undoes the schedules",
            ));
        }
    }
    findings
}
