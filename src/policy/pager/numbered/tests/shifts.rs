//! Pages that shift, one case at a time.

use super::*;
use crate::digest::digest;

fn ids(range: impl IntoIterator<Item = i64>) -> Vec<Option<RecordId>> {
    range.into_iter().map(|id| RecordId::of(&id.to_string())).collect()
}

fn page(ids: Vec<Option<RecordId>>, has_more: bool) -> PageFacts {
    let digest = digest(format!("{ids:?}").as_bytes());
    PageFacts { items: ids.len(), bytes: 1, has_more: Some(has_more), total: None, digest, ids }
}

/// Reads pages in their order.
fn read(pager: &mut NumberedPager, pages: Vec<PageFacts>) -> Vec<(u32, usize, usize)> {
    let mut delivered = Vec::new();
    for facts in pages {
        let page = pager.next_fetch().unwrap();
        pager.arrived(page, facts);
        delivered.extend(drain(pager));
    }
    delivered
}

fn counting(total: u64, facts: PageFacts) -> PageFacts {
    PageFacts { total: Some(total), ..facts }
}

#[test]
fn what_comes_again_is_dropped_and_counted() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    let first = counting(18, page(ids(1..=10), true));
    assert_eq!(read(&mut pager, vec![first, page(ids(9..=18), false)]), [(1, 0, 10), (2, 2, 8)]);
    assert_eq!((pager.suppressed(), pager.items(), pager.pages()), (2, 18, 2));
    assert!(!pager.drifted());
    // Where the next read goes on is counted in the provider's records.
    assert_eq!(place(&pager), (2, 10));
}

#[test]
fn a_page_of_nothing_new_is_passed_over() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    let pages = vec![page(ids(1..=10), true), page(ids((1..=10).rev()), true), page(ids([11]), false)];
    assert_eq!(read(&mut pager, pages), [(1, 0, 10), (3, 0, 1)]);
    assert_eq!((pager.suppressed(), pager.pages(), pager.progress()), (10, 3, Progress::Ended));
}

#[test]
fn a_shift_is_drift_if_the_page_after_it_was_asked_for_before_it_showed() {
    let shifted = |asked_ahead: bool| {
        let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
        read(&mut pager, vec![page(ids(1..=10), true)]);
        assert_eq!(pager.next_fetch(), Some(2));
        let next = asked_ahead.then(|| pager.next_fetch()).flatten();
        pager.arrived(2, page(ids(9..=18), true));
        drain(&mut pager);
        let next = next.or_else(|| pager.next_fetch());
        pager.arrived(next.unwrap(), page(ids(19..=20), false));
        drain(&mut pager);
        assert_eq!((pager.progress(), pager.items()), (Progress::Ended, 20));
        pager.drifted()
    };
    assert!(!shifted(false));
    assert!(shifted(true));
}

#[test]
fn records_without_an_id_are_never_dropped() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    let nameless = |digest| PageFacts { digest, ..page(vec![None; 10], true) };
    assert_eq!(read(&mut pager, vec![nameless(1), nameless(2)]).len(), 2);
    assert_eq!((pager.suppressed(), pager.items()), (0, 20));
}

#[test]
fn a_record_that_is_old_behind_one_that_is_new_is_drift() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    let pages = vec![page(ids(1..=10), true), page(ids([11, 10, 12]), false)];
    assert_eq!(read(&mut pager, pages), [(1, 0, 10), (2, 0, 1), (2, 2, 1)]);
    assert!(pager.drifted());
    // Also when one page has it twice.
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    assert_eq!(read(&mut pager, vec![page(ids([1, 2, 1]), false)]), [(1, 0, 2)]);
    assert!(pager.drifted());
}

#[test]
fn fewer_or_more_than_were_counted_is_drift_at_the_end() {
    for (total, drifted) in [(13, false), (14, true), (12, true)] {
        let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
        read(&mut pager, vec![counting(total, page(ids(1..=10), true))]);
        assert!(!pager.drifted());
        // A later total says nothing.
        read(&mut pager, vec![counting(99, page(ids(11..=13), false))]);
        assert_eq!(pager.drifted(), drifted, "{total}");
    }
}

#[test]
fn in_a_fixed_order_what_is_newer_does_not_count() {
    let known = || ReadProgress::known(Some(12), Some(12));
    let read_all = |second: Vec<Option<RecordId>>| {
        let mut pager = NumberedPager::new(CONFIG, known());
        read(&mut pager, vec![page(ids(1..=10), true), page(second, false)]);
        pager.drifted()
    };
    assert!(!read_all(ids([11, 12])));
    assert!(!read_all(ids([11, 12, 13, 14])));
    // As many as were there, but one is missing and one is new.
    assert!(read_all(ids([12, 13])));
}

#[test]
fn in_a_fixed_order_ids_only_rise() {
    let config = NumberedConfig { page_size: 1, ..CONFIG };
    let mut pager = NumberedPager::new(config, ReadProgress::known(Some(40), Some(40)));
    read(&mut pager, (2..=20).map(|id| page(ids([id]), true)).collect());
    assert!(!pager.drifted());
    // 2 is further back than is remembered; 1 was put in late.
    for late in [2, 1] {
        let mut pager = pager.clone();
        assert_eq!(read(&mut pager, vec![page(ids([late]), true)]).len(), 1);
        assert!(pager.drifted());
    }
}

