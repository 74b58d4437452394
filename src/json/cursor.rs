//! A place in a JSON text, and what can be read from there on.
//!
//! As strict as RFC 8259: what is read or passed over here is JSON. Nothing is said of what is
//! not.

use crate::{
    label::Label,
    structure::end_of_nested,
    text::{self, Text, same},
};

/// How deep values nest that are passed over; one bit each says what kind they are of.
const DEPTH: u32 = 128;

#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    json: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(json: &'a [u8]) -> Cursor<'a> {
        Cursor { json, at: 0 }
    }

    pub(crate) fn place(&self) -> usize {
        self.at
    }

    /// The bytes from a place to here.
    #[inline]
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        self.json.get(start..self.at).unwrap_or_default()
    }

    /// All bytes from a place on.
    #[inline]
    pub(crate) fn from(&self, start: usize) -> &'a [u8] {
        self.json.get(start..).unwrap_or_default()
    }

    /// So many bytes from a place on.
    #[inline]
    pub(crate) fn at(&self, start: usize, length: usize) -> &'a [u8] {
        self.json.get(start..start + length).unwrap_or_default()
    }

    /// The next byte; 0 at the end, which JSON has nowhere.
    #[inline]
    pub(crate) fn peek(&self) -> u8 {
        self.json.get(self.at).copied().unwrap_or_default()
    }

    /// Whether a blank follows, or nothing.
    #[inline]
    pub(crate) fn is_blank(&self) -> bool {
        self.peek() <= b' '
    }

    /// Passes over what may stand between two tokens.
    #[inline]
    pub(crate) fn blank(&mut self) {
        if self.is_blank() {
            self.blanks();
        }
    }

    #[cold]
    fn blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    /// Passes over this byte.
    #[inline]
    pub(crate) fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek() == byte).then(|| self.at += 1)
    }

    /// Passes over this byte, if it is the next one.
    #[inline]
    pub(crate) fn takes(&mut self, byte: u8) -> bool {
        self.take(byte).is_some()
    }

    /// Passes over these bytes, if they are the next ones.
    #[inline]
    pub(crate) fn takes_all(&mut self, bytes: &[u8]) -> bool {
        let end = self.at + bytes.len();
        let same = self.json.get(self.at..end).is_some_and(|next| same(next, bytes));
        if same {
            self.at = end;
        }
        same
    }

    /// Passes over blanks to the end of the text.
    pub(crate) fn end(&mut self) -> Option<()> {
        self.blank();
        (self.at == self.json.len()).then_some(())
    }

    /// After an element: whether another one follows. None if neither that nor the end does.
    #[inline]
    pub(crate) fn more(&mut self, close: u8) -> Option<bool> {
        self.blank();
        let next = self.peek();
        self.at += 1;
        match next {
            b',' => {
                self.blank();
                Some(true)
            }
            _ if next == close => Some(false),
            _ => None,
        }
    }

    /// A string.
    #[inline]
    pub(crate) fn string(&mut self) -> Option<Text<'a>> {
        self.take(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at = text::special(self.json, self.at);
            match self.peek() {
                b'"' => {
                    let inner = self.since(start);
                    self.at += 1;
                    return Some(Text { inner, escaped, rest: self.json.get(start..).unwrap_or_default() });
                }
                b'\\' => {
                    escaped = true;
                    self.at += text::escape(self.json.get(self.at..)?)?;
                }
                _ => return None,
            }
        }
    }

    /// A string without escapes.
    #[inline]
    pub(crate) fn unescaped(&mut self) -> Option<&'a [u8]> {
        self.unescaped_text().map(|text| text.inner)
    }

    /// The same with what follows it.
    #[inline]
    pub(crate) fn unescaped_text(&mut self) -> Option<Text<'a>> {
        self.string().filter(|text| !text.escaped)
    }

    /// A name and its colon, up to the value; none if it has escapes.
    #[inline]
    pub(crate) fn name(&mut self) -> Option<&'a [u8]> {
        let name = self.unescaped()?;
        self.blank();
        self.take(b':')?;
        self.blank();
        Some(name)
    }

    /// Passes over a name and its colon, if they are the next ones.
    #[inline]
    pub(crate) fn takes_label(&mut self, label: &Label) -> bool {
        let found = label.stands_at(self.json, self.at);
        if found {
            self.at += label.length();
        }
        found
    }

    /// Passes over this name and its colon, up to the value, if it is the next one. None if no
    /// colon follows.
    #[inline]
    pub(crate) fn is_named(&mut self, name: &[u8]) -> Option<bool> {
        let end = self.at + 1 + name.len();
        let quoted = self.peek() == b'"' && self.json.get(end) == Some(&b'"');
        if !quoted || !self.json.get(self.at + 1..end).is_some_and(|next| same(next, name)) {
            return Some(false);
        }
        self.at = end + 1;
        self.blank();
        self.take(b':')?;
        self.blank();
        Some(true)
    }

    /// Passes over the beginning of an array, up to its first element, if there is one: how
    /// many there are.
    #[inline]
    pub(crate) fn elements(&mut self) -> Option<usize> {
        self.take(b'[')?;
        self.blank();
        if self.takes(b']') {
            return Some(0);
        }
        let (mut ahead, mut count) = (*self, 1);
        ahead.pass_quickly()?;
        while ahead.more(b']')? {
            ahead.pass_quickly()?;
            count += 1;
        }
        Some(count)
    }

    /// An integer's sign and digits; none for any other number, and for more digits than fit.
    #[inline]
    pub(crate) fn integer(&mut self) -> Option<(bool, u64)> {
        let negative = self.takes(b'-');
        let start = self.at;
        let (count, mut number) = text::digits(self.json, start).unwrap_or_default();
        self.at += count;
        // More than eight, or so near to the end of the text that eight bytes do not follow.
        while let digit @ 0..=9 = self.peek().wrapping_sub(b'0') {
            // Nineteen digits fit; of more, nobody asks for the number.
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
            self.at += 1;
        }
        let digits = self.at - start;
        let zeros = digits > 1 && self.json.get(start) == Some(&b'0');
        let whole = !matches!(self.peek(), b'.' | b'e' | b'E');
        ((1..=19).contains(&digits) && !zeros && whole).then_some((negative, number))
    }

    /// Any number, and whether it has an exponent.
    pub(crate) fn number(&mut self) -> Option<(&'a [u8], bool)> {
        let start = self.at;
        _ = self.takes(b'-');
        if !self.takes(b'0') {
            self.digits()?;
        }
        if self.takes(b'.') {
            self.digits()?;
        }
        let exponent = matches!(self.peek(), b'e' | b'E');
        if exponent {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        Some((self.since(start), exponent))
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        self.at += text::digits(self.json, start).map_or(0, |(count, _)| count);
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// Any value, as it stands there.
    pub(crate) fn value(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        self.pass()?;
        Some(self.since(start))
    }

    /// Passes over any value.
    #[inline]
    pub(crate) fn pass(&mut self) -> Option<()> {
        match self.peek() {
            b'{' | b'[' => self.pass_nested(),
            _ => self.pass_scalar(),
        }
    }

    /// Passes over any value; what stands in an array or an object need not be JSON.
    #[inline]
    fn pass_quickly(&mut self) -> Option<()> {
        match self.peek() {
            b'{' | b'[' => self.pass_unread(),
            _ => self.pass_scalar(),
        }
    }

    /// Passes over an array or an object without looking whether what stands in it is JSON.
    #[inline]
    pub(crate) fn pass_unread(&mut self) -> Option<()> {
        self.at = end_of_nested(self.json, self.at, DEPTH)?;
        Some(())
    }

    /// Passes over what stands in the place of a value and need not be JSON, as far as it can be told where
    /// it ends: by its brackets, or because nothing of a word can end it (`NaN`, `True`, `01`).
    pub(crate) fn pass_anything(&mut self) -> Option<()> {
        match self.peek() {
            b'{' | b'[' => {
                // As deep as it likes: nothing is kept for a level.
                self.at = end_of_nested(self.json, self.at, u32::MAX)?;
                Some(())
            }
            b'"' => self.string().map(drop),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_ascii_alphanumeric() || matches!(self.peek(), b'+' | b'-' | b'.' | b'_') {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    #[inline]
    fn pass_scalar(&mut self) -> Option<()> {
        match self.peek() {
            b'"' => self.string().map(drop),
            b'-' | b'0'..=b'9' => self.number().map(drop),
            b'n' => self.takes_all(b"null").then_some(()),
            b't' => self.takes_all(b"true").then_some(()),
            b'f' => self.takes_all(b"false").then_some(()),
            _ => None,
        }
    }

    /// Without recursion: whoever calls this has looked how deep the text nests, or has not.
    fn pass_nested(&mut self) -> Option<()> {
        // From the innermost outwards: whether it is an object.
        let (mut objects, mut depth) = (0_u128, 0_u32);
        loop {
            let opened = self.peek();
            if matches!(opened, b'{' | b'[') {
                self.at += 1;
                if depth == DEPTH {
                    return None;
                }
                objects = objects << 1 | u128::from(opened == b'{');
                depth += 1;
                self.blank();
                if !self.takes(if opened == b'{' { b'}' } else { b']' }) {
                    if opened == b'{' {
                        self.pass_name()?;
                    }
                    continue;
                }
                objects >>= 1;
                depth -= 1;
            } else {
                self.pass_scalar()?;
            }
            // Behind a value: out of all that ends here.
            loop {
                if depth == 0 {
                    return Some(());
                }
                let object = objects & 1 == 1;
                if self.more(if object { b'}' } else { b']' })? {
                    if object {
                        self.pass_name()?;
                    }
                    break;
                }
                objects >>= 1;
                depth -= 1;
            }
        }
    }

    #[inline]
    fn pass_name(&mut self) -> Option<()> {
        self.string()?;
        self.blank();
        self.take(b':')?;
        self.blank();
        Some(())
    }
}
