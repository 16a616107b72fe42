//! Random facts from small alphabets, so that collisions of every kind happen often.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use rollcall::core::fact::{
    Action, ActionKind, ApiError, CallOutcome, Caller, ClusterId, Container, Fact, Labels, Roster,
    RunTaskCall, ScheduleDeadLetter, ServiceEvent, ServiceId, TaskId, TaskState, UpdateServiceCall,
};
use rollcall::core::observation::{
    Answer, AskFailure, Bounds, Observable, Observations, Remark, Rollout, RolloutState,
    ServiceLook, ServiceState,
};
use rollcall::core::overrides::{Change, Direction, Kind, Override, Phase};
use rollcall::core::runs::{Arrival, Runs, Subject};

/// Text as an attacker would write it.
pub fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z]{1,12}",
        Just("<!channel>".to_owned()),
        Just("&amp;<@U1|x>".to_owned()),
        Just("```\n`".to_owned()),
        Just("\u{202e}\u{200b}\0\u{1b}[31m".to_owned()),
        Just("名前👩\u{200d}🚀".to_owned()),
        Just("|*_~".to_owned()),
        "\\PC{0,40}",
        "x{200,1100}",
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

/// A service's or a job's name: few of them are common, so that what ECS says is about what was called.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["nestjs", "auth", "billing"]).prop_map(str::to_owned),
        2 => "[a-z]{1,3}-[a-z]{1,9}",
        1 => hostile_text(),
    ]
}

fn error() -> impl Strategy<Value = ApiError> {
    let code = prop_oneof![
        4 => prop::sample::select(vec!["ThrottlingException", "ServiceNotFoundException", "AccessDenied"])
            .prop_map(str::to_owned),
        1 => hostile_text(),
    ];
    (code, prop::option::of(hostile_text())).prop_map(|(code, message)| ApiError { code, message })
}

fn outcome() -> impl Strategy<Value = CallOutcome> {
    prop_oneof![
        Just(CallOutcome::Accepted),
        error().prop_map(CallOutcome::Failed)
    ]
}

/// The role that schedules call with, where a roster tells it.
const SCHEDULER_ROLE: &str = "dev-ecs-scheduler";

/// Mostly the schedules' role; at times another one, or a person.
fn caller() -> impl Strategy<Value = Caller> {
    let role = prop_oneof![
        6 => Just(Some(SCHEDULER_ROLE)),
        1 => Just(Some("dev-deployer")),
        1 => Just(Some("AWSReservedSSO_Admin_0123456789abcdef")),
        1 => Just(Some("AWSServiceRoleForApplicationAutoScaling_ECSService")),
        1 => Just(None),
    ];
    let session = prop_oneof![
        2 => Just(None),
        1 => Just(Some("jane@example.com".to_owned())),
        2 => hostile_text().prop_map(Some),
    ];
    (role, session, any::<bool>()).prop_map(|(role, session, is_scheduler)| Caller {
        role: role.map(str::to_owned),
        session,
        is_scheduler,
    })
}

/// When a schedule fires: a few times, some of them in an earlier window, so that rosters share a minute or lie
/// minutes apart.
fn scheduled() -> impl Strategy<Value = DateTime<Utc>> {
    prop_oneof![
        3 => prop::sample::select(vec![0_i64, 60, 300, 1_200, -300]),
        1 => -600_i64..1_800,
    ]
    .prop_map(moment)
}

/// When something happens in the window.
fn seconds() -> impl Strategy<Value = i64> {
    prop_oneof![3 => 0_i64..600, 1 => 600_i64..1_800]
}

/// The count that most calls ask for is that of a roster.
fn count() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![6 => (0_i64..3).prop_map(Some), 1 => any::<i64>().prop_map(Some), 1 => Just(None)]
}

fn action() -> impl Strategy<Value = Option<Action>> {
    let kind = prop::sample::select(vec![
        ActionKind::ScaleUp,
        ActionKind::ScaleDown,
        ActionKind::NoChange,
        ActionKind::Restart,
        ActionKind::Update,
    ]);
    prop::option::of((kind, count()).prop_map(|(kind, desired_count)| Action {
        kind,
        desired_count,
    }))
}

