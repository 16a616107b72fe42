//! The adapter for Slack: renders summaries within Slack's limits, and sends them.
//!
//! [`message`] has the JSON that Slack takes; [`render`] makes it from a summary, and [`reply`] from news. These are
//! pure. Only [`webhook`] and [`web_api`] send requests to Slack; [`speaker`] is the one of them that the configuration
//! chose.

mod answer;
mod escape;
mod limits;
pub mod message;
mod reasons;
pub mod render;
pub mod reply;
mod sending;
pub mod speaker;
pub mod web_api;
pub mod webhook;
