//! The ports through which events reach machines, and by which something outside hears that rollcall is alive.
//!
//! Both are behind pointers, because one list holds machines of several kinds.

use std::fmt::Debug;

use futures_util::future::LocalBoxFuture;
use tokio::time::Instant;

use super::notifier::Delivery;
use crate::core::event::Event;

/// Takes events, such as an event bus or an address that is called.
pub trait Machine: Debug {
    /// Sends an event and waits until the machine confirmed it, or until `deadline`. Sending the same event again changes
    /// nothing for a machine that remembers its id.
    fn send<'a>(&'a self, event: &'a Event, deadline: Instant) -> LocalBoxFuture<'a, Delivery>;
}

/// Watches from outside whether rollcall is alive, and rings where it hears nothing.
pub trait Watchdog: Debug {
    /// Tells that what was to be said was said and confirmed, or that something is overdue. `run` is the same for the
    /// same window.
    fn ping(&self, beat: Beat, run: RunId, deadline: Instant) -> LocalBoxFuture<'_, Delivery>;
}

/// What a watchdog is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// Everything that was to be said was confirmed.
    Alive,
    /// Something is long due and could not be said.
    Failing,
}

/// What a ping is about, as 16 bytes of a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunId(pub [u8; 16]);
