//! From when on changes are asked for.

use crate::Error;
use penstock_json::Instant;

/// What [`Options::since`](super::Options::since) may be: a day, or a point in time of RFC 3339.
///
/// # Errors
/// [`Error::Unfit`]: it is neither.
pub fn since(text: &str) -> Result<String, Error> {
    let unfit = "must be a day or a time with its offset: 2026-11-30, 2026-11-30T05:00:00Z";
    match Instant::parse(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(Error::Unfit(unfit.to_owned())),
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
        for text in ["", "nonsense", "2026", "2026-02-30", "30.11.2026", "2026-11-30 ", "yesterday"] {
            assert!(since(text).is_err(), "{text:?}");
        }
    }
}
