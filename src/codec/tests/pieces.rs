//! Instants, decimals, limits.

use crate::codec::{Elements, Instant, LimitExceeded, MAX_DEPTH, check_limits, decimal};
use jiff::{Timestamp, tz::Offset};
use proptest::prelude::*;

#[track_caller]
fn instant(text: &str, expected: &str) {
    assert_eq!(Instant::parse(text).map(|instant| instant.to_string()).as_deref(), Some(expected), "{text}");
}

#[test]
fn all_forms_of_an_instant() {
    instant("2025-10-13T00:00:00", "2025-10-13T00:00:00Z");
    instant("2025-10-13T08:05:09Z", "2025-10-13T08:05:09Z");
    instant("2025-10-13t08:05:09z", "2025-10-13T08:05:09Z");
    instant("2025-10-13 08:05:09", "2025-10-13T08:05:09Z");
    instant("2025-10-13", "2025-10-13T00:00:00Z");
    instant("2025-10-13T08:05:09+00:00", "2025-10-13T08:05:09Z");
    instant("2025-10-13T08:05:09-00:00", "2025-10-13T08:05:09Z");
    instant("2025-10-13T20:05:09-05:00", "2025-10-14T01:05:09Z");
    instant("2025-03-01T01:00:00+05:30", "2025-02-28T19:30:00Z");
    instant("2025-10-13T08:05:09.1234567Z", "2025-10-13T08:05:09.1234567Z");
    instant("2025-10-13T08:05:09.5", "2025-10-13T08:05:09.5Z");
    instant("2025-10-13T08:05:09.0000000Z", "2025-10-13T08:05:09Z");
    instant("2025-10-13T08:05:09.000000001", "2025-10-13T08:05:09.000000001Z");
    instant("2025-10-13T08:05:09.010", "2025-10-13T08:05:09.01Z");
}

#[test]
fn the_ends_of_dotnets_calendar() {
    instant("0001-01-01T00:00:00", "0001-01-01T00:00:00Z");
    instant("9999-12-31T23:59:59.9999999", "9999-12-31T23:59:59.9999999Z");
    assert_eq!(Instant::parse("0001-01-01T00:00:00+00:01"), None);
    assert_eq!(Instant::parse("9999-12-31T23:59:59-00:01"), None);
    assert_eq!(Instant::parse("0000-12-31T00:00:00"), None);
}

#[test]
fn what_is_no_instant() {
    for text in [
        "",
        "yesterday",
        "2025-10-13T",
        "2025-10-13T08:05",
        "2025-10-13T08:05:09.",
        "2025-10-13T08:05:09.1234567890",
        "2025-10-13T08:05:09,5",
        "2025-10-13T08:05:09+5",
        "2025-10-13T08:05:09+24:00",
        "2025-10-13T08:05:09+05:60",
        "2025-10-13T08:05:09ZZ",
        "2025-10-13T24:00:00",
        "2025-10-13T08:60:00",
        "2025-02-29T00:00:00",
        "2025-13-01",
        "2025-1-01",
        "20251013",
        "+2025-10-13",
        " 2025-10-13",
        "2025-10-13T08:05:09 ",
        "２０２５-10-13",
        "10/13/2025",
    ] {
        assert_eq!(Instant::parse(text), None, "{text}");
    }
}

#[test]
fn an_instant_from_numbers() {
    let text = |seconds, nanoseconds| Instant::new(seconds, nanoseconds).map(|instant| instant.to_string());
    assert_eq!(text(0, 0).as_deref(), Some("1970-01-01T00:00:00Z"));
    assert_eq!(text(-1, 500_000_000).as_deref(), Some("1969-12-31T23:59:59.5Z"));
    assert_eq!(text(-62_135_596_800, 0).as_deref(), Some("0001-01-01T00:00:00Z"));
    assert_eq!(text(253_402_300_799, 999_999_999).as_deref(), Some("9999-12-31T23:59:59.999999999Z"));
    assert_eq!(text(0, 1_000_000_000), None);
    assert_eq!(text(0, u32::MAX), None);
    assert_eq!(text(-62_135_596_801, 999_999_999), None);
    assert_eq!(text(253_402_300_800, 0), None);
    assert_eq!(text(i64::MIN, 0), None);
    assert_eq!(text(i64::MAX, 0), None);
}

