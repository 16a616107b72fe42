//! When to speak, and in which words, as tables: the decision is pure, so every case is a line.

mod jobs;
mod moments;
mod tasks;
mod words;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rollcall::core::decode::OwnMessage;
use rollcall::core::fact::{ApiError, Call, Caller, Expected, Fact, Outcome, ScheduleDeadLetter};
use rollcall::core::window::{
    Batch, Claim, Claimed, MemoryLog, Released, State, WindowKey, WindowLog, last_news_at,
};
use rollcall::delivery::WaitPolicy;
use rollcall::timer::delay;

const PATIENCE: WaitPolicy = WaitPolicy {
    settle: Duration::from_mins(5),
    grace: Duration::from_mins(10),
    period: Duration::from_mins(30),
    verify: None,
};

/// The moment so many seconds after the window began.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_705_276_800 + seconds, 0).unwrap()
}

fn key() -> WindowKey {
    WindowKey {
        start: at(0),
        environment: "dev".to_owned(),
    }
}

fn call(service: Option<&str>, seconds: i64, error: Option<(&str, &str)>) -> Fact {
    let outcome = error.map_or(Outcome::Accepted, |(code, message)| {
        Outcome::Failed(ApiError {
            code: code.to_owned(),
            message: Some(message.to_owned()),
        })
    });
    Fact::UpdateService(Box::new(Call {
        event_time: at(seconds),
        event_id: format!("{service:?} {seconds} {outcome:?}"),
        outcome,
        account: "123456789012".to_owned(),
        region: "ap-northeast-2".to_owned(),
        cluster: Some("dev".to_owned()),
        service: service.map(str::to_owned),
        action: None,
        caller: Caller {
            role: Some("dev-ecs-scheduler".to_owned()),
            session: None,
            is_scheduler: true,
        },
    }))
}

fn ok(service: &str, seconds: i64) -> Fact {
    call(Some(service), seconds, None)
}

fn refused(service: &str, seconds: i64) -> Fact {
    call(
        Some(service),
        seconds,
        Some(("ServiceNotFoundException", "Service not found.")),
    )
}

fn throttled(seconds: i64) -> Fact {
    call(
        None,
        seconds,
        Some(("ThrottlingException", "Rate exceeded")),
    )
}

/// A roster of a schedule that fires as the window begins, with a flexible window of 5 minutes.
fn roster<const N: usize>(services: [&str; N]) -> Fact {
    Fact::Roster(Box::new(Expected {
        scheduled_time: at(0),
        schedule: "morning".to_owned(),
        flexible_window_minutes: 5,
        account: "123456789012".to_owned(),
        region: "ap-northeast-2".to_owned(),
        cluster: "dev".to_owned(),
        services: services.map(|service| (service.to_owned(), 1)).into(),
        jobs: std::collections::BTreeMap::new(),
    }))
}

fn given_up(service: &str) -> Fact {
    Fact::DeadLetter(Box::new(ScheduleDeadLetter {
        scheduled_time: at(0),
        schedule_arn: "arn:aws:scheduler:ap-northeast-2:123456789012:schedule/dev/morning"
            .to_owned(),
        account: "123456789012".to_owned(),
        region: "ap-northeast-2".to_owned(),
        cluster: Some("dev".to_owned()),
        service: Some(service.to_owned()),
        desired_count: Some(1),
        family: None,
        error: ApiError {
            code: "AccessDenied".to_owned(),
            message: None,
        },
        attempts: 4,
    }))
}

/// What arrived when.
type Arrivals = Vec<(i64, Vec<Fact>)>;

fn batches(arrivals: &Arrivals) -> Vec<Batch> {
    let batch = |(arrived, facts): &(i64, Vec<Fact>)| Batch::new(facts.clone(), at(*arrived));
    arrivals.iter().map(batch).collect()
}

#[test]
fn news_arrives_once() {
    let arrivals = vec![
        (300, vec![ok("a", 1), ok("b", 2)]),
        (100, vec![ok("a", 1)]),
        (900, vec![ok("b", 2), ok("a", 1)]),
    ];
    assert_eq!(last_news_at(&batches(&arrivals)), Some(at(300)));
    assert_eq!(last_news_at(&[]), None);
}

#[test]
fn a_timer_is_delayed_by_whole_seconds_up_to_a_quarter_of_an_hour() {
    for (milliseconds, seconds) in [
        (-1_000_000, 0),
        (-1, 0),
        (0, 0),
        (1, 1),
        (999, 1),
        (1_000, 1),
        (1_001, 2),
        (899_001, 900),
        (900_000, 900),
        (900_001, 900),
        (86_400_000, 900),
    ] {
        let wanted = at(0) + TimeDelta::milliseconds(milliseconds);
        assert_eq!(
            delay(wanted, at(0)),
            TimeDelta::seconds(seconds),
            "{milliseconds} ms"
        );
    }
    // A wait of no time at all would bring the visitor back at once, again and again.
    let soon = at(0) + TimeDelta::nanoseconds(1);
    assert_eq!(delay(soon, at(0)), TimeDelta::seconds(1));
}

#[test]
fn a_timer_has_this_form_in_every_release() {
    let timer = OwnMessage::Timer { window: key() };
    assert_eq!(
        serde_json::to_string(&timer).unwrap(),
        r#"{"rollcall":"timer","window":{"start":"2024-01-15T00:00:00Z","environment":"dev"}}"#
    );
}

#[test]
fn only_the_holder_of_a_claim_writes_what_was_said() {
    let claim = |token: &str, until| Claim {
        token: token.to_owned(),
        until: at(until),
    };
    let state = |failures| State {
        failures,
        ..State::default()
    };
    let held = |failures, has_lapsed| Claimed::Held {
        state: state(failures),
        has_lapsed,
    };
    let (first, second) = (claim("first", 30), claim("second", 60));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (log, key) = (MemoryLog::default(), key());
        let claimed = async |claim, now| log.claim(&key, claim, at(now)).await.unwrap();
        let released =
            async |claim, failures| log.release(&key, claim, &state(failures)).await.unwrap();
        assert_eq!(claimed(&first, 0).await, held(0, false));
        assert_eq!(claimed(&second, 29).await, Claimed::Busy);
        // A request may be repeated because its answer got lost.
        assert_eq!(claimed(&first, 29).await, held(0, false));
        assert_eq!(claimed(&second, 30).await, held(0, true));
        assert_eq!(released(&first, 1).await, Released::Lost);
        assert_eq!(released(&second, 2).await, Released::Done);
        assert_eq!(released(&second, 3).await, Released::Lost);
        assert_eq!(claimed(&first, 31).await, held(2, false));
    });
}
