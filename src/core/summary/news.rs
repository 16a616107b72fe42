//! The content of a reply in the thread of an edited message: new failures, and failures that recovered.
//!
//! Pure. [`crate::core::decide::thread_news`] decides which runs, and when.

use std::collections::BTreeSet;

use super::{Failure, Lines, Reason, Verdict, reasons};
use crate::core::decide::ThreadNews;
use crate::core::reader::Reader;
use crate::core::snapshot::WindowSnapshot;

/// What a reply in a message's thread says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// For whom it is written.
    pub reader: Reader,
    /// The environment's label.
    pub environment: String,
    /// The first line: what failed, or what recovered.
    pub verdict: Verdict,
    /// Why things are not as they should be.
    pub reasons: Vec<Reason>,
    /// Failures that no reply has told yet; the reasons are made of these.
    pub failures: Vec<Failure>,
    /// The names of services and jobs that an earlier reply told as failed, and that are well now.
    pub recovered: Vec<String>,
}

impl News {
    /// Words a reply.
    #[must_use]
    pub fn of(snapshot: &WindowSnapshot<'_>, news: &ThreadNews, reader: Reader) -> Self {
        let lines = Lines::new(snapshot, reader);
        let failure = |&index: &usize| lines.failure(&snapshot.statuses[index]);
        let name = |&index: &usize| lines.run_name(&snapshot.statuses[index]);
        let recovered: BTreeSet<String> = news.recovered.iter().map(name).collect();
        let failures: Vec<Failure> = news.failed.iter().filter_map(failure).collect();
        Self {
            reader,
            environment: snapshot.label.to_owned(),
            verdict: Verdict::of_news(&lines, news),
            reasons: reasons::of(&failures, reader),
            failures,
            recovered: recovered.into_iter().collect(),
        }
    }

    /// Whether people are to be notified: something failed that they have to act on.
    #[must_use]
    pub fn is_alarm(&self) -> bool {
        self.verdict.is_alarm()
    }
}
