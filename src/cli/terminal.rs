//! Renders a summary for the terminal. Nothing is left out, since a terminal has no limits.

use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::core::status::Severity;
use crate::core::summary::{Row, Summary};
use crate::core::table;
use crate::core::text::visible;
use crate::slack::render::HEADINGS;

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
    let environment = visible(&summary.environment);
    writeln!(
        out,
        "{BOLD}📊 {} · {environment}{BOLD:#}",
        summary.headline()
    )?;
    writeln!(out, "{}", visible(&summary.subtitle()))?;
    table(out, &summary.rows)?;
    let style = if summary.has_failures() {
        BAD.bold()
    } else {
        GOOD.bold()
    };
    writeln!(out, "{style}{}{style:#}", summary.totals())?;
    if summary.has_failures() {
        writeln!(out, "{BAD}{}{BAD:#}", summary.reasons_heading())?;
    }
    for failure in &summary.failures {
        writeln!(
            out,
            "• {}: {}",
            visible(&failure.subject),
            visible(&failure.reason)
        )?;
        if let Some(advice) = failure.advice {
            writeln!(out, "  {DIM}{advice}{DIM:#}")?;
        }
    }
    for note in &summary.notes {
        writeln!(out, "{DIM}{}{DIM:#}", visible(note))?;
    }
    Ok(())
}

fn table(out: &mut String, rows: &[Row]) -> fmt::Result {
    let cells = rows.iter().map(|row| {
        [
            visible(&row.service),
            row.action.clone(),
            row.status.to_string(),
        ]
    });
    let lines = table::aligned(&HEADINGS.map(str::to_owned), cells);
    let (headings, lines) = lines.split_at(lines.len() - rows.len());
    for line in headings {
        writeln!(out, "{DIM}{line}{DIM:#}")?;
    }
    for (line, row) in lines.iter().zip(rows) {
        let style = match row.status.severity {
            Severity::Bad => BAD,
            Severity::Warn => WARN,
            Severity::Waiting | Severity::Good => Style::new(),
        };
        writeln!(out, "{style}{line}{style:#}")?;
    }
    Ok(())
}
