//! The text of JSON strings.

use crate::block::{Block, Blocks};

/// A string of JSON without its quotation marks.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) inner: &'a [u8],
    pub(crate) escaped: bool,
    /// The same with all that follows it in the JSON.
    pub(crate) rest: &'a [u8],
}

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);

/// The bytes of a word that are a quotation mark, a backslash or a control character, by their
/// highest bits: the lowest that is set is right, whatever those above it say.
#[inline]
fn marks(word: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(word);
    // A byte is 0 where the highest bit of `x - 1` is set and that of `x` is not; a borrow
    // sets none before the first such byte.
    let zero = |x: u64| x.wrapping_sub(ONES) & !x;
    let quote = zero(word ^ (ONES * b'"' as u64));
    let backslash = zero(word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & HIGHS
}

/// The byte of the lowest bit that is set.
#[inline]
fn first(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// The first place from here on with a quotation mark, a backslash or a control character: the
/// end of the text, if there is none.
#[inline]
#[must_use]
pub fn special(json: &[u8], at: usize) -> usize {
    // Most texts are short.
    match Block::at(json, at).map(Block::special) {
        Some(0) => special_of_long(json, at + Block::LENGTH),
        Some(found) => at + found.trailing_zeros() as usize,
        None => special_of_last(json, at),
    }
}

fn special_of_long(json: &[u8], mut at: usize) -> usize {
    while let Some(block) = Block::at(json, at) {
        let found = block.special();
        if found != 0 {
            return at + found.trailing_zeros() as usize;
        }
        at += Block::LENGTH;
    }
    special_of_last(json, at)
}

fn special_of_last(json: &[u8], mut at: usize) -> usize {
    if let Some(word) = json.get(at..).and_then(|rest| rest.first_chunk()) {
        let found = marks(*word);
        if found != 0 {
            return at + first(found);
        }
        at += 8;
    }
    let rest = json.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len())
}

/// The first place from here on with this byte.
#[must_use]
pub fn find(bytes: &[u8], mut at: usize, byte: u8) -> Option<usize> {
    while let Some(blocks) = Blocks::at(bytes, at) {
        let found = blocks.equal(byte);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize);
        }
        at += Blocks::LENGTH;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|next| *next == byte).map(|place| at + place)
}

/// The length of the escape at the beginning of a text; none if it is none, or stands for half a
/// surrogate pair.
#[inline]
pub(crate) fn escape(json: &[u8]) -> Option<usize> {
    match json.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => {
            let (_, rest) = unicode(json.get(2..)?)?;
            Some(json.len() - rest.len())
        }
        _ => None,
    }
}

/// Writes what a string's text says. None if half a surrogate pair stands alone in it.
pub(crate) fn unescape(mut inner: &[u8], out: &mut Vec<u8>) -> Option<()> {
    loop {
        let plain = special(inner, 0);
        let (before, escape) = inner.split_at_checked(plain)?;
        out.extend_from_slice(before);
        let Some((b'\\', escape)) = escape.split_first() else { return escape.is_empty().then_some(()) };
        let (letter, rest) = escape.split_first()?;
        inner = rest;
        match letter {
            b'b' => out.push(0x08),
            b'f' => out.push(0x0C),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let (letter, rest) = unicode(rest)?;
                out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                inner = rest;
            }
            other => out.push(*other),
        }
    }
}

/// The letter of an escape behind its `\u`, and what follows.
fn unicode(json: &[u8]) -> Option<(char, &[u8])> {
    let (first, rest) = unit(json)?;
    if let Some(letter) = char::from_u32(first) {
        return Some((letter, rest));
    }
    let (second, rest) = unit(rest.strip_prefix(b"\\u")?)?;
    let halves = matches!((first, second), (0xD800..0xDC00, 0xDC00..0xE000));
    let letter = halves.then(|| 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00))?;
    Some((char::from_u32(letter)?, rest))
}

fn unit(json: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = json.split_first_chunk::<4>()?;
    let digit = |sum: u32, digit: &u8| Some(sum << 4 | char::from(*digit).to_digit(16)?);
    Some((digits.iter().try_fold(0, digit)?, rest))
}

