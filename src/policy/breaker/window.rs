//! Counts of the last while.

use std::time::Duration;

use super::BreakerPolicy;
use crate::time::Tick;

const BUCKETS: usize = 10;

/// Counts calls over a sliding time, in ten buckets: it forgets a tenth at a time, and so
/// looks back on nine to ten tenths.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// How many nanoseconds one bucket covers.
    width: u64,
    buckets: [Bucket; BUCKETS],
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    /// Which stretch of the clock it counts, in widths.
    epoch: u64,
    counts: Counts,
}

/// What happened within the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) calls: u32,
    pub(super) failures: u32,
    pub(super) slow: u32,
}

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        let nanos = u64::try_from(length.as_nanos()).unwrap_or(u64::MAX);
        Self { width: (nanos / BUCKETS as u64).max(1), buckets: [Bucket::default(); BUCKETS] }
    }

    /// Counts a call that ended now.
    pub(super) fn add(&mut self, now: Tick, failed: bool, slow: bool) {
        let epoch = now.as_nanos() / self.width;
        let place = usize::try_from(epoch % BUCKETS as u64).unwrap_or_default();
        let Some(bucket) = self.buckets.get_mut(place) else { return };
        if bucket.epoch != epoch {
            *bucket = Bucket { epoch, counts: Counts::default() };
        }
        bucket.counts =
            bucket.counts.plus(Counts { calls: 1, failures: u32::from(failed), slow: u32::from(slow) });
    }

    /// What happened within the window that ends now.
    pub(super) fn counts(&self, now: Tick) -> Counts {
        let epoch = now.as_nanos() / self.width;
        let recent = |bucket: &&Bucket| epoch.saturating_sub(bucket.epoch) < BUCKETS as u64;
        self.buckets.iter().filter(recent).fold(Counts::default(), |sum, bucket| sum.plus(bucket.counts))
    }
}

impl Counts {
    pub(super) fn is_empty(self) -> bool {
        self.calls == 0
    }

    fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            failures: self.failures.saturating_add(other.failures),
            slow: self.slow.saturating_add(other.slow),
        }
    }

    /// Whether that is too much.
    pub(super) fn exceeds(self, policy: &BreakerPolicy) -> bool {
        let reaches =
            |part: u32, percent: u32| u64::from(part) * 100 >= u64::from(self.calls) * u64::from(percent);
        self.calls >= policy.min_calls
            && (reaches(self.failures, policy.failure_percent) || reaches(self.slow, policy.slow_percent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Tick {
        Tick::ZERO + Duration::from_secs(seconds)
    }

    fn calls(window: &Window, now: u64) -> u32 {
        window.counts(at(now)).calls
    }

    #[test]
    fn a_call_is_forgotten_after_nine_to_ten_tenths() {
        let mut window = Window::new(Duration::from_secs(60));
        window.add(at(65), true, false);
        window.add(at(65), false, true);
        assert_eq!(window.counts(at(65)), Counts { calls: 2, failures: 1, slow: 1 });
        assert_eq!((calls(&window, 119), calls(&window, 120)), (2, 0));
    }

    #[test]
    fn a_bucket_is_emptied_before_it_is_used_again() {
        let mut window = Window::new(Duration::from_secs(60));
        window.add(at(3), true, true);
        window.add(at(9), false, false);
        window.add(at(63), false, false);
        // The one at 9 s is of the bucket that goes next.
        assert_eq!(window.counts(at(65)), Counts { calls: 2, failures: 0, slow: 0 });
        assert_eq!(calls(&window, 66), 1);
    }

    #[test]
    fn what_is_long_past_does_not_come_back() {
        let mut window = Window::new(Duration::from_secs(60));
        for second in 0..60 {
            window.add(at(second), true, false);
        }
        assert_eq!(calls(&window, 59), 60);
        assert_eq!(calls(&window, 60), 54);
        assert_eq!(calls(&window, 86_400), 0);
    }

    #[test]
    fn a_window_without_a_length_counts_what_is_now() {
        let mut window = Window::new(Duration::ZERO);
        window.add(at(1), true, false);
        assert_eq!((calls(&window, 1), calls(&window, 2)), (1, 0));
    }

    #[test]
    fn rates_are_of_at_least_so_many_calls() {
        let exceeds =
            |calls, failures, slow| Counts { calls, failures, slow }.exceeds(&BreakerPolicy::DEFAULT);
        assert!(!exceeds(9, 9, 9));
        assert!(exceeds(10, 5, 0) && !exceeds(10, 4, 0) && !exceeds(11, 5, 0));
        assert!(exceeds(10, 0, 8) && !exceeds(10, 0, 7));
        assert!(exceeds(u32::MAX, u32::MAX, 0) && !exceeds(u32::MAX, 0, 0));
    }
}
