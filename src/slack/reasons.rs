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

/// How much is said of a reason.
#[derive(Debug, Clone, Copy)]
struct Detail {
    /// How many bytes the names take, where several have the reason.
    names: usize,
    has_advice: bool,
    has_links: bool,
    has_text_of_aws: bool,
    /// Names stand out, as markup makes them; the text of notifications has none.
    is_marked_up: bool,
}

const FULL: Detail = Detail {
    names: 600,
    has_advice: true,
    has_links: true,
    has_text_of_aws: true,
    is_marked_up: true,
};
const LEVELS: [Detail; 4] = [
    FULL,
    Detail {
        has_text_of_aws: false,
        names: 400,
        ..FULL
    },
    Detail {
        has_text_of_aws: false,
        has_links: false,
        names: 200,
        ..FULL
    },
    BRIEF,
];
const BRIEF: Detail = Detail {
    names: 120,
    has_advice: false,
    has_links: false,
    has_text_of_aws: false,
    is_marked_up: true,
};

/// The reasons as the texts of sections, none longer than a section may be.
pub(super) fn sections(reasons: &[Reason], reader: Reader) -> Vec<String> {
    let mut sections: Vec<String> = Vec::new();
    for block in blocks(reasons, &LEVELS, limits::REASONS, reader) {
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
    let levels = [LEVELS[2], BRIEF].map(|level| Detail {
        is_marked_up: false,
        ..level
    });
    blocks(reasons, &levels, space, reader)
}

/// The first level at which everything fits; at the last, what does not fit is counted.
fn blocks(reasons: &[Reason], levels: &[Detail], space: usize, reader: Reader) -> Vec<String> {
    let mut blocks = Vec::new();
    for level in levels {
        blocks = reasons
            .iter()
            .map(|reason| block(reason, *level, reader))
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

fn block(reason: &Reason, detail: Detail, reader: Reader) -> String {
    let mut lines = Vec::new();
    if !reason.heading.is_empty() {
        lines.push(heading(reason, detail, reader));
    }
    if let Some(advice) = reason.advice.as_ref().filter(|_| detail.has_advice) {
        let advice = with_code(advice, limits::ERROR);
        lines.push(format!("→ {advice}{}", links(reason, detail)));
    }
    let text_of_aws = reason.detail.as_ref().filter(|_| detail.has_text_of_aws);
    lines.extend(text_of_aws.map(|text| mrkdwn(text, limits::ERROR)));
    lines.join("\n")
}

/// `*frontend*: service not found in cluster dev`, or `*8 throttled* (ThrottlingException): feed-api, fraud-worker, …`.
fn heading(reason: &Reason, detail: Detail, reader: Reader) -> String {
    let heading = mrkdwn(&reason.heading, limits::NAME);
    let heading = if detail.is_marked_up {
        format!("*{heading}*")
    } else {
        heading
    };
    if reason.names.is_empty() {
        return format!("{heading}: {}", mrkdwn(&reason.text, limits::ERROR));
    }
    let code = reason.code.as_ref().map_or_else(String::new, |code| {
        format!(" ({})", mrkdwn(code, limits::NAME))
    });
    let names = names(&reason.names, detail.names, reader);
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
fn links(reason: &Reason, detail: Detail) -> String {
    let links = reason
        .links
        .iter()
        .filter(|link| detail.has_links && link.url.len() <= limits::ERROR);
    links
        .map(|link| format!(" <{}|[{}]>", link.url, link.label))
        .collect()
}
