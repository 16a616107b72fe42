//! Renders a summary for the terminal, in the order of the message. A terminal has no limits, so every reason and every
//! name is shown; rows are counted where the reader wants no more of them.

use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::core::status::Severity;
use crate::core::summary::{Reason, Summary};
use crate::core::table;
use crate::core::text::visible;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const WARN: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// The message as lines with colour codes, which `anstream` removes where the output takes none.
pub(super) fn render(summary: &Summary) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_summary(&mut out, summary);
    out
}

fn write_summary(out: &mut String, summary: &Summary) -> fmt::Result {
    let style = style(summary.verdict.severity);
    let verdict = visible(&summary.verdict.line(&summary.environment));
    writeln!(out, "{BOLD}{style}{verdict}{style:#}{BOLD:#}")?;
    writeln!(out, "{}", visible(&summary.subtitle))?;
    for reason in &summary.reasons {
        write_reason(out, reason)?;
    }
    for change in &summary.changes {
        writeln!(out, "{}", visible(change))?;
    }
    table(out, summary)?;
    writeln!(out, "{BOLD}{}{BOLD:#}", visible(&summary.totals()))?;
    for note in &summary.notes {
        writeln!(out, "{DIM}{}{DIM:#}", visible(note))?;
    }
    Ok(())
}

/// What is wrong, what to do about it, and what AWS wrote.
fn write_reason(out: &mut String, reason: &Reason) -> fmt::Result {
    if !reason.heading.is_empty() {
        let heading = visible(&reason.heading);
        let code = reason.code.as_ref();
        let code = code.map_or_else(String::new, |code| format!(" ({})", visible(code)));
        let what = match reason.names.as_slice() {
            [] => visible(&reason.text),
            names => visible(&names.join(", ")),
        };
        writeln!(out, "{BOLD}{heading}{BOLD:#}{code}: {what}")?;
    }
    if let Some(advice) = &reason.advice {
        writeln!(out, "→ {}", visible(advice))?;
    }
    if let Some(detail) = &reason.detail {
        writeln!(out, "{DIM}{}{DIM:#}", visible(detail))?;
    }
    Ok(())
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Bad => BAD,
        Severity::Warn => WARN,
        Severity::Good => GOOD,
        Severity::Waiting => Style::new(),
    }
}

/// The rows that a message shows; `--rows all` shows every one.
fn table(out: &mut String, summary: &Summary) -> fmt::Result {
    let rows = summary.table(summary.reader.rows.count());
    if rows.is_empty() {
        return Ok(());
    }
    let cells = rows
        .iter()
        .map(|row| [&row.service, &row.action, &row.status.to_string()].map(|cell| visible(cell)));
    let headings = summary.reader.words().headings().map(str::to_owned);
    let lines = table::aligned(&headings, cells);
    let (headings, lines) = lines.split_at(lines.len() - rows.len());
    for line in headings {
        writeln!(out, "{DIM}{line}{DIM:#}")?;
    }
    for (line, row) in lines.iter().zip(&rows) {
        let style = match row.status.severity {
            Severity::Good => Style::new(),
            severity => style(severity),
        };
        writeln!(out, "{style}{line}{style:#}")?;
    }
    Ok(())
}
