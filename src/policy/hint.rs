//! When the provider asks to be called again, from the headers of its answer.

use std::time::{Duration, UNIX_EPOCH};

use sfv::{BareItem, List, ListEntry, Parser};

use super::time::WallTime;

/// The longest hint that is believed. A provider that asks for more still means
/// "not now", so a longer one is shortened to this and not ignored.
pub const MAX_HINT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the provider asks to wait, if it says so.
///
/// `header` looks a header up by its lower-case name. `now` is the local wall
/// time; it counts only where the answer has no `Date` of its own, since a date
/// measured against the clock that made it has no skew.
///
/// In this order, the first that can be read wins:
/// 1. `retry-after-ms`: milliseconds, whole or decimal.
/// 2. `Retry-After` (RFC 9110, section 10.2.3): seconds, or an HTTP-date. Decimal
///    seconds are tolerated, since ServiceTitan has been seen to send them. A date
///    in the past means zero.
/// 3. `RateLimit` (draft-ietf-httpapi-ratelimit-headers): the `t` of the quotas
///    whose `r` is 0, the longest if there are several.
///
/// Text that fits none of these forms (negative, `NaN`, `inf`, garbage) is ignored.
/// The result is never longer than [`MAX_HINT`].
pub fn retry_hint<'h>(header: impl Fn(&str) -> Option<&'h str>, now: WallTime) -> Option<Duration> {
    let hint = header("retry-after-ms")
        .and_then(|text| decimal(text, 1e-3))
        .or_else(|| header("retry-after").and_then(|text| retry_after(text, header("date"), now)))
        .or_else(|| header("ratelimit").and_then(exhausted_quota))?;
    Some(hint.min(MAX_HINT))
}

fn retry_after(text: &str, date: Option<&str>, now: WallTime) -> Option<Duration> {
    decimal(text, 1.0).or_else(|| {
        let server_now = date.and_then(http_date).unwrap_or(now);
        Some(server_now.until(http_date(text)?))
    })
}

/// An HTTP-date in any of the three forms of RFC 9110, section 5.6.7.
fn http_date(text: &str) -> Option<WallTime> {
    let since_epoch = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since_epoch.as_millis()).ok().map(WallTime::from_millis)
}

