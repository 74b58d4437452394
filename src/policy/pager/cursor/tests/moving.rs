//! A feed by the last change, whose records change while it is read and between reads.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Each record and when it changed last, in that order.
#[derive(Clone, Debug)]
struct Vendor {
    records: Vec<(u64, u64)>,
    now: u64,
    page: usize,
}

impl Vendor {
    fn new(records: u64, page: usize) -> Self {
        Self { records: (0..records).map(|id| (id + 1, id)).collect(), now: records, page }
    }

    fn change(&mut self, at: u8) {
        if !self.records.is_empty() {
            let (_, id) = self.records.remove(usize::from(at) % self.records.len());
            self.now += 1;
            self.records.push((self.now, id));
        }
    }

    /// The records after a time, and before them as many as `repeated` that changed last.
    fn page(&self, from: Option<&str>, repeated: usize) -> (Vec<(u64, u64)>, CursorFacts) {
        let from: u64 = from.map_or(0, |from| from.parse().unwrap());
        let behind: Vec<_> = self.records.iter().copied().filter(|(at, _)| *at > from).collect();
        let mine = &behind[..behind.len().min(self.page)];
        let next = mine.last().map_or(from, |(at, _)| *at);
        let page: Vec<_> = self.records.iter().rev().take(repeated).chain(mine).copied().collect();
        let facts = CursorFacts {
            records: page.iter().map(|(at, id)| at * 1_000 + id).collect(),
            bytes: 1,
            has_more: Some(mine.len() < behind.len()),
            continue_from: Some(next.to_string()),
        };
        (page, facts)
    }
}

/// Reads until the end, or until the choices run out. Every third page repeats what
/// changed last, if `repeating`.
fn read(
    provider: &mut Vendor,
    begin: CursorConfig,
    (choices, changing, repeating): (&[u8], bool, bool),
    delivered: &mut Vec<(u64, u64)>,
) -> (bool, CursorConfig) {
    let mut pager = CursorPager::new(begin);
    let mut bodies = BTreeMap::new();
    for choice in choices {
        if pager.progress() != Progress::Going {
            break;
        }
        if changing && choice % 5 == 0 {
            provider.change(*choice);
        }
        if let Some(fetch) = pager.next_fetch().filter(|_| choice % 2 == 0 || pager.ready().is_none()) {
            let repeated = if repeating && choice % 3 == 0 { 4 } else { 0 };
            let (page, facts) = provider.page(fetch.from.as_deref(), repeated);
            pager.arrived(facts);
            bodies.insert(fetch.page, page);
        } else if let Some(ready) = pager.ready() {
            let take = 1 + usize::from(*choice) % ready.count;
            delivered.extend_from_slice(&bodies[&ready.page][ready.first..ready.first + take]);
            pager.delivered(ready.page, take);
        }
    }
    let Position::Cursor { from, delivered } = pager.position() else { panic!("no feed") };
    (pager.progress() == Progress::Ended, CursorConfig { from, delivered, window: 1, ..config() })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_record_comes_as_it_is_in_the_end_and_none_twice_as_it_was(
        records in 0_u64..60,
        page in 1_usize..9,
        lives in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..25), 0..6),
        between in proptest::collection::vec(any::<u8>(), 0..4),
        repeating in any::<bool>(),
    ) {
        let mut provider = Vendor::new(records, page);
        let (mut next, mut delivered) = (CursorConfig { window: 1, ..config() }, Vec::new());
        for choices in &lives {
            next = read(&mut provider, next, (choices, true, repeating), &mut delivered).1;
            between.iter().for_each(|at| provider.change(*at));
        }
        let forever: Vec<u8> = (0..4_000_u32).map(|step| (step * 7 % 251) as u8).collect();
        let (ended, _) = read(&mut provider, next, (&forever, false, repeating), &mut delivered);
        prop_assert!(ended);
        for record in &provider.records {
            prop_assert!(delivered.contains(record), "{:?} of {:?} in {:?}", record, provider, delivered);
        }
        if !repeating {
            let all = delivered.len();
            delivered.sort_unstable();
            delivered.dedup();
            prop_assert_eq!(delivered.len(), all);
        }
    }
}
