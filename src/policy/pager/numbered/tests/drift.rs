//! A list that changes while it is read. Whatever happens, a read that reports no drift
//! has delivered every record that stood there all the time, once.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::model::{Dice, resumed};
use super::*;
use crate::digest::digest;
use crate::pager::{Probe, probe};

/// A list by falling or rising ids.
#[derive(Clone, Debug)]
struct Vendor {
    ids: Vec<i64>,
    newest_first: bool,
    next_id: i64,
    changes: usize,
}

impl Vendor {
    fn new(records: i64, newest_first: bool) -> Self {
        let mut ids: Vec<i64> = (1..=records).map(|id| id * 3).collect();
        if newest_first {
            ids.reverse();
        }
        Self { ids, newest_first, next_id: records * 3 + 1, changes: 0 }
    }

    fn insert(&mut self) {
        let at = if self.newest_first { 0 } else { self.ids.len() };
        self.ids.insert(at, self.next_id);
        self.next_id += 1;
        self.changes += 1;
    }

    fn remove(&mut self, at: usize) {
        if at < self.ids.len() {
            self.ids.remove(at);
            self.changes += 1;
        }
    }

    fn page(&self, page: u32, size: u32, total: bool) -> (Vec<i64>, PageFacts) {
        let first = (page as usize - 1) * size as usize;
        let page: Vec<i64> = self.ids.iter().skip(first).take(size as usize).copied().collect();
        let facts = PageFacts {
            items: page.len(),
            bytes: 1,
            has_more: Some(first + page.len() < self.ids.len()),
            total: total.then_some(self.ids.len() as u64),
            digest: digest(format!("{page:?}").as_bytes()),
            ids: page.iter().map(|id| RecordId::of(&id.to_string())).collect(),
        };
        (page, facts)
    }

    fn probe(&self, size: u32) -> (Vec<i64>, Probe) {
        let newest: Vec<i64> = self.ids.iter().rev().take(size as usize).copied().collect();
        let ids: Vec<_> = newest.iter().map(|id| RecordId::of(&id.to_string())).collect();
        let more = Some(self.ids.len() > newest.len());
        let seen = probe(&ids, size, more, Some(self.ids.len() as u64));
        (newest.into_iter().rev().collect(), seen)
    }
}

/// What may happen, out of 100 steps of the read.
#[derive(Clone, Copy, Debug)]
struct Changes {
    insertions: usize,
    removals: usize,
    /// Insertions at most.
    room: usize,
    kills: usize,
}

impl Changes {
    fn make(&mut self, provider: &mut Vendor, dice: &mut Dice) {
        if dice.below(100) < self.insertions && self.room > 0 {
            self.room -= 1;
            provider.insert();
        }
        if dice.below(100) < self.removals {
            provider.remove(dice.below(provider.ids.len()));
        }
    }
}

/// Reads until the end, killed now and then. Gives what was delivered and whether the
/// read says that the list drifted.
fn read(
    provider: &mut Vendor,
    config: NumberedConfig,
    mut changes: Changes,
    dice: &mut Dice,
) -> (Vec<i64>, bool) {
    let (mut config, mut track) = (config, ReadProgress::default());
    if !provider.newest_first {
        match provider.probe(config.page_size.max(2)) {
            (all, Probe::Whole) => return (all, false),
            (_, Probe::More(known)) => track = known,
        }
    }
    let mut delivered = Vec::new();
    let drifted = loop {
        let pager = life(provider, (config, track), &mut changes, dice, &mut delivered);
        match pager.progress() {
            Progress::Ended => break pager.drifted(),
            // A shift by just a page looks like a provider that knows one page only. The read
            // fails, and does not claim to be complete.
            Progress::Stopped(Guard::Loop) => break true,
            other => assert_eq!(other, Progress::Going, "{config:?}"),
        }
        (config, track) = resumed(config, pager.position());
        (0..3).for_each(|_| changes.make(provider, dice));
    };
    (delivered, drifted)
}

