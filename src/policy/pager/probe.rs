//! The first request of a whole read: the newest records first.
//!
//! It answers three questions at once. Is the list so short that this is all of it?
//! How many records are there? And which is the newest? The last two must come from
//! one answer that is older than all pages, or else [`ReadProgress`] could not tell a record
//! that was there from one that came later.

use super::RecordId;
use super::read_progress::ReadProgress;

/// What a first look shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// The whole list, newest first: turned round it is page 1.
    Whole,
    /// There is more. The pages, oldest first, are read with this in mind.
    More(ReadProgress),
}

/// Classifies the answer to a request for the newest records.
///
/// An answer whose ids do not fall strictly shows that the provider does not order by
/// numbers, or not at all. Then nothing but the total is used of it.
#[must_use]
pub fn probe(ids: &[Option<RecordId>], page_size: u32, has_more: Option<bool>, total: Option<u64>) -> Probe {
    let numbers: Option<Vec<i64>> = ids.iter().map(|id| id.and_then(|id| id.number)).collect();
    let falling = numbers.filter(|numbers| numbers.is_sorted_by(|a, b| a > b));
    if has_more == Some(false) && ids.len() <= page_size as usize && (ids.len() < 2 || falling.is_some()) {
        return Probe::Whole;
    }
    let newest = falling.filter(|numbers| numbers.len() > 1).and_then(|numbers| numbers.first().copied());
    Probe::More(ReadProgress::known(total, newest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: &[i64]) -> Vec<Option<RecordId>> {
        numbers.iter().map(|number| RecordId::of(&number.to_string())).collect()
    }

    fn known(total: u64, newest: Option<i64>) -> Probe {
        Probe::More(ReadProgress::known(Some(total), newest))
    }

    #[test]
    fn a_short_list_is_all_there() {
        for short in [&[][..], &[7], &[9, 7, 3]] {
            assert_eq!(probe(&ids(short), 3, Some(false), Some(3)), Probe::Whole, "{short:?}");
        }
        // One record is in order, whatever its id.
        assert_eq!(probe(&[RecordId::of("\"x\"")], 3, Some(false), None), Probe::Whole);
        // More than a page: positions would not fit.
        assert_eq!(probe(&ids(&[9, 7]), 1, Some(false), Some(2)), known(2, Some(9)));
    }

    #[test]
    fn a_long_list_shows_its_newest_id() {
        assert_eq!(probe(&ids(&[9, 7]), 2, Some(true), Some(40)), known(40, Some(9)));
        assert_eq!(probe(&ids(&[9, 7]), 2, None, Some(40)), known(40, Some(9)));
    }

    #[test]
    fn an_order_that_is_not_kept_is_not_relied_on() {
        let spoilt = [ids(&[9]), vec![RecordId::of("\"x\"")], vec![None]];
        for other in [&spoilt[..2].concat(), &[spoilt[0].clone(), spoilt[2].clone()].concat(), &ids(&[3, 7])]
        {
            assert_eq!(probe(other, 5, Some(true), Some(40)), known(40, None));
            assert_eq!(probe(other, 5, Some(false), Some(2)), known(2, None));
        }
        assert_eq!(probe(&ids(&[7, 7]), 5, Some(false), Some(2)), known(2, None));
        assert_eq!(probe(&ids(&[7]), 5, Some(true), Some(40)), known(40, None));
    }
}
