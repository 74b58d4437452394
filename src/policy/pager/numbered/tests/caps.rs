//! How much a read may fetch, hold and deliver.

use super::*;

#[test]
fn held_bytes_bound_the_window() {
    let mut pager =
        NumberedPager::new(NumberedConfig { max_held_bytes: 300, ..CONFIG }, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(1, more(1));
    assert_eq!(fetches(&mut pager), [2, 3]);
    // What was delivered is no longer held.
    drain(&mut pager);
    assert_eq!(fetches(&mut pager), [4]);
    // A page larger than the bound still gets through, alone.
    let mut pager =
        NumberedPager::new(NumberedConfig { max_held_bytes: 50, ..CONFIG }, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(1, more(1));
    assert!(fetches(&mut pager).is_empty());
    drain(&mut pager);
    assert_eq!(fetches(&mut pager), [2]);
}

#[test]
fn the_page_cap() {
    let mut pager =
        NumberedPager::new(NumberedConfig { max_pages: 2, start_page: 5, ..CONFIG }, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(5, more(5));
    assert_eq!(fetches(&mut pager), [6]);
    pager.arrived(6, more(6));
    assert_eq!(drain(&mut pager), [(5, 0, 10), (6, 0, 10)]);
    assert_eq!(pager.progress(), Progress::Stopped(Guard::TooManyPages));
    assert_eq!(place(&pager), (7, 0));
}

#[test]
fn the_item_cap_delivers_up_to_itself_and_says_where_to_go_on() {
    let config = NumberedConfig { max_items: 14, ..CONFIG };
    let mut pager = NumberedPager::new(config, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(1, more(1));
    fetches(&mut pager);
    pager.arrived(2, more(2));
    assert_eq!(pager.progress(), Progress::Going, "those up to the cap are still to come");
    assert_eq!(drain(&mut pager), [(1, 0, 10), (2, 0, 4)]);
    assert_eq!(pager.progress(), Progress::Stopped(Guard::TooManyItems));
    assert_eq!((place(&pager), pager.items()), ((2, 4), 14));
    // As many as the cap, and no more, is fine.
    let mut pager =
        NumberedPager::new(NumberedConfig { max_items: 10, skip: 2, ..CONFIG }, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(1, facts(12, Some(false), 1));
    assert_eq!(drain(&mut pager), [(1, 2, 10)]);
    assert_eq!(pager.progress(), Progress::Ended);
}

#[test]
fn at_the_item_cap_no_further_page_is_fetched() {
    let mut pager = NumberedPager::new(NumberedConfig { max_items: 10, ..CONFIG }, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(1, more(1));
    assert!(fetches(&mut pager).is_empty());
    drain(&mut pager);
    assert_eq!(pager.progress(), Progress::Stopped(Guard::TooManyItems));
}

#[test]
fn the_byte_cap_delivers_the_page_that_reaches_it_and_says_where_to_go_on() {
    let config = NumberedConfig { max_bytes: 200, ..CONFIG };
    let mut pager = NumberedPager::new(config, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(1, more(1));
    fetches(&mut pager);
    pager.arrived(2, more(2));
    assert_eq!(drain(&mut pager), [(1, 0, 10), (2, 0, 10)]);
    assert_eq!((pager.progress(), place(&pager)), (Progress::Stopped(Guard::TooManyBytes), (3, 0)));
    // The last page may reach it.
    let mut pager = NumberedPager::new(config, ReadProgress::default());
    fetches(&mut pager);
    pager.arrived(1, more(1));
    fetches(&mut pager);
    pager.arrived(2, last(3));
    drain(&mut pager);
    assert_eq!(pager.progress(), Progress::Ended);
}
