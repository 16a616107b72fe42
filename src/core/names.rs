//! The forms of names that people write into settings: Slack's channels and mentions, and SSM's parameters.
//!
//! Pure. The function's own variables and its routes are held to the same forms.

/// How many bytes the mentions of a message may take, since they share a section of limited length with the totals.
const MENTIONS_LIMIT: usize = 200;

/// Whether a text is a channel's id. Slack takes a channel's name for posting, but not for editing a message and for
/// reading the history.
#[must_use]
pub fn is_channel_id(text: &str) -> bool {
    text.starts_with(['C', 'G', 'D']) && is_id(text)
}

/// Whether a text is one mention or several with a space between them, such as `<!here> <@U012AB3CD>`, of at most 200 bytes.
#[must_use]
pub fn are_mentions(text: &str) -> bool {
    text.len() <= MENTIONS_LIMIT && text.split(' ').all(is_mention)
}

/// Whether a text is the name or ARN of an SSM parameter: one word, or a path that begins with a slash. Somebody may put the
/// secret itself where its parameter's name belongs; refused here, it does not reach the log as the name of a missing parameter.
#[must_use]
pub fn is_parameter(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:+=@".contains(&byte);
    let is_name = text.starts_with('/') || !text.contains('/');
    let is_arn = text.starts_with("arn:") && text.contains(":parameter/");
    let is_token = text.starts_with("xox");
    let is_form = is_arn || is_name && !text.starts_with("arn:");
    !text.is_empty() && text.bytes().all(is_allowed) && !is_token && is_form
}

fn is_mention(text: &str) -> bool {
    let inner = text
        .strip_prefix('<')
        .and_then(|text| text.strip_suffix('>'));
    let Some(inner) = inner else { return false };
    match inner.strip_prefix("!subteam^").or(inner.strip_prefix('@')) {
        Some(id) => is_id(id),
        None => matches!(inner, "!here" | "!channel" | "!everyone"),
    }
}

/// Whether a text has the characters of Slack's ids.
fn is_id(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    text.len() > 1 && text.bytes().all(is_allowed)
}
