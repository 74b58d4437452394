//! Holds what a read delivered against what the list held.

use super::Target;
use crate::{
    invariant::Invariant,
    vendor::{Changes, Kind, SPAN, Sorting},
    world::World,
};
use penstock::contract::{FieldError, ListEnd, OnMisfit};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

/// How a list is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Streamed, whole.
    Streams,
    /// Page by page.
    Walks {
        /// Whether the total is asked for: without it, nobody can tell a loss.
        totals: bool,
    },
}

/// Follows one read of a list, through all its stops, to its end.
pub(crate) struct ReadCheck {
    target: Target,
    /// Records older than this were there when the read began.
    age: u64,
    before: Changes,
    manner: Manner,
    /// How often records had changed by then.
    modified: BTreeMap<u64, u32>,
    /// How often each record was delivered.
    delivered: Vec<u8>,
    /// The records that the read says it left out.
    left_out: BTreeSet<u64>,
    /// The first record that came twice, and at which step.
    repeated: Option<(u64, u64)>,
    repeats: u64,
}

impl ReadCheck {
    /// A read begins.
    pub(crate) fn new(world: &World, target: Target, manner: Manner) -> ReadCheck {
        let mut vendor = world.vendor.borrow_mut();
        let (age, before, modified) = match vendor.lists.get_mut(target.list) {
            Some(list) => {
                list.readers += 1;
                (list.age(), list.changes, list.modified().clone())
            }
            None => (0, Changes::default(), BTreeMap::new()),
        };
        let delivered = Vec::with_capacity(usize::try_from(age).unwrap_or_default() + 16);
        ReadCheck {
            target,
            age,
            before,
            modified,
            manner,
            delivered,
            left_out: BTreeSet::new(),
            repeated: None,
            repeats: 0,
        }
    }

    /// A record was delivered.
    pub(crate) fn deliver(&mut self, world: &World, id: u64) {
        if id / SPAN != self.target.list as u64 {
            let what = format!("the record {id} is not of the list {}", self.target.list);
            world.violate(Invariant::RightAnswer, what);
            return;
        }
        let record = usize::try_from(id % SPAN).unwrap_or_default();
        if self.delivered.len() <= record {
            self.delivered.resize(record + 1, 0);
        }
        let versions = 1 + self.changed(world, id % SPAN);
        let Some(times) = self.delivered.get_mut(record) else { return };
        *times = times.saturating_add(1);
        if u32::from(*times) > versions {
            self.repeats += 1;
            self.repeated.get_or_insert((id, world.steps()));
        }
    }

    /// A part of the read ended well: it gave so many records, so many of them marked as not
    /// fitting the contract.
    pub(crate) fn ended(&mut self, world: &World, end: &ListEnd, taken: u64, odd: u64, on_misfit: OnMisfit) {
        let ids: Vec<u64> =
            end.first_misfits.iter().filter_map(|misfit| misfit.id.as_ref()?.parse().ok()).collect();
        let was_odd = |id: &u64| {
            let vendor = world.vendor.borrow();
            vendor.lists.get(self.target.list).is_some_and(|list| list.was_odd(id % SPAN))
        };
        let counted = match on_misfit {
            OnMisfit::Fail => end.misfits == 0 && odd == 0,
            OnMisfit::Skip => odd == 0,
            OnMisfit::Raw => end.misfits == odd,
        };
        let named = ids.len() as u64 == end.misfits && ids.iter().all(was_odd);
        if !counted || !named || end.items != taken {
            let what = format!(
                "a read of list {} with on-misfit {} gave {taken} records, {odd} of them marked, and says {} and {} misfits, {ids:?}",
                self.target.list,
                on_misfit.name(),
                end.items,
                end.misfits
            );
            world.violate(Invariant::MisfitsAreTold, what);
        }
        world.count(|figures| figures.misfits += end.misfits);
        self.leave_out(ids, on_misfit);
    }

    /// A part of the read failed, and says so of these.
    pub(crate) fn failed(&mut self, fields: &[FieldError], on_misfit: OnMisfit) {
        let id = |error: &FieldError| {
            let (_, id) = error.message.split_once("the record with id ")?;
            id.split(' ').next()?.parse().ok()
        };
        self.leave_out(fields.iter().filter_map(id), on_misfit);
    }

    fn leave_out(&mut self, ids: impl IntoIterator<Item = u64>, on_misfit: OnMisfit) {
        if on_misfit == OnMisfit::Skip {
            self.left_out.extend(ids.into_iter().map(|id| id % SPAN));
        }
    }

    /// How often a record of a feed has changed since the read began: each time it may come
    /// once more.
    fn changed(&self, world: &World, record: u64) -> u32 {
        let vendor = world.vendor.borrow();
        let now = vendor.lists.get(self.target.list).map_or(0, |list| list.modifications(record));
        now.saturating_sub(self.modified.get(&record).copied().unwrap_or_default())
    }

