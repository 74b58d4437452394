//! Text that somebody else chose, as it may be shown: on a terminal, in a message, in a log.

use std::{borrow::Cow, fmt::Write};

/// Whether a terminal or an editor obeys a character and does not show it: control characters, line and
/// paragraph separators, and what changes the direction of writing (Unicode's `Bidi_Control`), by which
/// one text can look like another.
#[must_use]
pub fn is_obeyed(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with such characters escaped, `\n` and `\u{202e}`, so that it is one line.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |shown, letter| shown.extend(letter.escape_default()))
}

/// The same of so many characters at most, as they are shown.
#[must_use]
pub fn visible_within(text: &str, most: usize) -> String {
    let (mut shown, mut count) = (String::new(), 0);
    for letter in text.chars() {
        let before = shown.len();
        if is_obeyed(letter) {
            shown.extend(letter.escape_default());
            // They are all ASCII.
            count += shown.len() - before;
        } else {
            shown.push(letter);
            count += 1;
        }
        if count > most {
            shown.truncate(before);
            break;
        }
    }
    shown
}

/// The same of JSON in one line, which stays the JSON that it is: they stand in its texts alone.
#[must_use]
pub fn visible_json(json: &str) -> Cow<'_, str> {
    // Writing to a String cannot fail.
    escaped(json, |shown, letter| _ = write!(shown, "\\u{:04x}", u32::from(letter)))
}

fn escaped(text: &str, escape: impl Fn(&mut String, char)) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_obeyed(letter) { escape(&mut shown, letter) } else { shown.push(letter) }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_obeyed_is_shown() {
        assert!(matches!(visible("a b \u{e9}\u{1f600}"), Cow::Borrowed(_)));
        assert_eq!(visible("a\u{1b}[2Kb\r\n\u{9b}"), "a\\u{1b}[2Kb\\r\\n\\u{9b}");
        assert_eq!(visible("gpj\u{202e}.exe\u{2066}\u{61c}"), "gpj\\u{202e}.exe\\u{2066}\\u{61c}");
    }

    #[test]
    fn a_long_text_is_cut_between_its_characters_as_they_are_shown() {
        for (most, shown) in
            [(0, ""), (1, "\u{e9}"), (2, "\u{e9}"), (3, "\u{e9}\\n"), (4, "\u{e9}\\nb"), (9, "\u{e9}\\nb")]
        {
            assert_eq!(visible_within("\u{e9}\nb", most), shown, "{most}");
        }
    }

    #[test]
    fn json_stays_what_it_is() {
        let text = "a\u{202e}\u{9b}\u{2028}\\b\n";
        let json = serde_json::to_string(text).unwrap();
        let shown = visible_json(&json);
        assert!(!shown.contains(is_obeyed), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }
}