prop_compose! {
    /// A call; `ids` bounds how many different event ids there are.
    pub fn call(ids: u32)(
        id in 0..ids,
        seconds in seconds(),
        outcome in outcome(),
        service in prop::option::weighted(0.9, name()),
        cluster in prop::sample::select(vec![None, Some("dev"), Some("stg")]),
        region in prop::sample::select(vec!["ap-northeast-2", "us-east-1", "not a region/"]),
        action in action(),
        caller in caller(),
    ) -> UpdateServiceCall {
        UpdateServiceCall {
            event_time: moment(seconds),
            outcome,
            event_id: format!("event-{id}"),
            account: "123456789012".to_owned(),
            region: region.to_owned(),
            cluster: cluster.map(str::to_owned),
            service,
            action,
            caller,
        }
    }
}

/// Few keys and values, so that rosters often give the same service different ones.
fn labels() -> impl Strategy<Value = Labels> {
    let text = || prop::sample::select(vec!["team", "pay", "search"]).prop_map(str::to_owned);
    prop::collection::btree_map(text(), text(), 1..3)
}

prop_compose! {
    fn roster()(
        scheduled_time in scheduled(),
        schedule in prop::sample::select(vec!["morning", "later", "evening"]),
        flexible_window_minutes in 0_u32..10,
        services in prop::collection::btree_map(name(), 0_i64..3, 0..6),
        jobs in prop::collection::btree_map(name(), 0_i64..3, 0..3),
        role in prop::option::of(prop::sample::select(vec![SCHEDULER_ROLE, "dev-deployer"])),
        retry_minutes in prop::option::of(0_u32..90),
        labels in prop::collection::btree_map(name(), labels(), 0..4),
    ) -> Roster {
        Roster {
            scheduled_time,
            schedule: schedule.to_owned(),
            flexible_window_minutes,
            account: "123456789012".to_owned(),
            region: "ap-northeast-2".to_owned(),
            cluster: "dev".to_owned(),
            services,
            jobs,
            role: role.map(str::to_owned),
            retry_minutes,
            group: None,
            labels,
        }
    }
}

prop_compose! {
    fn change()(
        schedule in prop::sample::select(vec!["morning", "later", "evening"]),
        from in prop::option::of(scheduled()),
        to in scheduled(),
        services in prop::option::of(prop::collection::vec(name(), 0..5)),
        calls in 0_usize..30,
        direction in prop::option::of(prop::sample::select(vec![Direction::Up, Direction::Down])),
    ) -> Change {
        Change { schedule: schedule.to_owned(), from, to: Some(to), services, calls, direction, is_job: false }
    }
}

prop_compose! {
    fn told_override()(
        id in prop::sample::select(vec!["k3x9p2ab", "h0l1day1"]),
        phase in prop::sample::select(vec![Phase::Began, Phase::Ended, Phase::Cancelled]),
        kind in prop::sample::select(vec![Kind::Extend, Kind::Skip, Kind::Up, Kind::Down]),
        by in hostile_text(),
        made_by in prop::option::of(name()),
        reason in prop::option::of(hostile_text()),
        (scheduled_time, created_at, until) in (scheduled(), scheduled(), scheduled()),
        zone in prop::sample::select(vec!["Asia/Seoul", "UTC", "Moon/Crater"]),
        changes in prop::collection::vec(change(), 0..4),
    ) -> Override {
        Override {
            id: id.to_owned(),
            phase,
            kind,
            environment: "dev".to_owned(),
            by,
            made_by,
            reason,
            scheduled_time,
            created_at,
            until,
            zone: zone.to_owned(),
            account: "123456789012".to_owned(),
            region: "ap-northeast-2".to_owned(),
            changes,
        }
    }
}

prop_compose! {
    fn dead_letter()(
        scheduled_time in scheduled(),
        service in prop::option::of(name()),
        desired_count in count(),
        family in prop::option::of(name()),
        error in error(),
        attempts in 1_u32..5,
    ) -> ScheduleDeadLetter {
        ScheduleDeadLetter {
            scheduled_time,
            schedule_arn: "arn:aws:scheduler:ap-northeast-2:123456789012:schedule/dev/morning".to_owned(),
            account: "123456789012".to_owned(),
            region: "ap-northeast-2".to_owned(),
            cluster: Some("dev".to_owned()),
            service,
            desired_count,
            family,
            error,
            attempts,
        }
    }
}

