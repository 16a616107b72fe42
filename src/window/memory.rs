//! The window log in memory: for the command line, and for a function without a table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::{WindowKey, WindowLog, WindowLogError};
use crate::fact::Fact;

/// Facts by window, for as long as the process keeps it.
#[derive(Debug, Default)]
pub struct MemoryLog {
    windows: Mutex<BTreeMap<WindowKey, BTreeSet<Fact>>>,
}

impl WindowLog for MemoryLog {
    async fn append(&self, key: &WindowKey, facts: Vec<Fact>) -> Result<(), WindowLogError> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.entry(key.clone()).or_default().extend(facts);
        Ok(())
    }

    async fn read(&self, key: &WindowKey) -> Result<Vec<Fact>, WindowLogError> {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(windows.get(key).into_iter().flatten().cloned().collect())
    }
}
