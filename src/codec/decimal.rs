//! Exact decimal numbers as text. No float is ever involved.

use std::borrow::Cow;

/// The largest power of ten that is written out. Money needs a handful; without a
/// bound, ten bytes of JSON could ask for gigabytes of zeros.
const MAX_EXPONENT: i32 = 64;

/// Checks a decimal number: an optional `-`, digits, and optionally `.` and digits.
/// No exponent, no `+`, no blanks, no separators, no NaN. Needless zeros before the
/// number are dropped, since JSON forbids them; zeros behind it stay, so that
/// `12.30` is `12.30`.
pub(super) fn plain(text: &str) -> Option<Cow<'_, str>> {
    let (sign, number) = split_sign(text);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let needless = whole.bytes().take_while(|byte| *byte == b'0').count().min(whole.len() - 1);
    if needless == 0 {
        return Some(Cow::Borrowed(text));
    }
    Some(Cow::Owned(format!("{sign}{}", number.get(needless..)?)))
}

/// Like [`plain`], and writes an exponent out: `1.5E-2` is `0.015`.
pub(super) fn expand(text: &str) -> Option<Cow<'_, str>> {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return plain(text) };
    let exponent: i32 = exponent.parse().ok()?;
    if exponent.abs() > MAX_EXPONENT {
        return None;
    }
    let mantissa = plain(mantissa)?;
    let (sign, number) = split_sign(&mantissa);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let moved = match usize::try_from(point) {
        Ok(point) if point >= digits.len() => format!("{sign}{digits:0<point$}"),
        Ok(point) if point > 0 => {
            let (whole, fraction) = digits.split_at_checked(point)?;
            format!("{sign}{whole}.{fraction}")
        }
        _ => format!("{sign}0.{:0<1$}{digits}", "", usize::try_from(-point).ok()?),
    };
    plain(&moved).map(|number| Cow::Owned(number.into_owned()))
}

/// The integer that a number is, if it is one: `5`, `5.0`, `5e2`.
pub(super) fn integer(text: &str) -> Option<i128> {
    let number = expand(text)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    if fraction.bytes().any(|byte| byte != b'0') {
        return None;
    }
    whole.parse().ok()
}

fn split_sign(text: &str) -> (&'static str, &str) {
    text.strip_prefix('-').map_or(("", text), |number| ("-", number))
}
