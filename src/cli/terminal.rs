//! Renders a summary for the terminal. Nothing is left out, since a terminal has no limits but its width.

use std::borrow::Cow;
use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};
use terminal_size::terminal_size_of;
use textwrap::WordSplitter;

use crate::core::status::Severity;
use crate::core::summary::{Row, Summary};
use crate::core::table;
use crate::core::text::visible;
use crate::slack::render::HEADINGS;

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

/// Writes a text in one style, in as many lines as it takes.
fn text(out: &mut String, style: Style, width: Width, indent: &str, text: &str) -> fmt::Result {
    for line in width.wrap(text, indent) {
        writeln!(out, "{style}{line}{style:#}")?;
    }
    Ok(())
}

fn write_summary(out: &mut String, summary: &Summary, width: Width) -> fmt::Result {
    let environment = visible(&summary.environment);
    let title = format!("📊 {} · {environment}", summary.headline());
    text(out, BOLD, width, "", &title)?;
    text(out, PLAIN, width, "", &visible(&summary.subtitle()))?;
    table(out, &summary.rows, width)?;
    let style = if summary.has_failures() {
        BAD.bold()
    } else {
        GOOD.bold()
    };
    text(out, style, width, "", &summary.totals())?;
    if summary.has_failures() {
        text(out, BAD, width, "", summary.reasons_heading())?;
    }
    for failure in &summary.failures {
        let (subject, reason) = (visible(&failure.subject), visible(&failure.reason));
        text(out, PLAIN, width, "  ", &format!("• {subject}: {reason}"))?;
        if let Some(advice) = failure.advice {
            text(out, DIM, width, "  ", &format!("  {advice}"))?;
        }
    }
    for note in &summary.notes {
        text(out, DIM, width, "", &visible(note))?;
    }
    Ok(())
}

fn table(out: &mut String, rows: &[Row], width: Width) -> fmt::Result {
    let cells = rows.iter().map(|row| {
        [
            visible(&row.service),
            row.action.clone(),
            row.status.to_string(),
        ]
    });
    let lines = table::fitted(&HEADINGS.map(str::to_owned), cells, width.columns());
    for line in lines.head {
        writeln!(out, "{DIM}{line}{DIM:#}")?;
    }
    for (lines, row) in lines.rows.iter().zip(rows) {
        let style = match row.status.severity {
            Severity::Bad => BAD,
            Severity::Warn => WARN,
            Severity::Waiting | Severity::Good => PLAIN,
        };
        for line in lines {
            writeln!(out, "{style}{line}{style:#}")?;
        }
    }
    Ok(())
}