fn cluster() -> impl Strategy<Value = ClusterId> {
    prop::sample::select(vec!["dev", "stg"]).prop_map(|name| ClusterId {
        name: name.to_owned(),
        region: "ap-northeast-2".to_owned(),
        account: "123456789012".to_owned(),
    })
}

fn service() -> impl Strategy<Value = ServiceId> {
    (cluster(), name()).prop_map(|(cluster, name)| cluster.service(name))
}

/// What ECS writes, some of which means trouble.
fn said() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("(service nestjs) was unable to place a task. Reason: Capacity is unavailable at this time.".to_owned()),
        Just("(service nestjs) (task 0a1b) failed container health checks.".to_owned()),
        Just("Essential container in task exited (exit code 1)".to_owned()),
        hostile_text(),
    ]
}

prop_compose! {
    fn state()(
        counts in (0_i64..3, 0_i64..3, 0_i64..3),
        rollout in prop::option::of((
            prop::sample::select(vec![RolloutState::Completed, RolloutState::InProgress, RolloutState::Failed]),
            prop::option::of(said()),
        )),
        steady in prop::option::of(0_i64..600),
        trouble in prop::option::of((0_i64..600, said())),
        bounds in prop::option::of((prop::option::of(0_i64..3), prop::option::of(0_i64..3))),
    ) -> ServiceState {
        ServiceState {
            desired: counts.0,
            running: counts.1,
            pending: counts.2,
            rollout: rollout.map(|(state, reason)| Rollout { state, reason }),
            steady_at: steady.map(moment),
            trouble: trouble.map(|(seconds, text)| Remark { at: moment(seconds), text }),
            bounds: bounds.map(|(min, max)| Bounds { min, max }),
        }
    }
}

prop_compose! {
    fn service_look()(at in 0_i64..2_400, service in service(), state in prop::option::weighted(0.9, state())) -> ServiceLook {
        ServiceLook { at: moment(at), service, state }
    }
}

prop_compose! {
    fn ask_failure()(
        at in 0_i64..2_400,
        cluster in cluster(),
        about in prop::sample::select(vec![Observable::Services, Observable::Tasks]),
        error in error(),
    ) -> AskFailure {
        AskFailure { at: moment(at), cluster, about, error }
    }
}

prop_compose! {
    fn service_event(ids: u32)(
        id in 0..ids,
        seconds in seconds(),
        service in service(),
        event_name in prop::sample::select(vec![
            "SERVICE_STEADY_STATE", "SERVICE_TASK_PLACEMENT_FAILURE", "VPC_LATTICE_TARGET_UNHEALTHY", "TASKS_STOPPED",
        ]),
        reason in prop::option::of(prop_oneof![Just("RESOURCE:FARGATE".to_owned()), hostile_text()]),
    ) -> ServiceEvent {
        ServiceEvent {
            created_at: moment(seconds),
            event_id: format!("action-{id}"),
            service,
            event_name: event_name.to_owned(),
            reason,
        }
    }
}

/// The id of a task, which two jobs may share for once.
fn task_id() -> impl Strategy<Value = String> {
    (0..8).prop_map(|id| format!("task-{id}"))
}

prop_compose! {
    fn run_task(ids: u32)(
        id in 0..ids,
        seconds in seconds(),
        outcome in outcome(),
        cluster in prop::option::weighted(0.9, cluster()),
        family in prop::option::weighted(0.9, name()),
        count in prop::option::of(1_i64..4),
        tasks in prop::collection::btree_set(task_id(), 0..3),
        failures in prop::collection::vec(error(), 0..2),
        caller in caller(),
    ) -> RunTaskCall {
        RunTaskCall {
            event_time: moment(seconds),
            outcome,
            event_id: format!("run-{id}"),
            account: "123456789012".to_owned(),
            region: "ap-northeast-2".to_owned(),
            cluster: cluster.map(|cluster| cluster.name),
            family,
            count,
            tasks,
            failures,
            caller,
        }
    }
}

