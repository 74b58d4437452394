//! Points of the wall clock as text.

use super::Instant;
use crate::policy::time::WallTime;

/// A point in time as RFC 3339 writes it: in UTC, with three digits of a second's fraction, so that such
/// texts sort as their times do. What is before the year 1 or after the year 9999 is written as the first
/// or the last that there is.
#[must_use]
pub fn rfc3339(time: WallTime) -> String {
    let millis = time.as_millis();
    let (seconds, rest) = (millis.div_euclid(1_000), millis.rem_euclid(1_000));
    match Instant::new(seconds, 0) {
        Some(second) => {
            let second = second.to_string();
            format!("{}.{rest:03}Z", second.trim_end_matches('Z'))
        }
        None if millis < 0 => "0001-01-01T00:00:00.000Z".to_owned(),
        None => "9999-12-31T23:59:59.999Z".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_three_digits_of_a_fraction_and_an_end() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (1_763_596_800_007, "2025-11-20T00:00:00.007Z"),
            (i64::MAX, "9999-12-31T23:59:59.999Z"),
            (i64::MIN, "0001-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339(WallTime::from_millis(millis)), text);
        }
    }
}
