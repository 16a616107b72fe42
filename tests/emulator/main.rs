//! One message per window, with real concurrency and a real DynamoDB and SQS API.
//!
//! [`log`] holds the window log to its contract, [`instances`] lets two instances of the function share a window. For the
//! other tests, several `rollcall-lambda` processes take fragments of one window from a queue, as an event source mapping
//! would hand them out, and are killed at random. [`webhooks`] has a receiver in Python verify signed requests. The emulator is moto's server (`pip install 'moto[server]' standardwebhooks`),
//! started by the test and ended by it; so this runs only where it is asked for:
//! `cargo test --all-features --test emulator`.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]
#![allow(missing_docs, unreachable_pub, reason = "nothing outside uses this")]

#[path = "../it/support/mod.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod support;

mod accounts;
mod doctor;
mod emulator;
mod instances;
mod log;
mod looks;
mod mapping;
mod overrides;
mod routes;
mod silences;
mod webhooks;
mod windows;
