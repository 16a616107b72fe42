//! A bot's message while Slack limits, fails or refuses requests, or lost the message: the window still has one
//! message, and every failure is told.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rollcall::core::decide::MessageKind;
use rollcall::core::observation::Observations;
use rollcall::core::reader::Reader;
use rollcall::core::runs::Runs;
use rollcall::core::snapshot::WindowSnapshot;
use rollcall::core::summary::Summary;
use rollcall::ports::window_log::Claim;
use tokio::time::Instant;
use tracing_subscriber::fmt::MakeWriter;

use super::{Channel, Trouble, WindowLog, World, accepted, at, bot, refused, roster};
use crate::support::slack::SECRET;

#[tokio::test]
async fn an_edit_waits_out_a_rate_limit() {
    let mut world = World::new();
    world.learn(0, &[roster(&["api"])]).await;
    world.visit(0).await;
    world.learn(20, &[accepted("api", 5)]).await;
    world
        .workspace
        .trouble("chat.update", Trouble::TooManyRequests(1));
    world.visit(20).await;
    assert!(
        world
            .workspace
            .only_message()
            .title()
            .starts_with("✅ dev · 1 call accepted")
    );
    assert_eq!(world.metrics.slack_rate_limited, 1);
}

#[tokio::test]
async fn a_rate_limit_beyond_the_invocation_is_waited_out_by_a_timer() {
    let mut world = World::new();
    world.learn(0, &[roster(&["api"])]).await;
    world
        .workspace
        .trouble("chat.postMessage", Trouble::TooManyRequests(2));
    let failed_message_ids = world.visit_within(0, Duration::from_secs(1)).await;
    assert!(failed_message_ids.is_empty());
    assert_eq!(world.last_alarm(), 30);
    world.visit(30).await;
    world.workspace.only_message();
    assert_eq!(world.workspace.calls(), ["chat.postMessage"; 2]);
}

#[tokio::test]
async fn no_method_is_called_before_the_time_that_a_rate_limit_asked_for() {
    let seconds = Duration::from_secs;
    for (trouble, asked_for) in [
        (Trouble::TooManyRequests(3), seconds(3)),
        (Trouble::Error("ratelimited"), seconds(5)),
        (Trouble::TooManyRequests(u32::MAX), seconds(3_600)),
    ] {
        let world = World::new();
        world.workspace.trouble("conversations.history", trouble);
        let find = async |time_left| {
            let started = Instant::now();
            let found = world.channel().find(&world.key, started + time_left).await;
            (found, started.elapsed())
        };
        let (found, _) = find(seconds(2)).await;
        assert_eq!(found.unwrap_err().retry_after(), Some(asked_for));

        // The second search fails at once with what is left of that time, and sends no request.
        let (found, elapsed) = find(seconds(1)).await;
        let left = found.unwrap_err().retry_after().unwrap();
        assert!(
            left <= asked_for && left + seconds(2) > asked_for,
            "{left:?}"
        );
        assert!(elapsed < Duration::from_millis(500), "{elapsed:?}");
        assert_eq!(world.workspace.calls().len(), 1);

        if asked_for < seconds(60) {
            let (found, _) = find(seconds(20)).await;
            assert_eq!(found.unwrap(), []);
            assert_eq!(world.workspace.calls().len(), 2);
        }
    }
}

#[tokio::test]
async fn a_refused_token_hands_over_to_the_webhook() {
    let mut world = World::with_webhook();
    world.workspace.revoke();
    world.learn(20, &[refused("api", 5)]).await;
    world.visit(20).await;
    // The webhook cannot edit, so it waits until the window has settled.
    assert!(world.workspace.webhook_posts().is_empty());
    assert_eq!(world.last_alarm(), 320);
    world.visit(320).await;

    let posts = world.workspace.webhook_posts();
    assert_eq!(posts.len(), 1);
    let post = posts[0].to_string();
    assert!(
        post.contains("token_revoked") && post.contains("ThrottlingException"),
        "{post}"
    );
    world.visit(900).await;
    assert_eq!(world.workspace.webhook_posts().len(), 1);
    assert!(world.workspace.messages().is_empty());
}

