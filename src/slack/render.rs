//! Renders a summary as a Slack message in Block Kit, within Slack's limits for any input.
//!
//! Pure. The header and the text of notifications begin with the verdict. Space is given to the parts in the order of
//! their importance: verdict and totals, then the reasons, then the table. Rows and reasons that do not fit are counted.

use super::escape::{mrkdwn, plain};
use super::message::{Block, Cell, ColumnSetting, Message, TableForm, Text};
use super::{limits, reasons};
use crate::core::notice::Notice;
use crate::core::reader::Reader;
use crate::core::summary::{Row, Summary, Verdict};
use crate::core::table;
use crate::core::text::truncate;

/// Renders a summary. `mention` is added where people have to act, so that Slack notifies them; the first line then says
/// why.
#[must_use]
pub fn render(summary: &Summary, mention: Option<&str>, form: TableForm) -> Message {
    let mention = mention.filter(|_| summary.is_alarm());
    let header = header(&summary.verdict, &summary.environment);
    let subtitle = mrkdwn(&summary.subtitle, limits::SUBTITLE);
    let mut sections = reasons::sections(&summary.reasons, summary.reader);
    sections.extend(changes(summary));
    let notes = match summary.notes.join("  ") {
        notes if notes.is_empty() => None,
        notes => Some(mrkdwn(&notes, limits::NOTES)),
    };
    let overrides = overrides(summary);
    let totals = totals(summary, mention);
    let parts = [&header, &subtitle, &totals].into_iter();
    let used = parts
        .chain(&overrides)
        .chain(&sections)
        .chain(&notes)
        .map(String::len);
    let space = limits::MESSAGE.saturating_sub(used.sum());
    let table = if summary.changes.is_empty() {
        table(summary, form, space)
    } else {
        Vec::new()
    };
    let header = Block::Header {
        text: Text::PlainText { text: header },
    };
    let mut blocks = vec![header, context(subtitle)];
    blocks.extend(overrides.map(context));
    blocks.extend(sections.into_iter().map(section));
    blocks.extend(table);
    blocks.push(section(totals));
    blocks.extend(notes.map(context));
    Message {
        text: text(summary, mention),
        blocks,
        unfurl_links: false,
        unfurl_media: false,
    }
}

/// Renders a line about an override.
#[must_use]
pub fn notice(notice: &Notice) -> Message {
    let line = mrkdwn(&notice.line, limits::OVERRIDES);
    Message {
        text: line.clone(),
        blocks: vec![section(line)],
        unfurl_links: false,
        unfurl_media: false,
    }
}

/// The lines about overrides that ended with the message's runs.
fn overrides(summary: &Summary) -> Option<String> {
    let lines = summary.overrides.join("  ");
    (!lines.is_empty()).then(|| mrkdwn(&lines, limits::OVERRIDES))
}

/// How many bytes of the environment's label the header shows.
const ENVIRONMENT: usize = 60;

/// `❌ dev · frontend did not start · 19 of 20 up`: the clauses that fit.
fn header(verdict: &Verdict, environment: &str) -> String {
    let environment = plain(environment, ENVIRONMENT);
    let mut shown = Verdict {
        severity: verdict.severity,
        clauses: Vec::new(),
    };
    for clause in &verdict.clauses {
        shown.clauses.push(plain(clause, limits::HEADER));
        if shown.line(&environment).len() > limits::HEADER && shown.clauses.len() > 1 {
            shown.clauses.pop();
            break;
        }
    }
    truncate(&shown.line(&environment), limits::HEADER).into_owned()
}

