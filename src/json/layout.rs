//! How much room a value takes, and where its parts stand.

use crate::types::Type;

/// The room of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// In bytes.
    pub size: u32,
    /// Its address is a multiple of this: 1, 2, 4 or 8.
    pub align: u32,
}

impl Layout {
    /// Nothing, and the beginning of a record.
    pub const EMPTY: Layout = Layout { size: 0, align: 1 };
    /// A string or a list: address and length.
    pub const LIST: Layout = Layout { size: 8, align: 4 };

    /// A number of so many bytes.
    #[must_use]
    pub const fn number(size: u32) -> Layout {
        Layout { size, align: size }
    }

    /// A record with one more field at its end. The last one is followed by
    /// [`end`](Layout::end).
    #[must_use]
    pub const fn field(self, field: Layout) -> Layout {
        Layout {
            size: self.size.next_multiple_of(field.align) + field.size,
            align: if field.align > self.align { field.align } else { self.align },
        }
    }

    /// The record as a whole: one can stand after the other.
    #[must_use]
    pub const fn end(self) -> Layout {
        Layout { size: self.size.next_multiple_of(self.align), align: self.align }
    }

    /// Room for either of two.
    #[must_use]
    pub const fn or(self, other: Layout) -> Layout {
        Layout {
            size: if other.size > self.size { other.size } else { self.size },
            align: if other.align > self.align { other.align } else { self.align },
        }
    }

    /// A variant of so many cases. `payload` has room for that of each.
    #[must_use]
    pub const fn variant(cases: usize, payload: Layout) -> Layout {
        Layout::discriminant(cases).field(payload).end()
    }

    /// Where the payload of such a variant stands.
    #[must_use]
    pub const fn payload(cases: usize, payload: Layout) -> u32 {
        Layout::discriminant(cases).size.next_multiple_of(payload.align)
    }

    /// The number that tells the cases of a variant apart.
    #[must_use]
    pub const fn discriminant(cases: usize) -> Layout {
        Layout::number(match cases {
            0..=0x100 => 1,
            0x101..=0x1_0000 => 2,
            _ => 4,
        })
    }

    /// Such a value that may be missing.
    #[must_use]
    pub const fn option(self) -> Layout {
        Layout::variant(2, self)
    }

    /// A value of the contract.
    #[must_use]
    pub fn of(ty: &Type) -> Layout {
        match ty {
            Type::Bool => Layout::number(1),
            Type::S32 | Type::U32 => Layout::number(4),
            Type::S64 | Type::U64 | Type::F64 => Layout::number(8),
            Type::Text | Type::Date | Type::Decimal | Type::Json | Type::List(_) => Layout::LIST,
            Type::Instant => Layout { size: 16, align: 8 },
            Type::Option(inner) => Layout::of(inner).option(),
            Type::Enum(known) => Layout::variant(known.cases.len() + 1, Layout::LIST),
            Type::Record(record) => record.layout,
        }
    }
}

/// The places of a record's fields, one after the other.
#[derive(Debug)]
pub struct Places {
    start: u32,
    used: Layout,
}

impl Places {
    /// Those of a record that begins here.
    #[must_use]
    pub const fn at(start: u32) -> Places {
        Places { start, used: Layout::EMPTY }
    }

    /// The address of the next field.
    pub const fn next(&mut self, field: Layout) -> u32 {
        self.used = self.used.field(field);
        self.start + self.used.size - field.size
    }

    /// The room of the record so far, as if this were its end.
    #[must_use]
    pub const fn end(&self) -> Layout {
        self.used.end()
    }
}
