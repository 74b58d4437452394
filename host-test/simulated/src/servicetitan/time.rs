//! Points in time as the provider writes and reads them.

use jiff::{Timestamp, civil, tz::Offset};
use std::fmt::Write;

/// The spellings of a point in time that ServiceTitan's answers mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `2026-03-04T05:06:07.1234567Z`
    Ticks,
    /// `2026-03-04T05:06:07Z`
    Seconds,
    /// `2026-03-04T05:06:07.1234567+00:00`
    Offset,
    /// `2026-03-04T05:06:07.1234567`, UTC without saying so.
    Bare,
}

/// Ticks of 100 nanoseconds, the provider's resolution.
pub(crate) const TICK: i64 = 100;
pub(crate) const SECOND: i64 = 1_000_000_000;

/// Adds a point in time (nanoseconds since 1970) to `out`, without quotes.
pub(crate) fn write(out: &mut String, at: i64, spelling: Spelling) {
    let time = civil_time(at);
    let fraction = at.rem_euclid(SECOND) / TICK;
    let (y, mo, d) = (time.year(), time.month(), time.day());
    let (h, mi, s) = (time.hour(), time.minute(), time.second());
    // Writing to a String cannot fail.
    let _ = write!(out, "{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}");
    let _ = match spelling {
        Spelling::Seconds => write!(out, "Z"),
        Spelling::Ticks => write!(out, ".{fraction:07}Z"),
        Spelling::Offset => write!(out, ".{fraction:07}+00:00"),
        Spelling::Bare => write!(out, ".{fraction:07}"),
    };
}

/// As a JSON string.
pub(crate) fn quoted(at: i64, spelling: Spelling) -> String {
    let mut out = String::from('"');
    write(&mut out, at, spelling);
    out.push('"');
    out
}

/// Reads a date-time with any offset or none (UTC), or a date (its midnight).
pub(crate) fn parse(text: &str) -> Option<i64> {
    let at = text.parse::<Timestamp>().ok().or_else(|| {
        let time = text.parse::<civil::DateTime>().ok().or_else(|| {
            text.parse::<civil::Date>().ok().map(|date| date.to_datetime(civil::Time::midnight()))
        })?;
        Offset::UTC.to_timestamp(time).ok()
    })?;
    i64::try_from(at.as_nanosecond()).ok()
}

/// An HTTP date (RFC 9110 section 5.6.7), rounded up to the second.
pub(crate) fn http_date(at: i64) -> String {
    let whole = at.saturating_add(SECOND - 1) / SECOND * SECOND;
    civil_time(whole).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn civil_time(at: i64) -> civil::DateTime {
    let at = Timestamp::from_nanosecond(i128::from(at)).unwrap_or(Timestamp::UNIX_EPOCH);
    Offset::UTC.to_datetime(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_reads_back() {
        let at = parse("2026-03-04T05:06:07.1234567Z").unwrap();
        for spelling in [Spelling::Ticks, Spelling::Offset, Spelling::Bare] {
            let mut text = String::new();
            write(&mut text, at, spelling);
            assert_eq!(parse(&text), Some(at), "{text}");
        }
        assert_eq!(quoted(at, Spelling::Seconds), "\"2026-03-04T05:06:07Z\"");
        assert_eq!(parse("2026-03-04"), parse("2026-03-04T00:00:00Z"));
        assert_eq!(parse("yesterday"), None);
    }

    #[test]
    fn http_dates_round_up() {
        let at = parse("1994-11-06T08:49:36.5Z").unwrap();
        assert_eq!(http_date(at), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
