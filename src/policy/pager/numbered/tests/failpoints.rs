//! The deliberate defects do what they say, and no counter gives them away.

use super::*;
use crate::failpoint::set;

fn ids(range: std::ops::RangeInclusive<i64>) -> PageFacts {
    let ids: Vec<_> = range.clone().map(|id| RecordId::of(&id.to_string())).collect();
    PageFacts { ids, ..facts(range.count(), Some(true), 0) }
}

/// Reads 30 records; gives the places that were delivered.
fn read(mut pager: NumberedPager) -> (usize, NumberedPager) {
    let mut delivered = 0;
    while let Some(page) = pager.next_fetch() {
        let (from, to) = (i64::from(page) * 10 - 9, i64::from(page) * 10);
        let facts = PageFacts {
            has_more: Some(page < 3),
            total: Some(30),
            digest: u64::from(page),
            ..ids(from..=to)
        };
        pager.arrived(page, facts);
        delivered += drain(&mut pager).iter().map(|(_, _, count)| count).sum::<usize>();
    }
    (delivered, pager)
}

#[test]
fn a_page_can_be_lost_and_records_repeated() {
    set(Some(Failpoint::LoseRecords));
    let (delivered, pager) = read(NumberedPager::new(CONFIG, ReadProgress::default()));
    assert_eq!((delivered, pager.drifted(), pager.progress()), (20, false, Progress::Ended));
    set(Some(Failpoint::RepeatRecords));
    let mut half = NumberedPager::new(CONFIG, ReadProgress::default());
    half.next_fetch();
    half.arrived(1, PageFacts { total: Some(30), ..ids(1..=10) });
    half.delivered(1, 6);
    let Position::Numbered { page, skip, track, .. } = half.position() else { panic!() };
    let (delivered, _) = read(NumberedPager::new(NumberedConfig { start_page: page, skip, ..CONFIG }, track));
    assert_eq!(delivered, 30);
    set(None);
}
