//! What becomes of jobs, in the words of their rows.

use std::collections::BTreeMap;

use rollcall::core::fact::{
    ApiError, CallOutcome, Caller, ClusterId, Container, Fact, Roster, RunTaskCall, TaskId,
    TaskState,
};

use super::{Story, at};

fn cluster() -> ClusterId {
    ClusterId {
        name: "dev".to_owned(),
        region: "ap-northeast-2".to_owned(),
        account: "123456789012".to_owned(),
    }
}

fn called(seconds: i64, outcome: CallOutcome, tasks: &[&str]) -> Fact {
    Fact::RunTask(Box::new(RunTaskCall {
        event_time: at(seconds),
        outcome,
        event_id: format!("run {seconds}"),
        account: cluster().account,
        region: cluster().region,
        cluster: Some(cluster().name),
        family: Some("report".to_owned()),
        count: Some(1),
        tasks: tasks.iter().map(|id| (*id).to_owned()).collect(),
        failures: Vec::new(),
        caller: Caller {
            role: None,
            session: None,
            is_scheduler: true,
        },
    }))
}

pub(super) fn started(seconds: i64, task: &str) -> Fact {
    called(seconds, CallOutcome::Accepted, &[task])
}

pub(super) fn refused(seconds: i64) -> Fact {
    let error = ApiError {
        code: "AccessDeniedException".to_owned(),
        message: None,
    };
    called(seconds, CallOutcome::Failed(error), &[])
}

pub(super) fn roster(seconds: i64) -> Fact {
    Fact::Roster(Box::new(Roster {
        scheduled_time: at(seconds),
        schedule: "report.job".to_owned(),
        flexible_window_minutes: 0,
        account: cluster().account,
        region: cluster().region,
        cluster: cluster().name,
        services: BTreeMap::new(),
        jobs: BTreeMap::from([("report".to_owned(), 1)]),
        role: None,
        retry_minutes: None,
        group: None,
        labels: BTreeMap::new(),
    }))
}

/// A task that stopped: why, and how its containers ended.
fn stopped(task: &str, stop_code: &str, containers: &[(Option<i64>, &str)]) -> Fact {
    let container = |(exit_code, reason): &(Option<i64>, &str)| Container {
        name: "main".to_owned(),
        exit_code: *exit_code,
        reason: Some((*reason).to_owned()).filter(|reason| !reason.is_empty()),
    };
    Fact::Task(Box::new(TaskState {
        is_stopped: true,
        observed_at: at(300),
        task: TaskId {
            id: task.to_owned(),
            cluster: cluster(),
        },
        created_at: at(60),
        started_at: Some(at(70)),
        stopped_at: Some(at(150)),
        stop_code: Some(stop_code.to_owned()),
        stopped_reason: None,
        containers: containers.iter().map(container).collect(),
    }))
}

/// An hour later, when nothing more is awaited.
fn row(facts: &[Fact]) -> String {
    let summary = Story::of(facts).summary(3_600);
    let [row] = &summary.rows[..] else {
        panic!("one job is one row: {:?}", summary.rows);
    };
    row.status.to_string()
}

#[test]
fn a_task_ends_well_only_where_its_process_did() {
    const EXITED: &str = "EssentialContainerExited";
    for (stop_code, containers, expected) in [
        (EXITED, &[(Some(0), "")][..], "✅ exit 0 (1 min 30 s)"),
        (EXITED, &[(Some(1), "")], "❌ exit code 1"),
        // A sidecar that was told to stop.
        (
            EXITED,
            &[(Some(0), ""), (Some(143), "")],
            "✅ exit 0 (1 min 30 s)",
        ),
        (
            EXITED,
            &[
                (Some(0), ""),
                (Some(137), "OutOfMemoryError: Container killed"),
            ],
            "❌ out of memory (exit code 137)",
        ),
        (EXITED, &[(Some(137), "")], "❌ exit code 137"),
        // Whatever the others returned, this one never ran.
        (
            "TaskFailedToStart",
            &[(Some(0), ""), (None, "CannotStartContainerError: x")],
            "❌ container cannot start",
        ),
        (
            "SpotInterruption",
            &[(Some(0), ""), (Some(143), "")],
            "❌ exit code 143",
        ),
        ("UserInitiated", &[(Some(0), "")], "❌ UserInitiated"),
        (EXITED, &[], "❌ container exited"),
    ] {
        let facts = [started(60, "1"), stopped("1", stop_code, containers)];
        assert_eq!(row(&facts), expected, "{stop_code} {containers:?}");
    }
}

#[test]
fn every_run_that_is_expected_must_be_called() {
    let ended = |task| stopped(task, "EssentialContainerExited", &[(Some(0), "")]);
    for (facts, expected) in [
        (vec![started(60, "1")], "✅ started"),
        (vec![called(60, CallOutcome::Accepted, &[])], "✅"),
        (vec![refused(60)], "❌ access denied"),
        (
            vec![refused(60), refused(90)],
            "❌ access denied, after 2 attempts",
        ),
        // Scheduler tries a refused call again.
        (
            vec![refused(60), started(90, "1"), ended("1")],
            "✅ exit 0 (1 min 0 s)",
        ),
        (vec![roster(0)], "❌ never called"),
        (
            vec![roster(0), roster(600), started(60, "1"), ended("1")],
            "❌ 1 finished, 1 never called",
        ),
        (
            vec![
                roster(0),
                roster(600),
                started(60, "1"),
                started(660, "2"),
                ended("1"),
            ],
            "✅ 1 finished, 1 started",
        ),
        (
            vec![roster(600), started(60, "1"), ended("1")],
            "❌ 1 finished, 1 never called",
        ),
    ] {
        assert_eq!(row(&facts), expected, "{facts:?}");
    }
}
