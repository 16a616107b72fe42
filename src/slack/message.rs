//! A summary as a Slack message: Block Kit within Slack's limits, for any input.
//!
//! Pure. Space is given out in the order of importance: title and totals, then the failures with their
//! reasons, then the table, whose last rows are the succeeded ones. What does not fit is said as a count.

use serde::Serialize;

use super::escape::{mrkdwn, plain};
use super::limits;
use crate::summary::{Failure, Row, Status, Summary};
use crate::table;

/// The body of a message, as an incoming webhook takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// For notifications and screen readers: totals and failures.
    pub text: String,
    /// What people see.
    pub blocks: Vec<Block>,
    /// Links in an error message are not worth a preview.
    pub unfurl_links: bool,
    /// As `unfurl_links`.
    pub unfurl_media: bool,
}

/// The Block Kit blocks that rollcall uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// The title.
    Header {
        /// Plain text.
        text: Text,
    },
    /// A paragraph.
    Section {
        /// Formatted text.
        text: Text,
    },
    /// Small print.
    Context {
        /// Formatted texts.
        elements: Vec<Text>,
    },
    /// A table; its first row is the header.
    Table {
        /// How columns wrap.
        column_settings: Vec<ColumnSetting>,
        /// Cells by row.
        rows: Vec<Vec<Cell>>,
    },
}

/// A text object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Text {
    /// Shown as it is.
    PlainText {
        /// The text.
        text: String,
    },
    /// Slack's own markup.
    Mrkdwn {
        /// The text.
        text: String,
        /// Names and addresses in the text are not turned into links.
        verbatim: bool,
    },
}

/// How a column is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnSetting {
    /// Long names wrap instead of being cut off on a phone.
    pub is_wrapped: bool,
}

/// A table cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Cell {
    /// Text without formatting.
    RawText {
        /// The text, at least one character.
        text: String,
    },
}

/// How the table is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableForm {
    /// Slack's `table` block.
    Table,
    /// Preformatted text, for where Slack refuses the block.
    Preformatted,
}

/// Says a summary; `mention` calls people where something failed.
#[must_use]
pub fn render(summary: &Summary, mention: Option<&str>, form: TableForm) -> Message {
    let mention = mention.filter(|_| summary.has_failures());
    let title = title(&summary.environment);
    let notes = mrkdwn(&summary.notes.join("  "), limits::NOTES);
    let failures = failure_sections(&summary.failures);
    let mut space = limits::MESSAGE
        - [&title, &summary.period, &notes]
            .map(String::len)
            .iter()
            .sum::<usize>()
        - failures.iter().map(String::len).sum::<usize>()
        - TOTALS_RESERVE
        - mention.map_or(0, str::len);

    let (table, shown) = match form {
        TableForm::Table => table_block(&summary.rows, &mut space),
        TableForm::Preformatted => preformatted(&summary.rows, &mut space),
    };
    let totals = totals(summary, &summary.rows[shown..], mention);

    let mut blocks = vec![Block::Header {
        text: Text::PlainText { text: title },
    }];
    blocks.push(context(summary.period.clone()));
    blocks.extend(table);
    blocks.push(section(totals));
    blocks.extend(failures.into_iter().map(section));
    blocks.extend(Some(notes).filter(|notes| !notes.is_empty()).map(context));
    Message {
        text: text(summary, mention),
        blocks,
        unfurl_links: false,
        unfurl_media: false,
    }
}

/// What `totals` may take besides the mention: two counts and the count of what the table leaves out.
const TOTALS_RESERVE: usize = 300;
const HEADINGS: [&str; 3] = ["Service", "Action", "Status"];

fn title(environment: &str) -> String {
    const TITLE: &str = "📊 ECS Scheduled Scaling Summary · ";
    format!(
        "{TITLE}{}",
        plain(environment, limits::HEADER - TITLE.len())
    )
}

fn section(text: String) -> Block {
    Block::Section {
        text: Text::Mrkdwn {
            text,
            verbatim: true,
        },
    }
}

fn context(text: String) -> Block {
    Block::Context {
        elements: vec![Text::Mrkdwn {
            text,
            verbatim: true,
        }],
    }
}

/// Totals, what the table left out, and the mention.
fn totals(summary: &Summary, left_out: &[Row], mention: Option<&str>) -> String {
    let failed = left_out
        .iter()
        .filter(|row| row.status.is_failure())
        .count();
    let mut counts = Vec::new();
    for (count, outcome) in [(failed, "failed"), (left_out.len() - failed, "succeeded")] {
        if count > 0 {
            counts.push(format!("{count} more {outcome}"));
        }
    }
    let mut lines = Vec::new();
    if !counts.is_empty() {
        lines.push(format!("… and {}", counts.join(", ")));
    }
    lines.push(format!("*{}*", summary.totals()));
    lines.extend(mention.map(str::to_owned));
    lines.join("\n")
}

