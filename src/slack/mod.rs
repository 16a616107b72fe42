//! How Slack wants a summary said, and how it is sent.
//!
//! [`message`] is what Slack takes and [`render`] makes it of a summary, both pure; [`webhook`] is the only
//! place that talks to Slack.

mod escape;
mod failures;
mod http;
mod limits;
pub mod message;
pub mod render;
pub mod reply;
pub mod webhook;
