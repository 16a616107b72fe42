//! Overrides with a bot: a message of one line each, posted once, beside the message that follows the window.

use rollcall::core::fact::Fact;
use rollcall::core::overrides::{Change, Kind, Override, Phase};

use super::{World, accepted, at, call_for, refused, roster_at};
use crate::support::web_api::Trouble;

/// The evening of the window's start comes twenty minutes later.
fn told(phase: Phase, seconds: i64) -> Fact {
    Fact::Override(Box::new(Override {
        id: "k3x9p2ab".to_owned(),
        phase,
        kind: Kind::Extend,
        environment: "dev".to_owned(),
        by: "<@U0123>".to_owned(),
        made_by: None,
        reason: Some("<!channel> demo".to_owned()),
        scheduled_time: at(seconds),
        created_at: at(seconds),
        until: at(1_200),
        zone: "UTC".to_owned(),
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        changes: vec![Change {
            schedule: "evening".to_owned(),
            from: Some(at(0)),
            to: Some(at(1_200)),
            services: None,
            calls: 1,
            direction: None,
            is_job: false,
        }],
    }))
}

#[tokio::test]
async fn a_beginning_is_a_message_of_one_line_and_nothing_more_happens() {
    let mut world = World::new();
    world.learn(10, &[told(Phase::Began, 10)]).await;
    world.visit(10).await;
    let message = world.workspace.only_message();
    let line = "⏰ dev stays up until 00:20 instead of 00:00 (1 service), says &lt;@U0123&gt;: &lt;!channel&gt; demo";
    assert_eq!(message.text(), line);
    assert_eq!(message.arguments["blocks"].as_array().unwrap().len(), 1);
    assert!(world.alarms.0.lock().unwrap().is_empty());

    // The same once more says nothing, and what comes later has a message of its own.
    world.learn(20, &[told(Phase::Began, 10)]).await;
    world.visit(20).await;
    world.workspace.only_message();
    world
        .learn(
            60,
            &[roster_at(30, "morning", &[("api", 1)]), accepted("api", 40)],
        )
        .await;
    world.visit(60).await;
    assert_eq!(
        world.workspace.calls(),
        ["chat.postMessage", "chat.postMessage"]
    );
}

#[tokio::test]
async fn the_end_stands_in_the_message_about_its_run() {
    let mut world = World::new();
    world.learn(1_201, &[told(Phase::Ended, 1_200)]).await;
    world.visit(1_201).await;
    // The run may become known a little later than the end.
    assert!(world.workspace.calls().is_empty());
    assert_eq!(world.last_alarm(), 1_501);
    world
        .learn(1_205, &[roster_at(1_200, "evening", &[("api", 0)])])
        .await;
    world.visit(1_205).await;
    let line = "was kept up by &lt;@U0123&gt; for 20 min";
    assert!(world.workspace.only_message().text().contains(line));
    let call = call_for(
        "api",
        1_210,
        Some(0),
        rollcall::core::fact::CallOutcome::Accepted,
    );
    world.learn(1_260, &[call, told(Phase::Ended, 1_200)]).await;
    world.visit(1_260).await;
    assert!(world.workspace.only_message().text().contains(line));
}

#[tokio::test]
async fn an_end_without_a_run_is_a_message_of_its_own() {
    let mut world = World::new();
    world.learn(1_201, &[told(Phase::Ended, 1_200)]).await;
    world.visit(1_201).await;
    world.visit(world.last_alarm()).await;
    let line = "⏰ dev was kept up by &lt;@U0123&gt; for 20 min: &lt;!channel&gt; demo";
    assert_eq!(world.workspace.only_message().text(), line);
    // A roster that comes after all does not repeat it.
    world
        .learn(
            1_800,
            &[
                roster_at(1_200, "evening", &[("api", 0)]),
                refused("api", 1_210),
            ],
        )
        .await;
    world.visit(1_800).await;
    let texts = world.workspace.messages();
    assert_eq!(
        texts
            .iter()
            .filter(|message| message.text().contains("kept up"))
            .count(),
        1
    );
}

#[tokio::test]
async fn a_line_whose_answer_got_lost_is_found_instead_of_repeated() {
    let mut world = World::new();
    world
        .workspace
        .trouble("chat.postMessage", Trouble::DoneThenClosed);
    world.learn(10, &[told(Phase::Began, 10)]).await;
    world.visit(10).await;
    world.visit(world.last_alarm()).await;
    world.workspace.only_message();
}
