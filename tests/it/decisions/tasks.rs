//! Whether services came up: whom ECS is asked about, when a window is said, and in which words.

mod messages;
mod moments;
mod rows;

use std::time::Duration;

use rollcall::core::fact::{
    Action, ActionKind, ApiError, Fact, ServiceEvent, ServiceId, UpdateServiceCall,
};
use rollcall::core::observation::{
    Answer, AskFailure, Observable, Remark, ServiceLook, ServiceState,
};
use rollcall::core::policy::WaitPolicy;

use super::{Story, at, ok};

const POLICY: WaitPolicy = WaitPolicy {
    verify: Some(Duration::from_mins(10)),
    ..super::POLICY
};

/// A fact, or an answer of ECS.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "a test holds few of them")]
enum Known {
    Fact(Fact),
    Answer(i64, Answer),
}

impl From<Fact> for Known {
    fn from(fact: Fact) -> Self {
        Self::Fact(fact)
    }
}

/// Facts that arrived as the window began, and answers.
fn story(known: &[Known]) -> Story {
    let story = Story {
        policy: POLICY,
        ..Story::new()
    };
    add(story, 0, known)
}

/// More becomes known.
fn add(story: Story, arrived_at: i64, known: &[Known]) -> Story {
    known
        .iter()
        .fold(story, |story, known| match known.clone() {
            Known::Fact(fact) => story.learn(arrived_at, &[fact]),
            Known::Answer(asked_at, answer) => story.see([(asked_at, answer)]),
        })
}

/// An accepted call for so many tasks.
fn scaled(service: &str, seconds: i64, count: i64) -> Known {
    let Fact::UpdateService(call) = ok(service, seconds) else {
        unreachable!("it is a call");
    };
    let kind = match count {
        0 => ActionKind::ScaleDown,
        _ => ActionKind::ScaleUp,
    };
    Known::Fact(Fact::UpdateService(Box::new(UpdateServiceCall {
        action: Some(Action {
            kind,
            desired_count: Some(count),
        }),
        event_id: format!("{service} {seconds} {count}"),
        ..*call
    })))
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
fn seen(service: &str, seconds: i64, counts: &str) -> Known {
    seen_with(service, seconds, counts, |_| {})
}

fn seen_with(
    service: &str,
    seconds: i64,
    counts: &str,
    change: impl FnOnce(&mut ServiceState),
) -> Known {
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
    let look = ServiceLook {
        at: at(seconds),
        service: id(service),
        state: Some(state),
    };
    Known::Answer(seconds, Answer::Service(look))
}

fn steady(service: &str, seconds: i64, counts: &str, since: i64) -> Known {
    seen_with(service, seconds, counts, |state| {
        state.steady_at = Some(at(since));
    })
}

fn troubled(service: &str, seconds: i64, counts: &str, since: i64, text: &str) -> Known {
    seen_with(service, seconds, counts, |state| {
        state.trouble = Some(Remark {
            at: at(since),
            text: text.to_owned(),
        });
    })
}

fn in_vain(seconds: i64, code: &str) -> Known {
    let failure = AskFailure {
        at: at(seconds),
        cluster: id("any").cluster_id(),
        about: Observable::Services,
        error: ApiError {
            code: code.to_owned(),
            message: None,
        },
    };
    Known::Answer(seconds, Answer::Failure(failure))
}

fn event(service: &str, seconds: i64, name: &str, reason: Option<&str>) -> Known {
    Known::Fact(Fact::ServiceEvent(Box::new(ServiceEvent {
        created_at: at(seconds),
        event_id: format!("{service} {seconds} {name}"),
        service: id(service),
        event_name: name.to_owned(),
        reason: reason.map(str::to_owned),
    })))
}

const CAPACITY: &str =
    "(service a) was unable to place a task. Reason: Capacity is unavailable at this time.";
const UNHEALTHY: &str =
    "(service a) (port 80) is unhealthy in (target-group x) due to (reason Health checks failed)";
