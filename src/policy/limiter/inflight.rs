//! How many requests may be under way at once, over all groups.
//!
//! A group that finds no place waits for one in line, so that a busy group cannot starve
//! a quiet one. It waits with nothing in hand: the place and the rate slot are taken
//! together.

use std::collections::VecDeque;

/// A limit group, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u64);

/// The places in flight.
#[derive(Clone, Debug)]
pub struct Inflight {
    most: usize,
    taken: usize,
    /// Each group at most once.
    line: VecDeque<GroupId>,
}

impl Inflight {
    /// So many places; 0 counts as 1.
    #[must_use]
    pub fn new(most: usize) -> Inflight {
        Inflight { most: most.max(1), taken: 0, line: VecDeque::new() }
    }

    /// Takes a place for a group that can send now. If there is none, or if others came
    /// first, the group stands in line.
    pub fn take(&mut self, group: GroupId) -> bool {
        let first = self.line.front().is_none_or(|first| *first == group);
        if first && self.taken < self.most {
            self.line.pop_front();
            self.taken += 1;
            return true;
        }
        if !self.line.contains(&group) {
            self.line.push_back(group);
        }
        false
    }

    /// Takes a group out of the line that has nothing to send for now.
    pub fn withdraw(&mut self, group: GroupId) {
        self.line.retain(|waiting| *waiting != group);
    }

    /// Gives a place back.
    pub fn release(&mut self) {
        self.taken = self.taken.saturating_sub(1);
    }

    /// The group to wake: the first in line, if there is a place.
    #[must_use]
    pub fn next(&self) -> Option<GroupId> {
        self.line.front().copied().filter(|_| self.taken < self.most)
    }

    /// How many requests are under way.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// Changes the number of places. What is under way stays.
    pub fn resize(&mut self, most: usize) {
        self.most = most.max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: GroupId = GroupId(1);
    const B: GroupId = GroupId(2);
    const C: GroupId = GroupId(3);

    #[test]
    fn there_are_never_more_than_places() {
        let mut inflight = Inflight::new(2);
        assert!(inflight.take(A) && inflight.take(A));
        assert!(!inflight.take(A));
        assert_eq!((inflight.taken(), inflight.next()), (2, None));
        inflight.release();
        assert_eq!((inflight.taken(), inflight.next()), (1, Some(A)));
        assert!(inflight.take(A));
        assert_eq!(inflight.next(), None);
    }

    #[test]
    fn groups_take_their_places_in_the_order_they_came() {
        let mut inflight = Inflight::new(1);
        assert!(inflight.take(A));
        assert!(!inflight.take(B));
        assert!(!inflight.take(A));
        assert!(!inflight.take(C));
        assert!(!inflight.take(B), "asking again gives no second place in line");
        for group in [B, A, C] {
            inflight.release();
            for other in [A, B, C] {
                assert!(other == group || !inflight.take(other));
            }
            assert_eq!(inflight.next(), Some(group));
            assert!(inflight.take(group));
            // The others asked again above and stand where they stood.
        }
    }

    #[test]
    fn a_group_with_nothing_to_send_makes_way() {
        let mut inflight = Inflight::new(1);
        assert!(inflight.take(A));
        assert!(!inflight.take(B) && !inflight.take(C));
        inflight.release();
        inflight.withdraw(B);
        assert_eq!(inflight.next(), Some(C));
        assert!(inflight.take(C));
        inflight.release();
        inflight.release();
        assert_eq!(inflight.taken(), 0);
    }

    #[test]
    fn the_number_of_places_may_change() {
        let mut inflight = Inflight::new(0);
        assert!(inflight.take(A), "none at all would be a connector that does nothing");
        assert!(!inflight.take(A));
        inflight.resize(2);
        assert_eq!(inflight.next(), Some(A));
        assert!(inflight.take(A));
        inflight.resize(0);
        inflight.release();
        assert!(!inflight.take(B));
        inflight.release();
        assert!(inflight.take(B));
    }
}
