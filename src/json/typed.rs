//! A provider's JSON to the memory of the canonical ABI.

use crate::{
    arena::Arena,
    cursor::Cursor,
    fields::{Name, Seen, Slot},
    layout::Layout,
    scalars,
    scratch::Scratch,
    text::unescape,
    types::{EnumType, RecordType, Type},
};

pub(crate) struct Reader<'j, 'm> {
    pub(crate) cursor: Cursor<'j>,
    pub(crate) arena: &'m mut Arena,
    pub(crate) scratch: &'m mut Scratch,
}

impl Reader<'_, '_> {
    /// Reads a value into room that is all zeros.
    pub(crate) fn value(&mut self, ty: &Type, at: u32) -> Option<()> {
        let Type::Option(inner) = ty else { return self.present(ty, at) };
        if self.cursor.peek() == b'n' {
            self.cursor.takes_all(b"null").then_some(())?;
            // The inner one of two is the null.
            if matches!(inner, Type::Option(_)) {
                self.arena.put(at, &[1]);
            }
            return Some(());
        }
        if self.cursor.peek() == b'"' && scalars::is_absent(&mut self.cursor, ty) {
            return Some(());
        }
        self.arena.put(at, &[1]);
        self.present(inner, at.saturating_add(Layout::payload(2, Layout::of(inner))))
    }

    /// Reads a field of a record that stands here.
    #[inline]
    fn field(&mut self, slot: Slot, at: u32) -> Option<()> {
        if slot.optional {
            match self.cursor.peek() {
                b'n' => return self.value(&Type::Option(slot.ty), at.saturating_add(slot.at)),
                b'"' if slot.may_be_empty && self.cursor.takes_all(b"\"\"") => return Some(()),
                _ => self.arena.put(at.saturating_add(slot.at), &[1]),
            }
        }
        self.present(slot.ty, at.saturating_add(slot.value_at))
    }

    #[inline]
    fn present(&mut self, ty: &Type, at: u32) -> Option<()> {
        match ty {
            Type::Option(_) => return self.value(ty, at),
            Type::Record(record) => return self.record(record, at),
            Type::List(element) => return self.list(element, at),
            Type::Text => return self.text(at),
            Type::Enum(known) => return self.choice(known, at),
            Type::Bool => self.arena.put(at, &[u8::from(scalars::boolean(&mut self.cursor)?)]),
            Type::S32 => {
                let number = i32::try_from(scalars::signed(&mut self.cursor)?).ok()?;
                self.arena.put(at, &number.to_le_bytes());
            }
            Type::S64 => self.arena.put(at, &scalars::signed(&mut self.cursor)?.to_le_bytes()),
            Type::U32 => {
                let number = u32::try_from(scalars::unsigned(&mut self.cursor)?).ok()?;
                self.arena.put(at, &number.to_le_bytes());
            }
            Type::U64 => self.arena.put(at, &scalars::unsigned(&mut self.cursor)?.to_le_bytes()),
            Type::F64 => self.arena.put(at, &scalars::float(&mut self.cursor)?.to_le_bytes()),
            Type::Instant => {
                let (instant, _) = scalars::instant(&mut self.cursor)?;
                self.arena.put(at, &instant.seconds().to_le_bytes());
                self.arena.put(at.saturating_add(8), &instant.nanoseconds().to_le_bytes());
            }
            Type::Date => self.arena.put_bytes(at, scalars::date(&mut self.cursor)?),
            Type::Decimal => self.arena.put_bytes(at, scalars::decimal(&mut self.cursor)?),
            Type::Json => self.arena.put_bytes(at, self.cursor.value()?),
        }
        Some(())
    }

    fn text(&mut self, at: u32) -> Option<()> {
        let text = self.cursor.string()?;
        if text.escaped {
            return self.arena.append(at, |out| unescape(text.inner, out));
        }
        self.arena.put_first(at, text.rest, text.inner.len());
        Some(())
    }

    fn choice(&mut self, known: &EnumType, at: u32) -> Option<()> {
        let text = self.cursor.unescaped()?;
        let cases = known.cases.len() + 1;
        let case = known.cases.iter().position(|case| case.wire.as_bytes() == text);
        self.arena.put_discriminant(at, cases, case.unwrap_or(known.cases.len()));
        if case.is_none() {
            self.arena.put_bytes(at.saturating_add(Layout::payload(cases, Layout::LIST)), text);
        }
        Some(())
    }

    fn list(&mut self, element: &Type, at: u32) -> Option<()> {
        if element.is_number() && self.cursor.peek() == b'[' {
            return self.numbers(element, at);
        }
        let count = match self.cursor.takes_all(b"null") {
            true => 0,
            false => self.cursor.elements()?,
        };
        let layout = Layout::of(element);
        let mut place = self.arena.put_list(at, count, layout);
        for _ in 0..count {
            self.value(element, place)?;
            place = place.saturating_add(layout.size);
            self.cursor.more(b']')?;
        }
        Some(())
    }

    /// A list of what needs no other room, so that one can stand behind the other as they come.
    fn numbers(&mut self, element: &Type, at: u32) -> Option<()> {
        self.cursor.take(b'[')?;
        self.cursor.blank();
        let layout = Layout::of(element);
        let (mut start, mut count) = (0, 0);
        let mut more = !self.cursor.takes(b']');
        while more {
            let place = self.arena.allocate(layout);
            if count == 0 {
                start = place;
            }
            self.present(element, place)?;
            count += 1;
            more = self.cursor.more(b']')?;
        }
        self.arena.point(at, start, count);
        Some(())
    }

    fn record(&mut self, record: &'static RecordType, at: u32) -> Option<()> {
        self.cursor.take(b'{')?;
        self.cursor.blank();
        let (order, extra) = (self.scratch.orders.of(record), self.scratch.extra.len());
        let (mut seen, mut place) = (Seen::default(), 0);
        let mut more = !self.cursor.takes(b'}');
        while more {
            match self.scratch.orders.get(order)?.name(&mut self.cursor, &mut place)? {
                Name::Known(index) => {
                    seen.note(index)?;
                    let slot = self.scratch.orders.get(order)?.slot(index)?;
                    self.field(slot, at)?;
                }
                Name::Unknown(name) if record.extra => {
                    let json = self.cursor.value()?;
                    self.scratch.keep(extra, name, json);
                }
                Name::Unknown(_) => return None,
            }
            more = self.cursor.more(b'}')?;
        }
        for (_, list) in self.scratch.orders.get(order)?.empty_lists(&seen)? {
            self.arena.put_list(at.saturating_add(list.offset), 0, Layout::EMPTY);
        }
        if self.scratch.extra.len() > extra {
            self.scratch.extra.push(b'}');
            let place = at.saturating_add(record.extra_offset());
            let members = self.scratch.extra.get(extra..).unwrap_or_default();
            self.arena.put(place, &[1]);
            self.arena.put_bytes(place.saturating_add(Layout::payload(2, Layout::LIST)), members);
            self.scratch.extra.truncate(extra);
        }
        Some(())
    }
}
