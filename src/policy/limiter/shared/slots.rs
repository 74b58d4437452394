//! The slots that an instance holds.

use crate::time::Tick;
use std::{collections::VecDeque, time::Duration};

/// Slots, each of which may be used from its time on and for a little longer.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    /// How long after its time one may be used.
    lateness: Duration,
    /// The most in a lease, and the most that the next one may have.
    most: usize,
    size: usize,
    /// What became of slots since the last lease was planned.
    used: usize,
    lapsed: usize,
    /// In order of time.
    held: VecDeque<Tick>,
}

impl Slots {
    pub(super) fn new(lateness: Duration, most: usize) -> Slots {
        Slots { lateness, most, size: most, used: 0, lapsed: 0, held: VecDeque::new() }
    }

    /// Those that have not lapsed.
    pub(super) fn usable(&self, now: Tick) -> impl Iterator<Item = Tick> {
        self.held.iter().copied().skip_while(move |slot| *slot + self.lateness < now)
    }

    /// Uses one whose time has come; false if there is none.
    pub(super) fn take(&mut self, now: Tick) -> bool {
        self.lapse(now);
        let ready = self.held.front().is_some_and(|slot| *slot <= now);
        if ready {
            self.held.pop_front();
            self.used += 1;
        }
        ready
    }

    /// Drops those that have lapsed.
    pub(super) fn lapse(&mut self, now: Tick) {
        while self.held.front().is_some_and(|slot| *slot + self.lateness < now) {
            self.held.pop_front();
            self.lapsed += 1;
        }
    }

    /// When the first one lapses; none if there is none.
    pub(super) fn first_lapses(&self) -> Option<Tick> {
        Some(*self.held.front()? + self.lateness + Duration::from_nanos(1))
    }

    /// How many the next lease may have. Slots lapse when calls wait for something else as
    /// well, such as a place in flight. What cannot be used is left to other instances.
    pub(super) fn next_size(&mut self) -> usize {
        self.size = if self.lapsed > 0 { self.used.max(1) } else { self.size * 2 }.min(self.most);
        (self.used, self.lapsed) = (0, 0);
        self.size
    }

    pub(super) fn add(&mut self, slots: Vec<Tick>) {
        for slot in slots {
            let at = self.held.partition_point(|held| *held <= slot);
            self.held.insert(at, slot);
        }
    }

    pub(super) fn clear(&mut self) {
        self.held.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    #[cfg(test)]
    pub(super) fn all(&self) -> Vec<Tick> {
        self.held.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Tick {
        Tick::ZERO + Duration::from_millis(millis)
    }

    #[test]
    fn each_is_used_once_in_its_time_or_lapses() {
        let mut slots = Slots::new(Duration::from_millis(5), 10);
        slots.add(vec![at(30), at(10)]);
        slots.add(vec![at(20), at(20)]);
        assert_eq!(slots.all(), [at(10), at(20), at(20), at(30)], "a later lease may begin earlier");
        assert!(!slots.take(at(9)));
        assert!(slots.take(at(15)));
        assert_eq!(slots.first_lapses(), Some(at(25) + Duration::from_nanos(1)));
        assert_eq!(slots.usable(at(26)).collect::<Vec<_>>(), [at(30)]);
        assert_eq!(slots.len(), 3);
        assert!(!slots.take(at(26)));
        assert_eq!(slots.len(), 1);
        slots.clear();
        assert_eq!((slots.len(), slots.first_lapses()), (0, None));
    }

    #[test]
    fn the_size_follows_what_can_be_used() {
        let mut slots = Slots::new(Duration::from_millis(5), 10);
        assert_eq!(slots.next_size(), 10);
        slots.add(vec![at(10); 10]);
        assert!(slots.take(at(10)) && slots.take(at(10)) && slots.take(at(10)));
        slots.lapse(at(100));
        assert_eq!(slots.len(), 0);
        let sizes: Vec<usize> = (0..4).map(|_| slots.next_size()).collect();
        assert_eq!(sizes, [3, 6, 10, 10]);
        slots.add(vec![at(200)]);
        slots.lapse(at(300));
        assert_eq!(slots.next_size(), 1, "one at least, or it would never learn better");
    }
}