/// One process that reads: until the end, or until it is killed.
fn life(
    provider: &mut Vendor,
    (config, track): (NumberedConfig, ReadProgress),
    changes: &mut Changes,
    dice: &mut Dice,
    delivered: &mut Vec<i64>,
) -> NumberedPager {
    let mut pager = NumberedPager::new(config, track);
    let (mut in_flight, mut bodies) = (Vec::new(), BTreeMap::new());
    for step in 0.. {
        assert!(step < 100_000, "no end");
        if pager.progress() != Progress::Going || (delivered.len() > 1 && dice.below(100) < changes.kills) {
            break;
        }
        changes.make(provider, dice);
        in_flight.extend(pager.next_fetch());
        if !in_flight.is_empty() && dice.below(2) == 0 {
            let page = in_flight.swap_remove(dice.below(in_flight.len()));
            let (ids, facts) = provider.page(page, config.page_size, pager.wants_total(page));
            if pager.arrived(page, facts) == Arrival::Kept {
                bodies.insert(page, ids);
            }
        }
        if let Some(ready) = pager.ready().filter(|_| dice.below(2) == 0) {
            let take = 1 + dice.below(ready.count);
            delivered.extend_from_slice(&bodies[&ready.page][ready.first..ready.first + take]);
            pager.delivered(ready.page, take);
        }
    }
    pager
}

fn check(
    mut provider: Vendor,
    config: NumberedConfig,
    changes: Changes,
    seed: u64,
) -> Result<bool, TestCaseError> {
    let before: BTreeSet<i64> = provider.ids.iter().copied().collect();
    let (delivered, drifted) = read(&mut provider, config, changes, &mut Dice(seed));
    prop_assert!(!drifted || provider.changes > 0, "nothing changed, and it says so");
    if !drifted {
        for id in provider.ids.iter().filter(|id| before.contains(id)) {
            let times = delivered.iter().filter(|other| *other == id).count();
            prop_assert_eq!(times, 1, "{} of {:?} in {:?}", id, &before, &delivered);
        }
    }
    Ok(drifted)
}

fn any_config() -> impl Strategy<Value = NumberedConfig> {
    (1_u32..7, 1_u32..6).prop_map(|(page_size, window)| NumberedConfig { page_size, window, ..CONFIG })
}

fn any_changes() -> impl Strategy<Value = Changes> {
    let often = || prop_oneof![Just(0_usize), Just(2), Just(10), Just(40)];
    (often(), often(), prop_oneof![Just(0_usize), Just(3), Just(15)])
        .prop_map(|(insertions, removals, kills)| Changes { insertions, removals, room: 40, kills })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// In a fixed order, oldest first: what is new comes at the end.
    #[test]
    fn in_a_fixed_order_nothing_is_lost_unnoticed(
        records in 0_i64..60, config in any_config(), changes in any_changes(), eager in any::<bool>(), seed in any::<u64>(),
    ) {
        check(Vendor::new(records, false), NumberedConfig { eager, ..config }, changes, seed)?;
    }

    /// In the provider's own order, newest first: what is new pushes the others on. As
    /// long as that is less than a page, nothing new is taken for something old.
    #[test]
    fn with_the_newest_first_nothing_is_lost_unnoticed(
        records in 0_i64..60, config in any_config(), changes in any_changes(), seed in any::<u64>(),
    ) {
        let changes = Changes { room: config.page_size as usize - 1, ..changes };
        check(Vendor::new(records, true), config, changes, seed)?;
    }

    /// The alarm is no constant: additions alone are none, in a fixed order.
    #[test]
    fn additions_behind_the_end_are_no_drift(
        records in 0_i64..60, config in any_config(), changes in any_changes(), seed in any::<u64>(),
    ) {
        let drifted = check(Vendor::new(records, false), config, Changes { removals: 0, ..changes }, seed)?;
        prop_assert!(!drifted);
    }
}
