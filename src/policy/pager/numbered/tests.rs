use super::*;

mod caps;
mod data_only;
mod drift;
#[cfg(feature = "failpoints")]
mod failpoints;
mod model;
mod shifts;

const CONFIG: NumberedConfig = NumberedConfig {
    eager: false,
    start_page: 1,
    skip: 0,
    page_size: 10,
    window: 4,
    max_pages: 1_000,
    max_items: u64::MAX,
    max_bytes: u64::MAX,
    max_held_bytes: usize::MAX,
    data_only: false,
    at: None,
};
const DATA_ONLY: NumberedConfig = NumberedConfig { data_only: true, ..CONFIG };

fn facts(items: usize, has_more: Option<bool>, digest: u64) -> PageFacts {
    PageFacts { items, bytes: 100, has_more, digest, total: None, ids: Vec::new() }
}

fn more(page: u32) -> PageFacts {
    facts(10, Some(true), u64::from(page))
}

fn last(items: usize) -> PageFacts {
    facts(items, Some(false), 999)
}

fn fetches(pager: &mut NumberedPager) -> Vec<u32> {
    std::iter::from_fn(|| pager.next_fetch()).collect()
}

/// Delivers all that is ready, and says from which pages.
fn drain(pager: &mut NumberedPager) -> Vec<(u32, usize, usize)> {
    std::iter::from_fn(|| {
        let ready = pager.ready()?;
        pager.delivered(ready.page, ready.count);
        Some((ready.page, ready.first, ready.count))
    })
    .collect()
}

/// The page and the number of its records to skip where a read goes on.
fn place(pager: &NumberedPager) -> (u32, u64) {
    match pager.position() {
        Position::Numbered { page, page_size: 10, skip, .. } => (page, skip),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_short_list_costs_one_request() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    assert_eq!(fetches(&mut pager), [1]);
    assert_eq!(pager.arrived(1, last(3)), Arrival::Kept);
    assert!(fetches(&mut pager).is_empty());
    assert_eq!(drain(&mut pager), [(1, 0, 3)]);
    assert_eq!(pager.progress(), Progress::Ended);
    assert_eq!((pager.pages(), pager.items()), (1, 3));
}

#[test]
fn an_empty_list_ends_at_once() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    fetches(&mut pager);
    assert_eq!(pager.arrived(1, last(0)), Arrival::Dropped);
    assert_eq!(pager.ready(), None);
    assert_eq!((pager.progress(), place(&pager)), (Progress::Ended, (1, 0)));
}

#[test]
fn the_window_opens_once_more_is_said_to_follow() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(1, more(1));
    // Page 1 is held, so three more fill the window of four.
    assert_eq!(fetches(&mut pager), [2, 3, 4]);
    assert_eq!(drain(&mut pager), [(1, 0, 10)]);
    assert_eq!(fetches(&mut pager), [5]);
}

#[test]
fn a_window_of_one_is_strictly_sequential() {
    let mut pager = NumberedPager::new(NumberedConfig { window: 0, ..CONFIG }, ReadProgress::default());
    for page in 1..5 {
        assert_eq!(fetches(&mut pager), [page]);
        pager.arrived(page, more(page));
        assert!(fetches(&mut pager).is_empty());
        drain(&mut pager);
    }
}

#[test]
fn the_window_is_at_most_32() {
    let mut pager = NumberedPager::new(NumberedConfig { window: 1_000, ..CONFIG }, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(1, more(1));
    assert_eq!(fetches(&mut pager).len(), 31);
}

#[test]
fn pages_are_delivered_in_order_however_they_arrive() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(1, more(1));
    fetches(&mut pager);
    pager.arrived(4, last(2));
    pager.arrived(3, more(3));
    assert_eq!(drain(&mut pager), [(1, 0, 10)]);
    assert_eq!(pager.progress(), Progress::Going);
    pager.arrived(2, more(2));
    assert_eq!(drain(&mut pager), [(2, 0, 10), (3, 0, 10), (4, 0, 2)]);
    assert_eq!((pager.progress(), place(&pager)), (Progress::Ended, (4, 2)));
}

#[test]
fn a_page_may_be_delivered_in_parts() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(1, last(10));
    pager.delivered(1, 4);
    assert_eq!(place(&pager), (1, 4));
    assert_eq!(pager.ready(), Some(Ready { page: 1, first: 4, count: 6 }));
    // A wrong page is ignored, and more than there is counts as all.
    pager.delivered(2, 3);
    pager.delivered(1, 99);
    assert_eq!((pager.progress(), pager.items()), (Progress::Ended, 10));
}

