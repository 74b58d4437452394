//! The slots that an instance holds.

use crate::time::Tick;
use std::collections::VecDeque;
use std::time::Duration;

/// When a request may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    /// Not before.
    pub(super) from: Tick,
    /// Not after.
    pub(super) until: Tick,
}

/// So many may lapse for want of a timer that is on time, and teach nothing.
const FEW: usize = 4;

/// Slots, in order of time.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    most: usize,
    /// How many are to be held at once.
    size: usize,
    /// What became of slots since that was last changed.
    used: usize,
    lapsed: usize,
    /// How many have lapsed since somebody asked that.
    lately: usize,
    held: VecDeque<Slot>,
}

impl Slots {
    pub(super) fn new(most: usize) -> Slots {
        Slots { most, size: most, used: 0, lapsed: 0, lately: 0, held: VecDeque::new() }
    }

    /// When those come that have not lapsed.
    pub(super) fn usable(&self, now: Tick) -> impl Iterator<Item = Tick> {
        self.held.iter().filter(move |slot| slot.until >= now).map(|slot| slot.from)
    }

    /// Uses one whose time has come; false if there is none.
    pub(super) fn take(&mut self, now: Tick) -> bool {
        self.lapse(now);
        let ready = self.held.front().is_some_and(|slot| slot.from <= now);
        if ready {
            self.held.pop_front();
            self.used += 1;
        }
        ready
    }

    /// Drops those that have lapsed.
    pub(super) fn lapse(&mut self, now: Tick) {
        while self.held.front().is_some_and(|slot| slot.until < now) {
            self.held.pop_front();
            self.lapsed += 1;
            self.lately += 1;
        }
    }

    /// How many have lapsed since this was asked last.
    pub(super) fn lapsed_lately(&mut self) -> usize {
        std::mem::take(&mut self.lately)
    }

    /// Drops those that come before this time.
    pub(super) fn close(&mut self, until: Tick) {
        while self.held.front().is_some_and(|slot| slot.from < until) {
            self.held.pop_front();
        }
    }

    /// When the first one lapses; none if there is none.
    pub(super) fn first_lapses(&self) -> Option<Tick> {
        Some(self.held.front()?.until + Duration::from_nanos(1))
    }

    /// How many are to be held at once. Slots lapse when calls wait for something else as
    /// well, such as a place in flight. What cannot be used is left to other instances.
    pub(super) fn most_held(&mut self) -> usize {
        if self.lapsed >= FEW && self.lapsed > self.used / 4 {
            self.size = self.used.clamp(1, self.most);
        } else if self.used >= self.size {
            self.size = (self.size * 2).min(self.most);
        } else {
            return self.size;
        }
        (self.used, self.lapsed) = (0, 0);
        self.size
    }

    pub(super) fn add(&mut self, slots: Vec<Slot>) {
        for slot in slots {
            let at = self.held.partition_point(|held| held.from <= slot.from);
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
    pub(super) fn all(&self) -> Vec<Slot> {
        self.held.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Tick {
        Tick::ZERO + Duration::from_millis(millis)
    }

    fn slots(times: &[u64]) -> Vec<Slot> {
        times.iter().map(|time| Slot { from: at(*time), until: at(time + 5) }).collect()
    }

    #[test]
    fn each_is_used_once_in_its_time_or_lapses() {
        let mut held = Slots::new(10);
        held.add(slots(&[30, 10]));
        held.add(slots(&[20, 20]));
        assert_eq!(held.all(), slots(&[10, 20, 20, 30]), "later ones may come earlier");
        assert!(!held.take(at(9)));
        assert!(held.take(at(15)));
        assert_eq!(held.first_lapses(), Some(at(25) + Duration::from_nanos(1)));
        assert_eq!(held.usable(at(26)).collect::<Vec<_>>(), [at(30)]);
        assert_eq!(held.len(), 3);
        assert!(!held.take(at(26)));
        assert_eq!(held.len(), 1);
        held.clear();
        assert_eq!((held.len(), held.first_lapses()), (0, None));
    }

    #[test]
    fn those_before_a_pause_are_dropped() {
        let mut held = Slots::new(3);
        held.add(slots(&[10, 20, 30]));
        held.close(at(20));
        assert_eq!(held.all(), slots(&[20, 30]));
    }

    #[test]
    fn as_many_are_held_as_can_be_used() {
        let mut held = Slots::new(10);
        assert_eq!(held.most_held(), 10);
        held.add(slots(&[10; 3]));
        held.lapse(at(50));
        assert_eq!(held.most_held(), 10, "three are few");
        held.add(slots(&[60; 7]));
        assert!(held.take(at(60)) && held.take(at(60)) && held.take(at(60)));
        held.lapse(at(100));
        assert_eq!((held.len(), held.most_held(), held.most_held()), (0, 3, 3));
        held.add(slots(&[200; 3]));
        assert!(held.take(at(200)) && held.take(at(200)));
        assert_eq!(held.most_held(), 3);
        assert!(held.take(at(200)));
        assert_eq!(held.most_held(), 6, "all were used");
        held.add(slots(&[300; 4]));
        held.lapse(at(400));
        assert_eq!(held.most_held(), 1, "one at least, or it would never learn better");
        // Of many that are used, a few lapse.
        let mut held = Slots::new(100);
        held.add(slots(&[10; 45]));
        assert!((0..40).all(|_| held.take(at(10))));
        held.lapse(at(100));
        assert_eq!(held.most_held(), 100);
    }
}
