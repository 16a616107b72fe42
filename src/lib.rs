//! One Slack message per scheduling window that tells the truth about every ECS service that schedules were to
//! start or stop.
//!
//! ```text
//! record ──decode──▶ Fact ──append──▶ window log ──read──▶ fold ──▶ Roll ──▶ Summary ──▶ Message ──▶ Slack
//! ```
//!
//! Pure, without clock, environment or I/O:
//! - [`decode`]: one SQS record becomes a call, a reason to ignore it, or an error.
//! - [`fact`]: what can be learned, and the vocabulary that facts share.
//! - [`roll`]: facts become one entry per service, whatever their order, grouping or repetition.
//! - [`summary`]: what to say, what is wrong first; [`advice`] is its error dictionary.
//! - [`slack::render`]: how Slack wants it said; [`text`] and [`table`] are its tools, and the terminal's.
//! - [`config`] and [`metrics`]: the environment's meaning, and what an invocation counts.
//!
//! At the edges:
//! - [`window`]: which window a record belongs to (pure), and the log of what is known about it.
//! - [`slack::webhook`] and [`slack::web_api`]: the only places that talk to Slack; [`tls`] sets up their
//!   connections.
//! - [`ecs`]: what to ask ECS, what its answers mean (pure), and the client that asks.
//! - [`aws`]: clients for AWS, built when needed.
//! - [`pipeline`]: the two steps that the function and the command line share.
//!
//! The binaries only wire these together.

pub mod advice;
mod arn;
#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod decode;
pub mod delivery;
pub mod ecs;
pub mod fact;
pub mod function;
pub mod metrics;
pub mod notify;
mod pace;
pub mod pipeline;
pub mod roll;
pub mod slack;
pub mod summary;
pub mod table;
pub mod text;
pub mod timer;
pub mod tls;
pub mod trouble;
pub mod window;
