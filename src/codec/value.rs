//! A value in the shape of the contract, between JSON text and memory.

use penstock_json::Instant;
use std::borrow::Cow;

/// A value whose [`Type`](crate::contract::catalogue::Type) is known beside it.
///
/// Every way in (provider JSON, a person's JSON, a caller's memory) ends here, and every
/// way out begins here, so that there is one reading and one printing. What stands
/// here once is valid, except straight out of [`lift`](super::lift).
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    /// A field that has not come yet. Only while a record is read.
    Unset,
    /// `none`.
    Absent,
    /// The inner `none` of an option of an option: JSON's null.
    Null,
    /// `bool`
    Bool(bool),
    /// `s32`, `s64`
    Signed(i64),
    /// `u32`, `u64`
    Unsigned(u64),
    /// `f64`, finite
    Float(f64),
    /// `instant`
    Instant(Instant),
    /// `string`, and what the contract keeps as text: a date, a decimal's digits,
    /// JSON, an enum's `other`, and `extra` as an object without outer blanks.
    Text(Cow<'a, str>),
    /// A known case of an open enum, by its place.
    Case(usize),
    /// The elements of a list.
    List(Vec<Value<'a>>),
    /// The fields of a record in the contract's order; `extra`, where the record
    /// has it, is the last.
    Record(Vec<Value<'a>>),
}