    /// The read ended and says that it is complete; `end` may say that it drifted.
    pub(crate) fn complete(mut self, world: &World, end: &impl Debug) {
        let drifted = says_drifted(end);
        let (changes, _) = self.since(world);
        let shifted = changes.inserted + changes.removed > 0;
        world.count(|figures| {
            figures.reads += 1;
            figures.shifted_reads += u64::from(shifted);
            figures.drifted_reads += u64::from(drifted);
        });
        if drifted && !self.may_say_drifted(world) {
            let what = format!("the read of list {} says it drifted, but nothing shifted", self.target.list);
            world.violate(Invariant::DriftIsTrue, what);
        }
        let (lost, first) = self.lost(world);
        // What a read says or the contract names is not held against it, but told.
        let exempt = drifted || self.may_lose(world);
        if exempt {
            world.count(|figures| {
                figures.exempt_reads += 1;
                figures.exempt_losses += lost;
                figures.exempt_repeats += if drifted { self.repeats } else { 0 };
            });
        } else if let Some(first) = first {
            let what =
                format!("{lost} records of list {} were not delivered, {first} first", self.target.list);
            world.violate(Invariant::NothingLost, what);
        }
        if !drifted {
            self.tell_repeats(world);
        }
        self.leave(world);
    }

    /// The read is given up: of what it missed, nothing is said.
    pub(crate) fn abandon(mut self, world: &World) {
        let (changes, _) = self.since(world);
        if changes.inserted + changes.removed + changes.wrong_pages == 0 {
            self.tell_repeats(world);
        }
        self.leave(world);
    }

    /// What has become of the list since the read began, and what it makes of `sort`.
    fn since(&self, world: &World) -> (Changes, Sorting) {
        let vendor = world.vendor.borrow();
        let Some(list) = vendor.lists.get(self.target.list) else {
            return (Changes::default(), Sorting::Ignores);
        };
        let (now, before) = (list.changes, self.before);
        let changes = Changes {
            inserted: now.inserted - before.inserted,
            appended: now.appended - before.appended,
            removed: now.removed - before.removed,
            modified: now.modified - before.modified,
            wrong_pages: now.wrong_pages - before.wrong_pages,
        };
        (changes, list.sorting)
    }

    /// Whether the list is asked for in the order of its ids, and obeys.
    fn in_order(&self, sorting: Sorting) -> bool {
        self.manner == Manner::Streams && self.target.kind == Kind::Numbered && sorting == Sorting::Obeys
    }

    fn lied_to(&self, world: &World) -> bool {
        world.vendor.borrow().lists.get(self.target.list).is_some_and(|list| list.lied)
    }

    /// Whether anything took place that may look like a shift: what really is one, and
    /// what cannot be told from one.
    fn may_say_drifted(&self, world: &World) -> bool {
        let (changes, sorting) = self.since(world);
        let grew = changes.inserted + changes.appended > 0;
        let unordered = sorting == Sorting::Ignores || (grew && !self.in_order(sorting));
        changes.removed + changes.wrong_pages > 0 || unordered || self.lied_to(world)
    }

    /// Whether records may be missing although the read does not say that it drifted. The
    /// contract names where that is so: without ids in order, when others come in at the
    /// same time; and page by page, when nobody asks for the total. Lists that answer with
    /// records alone have no total, and a total that lies tells nothing.
    fn may_lose(&self, world: &World) -> bool {
        let (changes, sorting) = self.since(world);
        let shifted = changes.removed + changes.inserted + changes.wrong_pages > 0;
        let grew = changes.inserted + changes.appended > 0;
        match (self.target.kind, self.manner) {
            (Kind::Feed, _) => false,
            (Kind::DataOnly, _) => shifted,
            (_, Manner::Walks { totals: false }) => changes.removed > 0,
            _ => (grew && !self.in_order(sorting)) || (shifted && self.lied_to(world)),
        }
    }

    /// The records that were there all the time and were not delivered, and the first.
    fn lost(&self, world: &World) -> (u64, Option<u64>) {
        let vendor = world.vendor.borrow();
        let Some(list) = vendor.lists.get(self.target.list) else { return (0, None) };
        let got = |record: u64| {
            usize::try_from(record)
                .ok()
                .and_then(|record| self.delivered.get(record))
                .is_some_and(|times| *times > 0)
        };
        let mut lost =
            list.older_than(self.age).filter(|record| !got(*record) && !self.left_out.contains(record));
        let first = lost.next().map(|record| self.target.list as u64 * SPAN + record);
        (u64::from(first.is_some()) + lost.count() as u64, first)
    }

    fn tell_repeats(&mut self, world: &World) {
        if let Some((id, step)) = self.repeated.take() {
            let what = format!("{} records came twice, {id} first", self.repeats);
            world.violate_at(step, Invariant::NothingRepeated, what);
        }
    }

    fn leave(&self, world: &World) {
        if let Some(list) = world.vendor.borrow_mut().lists.get_mut(self.target.list) {
            list.readers = list.readers.saturating_sub(1);
        }
    }
}

/// Whether the end of a read says that its list shifted. The contract is to have such a
/// field; until then its absence is a no.
fn says_drifted(end: &impl Debug) -> bool {
    format!("{end:?}").contains("drifted: true")
}
