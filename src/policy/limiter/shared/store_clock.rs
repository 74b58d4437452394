//! Where the store's time lies on our own clock.
//!
//! The store names its time in each answer. It read its clock after we had asked and before
//! the answer was there, so that each exchange bounds the offset of the two clocks from both
//! sides (as in Cristian's algorithm). Bounds are kept, a little wider with time, and the
//! tightest hold: they are apart by the shortest exchange that there was.

use crate::time::Tick;
use std::time::Duration;

/// Two clocks drift apart by at most one part in this many: 500 ppm is the fastest that a
/// system clock is slewed (`adjtimex(2)`).
const DRIFT: i128 = 2_000;

/// Bounds serve for this long. By then the drift has cost 15 ms.
const KEPT: Duration = Duration::from_secs(30);

/// What is known of the store's clock.
#[derive(Clone, Debug, Default)]
pub(super) struct StoreClock(Option<Bounds>);

/// The store's time less ours, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    least: i128,
    most: i128,
    at: Tick,
}

impl StoreClock {
    /// Notes that the store showed `time` between `asked` and `now`. Says whether what was known
    /// explains that: if not, its clock was set, or too long ago was it seen to tell.
    pub(super) fn learn(&mut self, asked: Tick, now: Tick, time: u64) -> bool {
        let time = i128::from(time) * 1_000;
        // It shows whole microseconds.
        let fresh = Bounds { least: time - nanos(now), most: time + 1_000 - nanos(asked), at: now };
        let known = self.0.filter(|known| now.since(known.at) < KEPT);
        let both = known.map(|known| {
            let drift = (nanos(now) - nanos(known.at)) / DRIFT;
            Bounds {
                least: fresh.least.max(known.least - drift),
                most: fresh.most.min(known.most + drift),
                at: now,
            }
        });
        let both = both.filter(|both| both.least <= both.most);
        self.0 = Some(both.unwrap_or(fresh));
        both.is_some()
    }

    /// Whether anything is known.
    pub(super) fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// When it is this time for the store, at the earliest.
    pub(super) fn earliest(&self, time: u64) -> Tick {
        self.0.map_or(Tick::ZERO, |bounds| tick(time, bounds.most))
    }

    /// When it is this time for the store, at the latest.
    pub(super) fn latest(&self, time: u64) -> Tick {
        self.0.map_or(Tick::ZERO, |bounds| tick(time, bounds.least))
    }

    /// How far apart these are.
    pub(super) fn uncertainty(&self) -> Duration {
        let apart = self.0.map_or(0, |bounds| bounds.most - bounds.least);
        Duration::from_nanos(u64::try_from(apart).unwrap_or(0))
    }
}

fn tick(time: u64, offset: i128) -> Tick {
    let nanos = (i128::from(time) * 1_000 - offset).max(0);
    Tick::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

fn nanos(tick: Tick) -> i128 {
    i128::from(tick.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STORE: u64 = 1_790_000_000_000_000;

    fn at(micros: u64) -> Tick {
        Tick::ZERO + Duration::from_micros(micros)
    }

    #[test]
    fn the_shortest_exchange_counts() {
        let mut clock = StoreClock::default();
        assert!(!clock.learn(at(1_000), at(41_000), STORE + 10_000), "nothing was known");
        assert_eq!(clock.uncertainty(), Duration::from_micros(40_001));
        assert!(clock.learn(at(50_000), at(50_200), STORE + 50_100));
        assert_eq!(clock.uncertainty(), Duration::from_micros(201));
        assert_eq!(clock.latest(STORE + 60_100), at(60_200));
        assert_eq!(clock.earliest(STORE + 60_100), at(59_999));
        // A slow one later spoils nothing but the drift: 100 ms cost 50 us on either side.
        assert!(clock.learn(at(100_200), at(150_200), STORE + 120_000));
        assert_eq!(clock.uncertainty(), Duration::from_micros(301));
    }

    #[test]
    fn a_clock_that_was_set_is_noticed() {
        for step in [-1_000_000_i64, 1_000_000] {
            let mut clock = StoreClock::default();
            clock.learn(at(0), at(100), STORE);
            assert!(!clock.learn(at(200), at(300), STORE.saturating_add_signed(step)));
            assert_eq!(clock.latest(STORE.saturating_add_signed(step)), at(300));
            assert!(clock.learn(at(400), at(500), STORE.saturating_add_signed(step) + 200));
        }
    }

    #[test]
    fn old_bounds_are_forgotten() {
        let mut clock = StoreClock::default();
        clock.learn(at(0), at(100), STORE);
        let later = 30_000_100;
        assert!(!clock.learn(at(later), at(later + 100), STORE + later), "whether it was set cannot be told");
    }

    #[test]
    fn absurd_times_are_bounded() {
        let mut clock = StoreClock::default();
        assert_eq!((clock.latest(5), clock.uncertainty()), (Tick::ZERO, Duration::ZERO));
        clock.learn(Tick::ZERO, Tick::MAX, u64::MAX);
        clock.learn(Tick::MAX, Tick::MAX, 0);
        assert_eq!(clock.earliest(u64::MAX), Tick::MAX);
    }

    proptest! {
        /// Whatever the exchanges, the true time is within the bounds.
        #[test]
        fn the_truth_is_within(exchanges in prop::collection::vec((1_u64..2_000_000, 0_u64..50_000, 0_u64..50_000), 1..40)) {
            let (mut clock, mut now) = (StoreClock::default(), 0);
            clock.learn(at(0), at(0), STORE);
            for (later, there, back) in exchanges {
                let asked = now + later;
                now = asked + there + back;
                prop_assert!(clock.learn(at(asked), at(now), STORE + asked + there));
                let time = now + 123;
                prop_assert!(clock.earliest(STORE + time) <= at(time) && at(time) <= clock.latest(STORE + time));
            }
        }
    }
}