pub(super) fn section(text: String) -> Block {
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

/// What changed, a line for each run, as far as it fits.
fn changes(summary: &Summary) -> Option<String> {
    let shown = summary.changes.iter().take(summary.reader.rows.count());
    let mut lines: Vec<String> = Vec::new();
    let mut left = limits::CHANGES;
    for change in shown {
        let line = mrkdwn(change, limits::ERROR);
        match left.checked_sub(line.len() + 1) {
            Some(rest) => left = rest,
            None => break,
        }
        lines.push(line);
    }
    let more = summary.changes.len() - lines.len();
    lines.extend((more > 0).then(|| summary.reader.words().more(more)));
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The totals and the mention.
fn totals(summary: &Summary, mention: Option<&str>) -> String {
    let totals = format!("*{}*", mrkdwn(&summary.totals(), limits::TOTALS));
    match mention {
        Some(mention) => format!("{totals}\n{mention}"),
        None => totals,
    }
}

/// What the rows may take that count the others: one for each severity.
const COUNTING_ROWS: usize = 4 * 3 * limits::CELL;

/// The table with as many rows as the reader wants and as fit.
fn table(summary: &Summary, form: TableForm, space: usize) -> Vec<Block> {
    let reader = summary.reader;
    let mut limit = reader.rows.count().min(summary.rows.len());
    limit = limit.min(limits::TABLE_ROWS - 5);
    loop {
        let rows = summary.table(limit);
        if rows.is_empty() {
            return Vec::new();
        }
        let (blocks, size) = match form {
            TableForm::Table => table_block(&rows, reader),
            TableForm::Preformatted => preformatted(&rows, reader),
        };
        if size <= space {
            return blocks;
        }
        if limit == 0 {
            return Vec::new();
        }
        // The rows that count the others take room too, so it may take several turns.
        limit = (limit * space.saturating_sub(COUNTING_ROWS.min(space / 4)) / size).min(limit - 1);
    }
}

fn cells(row: &Row) -> [String; 3] {
    [
        plain(&row.service, limits::CELL),
        plain(&row.action, limits::CELL),
        plain(&row.status.to_string(), limits::CELL),
    ]
}

/// Slack's table block, and how many bytes its cells take.
pub(super) fn table_block(rows: &[Row], reader: Reader) -> (Vec<Block>, usize) {
    let headings = reader.words().headings().map(str::to_owned);
    let rows: Vec<[String; 3]> = std::iter::once(headings)
        .chain(rows.iter().map(cells))
        .collect();
    let size = rows.iter().flatten().map(String::len).sum();
    let raw_text = |row: [String; 3]| row.map(|text| Cell::RawText { text }).to_vec();
    let column_settings = vec![ColumnSetting { is_wrapped: true }; 3];
    let table = Block::Table {
        column_settings,
        rows: rows.into_iter().map(raw_text).collect(),
    };
    (vec![table], size)
}

/// The same table as aligned text, in as many preformatted sections as it takes, and how many bytes they take.
pub(super) fn preformatted(rows: &[Row], reader: Reader) -> (Vec<Block>, usize) {
    const FENCE: &str = "```";
    const OVERHEAD: usize = 2 * FENCE.len() + 2;
    let cells = rows.iter().map(|row| {
        // The width of emoji in a preformatted block differs between Slack's clients, so words stand for them.
        let [service, action, _] = cells(row);
        let status = plain(&row.status.in_plain_words(reader), limits::CELL);
        [service, action, status]
    });
    let lines = table::aligned(&reader.words().headings().map(str::to_owned), cells);
    let mut sections: Vec<String> = Vec::new();
    for line in lines {
        match sections.last_mut() {
            Some(last) if last.len() + 1 + line.len() <= limits::SECTION - OVERHEAD => {
                last.push('\n');
                last.push_str(&line);
            }
            _ => sections.push(line),
        }
    }
    let size = sections.iter().map(|lines| lines.len() + OVERHEAD).sum();
    let fenced = sections
        .iter()
        .map(|lines| section(format!("{FENCE}\n{lines}\n{FENCE}")));
    (fenced.collect(), size)
}

/// The verdict, the reasons, what changed and the total in one text, which a phone shows as the notification.
fn text(summary: &Summary, mention: Option<&str>) -> String {
    let mut lines = vec![mrkdwn(
        &summary.verdict.line(&summary.environment),
        limits::VERDICT,
    )];
    let mut end: Vec<String> = overrides(summary)
        .into_iter()
        .chain(changes(summary))
        .collect();
    end.push(mrkdwn(&summary.totals(), limits::TOTALS));
    end.push(mrkdwn(&summary.subtitle, limits::SUBTITLE));
    end.extend(mention.map(str::to_owned));
    let used: usize = lines.iter().chain(&end).map(|line| line.len() + 1).sum();
    let space = limits::TEXT.saturating_sub(used);
    lines.extend(reasons::lines(&summary.reasons, space, summary.reader));
    lines.extend(end);
    lines.join("\n")
}
