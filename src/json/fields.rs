//! The fields of records, in the order in which a provider sends them.

use crate::{
    cursor::Cursor,
    label::Label,
    layout::Layout,
    types::{Field, RecordType, Type},
};
use std::ptr;

/// So many fields of a record are kept track of, and so many members; no contract's record has more.
const MOST: usize = 256;

/// Of so many types what was learnt is kept for the next reader: each record is looked up among them.
pub(crate) const MOST_TYPES: usize = 32;

/// So many members of a record that the contract does not know are worth knowing from one reader to the next.
const MOST_UNKNOWN: usize = 16;

/// Which fields of a record have come.
#[derive(Debug, Default)]
pub(crate) struct Seen([u64; MOST / 64]);

impl Seen {
    /// Takes note of a field. None if it came before.
    #[inline]
    pub(crate) fn note(&mut self, field: usize) -> Option<()> {
        let word = self.0.get_mut(field / 64)?;
        let bit = 1 << (field % 64);
        let first = *word & bit == 0;
        *word |= bit;
        first.then_some(())
    }

    /// Whether a field has come.
    #[inline]
    pub(crate) fn has(&self, field: usize) -> bool {
        self.0.get(field / 64).is_some_and(|word| word >> (field % 64) & 1 == 1)
    }
}

/// What is known of each type of record that was read: what every record of it needs, and what comes
/// where.
#[derive(Debug, Default)]
pub(crate) struct Orders(Vec<Order>);

/// The members of a type of record, in the order in which they come.
#[derive(Debug)]
pub(crate) struct Order {
    record: &'static RecordType,
    members: Vec<Member>,
    /// Of each field; none of a name that is too long.
    labels: Box<[Option<Label>]>,
    slots: Box<[Slot]>,
    /// The fields that come behind others before which the contract has them, or not at all.
    late: Seen,
    /// The fields that are no options.
    needed: Box<[(usize, &'static Field)]>,
}

/// A member, as the provider writes it.
#[derive(Debug)]
struct Member {
    label: Label,
    /// None if the contract does not know it.
    field: Option<usize>,
}

impl Member {
    /// Its name, which began here.
    #[inline]
    fn name<'a>(&self, cursor: &Cursor<'a>, start: usize) -> Name<'a> {
        let unknown = || Name::Unknown(cursor.at(start + 1, self.label.length().saturating_sub(3)));
        self.field.map_or_else(unknown, Name::Known)
    }
}

/// Where a field stands in its record's memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// Whether it is an option, whose first byte says whether there is a value.
    pub(crate) optional: bool,
    /// Whether an empty text stands for none.
    pub(crate) may_be_empty: bool,
    /// The type of the value.
    pub(crate) ty: &'static Type,
    /// Where the field stands, and where its value does.
    pub(crate) at: u32,
    pub(crate) value_at: u32,
}

impl Slot {
    fn of(field: &'static Field) -> Slot {
        let (at, may_be_empty) = (field.offset, field.ty.may_be_empty());
        match &field.ty {
            Type::Option(inner) => {
                let value_at = at.saturating_add(Layout::payload(2, Layout::of(inner)));
                Slot { optional: true, may_be_empty, ty: inner, at, value_at }
            }
            ty => Slot { optional: false, may_be_empty, ty, at, value_at: at },
        }
    }
}

impl Order {
    fn new(record: &'static RecordType) -> Order {
        let needed =
            record.fields.iter().enumerate().filter(|(_, field)| !matches!(field.ty, Type::Option(_)));
        let labels = record.fields.iter().map(|field| Label::new(field.wire.as_bytes())).collect();
        Order {
            record,
            members: Vec::new(),
            needed: needed.collect(),
            labels,
            slots: record.fields.iter().map(Slot::of).collect(),
            late: Seen::default(),
        }
    }

    /// Where a field stands.
    #[inline]
    pub(crate) fn slot(&self, field: usize) -> Option<Slot> {
        self.slots.get(field).copied()
    }

