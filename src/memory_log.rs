//! The window log in memory: for the command line and for simulations.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::core::fact::Fact;
use crate::core::observation::Observations;
use crate::core::report::LastReport;
use crate::core::runs::Arrival;
use crate::core::window::WindowKey;
use crate::ports::window_log::{
    Batch, Claim, Claimed, Head, Released, VisitNotes, WindowContents, WindowLog, WindowLogError,
};

/// Windows, for as long as the process keeps them.
#[derive(Debug, Default)]
pub struct MemoryLog {
    windows: Mutex<BTreeMap<WindowKey, Window>>,
}

#[derive(Debug, Default)]
struct Window {
    head: Head,
    batches: BTreeMap<u64, Batch>,
    chunks: Vec<Observations>,
    reports: BTreeMap<String, LastReport>,
    claim: Option<Claim>,
    /// The claim that was given back last: a client that did not hear the answer asks again.
    released_by: Option<String>,
}

impl MemoryLog {
    fn windows(&self) -> MutexGuard<'_, BTreeMap<WindowKey, Window>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that is kept of a window.
    #[must_use]
    pub fn contents(&self, key: &WindowKey) -> WindowContents {
        let mut contents = WindowContents::default();
        if let Some(window) = self.windows().get(key) {
            for batch in window.batches.values() {
                contents.insert(batch.clone());
            }
            for (number, chunk) in window.chunks.iter().enumerate() {
                contents.observations.replace_chunk(number, chunk.clone());
            }
            contents.reports.clone_from(&window.reports);
        }
        contents
    }
}

impl WindowLog for MemoryLog {
    async fn append(
        &self,
        key: &WindowKey,
        facts: &[Fact],
        arrival: Arrival,
    ) -> Result<Head, WindowLogError> {
        let mut windows = self.windows();
        let window = windows.entry(key.clone()).or_default();
        window.head.appended += 1;
        let number = window.head.appended;
        let batch = Batch {
            number,
            arrival,
            facts: facts.to_vec(),
        };
        window.batches.insert(number, batch);
        Ok(window.head.clone())
    }

    async fn claim(
        &self,
        key: &WindowKey,
        claim: &Claim,
        now: DateTime<Utc>,
    ) -> Result<Claimed, WindowLogError> {
        let mut windows = self.windows();
        let window = windows.entry(key.clone()).or_default();
        let is_others = |held: &Claim| held.until > now && held.token != claim.token;
        if window.claim.as_ref().is_some_and(is_others) {
            return Ok(Claimed::Busy(window.head.timer_at));
        }
        let earlier = window.claim.replace(claim.clone());
        Ok(Claimed::Held {
            head: window.head.clone(),
            has_lapsed: earlier.is_some_and(|earlier| earlier.token != claim.token),
        })
    }

    async fn refresh(
        &self,
        key: &WindowKey,
        head: &Head,
        contents: &mut WindowContents,
    ) -> Result<(), WindowLogError> {
        let windows = self.windows();
        let Some(window) = windows.get(key) else {
            return Ok(());
        };
        let after = contents.cursor + 1;
        for batch in window
            .batches
            .range(after..)
            .map(|(_, batch)| batch.clone())
        {
            contents.insert(batch);
        }
        for (number, chunk) in window.chunks.iter().enumerate() {
            contents.observations.replace_chunk(number, chunk.clone());
        }
        contents.chunks.clone_from(&head.visit.chunks);
        contents.reports.clone_from(&window.reports);
        contents.version = head.visit.version;
        Ok(())
    }

    async fn observe(
        &self,
        key: &WindowKey,
        chunk: usize,
        observations: &Observations,
    ) -> Result<(), WindowLogError> {
        let mut windows = self.windows();
        let chunks = &mut windows.entry(key.clone()).or_default().chunks;
        if chunks.len() <= chunk {
            chunks.resize_with(chunk + 1, Observations::default);
        }
        chunks[chunk] = observations.clone();
        Ok(())
    }

    async fn note(
        &self,
        key: &WindowKey,
        receiver: &str,
        report: &LastReport,
    ) -> Result<(), WindowLogError> {
        let mut windows = self.windows();
        let reports = &mut windows.entry(key.clone()).or_default().reports;
        reports.insert(receiver.to_owned(), report.clone());
        Ok(())
    }

    async fn note_timer(&self, key: &WindowKey, at: DateTime<Utc>) -> Result<(), WindowLogError> {
        self.windows().entry(key.clone()).or_default().head.timer_at = Some(at);
        Ok(())
    }

    async fn release(
        &self,
        key: &WindowKey,
        claim: &Claim,
        notes: &VisitNotes,
        timer_at: Option<DateTime<Utc>>,
    ) -> Result<Released, WindowLogError> {
        let mut windows = self.windows();
        let window = windows.entry(key.clone()).or_default();
        let is_held = |held: &Claim| held.token == claim.token;
        if !window.claim.as_ref().is_some_and(is_held) {
            // As the table: what was released is released, even if somebody else holds the window by now.
            let is_released = window.released_by.as_ref() == Some(&claim.token);
            return Ok(if is_released {
                Released::Done
            } else {
                Released::Lost
            });
        }
        window.claim = None;
        window.released_by = Some(claim.token.clone());
        window.head.visit = notes.clone();
        window.head.timer_at = timer_at.or(window.head.timer_at);
        Ok(Released::Done)
    }
}
