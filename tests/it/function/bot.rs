//! The real function with a bot's token, while its table cannot be reached: on the last receive it posts the batch
//! alone, as the bot or, where Slack refuses the bot, through the webhook.

use super::AMPLE;
use crate::support::event::fixture;
use crate::support::function::Function;
use crate::support::slack::SECRET;
use crate::support::web_api::{CHANNEL, FakeWorkspace};

/// Invokes a function that cannot reach its table with a batch on its last receive. Returns all that it wrote.
fn say_partially(workspace: &FakeWorkspace) -> String {
    let mut function = Function::start(&[
        ("SLACK_BOT_TOKEN", &FakeWorkspace::token()),
        ("SLACK_CHANNEL", CHANNEL),
        ("SLACK_API_URL", &workspace.api()),
        ("SLACK_WEBHOOK_URL", &workspace.webhook()),
        ("ROLLCALL_ENVIRONMENT", "dev"),
        ("ROLLCALL_TABLE", "rollcall"),
        ("ROLLCALL_QUEUE_URL", "http://127.0.0.1:9/queue"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "example"),
        ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
        ("RUST_LOG", "trace"),
    ]);
    let mut event = fixture("denied.json");
    for record in event["Records"].as_array_mut().unwrap() {
        record["attributes"]["ApproximateReceiveCount"] = "5".into();
    }
    let response = function.invoke(&event, AMPLE);
    assert!(!response.failed_ids().is_empty());
    let output = function.stop();
    let (head, tail) = SECRET.split_at(SECRET.len() / 2);
    assert!(!output.contains(head) && !output.contains(tail), "{output}");
    output
}

#[test]
fn a_bot_says_what_would_be_lost() {
    let workspace = FakeWorkspace::start();
    let output = say_partially(&workspace);
    let message = workspace.only_message().arguments.to_string();
    assert!(message.contains("Partial"), "{message}\n{output}");
    assert!(workspace.webhook_posts().is_empty());
}

#[test]
fn a_webhook_says_it_where_slack_refuses_the_bot() {
    let workspace = FakeWorkspace::start();
    workspace.revoke();
    let output = say_partially(&workspace);
    let posts = workspace.webhook_posts();
    assert_eq!(posts.len(), 1, "{output}");
    let post = posts[0].to_string();
    assert!(
        post.contains("Partial") && post.contains("token_revoked"),
        "{post}"
    );
}
