//! Asking ECS, against a fake of it on loopback.

mod accounts;
mod refusals;
mod stops;

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_ecs::config::{BehaviorVersion, Credentials, Region};
use chrono::{DateTime, TimeDelta, Utc};
use rollcall::aws::{AwsEcs, EcsAccess};
use rollcall::core::fact::{ClusterId, ServiceId, TaskId};
use rollcall::core::look::{Wanted, WantedService};
use rollcall::core::observation::{Answer, Bounds, ServiceLook};
use rollcall::ports::ecs::{Asked as Looked, Ecs as _};
use rollcall::tls;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::ecs::{Asked, FakeEcs, Reply};

/// More than any look here needs.
const AMPLE: Duration = Duration::from_secs(20);
/// What the requests are signed with; it must not be seen.
const SECRET_KEY: &str = "XSECRETKEYX";
const SESSION_TOKEN: &str = "XSESSIONTOKENX";

fn now() -> DateTime<Utc> {
    "2024-01-15T00:05:00Z".parse().unwrap()
}

fn dev() -> ClusterId {
    ClusterId {
        name: "dev".to_owned(),
        region: "ap-northeast-2".to_owned(),
        account: "123456789012".to_owned(),
    }
}

/// So many services of a cluster, called a minute ago.
fn services(cluster: &ClusterId, count: usize) -> Wanted {
    let called_at = now() - TimeDelta::minutes(1);
    let service = |number| WantedService {
        id: cluster.service(format!("service-{number:03}")),
        time: called_at,
        since: called_at,
        is_deployment: false,
    };
    Wanted {
        services: (0..count).map(service).collect(),
        tasks: Vec::new(),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

async fn client(fake: &FakeEcs, access: EcsAccess) -> AwsEcs {
    let credentials = Credentials::new(
        "AKIDEXAMPLE",
        SECRET_KEY,
        Some(SESSION_TOKEN.to_owned()),
        None,
        "test",
    );
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-2"))
        .credentials_provider(credentials)
        .endpoint_url(fake.endpoint())
        .http_client(tls::aws_http_client());
    AwsEcs::new(&config.load().await, access)
}

/// What comes of one look.
fn looked(fake: &FakeEcs, wanted: &Wanted, time: Duration) -> Looked {
    runtime().block_on(async {
        let ecs = client(fake, EcsAccess::default()).await;
        ecs.look(wanted, now(), Instant::now() + time).await
    })
}

/// What one look is answered.
fn look(fake: &FakeEcs, wanted: &Wanted, time: Duration) -> Vec<Answer> {
    looked(fake, wanted, time).answers
}

/// What was answered about services.
fn seen(answers: &[Answer]) -> Vec<&ServiceLook> {
    let seen = answers.iter().filter_map(|answer| match answer {
        Answer::Service(look) => Some(look),
        _ => None,
    });
    seen.collect()
}

/// The clusters where asking failed, and why.
fn failed(answers: &[Answer]) -> Vec<(&str, &str)> {
    let failed = answers.iter().filter_map(|answer| match answer {
        Answer::Failure(failure) => {
            Some((failure.cluster.name.as_str(), failure.error.code.as_str()))
        }
        _ => None,
    });
    failed.collect()
}

fn texts(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap().iter();
    list.map(|text| text.as_str().unwrap()).collect()
}

/// A service as ECS describes it, in the cluster that was asked for.
fn service(asked: &Asked, name: &str, desired: i64, running: i64) -> Value {
    let cluster = asked.body["cluster"].as_str().unwrap();
    let service = cluster.replace(":cluster/", ":service/");
    json!({
        "serviceArn": format!("{service}/{name}"),
        "clusterArn": cluster,
        "serviceName": name,
        "status": "ACTIVE",
        "desiredCount": desired,
        "runningCount": running,
        "pendingCount": 0,
        "events": [],
        "deployments": [],
    })
}

/// An ECS where every service wants two tasks, and has so many.
fn with_running(running: i64) -> impl Fn(&Asked) -> Reply + Send + Sync + 'static {
    move |asked| match asked.operation.as_str() {
        "DescribeServices" => {
            let names = texts(&asked.body["services"]);
            let described = names.iter().map(|name| service(asked, name, 2, running));
            Reply::Answer(json!({"services": described.collect::<Vec<_>>(), "failures": []}))
        }
        "DescribeScalableTargets" => Reply::Answer(json!({"ScalableTargets": []})),
        "ListTasks" => Reply::Answer(json!({"taskArns": []})),
        other => panic!("{other} was not expected"),
    }
}

#[test]
fn services_are_asked_about_ten_at_a_time() {
    let fake = FakeEcs::answering(with_running(2));
    let answers = look(&fake, &services(&dev(), 25), AMPLE);

    let requests = fake.asked("DescribeServices");
    let counts = requests
        .iter()
        .map(|asked| texts(&asked.body["services"]).len());
    assert_eq!(counts.collect::<Vec<_>>(), [10, 10, 5]);
    let looks = seen(&answers);
    assert_eq!(looks.len(), 25);
    assert!(looks.iter().all(|look| look.at == now()));
    let first = looks[0].state.as_ref().unwrap();
    assert_eq!((first.desired, first.running), (2, 2));
    assert!(fake.asked("ListTasks").is_empty(), "nothing is to explain");
}

#[test]
fn a_cluster_is_asked_for_by_its_arn_in_its_own_region() {
    let clusters = [
        ("dev", "ap-northeast-2", "arn:aws:ecs:"),
        ("dev", "us-east-1", "arn:aws:ecs:"),
        ("dev", "cn-north-1", "arn:aws-cn:ecs:"),
        ("dev", "us-gov-west-1", "arn:aws-us-gov:ecs:"),
    ];
    let mut wanted = Wanted::default();
    for (name, region, _) in clusters {
        let cluster = ClusterId {
            name: name.to_owned(),
            region: region.to_owned(),
            ..dev()
        };
        wanted.services.extend(services(&cluster, 1).services);
    }
    let fake = FakeEcs::answering(with_running(2));
    let answers = look(&fake, &wanted, AMPLE);

    for operation in ["DescribeServices", "DescribeScalableTargets"] {
        let regions = fake.asked(operation).into_iter().map(|asked| asked.region);
        let expected = clusters.map(|(_, region, _)| region.to_owned());
        assert_eq!(regions.collect::<BTreeSet<_>>(), expected.into());
    }
    for asked in fake.asked("DescribeServices") {
        let of_region = |(_, region, _): &&(_, &str, _)| asked.region == *region;
        let (name, region, start) = clusters.iter().find(of_region).unwrap();
        let arn = format!("{start}{region}:123456789012:cluster/{name}");
        assert_eq!(asked.body["cluster"], arn);
    }
    let answered: BTreeSet<&ServiceId> = seen(&answers).iter().map(|look| &look.service).collect();
    let asked: BTreeSet<&ServiceId> = wanted.services.iter().map(|one| &one.id).collect();
    assert_eq!(answered, asked);
}

#[test]
fn requests_keep_to_the_rate() {
    let fake = FakeEcs::answering(with_running(2));
    let answers = look(&fake, &services(&dev(), 120), AMPLE);

    assert_eq!(seen(&answers).len(), 120);
    let times: Vec<_> = fake.requests().iter().map(|asked| asked.at).collect();
    assert_eq!(times.len(), 12 + 3, "and the bounds, fifty at a time");
    for (first, from) in times.iter().enumerate() {
        for (last, to) in times.iter().enumerate().skip(first) {
            // Five at once, and five a second; a little may pass between sending and arriving.
            let seconds = (*to - *from).as_secs_f64() + 0.2;
            let allowed = 5.0 + 5.0 * seconds;
            let count = u32::try_from(last - first + 1).unwrap();
            assert!(f64::from(count) <= allowed, "{count} in {seconds} s");
        }
    }
}

#[test]
fn what_there_is_no_time_for_is_left_for_later() {
    let fake = FakeEcs::answering(with_running(2));
    let looked = looked(&fake, &services(&dev(), 200), Duration::from_secs(1));

    let (answered, requests) = (seen(&looked.answers).len(), fake.requests().len());
    assert_eq!(answered, 10 * requests);
    assert_eq!(looked.services, answered);
    assert!((5..=10).contains(&requests), "{requests} requests");
    assert_eq!(looked.answers.len(), answered, "no request failed");
}

#[test]
fn a_service_that_ecs_does_not_have_is_seen_to_be_gone() {
    let fake = FakeEcs::answering(|asked| match asked.operation.as_str() {
        "DescribeServices" => {
            let missing = "arn:aws:ecs:ap-northeast-2:123456789012:service/service-001";
            Reply::Answer(json!({
                "services": [service(asked, "service-000", 2, 2)],
                "failures": [{"arn": missing, "reason": "MISSING"}],
            }))
        }
        _ => with_running(2)(asked),
    });
    let answers = look(&fake, &services(&dev(), 2), AMPLE);

    let states: BTreeSet<_> = seen(&answers)
        .into_iter()
        .map(|look| (look.service.name.as_str(), look.state.is_some()))
        .collect();
    let expected = [("service-000", true), ("service-001", false)];
    assert_eq!(states, expected.into());
}

#[test]
fn bounds_are_asked_once_for_a_call() {
    let fake = FakeEcs::answering(|asked| match asked.operation.as_str() {
        "DescribeScalableTargets" => {
            assert_eq!(asked.body["ServiceNamespace"], "ecs");
            assert_eq!(asked.body["ScalableDimension"], "ecs:service:DesiredCount");
            let target = |(resource, suspended): (&str, bool)| {
                json!({
                    "ServiceNamespace": "ecs",
                    "ScalableDimension": "ecs:service:DesiredCount",
                    "ResourceId": resource,
                    "MinCapacity": 3,
                    "MaxCapacity": 9,
                    "RoleARN": "arn:aws:iam::123456789012:role/scaling",
                    "CreationTime": 1.5,
                    "SuspendedState": {"DynamicScalingInSuspended": suspended},
                })
            };
            let targets = [
                ("service/dev/service-000", false),
                ("service/dev/service-001", true),
            ];
            Reply::Answer(json!({"ScalableTargets": targets.map(target)}))
        }
        _ => with_running(2)(asked),
    });
    let (mut wanted, time) = (services(&dev(), 3), AMPLE);
    let looks: Vec<Vec<Answer>> = runtime().block_on(async {
        let ecs = client(&fake, EcsAccess::default()).await;
        let mut looks = Vec::new();
        for _ in 0..2 {
            let looked = ecs.look(&wanted, now(), Instant::now() + time).await;
            looks.push(looked.answers);
        }
        // Another call, of another day.
        wanted.services.iter_mut().for_each(|one| one.since = now());
        let looked = ecs.look(&wanted, now(), Instant::now() + time).await;
        looks.push(looked.answers);
        looks
    });
    let bounds = |answers: &[Answer]| -> Vec<Option<Bounds>> {
        let looks = seen(answers).into_iter();
        looks
            .map(|look| look.state.as_ref().unwrap().bounds)
            .collect()
    };
    let known = |max| Some(Bounds { min: Some(3), max });
    let all = [known(Some(9)), known(None), None];
    assert_eq!(bounds(&looks[0]), all);
    assert_eq!(bounds(&looks[1]), [None; 3]);
    assert_eq!(bounds(&looks[2]), all);
    assert_eq!(fake.asked("DescribeScalableTargets").len(), 2);
}

fn task_id(number: usize) -> TaskId {
    TaskId {
        id: format!("{number:032x}"),
        cluster: dev(),
    }
}

#[test]
fn tasks_of_jobs_are_asked_about_a_hundred_at_a_time() {
    let fake = FakeEcs::answering(|asked| {
        let cluster = asked.body["cluster"].as_str().unwrap();
        let tasks = cluster.replace(":cluster/", ":task/");
        let task = |id: &str| {
            json!({
                "taskArn": format!("{tasks}/{id}"),
                "clusterArn": cluster,
                "lastStatus": "STOPPED",
                "createdAt": 1_705_276_800.25,
                "stoppedAt": 1_705_276_899.125,
                "stopCode": "EssentialContainerExited",
                "stoppedReason": "Essential container in task exited",
                "containers": [{"name": "app", "exitCode": 3}],
            })
        };
        let ids = texts(&asked.body["tasks"]);
        let described = ids.iter().map(|id| task(id)).collect::<Vec<_>>();
        Reply::Answer(json!({"tasks": described}))
    });
    let wanted = Wanted {
        tasks: (0..150).map(task_id).collect(),
        ..Wanted::default()
    };
    let answers = look(&fake, &wanted, AMPLE);

    let requests = fake.asked("DescribeTasks");
    let counts = requests
        .iter()
        .map(|asked| texts(&asked.body["tasks"]).len());
    assert_eq!(counts.collect::<Vec<_>>(), [100, 50]);
    assert_eq!(answers.len(), 150);
    let Answer::Task(state) = &answers[0] else {
        panic!("{:?}", answers[0])
    };
    insta::assert_json_snapshot!(state);
}

#[test]
fn tasks_that_ecs_has_forgotten_were_asked_about_all_the_same() {
    let fake = FakeEcs::answering(|asked| {
        let forgotten = |id: &&str| {
            let arn = format!("arn:aws:ecs:ap-northeast-2:123456789012:task/{id}");
            json!({"arn": arn, "reason": "MISSING"})
        };
        let ids = texts(&asked.body["tasks"]);
        Reply::Answer(
            json!({"tasks": [], "failures": ids.iter().map(forgotten).collect::<Vec<_>>()}),
        )
    });
    let wanted = Wanted {
        tasks: (0..2).map(task_id).collect(),
        ..Wanted::default()
    };
    let looked = looked(&fake, &wanted, AMPLE);

    assert_eq!(failed(&looked.answers), [("dev", "MISSING")]);
    assert_eq!((looked.answers.len(), looked.tasks), (1, 2));
}