#[tokio::test]
async fn a_token_revoked_midway_cannot_silence_a_failure() {
    let mut world = World::with_webhook();
    world.learn(0, &[roster(&["api", "web"])]).await;
    world.visit(0).await;
    world.workspace.revoke();
    world
        .learn(20, &[refused("api", 5), accepted("web", 6)])
        .await;
    world.visit(20).await;
    world.visit(320).await;

    let posts = world.workspace.webhook_posts();
    assert_eq!(posts.len(), 1);
    assert!(
        posts[0].to_string().contains("1 succeeded, 1 failed"),
        "{posts:?}"
    );
    assert!(
        world
            .workspace
            .only_message()
            .title()
            .starts_with("⏳ dev · 0 of 2 accepted")
    );
}

#[tokio::test]
async fn without_a_webhook_a_refused_token_is_tried_again_and_owed() {
    let mut world = World::new();
    world.workspace.revoke();
    world.learn(20, &[refused("api", 5)]).await;
    world.visit(20).await;
    world.visit(320).await;
    assert_eq!(world.last_alarm(), 350);
    assert_eq!(world.metrics.windows_overdue, 0);
    world.visit(1_800 + 600 + 900).await;
    assert_eq!(world.metrics.windows_overdue, 1);
}

#[tokio::test]
async fn a_deleted_message_is_posted_anew() {
    let mut world = World::new();
    world.learn(0, &[roster(&["api"])]).await;
    world.visit(0).await;
    let first = world.workspace.only_message();
    world.workspace.delete_all();
    world.learn(20, &[accepted("api", 5)]).await;
    world.visit(20).await;
    let second = world.workspace.only_message();
    assert_ne!(first.ts, second.ts);
    assert!(second.title().starts_with("✅ dev · 1 call accepted"));
}

#[tokio::test]
async fn a_message_that_cannot_be_edited_is_followed_by_one_about_the_end() {
    let mut world = World::new();
    world.learn(0, &[roster(&["api", "web"])]).await;
    world.visit(0).await;
    world.learn(20, &[accepted("api", 5)]).await;
    world
        .workspace
        .trouble("chat.update", Trouble::Error("edit_window_closed"));
    world.visit(20).await;
    world.visit(40).await;
    assert_eq!(world.workspace.calls(), ["chat.postMessage", "chat.update"]);
    world.learn(60, &[accepted("web", 50)]).await;
    world.visit(60).await;
    let messages = world.workspace.messages();
    assert_eq!(messages.len(), 2);
    assert!(
        messages[1]
            .title()
            .starts_with("✅ dev · both calls accepted")
    );
}

#[tokio::test]
async fn a_post_whose_answer_is_lost_is_found_and_not_repeated() {
    for trouble in [Trouble::DoneThenServerError, Trouble::DoneThenClosed] {
        let mut world = World::new();
        world.learn(0, &[roster(&["api"])]).await;
        world.workspace.trouble("chat.postMessage", trouble);
        world.visit(0).await;
        assert_eq!(world.last_alarm(), 30);
        world.learn(30, &[accepted("api", 5)]).await;
        world.visit(30).await;
        assert!(
            world
                .workspace
                .only_message()
                .title()
                .starts_with("✅ dev · 1 call accepted")
        );
        assert_eq!(
            world.workspace.calls(),
            ["chat.postMessage", "conversations.history", "chat.update"],
            "{trouble:?}"
        );
    }
}

#[tokio::test]
async fn a_visitor_that_died_after_posting_is_noticed() {
    let mut world = World::new();
    world.learn(0, &[roster(&["api"])]).await;
    let dead = Claim {
        token: "dead".to_owned(),
        until: at(60),
    };
    world.log.claim(&world.key, &dead, at(0)).await.unwrap();
    let contents = world.log.contents(&world.key);
    let runs = Runs::fold(world.key.start, contents.facts());
    let observations = Observations::default();
    let snapshot = WindowSnapshot::new(&world.key, &runs, &observations, world.policy, at(0));
    let summary = Summary::live(
        &snapshot,
        &[0],
        MessageKind::First,
        false,
        Reader::english(chrono_tz::UTC),
    );
    let deadline = Instant::now() + Duration::from_secs(30);
    let channel = world.channel();
    let posted = channel.post(&world.key, at(0), &summary, deadline).await;
    let posted = posted.result.unwrap();

    world.visit(60).await;
    let message = world.workspace.only_message();
    assert!(posted.0.ends_with(&message.ts), "{posted:?}");
    assert!(message.title().starts_with("⏳ dev · 0 of 1 accepted"));
}

