//! A provider with a list of numbers, read with everything at random: what arrives
//! when, how much the consumer takes, when the reader is killed.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::digest::digest;
use crate::limits::Limits;
use crate::resume::Resume;

#[derive(Clone, Copy, Debug)]
struct Vendor {
    items: u64,
    end: End,
    /// Records that it puts on a page at most, whatever it is asked for.
    cap: u32,
    /// Whether it puts fewer on some pages, as it pleases. Only by offset: pages with
    /// numbers would have no place then.
    ragged: bool,
}

/// How a provider's list shows its end.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The last page says so. Pages after it are empty.
    Flag,
    /// The last page with records says that more follow; an empty one says no.
    EmptyPage,
    /// Records and no word on more.
    DataOnly,
    /// The same, asked for by offset.
    Offset,
    /// As `Flag`, but asking beyond the end is an error.
    ErrorBeyond,
}

impl Vendor {
    fn page(self, page: u32, at: Option<u64>, page_size: u32) -> Option<Vec<u64>> {
        let size = u64::from(page_size.min(self.cap));
        let first = at.unwrap_or(u64::from(page - 1) * size);
        if matches!(self.end, End::ErrorBeyond) && page > 1 && first >= self.items {
            return None;
        }
        let fewer = if self.ragged { first * 7 % 5 } else { 0 };
        let behind = first + size.saturating_sub(fewer).max(1);
        Some((first.min(self.items)..behind.min(self.items)).collect())
    }

    fn facts(self, page: u32, page_size: u32, items: &[u64]) -> PageFacts {
        let behind = u64::from(page) * u64::from(page_size.min(self.cap));
        let has_more = match self.end {
            End::Flag | End::ErrorBeyond => Some(behind < self.items),
            End::EmptyPage => Some(!items.is_empty()),
            End::DataOnly | End::Offset => None,
        };
        let text = format!("{items:?}");
        PageFacts {
            items: items.len(),
            bytes: bytes(page, items),
            has_more,
            digest: digest(text.as_bytes()),
            total: None,
            ids: items.iter().map(|item| RecordId::of(&item.to_string())).collect(),
        }
    }
}

/// Pages differ in size, and no page is free.
fn bytes(page: u32, items: &[u64]) -> usize {
    10 + items.len() * (1 + page as usize % 3)
}

pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }
}

/// Reads until the end, or until killed after `steps`. Gives what was delivered.
fn read(
    provider: Vendor,
    (config, track): (NumberedConfig, ReadProgress),
    dice: &mut Dice,
    steps: usize,
) -> (Vec<u64>, NumberedPager) {
    let mut pager = NumberedPager::new(config, track);
    let mut in_flight: Vec<(u32, Option<u64>)> = Vec::new();
    let mut bodies: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    let mut delivered = Vec::new();
    let mut largest = 0;
    for _ in 0..steps {
        if pager.progress() != Progress::Going {
            break;
        }
        let idle = in_flight.is_empty() && pager.ready().is_none();
        if idle || dice.below(3) == 0 {
            let fetch = pager.next_fetch();
            assert!(fetch.is_some() || !idle, "stuck");
            in_flight.extend(fetch.map(|page| (page, pager.offset(page))));
            let wanted = in_flight.iter().filter(|(page, _)| pager.keeps(*page)).count();
            assert!(bodies.len() + wanted <= config.window as usize, "more than the window");
            let held: usize = bodies.iter().map(|(page, items)| bytes(*page, items)).sum();
            if fetch.is_some() && bodies.len() + wanted > 1 {
                assert!(held + wanted * largest <= config.max_held_bytes, "more bytes than allowed");
            }
        }
        if !in_flight.is_empty() && dice.below(2) == 0 {
            let (page, at) = in_flight.swap_remove(dice.below(in_flight.len()));
            match provider.page(page, at, config.page_size) {
                Some(items) => {
                    let facts = provider.facts(page, config.page_size, &items);
                    if pager.keeps(page) {
                        largest = largest.max(facts.bytes);
                    }
                    if pager.arrived(page, facts) == Arrival::Kept {
                        bodies.insert(page, items);
                    }
                }
                None => assert_ne!(pager.failed(page), FailedFetch::Matters),
            }
        }
        if let Some(ready) = pager.ready().filter(|_| dice.below(2) == 0) {
            let take = 1 + dice.below(ready.count);
            delivered.extend_from_slice(&bodies[&ready.page][ready.first..ready.first + take]);
            pager.delivered(ready.page, take);
        }
        bodies.retain(|page, _| pager.keeps(*page));
    }
    (delivered, pager)
}

/// Goes on from a position, through the text that a caller would keep.
pub(super) fn resumed(config: NumberedConfig, position: Position) -> (NumberedConfig, ReadProgress) {
    let text = Resume {
        operation: "x".to_owned(),
        query: 1,
        site: String::new(),
        position,
        done: false,
        from_0: false,
    }
    .encode();
    assert!(text.len() < 8 * 1024, "{}", text.len());
    match Resume::read(&text, "x", 1, "", &Limits::DEFAULT).unwrap().position {
        Position::Numbered { page: start_page, page_size, at, skip, track } => {
            (NumberedConfig { start_page, page_size, at, skip, ..config }, track)
        }
        Position::Cursor { .. } => panic!("a cursor"),
    }
}

