//! What a window log must do, whatever it is kept in.
//!
//! Two things are kept for each window: batches of facts, which are only ever appended, and a small state that
//! only the holder of the window's claim writes. Whoever appends does so before it tries to claim; whoever
//! cannot claim arms a timer, so that somebody looks at its facts later.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::WindowKey;
use crate::fact::{Fact, FactId};

/// 96 bits tell the batches of a window apart, and 10,000 ids fit into an item of 400 KB.
const ID_BYTES: usize = 12;

/// Facts that were appended together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Derived from the facts, so that appending the same again changes nothing.
    pub id: String,
    /// When it was first appended.
    pub appended_at: DateTime<Utc>,
    /// What was learned.
    pub facts: Vec<Fact>,
}

impl Batch {
    /// A batch of facts, each once, in their own order: the same facts are the same batch however they arrived.
    #[must_use]
    pub fn new(mut facts: Vec<Fact>, appended_at: DateTime<Utc>) -> Self {
        facts.sort_unstable();
        facts.dedup();
        let digest = Sha256::digest(serde_json::to_vec(&facts).unwrap_or_default());
        let id = digest
            .iter()
            .take(ID_BYTES)
            .fold(String::new(), |id, byte| format!("{id}{byte:02x}"));
        Self {
            id,
            appended_at,
            facts,
        }
    }
}

/// When the newest answer to the roll call arrived. A fact that comes again is not news, even in a batch that is.
#[must_use]
pub fn last_news_at(batches: &[Batch]) -> Option<DateTime<Utc>> {
    let mut arrivals: BTreeMap<FactId<'_>, DateTime<Utc>> = BTreeMap::new();
    for batch in batches {
        for fact in batch.facts.iter().filter(|fact| fact.is_answer()) {
            let arrival = arrivals.entry(fact.id()).or_insert(batch.appended_at);
            *arrival = batch.appended_at.min(*arrival);
        }
    }
    arrivals.into_values().max()
}

/// What is remembered about a window besides its facts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// What was said last, if anything.
    pub spoken: Option<Spoken>,
    /// When the earliest timer fires that this state relies on.
    pub timer_at: Option<DateTime<Utc>>,
    /// How often in a row saying it failed.
    #[serde(default)]
    pub failures: u32,
    /// A message may have been posted that nobody took note of, so it is to be looked for before posting.
    #[serde(default)]
    pub is_in_doubt: bool,
}

/// What was said last about a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoken {
    /// When it was said.
    pub at: DateTime<Utc>,
    /// Of which batches: with `at`, this determines the words.
    pub batches: BTreeSet<String>,
    /// The message that follows the window, where it was said in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveMessage>,
}

/// A message that is edited while its window goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveMessage {
    /// Where it is.
    pub posted: Posted,
    /// When its last edit was confirmed.
    pub edited_at: DateTime<Utc>,
    /// It says how the window ended; only late facts can change that.
    pub is_final: bool,
    /// Slack does not let it be edited any more.
    #[serde(default)]
    pub is_frozen: bool,
    /// Digests of the failures that its thread was told of and that have not recovered.
    #[serde(default)]
    pub told: BTreeSet<String>,
}

/// Where a message is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The channel's id.
    pub channel: String,
    /// Slack's `ts`, which identifies a message in its channel.
    pub ts: String,
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
    /// The window is ours.
    Held {
        /// What is remembered about it.
        state: State,
        /// Somebody claimed it before and never gave it back.
        has_lapsed: bool,
    },
    /// Somebody else holds it.
    Busy,
}

/// What came of giving a window back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// The state is written and the window is free.
    Done,
    /// The claim had lapsed, and somebody else may have taken the window; the state is not written.
    Lost,
}

/// Where facts are kept. Appending facts that are already there changes nothing, and none is ever replaced.
pub trait WindowLog {
    /// Adds what was learned about a window.
    ///
    /// # Errors
    /// When the facts may not have been kept; appending them again is safe.
    fn append(
        &self,
        key: &WindowKey,
        facts: &[Fact],
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), WindowLogError>>;

    /// Everything learned about a window so far: at least all that was appended before the call.
    ///
    /// # Errors
    /// When the log cannot be read.
    fn read(&self, key: &WindowKey) -> impl Future<Output = Result<Vec<Batch>, WindowLogError>>;

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

    /// Writes the state and gives the window back.
    ///
    /// # Errors
    /// When it cannot be told whether the state was written.
    fn release(
        &self,
        key: &WindowKey,
        claim: &Claim,
        state: &State,
    ) -> impl Future<Output = Result<Released, WindowLogError>>;
}

/// The window log could not be reached, or refused a request.
#[derive(Debug, thiserror::Error)]
#[error("window log: {0}")]
pub struct WindowLogError(pub String);
