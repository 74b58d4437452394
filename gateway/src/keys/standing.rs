//! How a key stands with its rates, and the header fields that say so
//! (draft-ietf-httpapi-ratelimit-headers-10).

use super::{Counted, Rate};
use std::time::Duration;

/// How a key stands with one of its rates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whose rate it is: an operation's, or that of all calls.
    pub operation: Option<&'static str>,
    /// The rate.
    pub rate: Rate,
    /// How many more may go now.
    pub remaining: u32,
    /// How long it takes until all of them may, if none goes.
    pub whole_in: Duration,
}

/// `RateLimit-Policy`: the rates in which a request counts. Empty if there are none.
#[must_use]
pub fn policy(counted: &[Counted]) -> String {
    let told = counted.iter().map(|Counted { operation, rate, .. }| {
        format!("{};q={};w={}", name(*operation, *rate), rate.count, rate.unit.seconds())
    });
    told.collect::<Vec<_>>().join(", ")
}

/// `RateLimit`: how it stands with them. Empty if there are none.
#[must_use]
pub fn standing(all: &[Standing]) -> String {
    let told = all.iter().map(|one| {
        format!("{};r={};t={}", name(one.operation, one.rate), one.remaining, seconds(one.whole_in))
    });
    told.collect::<Vec<_>>().join(", ")
}

/// Whole seconds, and not too few.
pub(crate) fn seconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000_000)).unwrap_or(u64::MAX)
}

/// What a rate is called.
#[must_use]
pub fn rate_name(operation: Option<&str>, rate: Rate) -> String {
    match operation {
        Some(operation) => format!("{operation}/{}", rate.unit.name()),
        None => rate.unit.name().to_owned(),
    }
}

/// The same as a String of RFC 9651: names have nothing to escape.
fn name(operation: Option<&str>, rate: Rate) -> String {
    format!(r#""{}""#, rate_name(operation, rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_fields_name_the_same_rates() {
        let rate = |text| Rate::parse(text).unwrap();
        let counts = |operation, text| Counted { operation, rate: rate(text), calls: 1 };
        let counted = [counts(None, "10/s"), counts(None, "100/min"), counts(Some("jpm.jobs-list"), "5/h")];
        let whole = r#""second";q=10;w=1, "minute";q=100;w=60, "jpm.jobs-list/hour";q=5;w=3600"#;
        assert_eq!(policy(&counted), whole);
        let stands = |operation, text, remaining, millis| Standing {
            operation,
            rate: rate(text),
            remaining,
            whole_in: Duration::from_millis(millis),
        };
        let all = [stands(None, "10/s", 9, 100), stands(Some("jpm.jobs-list"), "5/h", 0, 3_600_000)];
        assert_eq!(standing(&all), r#""second";r=9;t=1, "jpm.jobs-list/hour";r=0;t=3600"#);
        assert_eq!((standing(&[]), policy(&[])), (String::new(), String::new()));
    }
}