/// The status in a table cell.
#[must_use]
pub fn status(status: Status) -> String {
    match status {
        Status::Succeeded(1) => "✅".to_owned(),
        Status::Succeeded(attempts) => format!("✅ after {attempts} attempts"),
        Status::Failed(1) | Status::Unnamed(1) => "❌ Error".to_owned(),
        Status::Failed(attempts) => format!("❌ after {attempts} attempts"),
        Status::Unnamed(calls) => format!("❌ {calls} calls"),
    }
}

/// The status without emoji, whose width in a preformatted block no client guarantees.
fn ascii_status(status: Status) -> String {
    match status {
        Status::Succeeded(1) => "ok".to_owned(),
        Status::Succeeded(attempts) => format!("ok after {attempts} attempts"),
        Status::Failed(1) | Status::Unnamed(1) => "ERROR".to_owned(),
        Status::Failed(attempts) => format!("ERROR after {attempts} attempts"),
        Status::Unnamed(calls) => format!("ERROR {calls} calls"),
    }
}

/// As many rows as fit; the number of rows shown comes with the block.
fn table_block(rows: &[Row], space: &mut usize) -> (Vec<Block>, usize) {
    let mut table = vec![HEADINGS.map(str::to_owned).to_vec()];
    *space = space.saturating_sub(HEADINGS.iter().map(|heading| heading.len()).sum());
    for row in rows.iter().take(limits::TABLE_ROWS - 1) {
        let cells = [
            plain(&row.service, limits::CELL),
            row.action.clone(),
            status(row.status),
        ];
        let Some(left) = space.checked_sub(cells.iter().map(String::len).sum()) else {
            break;
        };
        *space = left;
        table.push(cells.to_vec());
    }
    let shown = table.len() - 1;
    if shown == 0 {
        return (Vec::new(), 0);
    }
    let raw_text = |row: Vec<String>| row.into_iter().map(|text| Cell::RawText { text }).collect();
    let column_settings = HEADINGS
        .map(|_| ColumnSetting { is_wrapped: true })
        .to_vec();
    (
        vec![Block::Table {
            column_settings,
            rows: table.into_iter().map(raw_text).collect(),
        }],
        shown,
    )
}

/// The same table as aligned text, in as many fenced sections as it takes.
fn preformatted(rows: &[Row], space: &mut usize) -> (Vec<Block>, usize) {
    const FENCE: &str = "```";
    let cells = rows.iter().take(limits::TABLE_ROWS - 1).map(|row| {
        let service = plain(&row.service, limits::CELL).replace('`', "ʼ");
        [service, row.action.clone(), ascii_status(row.status)]
    });
    let mut lines = table::aligned(&HEADINGS.map(str::to_owned), cells);
    let heading: Vec<String> = lines.drain(..2).collect();
    let overhead = 2 * FENCE.len() + 2;
    let per_section = limits::SECTION - overhead;
    let mut sections = vec![heading.join("\n")];
    let mut used = sections[0].len() + overhead;
    let mut shown = 0;
    for line in lines {
        let starts_section = sections
            .last()
            .is_some_and(|last| last.len() + 1 + line.len() > per_section);
        used += line.len() + if starts_section { overhead } else { 1 };
        if used > *space {
            break;
        }
        match sections.last_mut().filter(|_| !starts_section) {
            Some(last) => *last = format!("{last}\n{line}"),
            None => sections.push(line),
        }
        shown += 1;
    }
    *space = space.saturating_sub(used);
    if shown == 0 {
        return (Vec::new(), 0);
    }
    (
        sections
            .iter()
            .map(|lines| section(format!("{FENCE}\n{lines}\n{FENCE}")))
            .collect(),
        shown,
    )
}

/// The failures in as few sections as they take: each on its own, or grouped by error where that is too long.
fn failure_sections(failures: &[Failure]) -> Vec<String> {
    if failures.is_empty() {
        return Vec::new();
    }
    let linked: Vec<String> = failures
        .iter()
        .map(|failure| bullet(failure, true))
        .collect();
    paginate("❌ *Failures*", linked)
        .or_else(|| {
            paginate(
                "❌ *Failures*",
                failures
                    .iter()
                    .map(|failure| bullet(failure, false))
                    .collect(),
            )
        })
        .unwrap_or_else(|| {
            let groups = grouped(failures, limits::FAILURES - HEADING_RESERVE);
            paginate("❌ *Failures by error*", groups).unwrap_or_default()
        })
}

