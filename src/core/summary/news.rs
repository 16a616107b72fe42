//! What the thread of an edited message is to hear: failures, and that they recovered.
//!
//! Pure. [`crate::core::decide::thread_news`] says which and when.

use std::collections::BTreeSet;

use chrono_tz::Tz;

use super::{Failure, Lines};
use crate::core::decide::ThreadNews;
use crate::core::snapshot::WindowSnapshot;

/// What a message's thread is to hear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// Failures that it has not heard of.
    pub failures: Vec<Failure>,
    /// The names of what it heard had failed, and is well now.
    pub recovered: Vec<String>,
}

impl News {
    /// Says what a thread is to hear, with times in the reader's zone.
    #[must_use]
    pub fn of(snapshot: &WindowSnapshot<'_>, news: &ThreadNews, timezone: Tz) -> Self {
        let lines = Lines::new(snapshot, timezone);
        let failure = |&index: &usize| lines.failure(&snapshot.statuses[index]);
        let name = |&index: &usize| lines.run_name(&snapshot.statuses[index]);
        let recovered: BTreeSet<String> = news.recovered.iter().map(name).collect();
        Self {
            failures: news.failed.iter().filter_map(failure).collect(),
            recovered: recovered.into_iter().collect(),
        }
    }
}
