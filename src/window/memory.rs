//! The window log in memory: for the command line, for a function without a table, and for simulations.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::{Batch, Claim, Claimed, Released, State, WindowKey, WindowLog, WindowLogError};
use crate::fact::Fact;

/// Windows, for as long as the process keeps them.
#[derive(Debug, Default)]
pub struct MemoryLog {
    windows: Mutex<BTreeMap<WindowKey, Window>>,
}

#[derive(Debug, Default)]
struct Window {
    batches: BTreeMap<String, Batch>,
    state: State,
    claim: Option<Claim>,
}

impl MemoryLog {
    fn windows(&self) -> MutexGuard<'_, BTreeMap<WindowKey, Window>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WindowLog for MemoryLog {
    async fn append(
        &self,
        key: &WindowKey,
        facts: &[Fact],
        now: DateTime<Utc>,
    ) -> Result<(), WindowLogError> {
        let batch = Batch::new(facts.to_vec(), now);
        self.windows()
            .entry(key.clone())
            .or_default()
            .batches
            .entry(batch.id.clone())
            .or_insert(batch);
        Ok(())
    }

    async fn read(&self, key: &WindowKey) -> Result<Vec<Batch>, WindowLogError> {
        Ok(self
            .windows()
            .get(key)
            .map(|window| window.batches.values().cloned().collect())
            .unwrap_or_default())
    }

    async fn claim(
        &self,
        key: &WindowKey,
        claim: &Claim,
        now: DateTime<Utc>,
    ) -> Result<Claimed, WindowLogError> {
        let mut windows = self.windows();
        let window = windows.entry(key.clone()).or_default();
        if window
            .claim
            .as_ref()
            .is_some_and(|held| held.until > now && held.token != claim.token)
        {
            return Ok(Claimed::Busy);
        }
        let earlier = window.claim.replace(claim.clone());
        let has_lapsed = earlier.is_some_and(|earlier| earlier.token != claim.token);
        Ok(Claimed::Held {
            state: window.state.clone(),
            has_lapsed,
        })
    }

    async fn release(
        &self,
        key: &WindowKey,
        claim: &Claim,
        state: &State,
    ) -> Result<Released, WindowLogError> {
        let mut windows = self.windows();
        let window = windows.entry(key.clone()).or_default();
        if window
            .claim
            .as_ref()
            .is_none_or(|held| held.token != claim.token)
        {
            return Ok(Released::Lost);
        }
        window.claim = None;
        window.state = state.clone();
        Ok(Released::Done)
    }
}
