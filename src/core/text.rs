//! Makes text from outside harmless, and fits it into limits.
//!
//! Pure. A service name or an error message may hold anything: control characters that drive a terminal, marks that
//! reverse a line, names that notify a channel. [`clean`] is the first step everywhere; Slack's renderer and the
//! terminal's then escape the characters that mean something there.

use std::borrow::Cow;

/// One line of visible text: control characters and runs of white space become one space, and marks that
/// change the direction of text or cannot be seen are dropped.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars().filter(|&character| !is_invisible(character)) {
        if !character.is_whitespace() && !character.is_control() {
            line.push(character);
        } else if !line.is_empty() && !line.ends_with(' ') {
            line.push(' ');
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// As [`clean`]; text without a visible character becomes a word that says so.
#[must_use]
pub fn visible(text: &str) -> String {
    Some(clean(text))
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "(empty)".to_owned())
}

/// Zero-width characters, direction marks and tag characters. The zero-width joiner stays: emoji need it.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// At most `limit` bytes, cut at a character and marked with `…`.
#[must_use]
pub fn truncate(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(limit.saturating_sub('…'.len_utf8()));
    Cow::Owned(format!("{}…", &text[..end]))
}

/// At most `limit` bytes with `…` in the middle: long names tend to differ at their ends.
#[must_use]
pub fn truncate_middle(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let kept = limit.saturating_sub('…'.len_utf8());
    let head = text.floor_char_boundary(kept - kept / 2);
    let tail = text.ceil_char_boundary(text.len() - kept / 2);
    Cow::Owned(format!("{}…{}", &text[..head], &text[tail..]))
}

#[cfg(test)]
mod tests {
    use super::{clean, truncate, truncate_middle};

    #[test]
    fn cleans_what_cannot_be_seen_or_breaks_a_line() {
        for (raw, expected) in [
            ("a\nb\r\n\tc", "a b c"),
            ("  padded  ", "padded"),
            ("evil\u{202e}txt.exe", "eviltxt.exe"),
            ("zero\u{200b}width\u{feff}", "zerowidth"),
            ("\u{1b}[31mred", "[31mred"),
            ("nul\0", "nul"),
            ("👩\u{200d}🚀 名前", "👩\u{200d}🚀 名前"),
            ("\u{2028}\u{85}", ""),
        ] {
            assert_eq!(clean(raw), expected, "{raw:?}");
        }
    }

    #[test]
    fn truncates_at_a_character() {
        assert_eq!(truncate("short", 5), "short");
        assert_eq!(truncate("longer", 5), "lo…");
        assert_eq!(truncate("名前名前", 10), "名前…");
        assert_eq!(truncate_middle("abcdefghij", 9), "abc…hij");
        assert_eq!(truncate_middle("名前名前名前", 12), "名…前");
    }
}
