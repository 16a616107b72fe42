//! A table in plain text whose columns are aligned by display width, for the terminal and for Slack's preformatted
//! blocks.
//!
//! Pure.

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

/// The lines of a table: headings, a rule, and one line for each row.
#[must_use]
pub fn aligned<const N: usize>(
    headings: &[String; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Vec<String> {
    let mut table = Table::new();
    // A vertical bar inside a cell would look like the end of a column.
    let rows = rows
        .into_iter()
        .map(|row| row.map(|cell| cell.replace('|', "¦")));
    table
        .load_style(ASCII_MARKDOWN)
        .set_header(headings)
        .add_rows(rows);
    table.lines().collect()
}
