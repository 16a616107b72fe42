//! Nobody is notified of an edit, so the thread calls people, and says when they may go home.

use super::{MENTION, World, accepted, refused, roster};

#[tokio::test]
async fn the_thread_hears_of_a_failure_once_and_of_its_recovery() {
    let mut world = World::new();
    world.learn(0, &[roster(&["api", "web"])]).await;
    world.visit(0).await;
    assert!(world.workspace.replies().is_empty());

    world.learn(20, &[refused("api", 5)]).await;
    world.visit(20).await;
    let message = world.workspace.only_message();
    assert!(
        message
            .title()
            .starts_with("⏳ dev · 0 of 2 accepted · 1 failed"),
        "{message:?}"
    );
    assert!(!message.arguments.to_string().contains(MENTION));
    let replies = world.workspace.replies();
    assert_eq!(replies.len(), 1);
    assert_eq!(replies[0].thread_ts.as_ref(), Some(&message.ts));
    assert!(replies[0].text().starts_with("❌ dev · api did not start"));
    assert!(replies[0].text().ends_with(MENTION), "{replies:?}");
    assert!(replies[0].text().contains("api: throttled"));
    assert!(replies[0].arguments.get("reply_broadcast").is_none());

    // It fails again, and more come: that is for the message alone.
    world
        .learn(30, &[refused("api", 15), accepted("web", 16)])
        .await;
    world.visit(30).await;
    assert_eq!(world.workspace.replies().len(), 1);

    world.learn(60, &[accepted("api", 40)]).await;
    world.visit(60).await;
    let replies = world.workspace.replies();
    assert_eq!(replies.len(), 2);
    assert_eq!(replies[1].text(), "✅ dev · recovered: api is accepted");
    assert!(
        world
            .workspace
            .only_message()
            .title()
            .starts_with("✅ dev · both calls accepted")
    );
    world.visit(900).await;
    assert_eq!(world.workspace.replies().len(), 2);
    assert_eq!(world.metrics.replies_posted, 2);
}

#[tokio::test]
async fn what_failed_later_is_told_when_the_window_ends() {
    let mut world = World::with(false, true);
    world.learn(20, &[refused("api", 5)]).await;
    world.visit(20).await;
    world.learn(30, &[refused("web", 25)]).await;
    world.visit(30).await;
    assert_eq!(world.workspace.replies().len(), 1);
    world.visit(330).await;

    let replies = world.workspace.replies();
    assert_eq!(replies.len(), 2);
    assert!(replies[1].text().contains("web") && !replies[1].text().contains("api"));
    assert_eq!(replies[1].arguments["reply_broadcast"], true);
    assert!(
        world
            .workspace
            .only_message()
            .title()
            .starts_with("❌ dev · api and web failed")
    );
}

#[tokio::test]
async fn a_late_failure_is_told_at_once() {
    let mut world = World::new();
    world
        .learn(0, &[roster(&["api"]), accepted("api", 5)])
        .await;
    world.visit(20).await;
    assert!(
        world
            .workspace
            .only_message()
            .title()
            .starts_with("✅ dev · 1 call accepted")
    );
    world.learn(590, &[refused("web", 580)]).await;
    world.visit(590).await;
    assert_eq!(world.workspace.replies().len(), 1);
    // The message had ended, and what came too late is how it ended.
    assert!(
        world
            .workspace
            .only_message()
            .title()
            .starts_with("❌ dev · web did not start · 1 of 2 accepted")
    );
    world.visit(890).await;
    assert!(
        world
            .workspace
            .only_message()
            .title()
            .starts_with("❌ dev · web did not start · 1 of 2 accepted")
    );
    assert_eq!(world.workspace.replies().len(), 1);
}

#[tokio::test]
async fn a_refused_repetition_of_an_accepted_call_is_no_failure() {
    let mut world = World::new();
    world
        .learn(0, &[roster(&["api"]), accepted("api", 5)])
        .await;
    world.visit(20).await;
    world.learn(600, &[refused("api", 590)]).await;
    world.visit(600).await;
    assert!(
        world
            .workspace
            .only_message()
            .title()
            .starts_with("✅ dev · 1 call accepted")
    );
    assert!(world.workspace.replies().is_empty());
}

#[tokio::test]
async fn the_thread_lists_all_rows_once_where_the_message_does_not() {
    let names: Vec<String> = (0..50).map(|number| format!("api-{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = World::new();
    world.learn(0, &[roster(&names)]).await;
    world.visit(0).await;
    assert!(world.workspace.replies().is_empty());

    let calls: Vec<_> = names.iter().map(|name| accepted(name, 5)).collect();
    world.learn(20, &calls).await;
    for seconds in [20, 30, 900] {
        world.visit(seconds).await;
    }
    let rows = |blocks: &serde_json::Value| {
        let blocks = blocks.as_array().unwrap();
        let table = blocks.iter().find(|block| block["type"] == "table");
        table.unwrap()["rows"].as_array().unwrap().len() - 1
    };
    let message = world.workspace.only_message();
    assert_eq!(rows(&message.arguments["blocks"]), 12 + 1);
    let replies = world.workspace.replies();
    let lists: Vec<usize> = replies
        .iter()
        .map(|one| rows(&one.arguments["blocks"]))
        .collect();
    assert_eq!(lists, [45, 5]);
    assert_eq!(replies[0].text(), "All services (1 of 2):");
    assert_eq!(replies[1].thread_ts.as_ref(), Some(&message.ts));
}
