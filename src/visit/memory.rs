//! What an instance of the function keeps of windows between invocations, so that it reads a window's facts once
//! and folds them only when there are new ones.
//!
//! Nothing relies on it: a visit that finds nothing here reads everything.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::core::runs::Runs;
use crate::core::window::WindowKey;
use crate::ports::window_log::WindowContents;

/// How many facts are kept in all: a window of 10,000 services and some small ones.
const MOST_FACTS: usize = 25_000;

/// What is known of one window.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What was read.
    pub(super) contents: WindowContents,
    /// The fold of its facts.
    pub(super) runs: Runs,
    /// How many batches were folded.
    folded: usize,
}

impl Known {
    /// Folds what was read, if there is anything new.
    pub(super) fn fold(&mut self, key: &WindowKey) {
        if self.folded != self.contents.batches.len() {
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
    windows: Mutex<BTreeMap<WindowKey, Known>>,
    /// Windows of which a part was said because the log could not be reached.
    partial: Mutex<std::collections::BTreeSet<WindowKey>>,
}

impl VisitMemory {
    /// Takes out what is known of a window. If the visit dies, nothing half-known stays behind.
    pub(super) fn take(&self, key: &WindowKey) -> Option<Known> {
        self.windows().remove(key)
    }

    /// Keeps what is known of a window, and lets go of the oldest windows where that is too much.
    pub(super) fn keep(&self, key: &WindowKey, known: Known) {
        let mut windows = self.windows();
        windows.insert(key.clone(), known);
        while windows.len() > 1 && windows.values().map(Known::facts).sum::<usize>() > MOST_FACTS {
            let oldest = windows
                .keys()
                .min_by_key(|other| (*other == key, other.start))
                .cloned();
            let Some(oldest) = oldest else { return };
            windows.remove(&oldest);
        }
    }

    /// Whether this is the first time that a part of the window is said.
    pub fn is_first_part(&self, key: &WindowKey) -> bool {
        let mut partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        partial.insert(key.clone())
    }

    fn windows(&self) -> MutexGuard<'_, BTreeMap<WindowKey, Known>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
