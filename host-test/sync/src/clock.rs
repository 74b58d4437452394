//! The time of this machine, as it is written into a destination.

use penstock_json::Instant;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970, and the nanoseconds within the last. A clock before 1970 stands at 1970.
fn since_epoch() -> (i64, u32) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos())
}

/// Now, in milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let (seconds, nanoseconds) = since_epoch();
    seconds.saturating_mul(1_000).saturating_add(i64::from(nanoseconds / 1_000_000))
}

/// Milliseconds since 1970 as a destination has them: [`fixed`].
pub(crate) fn text_of_ms(millis: i64) -> String {
    let nanoseconds = u32::try_from(millis.rem_euclid(1_000)).unwrap_or_default() * 1_000_000;
    Instant::new(millis.div_euclid(1_000), nanoseconds).map(fixed).unwrap_or_default()
}

/// RFC 3339 in UTC, always with nine digits of a second's fraction: such texts sort as their times do.
pub(crate) fn fixed(instant: Instant) -> String {
    let whole = Instant::new(instant.seconds(), 0).unwrap_or(instant).to_string();
    format!("{}.{:09}Z", whole.trim_end_matches('Z'), instant.nanoseconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_sort_as_their_times_do() {
        let texts = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:01+00:00"];
        let mut written = texts.map(|text| Instant::parse(text).map(fixed).unwrap_or_default());
        let before = written.clone();
        written.sort();
        assert_eq!(written, before);
        assert_eq!(written.first().map(String::as_str), Some("2026-01-01T00:00:00.000000000Z"));
        assert_eq!(text_of_ms(1_763_596_800_007), "2025-11-20T00:00:00.007000000Z");
    }
}
