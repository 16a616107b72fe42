//! Renders why things are not as they should be: in full while it fits, then without what AWS wrote, without links, and
//! without advice; what still does not fit is counted.
//!
//! Pure.

use super::escape::{mrkdwn, with_code};
use super::limits;
use crate::core::reader::Reader;
use crate::core::summary::Reason;

/// What the line may take that counts what is left out.
const REST: usize = 120;

/// How much is said of a reason, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// Everything.
    Full,
    /// Without what AWS wrote.
    Linked,
    /// Without links too.
    Advised,
    /// Without advice too.
    Brief,
}

impl Level {
    /// How many bytes the names take, where several have the reason.
    fn names(self) -> usize {
        match self {
            Self::Full => 600,
            Self::Linked => 400,
            Self::Advised => 200,
            Self::Brief => 120,
        }
    }
}

/// The reasons as the texts of sections, none longer than a section may be.
pub(super) fn sections(reasons: &[Reason], reader: Reader) -> Vec<String> {
    let mut sections: Vec<String> = Vec::new();
    let levels = [Level::Full, Level::Linked, Level::Advised, Level::Brief];
    for block in blocks(reasons, &levels, limits::REASONS, "*", reader) {
        match sections.last_mut() {
            Some(last) if last.len() + 1 + block.len() <= limits::SECTION => {
                last.push('\n');
                last.push_str(&block);
            }
            _ => sections.push(block),
        }
    }
    sections
}

/// The reasons as lines for a notification, which take at most `space` bytes with their line ends.
pub(super) fn lines(reasons: &[Reason], space: usize, reader: Reader) -> Vec<String> {
    blocks(reasons, &[Level::Advised, Level::Brief], space, "", reader)
}

/// The first level at which everything fits; at the last, what does not fit is counted. `bold` is what stands around
/// headings.
fn blocks(
    reasons: &[Reason],
    levels: &[Level],
    space: usize,
    bold: &str,
    reader: Reader,
) -> Vec<String> {
    let mut blocks = Vec::new();
    for level in levels {
        blocks = reasons
            .iter()
            .map(|reason| block(reason, *level, bold, reader))
            .collect();
        blocks.retain(|block: &String| !block.is_empty());
        if size(&blocks) <= space {
            return blocks;
        }
    }
    let mut left = space.saturating_sub(REST);
    let fits = |block: &&String| {
        let rest = left.checked_sub(block.len() + 1);
        left = rest.unwrap_or(left);
        rest.is_some()
    };
    let shown = blocks.iter().take_while(fits).count();
    blocks.truncate(shown);
    let rest = &reasons[shown.min(reasons.len())..];
    let count = rest.iter().map(|reason| reason.count).sum();
    blocks.push(reader.words().more_reasons(count, rest.len()));
    blocks
}

fn size(blocks: &[String]) -> usize {
    blocks.iter().map(|block| block.len() + 1).sum()
}

fn block(reason: &Reason, level: Level, bold: &str, reader: Reader) -> String {
    let mut lines = Vec::new();
    if !reason.heading.is_empty() {
        lines.push(heading(reason, level, bold, reader));
    }
    if let Some(advice) = reason.advice.as_ref().filter(|_| level < Level::Brief) {
        let advice = with_code(advice, limits::ERROR);
        lines.push(format!("→ {advice}{}", links(reason, level)));
    }
    let text_of_aws = reason.detail.as_ref().filter(|_| level == Level::Full);
    lines.extend(text_of_aws.map(|text| mrkdwn(text, limits::ERROR)));
    lines.join("\n")
}

/// `*frontend*: service not found in cluster dev`, or `*8 throttled* (ThrottlingException): feed-api, fraud-worker, …`.
fn heading(reason: &Reason, level: Level, bold: &str, reader: Reader) -> String {
    let heading = mrkdwn(&reason.heading, limits::NAME);
    let heading = format!("{bold}{heading}{bold}");
    if reason.names.is_empty() {
        return format!("{heading}: {}", mrkdwn(&reason.text, limits::ERROR));
    }
    let code = reason.code.as_ref().map_or_else(String::new, |code| {
        format!(" ({})", mrkdwn(code, limits::NAME))
    });
    let names = names(&reason.names, level.names(), reader);
    format!("{heading}{code}: {names}")
}

/// The names that fit, and how many more there are.
pub(super) fn names(names: &[String], space: usize, reader: Reader) -> String {
    let mut listed = String::new();
    let mut shown = 0;
    for name in names {
        let name = mrkdwn(name, limits::CELL);
        if shown > 0 && listed.len() + name.len() + 2 > space {
            break;
        }
        if shown > 0 {
            listed.push_str(", ");
        }
        listed.push_str(&name);
        shown += 1;
    }
    match names.len() - shown {
        0 => listed,
        more => reader.words().and_more(&listed, more),
    }
}

/// ` [Schedule] [Cluster]`, each a link. A link is as long as the names in it.
fn links(reason: &Reason, level: Level) -> String {
    let links = reason
        .links
        .iter()
        .filter(|link| level <= Level::Linked && link.url.len() <= limits::ERROR);
    let links: Vec<String> = links
        .map(|link| format!(" <{}|[{}]>", link.url, link.label))
        .collect();
    links.concat()
}
