//! Why tasks stopped: asked where a service's events do not say why it is not at its count.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use rollcall::aws::EcsAccess;
use rollcall::core::observation::Answer;
use rollcall::ports::ecs::Ecs as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{AMPLE, client, dev, look, now, runtime, seen, service, services, texts, with_running};
use crate::support::ecs::{Asked, FakeEcs, Reply};

const PULL: &str = "CannotPullContainerError: pull image manifest has been retried 5 time(s)";

fn stopped(asked: &Asked, id: &str, at: DateTime<Utc>, reason: &str) -> Value {
    let cluster = asked.body["cluster"].as_str().unwrap();
    json!({
        "taskArn": format!("{}/{id}", cluster.replace(":cluster/", ":task/")),
        "clusterArn": cluster,
        "lastStatus": "STOPPED",
        "createdAt": (at - TimeDelta::seconds(20)).timestamp(),
        "stoppedAt": at.timestamp(),
        "stopCode": "TaskFailedToStart",
        "stoppedReason": reason,
        "containers": [],
    })
}

/// An ECS where nothing runs, and where each service has these stopped tasks.
fn with_stopped(
    tasks: Vec<(&'static str, TimeDelta, &'static str)>,
) -> impl Fn(&Asked) -> Reply + Send + Sync + 'static {
    move |asked| match asked.operation.as_str() {
        "ListTasks" => {
            assert_eq!(asked.body["desiredStatus"], "STOPPED");
            let ids = tasks
                .iter()
                .map(|(id, _, _)| format!("arn:aws:ecs:::task/dev/{id}"));
            Reply::Answer(json!({"taskArns": ids.collect::<Vec<_>>()}))
        }
        "DescribeTasks" => {
            let described = tasks
                .iter()
                .map(|(id, ago, reason)| stopped(asked, id, now() - *ago, reason));
            Reply::Answer(json!({"tasks": described.collect::<Vec<_>>()}))
        }
        _ => with_running(0)(asked),
    }
}

/// What explains each service, by number.
fn explained(answers: &[Answer]) -> Vec<Option<&str>> {
    let trouble = seen(answers).into_iter().map(|look| {
        let trouble = look.state.as_ref().unwrap().trouble.as_ref();
        trouble.map(|remark| remark.text.as_str())
    });
    trouble.collect()
}

#[test]
fn the_newest_stopped_task_explains() {
    let fake = FakeEcs::answering(with_stopped(vec![
        (
            "older",
            TimeDelta::seconds(30),
            "ResourceInitializationError: older",
        ),
        ("newest", TimeDelta::seconds(10), PULL),
        (
            "oldest",
            TimeDelta::seconds(50),
            "ResourceInitializationError: oldest",
        ),
    ]));
    let answers = look(&fake, &services(&dev(), 1), AMPLE);

    assert_eq!(explained(&answers), [Some(PULL)]);
    let list = &fake.asked("ListTasks")[0].body;
    assert_eq!(
        list["cluster"],
        "arn:aws:ecs:ap-northeast-2:123456789012:cluster/dev"
    );
    assert_eq!(list["serviceName"], "service-000");
}

#[test]
fn a_task_that_stopped_before_the_call_explains_nothing() {
    let fake = FakeEcs::answering(with_stopped(vec![("old", TimeDelta::minutes(2), PULL)]));
    let answers = look(&fake, &services(&dev(), 1), AMPLE);
    assert_eq!(explained(&answers), [None]);
}

#[test]
fn five_services_are_explained_in_a_look_and_the_others_in_the_next() {
    let fake = FakeEcs::answering(with_stopped(vec![("task", TimeDelta::seconds(10), PULL)]));
    let wanted = services(&dev(), 8);
    let looks: Vec<Vec<Answer>> = runtime().block_on(async {
        let ecs = client(&fake, EcsAccess::default()).await;
        let mut looks = Vec::new();
        for minutes in 0..2 {
            let at = now() + TimeDelta::minutes(minutes);
            let looked = ecs.look(&wanted, at, Instant::now() + AMPLE).await;
            looks.push(looked.answers);
        }
        looks
    });
    let known = |look: &[Answer]| -> BTreeSet<usize> {
        let explained = explained(look).into_iter().enumerate();
        explained
            .filter_map(|(number, text)| text.map(|_| number))
            .collect()
    };
    let (first, second) = (known(&looks[0]), known(&looks[1]));
    assert_eq!((first.len(), second.len()), (5, 5));
    assert_eq!(first.union(&second).count(), 8);
}

#[test]
fn a_service_whose_events_explain_it_is_not_asked_about_further() {
    let fake = FakeEcs::answering(|asked| match asked.operation.as_str() {
        "DescribeServices" => {
            let mut described = service(asked, texts(&asked.body["services"])[0], 2, 0);
            described["events"] = json!([{
                "id": "event",
                "createdAt": now().timestamp() - 5,
                "message": "(service service-000) was unable to place a task. Reason: Capacity is unavailable at this time.",
            }]);
            Reply::Answer(json!({"services": [described]}))
        }
        _ => with_running(0)(asked),
    });
    let answers = look(&fake, &services(&dev(), 1), AMPLE);
    assert!(explained(&answers)[0].unwrap().contains("unable to place"));
    assert!(fake.asked("ListTasks").is_empty());
}

#[test]
fn who_may_not_list_tasks_or_see_targets_goes_without() {
    let fake = FakeEcs::answering(|asked| match asked.operation.as_str() {
        "ListTasks" | "DescribeScalableTargets" => Reply::Error("AccessDeniedException", ""),
        _ => with_running(0)(asked),
    });
    let wanted = services(&dev(), 3);
    runtime().block_on(async {
        let ecs = client(&fake, EcsAccess::default()).await;
        for _ in 0..2 {
            let looked = ecs.look(&wanted, now(), Instant::now() + AMPLE).await;
            let answers = looked.answers;
            assert_eq!((seen(&answers).len(), answers.len()), (3, 3));
            assert_eq!(explained(&answers), [None; 3]);
        }
    });
    assert_eq!(fake.asked("ListTasks").len(), 1);
    assert_eq!(fake.asked("DescribeScalableTargets").len(), 1);
}
