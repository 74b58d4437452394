//! Lists whose answers hold records and no word on whether more follow.

use super::*;

fn page(items: usize, digest: u64) -> PageFacts {
    facts(items, None, digest)
}

/// Reads one page after another, each asked for alone; gives where they began.
fn read(pager: &mut NumberedPager, pages: impl IntoIterator<Item = PageFacts>) -> Vec<Option<u64>> {
    let mut asked = Vec::new();
    for facts in pages {
        let page = pager.next_fetch().unwrap();
        asked.push(pager.offset(page));
        pager.arrived(page, facts);
        drain(pager);
    }
    asked
}

#[test]
fn a_page_that_is_not_full_is_not_the_end() {
    // 500 were asked for, and the provider gives 50.
    let config = NumberedConfig { page_size: 500, ..DATA_ONLY };
    let mut pager = NumberedPager::new(config, ReadProgress::default());
    read(&mut pager, [page(50, 1), page(50, 2), page(20, 3)]);
    assert_eq!((pager.progress(), pager.items()), (Progress::Going, 120));
    read(&mut pager, [page(0, 4)]);
    assert_eq!((pager.progress(), pager.items()), (Progress::Ended, 120));
    assert!(!pager.drifted());
}

#[test]
fn an_empty_page_ends_it_and_behind_a_short_one_only_that_is_asked_for() {
    let mut pager = NumberedPager::new(DATA_ONLY, ReadProgress::default());
    assert_eq!(fetches(&mut pager), [1]);
    pager.arrived(1, page(10, 1));
    assert_eq!(fetches(&mut pager), [2]);
    pager.arrived(2, page(10, 2));
    assert_eq!(fetches(&mut pager), [3, 4]);
    pager.arrived(3, page(9, 3));
    assert_eq!(drain(&mut pager), [(1, 0, 10), (2, 0, 10), (3, 0, 9)]);
    assert_eq!((pager.progress(), fetches(&mut pager)), (Progress::Going, vec![]));
    pager.arrived(4, page(0, 4));
    assert_eq!((pager.progress(), place(&pager)), (Progress::Ended, (3, 9)));

    let mut pager = NumberedPager::new(DATA_ONLY, ReadProgress::default());
    read(&mut pager, [page(3, 1)]);
    assert_eq!(fetches(&mut pager), [2]);
    pager.arrived(2, page(0, 2));
    assert_eq!((pager.progress(), place(&pager)), (Progress::Ended, (1, 3)));
}

#[test]
fn an_empty_list_costs_one_request() {
    let mut pager = NumberedPager::new(DATA_ONLY, ReadProgress::default());
    read(&mut pager, [page(0, 0)]);
    assert_eq!((pager.progress(), place(&pager)), (Progress::Ended, (1, 0)));
}

#[test]
fn where_each_page_holds_as_many_as_the_one_before_a_window_is_fetched() {
    let mut pager = NumberedPager::new(DATA_ONLY, ReadProgress::default());
    read(&mut pager, [page(6, 1)]);
    assert_eq!(fetches(&mut pager), [2]);
    pager.arrived(2, page(6, 2));
    drain(&mut pager);
    assert_eq!(fetches(&mut pager), [3, 4, 5, 6]);
}

#[test]
fn a_vendor_that_ignores_the_page_number_delivers_once_also_after_a_resume() {
    // More than were asked for, as many, and fewer.
    for records in [25, 10, 4] {
        let whole = || page(records, 7);
        let mut pager = NumberedPager::new(DATA_ONLY, ReadProgress::default());
        fetches(&mut pager);
        pager.arrived(1, whole());
        assert_eq!(drain(&mut pager), [(1, 0, records)]);
        // Killed here, or at the end: both read page 1 again and skip it.
        assert_eq!(place(&pager), (1, records as u64));
        fetches(&mut pager);
        assert_eq!(pager.arrived(2, whole()), Arrival::Dropped);
        assert_eq!((pager.progress(), place(&pager)), (Progress::Ended, (1, records as u64)));

        let skip = records as u64;
        let mut pager = NumberedPager::new(NumberedConfig { skip, ..DATA_ONLY }, ReadProgress::default());
        fetches(&mut pager);
        pager.arrived(1, whole());
        fetches(&mut pager);
        pager.arrived(2, whole());
        assert_eq!((drain(&mut pager), pager.progress()), (vec![], Progress::Ended));
    }
}

