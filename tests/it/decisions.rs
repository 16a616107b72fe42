//! How runs stand, when they are told, and in which words, as tables: all of it is pure, so every case is a line.

mod events;
mod jobs;
mod labels;
mod moments;
mod runs;
mod story;
mod tasks;
mod words;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rollcall::core::decode::OwnMessage;
use rollcall::core::fact::{
    ApiError, CallOutcome, Caller, Fact, Roster, ScheduleDeadLetter, UpdateServiceCall,
};
use rollcall::core::policy::WaitPolicy;
use rollcall::core::reader::{AccountNames, Reader, RowLimit};
use rollcall::core::window::WindowKey;
use rollcall::core::words::Language;
use rollcall::memory_log::MemoryLog;
use rollcall::ports::queue::{delay, return_delay};
use rollcall::ports::window_log::{Claim, Claimed, Head, Released, VisitNotes, WindowLog};

use self::story::Story;

const POLICY: WaitPolicy = WaitPolicy {
    settle: Duration::from_mins(5),
    grace: Duration::from_mins(10),
    period: Duration::from_mins(30),
    verify: None,
};

/// Somebody who reads English, in UTC.
const READER: Reader = Reader {
    timezone: chrono_tz::UTC,
    language: Language::English,
    rows: RowLimit::All,
    accounts: AccountNames::NONE,
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
    let outcome = error.map_or(CallOutcome::Accepted, |(code, message)| {
        CallOutcome::Failed(ApiError {
            code: code.to_owned(),
            message: Some(message.to_owned()),
        })
    });
    Fact::UpdateService(Box::new(UpdateServiceCall {
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
    roster_at(0, "morning", services.map(|service| (service, 1)))
}

/// A roster of a schedule that fires so many seconds after the window began.
fn roster_at<const N: usize>(seconds: i64, schedule: &str, services: [(&str, i64); N]) -> Fact {
    Fact::Roster(Box::new(Roster {
        scheduled_time: at(seconds),
        schedule: schedule.to_owned(),
        flexible_window_minutes: 5,
        account: "123456789012".to_owned(),
        region: "ap-northeast-2".to_owned(),
        cluster: "dev".to_owned(),
        services: services
            .map(|(service, count)| (service.to_owned(), count))
            .into(),
        jobs: std::collections::BTreeMap::new(),
        role: None,
        retry_minutes: None,
        group: None,
        labels: std::collections::BTreeMap::new(),
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
    let timer = OwnMessage::Timer {
        window: key(),
        unkept: 0,
        hops: 0,
    };
    assert_eq!(
        serde_json::to_string(&timer).unwrap(),
        r#"{"rollcall":"timer","window":{"start":"2024-01-15T00:00:00Z","environment":"dev"}}"#
    );
}

#[test]
fn a_record_that_cannot_be_kept_comes_back_at_growing_distances() {
    let seconds: Vec<u64> = (1..=8)
        .map(|receives| return_delay(receives).as_secs())
        .collect();
    assert_eq!(seconds, [30, 60, 120, 240, 480, 900, 900, 900]);
    assert_eq!(return_delay(0).as_secs(), 30);
    assert_eq!(return_delay(u32::MAX).as_secs(), 900);
}

#[test]
fn only_the_holder_of_a_claim_leaves_notes() {
    let claim = |token: &str, until| Claim {
        token: token.to_owned(),
        until: at(until),
    };
    let notes = |runs| VisitNotes {
        runs,
        ..VisitNotes::default()
    };
    let held = |runs, timer_at: Option<i64>, has_lapsed| Claimed::Held {
        head: Head {
            timer_at: timer_at.map(at),
            visit: notes(runs),
            ..Head::default()
        },
        has_lapsed,
    };
    let (first, second) = (claim("first", 30), claim("second", 60));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (log, key) = (MemoryLog::default(), key());
        let claimed = async |claim, now| log.claim(&key, claim, at(now)).await.unwrap();
        let released = async |claim, runs, timer: Option<i64>| {
            let timer_at = timer.map(at);
            log.release(&key, claim, &notes(runs), timer_at)
                .await
                .unwrap()
        };
        assert_eq!(claimed(&first, 0).await, held(0, None, false));
        assert_eq!(claimed(&second, 29).await, Claimed::Busy(None));
        // A request may be repeated because its answer got lost.
        assert_eq!(claimed(&first, 29).await, held(0, None, false));
        assert_eq!(claimed(&second, 30).await, held(0, None, true));
        assert_eq!(released(&first, 1, None).await, Released::Lost);
        assert_eq!(released(&second, 2, Some(90)).await, Released::Done);
        // The client repeats a release whose answer got lost; the first one counts.
        assert_eq!(released(&second, 3, None).await, Released::Done);
        assert_eq!(claimed(&second, 31).await, held(2, Some(90), false));
        assert_eq!(claimed(&first, 32).await, Claimed::Busy(Some(at(90))));
        // A visit that arms no timer leaves the one that is known.
        assert_eq!(released(&second, 4, None).await, Released::Done);
        assert_eq!(claimed(&first, 33).await, held(4, Some(90), false));
    });
}
