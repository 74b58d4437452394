//! What is mended in a provider's text before it is read.

use std::borrow::Cow;

/// U+FEFF in UTF-8. Nobody may put it before JSON; who reads JSON may pass over it (RFC 8259
/// section 8.1).
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What half a surrogate pair becomes: U+FFFD, REPLACEMENT CHARACTER.
const REPLACEMENT: &[u8; 4] = b"fffd";

/// The text without a byte-order mark, and with U+FFFD wherever one half of a surrogate pair
/// stands alone in it (`\ud83d`). RFC 8259 section 8.2 allows such a text and leaves open what
/// it means; some vendors cut off text within an emoji. But for the mark no place in it moves.
#[must_use]
pub fn mend(json: &[u8]) -> Cow<'_, [u8]> {
    let json = json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json);
    let mut mended = Cow::Borrowed(json);
    let mut at = 0;
    while let Some(escape) = penstock_json::find(json, at, b'\\') {
        at = match (unit(json, escape), unit(json, escape + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => escape + 12,
            (Some(0xD800..=0xDFFF), _) => {
                if let Some(digits) = mended.to_mut().get_mut(escape + 2..escape + 6) {
                    digits.copy_from_slice(REPLACEMENT);
                }
                escape + 6
            }
            // What is escaped may be a backslash.
            _ => escape + 2,
        };
    }
    mended
}

/// The UTF-16 code unit that is escaped at this place, if one is.
fn unit(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at.checked_add(6)?)?.strip_prefix(b"\\u")?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mended(json: &str) -> String {
        String::from_utf8(mend(json.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn half_a_pair_is_replaced_and_a_whole_one_stays() {
        for (json, expected) in [
            (r#""smile \ud83d""#, r#""smile \ufffd""#),
            (r#""\uD83D\uDE00""#, r#""\uD83D\uDE00""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83dx\ude00""#, r#""\ufffdx\ufffd""#),
            (r#""\ud83d\n""#, r#""\ufffd\n""#),
            // A backslash and some letters.
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\ud83""#, r#""\ud83""#),
            (r#""\u+83d""#, r#""\u+83d""#),
            (r#""\ud83d"#, r#""\ufffd"#),
        ] {
            assert_eq!(mended(json), expected, "{json}");
        }
    }

    #[test]
    fn nothing_is_copied_that_needs_no_mending() {
        assert!(matches!(mend(br#"{"a":"\u0041\ud83d\ude00"}"#), Cow::Borrowed(_)));
        assert_eq!(mend(b"\xEF\xBB\xBF{}"), Cow::Borrowed(b"{}"));
        assert_eq!(mend(b"\xEF\xBB"), Cow::Borrowed(b"\xEF\xBB"));
    }

    proptest! {
        /// Whatever is escaped: the text can be read, and what was well before is the same.
        #[test]
        fn every_text_of_escapes_can_be_read(units in prop::collection::vec(
            prop_oneof![any::<u16>(), 0xD700_u16..0xE100], 0..20)) {
            let json: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let read: String = serde_json::from_str(&mended(&format!("\"{json}\""))).unwrap();
            prop_assert_eq!(read, String::from_utf16_lossy(&units));
        }
    }
}
