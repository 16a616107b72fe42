//! Reads what a route sets: how it speaks, and for whom.

use chrono_tz::Tz;
use serde_json::Value;

use super::super::{RouteSettings, Way};
use super::keys::Keys;
use crate::core::names::{are_mentions, is_channel_id, is_parameter};
use crate::core::reader::{InvalidRowLimit, RowLimit};
use crate::core::words::InvalidLanguage;

/// The longest label of a route, in characters: it stands in the first line of a message.
const LABEL_LIMIT: usize = 80;

pub(super) fn read(keys: &mut Keys<'_>) -> RouteSettings {
    let label = "expected 1 to 80 characters that can be seen";
    let zone = "expected an IANA time zone such as Asia/Seoul";
    let language = InvalidLanguage.to_string();
    let mention = "expected a Slack mention such as <!here>, <!subteam^S012AB3CD> or <@U012AB3CD>";
    RouteSettings {
        way: way(keys),
        label: keys.text("label", label, |text| {
            is_label(text).then(|| text.to_owned())
        }),
        timezone: keys.text("timezone", zone, |text| text.parse::<Tz>().ok()),
        language: keys.text("language", &language, |text| text.parse().ok()),
        rows: rows(keys),
        mention: keys.text("mention_on_failure", mention, |text| {
            are_mentions(text).then(|| text.to_owned())
        }),
        events: keys.flag("events"),
    }
}

fn is_label(text: &str) -> bool {
    let is_whole = text.trim() == text && !text.is_empty();
    is_whole && text.chars().count() <= LABEL_LIMIT && !text.contains(char::is_control)
}

fn way(keys: &mut Keys<'_>) -> Option<Way> {
    let channel = keys.text(
        "channel",
        "expected the channel's id, such as C012AB3CD",
        |text| is_channel_id(text).then(|| Way::Channel(text.to_owned())),
    );
    match (channel, webhook(keys)) {
        (Some(_), Some(_)) => {
            keys.problem("channel", "expected either this or webhook, not both");
            None
        }
        (channel, webhook) => channel.or(webhook),
    }
}

fn webhook(keys: &mut Keys<'_>) -> Option<Way> {
    let value = keys.take("webhook")?;
    match value.as_str() {
        Some(text) if is_parameter(text) => return Some(Way::Webhook(text.to_owned())),
        Some(text) if text.contains("//") => keys.problem(
            "webhook",
            "expected the name or ARN of the SSM parameter that holds the address: the address itself is a secret and does \
             not belong here",
        ),
        _ => keys.problem(
            "webhook",
            "expected the name or ARN of an SSM parameter, such as /rollcall/search/webhook",
        ),
    }
    None
}

/// Rows are a number, or a text as in the variable of the function.
fn rows(keys: &mut Keys<'_>) -> Option<RowLimit> {
    let value = keys.take("rows")?;
    let parsed = match value.plain() {
        Some(Value::Number(number)) => number.to_string().parse(),
        Some(Value::String(text)) => text.parse(),
        _ => Err(InvalidRowLimit),
    };
    if parsed.is_err() {
        keys.problem("rows", InvalidRowLimit);
    }
    parsed.ok()
}
