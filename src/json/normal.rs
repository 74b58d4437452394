//! A provider's JSON to the normal form.

use crate::{
    cursor::Cursor,
    fields::{Name, Seen},
    instant::Instant,
    scalars,
    scratch::{Scratch, Written},
    text::{self, Text, unescape},
    types::{RecordType, Type},
};

pub(crate) struct Writer<'j, 'o> {
    pub(crate) cursor: Cursor<'j>,
    pub(crate) out: &'o mut Vec<u8>,
    pub(crate) scratch: &'o mut Scratch,
}

impl Writer<'_, '_> {
    /// Writes a value; false if it is absent.
    pub(crate) fn value(&mut self, ty: &Type) -> Option<bool> {
        match ty {
            Type::Option(inner) => return self.optional(ty, inner),
            Type::Record(record) => self.record(record)?,
            Type::List(element) => self.list(element)?,
            Type::Text => self.text()?,
            // A case that is known has the provider's spelling too.
            Type::Enum(_) => {
                let text = self.cursor.unescaped_text()?;
                self.unchanged(text);
            }
            Type::Bool => {
                let text: &[u8] = if scalars::boolean(&mut self.cursor)? { b"true" } else { b"false" };
                self.out.extend_from_slice(text);
            }
            Type::S32 | Type::S64 | Type::U32 | Type::U64 => self.integer(ty)?,
            Type::F64 => {
                let number = scalars::float(&mut self.cursor)?;
                serde_json::to_writer(&mut *self.out, &number).ok()?;
            }
            Type::Instant => {
                let (_, text) = scalars::instant(&mut self.cursor)?;
                self.instant(text)?;
            }
            Type::Date => {
                let date = scalars::date(&mut self.cursor)?;
                self.quoted(date);
            }
            Type::Decimal => {
                let digits = scalars::decimal(&mut self.cursor)?;
                self.quoted(digits);
            }
            Type::Json => self.out.extend_from_slice(self.cursor.value()?),
        }
        Some(true)
    }

    fn optional(&mut self, ty: &Type, inner: &Type) -> Option<bool> {
        if self.cursor.takes_all(b"null") {
            let null = matches!(inner, Type::Option(_));
            if null {
                self.out.extend_from_slice(b"null");
            }
            return Some(null);
        }
        if self.cursor.peek() == b'"' && scalars::is_absent(&mut self.cursor, ty) {
            return Some(false);
        }
        self.value(inner)
    }

    /// Digits are the same in both forms, but for a zero's sign.
    fn integer(&mut self, ty: &Type) -> Option<()> {
        let start = self.cursor.place();
        scalars::integer(&mut self.cursor, ty)?;
        match self.cursor.since(start) {
            b"-0" => self.out.push(b'0'),
            digits => text::push(self.out, self.cursor.from(start), digits.len()),
        }
        Some(())
    }

    fn quoted(&mut self, text: &[u8]) {
        self.out.push(b'"');
        self.out.extend_from_slice(text);
        self.out.push(b'"');
    }

    /// A string as it stands there.
    fn unchanged(&mut self, text: Text<'_>) {
        self.out.push(b'"');
        text::push(self.out, text.rest, text.inner.len() + 1);
    }

    /// Escapes are written in one way.
    fn text(&mut self) -> Option<()> {
        let read = self.cursor.string()?;
        if !read.escaped {
            self.unchanged(read);
            return Some(());
        }
        let text = &mut self.scratch.spare;
        text.clear();
        unescape(read.inner, text)?;
        let text = std::str::from_utf8(text).ok()?;
        text::write(self.out, text)
    }

    /// RFC 3339 in UTC, without zeros at the end of a fraction.
    fn instant(&mut self, text: &[u8]) -> Option<()> {
        match text.split_last() {
            Some((b'Z', local)) if local.get(10) == Some(&b'T') => {
                let end = match local.get(19) {
                    Some(_) => local.iter().rposition(|byte| *byte != b'0')?,
                    None => local.len(),
                };
                let fraction = usize::from(local.get(end).is_some_and(|byte| *byte != b'.'));
                self.out.push(b'"');
                self.out.extend_from_slice(local.get(..end + fraction)?);
                self.out.extend_from_slice(b"Z\"");
            }
            _ => {
                let instant = Instant::from_bytes(text)?;
                self.quoted(instant.to_string().as_bytes());
            }
        }
        Some(())
    }

