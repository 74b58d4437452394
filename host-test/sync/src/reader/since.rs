//! From when on changes are asked for.

use crate::Error;
use penstock_json::Instant;

/// What [`Options::since`](super::Options::since) may be: a day, or a point in time of RFC 3339.
///
/// # Errors
/// [`Error::Unfit`]: it is neither.
pub fn since(text: &str) -> Result<String, Error> {
    let unfit = "must be a day or a time with its offset: 2026-11-30, 2026-11-30T05:00:00Z";
    let is_day = !text.contains(['T', 't', ' ']);
    // A time of day without an offset is another time for each reader.
    let has_offset =
        text.ends_with(['Z', 'z']) || text.get(19..).is_some_and(|rest| rest.contains(['+', '-']));
    match Instant::parse(text) {
        Some(_) if is_day || has_offset => Ok(text.to_owned()),
        _ => Err(Error::Unfit(unfit.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times() {
        for text in ["2026-11-30", "2026-11-30T05:00:00Z", "2026-11-30T05:00:00.5+01:00"] {
            assert_eq!(since(text).unwrap(), text);
        }
        for text in [
            "2026-11-30T05:00:00",
            "",
            "nonsense",
            "2026",
            "2026-02-30",
            "30.11.2026",
            "2026-11-30 ",
            "yesterday",
        ] {
            assert!(since(text).is_err(), "{text:?}");
        }
    }
}
