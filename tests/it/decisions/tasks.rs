//! Whether services came up: whom ECS is asked about, when a window is said, and in which words.

mod moments;
mod rows;

use std::time::Duration;

use rollcall::core::fact::{
    Action, ActionKind, ApiError, Call, Fact, Observable, Observed, Remark, ServiceEvent,
    ServiceId, ServiceState, Unobserved,
};
use rollcall::delivery::WaitPolicy;

use super::{at, ok};

const PATIENCE: WaitPolicy = WaitPolicy {
    verify: Some(Duration::from_mins(10)),
    ..super::PATIENCE
};

/// An accepted call for so many tasks.
fn scaled(service: &str, seconds: i64, count: i64) -> Fact {
    let Fact::UpdateService(call) = ok(service, seconds) else {
        unreachable!("it is a call");
    };
    let kind = match count {
        0 => ActionKind::ScaleDown,
        _ => ActionKind::ScaleUp,
    };
    Fact::UpdateService(Box::new(Call {
        action: Some(Action {
            kind,
            desired_count: Some(count),
        }),
        event_id: format!("{service} {seconds} {count}"),
        ..*call
    }))
}

fn id(service: &str) -> ServiceId {
    ServiceId {
        name: service.to_owned(),
        cluster: "dev".to_owned(),
        region: "ap-northeast-2".to_owned(),
        account: "123456789012".to_owned(),
    }
}

/// What ECS says of a service: `running/desired`.
fn seen(service: &str, seconds: i64, counts: &str) -> Fact {
    seen_with(service, seconds, counts, |_| {})
}

fn seen_with(
    service: &str,
    seconds: i64,
    counts: &str,
    change: impl FnOnce(&mut ServiceState),
) -> Fact {
    let (running, desired) = counts.split_once('/').unwrap();
    let (running, desired): (i64, i64) = (running.parse().unwrap(), desired.parse().unwrap());
    let mut state = ServiceState {
        desired,
        running,
        pending: (desired - running).max(0),
        rollout: None,
        steady_at: None,
        trouble: None,
        bounds: None,
    };
    change(&mut state);
    Fact::Observed(Box::new(Observed {
        observed_at: at(seconds),
        service: id(service),
        state: Some(state),
    }))
}

fn steady(service: &str, seconds: i64, counts: &str, since: i64) -> Fact {
    seen_with(service, seconds, counts, |state| {
        state.steady_at = Some(at(since));
    })
}

fn troubled(service: &str, seconds: i64, counts: &str, since: i64, text: &str) -> Fact {
    seen_with(service, seconds, counts, |state| {
        state.trouble = Some(Remark {
            at: at(since),
            text: text.to_owned(),
        });
    })
}

fn in_vain(seconds: i64, code: &str) -> Fact {
    Fact::Unobserved(Box::new(Unobserved {
        observed_at: at(seconds),
        cluster: id("any").cluster_id(),
        about: Observable::Services,
        error: ApiError {
            code: code.to_owned(),
            message: None,
        },
    }))
}

fn event(service: &str, seconds: i64, name: &str, reason: Option<&str>) -> Fact {
    Fact::ServiceEvent(Box::new(ServiceEvent {
        created_at: at(seconds),
        event_id: format!("{service} {seconds} {name}"),
        service: id(service),
        event_name: name.to_owned(),
        reason: reason.map(str::to_owned),
    }))
}

const CAPACITY: &str =
    "(service a) was unable to place a task. Reason: Capacity is unavailable at this time.";
const UNHEALTHY: &str =
    "(service a) (port 80) is unhealthy in (target-group x) due to (reason Health checks failed)";
