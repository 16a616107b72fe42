//! A table in plain text whose columns are aligned by display width, for the terminal and for Slack's preformatted
//! blocks.
//!
//! Pure.

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};

/// Stands between rows, so that the lines of one row are told from those of the next; never shown.
const SEPARATOR: char = '\u{1}';
const STYLE: TableStyle =
    ASCII_MARKDOWN.row_separator(LineStyle::new(SEPARATOR, SEPARATOR, SEPARATOR, SEPARATOR));

/// The lines of a table: headings, a rule, and one line for each row.
#[must_use]
pub fn aligned<const N: usize>(
    headings: &[String; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Vec<String> {
    let fitted = fitted(headings, rows, None);
    fitted
        .head
        .into_iter()
        .chain(fitted.rows.into_iter().flatten())
        .collect()
}

/// A table that fits into a width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    /// The headings and a rule.
    pub head: Vec<String>,
    /// The lines of each row: several where its cells are wider than their columns.
    pub rows: Vec<Vec<String>>,
}

/// As [`aligned`], at most `width` columns wide: cells that are too wide go on in the next line.
#[must_use]
pub fn fitted<const N: usize>(
    headings: &[String; N],
    rows: impl IntoIterator<Item = [String; N]>,
    width: Option<u16>,
) -> Fitted {
    let mut table = Table::new();
    // A vertical bar inside a cell would look like the end of a column.
    let rows = rows
        .into_iter()
        .map(|row| row.map(|cell| cell.replace('|', "¦")));
    table.load_style(STYLE).set_header(headings).add_rows(rows);
    if let Some(width) = width {
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width);
    }
    let is_empty = table.is_empty();
    let lines: Vec<String> = table.lines().collect();
    let is_rule = |line: &String| line.starts_with("|-");
    let head = lines
        .iter()
        .position(is_rule)
        .map_or(lines.len(), |rule| rule + 1);
    let (head, body) = lines.split_at(head);
    let rows = body
        .split(|line| line.starts_with(SEPARATOR))
        .map(<[String]>::to_vec);
    Fitted {
        head: head.to_vec(),
        rows: if is_empty { Vec::new() } else { rows.collect() },
    }
}
