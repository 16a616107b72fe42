//! Escapes text from outside, so that Slack shows it as text: no mention, no link, no code span that goes on.
//!
//! Pure.

use crate::core::text::{truncate_middle, visible};

/// For `mrkdwn` text, at most `limit` bytes: Slack documents that `&`, `<` and `>` are to be escaped, which
/// stops mentions and links. It has no escape for backticks, which could open a code span over what follows.
pub(super) fn mrkdwn(text: &str, limit: usize) -> String {
    escaped(text, limit, "ʼ")
}

/// As [`mrkdwn`], for words of rollcall's own, which may hold code spans.
pub(super) fn with_code(text: &str, limit: usize) -> String {
    escaped(text, limit, "`")
}

fn escaped(text: &str, limit: usize, backtick: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut end = 0;
    for character in visible(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '`' => escaped.push_str(backtick),
            other => escaped.push(other),
        }
        if escaped.len() + '…'.len_utf8() <= limit {
            end = escaped.len();
        }
    }
    if escaped.len() > limit {
        escaped.truncate(end);
        escaped.push('…');
    }
    escaped
}

/// For `plain_text` and table cells, at most `limit` bytes: whether Slack decodes entities there is not
/// documented, so characters that look alike stand in, which are safe either way. A cell needs a character.
pub(super) fn plain(text: &str, limit: usize) -> String {
    let text = visible(text)
        .replace('&', "＆")
        .replace('<', "‹")
        .replace('>', "›")
        .replace('`', "ʼ");
    truncate_middle(&text, limit).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{mrkdwn, plain};

    #[test]
    fn stops_mentions_links_and_code_spans() {
        assert_eq!(
            mrkdwn("<!channel> & `x`", 100),
            "&lt;!channel&gt; &amp; ʼxʼ"
        );
        assert_eq!(plain("<!channel> & `x`", 100), "‹!channel› ＆ ʼxʼ");
        assert_eq!(plain("\u{202e}", 100), "(empty)");
    }

    #[test]
    fn never_cuts_an_entity_in_half() {
        assert_eq!(mrkdwn("a&&&", 16), "a&amp;&amp;&amp;");
        assert_eq!(mrkdwn("a&&&&", 16), "a&amp;&amp;…");
    }
}
