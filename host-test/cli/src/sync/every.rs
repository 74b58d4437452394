//! How often, as `--watch` takes it.

use std::time::Duration;

/// `30s`, `5m`, `2h`.
pub(super) fn every(text: &str) -> Result<Duration, String> {
    let unfit = || "must be a number and s, m or h: 30s, 5m, 2h".to_owned();
    let (number, seconds) = match text.char_indices().last().ok_or_else(unfit)? {
        (at, 's') => (text.get(..at), 1),
        (at, 'm') => (text.get(..at), 60),
        (at, 'h') => (text.get(..at), 3600),
        _ => (None, 0),
    };
    let number: u64 = number.and_then(|number| number.parse().ok()).filter(|n| *n > 0).ok_or_else(unfit)?;
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit() {
        assert_eq!(every("5m"), Ok(Duration::from_secs(300)));
        for text in ["", "5", "m", "0s", "-1s", "5d"] {
            assert!(every(text).is_err(), "{text}");
        }
    }
}
