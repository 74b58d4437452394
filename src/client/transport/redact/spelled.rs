//! A text as somebody reads it who undoes its escapes, with where each character comes from.

use std::ops::Range;

/// How a text may have been escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    /// `%2B` (RFC 3986 section 2.1).
    Percent,
    /// `&amp;`, `&#38;`, `&#x26;`.
    Html,
    /// `\"`, `\u0022` (RFC 8259 section 7).
    Json,
    /// Any of them, side by side.
    Any,
}

pub(super) const ALL: [Escapes; 4] = [Escapes::Percent, Escapes::Html, Escapes::Json, Escapes::Any];

/// Characters, each with the bytes of the original that spell it.
#[derive(Clone, Debug, Default)]
pub(super) struct Spelled {
    chars: Vec<char>,
    places: Vec<Range<usize>>,
}

impl Spelled {
    pub(super) fn new(text: &str) -> Spelled {
        let mut spelled = Spelled::default();
        for (at, letter) in text.char_indices() {
            spelled.push(letter, at..at + letter.len_utf8());
        }
        spelled
    }

    pub(super) fn chars(&self) -> &[char] {
        &self.chars
    }

    /// The bytes of the original that spell these characters.
    pub(super) fn place(&self, chars: Range<usize>) -> Option<Range<usize>> {
        let spelt = self.places.get(chars)?;
        Some(spelt.first()?.start..spelt.last()?.end)
    }

    /// The same with one layer of escapes undone; none if there is nothing to undo.
    pub(super) fn undo(&self, escapes: Escapes) -> Option<Spelled> {
        let mut undone = Spelled::default();
        let (mut at, mut found) = (0, false);
        while let Some(rest) = self.chars.get(at..).filter(|rest| !rest.is_empty()) {
            let (letter, length) = match escape(rest, escapes) {
                Some(one) => {
                    found = true;
                    one
                }
                None => (rest.first().copied().unwrap_or_default(), 1),
            };
            undone.push(letter, self.place(at..at + length).unwrap_or_default());
            at += length;
        }
        found.then_some(undone)
    }

    fn push(&mut self, letter: char, place: Range<usize>) {
        self.chars.push(letter);
        self.places.push(place);
    }
}

/// The character that an escape at the start of a text stands for, and how long the escape is.
fn escape(text: &[char], escapes: Escapes) -> Option<(char, usize)> {
    let any = escapes == Escapes::Any;
    match text.first()? {
        '%' if any || escapes == Escapes::Percent => percent(text),
        '&' if any || escapes == Escapes::Html => html(text),
        '\\' if any || escapes == Escapes::Json => json(text),
        _ => None,
    }
}

/// One character, which may take several bytes.
fn percent(text: &[char]) -> Option<(char, usize)> {
    let mut bytes = Vec::new();
    for triple in text.chunks(3).take(4) {
        let ['%', high, low] = triple else { break };
        let (high, low) = (high.to_digit(16)?, low.to_digit(16)?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
        if let Some(letter) = std::str::from_utf8(&bytes).ok().and_then(|text| text.chars().next()) {
            return Some((letter, bytes.len() * 3));
        }
    }
    None
}

fn html(text: &[char]) -> Option<(char, usize)> {
    let length = text.iter().take(12).position(|letter| *letter == ';')?;
    let name: String = text.get(1..length)?.iter().collect();
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let letter = match name.to_ascii_lowercase().strip_prefix('#') {
        Some(digits) => match digits.strip_prefix('x') {
            Some(digits) => number(digits, 16)?,
            None => number(digits, 10)?,
        },
        None => match name.as_str() {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            "plus" => '+',
            "equals" => '=',
            "sol" => '/',
            _ => return None,
        },
    };
    Some((letter, length + 1))
}

fn json(text: &[char]) -> Option<(char, usize)> {
    let letter = match text.get(1)? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unicode(text),
        other @ ('"' | '\\' | '/' | '\'') => *other,
        _ => return None,
    };
    Some((letter, 2))
}

/// `\u` and four digits, or two of them for a pair of surrogates.
fn unicode(text: &[char]) -> Option<(char, usize)> {
    let unit = |text: &[char]| {
        let ['\\', 'u', digits @ ..] = text.get(..6)? else { return None };
        digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + digit.to_digit(16)?))
    };
    let first = unit(text)?;
    if let Some(letter) = char::from_u32(first) {
        return Some((letter, 6));
    }
    let second = unit(text.get(6..)?)?;
    let units = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
    Some((char::decode_utf16(units).next()?.ok()?, 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undone(text: &str, escapes: Escapes) -> Option<String> {
        Some(Spelled::new(text).undo(escapes)?.chars().iter().collect())
    }

    #[test]
    fn each_kind_is_undone_by_itself_or_with_the_others() {
        for (text, escapes, expected) in [
            ("a%2Bb%2bc", Escapes::Percent, Some("a+b+c")),
            ("%C3%A9%F0%9F%98%80", Escapes::Percent, Some("é😀")),
            ("100%, %zz", Escapes::Percent, None),
            ("a&amp;b&#38;c&#x26;d", Escapes::Html, Some("a&b&c&d")),
            ("a & b", Escapes::Html, None),
            (r#"\"\u00e9\ud83d\ude00\/"#, Escapes::Json, Some("\"é😀/")),
            (r"\x", Escapes::Json, None),
            (r"%2B&amp;\n", Escapes::Any, Some("+&\n")),
            (r"%2B&amp;\n", Escapes::Html, Some(r"%2B&\n")),
            ("plain", Escapes::Any, None),
        ] {
            assert_eq!(undone(text, escapes).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_character_knows_where_it_came_from_through_several_layers() {
        let text = "x%2526y";
        let once = Spelled::new(text).undo(Escapes::Percent).unwrap();
        let twice = once.undo(Escapes::Percent).unwrap();
        assert_eq!(twice.chars(), ['x', '&', 'y']);
        assert_eq!(twice.place(1..2).and_then(|place| text.get(place)), Some("%2526"));
    }
}
