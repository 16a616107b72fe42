//! Renders a summary for the terminal, in the order of the message. A terminal has no limits but its width, so every reason
//! and every name is shown; rows are counted where the reader wants no more of them.

use std::borrow::Cow;
use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};
use terminal_size::terminal_size_of;
use textwrap::WordSplitter;

use crate::core::notice::Notice;
use crate::core::status::Severity;
use crate::core::summary::{Reason, Summary};
use crate::core::table;
use crate::core::text::visible;

const PLAIN: Style = Style::new();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const WARN: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// A narrower terminal is taken for a mistake.
const NARROWEST: u16 = 20;

/// How many columns the output has; none where it goes to a file or to another program.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Width(Option<u16>);

impl Width {
    /// As the variable `COLUMNS` says, or else as wide as the terminal that standard output is.
    pub(super) fn of(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let asked = lookup("COLUMNS").and_then(|columns| columns.parse().ok());
        let terminal = || terminal_size_of(std::io::stdout()).map(|(width, _)| width.0);
        Self(asked.or_else(terminal).filter(|&width| width >= NARROWEST))
    }

    /// The columns.
    pub(super) fn columns(self) -> Option<u16> {
        self.0
    }

    /// So many columns less, for what stands before each line.
    pub(super) fn without(self, columns: usize) -> Self {
        let columns = u16::try_from(columns).unwrap_or(u16::MAX);
        Self(
            self.0
                .map(|width| width.saturating_sub(columns).max(NARROWEST)),
        )
    }

    /// Breaks a text between words into lines; those after the first are indented. A word that is longer than a line stays
    /// whole, so that it can be copied.
    pub(super) fn wrap(self, text: &str, indent: &str) -> Vec<String> {
        match self.0 {
            None => vec![text.to_owned()],
            Some(width) => {
                let options = textwrap::Options::new(width.into())
                    .subsequent_indent(indent)
                    .word_splitter(WordSplitter::NoHyphenation)
                    .break_words(false);
                let lines = textwrap::wrap(text, options);
                lines.into_iter().map(Cow::into_owned).collect()
            }
        }
    }
}

/// The message as lines with colour codes, which `anstream` removes where the output takes none.
pub(super) fn render(summary: &Summary, width: Width) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_summary(&mut out, summary, width);
    out
}

/// The heading of what a route hears.
pub(super) fn heading(route: &str) -> String {
    format!("{DIM}──{DIM:#} {BOLD}{route}{BOLD:#}\n")
}

/// A line about an override, as [`render`] shows a message.
pub(super) fn notice(notice: &Notice, width: Width) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = text(&mut out, BOLD, width, "", &visible(&notice.line));
    out
}

/// Writes a text in one style, in as many lines as it takes.
fn text(out: &mut String, style: Style, width: Width, indent: &str, text: &str) -> fmt::Result {
    for line in width.wrap(text, indent) {
        writeln!(out, "{style}{line}{style:#}")?;
    }
    Ok(())
}

fn write_summary(out: &mut String, summary: &Summary, width: Width) -> fmt::Result {
    let verdict = visible(&summary.verdict.line(&summary.environment));
    let style = style(summary.verdict.severity).bold();
    text(out, style, width, "", &verdict)?;
    text(out, PLAIN, width, "", &visible(&summary.subtitle))?;
    for line in &summary.overrides {
        text(out, PLAIN, width, "", &visible(line))?;
    }
    for reason in &summary.reasons {
        write_reason(out, reason, width)?;
    }
    for change in &summary.changes {
        text(out, PLAIN, width, "  ", &visible(change))?;
    }
    table(out, summary, width)?;
    text(out, BOLD, width, "", &visible(&summary.totals()))?;
    for note in &summary.notes {
        text(out, DIM, width, "", &visible(note))?;
    }
    Ok(())
}

/// What is wrong, what to do about it, and what AWS wrote.
fn write_reason(out: &mut String, reason: &Reason, width: Width) -> fmt::Result {
    if !reason.heading.is_empty() {
        let heading = visible(&reason.heading);
        let code = reason.code.as_ref();
        let code = code.map_or_else(String::new, |code| format!(" ({})", visible(code)));
        let what = match reason.names.as_slice() {
            [] => visible(&reason.text),
            names => visible(&names.join(", ")),
        };
        text(out, BOLD, width, "  ", &format!("{heading}{code}: {what}"))?;
    }
    if let Some(advice) = &reason.advice {
        text(out, PLAIN, width, "  ", &format!("→ {}", visible(advice)))?;
    }
    if let Some(detail) = &reason.detail {
        text(out, DIM, width, "  ", &visible(detail))?;
    }
    Ok(())
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Bad => BAD,
        Severity::Warn => WARN,
        Severity::Good => GOOD,
        Severity::Waiting => PLAIN,
    }
}

/// The rows that a message shows; `--rows all` shows every one.
fn table(out: &mut String, summary: &Summary, width: Width) -> fmt::Result {
    let rows = summary.table(summary.reader.rows.count());
    if rows.is_empty() {
        return Ok(());
    }
    let cells = rows
        .iter()
        .map(|row| [&row.service, &row.action, &row.status.to_string()].map(|cell| visible(cell)));
    let headings = summary.reader.words().headings().map(str::to_owned);
    let lines = table::fitted(&headings, cells, width.columns());
    for line in lines.head {
        writeln!(out, "{DIM}{line}{DIM:#}")?;
    }
    for (lines, row) in lines.rows.iter().zip(&rows) {
        let style = match row.status.severity {
            Severity::Good => PLAIN,
            severity => style(severity),
        };
        for line in lines {
            writeln!(out, "{style}{line}{style:#}")?;
        }
    }
    Ok(())
}
