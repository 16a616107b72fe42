//! What the schedules call, read from their targets and inputs.

use serde::Deserialize;

use crate::cli::doctor::seen::{InCluster, Schedule};
use crate::core::arn::last_segment;

/// What a schedule calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Target {
    /// Sets a service's desired count.
    Service { name: String, count: i64 },
    /// Starts tasks of a task definition, with or without a revision.
    Job { task_definition: String, count: i64 },
}

/// A schedule with what it calls.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Call<'a> {
    pub(in crate::cli) schedule: &'a Schedule,
    pub(in crate::cli) cluster: String,
    pub(in crate::cli) target: Target,
}

impl Call<'_> {
    /// The cluster and service, where it calls one.
    pub(in crate::cli) fn service(&self) -> Option<InCluster> {
        match &self.target {
            Target::Service { name, .. } => Some((self.cluster.clone(), name.clone())),
            Target::Job { .. } => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateService {
    cluster: Option<String>,
    service: String,
    desired_count: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RunTask {
    cluster: Option<String>,
    task_definition: String,
    count: Option<i64>,
}

/// What each schedule calls, and those whose input cannot be read. Schedules of other targets are left out.
pub(in crate::cli) fn calls(schedules: &[Schedule]) -> (Vec<Call<'_>>, Vec<&Schedule>) {
    let mut calls = Vec::new();
    let mut unreadable = Vec::new();
    for schedule in schedules {
        match name_of_call(schedule).map(|call| read(call, &schedule.input)) {
            None => {}
            Some(None) => unreadable.push(schedule),
            Some(Some((cluster, target))) => calls.push(Call {
                schedule,
                cluster,
                target,
            }),
        }
    }
    (calls, unreadable)
}

/// A universal target's ARN is `arn:aws:scheduler:::aws-sdk:ecs:updateService`.
fn name_of_call(schedule: &Schedule) -> Option<&str> {
    let (_, call) = schedule.target_arn.split_once(":aws-sdk:ecs:")?;
    matches!(call, "updateService" | "runTask").then_some(call)
}

fn read(call: &str, input: &str) -> Option<(String, Target)> {
    let (cluster, target) = if call == "updateService" {
        let input: UpdateService = serde_json::from_str(input).ok()?;
        let name = last_segment(&input.service).to_owned();
        let count = input.desired_count;
        (input.cluster, Target::Service { name, count })
    } else {
        let input: RunTask = serde_json::from_str(input).ok()?;
        let count = input.count.unwrap_or(1);
        let task_definition = input.task_definition;
        (
            input.cluster,
            Target::Job {
                task_definition,
                count,
            },
        )
    };
    let cluster = cluster.as_deref().unwrap_or("default");
    Some((last_segment(cluster).to_owned(), target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_and_jobs_are_read_and_other_targets_left_out() {
        let schedule = |target: &str, input: &str| Schedule {
            target_arn: format!("arn:aws:scheduler:::aws-sdk:{target}"),
            input: input.to_owned(),
            ..Schedule::default()
        };
        let schedules = [
            schedule(
                "ecs:updateService",
                r#"{"Cluster":"dev","Service":"api","DesiredCount":2}"#,
            ),
            schedule("ecs:runTask", r#"{"TaskDefinition":"report:3"}"#),
            schedule("ecs:updateService", r#"{"Service":"api"}"#),
            schedule("sqs:sendMessage", "{}"),
        ];
        let (calls, unreadable) = calls(&schedules);
        let service = Target::Service {
            name: "api".to_owned(),
            count: 2,
        };
        let job = Target::Job {
            task_definition: "report:3".to_owned(),
            count: 1,
        };
        assert_eq!(
            (calls[0].cluster.as_str(), &calls[0].target),
            ("dev", &service)
        );
        assert_eq!(
            (calls[1].cluster.as_str(), &calls[1].target),
            ("default", &job)
        );
        assert_eq!((calls.len(), unreadable.len()), (2, 1));
    }
}
