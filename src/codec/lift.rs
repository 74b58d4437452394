//! The memory of the canonical ABI to [`Value`], and on to what a provider takes.

use super::{
    check::check,
    lower::EXTRA,
    path::Problems,
    print::{Form, print},
    query,
    value::Value,
};
use crate::contract::{
    FieldError,
    abi::{Abi, AbiError, Layout, Memory, Places, elements},
    catalogue::{RecordType, Type},
};
use penstock_json::Instant;
use std::borrow::Cow;

/// Writes a body for the provider, from a caller's memory.
///
/// Absent fields are left out, and an option of an option that holds `none` is
/// null; a list is always written. A decimal becomes a JSON number with its exact
/// digits, an instant RFC 3339 in UTC, an open enum the provider's text. The members
/// of `extra` are added to their record.
///
/// # Errors
/// Outside, that the memory holds no such value. Inside, every problem: an instant
/// whose nanoseconds are a second or more or whose year is not within 0001 to 9999; a
/// decimal that is not `-`, digits, `.`, digits (sign and fraction may be missing; no
/// exponent); a date that is not in the calendar; JSON that is none; `extra` that is no
/// object, or names a known field or anything twice.
pub fn lift_body(
    ty: &Type,
    memory: &dyn Memory,
    at: u32,
) -> Result<Result<String, Vec<FieldError>>, AbiError> {
    let value = valid(Form::Vendor, ty, lift(ty, memory, at)?);
    Ok(value.map(|value| print(Form::Vendor, ty, &value)))
}

/// Writes the query that a record in a caller's memory stands for, as pairs that are
/// not percent-encoded yet, in the contract's order.
///
/// `none` and empty lists are left out. A list is one pair with commas or a pair
/// for each element, as the contract says ([`Join`](crate::contract::catalogue::Join)).
///
/// # Errors
/// As [`lift_body`]; and a required parameter that is empty, more elements than the
/// provider takes, and an element with a comma in a list that is joined by commas.
#[allow(clippy::type_complexity, reason = "pairs or problems, or neither")]
pub fn lift_query(
    record: &'static RecordType,
    memory: &dyn Memory,
    at: u32,
) -> Result<Result<Vec<(&'static str, String)>, Vec<FieldError>>, AbiError> {
    let ty = Type::Record(record);
    let value = valid(Form::Vendor, &ty, lift(&ty, memory, at)?);
    Ok(value.and_then(|value| query::pairs(record, &value)))
}

/// The text of a path's placeholder, not percent-encoded yet, from a caller's memory.
///
/// # Errors
/// As [`lift_body`].
pub fn lift_text(
    ty: &Type,
    memory: &dyn Memory,
    at: u32,
) -> Result<Result<String, Vec<FieldError>>, AbiError> {
    let value = valid(Form::Vendor, ty, lift(ty, memory, at)?);
    Ok(value.map(|value| query::text(*ty, &value).into_owned()))
}

/// What a caller reads, in the normal form.
#[cfg(test)]
pub(crate) fn lift_normal(ty: &Type, memory: &dyn Memory, at: u32) -> String {
    print(Form::Normal, ty, &valid(Form::Normal, ty, lift(ty, memory, at).unwrap()).unwrap())
}

/// What a caller reads, whatever stands in `extra`.
#[cfg(test)]
pub(crate) fn lift_value(ty: &Type, memory: &dyn Memory, at: u32) -> String {
    format!("{:?}", lift(ty, memory, at).unwrap())
}

pub(super) fn valid(
    form: Form,
    ty: &Type,
    mut value: Value<'static>,
) -> Result<Value<'static>, Vec<FieldError>> {
    let mut problems = Problems::default();
    check(form, *ty, &mut value, &mut problems);
    problems.or(value)
}

/// Reads a value and releases its blocks. Nothing is validated here: [`check`] does that.
pub(super) fn lift(ty: &Type, memory: &dyn Memory, at: u32) -> Result<Value<'static>, AbiError> {
    Ok(match ty {
        Type::Bool => Value::Bool(bool::lift(memory, at)?),
        Type::S32 => Value::Signed(i32::lift(memory, at)?.into()),
        Type::S64 => Value::Signed(i64::lift(memory, at)?),
        Type::U32 => Value::Unsigned(u32::lift(memory, at)?.into()),
        Type::U64 => Value::Unsigned(u64::lift(memory, at)?),
        Type::F64 => Value::Float(f64::from_bits(u64::lift(memory, at)?)),
        Type::Text | Type::Date | Type::Decimal | Type::Json => text(memory, at)?,
        Type::Instant => {
            let (seconds, nanoseconds) = (i64::lift(memory, at)?, u32::lift(memory, at + 8)?);
            match Instant::new(seconds, nanoseconds) {
                Some(instant) => Value::Instant(instant),
                None => Value::Record(vec![Value::Signed(seconds), Value::Unsigned(nanoseconds.into())]),
            }
        }
        Type::Option(inner) => match crate::contract::abi::discriminant(memory, at, 2)? {
            0 => Value::Absent,
            _ => match lift(inner, memory, at + Layout::payload(2, Layout::of(inner)))? {
                Value::Absent => Value::Null,
                value => value,
            },
        },
        Type::Enum(known) => {
            let cases = known.cases.len() + 1;
            match crate::contract::abi::discriminant(memory, at, cases)? {
                case if case < known.cases.len() => Value::Case(case),
                _ => text(memory, at + Layout::payload(cases, Layout::LIST))?,
            }
        }
        Type::List(element) => {
            let read = |at| lift(element, memory, at);
            Value::List(elements(memory, at, Layout::of(element), read)?)
        }
        Type::Record(record) => {
            let mut places = Places::at(at);
            let types = record.fields.iter().map(|field| &field.ty).chain(record.extra.then_some(&EXTRA));
            let fields = types.map(|ty| lift(ty, memory, places.next(Layout::of(ty))));
            Value::Record(fields.collect::<Result<_, _>>()?)
        }
    })
}

fn text(memory: &dyn Memory, at: u32) -> Result<Value<'static>, AbiError> {
    String::lift(memory, at).map(|text| Value::Text(Cow::Owned(text)))
}