#[test]
fn as_many_records_as_the_cap_are_no_more_than_it() {
    let config = NumberedConfig { max_items: 13, ..DATA_ONLY };
    let mut pager = NumberedPager::new(config, ReadProgress::default());
    read(&mut pager, [page(10, 1), page(3, 2), page(0, 3)]);
    assert_eq!(pager.progress(), Progress::Ended);
    let mut pager = NumberedPager::new(config, ReadProgress::default());
    read(&mut pager, [page(10, 1), page(10, 2)]);
    assert_eq!((pager.progress(), pager.items()), (Progress::Stopped(Guard::TooManyItems), 13));
}

const BY_OFFSET: NumberedConfig = NumberedConfig { at: Some(0), ..DATA_ONLY };

#[test]
fn by_offset_the_next_page_begins_behind_what_came() {
    let mut pager = NumberedPager::new(BY_OFFSET, ReadProgress::default());
    let asked = read(&mut pager, [page(6, 1), page(6, 2), page(10, 3), page(2, 4), page(0, 5)]);
    assert_eq!(asked, [0, 6, 12, 22, 24].map(Some));
    assert_eq!((pager.progress(), pager.items()), (Progress::Ended, 24));
    let Position::Numbered { at: Some(22), skip: 2, .. } = pager.position() else { panic!() };
}

#[test]
fn by_offset_what_was_asked_for_at_the_wrong_place_is_asked_for_anew() {
    let mut pager = NumberedPager::new(BY_OFFSET, ReadProgress::default());
    read(&mut pager, [page(10, 1), page(10, 2)]);
    assert_eq!(fetches(&mut pager), [3, 4, 5, 6]);
    assert_eq!([3, 4, 5, 6].map(|page| pager.offset(page)), [20, 30, 40, 50].map(Some));
    pager.arrived(5, page(10, 5));
    assert_eq!(pager.failed(6), FailedFetch::NotYet);
    pager.arrived(3, page(7, 3));
    assert!(![4, 5, 6].into_iter().any(|page| pager.keeps(page)));
    assert_eq!((drain(&mut pager), fetches(&mut pager)), (vec![(3, 0, 7)], vec![7]));
    assert_eq!(pager.offset(7), Some(27));
    // The answer that comes late is not taken for the page.
    assert_eq!(pager.arrived(4, page(10, 4)), Arrival::Dropped);
    pager.arrived(7, page(4, 7));
    assert_eq!(drain(&mut pager), [(7, 0, 4)]);
    let Position::Numbered { page: 7, at: Some(27), skip: 4, .. } = pager.position() else { panic!() };
    read(&mut pager, [page(0, 8)]);
    assert_eq!((pager.progress(), pager.pages(), pager.items()), (Progress::Ended, 5, 31));
}

#[test]
fn by_offset_a_position_in_a_held_page_knows_where_that_begins() {
    let mut pager = NumberedPager::new(BY_OFFSET, ReadProgress::default());
    for (page, facts) in [(1, page(4, 1)), (2, page(5, 2)), (3, page(6, 3))] {
        assert_eq!(fetches(&mut pager), [page]);
        pager.arrived(page, facts);
    }
    pager.delivered(1, 4);
    pager.delivered(2, 1);
    let Position::Numbered { page: 2, at: Some(4), skip: 1, .. } = pager.position() else { panic!() };
    let config = NumberedConfig { start_page: 2, at: Some(4), skip: 1, ..DATA_ONLY };
    let mut pager = NumberedPager::new(config, ReadProgress::default());
    assert_eq!(read(&mut pager, [page(5, 2), page(6, 3)]), [4, 9].map(Some));
    assert_eq!(pager.items(), 10);
}

#[test]
fn by_offset_pages_that_are_asked_for_anew_count_as_pages() {
    let mut pager = NumberedPager::new(NumberedConfig { max_pages: 4, ..BY_OFFSET }, ReadProgress::default());
    read(&mut pager, [page(10, 1), page(10, 2)]);
    assert_eq!(fetches(&mut pager), [3, 4]);
    pager.arrived(3, page(7, 3));
    drain(&mut pager);
    assert_eq!(pager.progress(), Progress::Stopped(Guard::TooManyPages));
    let Position::Numbered { at: Some(20), skip: 7, .. } = pager.position() else { panic!() };
}
