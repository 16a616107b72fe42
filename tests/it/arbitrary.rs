//! Random calls from small alphabets, so that collisions of every kind happen often.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use rollcall::fact::{
    Action, ActionKind, ApiError, Call, Caller, Expected, Fact, Outcome, Undelivered,
};

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

fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-z]{1,3}-[a-z]{1,9}", 1 => hostile_text()]
}

fn error() -> impl Strategy<Value = ApiError> {
    let code = prop_oneof![
        4 => prop::sample::select(vec!["ThrottlingException", "ServiceNotFoundException", "AccessDenied"])
            .prop_map(str::to_owned),
        1 => hostile_text(),
    ];
    (code, prop::option::of(hostile_text())).prop_map(|(code, message)| ApiError { code, message })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![Just(Outcome::Accepted), error().prop_map(Outcome::Failed)]
}

fn action() -> impl Strategy<Value = Option<Action>> {
    let kind = prop::sample::select(vec![
        ActionKind::ScaleUp,
        ActionKind::ScaleDown,
        ActionKind::NoChange,
        ActionKind::Restart,
        ActionKind::Update,
    ]);
    prop::option::of(
        (kind, prop::option::of(any::<i64>())).prop_map(|(kind, desired_count)| Action {
            kind,
            desired_count,
        }),
    )
}

prop_compose! {
    /// A call; `ids` bounds how many different event ids there are.
    pub fn call(ids: u32)(
        id in 0..ids,
        seconds in 0_i64..600,
        outcome in outcome(),
        service in prop::option::weighted(0.9, name()),
        cluster in prop::sample::select(vec![None, Some("dev"), Some("stg")]),
        region in prop::sample::select(vec!["ap-northeast-2", "us-east-1", "not a region/"]),
        action in action(),
        session in prop::option::of(hostile_text()),
        is_scheduler in any::<bool>(),
    ) -> Call {
        Call {
            event_time: moment(seconds),
            outcome,
            event_id: format!("event-{id}"),
            account: "123456789012".to_owned(),
            region: region.to_owned(),
            cluster: cluster.map(str::to_owned),
            service,
            action,
            caller: Caller { role: Some("dev-ecs-scheduler".to_owned()), session, is_scheduler },
        }
    }
}

prop_compose! {
    fn expected()(
        seconds in 0_i64..600,
        flexible_window_minutes in 0_u32..10,
        services in prop::collection::btree_map(name(), 0_i64..3, 0..6),
    ) -> Expected {
        Expected {
            scheduled_time: moment(seconds),
            schedule: "morning".to_owned(),
            flexible_window_minutes,
            account: "123456789012".to_owned(),
            region: "ap-northeast-2".to_owned(),
            cluster: "dev".to_owned(),
            services,
            jobs: std::collections::BTreeMap::new(),
        }
    }
}

prop_compose! {
    fn undelivered()(
        seconds in 0_i64..600,
        service in prop::option::of(name()),
        error in error(),
        attempts in 1_u32..5,
    ) -> Undelivered {
        Undelivered {
            scheduled_time: moment(seconds),
            schedule_arn: "arn:aws:scheduler:ap-northeast-2:123456789012:schedule/dev/morning".to_owned(),
            account: "123456789012".to_owned(),
            region: "ap-northeast-2".to_owned(),
            cluster: Some("dev".to_owned()),
            service,
            desired_count: Some(1),
            family: None,
            error,
            attempts,
        }
    }
}

fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_705_276_800 + seconds, 0).unwrap()
}

/// Any fact.
pub fn fact(ids: u32) -> impl Strategy<Value = Fact> {
    prop_oneof![
        40 => call(ids).prop_map(|call| Fact::Called(Box::new(call))),
        4 => expected().prop_map(|expected| Fact::Expected(Box::new(expected))),
        4 => undelivered().prop_map(|undelivered| Fact::Undelivered(Box::new(undelivered))),
        1 => Just(Fact::Silenced),
        4 => (0..ids).prop_map(|id| Fact::Undecodable { message_id: format!("message-{id}") }),
    ]
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
        call(ids).prop_map(|call| Fact::Called(Box::new(call))),
        0..most,
    )
}
