use super::*;

mod feed;
mod model;
mod moving;

fn config() -> CursorConfig {
    CursorConfig {
        from: None,
        delivered: Delivered::default(),
        window: 2,
        max_pages: 1_000,
        max_items: u64::MAX,
        max_bytes: u64::MAX,
        max_held_bytes: usize::MAX,
        token_only: false,
    }
}

/// A page of the records 0, 1 and so on.
fn page(items: u64, has_more: bool, next: &str) -> CursorFacts {
    let continue_from = Some(next.to_owned());
    CursorFacts { records: (0..items).collect(), bytes: 100, has_more: Some(has_more), continue_from }
}

fn without_token(items: u64, has_more: bool) -> CursorFacts {
    CursorFacts { continue_from: None, ..page(items, has_more, "") }
}

fn fetch(pager: &mut CursorPager) -> Option<(u32, Option<String>)> {
    pager.next_fetch().map(|fetch| (fetch.page, fetch.from))
}

fn drain(pager: &mut CursorPager) -> Vec<(u32, usize, usize)> {
    std::iter::from_fn(|| {
        let ready = pager.ready()?;
        pager.delivered(ready.page, ready.count);
        Some((ready.page, ready.first, ready.count))
    })
    .collect()
}

/// Behind the first records of a page.
fn position(from: &str, delivered: u64) -> Position {
    Position::Cursor { from: Some(from.to_owned()), delivered: (0..delivered).collect() }
}

/// Behind the first records of the first page.
fn beginning(delivered: u64) -> Position {
    Position::Cursor { from: None, delivered: (0..delivered).collect() }
}

#[test]
fn pages_follow_their_tokens_and_the_last_token_is_kept() {
    let mut pager = CursorPager::new(config());
    assert_eq!(pager.position(), beginning(0));
    assert_eq!(fetch(&mut pager), Some((0, None)));
    assert_eq!(fetch(&mut pager), None);
    pager.arrived(page(3, true, "a"));
    assert_eq!(fetch(&mut pager), Some((1, Some("a".to_owned()))));
    pager.delivered(0, 2);
    assert_eq!(pager.position(), beginning(2));
    drain(&mut pager);
    assert_eq!(pager.position(), position("a", 0));
    pager.arrived(page(1, false, "b"));
    assert_eq!(fetch(&mut pager), None);
    assert_eq!(drain(&mut pager), [(1, 0, 1)]);
    assert_eq!((pager.progress(), pager.position()), (Progress::Ended, position("b", 0)));
    assert_eq!((pager.pages(), pager.items()), (2, 4));
}

#[test]
fn a_last_page_without_a_token_is_read_again_next_time() {
    let mut pager = CursorPager::new(CursorConfig { from: Some("a".to_owned()), ..config() });
    fetch(&mut pager);
    pager.arrived(without_token(4, false));
    drain(&mut pager);
    assert_eq!((pager.progress(), pager.position()), (Progress::Ended, position("a", 4)));
    let mut pager = CursorPager::new(CursorConfig {
        from: Some("a".to_owned()),
        delivered: (0..4).collect(),
        ..config()
    });
    fetch(&mut pager);
    pager.arrived(page(6, false, "b"));
    assert_eq!(drain(&mut pager), [(0, 4, 2)]);
    assert_eq!(pager.position(), position("b", 0));
}

#[test]
fn an_empty_first_page_is_not_the_end_while_more_follow() {
    let mut pager = CursorPager::new(config());
    fetch(&mut pager);
    assert_eq!(pager.arrived(page(0, true, "a")), Arrival::Dropped);
    assert_eq!(pager.progress(), Progress::Going);
    assert_eq!(fetch(&mut pager), Some((1, Some("a".to_owned()))));
}

#[test]
fn a_thousand_empty_pages_pass_and_one_more_does_not() {
    let read = |empty_pages: u32| {
        let mut pager = CursorPager::new(CursorConfig { max_pages: 5_000, ..config() });
        for number in 0..empty_pages {
            fetch(&mut pager);
            pager.arrived(page(0, true, &number.to_string()));
        }
        fetch(&mut pager);
        pager.arrived(page(1, false, "z"));
        drain(&mut pager);
        pager.progress()
    };
    for passes in [4, 1_000] {
        assert_eq!(read(passes), Progress::Ended);
    }
    assert_eq!(read(1_001), Progress::Stopped(Guard::EmptyPages(1_000)));
    assert_eq!(
        Guard::EmptyPages(1_000).to_string(),
        "the vendor sent more than 1000 empty pages in a row and says that more follow"
    );
}

