//! Callers, and what each wants.

mod kept;
mod pages;
mod read_check;
mod singles;
mod streams;
mod writes;

pub(crate) use self::{
    kept::keep,
    pages::{Page, Walk, id, page},
    read_check::ReadCheck,
    singles::get,
    streams::{Record, Stream, stream, stream_as},
    writes::write,
};

use crate::{
    calls::NewCall,
    cluster::{ACCOUNTS, Cluster},
    vendor::{Kind, List, TENANTS},
};
use fastrand::Rng;
use std::{rc::Rc, time::Duration};

/// A list that somebody reads.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    /// The list's number.
    pub list: usize,
    /// How it is read.
    pub kind: Kind,
    /// Whose it is: the place of its tenant and its account.
    pub place: usize,
    /// Records on a page.
    pub page_size: u32,
}

impl Target {
    /// A new list of this many full pages and a part of one.
    pub(crate) fn new(
        cluster: &Cluster,
        kind: Kind,
        place: usize,
        pages: u64,
        page_size: u32,
        part: u64,
    ) -> Target {
        let mut vendor = cluster.world.vendor.borrow_mut();
        let number = vendor.lists.len();
        let tenant = TENANTS.get(place).copied().unwrap_or_default();
        let mut list = List::new(kind, tenant, number, pages * u64::from(page_size) + part);
        list.feed_page = page_size as usize;
        Target { list: vendor.hold(list), kind, place, page_size }
    }

    /// The whole-read operation.
    pub(crate) fn operation(&self) -> &'static str {
        match self.kind {
            Kind::Numbered => "jpm.jobs-list",
            Kind::DataOnly => "jpm.budget-codes-project-segments-list",
            Kind::Feed => "jpm.export-jobs-list",
        }
    }

    /// A call that reads it, without a deadline.
    pub(crate) fn call(&self, streams: bool) -> NewCall {
        match streams {
            true => NewCall::stream(self.operation(), self.tenant(), None, Duration::ZERO),
            false => NewCall::single(self.operation(), self.tenant(), None),
        }
    }

    /// The parameters that name it.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        let list = self.list;
        let (name, value) = match self.kind {
            Kind::Numbered => ("number", format!("c{list}")),
            Kind::DataOnly => ("projectId", list.to_string()),
            Kind::Feed => ("from", format!("c{list}-0")),
        };
        vec![(name.to_owned(), value)]
    }

    pub(crate) fn account(&self) -> Option<&'static str> {
        ACCOUNTS.get(self.place).copied().flatten()
    }

    pub(crate) fn tenant(&self) -> u64 {
        TENANTS.get(self.place).copied().unwrap_or_default()
    }
}

/// A caller: its course of chance, and the instance that it prefers.
pub(crate) struct Caller {
    pub cluster: Rc<Cluster>,
    pub chance: Rng,
    pub instance: usize,
}

impl Caller {
    /// Another instance, most of the time.
    pub(crate) fn move_on(&mut self) {
        self.instance = self.chance.usize(..self.cluster.instances.len().max(1));
    }

    /// Waits for a while before it goes on, longer each time.
    pub(crate) async fn breathe(&mut self, failures: u32) {
        let longest = 200_u64 << failures.min(8);
        self.cluster.world.wait(Duration::from_millis(self.chance.u64(50..50 + longest))).await;
    }

    pub(crate) fn deadline(&mut self) -> Option<Duration> {
        let millis = match self.chance.u8(..8) {
            0 => self.chance.u64(20..300),
            1 | 2 => self.chance.u64(300..5_000),
            3..=5 => self.chance.u64(5_000..60_000),
            _ => return None,
        };
        Some(Duration::from_millis(millis))
    }
}