/// What the heading of the failures and the joints between sections may take.
const HEADING_RESERVE: usize = 100;

/// Lines in sections; `None` where they exceed the space of the failures.
fn paginate(heading: &str, lines: Vec<String>) -> Option<Vec<String>> {
    let mut sections = vec![heading.to_owned()];
    for line in lines {
        match sections.last_mut() {
            Some(last) if last.len() + 1 + line.len() <= limits::SECTION => {
                *last = format!("{last}\n{line}")
            }
            _ => sections.push(line),
        }
    }
    (sections.iter().map(String::len).sum::<usize>() <= limits::FAILURES).then_some(sections)
}

fn bullet(failure: &Failure, is_linked: bool) -> String {
    let subject = mrkdwn(&failure.subject, limits::NAME);
    let subject = match &failure.console_url {
        Some(url) if is_linked && url.as_str().len() < limits::ERROR => {
            format!("<{url}|{subject}>")
        }
        _ => subject,
    };
    let error = mrkdwn(&failure.error.to_string(), limits::ERROR);
    match failure.advice {
        Some(advice) => format!("• {subject}: {error}\n      _{advice}_"),
        None => format!("• {subject}: {error}"),
    }
}

/// One line for each error code, with as many names as fit into `space`; failures are the last to go.
fn grouped(failures: &[Failure], space: usize) -> Vec<String> {
    let mut groups: Vec<(&str, Vec<&Failure>)> = Vec::new();
    for failure in failures {
        let code = failure.error.code.as_str();
        match groups.iter_mut().find(|(known, _)| *known == code) {
            Some((_, members)) => members.push(failure),
            None => groups.push((code, vec![failure])),
        }
    }
    groups.sort_by_key(|(_, members)| {
        std::cmp::Reverse(members.iter().map(|failure| failure.count).sum::<usize>())
    });
    let mut lines = Vec::new();
    let mut left = space - OTHERS_RESERVE;
    let count = groups.len();
    for (index, (code, members)) in groups.iter().enumerate() {
        let line = group_line(code, members, left / (count - index).min(8));
        let Some(rest) = left.checked_sub(line.len() + 1) else {
            let others: usize = groups[index..]
                .iter()
                .flat_map(|(_, members)| members)
                .map(|failure| failure.count)
                .sum();
            lines.push(format!(
                "• … and {others} more failed with {} other errors",
                count - index
            ));
            break;
        };
        left = rest;
        lines.push(line);
    }
    lines
}

const OTHERS_RESERVE: usize = 80;

fn group_line(code: &str, members: &[&Failure], space: usize) -> String {
    let total: usize = members.iter().map(|failure| failure.count).sum();
    let code = mrkdwn(code, limits::NAME);
    let mut line = format!("• {code} ({total}): ");
    let advice = members[0]
        .advice
        .map_or_else(String::new, |advice| format!("\n      _{advice}_"));
    let mut named = 0;
    for failure in members {
        let name = mrkdwn(&failure.subject, limits::CELL);
        let separator = if named == 0 { "" } else { ", " };
        if line.len() + separator.len() + name.len() + advice.len() + OTHERS_RESERVE > space {
            break;
        }
        line.push_str(separator);
        line.push_str(&name);
        named += 1;
    }
    let unnamed = members.len() - named;
    if unnamed > 0 {
        line.push_str(&format!(" … and {unnamed} more"));
    }
    line + &advice
}

/// Title, totals and failures in one text, for a phone's notification.
fn text(summary: &Summary, mention: Option<&str>) -> String {
    let environment = mrkdwn(&summary.environment, limits::NAME);
    let mut text = format!(
        "ECS Scheduled Scaling Summary · {environment}\n{}\n{}",
        summary.period,
        summary.totals()
    );
    if let Some(mention) = mention {
        text = format!("{mention} {text}");
    }
    let lines: Vec<String> = summary
        .failures
        .iter()
        .map(|failure| {
            let subject = mrkdwn(&failure.subject, limits::NAME);
            let error = mrkdwn(&failure.error.to_string(), limits::ERROR);
            format!("• {subject}: {error}")
        })
        .collect();
    if lines.is_empty() {
        return text;
    }
    text.push_str("\n❌ Failures");
    let space = limits::TEXT.saturating_sub(text.len());
    let lines = if lines.iter().map(|line| line.len() + 1).sum::<usize>() <= space {
        lines
    } else {
        grouped(&summary.failures, space)
    };
    for line in lines {
        text.push('\n');
        text.push_str(&line);
    }
    text
}