#[test]
fn empty_pages_count_as_pages_and_must_get_on() {
    let mut pager = CursorPager::new(CursorConfig { max_pages: 20, ..config() });
    for number in 0..20 {
        assert_eq!(pager.progress(), Progress::Going);
        fetch(&mut pager);
        pager.arrived(page(0, true, &number.to_string()));
    }
    assert_eq!(pager.progress(), Progress::Stopped(Guard::TooManyPages));
    // Where the continuation text stands still, one is enough.
    let mut pager = CursorPager::new(CursorConfig { from: Some("a".to_owned()), ..config() });
    fetch(&mut pager);
    pager.arrived(page(0, true, "a"));
    assert_eq!(pager.progress(), Progress::Stopped(Guard::Loop));
}

#[test]
fn a_circle_of_tokens_is_found() {
    for circle in [&["a", "a"][..], &["a", "b", "a"], &["a", "b", "c", "start"]] {
        let mut pager = CursorPager::new(CursorConfig { from: Some("start".to_owned()), ..config() });
        for token in circle {
            assert_eq!(pager.progress(), Progress::Going);
            assert!(fetch(&mut pager).is_some());
            pager.arrived(page(2, true, token));
            drain(&mut pager);
        }
        assert_eq!(pager.progress(), Progress::Stopped(Guard::Loop), "{circle:?}");
        // Behind the last page that was delivered, not back at the beginning.
        let before = circle.iter().rev().nth(1).unwrap();
        assert_eq!(pager.position(), position(before, 2));
    }
}

#[test]
fn the_same_token_at_the_end_is_no_circle() {
    let mut pager = CursorPager::new(CursorConfig { from: Some("a".to_owned()), ..config() });
    fetch(&mut pager);
    pager.arrived(page(0, false, "a"));
    assert_eq!((pager.progress(), pager.position()), (Progress::Ended, position("a", 0)));
}

#[test]
fn more_without_a_token_and_silence_are_errors() {
    let mut pager = CursorPager::new(config());
    fetch(&mut pager);
    pager.arrived(without_token(2, true));
    assert_eq!(drain(&mut pager).len(), 1);
    assert_eq!(pager.progress(), Progress::Stopped(Guard::ContinuationMissing));
    assert_eq!(pager.position(), beginning(2));

    let mut pager = CursorPager::new(config());
    fetch(&mut pager);
    pager.arrived(CursorFacts { has_more: None, ..page(2, true, "a") });
    drain(&mut pager);
    assert_eq!(pager.progress(), Progress::Stopped(Guard::HasMoreMissing));
}

#[test]
fn page_and_item_caps() {
    let mut pager = CursorPager::new(CursorConfig { max_pages: 1, ..config() });
    fetch(&mut pager);
    pager.arrived(page(2, true, "a"));
    assert_eq!(fetch(&mut pager), None);
    drain(&mut pager);
    assert_eq!(pager.progress(), Progress::Stopped(Guard::TooManyPages));
    assert_eq!(pager.position(), position("a", 0));

    let mut pager = CursorPager::new(CursorConfig { max_items: 3, ..config() });
    fetch(&mut pager);
    pager.arrived(page(2, true, "a"));
    fetch(&mut pager);
    pager.arrived(page(2, true, "b"));
    // What came before the bound is delivered first.
    assert_eq!(pager.progress(), Progress::Going);
    assert_eq!(drain(&mut pager), [(0, 0, 2), (1, 0, 1)]);
    assert_eq!(pager.progress(), Progress::Stopped(Guard::TooManyItems));
    assert_eq!(pager.position(), position("a", 1));

    // What was delivered before does not count.
    let mut pager = CursorPager::new(CursorConfig { max_items: 3, delivered: (0..2).collect(), ..config() });
    fetch(&mut pager);
    pager.arrived(page(5, false, "a"));
    assert_eq!(drain(&mut pager), [(0, 2, 3)]);
    assert_eq!(pager.progress(), Progress::Ended);
}

