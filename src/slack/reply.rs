//! Renders a reply in a message's thread, within Slack's limits.
//!
//! Pure. A bot's mention stands in the reply and not in the edited message, because Slack notifies nobody of an edit.

use super::escape::mrkdwn;
use super::message::{Block, Message, Text};
use super::{failures, limits};
use crate::core::summary::News;

/// How many bytes the names of recovered services may take; the others are counted.
const RECOVERED: usize = 1_500;

/// Renders news. `mention` is added where something failed, so that Slack notifies people.
#[must_use]
pub fn reply(news: &News, mention: Option<&str>) -> Message {
    let mention = mention.filter(|_| !news.failures.is_empty());
    let recovered = recovered(&news.recovered);
    let sections = mention
        .map(str::to_owned)
        .into_iter()
        .chain(failures::sections(&news.failures, "❌ Failures"))
        .chain(recovered.clone());
    let blocks = sections.map(|text| Block::Section {
        text: Text::Mrkdwn {
            text,
            verbatim: true,
        },
    });
    Message {
        text: text(news, mention, recovered),
        blocks: blocks.collect(),
        unfurl_links: false,
        unfurl_media: false,
    }
}

/// The same in one text, which a phone shows as the notification.
fn text(news: &News, mention: Option<&str>, recovered: Option<String>) -> String {
    let mut lines: Vec<String> = recovered.into_iter().collect();
    if !news.failures.is_empty() {
        let used = lines.iter().map(String::len).sum::<usize>() + mention.map_or(0, str::len);
        let heading = match mention {
            Some(mention) => format!("{mention} ❌ Failures"),
            None => "❌ Failures".to_owned(),
        };
        let space = limits::TEXT - used - heading.len();
        let failures = failures::lines(&news.failures, space);
        lines.splice(0..0, std::iter::once(heading).chain(failures));
    }
    lines.join("\n")
}

/// `✅ *Recovered*: api, auth … and 12 more`.
fn recovered(names: &[String]) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let mut listed = String::new();
    let mut left = names.len();
    for name in names {
        let name = mrkdwn(name, limits::NAME);
        if listed.len() + name.len() > RECOVERED {
            break;
        }
        if !listed.is_empty() {
            listed.push_str(", ");
        }
        listed.push_str(&name);
        left -= 1;
    }
    let more = match left {
        0 => String::new(),
        left => format!(" … and {left} more"),
    };
    Some(format!("✅ *Recovered*: {listed}{more}"))
}
