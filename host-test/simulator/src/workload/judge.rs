//! Holds what a read delivered against what the list held.

use super::Target;
use crate::{
    invariant::Invariant,
    vendor::{Kind, SPAN},
    world::World,
};
use std::fmt::Debug;

/// Follows one read of a list, through all its stops, to its end.
pub(crate) struct Judge {
    target: Target,
    /// Whether the read can know that the list shifted: it was told how many records
    /// there were.
    knows: bool,
    /// Whether it is a stream, which orders its list.
    streams: bool,
    /// Records older than this were there when the read began.
    age: u64,
    shifts: u64,
    /// How often each record was delivered.
    delivered: Vec<u8>,
    /// The first record that came twice, and at which step.
    repeated: Option<(u64, u64)>,
    repeats: u64,
}

impl Judge {
    /// A stream begins.
    pub(crate) fn of_stream(world: &World, target: Target) -> Judge {
        Judge { streams: true, ..Judge::of_pages(world, target, true) }
    }

    /// A read page by page begins; `total` is whether it asks how many records there are.
    pub(crate) fn of_pages(world: &World, target: Target, total: bool) -> Judge {
        let mut vendor = world.vendor.borrow_mut();
        let (age, shifts) = match vendor.lists.get_mut(target.list) {
            Some(list) => {
                list.readers += 1;
                (list.age(), list.shifts)
            }
            None => (0, 0),
        };
        let delivered = Vec::with_capacity(usize::try_from(age).unwrap_or_default() + 16);
        let knows = total && target.kind == Kind::Numbered;
        Judge { target, knows, streams: false, age, shifts, delivered, repeated: None, repeats: 0 }
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
        let Some(times) = self.delivered.get_mut(record) else { return };
        *times = times.saturating_add(1);
        if *times > 1 {
            self.repeats += 1;
            self.repeated.get_or_insert((id, world.steps()));
        }
    }

    /// The read ended and says that it is complete; `end` may say that it drifted.
    pub(crate) fn complete(mut self, world: &World, end: &impl Debug) {
        let drifted = says_drifted(end);
        let shifted = self.shifted(world);
        world.count(|figures| {
            figures.reads += 1;
            figures.shifted_reads += u64::from(shifted);
            figures.drifted_reads += u64::from(drifted);
        });
        // A total that lies looks like records that went away; and page by page, later
        // records cannot be told from earlier ones.
        let grown = !self.streams && self.grown(world);
        if drifted && !(shifted || grown || self.lied_to(world)) {
            let what = format!("the read of list {} says it drifted, but nothing shifted", self.target.list);
            world.violate(Invariant::DriftIsTrue, what);
        }
        if self.excused(shifted, drifted) {
            return;
        }
        self.tell_repeats(world);
        let vendor = world.vendor.borrow();
        let Some(list) = vendor.lists.get(self.target.list) else { return };
        let got = |record: u64| {
            usize::try_from(record)
                .ok()
                .and_then(|record| self.delivered.get(record))
                .is_some_and(|times| *times > 0)
        };
        let lost: Vec<u64> = list.older_than(self.age).filter(|record| !got(*record)).collect();
        drop(vendor);
        if let Some(first) = lost.first() {
            let (many, number) = (lost.len(), self.target.list);
            let first = number as u64 * SPAN + first;
            let what = format!("{many} records of list {number} were not delivered, {first} first");
            world.violate(Invariant::NothingLost, what);
        }
        self.leave(world);
    }

    /// The read is given up.
    pub(crate) fn abandon(mut self, world: &World) {
        let shifted = self.shifted(world);
        if !self.excused(shifted, shifted) {
            self.tell_repeats(world);
        }
        self.leave(world);
    }

    fn shifted(&self, world: &World) -> bool {
        world.vendor.borrow().lists.get(self.target.list).is_some_and(|list| list.shifts != self.shifts)
    }

    fn grown(&self, world: &World) -> bool {
        world.vendor.borrow().lists.get(self.target.list).is_some_and(|list| list.age() != self.age)
    }

    fn lied_to(&self, world: &World) -> bool {
        world.vendor.borrow().lists.get(self.target.list).is_some_and(|list| list.lies.get() > 0)
    }

    /// Where the list shifted, a read that says so is excused, and one that cannot know. A
    /// feed does not shift.
    fn excused(&self, shifted: bool, drifted: bool) -> bool {
        shifted && self.target.kind != Kind::Feed && (drifted || !self.knows)
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

/// Whether the end of a read says that its list shifted.
fn says_drifted(end: &impl Debug) -> bool {
    format!("{end:?}").contains("drifted: true")
}