#[test]
fn pages_beyond_the_end_are_dropped_and_their_errors_do_not_matter() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(1, more(1));
    drain(&mut pager);
    assert_eq!(fetches(&mut pager), [2, 3, 4, 5]);
    pager.arrived(5, last(0));
    assert_eq!(pager.failed(4), FailedFetch::NotYet);
    assert_eq!(pager.arrived(2, last(7)), Arrival::Kept);
    assert!(!pager.keeps(5) && !pager.keeps(3));
    assert_eq!(pager.arrived(3, more(3)), Arrival::Dropped);
    assert_eq!(pager.failed(3), FailedFetch::Ignored);
    assert_eq!(drain(&mut pager), [(2, 0, 7)]);
    assert_eq!(pager.progress(), Progress::Ended);
}

#[test]
fn an_error_matters_once_all_before_it_is_delivered() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(1, more(1));
    fetches(&mut pager);
    assert_eq!(pager.failed(3), FailedFetch::NotYet);
    // There is room in the window, but no sense in going further.
    drain(&mut pager);
    assert!(fetches(&mut pager).is_empty());
    pager.arrived(2, more(2));
    assert_eq!(pager.progress(), Progress::Going);
    drain(&mut pager);
    assert_eq!(pager.progress(), Progress::FetchFailed { page: 3 });
    assert_eq!(place(&pager), (3, 0));

    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    fetches(&mut pager);
    assert_eq!(pager.failed(1), FailedFetch::Matters);
    assert_eq!(pager.progress(), Progress::FetchFailed { page: 1 });
}

#[test]
fn three_empty_pages_pass_and_a_fourth_does_not() {
    let read = |empty_pages: u32| {
        let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
        for page in 1..=empty_pages {
            fetches(&mut pager);
            pager.arrived(page, facts(0, Some(true), 0));
        }
        fetches(&mut pager);
        pager.arrived(empty_pages + 1, last(5));
        drain(&mut pager);
        pager.progress()
    };
    assert_eq!(read(3), Progress::Ended);
    assert_eq!(read(4), Progress::Stopped(Guard::EmptyPages(3)));
}

#[test]
fn only_empty_pages_in_a_row_count() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    for page in 1..20 {
        fetches(&mut pager);
        let items = if page % 4 == 0 { 1 } else { 0 };
        pager.arrived(page, facts(items, Some(true), u64::from(page)));
        drain(&mut pager);
        assert_eq!(pager.progress(), Progress::Going, "{page}");
    }
}

#[test]
fn an_empty_page_is_never_a_loop() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    for page in [facts(10, Some(true), 7), facts(0, Some(true), 7), facts(0, Some(true), 7)] {
        let number = pager.next_fetch().unwrap();
        pager.arrived(number, page);
        drain(&mut pager);
        assert_eq!(pager.progress(), Progress::Going);
    }
}

#[test]
fn an_empty_page_between_two_that_are_the_same_hides_no_loop() {
    let config = NumberedConfig { window: 1, ..CONFIG };
    let mut pager = NumberedPager::new(config, ReadProgress::default());
    for (page, facts) in
        [facts(10, Some(true), 7), facts(0, Some(true), 8), facts(10, Some(true), 7)].into_iter().enumerate()
    {
        assert_eq!(fetches(&mut pager), [page as u32 + 1]);
        pager.arrived(page as u32 + 1, facts);
        drain(&mut pager);
    }
    assert_eq!(pager.progress(), Progress::Stopped(Guard::Loop));
}

#[test]
fn the_same_page_twice_is_a_loop_and_is_not_delivered_twice() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(1, more(7));
    fetches(&mut pager);
    pager.arrived(2, more(7));
    assert_eq!(drain(&mut pager), [(1, 0, 10)]);
    assert_eq!(pager.progress(), Progress::Stopped(Guard::Loop));
    assert_eq!(place(&pager), (2, 0));
}

#[test]
fn silence_on_whether_more_follows_is_no_end() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    assert_eq!(fetches(&mut pager), [1]);
    pager.arrived(1, facts(3, None, 1));
    assert_eq!((drain(&mut pager), pager.progress()), (vec![(1, 0, 3)], Progress::Going));
    // Only the next page shows, and where it is not full only one is asked for.
    assert_eq!(fetches(&mut pager), [2]);
    pager.arrived(2, facts(0, None, 2));
    assert_eq!((drain(&mut pager), pager.progress()), (vec![], Progress::Ended));
    assert_eq!(place(&pager), (1, 3));
}

