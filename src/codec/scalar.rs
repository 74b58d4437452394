//! Values that hold no others, from JSON and from plain text.

use super::{decimal, raw, value::Value};
use crate::{
    contract::catalogue::{EnumType, Type},
    policy::shown::visible,
};
use penstock_json::{Instant, instant};
use std::borrow::Cow;

/// What a type wants, for a message.
pub(super) fn expected(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "true or false",
        Type::S32 => "an integer from -2147483648 to 2147483647",
        Type::S64 => "an integer of 64 bits",
        Type::U32 => "an integer from 0 to 4294967295",
        Type::U64 => "an integer of 64 bits, not negative",
        Type::F64 => "a number",
        Type::Text | Type::Enum(_) => "text",
        Type::Instant => "a point in time such as 2026-11-20T08:30:00Z",
        Type::Date => "a calendar date such as 2026-11-20",
        Type::Decimal => "a decimal number such as 12.30",
        Type::Json => "JSON",
        Type::List(_) => "an array",
        Type::Record(_) => "an object",
        Type::Option(inner) => expected(*inner),
    }
}

/// `text` in quotes, or how long it is: a message is no place for a document. It is not cut, since
/// a secret in it is only found whole. It may be shown on a terminal.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    let length = text.chars().count();
    if length > LONGEST {
        return format!("a text of {length} characters");
    }
    format!("`{}`", visible(text))
}

/// Reads a scalar from valid JSON text. An unknown text of an enum is taken as its
/// `other`, and so is a number or a boolean: a provider may change its mind.
///
/// # Errors
/// What is wrong, for a person.
pub(super) fn from_json(ty: Type, json: &str) -> Result<Value<'_>, String> {
    let unfit = || format!("expected {}, found {}", expected(ty), raw::kind(json));
    let text = || raw::text(json).ok_or_else(unfit);
    let is_number = json.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    match ty {
        Type::Json => Ok(Value::Text(json.into())),
        Type::Bool => json.parse().map(Value::Bool).map_err(|_| unfit()),
        Type::S32 | Type::S64 | Type::U32 | Type::U64 if is_number => {
            integer(ty, decimal::integer(json), json)
        }
        Type::F64 if is_number => match json.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            _ => Err(format!("{} is too large", quoted(json))),
        },
        Type::Decimal if is_number => {
            decimal::expand(json).map(Value::Text).ok_or_else(|| format!("{} is too large", quoted(json)))
        }
        Type::Text => text().map(Value::Text),
        Type::Instant | Type::Date | Type::Decimal => from_text(ty, text()?),
        Type::Enum(known) if is_number || matches!(json, "true" | "false") => Ok(open(known, json.into())),
        Type::Enum(known) => Ok(open(known, text()?)),
        _ => Err(unfit()),
    }
}

/// Reads what the contract keeps as text with a meaning: instant, date, decimal.
///
/// # Errors
/// What is wrong, for a person.
pub(super) fn from_text(ty: Type, text: Cow<'_, str>) -> Result<Value<'_>, String> {
    let unfit = || format!("expected {}, found {}", expected(ty), quoted(&text));
    match ty {
        Type::Instant => Instant::parse(&text).map(Value::Instant).ok_or_else(unfit),
        Type::Date => match instant::date(&text) {
            Some(date) if date.len() == text.len() => Ok(Value::Text(text)),
            Some(date) => Ok(Value::Text(date.to_owned().into())),
            None => Err(unfit()),
        },
        Type::Decimal => match decimal::expand(&text) {
            Some(number) if number == text => Ok(Value::Text(text)),
            Some(number) => Ok(Value::Text(number.into_owned().into())),
            None => Err(unfit()),
        },
        _ => Ok(Value::Text(text)),
    }
}

/// An integer if it is one and within the type's range. `text` is for the message.
///
/// # Errors
/// What is wrong, for a person.
pub(super) fn integer(ty: Type, number: Option<i128>, text: &str) -> Result<Value<'static>, String> {
    number
        .and_then(|number| match ty {
            Type::S32 => i32::try_from(number).ok().map(|number| Value::Signed(number.into())),
            Type::S64 => i64::try_from(number).ok().map(Value::Signed),
            Type::U32 => u32::try_from(number).ok().map(|number| Value::Unsigned(number.into())),
            Type::U64 => u64::try_from(number).ok().map(Value::Unsigned),
            _ => None,
        })
        .ok_or_else(|| format!("expected {}, found {}", expected(ty), quoted(text)))
}

/// Whether a type of integers has this one.
pub(super) fn is_within(ty: Type, number: i128) -> bool {
    integer(ty, Some(number), "").is_ok()
}

/// The integer that a text of digits is, where one is asked for: some providers write ids as
/// text. None if it is none of both.
pub(super) fn digits(ty: Type, text: &str) -> Option<Result<Value<'static>, String>> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let asked = matches!(ty, Type::S32 | Type::S64 | Type::U32 | Type::U64);
    (asked && whole).then(|| integer(ty, text.parse().ok(), text))
}

/// A known case of an open enum, or `other`.
pub(super) fn open<'a>(known: &EnumType, text: Cow<'a, str>) -> Value<'a> {
    known.case(&text).map_or(Value::Text(text), Value::Case)
}
