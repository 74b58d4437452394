//! Where another instance's times lie on our own clock, at the latest.
//!
//! The monotonic clocks of two instances have nothing in common but their speed. Whoever
//! sees at `now` a record that its writer planned at `planned` knows one thing: planning
//! came first. So a time `t` of the writer lies at `t + (now - planned)` of ours or before
//! that. Each further sighting gives another such bound, and the smallest holds for all of
//! them, as long as both clocks run: it errs only by the shortest delay between planning
//! and seeing that there ever was.

use crate::time::Tick;
use litemap::LiteMap;
use std::time::Duration;

/// Two clocks drift apart by at most one part in this many (200 ppm): twice the 100 ppm
/// of a poor quartz without any discipline.
const DRIFT: u32 = 5_000;

/// A bound serves for this long. By then the drift has cost 6 ms, as much as a fresh one
/// is off; and should a machine's clock have stood still, it is over.
const KEPT: Duration = Duration::from_secs(30);

/// The most writers that are remembered.
const MOST: usize = 128;

/// The best bound for each writer.
#[derive(Clone, Debug, Default)]
pub(super) struct ClockOffsets(LiteMap<u64, ClockOffset>);

#[derive(Clone, Copy, Debug)]
struct ClockOffset {
    /// Our time less the writer's, at most, in nanoseconds.
    ahead: i128,
    at: Tick,
}

impl ClockOffsets {
    /// Notes that a record is seen now, and says when `time` is, at the latest.
    pub(super) fn place(&mut self, writer: u64, planned: Tick, time: Tick, now: Tick) -> Tick {
        let fresh = nanos(now) - nanos(planned);
        let ahead = match self.0.get(&writer) {
            Some(known) if now.since(known.at) < KEPT => {
                let drift = now.since(known.at).as_nanos() / u128::from(DRIFT);
                fresh.min(known.ahead.saturating_add_unsigned(drift))
            }
            _ => fresh,
        };
        self.0.insert(writer, ClockOffset { ahead, at: now });
        if self.0.len() > MOST {
            self.0.retain(|_, sighting| now.since(sighting.at) < KEPT);
        }
        if self.0.len() > MOST {
            // To forget only makes waits longer.
            if let Some(any) = self.0.first().map(|(writer, _)| *writer) {
                self.0.remove(&any);
            }
        }
        Tick::from_nanos(u64::try_from((nanos(time) + ahead).max(0)).unwrap_or(u64::MAX))
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.len()
    }
}

fn nanos(tick: Tick) -> i128 {
    i128::from(tick.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: u64) -> Tick {
        Tick::ZERO + Duration::from_millis(millis)
    }

    #[test]
    fn the_shortest_delay_counts() {
        let mut clock_offsets = ClockOffsets::default();
        // The writer's clock is 1,000 ms ahead of ours. Seen after 30 ms, then after 2 ms.
        assert_eq!(clock_offsets.place(7, at(1_000), at(1_500), at(30)), at(530));
        assert_eq!(clock_offsets.place(7, at(1_100), at(1_500), at(102)), at(502));
        // A slow sighting later spoils nothing but the drift: 1 s costs 0.2 ms.
        let placed = clock_offsets.place(7, at(2_000), at(3_000), at(1_102));
        assert_eq!(placed, at(2_002) + Duration::from_micros(200));
        // Another writer is another clock.
        assert_eq!(clock_offsets.place(8, at(0), at(10), at(1_102)), at(1_112));
    }

    #[test]
    fn an_old_bound_is_forgotten() {
        let mut clock_offsets = ClockOffsets::default();
        clock_offsets.place(7, at(0), at(0), at(0));
        let late = at(0) + KEPT;
        // The writer's clock stood still for all that time.
        assert_eq!(clock_offsets.place(7, at(0), at(0), late), late);
        let mut clock_offsets = ClockOffsets::default();
        clock_offsets.place(7, at(0), at(0), at(0));
        let nearly = late - Duration::from_nanos(5_000);
        let drift = Duration::from_nanos(5_999_999);
        assert_eq!(clock_offsets.place(7, at(0), at(0), nearly), Tick::ZERO + drift);
    }

    #[test]
    fn writers_that_come_and_go_do_not_fill_the_memory() {
        let mut clock_offsets = ClockOffsets::default();
        for writer in 0..1_000 {
            clock_offsets.place(writer, at(5), at(5), at(6));
        }
        assert_eq!(clock_offsets.len(), MOST);
        clock_offsets.place(5_000, at(5), at(5), at(6) + KEPT);
        assert_eq!(clock_offsets.len(), 1);
    }

    #[test]
    fn absurd_times_are_bounded() {
        let mut clock_offsets = ClockOffsets::default();
        assert_eq!(clock_offsets.place(1, Tick::MAX, Tick::ZERO, Tick::ZERO), Tick::ZERO);
        assert_eq!(clock_offsets.place(2, Tick::ZERO, Tick::MAX, Tick::MAX), Tick::MAX);
    }

    proptest! {
        /// Two clocks with a fixed difference: however long each sighting took, the place
        /// is never before the true one.
        #[test]
        fn it_errs_on_the_late_side(
            difference in -1_000_000_000_i64..1_000_000_000,
            events in prop::collection::vec((0_u64..2_000_000_000, 0_u64..500_000_000), 1..30),
        ) {
            let mut clock_offsets = ClockOffsets::default();
            let mut ours = 5_000_000_000_u64;
            for (gap, delay) in events {
                ours += gap;
                let planned = Tick::from_nanos(ours.saturating_add_signed(difference));
                ours += delay;
                let placed = clock_offsets.place(1, planned, planned + Duration::from_secs(1), Tick::from_nanos(ours));
                prop_assert!(placed >= Tick::from_nanos(ours - delay) + Duration::from_secs(1));
                prop_assert!(placed <= Tick::from_nanos(ours) + Duration::from_secs(1));
            }
        }
    }
}