fn any_vendor() -> impl Strategy<Value = Vendor> {
    let ends = [End::Flag, End::EmptyPage, End::DataOnly, End::Offset, End::ErrorBeyond];
    let cap = prop_oneof![Just(u32::MAX), 1_u32..25];
    (0_u64..200, proptest::sample::select(ends.to_vec()), cap, any::<bool>()).prop_map(
        |(items, end, cap, ragged)| Vendor { items, end, cap, ragged: ragged && matches!(end, End::Offset) },
    )
}

fn any_config(data_only: bool) -> impl Strategy<Value = NumberedConfig> {
    (1_u32..25, 1_u32..=32, prop_oneof![Just(usize::MAX), 0_usize..400]).prop_map(
        move |(page_size, window, max_held_bytes)| NumberedConfig {
            eager: window % 2 == 0,
            page_size,
            window,
            max_held_bytes,
            data_only,
            ..CONFIG
        },
    )
}

fn any_read() -> impl Strategy<Value = (Vendor, NumberedConfig)> {
    any_vendor().prop_flat_map(|provider| {
        let by_offset = matches!(provider.end, End::Offset);
        let config = any_config(by_offset || matches!(provider.end, End::DataOnly));
        (
            Just(provider),
            config.prop_map(move |config| NumberedConfig { at: by_offset.then_some(0), ..config }),
        )
    })
}

const ENDLESS: usize = 100_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_record_in_order_exactly_once((provider, config) in any_read(), seed in any::<u64>()) {
        let (delivered, pager) = read(provider, (config, ReadProgress::default()), &mut Dice(seed), ENDLESS);
        prop_assert_eq!(pager.progress(), Progress::Ended);
        prop_assert_eq!((pager.items(), pager.suppressed(), pager.drifted()), (provider.items, 0, false));
        prop_assert_eq!(delivered, (0..provider.items).collect::<Vec<_>>());
    }

    #[test]
    fn killed_again_and_again_it_delivers_exactly_the_rest(
        (provider, config) in any_read(),
        kills in proptest::collection::vec(0_usize..120, 1..6),
        grown in 0_u64..60,
        seed in any::<u64>(),
    ) {
        let mut dice = Dice(seed);
        let mut all = Vec::new();
        let mut state = (config, ReadProgress::default());
        let resumed = |config, position| {
            let (config, track) = resumed(config, position);
            (NumberedConfig { window: 1 + (config.skip as u32 % 5), ..config }, track)
        };
        for steps in kills {
            let (delivered, pager) = read(provider, state, &mut dice, steps);
            all.extend(delivered);
            state = resumed(config, pager.position());
        }
        let (delivered, pager) = read(provider, state, &mut dice, ENDLESS);
        all.extend(delivered);
        prop_assert_eq!(pager.progress(), Progress::Ended);
        prop_assert_eq!(&all, &(0..provider.items).collect::<Vec<_>>());
        prop_assert!(!pager.drifted() && pager.suppressed() == 0);

        // And after the end, exactly what was added since.
        let provider = Vendor { items: provider.items + grown, ..provider };
        let (added, pager) = read(provider, resumed(config, pager.position()), &mut dice, ENDLESS);
        prop_assert!(!pager.drifted());
        prop_assert_eq!(added, (provider.items - grown..provider.items).collect::<Vec<_>>());
    }

    /// A provider that answers anything at all cannot hang or crash a read.
    #[test]
    fn any_answers_end(
        config in (any::<bool>()).prop_flat_map(any_config),
        by_offset in any::<bool>(),
        caps in (1_u32..40, 0_u64..500),
        seed in any::<u64>(),
    ) {
        let at = (config.data_only && by_offset).then_some(0);
        let config = NumberedConfig { max_pages: caps.0, max_items: caps.1, at, ..config };
        let (mut pager, mut dice) = (NumberedPager::new(config, ReadProgress::default()), Dice(seed));
        let mut in_flight = Vec::new();
        let mut requests = 0;
        for step in 0.. {
            prop_assert!(step < 10_000, "does not end");
            if pager.progress() != Progress::Going {
                break;
            }
            let fetch = pager.next_fetch();
            requests += usize::from(fetch.is_some());
            in_flight.extend(fetch);
            if let Some(ready) = pager.ready() {
                pager.delivered(ready.page, 1 + dice.below(ready.count));
            } else {
                prop_assert!(!in_flight.is_empty(), "stuck");
                let page = in_flight.swap_remove(dice.below(in_flight.len()));
                let facts = PageFacts {
                    items: dice.below(30),
                    bytes: dice.below(100),
                    has_more: [None, Some(true), Some(true), Some(true), Some(false)][dice.below(5)],
                    digest: dice.below(6) as u64,
                    total: None,
                    ids: (0..dice.below(30)).map(|_| RecordId::of(&dice.below(99).to_string())).collect(),
                };
                if dice.below(20) == 0 { pager.failed(page); } else { pager.arrived(page, facts); }
            }
        }
        prop_assert!(requests <= caps.0 as usize);
        prop_assert!(pager.items() <= caps.1);
    }
}