prop_compose! {
    fn task()(
        is_stopped in any::<bool>(),
        seconds in (0_i64..900, 0_i64..600, prop::option::of(0_i64..900)),
        id in task_id(),
        cluster in cluster(),
        stop_code in prop::option::of(prop::sample::select(vec!["EssentialContainerExited", "TaskFailedToStart"])),
        stopped_reason in prop::option::of(said()),
        containers in prop::collection::vec(
            (name(), prop::option::of(prop::sample::select(vec![0, 1, 137])), prop::option::of(said())), 0..3,
        ),
    ) -> TaskState {
        TaskState {
            is_stopped,
            observed_at: moment(seconds.0),
            task: TaskId { id, cluster },
            created_at: moment(seconds.1),
            started_at: None,
            stopped_at: seconds.2.map(moment),
            stop_code: stop_code.map(str::to_owned),
            stopped_reason,
            containers: containers
                .into_iter()
                .map(|(name, exit_code, reason)| Container { name, exit_code, reason })
                .collect(),
        }
    }
}

/// When the window of these facts begins.
pub fn start() -> DateTime<Utc> {
    moment(0)
}

/// So many seconds into the window.
pub fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_705_276_800 + seconds, 0).unwrap()
}

/// Any fact.
pub fn fact(ids: u32) -> impl Strategy<Value = Fact> {
    prop_oneof![
        40 => call(ids).prop_map(|call| Fact::UpdateService(Box::new(call))),
        8 => roster().prop_map(|roster| Fact::Roster(Box::new(roster))),
        4 => dead_letter().prop_map(|letter| Fact::DeadLetter(Box::new(letter))),
        1 => (0..2_u8).prop_map(|id| Fact::Silenced { silence: id.to_string() }),
        1 => (0..2_u8).prop_map(|id| Fact::SilenceExpired { silence: id.to_string() }),
        4 => (0..ids).prop_map(|id| Fact::Undecodable { message_id: format!("message-{id}") }),
        1 => (0..ids, 0_u64..5).prop_map(|(id, records)| Fact::Unkept {
            message_id: format!("message-{id}"),
            records,
        }),
        8 => service_event(ids).prop_map(|event| Fact::ServiceEvent(Box::new(event))),
        12 => run_task(ids).prop_map(|call| Fact::RunTask(Box::new(call))),
        12 => task().prop_map(|task| Fact::Task(Box::new(task))),
        3 => told_override().prop_map(|one| Fact::Override(Box::new(one))),
    ]
}

/// Up to `most` answers of ECS.
pub fn answers(most: usize) -> impl Strategy<Value = Vec<Answer>> {
    let answer = prop_oneof![
        10 => service_look().prop_map(Answer::Service),
        4 => task().prop_map(Answer::Task),
        1 => ask_failure().prop_map(Answer::Failure),
    ];
    prop::collection::vec(answer, 0..most)
}

/// What is kept of answers: each look is one at every run of its service.
pub fn observe(runs: &Runs, answers: &[Answer]) -> Observations {
    let mut observations = Observations::default();
    for answer in answers {
        match answer {
            Answer::Service(look) => {
                let subject = Subject::Service(look.service.clone());
                for run in runs.by_subject.get(&subject).into_iter().flatten() {
                    let seen = observations.service_mut(&look.service, run.time, look.at);
                    seen.ask(look.at);
                    seen.take(look, run.is_deployment());
                }
            }
            Answer::Task(state) => observations.task(state.clone()),
            Answer::Failure(failure) => observations.fail(failure.clone()),
        }
    }
    observations
}

/// Folds facts that arrived together.
pub fn fold<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Runs {
    let arrival = Arrival {
        at: start(),
        siblings_until: None,
    };
    Runs::fold(start(), facts.into_iter().map(|fact| (fact, arrival)))
}

/// Up to `most` facts.
pub fn facts(most: usize) -> impl Strategy<Value = Vec<Fact>> {
    let ids = u32::try_from(most).unwrap();
    prop::collection::vec(fact(ids), 0..most)
}

/// Up to `most` facts that are calls.
pub fn calls(most: usize) -> impl Strategy<Value = Vec<Fact>> {
    let ids = u32::try_from(most).unwrap();
    prop::collection::vec(
        call(ids).prop_map(|call| Fact::UpdateService(Box::new(call))),
        0..most,
    )
}
