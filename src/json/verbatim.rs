//! What is in the normal form already: it is copied, many members at once, and not written anew.

use crate::{
    fields::{Name, Seen},
    instant::{self, Instant},
    normal::Writer,
    scalars,
    scratch::Written,
    types::{RecordType, Type},
};

/// Members that stand behind one another in the provider's JSON as they will in the normal form.
#[derive(Clone, Copy)]
struct Run {
    first: usize,
    last: usize,
    /// In the provider's JSON.
    from: usize,
    to: usize,
}

impl Writer<'_, '_> {
    /// Writes a record whose fields come in such an order that runs of them can be copied; false, with
    /// nothing written, if they have just been found not to.
    pub(crate) fn copied(&mut self, record: &'static RecordType) -> Option<bool> {
        let (before, out) = (self.cursor, self.out.len());
        self.cursor.take(b'{')?;
        self.cursor.blank();
        let (order, extra) = (self.scratch.orders.of(record), self.scratch.extra.len());
        let written = self.scratch.written.len();
        let (mut seen, mut place, mut run) = (Seen::default(), 0, None);
        self.out.push(b'{');
        let start = self.out.len();
        let mut more = !self.cursor.takes(b'}');
        while more {
            let from = self.cursor.place();
            match self.scratch.orders.get(order)?.name(&mut self.cursor, &mut place)? {
                Name::Known(index) => {
                    seen.note(index)?;
                    self.member(record, order, index, from, &mut run)?;
                }
                Name::Unknown(name) if record.extra => {
                    let json = self.cursor.value()?;
                    self.scratch.keep(extra, name, json);
                }
                Name::Unknown(_) => return None,
            }
            more = self.cursor.more(b'}')?;
        }
        self.copy(run);
        self.empty_lists(order, &seen)?;
        if !self.part(order, written) {
            self.cursor = before;
            self.out.truncate(out);
            self.scratch.extra.truncate(extra);
            self.scratch.written.truncate(written);
            return Some(false);
        }
        self.arrange(start, written);
        self.close(start, extra);
        Some(true)
    }

    /// Adds a field, whose name was read, to the run or writes it.
    fn member(
        &mut self,
        record: &RecordType,
        order: usize,
        index: usize,
        from: usize,
        run: &mut Option<Run>,
    ) -> Option<()> {
        let field = record.fields.get(index)?;
        let value = self.cursor;
        if !self.stands_alone(order, index, from) || !self.verbatim(&field.ty)? || self.cursor.is_blank() {
            self.cursor = value;
            self.copy(run.take());
            return self.field(record, order, index);
        }
        let to = self.cursor.place();
        let follows = |run: &&mut Run| {
            let parts = |late: &Seen| (run.last + 1..index).any(|field| late.has(field));
            run.to + 1 == from && run.last < index && !self.scratch.orders.late(order).is_none_or(parts)
        };
        match run.as_mut().filter(follows) {
            Some(run) => (run.last, run.to) = (index, to),
            None => self.copy(run.replace(Run { first: index, last: index, from, to })),
        }
        Some(())
    }

    /// Whether a name that was read is written as the normal form has it.
    #[inline]
    fn stands_alone(&mut self, order: usize, index: usize, from: usize) -> bool {
        let label = self.scratch.orders.get(order).and_then(|order| order.label(index));
        label.is_some_and(|label| self.cursor.place() - from == label.length())
    }

    fn copy(&mut self, run: Option<Run>) {
        let Some(Run { first, last, from, to }) = run else { return };
        let start = self.out.len();
        self.out.extend_from_slice(self.cursor.at(from, to - from));
        self.out.push(b',');
        self.scratch.written.push(Written { field: first, last, from: start, to: self.out.len() });
    }

    /// Whether what was written can be brought into order as it is. If not, it is remembered which
    /// fields come where others must be parted for them.
    fn part(&mut self, order: usize, first: usize) -> bool {
        let written = self.scratch.written.get(first..).unwrap_or_default();
        if written.is_sorted_by(|one, next| one.last < next.field) {
            return true;
        }
        let mut parted = true;
        for run in written.iter().filter(|run| run.last > run.field) {
            for other in written.iter().filter(|other| run.field < other.field && other.field < run.last) {
                parted = false;
                self.scratch.orders.comes_late(order, other.field);
            }
        }
        parted
    }

    /// Passes over a value: whether it is in the normal form.
    fn verbatim(&mut self, ty: &Type) -> Option<bool> {
        let start = self.cursor.place();
        Some(match ty {
            Type::Option(_) if self.cursor.peek() == b'n' => false,
            Type::Option(_) if scalars::is_absent(&mut self.cursor, ty) => false,
            Type::Option(inner) => return self.verbatim(inner),
            Type::Text | Type::Enum(_) => !self.cursor.string()?.escaped,
            Type::Bool => {
                scalars::boolean(&mut self.cursor)?;
                true
            }
            Type::S32 | Type::S64 | Type::U32 | Type::U64 => {
                scalars::integer(&mut self.cursor, ty)?;
                self.cursor.since(start) != b"-0"
            }
            Type::Instant => is_normal(self.cursor.unescaped()?)?,
            Type::Date => {
                let text = std::str::from_utf8(self.cursor.unescaped()?).ok()?;
                instant::date(text)?.len() == text.len()
            }
            Type::F64 | Type::Decimal => false,
            Type::Json => self.cursor.value().is_some(),
            Type::List(element) => return self.verbatim_list(element),
            Type::Record(record) => return self.verbatim_record(record),
        })
    }

    fn verbatim_list(&mut self, element: &Type) -> Option<bool> {
        if !self.cursor.takes(b'[') {
            return Some(false);
        }
        if self.cursor.takes(b']') {
            return Some(true);
        }
        loop {
            if self.cursor.is_blank() || !self.verbatim(element)? {
                return Some(false);
            }
            match self.cursor.peek() {
                b',' => self.cursor.take(b',')?,
                close => return Some(close == b']' && self.cursor.takes(b']')),
            }
        }
    }

    fn verbatim_record(&mut self, record: &'static RecordType) -> Option<bool> {
        let order = self.scratch.orders.of(record);
        let (mut seen, mut place, mut next) = (Seen::default(), 0, 0);
        if !self.cursor.takes(b'{') {
            return Some(false);
        }
        loop {
            let from = self.cursor.place();
            if self.cursor.peek() != b'"' {
                return Some(false);
            }
            let name = self.scratch.orders.get(order)?.name(&mut self.cursor, &mut place)?;
            let Name::Known(index) = name else { return Some(false) };
            seen.note(index)?;
            let alone = index >= next && self.stands_alone(order, index, from);
            if !alone || !self.verbatim(&record.fields.get(index)?.ty)? {
                return Some(false);
            }
            next = index + 1;
            match self.cursor.peek() {
                b',' => self.cursor.take(b',')?,
                close if close != b'}' => return Some(false),
                _ => break,
            }
        }
        self.cursor.take(b'}')?;
        Some(self.scratch.orders.get(order)?.empty_lists(&seen)?.next().is_none())
    }
}

/// Whether a point in time is written in UTC, without zeros at the end of a fraction.
fn is_normal(text: &[u8]) -> Option<bool> {
    Instant::from_bytes(text)?;
    let utc = text.last() == Some(&b'Z') && text.get(10) == Some(&b'T');
    let fraction = text.get(19..text.len().saturating_sub(1)).unwrap_or_default();
    Some(utc && fraction.last() != Some(&b'0') && text.len() >= 20)
}
