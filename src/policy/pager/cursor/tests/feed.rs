//! A feed whose records change, or come at a page's head and go again, while nobody
//! reads it.

use super::*;
use crate::limits::Limits;
use crate::pager::MOST_DELIVERED;
use crate::resume::Resume;

fn feed(records: &[u64], has_more: bool, next: &str) -> CursorFacts {
    CursorFacts { records: records.to_vec(), ..page(0, has_more, next) }
}

/// The read that goes on from there, by the text that its caller kept.
fn resumed(pager: &CursorPager) -> CursorPager {
    let text = Resume {
        operation: "x".to_owned(),
        query: 1,
        site: String::new(),
        position: pager.position(),
        done: false,
        from_0: false,
    }
    .encode();
    match Resume::read(&text, "x", 1, "", &Limits::DEFAULT).unwrap().position {
        Position::Cursor { from, delivered } => {
            CursorPager::new(CursorConfig { from, delivered, ..config() })
        }
        Position::Numbered { .. } => panic!("no feed"),
    }
}

/// Delivers up to so many records of the page, and says which.
fn deliver(pager: &mut CursorPager, page: &CursorFacts, most: usize) -> Vec<u64> {
    assert!(fetch(pager).is_some());
    pager.arrived(page.clone());
    let mut delivered = Vec::new();
    while let Some(ready) = pager.ready().filter(|_| delivered.len() < most) {
        let count = ready.count.min(most - delivered.len());
        delivered.extend_from_slice(&page.records[ready.first..ready.first + count]);
        pager.delivered(ready.page, count);
    }
    delivered
}

/// Stops after the first two of 1, 2 and 3, of which more follow.
fn stopped() -> CursorPager {
    let mut pager = CursorPager::new(config());
    assert_eq!(deliver(&mut pager, &feed(&[1, 2, 3], true, "a"), 2), [1, 2]);
    pager
}

#[test]
fn a_record_that_changes_meanwhile_hides_no_other() {
    // 1 has become 101, and moved to the feed's end.
    let mut pager = resumed(&stopped());
    assert_eq!(deliver(&mut pager, &feed(&[2, 3], true, "a"), 9), [3]);
    assert_eq!(deliver(&mut pager, &feed(&[4, 101], false, "b"), 9), [4, 101]);
    assert_eq!((pager.progress(), pager.items()), (Progress::Ended, 3));
}

#[test]
fn rows_that_were_repeated_at_the_head_and_are_gone_hide_none() {
    let mut pager = CursorPager::new(config());
    assert_eq!(deliver(&mut pager, &feed(&[90, 91, 1, 2, 3], true, "a"), 3), [90, 91, 1]);
    let mut pager = resumed(&pager);
    assert_eq!(deliver(&mut pager, &feed(&[1, 2, 3], true, "a"), 9), [2, 3]);
}

#[test]
fn a_record_that_changed_in_its_place_comes_again() {
    let mut pager = resumed(&stopped());
    assert_eq!(deliver(&mut pager, &feed(&[1, 102, 3], true, "a"), 9), [102, 3]);
}

#[test]
fn what_was_delivered_is_dropped_wherever_it_stands_and_as_often_as_it_was_delivered() {
    let mut pager = resumed(&stopped());
    assert_eq!(deliver(&mut pager, &feed(&[7, 2, 3, 1, 1, 8], true, "a"), 9), [7, 3, 1, 8]);
}

#[test]
fn only_the_page_that_was_begun_is_looked_through() {
    let mut pager = resumed(&stopped());
    assert_eq!(deliver(&mut pager, &feed(&[1, 2, 3], true, "a"), 9), [3]);
    assert_eq!(deliver(&mut pager, &feed(&[1, 2], false, "b"), 9), [1, 2]);
}

#[test]
fn stopped_again_and_again_on_one_page_it_remembers_all_of_it() {
    // Before it arrives, nothing is forgotten.
    let mut pager = resumed(&resumed(&stopped()));
    assert_eq!(deliver(&mut pager, &feed(&[2, 3, 4], true, "a"), 1), [3]);
    // 1 comes back as it was.
    let mut pager = resumed(&pager);
    assert_eq!(deliver(&mut pager, &feed(&[1, 2, 3, 4], true, "a"), 9), [4]);
    assert_eq!(pager.position(), position("a", 0));
}

#[test]
fn a_page_of_which_all_was_delivered_is_passed_over() {
    let mut pager = CursorPager::new(config());
    assert_eq!(deliver(&mut pager, &feed(&[1, 2, 3], true, "a"), 3).len(), 3);
    let begun = CursorConfig { delivered: [1, 2, 3].into_iter().collect(), ..config() };
    let mut pager = CursorPager::new(begun);
    assert!(deliver(&mut pager, &feed(&[1, 2, 3], true, "a"), 9).is_empty());
    assert_eq!((pager.pages(), pager.position()), (1, position("a", 0)));
}

#[test]
fn dropped_records_do_not_count_against_the_cap() {
    let begun = CursorConfig { delivered: [1, 2].into_iter().collect(), max_items: 2, ..config() };
    let mut pager = CursorPager::new(begun);
    assert_eq!(deliver(&mut pager, &feed(&[3, 1, 4, 2], false, "a"), 9), [3, 4]);
    assert_eq!(pager.progress(), Progress::Ended);
}

#[test]
fn of_a_page_beyond_the_bound_records_come_again_and_none_is_lost() {
    let records: Vec<u64> = (0..MOST_DELIVERED as u64 + 100).collect();
    let page = feed(&records, true, "a");
    let mut pager = CursorPager::new(config());
    assert_eq!(deliver(&mut pager, &page, MOST_DELIVERED + 50).len(), MOST_DELIVERED + 50);
    let rest = deliver(&mut resumed(&pager), &page, usize::MAX);
    assert_eq!(rest, [&records[..50], &records[MOST_DELIVERED + 50..]].concat());
}
