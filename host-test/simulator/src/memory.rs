//! What the core has read of heavy lists and not handed over yet, by instance.
//!
//! Pages are known by the last id in them, which is why only lists count here that are read in the
//! order of their ids.

use crate::{invariant::Invariant, world::World};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

/// The pages of one schedule.
#[derive(Default)]
pub(crate) struct Memory {
    /// What answers may take on each instance (`PENSTOCK_MEMORY_BYTES`), if that is little.
    pub limit: Cell<Option<u64>>,
    reads: RefCell<BTreeMap<usize, Read>>,
}

/// A read that is under way.
#[derive(Default)]
struct Read {
    instance: usize,
    /// The last record that was handed over.
    delivered: Option<u64>,
    /// Bytes by the last id of a page.
    pages: BTreeMap<u64, u64>,
}

impl World {
    /// The core has read a page for a call to its end.
    pub(crate) fn page_read(&self, instance: usize, call: usize, last: u64, bytes: u64) {
        let Some(limit) = self.memory.limit.get() else { return };
        let mut reads = self.memory.reads.borrow_mut();
        let read = reads.entry(call).or_default();
        read.instance = instance;
        if read.delivered.is_none_or(|delivered| delivered < last) {
            read.pages.insert(last, bytes);
        }
        let of_instance = reads.values().filter(|read| read.instance == instance);
        let held: u64 = of_instance.flat_map(|read| read.pages.values()).sum();
        drop(reads);
        if held > limit {
            let what = format!("#{instance} holds pages of {held} bytes, and may have {limit}");
            self.violate(Invariant::WithinMemory, what);
        }
    }

    /// A record of a call was handed over, and with it all before it.
    pub(crate) fn record_delivered(&self, call: usize, id: u64) {
        if let Some(read) = self.memory.reads.borrow_mut().get_mut(&call) {
            read.delivered = read.delivered.max(Some(id));
            read.pages.retain(|last, _| *last > id);
        }
    }

    /// A call is over: what it held is free.
    pub(crate) fn read_over(&self, call: usize) {
        self.memory.reads.borrow_mut().remove(&call);
    }
}