fn resumed(pager: &NumberedPager) -> NumberedPager {
    let (config, track) = super::model::resumed(CONFIG, pager.position());
    NumberedPager::new(config, track)
}

#[test]
fn a_resumed_read_goes_on_counting_and_remembering() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    let first = || counting(14, page(ids(1..=10), true));
    pager.next_fetch();
    pager.arrived(1, first());
    pager.delivered(1, 7);
    let mut pager = resumed(&pager);
    assert!(!pager.wants_total(1));
    // Two were put in before: 6 and 7 come again.
    let shifted = page(ids([21, 22, 1, 2, 3, 4, 5, 6, 7, 8]), true);
    assert_eq!(read(&mut pager, vec![shifted]), [(1, 9, 1)]);
    assert_eq!(pager.suppressed(), 2);
    read(&mut pager, vec![page(ids(9..=14), false)]);
    assert!(!pager.drifted());
}

#[test]
fn a_page_that_shifted_the_other_way_meanwhile_is_drift() {
    let mut before = NumberedPager::new(CONFIG, ReadProgress::default());
    before.next_fetch();
    before.arrived(1, page(ids(1..=10), true));
    before.delivered(1, 7);
    // 3 is gone, so that 8 stands where 7 stood.
    let mut pager = resumed(&before);
    assert_eq!(read(&mut pager, vec![page(ids([1, 2, 4, 5, 6, 7, 8, 9, 10, 11]), false)]), [(1, 7, 3)]);
    assert!(pager.drifted());
    // So much is gone that nothing stands there.
    let mut pager = resumed(&before);
    assert_eq!(read(&mut pager, vec![page(ids(1..=6), false)]), []);
    assert!(pager.drifted());
    // That it drifted is not forgotten.
    assert!(resumed(&pager).drifted());
}

#[test]
fn after_the_end_counting_begins_anew() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::known(Some(13), Some(13)));
    read(&mut pager, vec![page(ids(1..=10), true), page(ids(11..=13), false)]);
    assert!(!pager.drifted());
    let Position::Numbered { page: start_page, skip, track, .. } = pager.position() else { panic!() };
    let tail: Vec<u64> = track.tail().collect();
    let track = track.after_the_end();
    assert!(track.ordered() && !track.expects());
    assert!(tail.len() > 9 && track.tail().eq(tail), "what was delivered last is not delivered again");
    assert!(!ReadProgress::new(false).after_the_end().ordered());
    for (total, drifted) in [(15, false), (16, true)] {
        let config = NumberedConfig { start_page, skip, ..CONFIG };
        let mut pager = NumberedPager::new(config, track.clone());
        assert!(pager.wants_total(2) && !pager.wants_total(3));
        let added = counting(total, page(ids(11..=15), false));
        assert_eq!(read(&mut pager, vec![added]), [(2, 3, 2)]);
        assert_eq!(pager.drifted(), drifted);
    }
}

#[test]
fn pages_that_hold_nothing_new_for_long_are_a_circle() {
    let (odd, even) = (|| page(ids([1, 3]), true), || page(ids([2, 4]), true));
    let mut pager = NumberedPager::new(NumberedConfig { page_size: 2, ..CONFIG }, ReadProgress::default());
    let circle = (0..18).map(|at| if at % 2 == 0 { odd() } else { even() }).collect();
    assert_eq!(read(&mut pager, circle), [(1, 0, 2), (2, 0, 2)]);
    assert_eq!(pager.progress(), Progress::Going);
    assert_eq!(read(&mut pager, vec![odd()]), []);
    assert_eq!(pager.progress(), Progress::Stopped(Guard::Loop));
    assert!(!pager.keeps(19) && pager.next_fetch().is_none());
    // One new record, and it begins anew.
    let mut pager = NumberedPager::new(NumberedConfig { page_size: 2, ..CONFIG }, ReadProgress::default());
    let page_of = |at: i64| {
        if at % 10 == 9 {
            page(ids([1, 3, 100 + at]), true)
        } else if at % 2 == 0 {
            odd()
        } else {
            even()
        }
    };
    read(&mut pager, (0..60).map(page_of).collect());
    assert_eq!(pager.progress(), Progress::Going);
}

#[test]
fn a_total_saves_requests_and_ends_nothing() {
    let mut pager =
        NumberedPager::new(NumberedConfig { eager: true, ..CONFIG }, ReadProgress::known(Some(25), None));
    assert_eq!(fetches(&mut pager), [1, 2, 3]);
    for at in 1..=3 {
        pager.arrived(at, page(ids(i64::from(at) * 10..i64::from(at) * 10 + 10), true));
    }
    // There is more than there was.
    assert_eq!(fetches(&mut pager), [4]);
    drain(&mut pager);
    assert_eq!(fetches(&mut pager), [5, 6, 7]);

    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    assert_eq!(fetches(&mut pager), [1]);
    pager.arrived(1, counting(11, page(ids(1..=10), true)));
    assert_eq!(fetches(&mut pager), [2]);
    // A resumed read knows it as well.
    drain(&mut pager);
    pager.arrived(2, page(ids(11..=20), true));
    pager.delivered(2, 1);
    let mut pager = resumed(&pager);
    assert_eq!(fetches(&mut pager), [2]);
}
