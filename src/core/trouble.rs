//! The error dictionary for tasks: what ECS writes about tasks that do not run, in few words, and what to do.
//!
//! Pure. Service events, reasons of stopped tasks, the names of native events and the reasons of `RunTask`'s
//! failures all come here. To add one, add a line to `known`, and its text to the tests.

mod known;
#[cfg(test)]
mod tests;

/// What keeps tasks from running.
#[derive(Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What the text must mention, in small letters.
    within: &'static str,
    /// One of which it must mention as well; after `^`, begin with.
    mentions: &'static [&'static str],
    /// For a table cell.
    pub words: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// It goes on although every task runs.
    pub is_while_running: bool,
    /// It says that tasks fail, not why.
    pub is_general: bool,
}

impl Trouble {
    /// What ends where every task runs.
    const fn new(
        within: &'static str,
        mentions: &'static [&'static str],
        words: &'static str,
        advice: &'static str,
    ) -> Self {
        Self {
            within,
            mentions,
            words,
            advice,
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

/// What a text says about tasks that do not run, where the dictionary knows it.
#[must_use]
pub fn trouble(text: &str) -> Option<&'static Trouble> {
    let text = text.to_lowercase();
    known::TROUBLES.iter().find(|trouble| trouble.fits(&text))
}