/// Digits, perhaps a point and more digits. Stricter than Rust's own parser, which
/// takes `inf`, `NaN`, signs and exponents.
fn decimal(text: &str, unit_seconds: f64) -> Option<Duration> {
    let text = text.trim();
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let well_formed = match text.split_once('.') {
        Some((whole, fraction)) => all_digits(whole) && all_digits(fraction),
        None => all_digits(text),
    };
    if !well_formed {
        return None;
    }
    // More digits than a float can hold is infinity here: a very long wait.
    let seconds = text.parse::<f64>().ok()? * unit_seconds;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

fn exhausted_quota(text: &str) -> Option<Duration> {
    let quotas: List = Parser::new(text).parse().ok()?;
    quotas.iter().filter_map(reset_if_exhausted).max()
}

fn reset_if_exhausted(quota: &ListEntry) -> Option<Duration> {
    let ListEntry::Item(quota) = quota else { return None };
    let parameter = |name: &str| match quota.params.get(name) {
        Some(BareItem::Integer(value)) => u64::try_from(i64::from(*value)).ok(),
        _ => None,
    };
    (parameter("r")? == 0).then(|| parameter("t").map(Duration::from_secs)).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Fri, 20 Nov 2026 10:00:00 GMT.
    const NOW: WallTime = WallTime::from_millis(1_795_168_800_000);

    fn hint(headers: &[(&str, &str)]) -> Option<Duration> {
        let find = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
        retry_hint(find, NOW)
    }

    fn seconds(seconds: f64) -> Option<Duration> {
        Some(Duration::from_secs_f64(seconds))
    }

    #[test]
    fn seconds_whole_and_decimal() {
        assert_eq!(hint(&[("retry-after", "7")]), seconds(7.0));
        assert_eq!(hint(&[("retry-after", " 7 ")]), seconds(7.0));
        assert_eq!(hint(&[("retry-after", "0")]), seconds(0.0));
        assert_eq!(hint(&[("retry-after", "1.25")]), seconds(1.25));
    }

    #[test]
    fn milliseconds_come_first_unless_they_are_malformed() {
        assert_eq!(hint(&[("retry-after-ms", "1500"), ("retry-after", "9")]), seconds(1.5));
        assert_eq!(hint(&[("retry-after-ms", "0.5")]), seconds(0.0005));
        assert_eq!(hint(&[("retry-after-ms", "soon"), ("retry-after", "9")]), seconds(9.0));
    }

    #[test]
    fn each_form_of_http_date() {
        for date in
            ["Fri, 20 Nov 2026 10:00:30 GMT", "Friday, 20-Nov-26 10:00:30 GMT", "Fri Nov 20 10:00:30 2026"]
        {
            assert_eq!(hint(&[("retry-after", date)]), seconds(30.0), "{date}");
        }
    }

    #[test]
    fn a_date_is_measured_against_the_answers_own_clock() {
        let until = ("retry-after", "Fri, 20 Nov 2026 12:00:30 GMT");
        assert_eq!(hint(&[until, ("date", "Fri, 20 Nov 2026 12:00:00 GMT")]), seconds(30.0));
        assert_eq!(hint(&[until, ("date", "yesterday")]), seconds(2.0 * 3600.0 + 30.0));
    }

    #[test]
    fn a_past_date_is_no_wait() {
        assert_eq!(hint(&[("retry-after", "Fri, 20 Nov 2026 09:00:00 GMT")]), Some(Duration::ZERO));
        assert_eq!(hint(&[("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT")]), Some(Duration::ZERO));
    }

    #[test]
    fn the_longest_exhausted_quota() {
        assert_eq!(hint(&[("ratelimit", r#""default";r=0;t=30"#)]), seconds(30.0));
        assert_eq!(
            hint(&[("ratelimit", r#""a, b;c";r=0;t=5, "day";r=0;t=60, "x";r=1;t=999"#)]),
            seconds(60.0)
        );
        assert_eq!(hint(&[("ratelimit", r#""default";r=5;t=30"#)]), None);
        assert_eq!(hint(&[("ratelimit", r#""default";r=0"#)]), None);
        assert_eq!(hint(&[("ratelimit", r#""default";r=0;t=-1"#)]), None);
        assert_eq!(hint(&[("ratelimit", r#""default";r=0;t=30"#), ("retry-after", "2")]), seconds(2.0));
    }

    #[test]
    fn what_is_no_hint_is_ignored() {
        for text in [
            "", " ", "-1", "+1", "NaN", "inf", "infinity", "1e3", ".5", "5.", "0x10", "5 s", "٣", "1,5",
            "5, 6",
        ] {
            assert_eq!(hint(&[("retry-after", text), ("retry-after-ms", text)]), None, "{text:?}");
        }
        assert_eq!(hint(&[]), None);
    }

    #[test]
    fn an_absurd_hint_is_shortened_to_a_day() {
        let many_digits = "9".repeat(400);
        for text in ["86401", "99999999999999999999", many_digits.as_str(), "Fri, 31 Dec 9999 23:59:59 GMT"] {
            assert_eq!(hint(&[("retry-after", text)]), Some(MAX_HINT), "{text}");
        }
        assert_eq!(hint(&[("ratelimit", r#""q";r=0;t=999999999999999"#)]), Some(MAX_HINT));
    }

    proptest! {
        #[test]
        fn no_header_text_panics_or_exceeds_the_bound(
            ms in "\\PC*", after in "\\PC*", date in "\\PC*", limit in "\\PC*", now in any::<i64>(),
        ) {
            let find = |name: &str| match name {
                "retry-after-ms" => Some(ms.as_str()),
                "retry-after" => Some(after.as_str()),
                "date" => Some(date.as_str()),
                "ratelimit" => Some(limit.as_str()),
                _ => None,
            };
            let hint = retry_hint(find, WallTime::from_millis(now));
            prop_assert!(hint.is_none_or(|hint| hint <= MAX_HINT));
        }

        /// Text shaped like a date reaches far deeper into the parser than noise.
        #[test]
        fn no_text_shaped_like_a_date_panics(
            text in "(Mon|Fri|Sunday|Xxx),? ?[0-9]{0,3}[ -](Jan|Feb|Nov|Xyz)[ -][0-9]{0,5} [0-9]{2}:[0-9]{2}:[0-9]{2} (GMT|UTC|[0-9]{4})",
        ) {
            let hint = hint(&[("retry-after", &text), ("date", &text)]);
            prop_assert!(hint.is_none_or(|hint| hint == Duration::ZERO));
        }

        #[test]
        fn whole_seconds_are_exact(seconds in 0_u64..=86_400) {
            let text = seconds.to_string();
            prop_assert_eq!(hint(&[("retry-after", &text)]), Some(Duration::from_secs(seconds)));
        }
    }
}
