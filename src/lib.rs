//! One Slack message per scheduling window that tells the truth about every ECS service that schedules were to
//! start or stop.
//!
//! - [`core`] is pure: what can be learned, how runs stand, what to say, and when.
//! - [`ports`] are the traits through which the rest of the world is reached, and the data that goes through them.
//! - [`visit`], [`function`] and [`pipeline`] carry out what the core decides: the steps of an invocation.
//! - [`aws`] and [`slack`] are the adapters; [`memory_log`] keeps windows in memory for the command line.
//! - [`config`] is what the environment means; [`tls`] sets up connections; [`version`] says which build this is.
//!
//! Dependencies point towards [`core`]. The binaries only wire these together.

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod core;
pub mod function;
mod http;
pub mod machines;
pub mod memory_log;
pub mod metrics;
mod pace;
pub mod pipeline;
pub mod ports;
pub mod slack;
pub mod tls;
pub mod version;
pub mod visit;
