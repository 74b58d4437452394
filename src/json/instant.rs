//! Points in time and calendar dates as text.

use crate::{civil::Date, text::digits};
use std::{fmt, ops::RangeInclusive};

/// A point in time within the years 0001 to 9999, UTC.
///
/// Those are the years that RFC 3339 can print and that .NET, which the provider
/// runs on, can hold; `9999-12-31T23:59:59.9999999` is its `DateTime.MaxValue`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    seconds: i64,
    nanoseconds: u32,
}

/// 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
const SECONDS: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
const DAY: i64 = 86_400;

impl Instant {
    /// From whole seconds since 1970-01-01T00:00:00Z and the nanoseconds within
    /// that second. None if the nanoseconds are a second or more, or the year is
    /// not within 0001 to 9999.
    #[must_use]
    pub fn new(seconds: i64, nanoseconds: u32) -> Option<Instant> {
        (nanoseconds < 1_000_000_000 && SECONDS.contains(&seconds))
            .then_some(Instant { seconds, nanoseconds })
    }

    /// Reads any of the forms that providers send and people write:
    ///
    /// - `2025-10-13T00:00:00Z`, `2025-10-13T00:00:00-05:00` (RFC 3339);
    /// - `2025-10-13T00:00:00.1234567`, no offset: UTC; 1 to 9 fraction digits
    ///   (.NET writes 7);
    /// - lower-case `t` and `z`, or a blank for the `T` (RFC 3339 section 5.6);
    /// - `2025-10-13`: midnight UTC.
    #[must_use]
    pub fn parse(text: &str) -> Option<Instant> {
        Instant::from_bytes(text.as_bytes())
    }

    /// The same of text that was not looked at yet.
    #[must_use]
    pub fn from_bytes(text: &[u8]) -> Option<Instant> {
        let (local, offset_minutes) = parts(text)?;
        Instant::new(local.seconds - i64::from(offset_minutes * 60), local.nanoseconds)
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, negative before it.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds within the second.
    #[must_use]
    pub fn nanoseconds(self) -> u32 {
        self.nanoseconds
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
        // Both fit: the years are those from 0001 to 9999.
        let narrow = |number: i64| i32::try_from(number).unwrap_or_default();
        let date = Date::of(narrow(self.seconds.div_euclid(DAY)));
        let second = narrow(self.seconds.rem_euclid(DAY));
        let mut at = 0;
        let mut put = |number: i32, width: u32, then: u8| {
            for place in (0..width).rev() {
                let digit = number / 10_i32.pow(place) % 10;
                set(text, &mut at, b'0' + u8::try_from(digit).unwrap_or(0));
            }
            set(text, &mut at, then);
        };
        put(date.year, 4, b'-');
        put(date.month, 2, b'-');
        put(date.day, 2, b'T');
        put(second / 3_600, 2, b':');
        put(second / 60 % 60, 2, b':');
        let (mut fraction, mut width) = (narrow(self.nanoseconds.into()), 9);
        if fraction == 0 {
            put(second % 60, 2, b'Z');
        } else {
            while fraction % 10 == 0 {
                fraction /= 10;
                width -= 1;
            }
            put(second % 60, 2, b'.');
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

/// The calendar date in `text`: `2026-11-20`, or the same day's midnight as a time
/// without an offset or in UTC, as .NET writes a date. Any other time of day is no
/// date, and neither is midnight elsewhere.
#[must_use]
pub fn date(text: &str) -> Option<&str> {
    let (local, offset_minutes) = parts(text.as_bytes())?;
    let midnight = local.seconds.rem_euclid(DAY) == 0 && local.nanoseconds == 0;
    (midnight && offset_minutes == 0 && SECONDS.contains(&local.seconds)).then(|| text.get(..10)).flatten()
}

/// The local time, as if it were UTC, and the minutes that it is ahead of UTC. Its year may
/// be 0000.
fn parts(text: &[u8]) -> Option<(Instant, i32)> {
    let (date, rest) = text.split_first_chunk::<10>()?;
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date else { return None };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let midnight = i64::from(Date::new(year, two(m1, m2)?, two(d1, d2)?)?.days()) * DAY;
    if rest.is_empty() {
        return Some((Instant { seconds: midnight, nanoseconds: 0 }, 0));
    }
    let (time, rest) = rest.split_first_chunk::<9>()?;
    let &[b'T' | b't' | b' ', h1, h2, b':', i1, i2, b':', s1, s2] = time else { return None };
    let (hour, minute, second) = (two(h1, h2)?, two(i1, i2)?, two(s1, s2)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (nanoseconds, rest) = fraction(rest)?;
    let seconds = midnight + i64::from((hour * 60 + minute) * 60 + second);
    Some((Instant { seconds, nanoseconds }, offset(rest)?))
}

fn fraction(rest: &[u8]) -> Option<(u32, &[u8])> {
    let Some((b'.', rest)) = rest.split_first() else { return Some((0, rest)) };
    // .NET writes seven digits and a `Z`: a word.
    let (count, number) = match digits(rest, 0) {
        Some((count @ 1..=7, number)) => (count, u32::try_from(number).ok()?),
        _ => {
            let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let digits = rest.get(..count).filter(|_| (1..=9).contains(&count))?;
            (count, digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
        }
    };
    let scale = TENS.get(9_usize.checked_sub(count)?)?;
    Some((number * scale, rest.get(count..)?))
}

/// The powers of ten.
const TENS: [u32; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Minutes ahead of UTC (RFC 3339 section 5.6, `time-offset`; nothing is UTC).
fn offset(rest: &[u8]) -> Option<i32> {
    match *rest {
        [] | [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
            let offset = (hours <= 23 && minutes <= 59).then_some(hours * 60 + minutes)?;
            Some(if sign == b'-' { -offset } else { offset })
        }
        _ => None,
    }
}

fn two(tens: u8, ones: u8) -> Option<i32> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i32::from(byte - b'0'));
    Some(digit(tens)? * 10 + digit(ones)?)
}
