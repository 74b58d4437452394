//! A feed of numbers, read with everything at random.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn digests(items: &[usize]) -> Vec<u64> {
    items.iter().map(|item| *item as u64).collect()
}

/// A provider whose pages are of the given lengths. The token of a page is its index,
/// as text; the beginning has none.
#[derive(Clone, Debug)]
struct Vendor {
    lengths: Vec<usize>,
    /// Whether the last page too has a token.
    last_token: bool,
}

impl Vendor {
    fn page(&self, from: Option<&str>) -> (Vec<usize>, CursorFacts) {
        let index = from.map_or(0, |from| from.parse().unwrap());
        let before: usize = self.lengths[..index].iter().sum();
        let length = self.lengths.get(index).copied().unwrap_or(0);
        let items: Vec<usize> = (before..before + length).collect();
        let has_more = index + 1 < self.lengths.len();
        let continue_from =
            (has_more || self.last_token).then(|| (index + 1).min(self.lengths.len()).to_string());
        let facts = CursorFacts {
            records: digests(&items),
            bytes: 10 + length,
            has_more: Some(has_more),
            continue_from,
        };
        (items, facts)
    }

    fn all(&self) -> Vec<usize> {
        (0..self.lengths.iter().sum()).collect()
    }
}

/// Reads until the end, or until the choices run out: the reader is killed.
fn read(
    provider: &Vendor,
    config: CursorConfig,
    choices: impl IntoIterator<Item = u8>,
) -> (Vec<usize>, CursorPager) {
    let window = config.window.max(1) as usize;
    let mut pager = CursorPager::new(config);
    let mut in_flight: Option<CursorFetch> = None;
    let mut bodies = BTreeMap::new();
    let mut delivered = Vec::new();
    for choice in choices {
        if pager.progress() != Progress::Going {
            break;
        }
        if let Some(fetch) = pager.next_fetch() {
            assert!(in_flight.is_none(), "two at a time");
            in_flight = Some(fetch);
        }
        assert!(bodies.len() + usize::from(in_flight.is_some()) <= window, "more than the window");
        assert!(in_flight.is_some() || pager.ready().is_some(), "stuck");
        match pager.ready().filter(|_| choice % 2 == 0 || in_flight.is_none()) {
            Some(ready) => {
                let take = 1 + usize::from(choice) % ready.count;
                let items: &Vec<usize> = &bodies[&ready.page];
                delivered.extend_from_slice(&items[ready.first..ready.first + take]);
                pager.delivered(ready.page, take);
            }
            None => {
                if let Some(fetch) = in_flight.take() {
                    let (items, facts) = provider.page(fetch.from.as_deref());
                    if pager.arrived(facts) == Arrival::Kept {
                        bodies.insert(fetch.page, items);
                    }
                }
            }
        }
        bodies.retain(|page, _| pager.keeps(*page));
    }
    (delivered, pager)
}

fn any_vendor() -> impl Strategy<Value = Vendor> {
    let run = (proptest::collection::vec(Just(0_usize), 0..=8), 1_usize..8).prop_map(|(mut run, length)| {
        run.push(length);
        run
    });
    let lengths = proptest::collection::vec(run, 0..12).prop_map(|runs| [runs.concat(), vec![0]].concat());
    (lengths, any::<bool>()).prop_map(|(lengths, last_token)| Vendor { lengths, last_token })
}

fn forever(seed: u8) -> impl Iterator<Item = u8> {
    (0..10_000_u32).map(move |step| seed.wrapping_mul(31).wrapping_add((step * 7 / 3) as u8))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_record_in_order_exactly_once(
        provider in any_vendor(), window in 0_u32..6, bytes in prop_oneof![Just(usize::MAX), 0_usize..60], seed in any::<u8>(),
    ) {
        let config = CursorConfig { window, max_held_bytes: bytes, ..config() };
        let (delivered, pager) = read(&provider, config, forever(seed));
        prop_assert_eq!(pager.progress(), Progress::Ended);
        prop_assert_eq!(delivered, provider.all());
    }

    #[test]
    fn killed_again_and_again_it_delivers_exactly_the_rest(
        provider in any_vendor(),
        lives in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..30), 1..5),
        grown in 1_usize..5,
        seed in any::<u8>(),
    ) {
        let resumed = |pager: &CursorPager| match pager.position() {
            Position::Cursor { from, delivered } => CursorConfig { from, delivered, ..config() },
            Position::Numbered { .. } => panic!("no feed"),
        };
        let (mut config, mut all) = (config(), Vec::new());
        for choices in lives {
            let (delivered, pager) = read(&provider, config, choices);
            all.extend(delivered);
            config = resumed(&pager);
        }
        let (delivered, pager) = read(&provider, config, forever(seed));
        all.extend(delivered);
        prop_assert_eq!(pager.progress(), Progress::Ended);
        prop_assert_eq!(&all, &provider.all());

        // And after the end, exactly what was added since.
        let mut later = provider.clone();
        if provider.last_token { later.lengths.push(grown) } else if let Some(last) = later.lengths.last_mut() { *last += grown }
        let (added, _) = read(&later, resumed(&pager), forever(seed));
        all.extend(added);
        prop_assert_eq!(&all, &later.all());
    }

    /// A provider that answers anything at all cannot hang or crash a read.
    #[test]
    fn any_answers_end(
        answers in proptest::collection::vec((0_u64..5, proptest::option::weighted(0.9, proptest::bool::weighted(0.9)), proptest::option::weighted(0.95, "[a-z]{2}")), 60),
        max_pages in 1_u32..50,
    ) {
        let mut pager = CursorPager::new(CursorConfig { max_pages, ..config() });
        let mut answers = answers.into_iter();
        while pager.progress() == Progress::Going {
            if pager.next_fetch().is_some() {
                let (items, has_more, continue_from) = answers.next().unwrap();
                let records = (0..items).collect();
                pager.arrived(CursorFacts { records, bytes: 1, has_more, continue_from });
            } else {
                let ready = pager.ready().unwrap();
                pager.delivered(ready.page, 1);
            }
        }
        prop_assert!(pager.pages() <= max_pages);
    }
}
