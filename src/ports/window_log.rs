//! What a window log must do, whatever it is kept in.
//!
//! Four things are kept for each window:
//! - batches of facts, which are numbered and only ever appended;
//! - its head: the number of the last batch, the next timer, the claim, and what the last visit left;
//! - observations of ECS, in chunks, and for each receiver the report of what it was told: only the holder of the
//!   window's claim writes these.
//!
//! Whoever appends does so before it tries to claim. Whoever cannot claim makes sure that a timer brings a later
//! visit, because the holder may have read before the append.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::core::fact::Fact;
use crate::core::observation::Observations;
use crate::core::report::LastReport;
use crate::core::runs::Arrival;
use crate::core::window::WindowKey;

/// Facts that were appended together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Counted from 1 within the window, with gaps where an appender died.
    pub number: u64,
    /// When it was appended.
    pub arrival: Arrival,
    /// What was learned.
    pub facts: Vec<Fact>,
}

/// What is known about a window before anything of it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The number of the last batch that somebody began to append.
    pub appended: u64,
    /// When the next timer fires, as far as anybody noted.
    pub timer_at: Option<DateTime<Utc>>,
    /// What the last visit left.
    pub visit: VisitNotes,
}

/// What one visit leaves for the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitNotes {
    /// Counts the visits that wrote something; who kept what this one read need not read it again.
    #[serde(default)]
    pub version: u64,
    /// When the visit ended.
    #[serde(default)]
    pub visited_at: Option<DateTime<Utc>>,
    /// Up to which number the visit had read every batch.
    #[serde(default)]
    pub read: u64,
    /// When something is due: before that, a timer that fires has nothing to do.
    #[serde(default)]
    pub wake_at: Option<DateTime<Utc>>,
    /// How many runs the window has, which tells how often it is worth a visit.
    #[serde(default)]
    pub runs: usize,
    /// The version at which each chunk of observations was written last.
    #[serde(default)]
    pub chunks: Vec<u64>,
    /// A digest of the calls that were forwarded, each with the window that it belongs to; 0 for none. A roster that comes
    /// later may tell that a call belongs to another window.
    #[serde(default)]
    pub forwarded: u64,
}

/// Everything that is kept of a window, as far as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WindowContents {
    /// The batches, by number.
    pub batches: BTreeMap<u64, Batch>,
    /// Up to which number every batch is known.
    pub cursor: u64,
    /// What ECS answered.
    pub observations: Observations,
    /// The version of each chunk of the observations.
    pub chunks: Vec<u64>,
    /// What each receiver was told, by the receiver's name.
    pub reports: BTreeMap<String, LastReport>,
    /// [`VisitNotes::version`] at which it was read.
    pub version: u64,
}

impl WindowContents {
    /// All facts, each with its arrival.
    pub fn facts(&self) -> impl Iterator<Item = (&Fact, Arrival)> {
        let of = |batch: &Batch| batch.arrival;
        self.batches
            .values()
            .flat_map(move |batch| batch.facts.iter().map(move |fact| (fact, of(batch))))
    }

    /// Takes in a batch that was read, and moves the cursor over numbers without a gap.
    pub fn insert(&mut self, batch: Batch) {
        self.batches.insert(batch.number, batch);
        while self.batches.contains_key(&(self.cursor + 1)) {
            self.cursor += 1;
        }
    }
}

/// A claim on a window: only its holder may say something about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Tells this claim from every other.
    pub token: String,
    /// When it lapses: shortly after the function's timeout, should the holder die.
    pub until: DateTime<Utc>,
}

/// What came of trying to claim a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The claim is ours.
    Held {
        /// What is known about the window.
        head: Head,
        /// Somebody claimed it before and never gave it back.
        has_lapsed: bool,
    },
    /// Somebody else holds it; the next timer, where the log tells.
    Busy(Option<DateTime<Utc>>),
}

/// What came of giving a window back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// The notes are written and the window is free.
    Done,
    /// The claim had lapsed, and somebody else took the window; the notes are not written.
    Lost,
}

/// Where windows are kept.
pub trait WindowLog {
    /// Appends facts to a window. Returns its head as it was just before they could be read.
    ///
    /// # Errors
    /// When the facts may not have been kept. Appending them again is safe: each fact counts once.
    fn append(
        &self,
        key: &WindowKey,
        facts: &[Fact],
        arrival: Arrival,
    ) -> impl Future<Output = Result<Head, WindowLogError>>;

    /// Takes the window unless somebody else's claim is still good.
    ///
    /// # Errors
    /// When it cannot be told whether the window was claimed; the claim then lapses by itself.
    fn claim(
        &self,
        key: &WindowKey,
        claim: &Claim,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Claimed, WindowLogError>>;

    /// Brings what was read of a window before up to date, for the holder of its claim: reads batches after the
    /// cursor, and what other visits wrote since.
    ///
    /// # Errors
    /// When the log cannot be read.
    fn refresh(
        &self,
        key: &WindowKey,
        head: &Head,
        contents: &mut WindowContents,
    ) -> impl Future<Output = Result<(), WindowLogError>>;

    /// Writes a chunk of observations, in place of what stood there.
    ///
    /// # Errors
    /// When it may not have been written.
    fn observe(
        &self,
        key: &WindowKey,
        chunk: usize,
        observations: &Observations,
    ) -> impl Future<Output = Result<(), WindowLogError>>;

    /// Writes what a receiver was told, in place of what stood there.
    ///
    /// # Errors
    /// When it may not have been written.
    fn note(
        &self,
        key: &WindowKey,
        receiver: &str,
        report: &LastReport,
    ) -> impl Future<Output = Result<(), WindowLogError>>;

    /// Notes when the next timer fires. This only saves timers; nothing relies on it.
    ///
    /// # Errors
    /// When it may not have been written.
    fn note_timer(
        &self,
        key: &WindowKey,
        at: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), WindowLogError>>;

    /// Writes the visit's notes and gives the window back. `timer_at` is a timer that the visit armed.
    ///
    /// # Errors
    /// When it cannot be told whether the notes were written.
    fn release(
        &self,
        key: &WindowKey,
        claim: &Claim,
        notes: &VisitNotes,
        timer_at: Option<DateTime<Utc>>,
    ) -> impl Future<Output = Result<Released, WindowLogError>>;
}

/// The window log could not be reached, or refused a request.
#[derive(Debug, thiserror::Error)]
#[error("window log: {0}")]
pub struct WindowLogError(pub String);
