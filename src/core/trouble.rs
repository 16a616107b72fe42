//! The dictionary for tasks that do not run: it tells what it is that ECS writes about.
//!
//! Pure. Service events, reasons of stopped tasks, the names of ECS's own events and the `failures` of `RunTask` are
//! all looked up here. To add a text, add a line to `known`, its words to [`crate::core::words`], and the text to the
//! tests.

mod kind;
mod known;
#[cfg(test)]
mod tests;

pub use self::kind::TroubleKind;

/// What keeps tasks from running.
#[derive(Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The text must contain this, in small letters.
    within: &'static str,
    /// The text must also contain one of these, in small letters. One that starts with `^` must stand at the beginning.
    mentions: &'static [&'static str],
    /// What it is; the words for it stand in [`crate::core::words`].
    pub kind: TroubleKind,
    /// The trouble may go on while every task runs, as where health checks fail.
    pub is_while_running: bool,
    /// The text says that tasks fail, and not why.
    pub is_general: bool,
}

impl Trouble {
    /// A trouble that is over once every task runs.
    const fn new(
        within: &'static str,
        mentions: &'static [&'static str],
        kind: TroubleKind,
    ) -> Self {
        Self {
            within,
            mentions,
            kind,
            is_while_running: false,
            is_general: false,
        }
    }

    const fn general(self) -> Self {
        Self {
            is_general: true,
            ..self
        }
    }

    const fn while_running(self) -> Self {
        Self {
            is_while_running: true,
            ..self
        }
    }

    fn fits(&self, text: &str) -> bool {
        let is_mentioned = |mention: &&str| match mention.strip_prefix('^') {
            Some(start) => text.starts_with(start),
            None => text.contains(*mention),
        };
        text.contains(self.within) && self.mentions.iter().any(is_mentioned)
    }
}

/// Looks a text up; `None` for a text that the dictionary does not know.
#[must_use]
pub fn trouble(text: &str) -> Option<&'static Trouble> {
    let text = text.to_lowercase();
    known::TROUBLES.iter().find(|trouble| trouble.fits(&text))
}

/// The words that the dictionary looks for, in small letters: they belong to AWS's texts, whatever else is in these.
#[cfg(feature = "cli")]
pub(crate) fn vocabulary() -> impl Iterator<Item = &'static str> {
    known::TROUBLES
        .iter()
        .flat_map(|trouble| std::iter::once(trouble.within).chain(trouble.mentions.iter().copied()))
        .flat_map(|text| text.split(|character: char| !character.is_ascii_alphanumeric()))
        .filter(|word| !word.is_empty())
}
