//! Slack's limits for a message, and which share of them each part of a message may take.
//!
//! Slack does not say what it counts as a character. Everything here is counted in UTF-8 bytes of the text as sent, of
//! which there are never fewer than characters.

/// Characters of a header block (Block Kit reference, header).
pub(super) const HEADER: usize = 150;
/// Characters of a section's text (Block Kit reference, section).
pub(super) const SECTION: usize = 3_000;
/// Rows of a table, its header row among them (Block Kit reference, table).
pub(super) const TABLE_ROWS: usize = 100;
/// All text of a message's blocks. Slack documents 10,000 characters over the cells of a table; beyond that it
/// answers `msg_blocks_too_long` for messages of somewhere above 11,000 characters (reported against its SDKs,
/// undocumented), so the whole message stays within the table's limit.
pub(super) const MESSAGE: usize = 10_000;
/// Top-level `text`: 4,000 characters are recommended, and messages of 4,041 have been split.
pub(super) const TEXT: usize = 3_900;

/// How much of [`MESSAGE`] the reasons may take.
pub(super) const REASONS: usize = 4_500;
/// How much the lines may take that say what changed.
pub(super) const CHANGES: usize = 1_500;
/// How much the first line may take in the text of notifications.
pub(super) const VERDICT: usize = 400;
/// How much the totals may take.
pub(super) const TOTALS: usize = 400;
/// How much the names may take that a reply says have recovered.
pub(super) const RECOVERED: usize = 1_500;
/// How much the second line may take: the title, the span of the calls and the names of schedules.
pub(super) const SUBTITLE: usize = 300;
/// How much the notes under a message may take.
pub(super) const NOTES: usize = 600;
/// How much a line about an override may take, and all such lines of a message together.
pub(super) const OVERRIDES: usize = 800;
/// How much one error message may take: enough for the part of an IAM denial that names its reason.
pub(super) const ERROR: usize = 500;
/// How much a name may take in the list of failures; ECS allows 255 characters.
pub(super) const NAME: usize = 120;
/// How much a name may take in a table cell.
pub(super) const CELL: usize = 64;