#[test]
fn a_page_that_falls_silent_is_gone_on_behind_and_a_word_counts_again() {
    let mut pager = NumberedPager::new(NumberedConfig { eager: true, ..CONFIG }, ReadProgress::default());
    assert_eq!(fetches(&mut pager), [1, 2, 3, 4]);
    pager.arrived(1, more(1));
    pager.arrived(2, facts(10, None, 2));
    pager.arrived(3, last(4));
    pager.arrived(4, facts(10, None, 4));
    assert_eq!(drain(&mut pager), [(1, 0, 10), (2, 0, 10), (3, 0, 4)]);
    assert_eq!(pager.progress(), Progress::Ended);
}

#[test]
fn the_page_before_it_again_ends_a_list_that_does_not_say() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(1, facts(10, None, 7));
    fetches(&mut pager);
    pager.arrived(2, facts(10, None, 7));
    assert_eq!((drain(&mut pager), pager.progress()), (vec![(1, 0, 10)], Progress::Ended));
}

#[test]
fn going_on_after_the_end_finds_what_was_added() {
    let read = |skip, page: PageFacts| {
        let mut pager =
            NumberedPager::new(NumberedConfig { start_page: 4, skip, ..CONFIG }, ReadProgress::default());
        fetches(&mut pager);
        pager.arrived(4, page);
        (drain(&mut pager), place(&pager))
    };
    assert_eq!(read(6, last(6)), (vec![], (4, 6)));
    assert_eq!(read(6, last(9)), (vec![(4, 6, 3)], (4, 9)));
    assert_eq!(read(6, more(4)), (vec![(4, 6, 4)], (5, 0)));
    // The list shrank: nothing to deliver, and the next run begins where it ends now.
    assert_eq!(read(6, last(2)), (vec![], (4, 2)));
}

#[test]
fn a_page_with_room_for_more_is_read_again_after_a_resume() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(1, facts(4, Some(true), 1));
    drain(&mut pager);
    assert_eq!(place(&pager), (1, 4));
    fetches(&mut pager);
    pager.arrived(2, last(0));
    assert_eq!((pager.progress(), place(&pager)), (Progress::Ended, (1, 4)));
}

#[test]
fn arrivals_that_nobody_asked_for_are_dropped() {
    let mut pager = NumberedPager::new(CONFIG, ReadProgress::default());
    assert_eq!(pager.arrived(1, last(3)), Arrival::Dropped);
    assert_eq!(pager.failed(1), FailedFetch::Ignored);
    fetches(&mut pager);
    pager.arrived(1, more(1));
    let again = pager.clone();
    pager.arrived(1, last(3));
    assert_eq!((pager.ready(), pager.progress()), (again.ready(), again.progress()));
}

#[test]
fn the_last_page_number_there_is() {
    let (before, page) = (u32::MAX - 2, u32::MAX - 1);
    let mut pager =
        NumberedPager::new(NumberedConfig { start_page: before, ..CONFIG }, ReadProgress::default());
    assert_eq!(fetches(&mut pager), [before]);
    pager.arrived(before, more(1));
    assert_eq!(fetches(&mut pager), [page]);
    pager.arrived(page, more(2));
    assert_eq!(drain(&mut pager), [(before, 0, 10), (page, 0, 10)]);
    assert_eq!(pager.progress(), Progress::Stopped(Guard::TooManyPages));

    let mut pager =
        NumberedPager::new(NumberedConfig { start_page: u32::MAX, ..CONFIG }, ReadProgress::default());
    assert_eq!(fetches(&mut pager), [page]);
}

#[test]
fn an_eager_read_begins_with_a_whole_window() {
    let mut pager =
        NumberedPager::new(NumberedConfig { eager: true, window: 3, ..CONFIG }, ReadProgress::default());
    let first: Vec<u32> = std::iter::from_fn(|| pager.next_fetch()).collect();
    assert_eq!(first.len(), 3);
    // Bytes bound it as well, though no page has told how large they are.
    let tight = NumberedConfig { eager: true, window: 32, max_held_bytes: 1, ..CONFIG };
    let mut pager = NumberedPager::new(tight, ReadProgress::default());
    assert_eq!(std::iter::from_fn(|| pager.next_fetch()).count(), 1);
}
