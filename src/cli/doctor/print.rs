//! Prints findings for people, or as JSON for machines.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use anyhow::Context;

use super::finding::{Finding, Outcome, Report};
use crate::cli::terminal::Width;
use crate::core::text::visible;

/// The longest area's name.
const AREA_WIDTH: usize = 9;

fn mark(outcome: Outcome) -> (Style, &'static str) {
    let color = |color: AnsiColor| color.on_default().bold();
    match outcome {
        Outcome::Fine => (color(AnsiColor::Green), "✓"),
        Outcome::Wrong => (color(AnsiColor::Red), "✗"),
        Outcome::Unknown => (color(AnsiColor::Yellow), "?"),
    }
}

/// A finding as lines, without its mark; lines after the first are indented under the subject.
fn lines(finding: &Finding, width: Width) -> Vec<String> {
    let indent = " ".repeat(AREA_WIDTH + 3);
    let text = format!(
        "{:AREA_WIDTH$} {}: {}",
        finding.area,
        visible(&finding.subject),
        visible(&finding.text)
    );
    let advice = finding.advice.as_deref().map(|advice| {
        let advice = format!("{indent}→ {}", visible(advice));
        width.wrap(&advice, &format!("{indent}  "))
    });
    let text = width.wrap(&text, &indent);
    text.into_iter()
        .chain(advice.into_iter().flatten())
        .collect()
}

/// Writes the findings to standard output.
pub(super) fn print(report: &Report<'_>, is_json: bool, width: Width) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    if is_json {
        let json = serde_json::to_string(report).context("cannot write")?;
        return writeln!(out, "{json}").context("cannot write");
    }
    for finding in report.findings {
        let (style, mark) = mark(finding.outcome);
        for (number, line) in lines(finding, width).iter().enumerate() {
            let mark = if number == 0 { mark } else { " " };
            writeln!(out, "{style}{mark}{style:#} {line}").context("cannot write")?;
        }
    }
    writeln!(out, "{}: {}", visible(report.function), report.totals()).context("cannot write")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_stands_below_what_is_wrong() {
        let finding = Finding::wrong("queue", "records", "has no policy", "add one");
        assert_eq!(
            lines(&finding, Width::default()),
            ["queue     records: has no policy", "            → add one"]
        );
    }
}
