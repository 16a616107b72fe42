//! How Slack wants a summary said, and how it is sent.
//!
//! [`message`] is what Slack takes, [`render`] and [`reply`] make it of a summary and of news, all pure.
//! [`webhook`] and [`web_api`] are the only places that talk to Slack; [`speaker`] chooses between them.

mod answer;
mod escape;
mod failures;
mod http;
mod limits;
pub mod message;
pub mod render;
pub mod reply;
pub mod speaker;
pub mod web_api;
pub mod webhook;
