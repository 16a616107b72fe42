//! How Slack wants a summary said, and how it is sent.
//!
//! [`message`] is pure; [`webhook`] is the only place that talks to Slack.

mod escape;
mod limits;
pub mod message;
pub mod webhook;
