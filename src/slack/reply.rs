//! Renders a reply in a message's thread, within Slack's limits.
//!
//! Pure. A bot's mention stands in the reply and not in the edited message, because Slack notifies nobody of an edit.

use super::escape::mrkdwn;
use super::message::{Message, TableForm};
use super::render::{preformatted, section, table_block};
use super::{limits, reasons};
use crate::core::summary::{News, Summary};

/// How many names the first line holds.
const FEW: usize = 2;

/// Renders news. `mention` is added where something failed that people have to act on, so that Slack notifies them.
#[must_use]
pub fn reply(news: &News, mention: Option<&str>) -> Message {
    let mention = mention.filter(|_| news.is_alarm()).map(str::to_owned);
    let verdict = mrkdwn(&news.verdict.line(&news.environment), limits::VERDICT);
    let recovered = recovered(news);
    let blocks = std::iter::once(format!("*{verdict}*"))
        .chain(reasons::sections(&news.reasons, news.reader))
        .chain(recovered.clone())
        .chain(mention.clone());
    let blocks = blocks.map(section).collect();
    let mut lines = vec![verdict];
    let end: Vec<String> = recovered.into_iter().chain(mention).collect();
    let used: usize = lines.iter().chain(&end).map(|line| line.len() + 1).sum();
    let space = limits::TEXT - used;
    lines.extend(reasons::lines(&news.reasons, space, news.reader));
    lines.extend(end);
    Message {
        text: lines.join("\n"),
        blocks,
        unfurl_links: false,
        unfurl_media: false,
    }
}

/// Renders a page of a message's rows for its thread.
#[must_use]
pub fn list(summary: &Summary, page: usize, form: TableForm) -> Message {
    let reader = summary.reader;
    let heading = reader.words().all_rows(page + 1, summary.pages());
    let rows = summary.page(page);
    let (table, _) = match form {
        TableForm::Table => table_block(&rows, reader),
        TableForm::Preformatted => preformatted(&rows, reader),
    };
    let blocks = std::iter::once(section(heading.clone())).chain(table);
    Message {
        text: heading,
        blocks: blocks.collect(),
        unfurl_links: false,
        unfurl_media: false,
    }
}

/// `✅ Recovered: api, auth, web and 12 more`, where the first line does not name all of them.
fn recovered(news: &News) -> Option<String> {
    let names = &news.recovered;
    if names.len() <= FEW {
        return None;
    }
    let words = news.reader.words();
    let names = reasons::names(names, limits::RECOVERED, news.reader);
    Some(format!("✅ {}: {names}", words.recovered_heading()))
}