/// Adds so many bytes of a text, of which more follow where they stand. They are few: in a component,
/// a call to copy them costs more than to copy whole blocks, the last of them in vain.
#[inline]
pub(crate) fn push(out: &mut Vec<u8>, text: &[u8], length: usize) {
    let (end, mut copied) = (out.len() + length, 0);
    if length > 8 * Block::LENGTH {
        return out.extend_from_slice(text.get(..length).unwrap_or_default());
    }
    while copied < length {
        let Some(block) = text.get(copied..).and_then(|rest| rest.first_chunk::<{ Block::LENGTH }>()) else {
            return out.extend_from_slice(text.get(copied..length).unwrap_or_default());
        };
        out.extend_from_slice(block);
        copied += Block::LENGTH;
    }
    out.truncate(end);
}

/// Whether two texts of the same length are the same. Names are short as well.
#[inline]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    if let (Some(one_word), Some(other_word)) = (one.first_chunk::<8>(), other.first_chunk::<8>()) {
        return one_word == other_word
            && one.last_chunk::<8>() == other.last_chunk::<8>()
            && (one.len() <= 16 || one == other);
    }
    if let (Some(one_half), Some(other_half)) = (one.first_chunk::<4>(), other.first_chunk::<4>()) {
        return one_half == other_half && one.last_chunk::<4>() == other.last_chunk::<4>();
    }
    one.first() == other.first() && one.last() == other.last() && one.get(1) == other.get(1)
}

/// How many digits there are from here on, and the number that they are, if these are no more than
/// eight; none if fewer than eight bytes follow.
#[inline]
pub(crate) fn digits(json: &[u8], at: usize) -> Option<(usize, u64)> {
    let word = u64::from_le_bytes(*json.get(at..)?.first_chunk()?) ^ (ONES * b'0' as u64);
    // 9 + 0x76 is the last number of seven bits; a carry spoils only what follows.
    let others = (word.wrapping_add(ONES * 0x76) | word) & HIGHS;
    let count = first(others);
    let digits = match count {
        0 => return Some((0, 0)),
        8 => word,
        // As if zeros stood before them.
        _ => word << (64 - 8 * count),
    };
    // Pairs, then fours, then all eight (Daniel Lemire, "Quickly parsing eight digits").
    let pairs = digits.wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    Some((count, fours.wrapping_mul(10_000 << 32 | 1) >> 32))
}

/// Adds text as a JSON string, escaped in one way.
pub(crate) fn write(out: &mut Vec<u8>, text: &str) -> Option<()> {
    serde_json::to_writer(out, text).ok()
}

/// Puts JSON onto one line: a raw line break can only stand between its tokens, where a blank does
/// as well.
pub fn one_line(json: &mut [u8]) {
    let mut at = 0;
    while Blocks::at(json, at).is_some_and(|blocks| !blocks.have_control()) {
        at += Blocks::LENGTH;
    }
    for byte in json.iter_mut().skip(at) {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_byte_is_found_where_it_stands_first(bytes: Vec<u8>, at in 0..80_usize, byte: u8) {
            let expected = bytes.iter().skip(at).position(|next| *next == byte).map(|place| at + place);
            prop_assert_eq!(find(&bytes, at, byte), expected);
            let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
            let expected = bytes.iter().skip(at).position(special).map(|place| at + place);
            prop_assert_eq!(super::special(&bytes, at), expected.unwrap_or(at.max(bytes.len())));
        }

        #[test]
        fn digits_are_counted_and_read(text in "[0-9]{0,12}[^0-9]?.{0,12}", at in 0..4_usize) {
            let rest = text.as_bytes().get(at..).unwrap_or_default();
            let count = rest.iter().take(8).take_while(|byte| byte.is_ascii_digit()).count();
            let number = std::str::from_utf8(&rest[..count]).unwrap().parse().unwrap_or_default();
            prop_assert_eq!(digits(text.as_bytes(), at), (rest.len() >= 8).then_some((count, number)));
        }

        #[test]
        fn texts_of_a_length_are_compared(mut text: Vec<u8>, place: proptest::sample::Index, other: u8) {
            let before = text.clone();
            prop_assert!(same(&before, &text));
            if !text.is_empty() {
                let place = place.index(text.len());
                text[place] = other;
                prop_assert_eq!(same(&before, &text), before == text);
            }
        }

        #[test]
        fn a_line_is_one(bytes: Vec<u8>) {
            let mut line = bytes.clone();
            one_line(&mut line);
            let expected = bytes.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte });
            prop_assert_eq!(line, expected.collect::<Vec<_>>());
        }

        #[test]
        fn text_is_added_as_it_is(before: Vec<u8>, text in proptest::collection::vec(any::<u8>(), 0..100)) {
            for length in 0..=text.len() {
                let mut out = before.clone();
                push(&mut out, &text, length);
                prop_assert_eq!(out, [&before, &text[..length]].concat());
            }
        }
    }
}
