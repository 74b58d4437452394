//! Values that expire, in a store that knows no expiry.

use penstock::policy::time::WallTime;
use std::time::Duration;

/// A value behind the millisecond, since the Unix epoch, at which it expires.
#[must_use]
pub fn dated(value: &[u8], now: WallTime, ttl: Option<Duration>) -> Vec<u8> {
    let life = ttl.map(|ttl| i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX));
    let until = life.map_or(i64::MAX, |life| now.as_millis().saturating_add(life));
    [&until.to_be_bytes()[..], value].concat()
}

/// The value, unless it has expired or was not written by [`dated`].
#[must_use]
pub fn fresh(kept: &[u8], now: WallTime) -> Option<&[u8]> {
    let (until, value) = kept.split_first_chunk::<8>()?;
    (now.as_millis() < i64::from_be_bytes(*until)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: WallTime = WallTime::from_millis(1_000);

    #[test]
    fn a_value_lives_for_its_time() {
        let kept = dated(b"value", NOW, Some(Duration::from_millis(50)));
        assert_eq!(fresh(&kept, NOW), Some(&b"value"[..]));
        assert_eq!(fresh(&kept, WallTime::from_millis(1_049)), Some(&b"value"[..]));
        assert_eq!(fresh(&kept, WallTime::from_millis(1_050)), None);
        assert_eq!(
            fresh(&dated(b"", NOW, Some(Duration::MAX)), WallTime::from_millis(i64::MAX - 1)),
            Some(&b""[..])
        );
        assert_eq!(fresh(&dated(b"v", NOW, None), WallTime::from_millis(i64::MAX - 1)), Some(&b"v"[..]));
    }

    #[test]
    fn what_was_written_by_others_counts_as_absent() {
        assert_eq!(fresh(b"", NOW), None);
        assert_eq!(fresh(b"1234567", NOW), None);
    }
}
