//! The shapes of values, as the contract declares them.

use crate::layout::Layout;

/// The type of a value in the WIT contract, with what its JSON form needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `bool`
    Bool,
    /// `s32`
    S32,
    /// `s64`
    S64,
    /// `u32`
    U32,
    /// `u64`
    U64,
    /// `f64`
    F64,
    /// `string`
    Text,
    /// `instant`, RFC 3339 in JSON.
    Instant,
    /// `date`, `2026-11-20` in JSON.
    Date,
    /// `decimal`: exact digits. A JSON number for the provider, a string in the
    /// normal form.
    Decimal,
    /// `json`: any value, kept as text.
    Json,
    /// `list<T>`
    List(&'static Type),
    /// `option<T>`. An option of an option tells null from absent.
    Option(&'static Type),
    /// A record.
    Record(&'static RecordType),
    /// An open enum: a variant whose last case is `other(string)`.
    Enum(&'static EnumType),
}

/// A record of the contract.
#[derive(Debug, PartialEq, Eq)]
pub struct RecordType {
    /// Its WIT name, `job`.
    pub name: &'static str,
    /// Its fields in WIT order, without `extra`.
    pub fields: &'static [Field],
    /// Whether it ends with `extra: option<json>`, the home of unknown fields.
    pub extra: bool,
    /// What it takes of a memory.
    pub layout: Layout,
}

/// A field of a record.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Its WIT name, `job-number`.
    pub name: &'static str,
    /// The provider's name, `jobNumber`.
    pub wire: &'static str,
    /// Its type.
    pub ty: Type,
    /// A query parameter that must be there although its type can be empty.
    pub required: bool,
    /// How it is written into a request.
    pub join: Join,
    /// A date of a query that stands for the beginning of that day in the tenant's time
    /// zone: it leaves as an instant.
    pub local_day: bool,
    /// What a list's query says here when its caller says nothing, in the provider's spelling:
    /// without it the provider would leave records out.
    pub list_default: Option<&'static str>,
    /// Where it stands in its record's memory, in bytes.
    pub offset: u32,
    /// What it is for, from the WIT.
    pub doc: &'static str,
}

/// How a parameter is written into a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// `codes=a&codes=b`, the default of OpenAPI 3.
    Repeat,
    /// `ids=1,2,3`, with the most elements that the provider takes; 0 if unknown.
    Comma(u32),
    /// A header field of this name instead of a part of the query.
    Header(&'static str),
}

/// An open enum of the contract.
#[derive(Debug, PartialEq, Eq)]
pub struct EnumType {
    /// Its WIT name, `job-status`.
    pub name: &'static str,
    /// The known cases, without the last one, `other`.
    pub cases: &'static [Case],
}

/// A known case of an open enum.
#[derive(Debug, PartialEq, Eq)]
pub struct Case {
    /// Its WIT name, `in-progress`.
    pub name: &'static str,
    /// The provider's spelling, `InProgress`.
    pub wire: &'static str,
    /// What it means, from the WIT.
    pub doc: &'static str,
}

impl Type {
    /// Whether empty text says that there is none: of an optional point in time, date or number.
    #[must_use]
    pub fn may_be_empty(&self) -> bool {
        let number =
            matches!(self.inner(), Type::S32 | Type::S64 | Type::U32 | Type::U64 | Type::F64 | Type::Decimal);
        matches!(self, Type::Option(_)) && (number || matches!(self.inner(), Type::Instant | Type::Date))
    }

    /// Whether it takes the same room whatever it is: a number, true or false, a point in time.
    pub(crate) fn is_number(&self) -> bool {
        use Type::{Bool, F64, Instant, S32, S64, U32, U64};
        matches!(self, Bool | S32 | S64 | U32 | U64 | F64 | Instant)
    }

    /// The type without any `option` around it.
    #[must_use]
    pub fn inner(&self) -> &Type {
        match self {
            Type::Option(inner) => inner.inner(),
            other => other,
        }
    }
}

impl RecordType {
    /// Where `extra` stands in its memory, in bytes, if it has it: behind its last field.
    #[must_use]
    pub fn extra_offset(&self) -> u32 {
        let end = self.fields.last().map_or(0, |last| last.offset.saturating_add(Layout::of(&last.ty).size));
        end.next_multiple_of(Layout::LIST.align)
    }

    /// The field that the provider calls `wire`, with its place. Fields mostly come
    /// in the order of the contract, so the search starts at `hint`.
    #[must_use]
    pub fn field(&self, wire: &str, hint: usize) -> Option<(usize, &'static Field)> {
        let position = |range: &'static [Field]| range.iter().position(|field| field.wire == wire);
        let (before, after) = self.fields.split_at(hint.min(self.fields.len()));
        let index = position(after).map(|at| at + before.len()).or_else(|| position(before))?;
        self.fields.get(index).map(|field| (index, field))
    }
}

impl EnumType {
    /// The place of the case that the provider spells `wire`.
    #[must_use]
    pub fn case(&self, wire: &str) -> Option<usize> {
        self.cases.iter().position(|case| case.wire == wire)
    }
}
