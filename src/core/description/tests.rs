//! What of a description is a fact.

use chrono::{DateTime, Utc};

use super::{
    ContainerDescription, DeploymentDescription, EventDescription, ServiceDescription,
    TaskDescription, look, stop_remark,
};
use crate::core::observation::{Remark, RolloutState, ServiceState};

fn at(clock: &str) -> DateTime<Utc> {
    format!("2024-01-15T{clock}Z").parse().unwrap()
}

fn service(events: &[(&str, &str)]) -> ServiceDescription {
    let arn = "arn:aws:ecs:ap-northeast-2:123456789012";
    let event = |&(clock, message): &(&str, &str)| EventDescription {
        created_at: Some(at(clock)),
        message: Some(format!("(service nestjs) {message}")),
    };
    ServiceDescription {
        service_arn: Some(format!("{arn}:service/dev/nestjs")),
        desired_count: 2,
        running_count: 1,
        events: events.iter().map(event).collect(),
        ..ServiceDescription::default()
    }
}

fn state(service: &ServiceDescription, stopped: Option<Remark>) -> ServiceState {
    let observed = look(service, at("00:01:00"), at("00:06:00"), stopped, None);
    observed.unwrap().state.unwrap()
}

const CAPACITY: &str = "was unable to place a task. Reason: Capacity is unavailable at this time.";
const STEADY: &str = "has reached a steady state.";

#[test]
fn what_was_said_before_the_call_is_about_another_time() {
    let said = state(
        &service(&[("00:00:59", STEADY), ("00:00:59", CAPACITY)]),
        None,
    );
    assert_eq!((said.steady_at, said.trouble), (None, None));
    let said = state(
        &service(&[("00:01:00", STEADY), ("00:01:00", CAPACITY)]),
        None,
    );
    assert_eq!(said.steady_at, Some(at("00:01:00")));
    assert_eq!(said.trouble.unwrap().at, at("00:01:00"));
}

#[test]
fn the_newest_counts_in_whatever_order_events_stand() {
    let said = state(
        &service(&[
            ("00:02:00", CAPACITY),
            (
                "00:04:00",
                "is unable to consistently start tasks successfully.",
            ),
            ("00:05:00", "has started 1 tasks: (task 0a1b)."),
            ("00:03:00", STEADY),
            ("00:02:30", STEADY),
        ]),
        None,
    );
    assert_eq!(said.steady_at, Some(at("00:03:00")));
    let trouble = said.trouble.unwrap();
    assert_eq!(trouble.at, at("00:04:00"));
    assert!(
        trouble.text.ends_with("start tasks successfully."),
        "{}",
        trouble.text
    );
}

#[test]
fn a_long_text_is_cut() {
    let long = format!("{CAPACITY} {}", "é".repeat(1_000));
    let said = state(&service(&[("00:02:00", &long)]), None);
    let text = said.trouble.unwrap().text;
    assert!(text.len() <= 500 && text.ends_with('…'), "{}", text.len());
}

#[test]
fn a_stopped_task_from_before_the_call_explains_nothing() {
    let remark = |clock: &str| {
        Some(Remark {
            at: at(clock),
            text: "why".to_owned(),
        })
    };
    let service = service(&[("00:02:00", CAPACITY)]);
    assert_eq!(
        state(&service, remark("00:00:59")).trouble.unwrap().at,
        at("00:02:00")
    );
    assert_eq!(
        state(&service, remark("00:01:30")).trouble.unwrap().text,
        "why"
    );
}

#[test]
fn the_primary_deployment_tells_how_far_the_rollout_is() {
    let deployment = |status: &str, state: &str| DeploymentDescription {
        status: Some(status.to_owned()),
        rollout_state: Some(state.to_owned()),
        ..DeploymentDescription::default()
    };
    for (state_name, expected) in [
        ("COMPLETED", Some(RolloutState::Completed)),
        ("IN_PROGRESS", Some(RolloutState::InProgress)),
        ("FAILED", Some(RolloutState::Failed)),
        ("PAUSED", None),
    ] {
        let mut service = service(&[]);
        service.deployments = vec![
            deployment("ACTIVE", "COMPLETED"),
            deployment("PRIMARY", state_name),
        ];
        let rollout = state(&service, None).rollout;
        assert_eq!(
            rollout.map(|rollout| rollout.state),
            expected,
            "{state_name}"
        );
    }
}

/// A stopped task with containers of an exit code and a reason each.
fn stopped(
    code: &str,
    reason: &str,
    containers: &[(Option<i64>, Option<&str>)],
) -> TaskDescription {
    let container = |&(exit_code, reason): &(Option<i64>, Option<&str>)| ContainerDescription {
        name: Some("app".to_owned()),
        exit_code,
        reason: reason.map(str::to_owned),
    };
    TaskDescription {
        stopped_at: Some(at("00:02:00")),
        stop_code: Some(code.to_owned()).filter(|code| !code.is_empty()),
        stopped_reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
        containers: containers.iter().map(container).collect(),
        ..TaskDescription::default()
    }
}

#[test]
fn a_stopped_task_explains_itself() {
    let exited = "Essential container in task exited";
    let pull = "CannotPullContainerError: nestjs:42: not found";
    let secrets = "ResourceInitializationError: unable to pull secrets or registry auth";
    let memory = "OutOfMemoryError: Container killed due to memory usage";
    let health = "Task failed ELB health checks in (target-group arn:aws:x)";
    #[rustfmt::skip]
    let cases = [
        (stopped("TaskFailedToStart", "Task failed to start", &[(None, None), (None, Some(pull))]), pull.to_owned()),
        (stopped("TaskFailedToStart", secrets, &[(None, None)]), secrets.to_owned()),
        (stopped("TaskFailedToStart", "a reason that nobody knows", &[]), "a reason that nobody knows".to_owned()),
        (stopped("EssentialContainerExited", exited, &[(Some(137), Some(memory))]), format!("{memory} (exit code 137)")),
        (stopped("EssentialContainerExited", exited, &[(Some(0), None), (Some(1), None)]), format!("{exited} (exit code 1)")),
        (stopped("EssentialContainerExited", exited, &[(Some(0), None)]), format!("{exited} (exit code 0)")),
        (stopped("", exited, &[(Some(3), None)]), format!("{exited} (exit code 3)")),
        (stopped("EssentialContainerExited", "", &[(Some(3), None)]), format!("{exited} (exit code 3)")),
        // It was told to stop: the signal's code says nothing.
        (stopped("ServiceSchedulerInitiated", health, &[(Some(137), None)]), health.to_owned()),
        (stopped("SpotInterruption", "Your Spot Task was interrupted.", &[(Some(143), None)]), "Your Spot Task was interrupted.".to_owned()),
        // The ordinary course of things.
        (stopped("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/1)", &[(Some(143), None)]), "-".to_owned()),
        (stopped("UserInitiated", "Task stopped by user", &[(Some(0), None)]), "-".to_owned()),
        (stopped("", "", &[]), "-".to_owned()),
    ];
    for (task, expected) in cases {
        let remark = stop_remark(&task);
        let text = remark.map_or("-".to_owned(), |remark| remark.text);
        assert_eq!(text, expected, "{task:?}");
    }
}

#[test]
fn a_task_that_is_stopping_has_stopped_as_far_as_its_reason_goes() {
    let mut task = stopped("TaskFailedToStart", "why", &[]);
    task.stopping_at = task.stopped_at.take();
    assert_eq!(stop_remark(&task).unwrap().at, at("00:02:00"));
    task.stopping_at = None;
    assert_eq!(stop_remark(&task), None);
}
