//! Fakes on loopback of all that the function talks to, and the function itself as a process.
//!
//! Every fake listens on a port of its own and stops when dropped; every wait has a limit and none is a sleep.

pub(crate) mod cloudtrail;
pub(crate) mod ecs;
pub(crate) mod event;
pub(crate) mod function;
pub(crate) mod http;
pub(crate) mod runtime_api;
pub(crate) mod slack;
pub(crate) mod ssm;
pub(crate) mod web_api;
