//! Points in time and calendar dates as text.

use jiff::{SignedDuration, civil};
use std::fmt;

/// A point in time within the years 0001 to 9999, UTC.
///
/// Those are the years that RFC 3339 can print and that .NET, which the vendor
/// runs on, can hold; `9999-12-31T23:59:59.9999999` is its `DateTime.MaxValue`.
/// A `jiff::Timestamp` ends a day earlier, hence the civil time inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(civil::DateTime);

const EPOCH: civil::DateTime = civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

impl Instant {
    /// From whole seconds since 1970-01-01T00:00:00Z and the nanoseconds within
    /// that second. None if the nanoseconds are a second or more, or the year is
    /// not within 0001 to 9999.
    #[must_use]
    pub fn new(seconds: i64, nanoseconds: u32) -> Option<Instant> {
        let nanoseconds =
            i32::try_from(nanoseconds).ok().filter(|nanoseconds| *nanoseconds < 1_000_000_000)?;
        let whole = EPOCH.checked_add(SignedDuration::from_secs(seconds)).ok()?;
        let time = whole.time().with().subsec_nanosecond(nanoseconds).build().ok()?;
        in_range(whole.date().to_datetime(time))
    }

    /// Reads any of the forms that vendors send and people write:
    ///
    /// - `2025-10-13T00:00:00Z`, `2025-10-13T00:00:00-05:00` (RFC 3339);
    /// - `2025-10-13T00:00:00.1234567`, no offset: UTC; 1 to 9 fraction digits
    ///   (.NET writes 7);
    /// - lower-case `t` and `z`, or a blank for the `T` (RFC 3339 section 5.6);
    /// - `2025-10-13`: midnight UTC.
    #[must_use]
    pub fn parse(text: &str) -> Option<Instant> {
        let (local, offset_minutes) = parts(text)?;
        if offset_minutes == 0 {
            return in_range(local);
        }
        in_range(local.checked_sub(SignedDuration::from_secs(i64::from(offset_minutes) * 60)).ok()?)
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, negative before it.
    #[must_use]
    pub fn seconds(self) -> i64 {
        let since = self.0.duration_since(EPOCH);
        since.as_secs() - i64::from(since.subsec_nanos() < 0)
    }

    /// Nanoseconds within the second.
    #[must_use]
    pub fn nanoseconds(self) -> u32 {
        self.0.subsec_nanosecond().unsigned_abs()
    }
}

/// RFC 3339 with `Z`; a fraction only if there is one, without trailing zeros.
impl fmt::Display for Instant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 30];
        let length = self.write(&mut text);
        out.write_str(text.get(..length).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default())
    }
}

impl Instant {
    /// Digit by digit, since formatting machinery would be a good part of the time
    /// that a page takes.
    fn write(self, text: &mut [u8; 30]) -> usize {
        let time = self.0;
        let mut at = 0;
        let mut put = |number: i32, width: u32, then: u8| {
            for place in (0..width).rev() {
                let digit = number.unsigned_abs() / 10_u32.pow(place) % 10;
                set(text, &mut at, b'0' + u8::try_from(digit).unwrap_or(0));
            }
            set(text, &mut at, then);
        };
        put(time.year().into(), 4, b'-');
        put(time.month().into(), 2, b'-');
        put(time.day().into(), 2, b'T');
        put(time.hour().into(), 2, b':');
        put(time.minute().into(), 2, b':');
        let (mut fraction, mut width) = (time.subsec_nanosecond(), 9);
        if fraction == 0 {
            put(time.second().into(), 2, b'Z');
        } else {
            while fraction % 10 == 0 {
                fraction /= 10;
                width -= 1;
            }
            put(time.second().into(), 2, b'.');
            put(fraction, width, b'Z');
        }
        at
    }
}

fn set(text: &mut [u8], at: &mut usize, byte: u8) {
    if let Some(slot) = text.get_mut(*at) {
        *slot = byte;
        *at += 1;
    }
}

fn in_range(time: civil::DateTime) -> Option<Instant> {
    (time.year() >= 1).then_some(Instant(time))
}

/// The calendar date in `text`: `2026-11-20`, or the same day's midnight as a time
/// without an offset or in UTC, as .NET writes a date. Any other time of day is no
/// date, and neither is midnight elsewhere.
pub(super) fn date(text: &str) -> Option<&str> {
    let (local, offset_minutes) = parts(text)?;
    let midnight = local.time() == civil::Time::midnight() && offset_minutes == 0 && local.year() >= 1;
    midnight.then(|| text.get(..10)).flatten()
}

/// The local time and the minutes that it is ahead of UTC.
fn parts(text: &str) -> Option<(civil::DateTime, i32)> {
    let (date, rest) = text.as_bytes().split_first_chunk::<10>()?;
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date else { return None };
    let year = i16::from(two(y1, y2)?) * 100 + i16::from(two(y3, y4)?);
    let (month, day) = (two(m1, m2)?, two(d1, d2)?);
    if rest.is_empty() {
        return Some((civil::DateTime::new(year, month, day, 0, 0, 0, 0).ok()?, 0));
    }
    let (time, rest) = rest.split_first_chunk::<9>()?;
    let &[b'T' | b't' | b' ', h1, h2, b':', i1, i2, b':', s1, s2] = time else { return None };
    let (nanoseconds, rest) = fraction(rest)?;
    let local =
        civil::DateTime::new(year, month, day, two(h1, h2)?, two(i1, i2)?, two(s1, s2)?, nanoseconds).ok()?;
    Some((local, offset(rest)?))
}

fn fraction(rest: &[u8]) -> Option<(i32, &[u8])> {
    let Some((b'.', rest)) = rest.split_first() else { return Some((0, rest)) };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at_checked(digits)?;
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    let nanoseconds =
        (0..9).fold(0, |sum, place| sum * 10 + digits.get(place).map_or(0, |digit| i32::from(digit - b'0')));
    Some((nanoseconds, rest))
}

/// Minutes ahead of UTC (RFC 3339 section 5.6, `time-offset`; nothing is UTC).
fn offset(rest: &[u8]) -> Option<i32> {
    match *rest {
        [] | [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (i32::from(two(h1, h2)?), i32::from(two(m1, m2)?));
            let offset = (hours <= 23 && minutes <= 59).then_some(hours * 60 + minutes)?;
            Some(if sign == b'-' { -offset } else { offset })
        }
        _ => None,
    }
}

fn two(tens: u8, ones: u8) -> Option<i8> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| (byte - b'0').cast_signed());
    Some(digit(tens)? * 10 + digit(ones)?)
}
