//! Several runs in one window: each schedule has a message of its own, and no run hides or takes back another.

use std::collections::BTreeMap;

use rollcall::config::DEFAULT_WAIT_POLICY;
use rollcall::core::fact::{CallOutcome, Fact};
use rollcall::core::routes::Routes;

use super::{World, accepted, call_for, error, roster, roster_at};

/// A call that asks for this count and is refused for want of permission.
fn denied(service: &str, seconds: i64, count: i64) -> Fact {
    let error = error("AccessDeniedException", "not authorized");
    call_for(service, seconds, Some(count), error)
}

impl World {
    /// The titles of all messages, in the order in which they were posted.
    fn titles(&self) -> Vec<String> {
        let messages = self.workspace.messages();
        let titles = messages.iter().map(|message| message.title().to_owned());
        titles.collect()
    }
}

#[tokio::test]
async fn each_schedule_of_a_window_has_a_message_of_its_own() {
    let mut world = World::new();
    world
        .learn(0, &[roster_at(0, "dev-morning", &[("api", 1)])])
        .await;
    world.visit(0).await;
    world.learn(60, &[accepted("api", 10)]).await;
    world.visit(60).await;
    let first = world.workspace.only_message();
    assert!(
        first.title().starts_with("✅ dev · 1 call accepted"),
        "{first:?}"
    );

    world
        .learn(1_200, &[roster_at(1_200, "dev-later", &[("web", 1)])])
        .await;
    world.visit(1_200).await;
    world.learn(1_260, &[accepted("web", 1_210)]).await;
    world.visit(1_260).await;

    let messages = world.workspace.messages();
    assert_eq!(messages.len(), 2, "{messages:#?}");
    assert_eq!(messages[0].arguments, first.arguments);
    assert!(
        messages[1].title().starts_with("✅ dev · 1 call accepted"),
        "{messages:?}"
    );
    let later = messages[1].arguments.to_string();
    assert!(later.contains("dev-later"), "{later}");
    assert!(later.contains("web") && !later.contains("api"), "{later}");
    let calls = [
        "chat.postMessage",
        "chat.update",
        "chat.postMessage",
        "chat.update",
    ];
    assert_eq!(world.workspace.calls(), calls);
    assert!(world.workspace.replies().is_empty());
}

#[tokio::test]
async fn a_run_that_was_told_never_called_is_never_shown_as_waiting_again() {
    let mut world = World::new();
    world.policy = DEFAULT_WAIT_POLICY;
    world
        .learn(0, &[roster_at(0, "dev-morning", &[("api", 1)])])
        .await;
    world.visit(0).await;
    // The second minute after the deadline: ECS was asked about the service in vain.
    for seconds in [900, 930, 960, 1_020] {
        world.visit(seconds).await;
    }
    let told = world.workspace.only_message();
    assert!(
        told.title().starts_with("❌ dev · api did not start"),
        "{told:?}"
    );
    assert_eq!(world.workspace.replies().len(), 1);

    // Another schedule has deadlines of its own.
    world
        .learn(1_200, &[roster_at(1_200, "dev-later", &[("web", 1)])])
        .await;
    for seconds in [1_200, 1_500, 2_100, 2_160, 2_220] {
        world.visit(seconds).await;
        assert_eq!(
            world.workspace.messages()[0].arguments,
            told.arguments,
            "{seconds}"
        );
    }
    assert!(world.titles()[1].starts_with("❌ dev · web did not start"));
    assert_eq!(world.workspace.replies().len(), 2);

    // The record was only late. Tasks have time until ten minutes after the call, which are over.
    world
        .learn(
            2_300,
            &[call_for("api", 2_290, Some(1), CallOutcome::Accepted)],
        )
        .await;
    for seconds in [2_300, 2_310, 2_400] {
        world.visit(seconds).await;
        assert!(!world.titles()[0].contains('⏳'), "{:?}", world.titles());
    }
}

#[tokio::test]
async fn each_thread_hears_of_the_same_error_of_its_own_run() {
    let mut world = World::new();
    for (seconds, schedule, count) in [(0, "dev-up", 1), (1_200, "dev-down", 0)] {
        let facts = [
            roster_at(seconds, schedule, &[("api", count)]),
            denied("api", seconds + 5, count),
        ];
        world.learn(seconds + 20, &facts).await;
        world.visit(seconds + 20).await;
    }
    let (messages, replies) = (world.workspace.messages(), world.workspace.replies());
    assert_eq!((messages.len(), replies.len()), (2, 2), "{replies:#?}");
    for (message, reply) in messages.iter().zip(&replies) {
        assert_eq!(reply.thread_ts.as_ref(), Some(&message.ts));
        let text = reply.text();
        assert!(text.contains("access denied"), "{text}");
    }
    for seconds in [320, 900, 1_520, 2_100, 3_000] {
        world.visit(seconds).await;
    }
    assert_eq!(world.workspace.replies().len(), 2);
}

#[tokio::test]
async fn one_thread_hears_of_the_same_error_of_two_runs_that_are_told_together() {
    let mut world = World::new();
    let facts = [
        roster_at(0, "dev-up", &[("api", 1)]),
        denied("api", 5, 1),
        roster_at(120, "dev-down", &[("api", 0)]),
    ];
    world.learn(20, &facts).await;
    world.visit(20).await;
    assert_eq!(world.workspace.replies().len(), 1);
    world.learn(140, &[denied("api", 125, 0)]).await;
    world.visit(140).await;
    world.visit(440).await;

    world.workspace.only_message();
    let replies = world.workspace.replies();
    assert_eq!(replies.len(), 2, "{replies:#?}");
    assert!(replies[1].text().contains("api: "));
}

/// Until a roster tells its labels, a call is for the default receiver.
#[tokio::test]
async fn what_turns_out_to_be_for_a_route_leaves_no_message_open() {
    let mut world = World::new();
    let routes =
        r#"{"routes":[{"name":"pay","match":{"labels":{"team":"pay"}},"label":"payments"}]}"#;
    world.routes = Routes::parse(routes).unwrap();
    world.learn(0, &[accepted("api", 0)]).await;
    world.visit(0).await;
    let open = world.workspace.only_message();
    assert!(open.title().starts_with("⏳ dev"), "{open:?}");

    let mut roster = roster(&["api"]);
    if let Fact::Roster(roster) = &mut roster {
        let labels = BTreeMap::from([("team".to_owned(), "pay".to_owned())]);
        roster.labels = BTreeMap::from([("api".to_owned(), labels)]);
    }
    world.learn(20, &[roster]).await;
    world.visit(20).await;

    assert_eq!(
        world.titles(),
        [
            "✅ dev · no calls to report",
            "✅ payments · 1 call accepted"
        ]
    );
    let ended = world.workspace.messages()[0].arguments.to_string();
    assert!(ended.contains("turned out to be for others"), "{ended}");
}
