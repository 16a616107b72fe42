//! For whom messages are written: the zone of the times, the language, and how many rows a table has.
//!
//! Pure.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;

use super::words::{Language, Words};

/// For whom messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reader {
    /// The zone of the times that people see.
    pub timezone: Tz,
    /// The language of everything that rollcall says itself; names and errors stay as AWS has them.
    pub language: Language,
    /// How many rows a message's table has.
    pub rows: RowLimit,
    /// What accounts are called.
    pub accounts: AccountNames,
}

impl Reader {
    /// Somebody who reads English, with the default number of rows.
    #[must_use]
    pub fn english(timezone: Tz) -> Self {
        Self {
            timezone,
            language: Language::English,
            rows: RowLimit::default(),
            accounts: AccountNames::NONE,
        }
    }

    pub(crate) fn words(self) -> &'static dyn Words {
        self.language.words()
    }
}

/// What accounts are called in messages, which show an account only where it tells rows apart.
///
/// It is copied with every [`Reader`]. So the names stay in memory until the process ends, which reads them once at its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct AccountNames(&'static [(String, String)]);

impl AccountNames {
    /// No account has a name.
    pub const NONE: Self = Self(&[]);

    /// With these names, by the twelve digits of the accounts.
    #[must_use]
    pub fn new(names: BTreeMap<String, String>) -> Self {
        if names.is_empty() {
            return Self::NONE;
        }
        Self(Vec::from_iter(names).leak())
    }

    /// An account's name, or its digits where it has none.
    #[must_use]
    pub fn name(self, account: &str) -> &str {
        let name = self.0.iter().find(|(known, _)| known == account);
        name.map_or(account, |(_, name)| name)
    }
}

/// How many rows a message's table has before the others are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowLimit {
    /// At most so many.
    First(usize),
    /// As many as fit into a message.
    All,
}

impl RowLimit {
    /// The limit as a number.
    #[must_use]
    pub fn count(self) -> usize {
        match self {
            Self::First(count) => count,
            Self::All => usize::MAX,
        }
    }
}

impl Default for RowLimit {
    /// What a phone shows without much scrolling.
    fn default() -> Self {
        Self::First(12)
    }
}

/// The text given is no number of rows.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("expected a whole number of rows from 1 to 90, such as 12, or all")]
pub struct InvalidRowLimit;

impl FromStr for RowLimit {
    type Err = InvalidRowLimit;

    /// Slack's table takes 100 rows; its head and the rows that count the others are among them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.parse()) {
            ("all", _) => Ok(Self::All),
            (_, Ok(count)) if (1..=90).contains(&count) => Ok(Self::First(count)),
            _ => Err(InvalidRowLimit),
        }
    }
}

impl fmt::Display for RowLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First(count) => count.fmt(f),
            Self::All => f.write_str("all"),
        }
    }
}
