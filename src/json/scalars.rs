//! Values that are no records and no lists.

use crate::{
    cursor::Cursor,
    instant::{self, Instant},
    types::Type,
};

#[inline]
pub(crate) fn boolean(cursor: &mut Cursor<'_>) -> Option<bool> {
    let yes = cursor.takes_all(b"true");
    (yes || cursor.takes_all(b"false")).then_some(yes)
}

#[inline]
pub(crate) fn signed(cursor: &mut Cursor<'_>) -> Option<i64> {
    let (negative, number) = cursor.integer()?;
    match negative {
        true => 0_i64.checked_sub_unsigned(number),
        false => i64::try_from(number).ok(),
    }
}

#[inline]
pub(crate) fn unsigned(cursor: &mut Cursor<'_>) -> Option<u64> {
    let (negative, number) = cursor.integer()?;
    (!negative || number == 0).then_some(number)
}

/// Passes over an integer that is one of this type.
#[inline]
pub(crate) fn integer(cursor: &mut Cursor<'_>, ty: &Type) -> Option<()> {
    match ty {
        Type::S32 => _ = i32::try_from(signed(cursor)?).ok()?,
        Type::S64 => _ = signed(cursor)?,
        Type::U32 => _ = u32::try_from(unsigned(cursor)?).ok()?,
        _ => _ = unsigned(cursor)?,
    }
    Some(())
}

pub(crate) fn float(cursor: &mut Cursor<'_>) -> Option<f64> {
    let (text, _) = cursor.number()?;
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// Passes over an empty text that says that there is no such value.
pub(crate) fn is_absent(cursor: &mut Cursor<'_>, ty: &Type) -> bool {
    ty.may_be_empty() && cursor.takes_all(b"\"\"")
}

/// A point in time, and its text.
#[inline]
pub(crate) fn instant<'a>(cursor: &mut Cursor<'a>) -> Option<(Instant, &'a [u8])> {
    let text = cursor.unescaped()?;
    Some((Instant::from_bytes(text)?, text))
}

/// A calendar date, ten characters long.
pub(crate) fn date<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    instant::date(std::str::from_utf8(cursor.unescaped()?).ok()?).map(str::as_bytes)
}

/// A decimal's digits, written as a number or as a string, without an exponent.
#[inline]
pub(crate) fn decimal<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let quoted = cursor.takes(b'"');
    let (digits, exponent) = cursor.number()?;
    if quoted {
        cursor.take(b'"')?;
    }
    (!exponent).then_some(digits)
}
