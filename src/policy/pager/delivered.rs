//! Which records of a feed's page were delivered, told by what is in them.
//!
//! A feed is ordered by the last change. A record that changes moves to its end, and the
//! page that is asked for again has lost its place; with recent changes included, the
//! provider repeats rows at a page's head that are gone later. So neither a number of
//! records nor their ids tell what was delivered: only the records themselves do. One
//! that has changed is another one, and is delivered again, since that is what a feed is
//! read for.

use std::collections::VecDeque;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::packed::{pack, unpack};

/// Records of one page that a position remembers: 8 bytes each, and about 57 KB of a
/// `resume` text in all. Of a page of which more were delivered, those delivered last
/// are remembered, and the others are delivered again: twice is better than never.
pub const MOST_DELIVERED: usize = 4_000;

/// [`digest`](crate::digest::digest)s of the records of one page that were delivered.
/// A record that stands on the page twice is remembered twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered(VecDeque<u64>);

impl Delivered {
    /// Whether nothing was delivered of the page.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One more was delivered.
    pub(super) fn push(&mut self, record: u64) {
        self.0.push_back(record);
        if self.0.len() > MOST_DELIVERED {
            self.0.pop_front();
        }
    }

    /// The page is done with.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The page is here again: where on it the records stand that were delivered.
    pub(super) fn find(&mut self, page: &[u64]) -> VecDeque<u64> {
        let mut known: Vec<u64> = self.0.drain(..).collect();
        known.sort_unstable();
        let mut known = known.into_iter().peekable();
        let mut here: Vec<(u64, u64)> = page.iter().copied().zip(0..).collect();
        here.sort_unstable();
        let (mut found, mut gone) = (Vec::new(), VecDeque::new());
        for (record, place) in here {
            gone.extend(std::iter::from_fn(|| known.next_if(|known| *known < record)));
            if known.next_if_eq(&record).is_some() {
                found.push((place, record));
            }
        }
        gone.extend(known);
        found.sort_unstable();
        // What has left the page may come back. It is what to forget first.
        self.0 = gone;
        self.0.extend(found.iter().map(|(_, record)| *record));
        found.into_iter().map(|(place, _)| place).collect()
    }
}

impl Serialize for Delivered {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&pack(&self.0))
    }
}

impl<'de> Deserialize<'de> for Delivered {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let digests = unpack(&String::deserialize(from)?, MOST_DELIVERED);
        digests.map(Self).ok_or_else(|| serde::de::Error::custom("no list of digests"))
    }
}

#[cfg(test)]
impl FromIterator<u64> for Delivered {
    fn from_iter<I: IntoIterator<Item = u64>>(records: I) -> Self {
        let mut delivered = Self::default();
        records.into_iter().for_each(|record| delivered.push(record));
        delivered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(delivered: impl IntoIterator<Item = u64>, page: &[u64]) -> (Vec<u64>, Vec<u64>) {
        let mut delivered: Delivered = delivered.into_iter().collect();
        let places = delivered.find(page).into();
        (places, delivered.0.into())
    }

    #[test]
    fn records_are_found_wherever_they_stand() {
        assert_eq!(find([30, 10, 20], &[20, 40, 30]), (vec![0, 2], vec![10, 20, 30]));
        assert_eq!(find([], &[1, 2]), (vec![], vec![]));
        assert_eq!(find([1, 2], &[]), (vec![], vec![1, 2]));
        assert!(Delivered::default().is_empty() && !Delivered::from_iter([1]).is_empty());
    }

    #[test]
    fn each_is_found_as_often_as_it_was_delivered() {
        assert_eq!(find([7], &[7, 8, 7]), (vec![0], vec![7]));
        assert_eq!(find([7, 7, 7], &[7, 8, 7]), (vec![0, 2], vec![7, 7, 7]));
    }

    #[test]
    fn beyond_the_bound_what_left_the_page_and_then_the_oldest_is_forgotten() {
        let most = MOST_DELIVERED as u64;
        let mut delivered: Delivered = (0..most).collect();
        // 5 has left the page.
        let page: Vec<u64> = (0..most).filter(|record| *record != 5).collect();
        assert_eq!(delivered.find(&page).len(), MOST_DELIVERED - 1);
        delivered.push(most);
        assert_eq!(delivered.clone().find(&page).len(), MOST_DELIVERED - 1);
        delivered.push(most + 1);
        assert_eq!(delivered.find(&page).front(), Some(&1));
        assert_eq!(delivered.0.len(), MOST_DELIVERED);
    }
}
