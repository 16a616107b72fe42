//! The roles: what each of them has to be allowed, and what IAM's simulator says of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Call, Target, calls, config};
use crate::aws::SOURCE;
use crate::cli::doctor::finding::{Finding, names};
use crate::cli::doctor::seen::{Need, Seen};
use crate::core::arn::{Arn, last_segment};

const AREA: &str = "roles";
const SECRETS_MANAGER: &str = "/aws/reference/secretsmanager/";

pub(super) fn check(seen: &Seen) -> Vec<Finding> {
    let mut by_role: BTreeMap<&str, (usize, Vec<Finding>)> = BTreeMap::new();
    for (need, granted) in &seen.grants {
        let role = last_segment(&need.role_arn);
        let (allowed, findings) = by_role.entry(role).or_default();
        match granted {
            Err(why) => findings.push(Finding::unknown(AREA, role, why)),
            Ok(granted) => {
                *allowed += granted.allowed;
                findings.extend(refused(role, &granted.refused));
            }
        }
    }
    let of_role = |(role, (allowed, mut findings)): (&str, (usize, Vec<Finding>))| {
        findings.dedup();
        if findings.is_empty() {
            findings.push(Finding::fine(
                AREA,
                role,
                format!("may do all that it has to: {allowed} permissions"),
            ));
        }
        findings
    };
    by_role.into_iter().flat_map(of_role).collect()
}

fn refused(role: &str, refused: &[(String, String)]) -> Vec<Finding> {
    let mut by_action: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (action, resource) in refused {
        by_action.entry(action).or_default().push(resource);
    }
    let wrong = |(action, resources): (&str, Vec<&str>)| {
        Finding::wrong(
            AREA,
            role,
            format!("may not {action} on {}", names(resources)),
            "allow it in the role's policy; a boundary or a policy of the organization may deny it too",
        )
    };
    by_action.into_iter().map(wrong).collect()
}

/// What the function's role, the schedules' roles and the rosters' role have to be allowed.
pub(in crate::cli::doctor) fn needs(
    seen: &Seen,
    partition: &str,
    account: &str,
    region: &str,
) -> Vec<Need> {
    let place = Place {
        partition,
        account,
        region,
    };
    let mut needs = of_function(seen, &place);
    if let Ok(schedules) = &seen.schedules {
        let (calls, _) = calls(schedules);
        needs.extend(of_schedules(seen, &calls, &place));
        needs.extend(of_function_at_ecs(seen, &calls, &place));
    }
    for schedules in [&seen.schedules, &seen.rosters].into_iter().flatten() {
        let letters: BTreeSet<(&str, &str)> = schedules
            .iter()
            .filter_map(|one| Some((one.role_arn.as_str(), one.dead_letter_arn.as_deref()?)))
            .collect();
        needs.extend(
            letters
                .into_iter()
                .map(|(role, queue)| need(role, &["sqs:SendMessage"], [queue])),
        );
    }
    let rosters: BTreeSet<(&str, &str)> = seen
        .rosters
        .iter()
        .flatten()
        .map(|one| (one.role_arn.as_str(), one.target_arn.as_str()))
        .collect();
    needs.extend(
        rosters
            .into_iter()
            .map(|(role, queue)| need(role, &["sqs:SendMessage"], [queue])),
    );
    needs
}

struct Place<'a> {
    partition: &'a str,
    account: &'a str,
    region: &'a str,
}