    /// A field's name as it is written.
    #[inline]
    pub(crate) fn label(&self, field: usize) -> Option<&Label> {
        self.labels.get(field)?.as_ref()
    }

    /// The lists that have not come, and are empty. None if anything else that must be there has not
    /// come.
    #[inline]
    pub(crate) fn empty_lists(&self, seen: &Seen) -> Option<impl Iterator<Item = (usize, &'static Field)>> {
        let missing = || self.needed.iter().copied().filter(|(index, _)| !seen.has(*index));
        missing().all(|(_, field)| matches!(field.ty, Type::List(_))).then(missing)
    }

    /// Reads the name of a member up to its value, at this place of an object, which moves on behind
    /// it. None if it has escapes.
    #[inline]
    pub(crate) fn name<'a>(&mut self, cursor: &mut Cursor<'a>, place: &mut usize) -> Option<Name<'a>> {
        let start = cursor.place();
        if let Some(member) = self.members.get(*place)
            && cursor.takes_label(&member.label)
        {
            *place += 1;
            cursor.blank();
            return Some(member.name(cursor, start));
        }
        self.elsewhere(cursor, place)
    }

    /// A member that comes at another place than the last time, or for the first time.
    #[cold]
    fn elsewhere<'a>(&mut self, cursor: &mut Cursor<'a>, place: &mut usize) -> Option<Name<'a>> {
        let start = cursor.place();
        let (before, after) = self.members.split_at_checked(*place).unwrap_or((&self.members, &[]));
        let found = after.iter().position(|member| cursor.takes_label(&member.label)).map(|at| at + *place);
        let found = found.or_else(|| before.iter().position(|member| cursor.takes_label(&member.label)));
        if let Some((found, member)) = found.and_then(|found| Some((found, self.members.get(found)?))) {
            *place = found + 1;
            cursor.blank();
            return Some(member.name(cursor, start));
        }
        let name = cursor.name()?;
        let field = self.record.fields.iter().position(|field| field.wire.as_bytes() == name);
        if self.members.len() < MOST
            && let Some(label) = Label::new(name)
        {
            self.members.insert((*place).min(self.members.len()), Member { label, field });
            *place += 1;
        }
        Some(field.map_or(Name::Unknown(name), Name::Known))
    }
}

/// A member's name.
pub(crate) enum Name<'a> {
    Known(usize),
    Unknown(&'a [u8]),
}

impl Orders {
    pub(crate) const NONE: Orders = Orders(Vec::new());

    /// Whether another reader is quicker with it than without.
    pub(crate) fn are_worth_keeping(&self) -> bool {
        let modest = |order: &Order| order.members.len() <= order.record.fields.len() + MOST_UNKNOWN;
        self.0.len() <= MOST_TYPES && self.0.iter().all(modest)
    }

    /// Of how many types something is known.
    #[cfg(test)]
    pub(crate) fn types(&self) -> usize {
        self.0.len()
    }

    /// Where that of a type stands.
    #[inline]
    pub(crate) fn of(&mut self, record: &'static RecordType) -> usize {
        let known = self.0.iter().position(|order| ptr::eq(order.record, record));
        known.unwrap_or_else(|| {
            self.0.push(Order::new(record));
            self.0.len() - 1
        })
    }

    /// The fields of an order that come late.
    #[inline]
    pub(crate) fn late(&self, order: usize) -> Option<&Seen> {
        self.0.get(order).map(|order| &order.late)
    }

    /// Remembers that a field does.
    pub(crate) fn comes_late(&mut self, order: usize, field: usize) {
        if let Some(order) = self.0.get_mut(order) {
            _ = order.late.note(field);
        }
    }

    /// The order at such a place.
    #[inline]
    pub(crate) fn get(&mut self, order: usize) -> Option<&mut Order> {
        self.0.get_mut(order)
    }
}
