//! What an instance of the function keeps of windows between invocations, so that it reads a window's facts once
//! and folds them only when there are new ones.
//!
//! Nothing relies on it: a visit that finds nothing here reads everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;

use crate::core::runs::Runs;
use crate::core::window::WindowKey;
use crate::ports::window_log::WindowContents;

/// How many facts are in memory at most, those of the window that is visited included: one window of 10,000 services
/// takes most of the function's 128 MB.
const MOST_FACTS: usize = 13_000;

/// What is known of one window.
#[derive(Debug, Default)]
pub(super) struct RememberedWindow {
    /// What was read.
    pub(super) contents: WindowContents,
    /// The fold of its facts.
    pub(super) runs: Runs,
    /// The receivers of which it is known here alone what they were told, because it could not be noted in the log.
    pub(super) unnoted: BTreeSet<String>,
    /// How many batches were folded.
    folded: usize,
}

impl RememberedWindow {
    /// Folds what was read, if there is anything new.
    pub(super) fn fold(&mut self, key: &WindowKey) {
        if self.folded != self.contents.batches.len() {
            // Let go of the old fold first: two of a large window would take much memory.
            self.runs = Runs::default();
            self.runs = Runs::fold(key.start, self.contents.facts());
            self.folded = self.contents.batches.len();
        }
    }

    fn facts(&self) -> usize {
        self.contents
            .batches
            .values()
            .map(|batch| batch.facts.len())
            .sum()
    }
}

/// What an instance of the function keeps between invocations.
#[derive(Debug, Default)]
pub struct VisitMemory {
    windows: Mutex<BTreeMap<WindowKey, RememberedWindow>>,
    /// Windows of which a part was said because the log could not be reached.
    partial: Mutex<BTreeSet<WindowKey>>,
}

impl VisitMemory {
    /// Takes out what is known of a window of about so many runs, and lets go of the oldest others where they are too
    /// much beside it. If the visit dies, nothing half-known stays behind.
    pub(super) fn take(&self, key: &WindowKey, runs: usize) -> Option<RememberedWindow> {
        let mut windows = self.windows();
        let taken = windows.remove(key);
        let own = taken.as_ref().map_or(0, RememberedWindow::facts).max(runs);
        while windows.values().map(RememberedWindow::facts).sum::<usize>() + own > MOST_FACTS {
            let oldest = windows.keys().min_by_key(|other| other.start).cloned();
            let Some(oldest) = oldest else { break };
            windows.remove(&oldest);
        }
        taken
    }

    /// Keeps what is known of a window.
    pub(super) fn keep(&self, key: &WindowKey, known: RememberedWindow) {
        self.windows().insert(key.clone(), known);
    }

    /// Whether this is the first time that a part of the window is said.
    pub fn is_first_part(&self, key: &WindowKey) -> bool {
        let mut partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        // An instance may live for days; nothing is said of windows that are so old.
        partial.retain(|other| key.start - other.start < TimeDelta::days(1));
        partial.insert(key.clone())
    }

    fn windows(&self) -> MutexGuard<'_, BTreeMap<WindowKey, RememberedWindow>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