impl Place<'_> {
    fn arn(&self, service: &str, resource: &str) -> String {
        let Self {
            partition,
            account,
            region,
        } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

fn need<R: Into<String>>(
    role: &str,
    actions: &[&'static str],
    resources: impl IntoIterator<Item = R>,
) -> Need {
    Need {
        role_arn: role.to_owned(),
        actions: actions.to_vec(),
        resources: resources.into_iter().map(Into::into).collect(),
        context: Vec::new(),
    }
}

fn of_function(seen: &Seen, place: &Place<'_>) -> Vec<Need> {
    let function = &seen.function;
    let role = &function.role_arn;
    let config = config(function).ok();
    let has_table = config.as_ref().is_some_and(|config| config.table.is_some());
    let read = [
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
    ];
    let queues = seen
        .mappings
        .iter()
        .flatten()
        .map(|mapping| mapping.queue_arn.as_str());
    let mut needs: Vec<Need> = queues
        .map(|queue| {
            let mut actions = read.to_vec();
            actions.extend(has_table.then_some("sqs:ChangeMessageVisibility"));
            actions.extend(
                (has_table && seen.records_arn.as_deref() == Some(queue))
                    .then_some("sqs:SendMessage"),
            );
            need(role, &actions, [queue])
        })
        .collect();
    let stream = format!("log-group:{}:log-stream:x", function.log_group);
    needs.push(need(
        role,
        &["logs:CreateLogStream", "logs:PutLogEvents"],
        [place.arn("logs", &stream)],
    ));
    if let Some((_, Ok(Some(table)))) = &seen.table {
        let actions = ["dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"];
        needs.push(need(role, &actions, [table.arn.as_str()]));
    }
    for name in seen.parameters.iter().map(|one| one.name.as_str()) {
        let arn = match Arn::parse(name) {
            Some(_) => name.to_owned(),
            None => place.arn(
                "ssm",
                &format!("parameter/{}", name.trim_start_matches('/')),
            ),
        };
        needs.push(need(role, &["ssm:GetParameter"], [arn]));
        if let Some(secret) = name.strip_prefix(SECRETS_MANAGER) {
            // Secrets Manager appends a hyphen and six characters to a secret's name.
            let arn = place.arn("secretsmanager", &format!("secret:{secret}-000000"));
            needs.push(need(role, &["secretsmanager:GetSecretValue"], [arn]));
        }
    }
    let bus = config
        .as_ref()
        .and_then(|config| config.events.bus.as_deref());
    needs.extend(bus.map(|bus| {
        let arn = match Arn::parse(bus) {
            Some(_) => bus.to_owned(),
            None => place.arn("events", &format!("event-bus/{bus}")),
        };
        Need {
            context: vec![("events:source", SOURCE.to_owned())],
            ..need(role, &["events:PutEvents"], [arn])
        }
    }));
    needs
}

/// The ARNs of the services in a cluster that schedules call, as far as ECS knows them.
fn services<'a>(
    seen: &'a Seen,
    calls: &[Call<'_>],
) -> BTreeMap<(String, String), BTreeSet<&'a str>> {
    let mut services: BTreeMap<(String, String), BTreeSet<&str>> = BTreeMap::new();
    for call in calls {
        let known = call.service().and_then(|(cluster, name)| {
            let services = seen.ecs.services.get(&cluster)?.as_ref().ok()?;
            services.get(&name)
        });
        if let Some(service) = known {
            let key = (call.schedule.role_arn.clone(), call.cluster.clone());
            services.entry(key).or_default().insert(&service.arn);
        }
    }
    services
}

fn in_cluster(need: Need, place: &Place<'_>, cluster: &str) -> Need {
    let context = vec![(
        "ecs:cluster",
        place.arn("ecs", &format!("cluster/{cluster}")),
    )];
    Need { context, ..need }
}

/// Asking ECS, where the function is to.
fn of_function_at_ecs(seen: &Seen, calls: &[Call<'_>], place: &Place<'_>) -> Vec<Need> {
    let config = config(&seen.function).ok();
    let policy = config
        .and_then(|config| config.table)
        .map(|table| table.policy);
    if policy.is_none_or(|policy| policy.verify.is_none()) {
        return Vec::new();
    }
    let role = &seen.function.role_arn;
    let mut by_cluster: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for ((_, cluster), arns) in services(seen, calls) {
        by_cluster.entry(cluster).or_default().extend(arns);
    }
    let of_cluster = |(cluster, arns): (String, BTreeSet<&str>)| {
        let task = place.arn("ecs", &format!("task/{cluster}/0"));
        [
            need(role, &["ecs:DescribeServices"], arns),
            need(role, &["ecs:DescribeTasks"], [task]),
            need(role, &["ecs:ListTasks"], ["*"]),
        ]
        .map(|need| in_cluster(need, place, &cluster))
    };
    by_cluster.into_iter().flat_map(of_cluster).collect()
}

fn of_schedules(seen: &Seen, calls: &[Call<'_>], place: &Place<'_>) -> Vec<Need> {
    let mut needs: Vec<Need> = services(seen, calls)
        .into_iter()
        .map(|((role, cluster), arns)| {
            in_cluster(need(&role, &["ecs:UpdateService"], arns), place, &cluster)
        })
        .collect();
    let mut jobs: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    for call in calls {
        if let Target::Job {
            task_definition, ..
        } = &call.target
        {
            jobs.insert((&call.schedule.role_arn, &call.cluster, task_definition));
        }
    }
    for (role, cluster, name) in jobs {
        let Some(Ok(Some(definition))) = seen.ecs.task_definitions.get(name) else {
            continue;
        };
        let run = need(role, &["ecs:RunTask"], [definition.arn.as_str()]);
        needs.push(in_cluster(run, place, cluster));
        if !definition.role_arns.is_empty() {
            let context = vec![("iam:PassedToService", "ecs-tasks.amazonaws.com".to_owned())];
            let roles = definition.role_arns.iter().map(String::as_str);
            needs.push(Need {
                context,
                ..need(role, &["iam:PassRole"], roles)
            });
        }
    }
    needs
}