#[test]
fn the_byte_cap_delivers_the_page_that_reaches_it_and_says_where_to_go_on() {
    let mut pager = CursorPager::new(CursorConfig { max_bytes: 200, ..config() });
    for token in ["a", "b"] {
        fetch(&mut pager);
        pager.arrived(page(2, true, token));
    }
    assert_eq!((pager.progress(), drain(&mut pager).len(), fetch(&mut pager)), (Progress::Going, 2, None));
    assert_eq!(
        (pager.progress(), pager.position()),
        (Progress::Stopped(Guard::TooManyBytes), position("b", 0))
    );
    // The last page may reach it.
    let mut pager = CursorPager::new(CursorConfig { max_bytes: 1, ..config() });
    fetch(&mut pager);
    pager.arrived(page(2, false, "a"));
    drain(&mut pager);
    assert_eq!(pager.progress(), Progress::Ended);
}

#[test]
fn held_pages_and_bytes_bound_what_is_fetched_ahead() {
    let mut pager = CursorPager::new(config());
    for token in ["a", "b"] {
        assert!(fetch(&mut pager).is_some());
        pager.arrived(page(2, true, token));
    }
    assert_eq!(fetch(&mut pager), None);
    pager.delivered(0, 2);
    assert!(fetch(&mut pager).is_some());

    let mut pager = CursorPager::new(CursorConfig { max_held_bytes: 150, ..config() });
    fetch(&mut pager);
    pager.arrived(page(2, true, "a"));
    assert_eq!(fetch(&mut pager), None);
    drain(&mut pager);
    assert!(fetch(&mut pager).is_some());
}

#[test]
fn a_failed_fetch_matters_after_the_held_pages() {
    let mut pager = CursorPager::new(config());
    fetch(&mut pager);
    pager.arrived(page(2, true, "a"));
    fetch(&mut pager);
    assert_eq!(pager.failed(), FailedFetch::NotYet);
    assert_eq!((pager.progress(), fetch(&mut pager)), (Progress::Going, None));
    drain(&mut pager);
    assert_eq!(pager.progress(), Progress::FetchFailed { page: 1 });
    assert_eq!(pager.position(), position("a", 0));

    let mut pager = CursorPager::new(config());
    assert_eq!(pager.failed(), FailedFetch::Ignored);
    fetch(&mut pager);
    assert_eq!(pager.failed(), FailedFetch::Matters);
    assert_eq!(pager.arrived(page(2, true, "a")), Arrival::Dropped);
}

#[test]
fn where_only_tokens_tell_the_page_without_one_is_the_last() {
    let silent = |facts: CursorFacts| CursorFacts { has_more: None, ..facts };
    let token_only = || CursorConfig { token_only: true, ..config() };
    let mut pager = CursorPager::new(token_only());
    for token in ["a", "b"] {
        assert!(fetch(&mut pager).is_some());
        pager.arrived(silent(page(2, true, token)));
        drain(&mut pager);
        assert_eq!((pager.progress(), pager.position()), (Progress::Going, position(token, 0)));
    }
    assert_eq!(fetch(&mut pager), Some((2, Some("b".to_owned()))));
    pager.arrived(silent(without_token(1, false)));
    assert_eq!(drain(&mut pager), [(2, 0, 1)]);
    // What is added comes behind that record.
    assert_eq!((pager.progress(), pager.position()), (Progress::Ended, position("b", 1)));
    // A word on it counts all the same.
    let mut pager = CursorPager::new(token_only());
    fetch(&mut pager);
    pager.arrived(page(2, false, "a"));
    drain(&mut pager);
    assert_eq!(pager.progress(), Progress::Ended);
}

#[test]
fn a_circle_is_found_as_long_as_its_beginning_is_remembered() {
    let mut pager = CursorPager::new(CursorConfig { max_pages: u32::MAX, ..config() });
    for number in 0..=seen::MOST {
        fetch(&mut pager);
        pager.arrived(page(1, true, &number.to_string()));
        drain(&mut pager);
    }
    // 0 is forgotten, 1 is not.
    for (token, progress) in [("0", Progress::Going), ("2", Progress::Stopped(Guard::Loop))] {
        fetch(&mut pager);
        pager.arrived(page(1, true, token));
        drain(&mut pager);
        assert_eq!(pager.progress(), progress, "{token}");
    }
}
