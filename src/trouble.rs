//! The error dictionary for tasks: what ECS writes about tasks that do not run, in few words, and what to do.
//!
//! Pure. To add one, add a line; the first line whose mentions all occur counts, so put the special before the
//! general. Service events, reasons of stopped tasks and the names of native events all come here.

/// What keeps tasks from running.
#[derive(Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What the text must mention, in any case.
    mentions: &'static [&'static str],
    /// For a table cell.
    pub words: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// It goes on although every task runs.
    pub is_while_running: bool,
}

const TROUBLES: &[Trouble] = &[Trouble {
    mentions: &["capacity is unavailable at this time"],
    words: "no Fargate capacity",
    advice: "Fargate had no capacity in these zones: add subnets in other zones; ECS keeps trying.",
    is_while_running: false,
}];

/// What a text says about tasks that do not run, where the dictionary knows it.
#[must_use]
pub fn trouble(text: &str) -> Option<&'static Trouble> {
    let text = text.to_lowercase();
    let fits = |trouble: &&Trouble| {
        trouble
            .mentions
            .iter()
            .all(|mention| text.contains(mention))
    };
    TROUBLES.iter().find(fits)
}
