//! Points in time as plain values. The policies never read a clock.

use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// A point on the host's monotonic clock, in nanoseconds from an arbitrary start.
///
/// For waits, time-outs and ages. Arithmetic saturates, so that an absurd
/// duration from a provider means "very late" and never wraps around.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(u64);

impl Tick {
    /// The start of the clock.
    pub const ZERO: Self = Self(0);
    /// Later than everything.
    pub const MAX: Self = Self(u64::MAX);

    /// From nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// In nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to here; zero when `earlier` is the later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The time from here to `later`; zero when that has passed.
    #[must_use]
    pub const fn until(self, later: Self) -> Duration {
        later.since(self)
    }
}

impl Add<Duration> for Tick {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }
}

impl AddAssign<Duration> for Tick {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Tick {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(nanos))
    }
}

/// A point on the calendar, in milliseconds since 1970-01-01T00:00:00Z.
///
/// Only for what carries a calendar date, such as an HTTP-date. This clock may
/// jump, so nothing is timed with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(i64);

impl WallTime {
    /// From milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// In milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The time from here to `later`; zero when that has passed.
    #[must_use]
    pub const fn until(self, later: Self) -> Duration {
        let millis = later.0.saturating_sub(self.0);
        Duration::from_millis(if millis > 0 { millis.unsigned_abs() } else { 0 })
    }
}

/// A length in whole milliseconds, rounded down.
#[must_use]
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// 64 random bits as a number from 0 up to, but not including, 1.
#[must_use]
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// A random share of `whole`: `random` of 0 gives nothing, close to 1 nearly all.
///
/// A value outside 0 to 1 is clamped, and one that is not a number counts as 1,
/// so that a broken source of randomness makes waits longer and not shorter.
#[must_use]
pub fn share(whole: Duration, random: f64) -> Duration {
    let random = if random.is_nan() { 1.0 } else { random.clamp(0.0, 1.0) };
    Duration::try_from_secs_f64(whole.as_secs_f64() * random).unwrap_or(whole).min(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Tick::MAX + Duration::from_secs(1), Tick::MAX);
        assert_eq!(Tick::from_nanos(5) + Duration::MAX, Tick::MAX);
        assert_eq!(Tick::from_nanos(5) - Duration::from_secs(1), Tick::ZERO);
        assert_eq!(Tick::from_nanos(5).since(Tick::from_nanos(9)), Duration::ZERO);
        assert_eq!(Tick::from_nanos(5).until(Tick::from_nanos(9)), Duration::from_nanos(4));
    }

    #[test]
    fn wall_time_that_has_passed_is_no_wait() {
        let (early, late) = (WallTime::from_millis(-1_000), WallTime::from_millis(500));
        assert_eq!(early.until(late), Duration::from_millis(1_500));
        assert_eq!(late.until(early), Duration::ZERO);
        let (first, last) = (WallTime::from_millis(i64::MIN), WallTime::from_millis(i64::MAX));
        assert_eq!(first.until(last), Duration::from_millis(i64::MAX.unsigned_abs()));
    }

    #[test]
    fn random_bits_spread_evenly_from_0_to_just_below_1() {
        assert_eq!([0, 1 << 62, 1 << 63, 3 << 62].map(unit), [0.0, 0.25, 0.5, 0.75]);
        assert_eq!(unit(u64::MAX), 1.0 - f64::EPSILON / 2.0);
    }

    #[test]
    fn a_share_is_never_more_than_the_whole_and_never_panics() {
        for random in [0.0, 0.5, 1.0, 7.0, -3.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for whole in [Duration::ZERO, Duration::from_millis(100), Duration::MAX] {
                assert!(share(whole, random) <= whole);
            }
        }
        assert_eq!(share(Duration::from_secs(10), 0.5), Duration::from_secs(5));
        assert_eq!(share(Duration::from_secs(10), f64::NAN), Duration::from_secs(10));
    }
}