#[tokio::test]
async fn without_the_scope_to_look_a_message_is_repeated_and_not_lost() {
    let mut world = World::new();
    world.learn(0, &[roster(&["api"])]).await;
    world
        .workspace
        .trouble("chat.postMessage", Trouble::Error("internal_error"));
    world.visit(0).await;
    assert!(world.workspace.messages().is_empty());
    world
        .workspace
        .trouble("conversations.history", Trouble::Error("missing_scope"));
    world.visit(30).await;
    world.workspace.only_message();
}

#[tokio::test]
async fn a_table_that_slack_refuses_is_said_as_text() {
    let mut world = World::new();
    world.learn(0, &[roster(&["api"])]).await;
    world
        .workspace
        .trouble("chat.postMessage", Trouble::Error("invalid_blocks"));
    world.visit(0).await;
    let message = world.workspace.only_message().arguments.to_string();
    assert!(
        message.contains("```") && !message.contains(r#""type":"table""#),
        "{message}"
    );
}

#[tokio::test]
async fn a_reply_that_fails_is_made_up_for() {
    let mut world = World::new();
    world.learn(0, &[roster(&["api"])]).await;
    world.visit(0).await;
    world.learn(20, &[refused("api", 5)]).await;
    world
        .workspace
        .trouble("chat.postMessage", Trouble::Error("fatal_error"));
    world.visit(20).await;
    assert!(world.workspace.replies().is_empty());
    assert_eq!(world.last_alarm(), 50);
    world.visit(50).await;
    assert_eq!(world.workspace.replies().len(), 1);
}

/// Collects everything that a subscriber writes to it.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Output {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn neither_token_nor_webhook_is_ever_written() {
    let output = Output::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(output.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let mut world = World::with_webhook();
    tracing::info!("{:?}", world.speaker);
    world.learn(0, &[roster(&["api", "web"])]).await;
    for trouble in [
        Trouble::Error("internal_error"),
        Trouble::DoneThenServerError,
        Trouble::DoneThenClosed,
    ] {
        world.workspace.trouble("chat.postMessage", trouble);
        world.visit_within(0, Duration::from_secs(5)).await;
    }
    world.workspace.revoke();
    world.learn(10, &[refused("api", 5)]).await;
    world.visit(10).await;
    world.visit(900).await;
    assert_eq!(world.workspace.webhook_posts().len(), 1);
    drop(guard);

    let output = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
    let (head, tail) = SECRET.split_at(SECRET.len() / 2);
    assert!(output.contains("token_revoked"), "{output}");
    assert!(!output.contains(head) && !output.contains(tail), "{output}");
    assert!(!output.contains("xoxb"), "{output}");
}

#[tokio::test]
async fn routes_that_share_a_channel_find_their_own_messages() {
    let world = World::new();
    let bots = [None, Some("pay"), Some("search")]
        .map(|route| bot(&world.workspace, false).for_route(route.map(str::to_owned)));
    let (runs, observations) = (Runs::default(), Observations::default());
    let snapshot = WindowSnapshot::new(&world.key, &runs, &observations, world.policy, at(0));
    let summary = Summary::new(
        &snapshot,
        &[],
        MessageKind::First,
        Reader::english(chrono_tz::UTC),
    );
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut posted = Vec::new();
    for bot in &bots[..2] {
        let delivery = bot.post(&world.key, at(0), &summary, deadline).await;
        posted.push(vec![(at(0), delivery.result.unwrap())]);
    }
    posted.push(Vec::new());
    for (bot, own) in bots.iter().zip(posted) {
        assert_eq!(bot.find(&world.key, deadline).await.unwrap(), own);
    }
}
