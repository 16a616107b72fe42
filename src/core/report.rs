//! What is remembered of what a receiver was told about a window.
//!
//! Pure data. Each receiver of a window has a report of its own, written directly after something was sent.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::told::Told;

/// What a receiver was told of a window, and what it asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastReport {
    /// When it was told something last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_at: Option<DateTime<Utc>>,
    /// What it was told of each run: where messages cannot be edited, of all; else of those that failed.
    #[serde(default, with = "told_text")]
    pub told: Told,
    /// Messages that are edited while their runs go on, one for each group of runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<LiveMessage>,
    /// The failed runs that the threads of the messages heard of and that have not recovered.
    #[serde(default, with = "told_text", skip_serializing_if = "Told::is_empty")]
    pub replied: Told,
    /// How many events it confirmed, where it is a machine.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub revision: u32,
    /// It is a machine that wants no more events about this window: it answered 410 Gone.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_gone: bool,
    /// It is a watchdog that heard of something overdue, and has not heard yet that all is told.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_failing: bool,
    /// How often in a row it could not be reached.
    #[serde(default)]
    pub failures: u32,
    /// It is not to be called before this time: it asked for that, or it has just failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<DateTime<Utc>>,
    /// A message may have been posted that nobody took note of, so it is to be looked for before posting.
    #[serde(default)]
    pub is_in_doubt: bool,
    /// What it was told of overrides.
    #[serde(default, skip_serializing_if = "NoticesReport::is_empty")]
    pub notices: NoticesReport,
}

/// What a receiver was told of overrides. It stands apart from what was told of runs, so that a line that the receiver refuses
/// does not hold back what there is to say about runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticesReport {
    /// What was told, by [`crate::core::notice::Notice::name`].
    #[serde(default)]
    pub heard: BTreeMap<String, Heard>,
    /// How often in a row a line was refused.
    #[serde(default)]
    pub refusals: u32,
    /// After a refusal: when the line is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<DateTime<Utc>>,
    /// A line may have been posted that nobody took note of, so it is to be looked for before posting.
    #[serde(default)]
    pub is_in_doubt: bool,
}

impl NoticesReport {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How a receiver heard of an override.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// In a message of its own.
    Alone,
    /// In the message about the runs with which it ended.
    WithRuns,
}

/// A message that is edited while its runs go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveMessage {
    /// When the first run of its group was due: which group it is about.
    pub start: DateTime<Utc>,
    /// Where it is, in the receiver's own words.
    pub bookmark: Bookmark,
    /// When its last edit was confirmed.
    pub edited_at: DateTime<Utc>,
    /// A digest of what it shows.
    pub shown: u64,
    /// It says how its runs ended; only late records can change that.
    pub is_final: bool,
    /// The receiver does not let it be edited any more.
    #[serde(default)]
    pub is_frozen: bool,
    /// How many pages of its rows stand in its thread, where the message does not show all of them.
    #[serde(default)]
    pub pages: usize,
}

/// Where a message is, in the words of the receiver that wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bookmark(pub String);

impl LastReport {
    /// Notes that something was told.
    pub fn confirm(&mut self, at: DateTime<Utc>) {
        self.said_at = Some(at);
        self.reached();
    }

    /// When the receiver confirmed last what will not change again, as far as anybody can tell: a message that is still
    /// edited does not count before it is final.
    #[must_use]
    pub fn settled_at(&self) -> Option<DateTime<Utc>> {
        if self.messages.is_empty() {
            return self.said_at;
        }
        let settled = self.messages.iter().filter(|message| message.is_final);
        settled.map(|message| message.edited_at).max()
    }

    /// Notes that the receiver confirmed something.
    pub fn reached(&mut self) {
        self.failures = 0;
        self.not_before = None;
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

mod told_text {
    use super::{Deserialize, Deserializer, Serializer, Told};

    pub(super) fn serialize<S: Serializer>(told: &Told, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&told.to_text())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Told, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Told::from_text(&text)
            .ok_or_else(|| serde::de::Error::custom("what was told has another form"))
    }
}
