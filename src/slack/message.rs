//! The parts of a Slack message that rollcall uses, under the names of Slack's JSON.
//!
//! Pure.

use serde::Serialize;

/// The body of a message, as an incoming webhook takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The text of notifications, and for screen readers: totals and failures.
    pub text: String,
    /// What the channel shows.
    pub blocks: Vec<Block>,
    /// Whether Slack shows previews of links; always `false`, because links in error messages need none.
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

/// In which form the table is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableForm {
    /// Slack's `table` block.
    Table,
    /// Preformatted text, for where Slack refuses the block.
    Preformatted,
}
