//! What rollcall promises, tested from outside: one binary, so that it is linked once.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]
#![allow(missing_docs, unreachable_pub, reason = "nothing outside uses this")]

mod arbitrary;
mod cli;
mod decisions;
mod ecs;
mod fixtures;
mod function;
mod history;
mod laws;
mod limits;
mod live;
mod redact;
mod routes;
mod schema;
mod simulation;
mod slack_reference;
#[allow(dead_code, reason = "the benches use it too, each its own part")]
mod support;
