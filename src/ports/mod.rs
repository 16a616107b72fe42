//! What rollcall needs of the world: the traits that adapters implement, and the data that goes through them.
//!
//! A simulation implements them in virtual time, and [`crate::aws`] and [`crate::slack`] in production.

pub mod ecs;
pub mod machine;
pub mod notifier;
pub mod queue;
pub mod receivers;
pub mod window_log;

use chrono::{DateTime, Utc};

/// Who tells the time.
pub trait Clock {
    /// The present.
    fn now(&self) -> DateTime<Utc>;
}

impl<F: Fn() -> DateTime<Utc>> Clock for F {
    fn now(&self) -> DateTime<Utc> {
        self()
    }
}