proptest! {
    #[test]
    fn instants_are_jiffs(seconds in -62_135_596_800_i64..253_402_200_000, nanoseconds in 0_u32..1_000_000_000, minutes in -1439_i32..=1439) {
        let expected = Timestamp::new(seconds, 0).unwrap() + jiff::SignedDuration::from_nanos(nanoseconds.into());
        let instant = Instant::new(seconds, nanoseconds).unwrap();
        prop_assert_eq!(instant.to_string(), expected.to_string());
        prop_assert_eq!((instant.seconds(), instant.nanoseconds()), (seconds, nanoseconds));
        prop_assert_eq!(Instant::parse(&instant.to_string()), Some(instant));

        let local = Offset::from_seconds(minutes * 60).unwrap().to_datetime(expected);
        if (1..=9999).contains(&local.year()) {
            let sign = if minutes < 0 { '-' } else { '+' };
            let text = format!("{local}{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
            prop_assert_eq!(Instant::parse(&text), Some(instant), "{}", text);
        }
    }

    #[test]
    fn an_instant_of_anything_never_panics(text in "\\PC{0,40}", digits in "[0-9TtZz:.+ -]{0,40}") {
        let _ = Instant::parse(&text);
        if let Some(instant) = Instant::parse(&digits) {
            prop_assert_eq!(Instant::parse(&instant.to_string()), Some(instant));
        }
    }

    #[test]
    fn a_decimal_keeps_its_digits(sign in "-?", whole in "0|[1-9][0-9]{0,40}", fraction in "(\\.[0-9]{1,40})?") {
        let text = format!("{sign}{whole}{fraction}");
        prop_assert_eq!(decimal::plain(&text), Some(text.as_str().into()));
        prop_assert_eq!(decimal::expand(&text), Some(text.as_str().into()));
    }

    /// Shifting the point by n and back by n leaves the number as it was.
    #[test]
    fn an_exponent_shifts_the_point(whole in "[1-9][0-9]{0,20}", fraction in "[0-9]{1,20}", exponent in -64_i32..=64) {
        let text = format!("{whole}.{fraction}");
        let shifted = decimal::expand(&format!("{text}e{exponent}")).unwrap().into_owned();
        let back = decimal::expand(&format!("{shifted}e{}", -exponent)).unwrap().into_owned();
        prop_assert_eq!(back.trim_end_matches('0').trim_end_matches('.'), text.trim_end_matches('0').trim_end_matches('.'));
    }
}

#[test]
fn decimals() {
    let expand = |text| decimal::expand(text).map(std::borrow::Cow::into_owned);
    for (text, expected) in [
        ("12.30", "12.30"),
        ("007.50", "7.50"),
        ("-00.5", "-0.5"),
        ("000", "0"),
        ("-0", "-0"),
        ("1e3", "1000"),
        ("1E+3", "1000"),
        ("1.5E-2", "0.015"),
        ("-1.5e-2", "-0.015"),
        ("1.50e1", "15.0"),
        ("1.5e1", "15"),
        ("0.001e3", "1"),
        ("0e5", "0"),
        ("1e-64", "0.0000000000000000000000000000000000000000000000000000000000000001"),
    ] {
        assert_eq!(expand(text).as_deref(), Some(expected), "{text}");
    }
    for text in [
        "",
        "-",
        "+5",
        ".5",
        "5.",
        "1,234.50",
        "1 000",
        "NaN",
        "Infinity",
        "0x10",
        "1e",
        "1e65",
        "1e-65",
        "1e99999999999",
        "1e1e1",
        "٣",
        "--1",
    ] {
        assert_eq!(expand(text), None, "{text}");
    }
    assert_eq!(decimal::plain("1e3"), None);
}

#[test]
fn limits() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(check_limits(nested(MAX_DEPTH).as_bytes(), 1000, MAX_DEPTH).map(drop), Ok(()));
    let at = LimitExceeded::Depth { limit: MAX_DEPTH, at: MAX_DEPTH };
    assert_eq!(check_limits(nested(MAX_DEPTH + 1).as_bytes(), 1000, MAX_DEPTH), Err(at));
    assert_eq!(check_limits(b"[1,2]", 4, 8), Err(LimitExceeded::Bytes { bytes: 5, limit: 4 }));
    assert_eq!(check_limits(br#"{"a":"[[[[{{{{\"[[[[","b\\":[]}"#, 100, 2).map(drop), Ok(()));
    // Siblings are not depth.
    assert_eq!(check_limits("[]".repeat(1000).as_bytes(), 10_000, 1).map(|elements| elements.all), Ok(1000));
    assert_eq!(check_limits(b"]]]]]]", 10, 1), Ok(Elements::default()));
}

#[test]
fn dates() {
    use penstock_json::instant::date;
    assert_eq!(date("2026-11-20"), Some("2026-11-20"));
    assert_eq!(date("2026-11-20T00:00:00.000Z"), Some("2026-11-20"));
    assert_eq!(date("2026-11-20T00:00:00"), Some("2026-11-20"));
    assert_eq!(date("2026-11-20T00:00:01"), None);
    assert_eq!(date("2026-11-20T00:00:00-05:00"), None);
    assert_eq!(date("2026-02-29"), None);
    assert_eq!(date("0000-01-01"), None);
}
