//! Plays EventBridge Scheduler in memory, over days and weeks with overrides.

mod days;
mod player;
mod random;
