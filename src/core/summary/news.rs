//! The content of a reply in the thread of an edited message: new failures, and failures that recovered.
//!
//! Pure. [`crate::core::decide::thread_news`] decides which runs, and when.

use std::collections::BTreeSet;

use chrono_tz::Tz;

use super::{Failure, Lines};
use crate::core::decide::ThreadNews;
use crate::core::snapshot::WindowSnapshot;

/// What a reply in a message's thread says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// Failures that no reply has told yet.
    pub failures: Vec<Failure>,
    /// The names of services and jobs that an earlier reply told as failed, and that are well now.
    pub recovered: Vec<String>,
}

impl News {
    /// Words a reply, with times in the reader's zone.
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