    fn list(&mut self, element: &Type) -> Option<()> {
        if self.cursor.takes_all(b"null") {
            self.out.extend_from_slice(b"[]");
            return Some(());
        }
        self.cursor.take(b'[')?;
        self.cursor.blank();
        self.out.push(b'[');
        let mut more = !self.cursor.takes(b']');
        let mut separator: &[u8] = b"";
        while more {
            self.out.extend_from_slice(separator);
            separator = b",";
            if !self.value(element)? {
                self.out.extend_from_slice(b"null");
            }
            more = self.cursor.more(b']')?;
        }
        self.out.push(b']');
        Some(())
    }

    fn record(&mut self, record: &'static RecordType) -> Option<()> {
        if self.copied(record)? {
            return Some(());
        }
        self.cursor.take(b'{')?;
        self.cursor.blank();
        let (order, extra) = (self.scratch.orders.of(record), self.scratch.extra.len());
        let written = self.scratch.written.len();
        let (mut seen, mut place) = (Seen::default(), 0);
        self.out.push(b'{');
        let start = self.out.len();
        let mut more = !self.cursor.takes(b'}');
        while more {
            match self.scratch.orders.get(order)?.name(&mut self.cursor, &mut place)? {
                Name::Known(index) => {
                    seen.note(index)?;
                    self.field(record, order, index)?;
                }
                Name::Unknown(name) if record.extra => {
                    let json = self.cursor.value()?;
                    self.scratch.keep(extra, name, json);
                }
                Name::Unknown(_) => return None,
            }
            more = self.cursor.more(b'}')?;
        }
        self.empty_lists(order, &seen)?;
        self.arrange(start, written);
        self.close(start, extra);
        Some(())
    }

    /// Writes the lists that have not come. None if anything else that must be there has not come.
    pub(crate) fn empty_lists(&mut self, order: usize, seen: &Seen) -> Option<()> {
        for (field, list) in self.scratch.orders.get(order)?.empty_lists(seen)? {
            let from = self.out.len();
            for part in [b"\"", list.wire.as_bytes(), b"\":[],"] {
                self.out.extend_from_slice(part);
            }
            self.scratch.written.push(Written { field, last: field, from, to: self.out.len() });
        }
        Some(())
    }

    /// Writes a field with a comma behind it, unless it is absent.
    pub(crate) fn field(&mut self, record: &RecordType, order: usize, index: usize) -> Option<()> {
        let field = record.fields.get(index)?;
        let from = self.out.len();
        match self.scratch.orders.get(order)?.label(index) {
            Some(label) => label.write(self.out),
            None => {
                self.quoted(field.wire.as_bytes());
                self.out.push(b':');
            }
        }
        if self.value(&field.ty)? {
            self.out.push(b',');
            self.scratch.written.push(Written { field: index, last: index, from, to: self.out.len() });
        } else {
            self.out.truncate(from);
        }
        Some(())
    }

    /// Brings what was written of a record into the contract's order.
    pub(crate) fn arrange(&mut self, start: usize, first: usize) {
        let written = self.scratch.written.get_mut(first..).unwrap_or_default();
        if !written.is_sorted_by_key(|written| written.field) {
            written.sort_unstable_by_key(|written| written.field);
            self.scratch.spare.clear();
            for Written { from, to, .. } in written {
                self.scratch.spare.extend_from_slice(self.out.get(*from..*to).unwrap_or_default());
            }
            self.out.truncate(start);
            self.out.extend_from_slice(&self.scratch.spare);
        }
        self.scratch.written.truncate(first);
    }

    /// Ends a record: its unknown members, without the brace that opens them, and its brace.
    pub(crate) fn close(&mut self, start: usize, extra: usize) {
        match self.scratch.extra.get(extra + 1..) {
            Some(members) => self.out.extend_from_slice(members),
            // The comma behind the last field.
            None if self.out.len() > start => _ = self.out.pop(),
            None => {}
        }
        self.scratch.extra.truncate(extra);
        self.out.push(b'}');
    }
}
