//! Integration tests: the two programs as their users run them.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod function;
#[allow(dead_code, reason = "the benches use it too, each its own part")]
mod support;
