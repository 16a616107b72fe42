//! The real function, driven through a Lambda Runtime API, against a fake Slack.

mod batch;
mod bot;
mod configuration;
mod delivery;
mod events;
mod machines;
mod metrics;
mod secrecy;

use std::time::Duration;

use crate::support::function::Function;
use crate::support::slack::FakeSlack;

/// More than any test needs.
const AMPLE: Duration = Duration::from_secs(30);

/// A function that reports to this Slack, with the environment `dev` and Korean time.
fn reporting_to(slack: &FakeSlack) -> Function {
    Function::start(&[
        ("SLACK_WEBHOOK_URL", &slack.webhook()),
        ("ROLLCALL_ENVIRONMENT", "dev"),
        ("ROLLCALL_TIMEZONE", "Asia/Seoul"),
    ])
}
