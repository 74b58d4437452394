//! Points in time, read and written by hand: what date libraries do takes several times as long.

use super::ndjson::Print;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};
use std::fmt;

const DAY: i64 = 86_400;

/// Seconds since 1970-01-01T00:00:00Z, and nanoseconds within that second.
#[derive(Debug)]
pub struct Instant {
    seconds: i64,
    nanoseconds: u32,
}

impl Instant {
    /// RFC 3339, with at most nine digits of a fraction, and UTC without an offset.
    fn parse(text: &[u8]) -> Option<Self> {
        let (date, rest) = text.split_first_chunk::<19>()?;
        let number = |at: usize, width: usize| {
            date.get(at..at + width)?.iter().try_fold(0_i64, |number, byte| {
                byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
            })
        };
        let &[_, _, _, _, b'-', _, _, b'-', _, _, b'T', _, _, b':', _, _, b':', _, _] = date else {
            return None;
        };
        let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
        let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
        let in_range = (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        let (nanoseconds, rest) = fraction(rest)?;
        let offset = offset(rest).filter(|_| in_range)?;
        let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
        Some(Self { seconds: seconds - offset, nanoseconds })
    }
}

fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let Some((b'.', rest)) = text.split_first() else { return Some((0, text)) };
    let width = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at_checked(width).filter(|_| (1..=9).contains(&width))?;
    let number = digits.iter().fold(0, |number, byte| number * 10 + u32::from(byte - b'0'));
    Some((number * 10_u32.pow(9 - width as u32), rest))
}

/// In seconds.
fn offset(text: &[u8]) -> Option<i64> {
    match text {
        [] | [b'Z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let two = |a: &u8, b: &u8| {
                (a.is_ascii_digit() && b.is_ascii_digit()).then(|| i64::from((a - b'0') * 10 + b - b'0'))
            };
            let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
            let seconds = hours * 3600 + minutes * 60;
            (hours < 24 && minutes < 60).then_some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar; years begin in March, so that the leap day
/// is the last of them.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + year * 365 + year / 4 - year / 100 + (month * 153 + 2) / 5 + day - 1 - 719_468
}

/// The other way round.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Time;

        impl Visitor<'_> for Time {
            type Value = Instant;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a time as in RFC 3339")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Instant, E> {
                Instant::parse(text.as_bytes()).ok_or_else(|| E::custom("no time"))
            }
        }

        deserializer.deserialize_str(Time)
    }
}

/// In UTC, without needless zeros.
impl Print for Instant {
    fn print(&self, out: &mut Vec<u8>) {
        let (year, month, day) = date(self.seconds.div_euclid(DAY));
        let second = self.seconds.rem_euclid(DAY);
        out.push(b'"');
        digits(out, year, 4, b'-');
        digits(out, month, 2, b'-');
        digits(out, day, 2, b'T');
        digits(out, second / 3600, 2, b':');
        digits(out, second / 60 % 60, 2, b':');
        let (mut fraction, mut width) = (i64::from(self.nanoseconds), 9);
        if fraction == 0 {
            digits(out, second % 60, 2, b'Z');
        } else {
            while fraction % 10 == 0 {
                fraction /= 10;
                width -= 1;
            }
            digits(out, second % 60, 2, b'.');
            digits(out, fraction, width, b'Z');
        }
        out.push(b'"');
    }
}

fn digits(out: &mut Vec<u8>, mut number: i64, width: usize, then: u8) {
    let mut text = [b'0'; 9];
    for digit in text.iter_mut().take(width).rev() {
        *digit += (number % 10) as u8;
        number /= 10;
    }
    out.extend(text.iter().take(width));
    out.push(then);
}
