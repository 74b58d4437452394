//! How much memory answers may take, over all calls of an instance.
//!
//! An instance serves many tenants, and one answer that takes all of its memory ends it for all
//! of them. So what is read is charged before it is kept, with all that reading it takes, and what
//! does not fit is refused: a call that reads comes back when others are done.
//!
//! A page that is read ahead is held until those before it were delivered. If such pages could take
//! all that there is, reads would wait for one another for ever, each for the page that comes
//! next: so as much as the largest answer takes is left to answers that somebody waits for.

use crate::{
    policy::failpoint::{self, Failpoint},
    settings::common::MEMORY_PER_BYTE,
};
use bytes::Bytes;
use std::{
    cell::Cell,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// What a value of JSON costs, whatever its length: where it begins and ends, and the record that
/// it becomes.
const PER_ELEMENT: usize = 16;

/// What a record of a page costs beside that: its place, its id, what is remembered of it.
const PER_RECORD: usize = 48;

/// The budget. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Arc<Budget>);

#[derive(Debug, Default)]
struct Budget {
    limit: AtomicUsize,
    /// What pages that are read ahead may not take of it.
    spare: AtomicUsize,
    used: AtomicUsize,
}

/// A page of a whole read, among those of the read.
#[derive(Clone, Debug)]
pub(crate) struct PageOfRead {
    /// The page that is to be delivered next.
    pub(crate) head: Rc<Cell<u32>>,
    pub(crate) page: u32,
}

impl PageOfRead {
    /// Whether others come before it, just now.
    fn is_ahead(&self) -> bool {
        self.head.get() != self.page
    }
}

/// Bytes that were charged, until this is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    memory: Memory,
    bytes: usize,
}

/// There is no room for what an answer needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRoom {
    /// Whether there never will be: it needs more than all that there is.
    pub(crate) never: bool,
}

impl Memory {
    /// Goes on with another limit, in bytes, and with answers of at most so many bytes.
    pub(crate) fn resize(&self, limit: usize, largest: usize) {
        self.0.limit.store(limit, Relaxed);
        self.0.spare.store(largest.saturating_mul(MEMORY_PER_BYTE), Relaxed);
    }

    /// Whether there is room to read so many bytes ahead.
    pub(crate) fn has_room_ahead(&self, bytes: usize) -> bool {
        self.used().saturating_add(bytes.saturating_mul(MEMORY_PER_BYTE)) <= self.limit(true)
    }

    fn limit(&self, ahead: bool) -> usize {
        let spare = if ahead { self.0.spare.load(Relaxed) } else { 0 };
        self.0.limit.load(Relaxed).saturating_sub(spare)
    }

    /// What is charged now, in bytes.
    pub(crate) fn used(&self) -> usize {
        self.0.used.load(Relaxed)
    }

    /// Nothing yet.
    pub(crate) fn reservation(&self) -> Reservation {
        Reservation { memory: self.clone(), bytes: 0 }
    }
}

impl Reservation {
    /// Charges so many bytes of an answer more, which may be a page of a whole read.
    ///
    /// # Errors
    /// There is no room for them.
    pub(crate) fn read(&mut self, bytes: usize, page: Option<&PageOfRead>) -> Result<(), NoRoom> {
        self.charge(bytes.saturating_mul(MEMORY_PER_BYTE), 0, page)
    }

    /// Charges what a decoder of an answer's coding takes for itself by now, in bytes.
    ///
    /// # Errors
    /// There is no room for it.
    pub(crate) fn decoder(&mut self, bytes: usize, page: Option<&PageOfRead>) -> Result<(), NoRoom> {
        self.charge(bytes.saturating_sub(self.bytes), 0, page)
    }

    /// Charges what it takes to take an answer of so many bytes apart, which are charged already.
    ///
    /// # Errors
    /// There is no room for that.
    pub(crate) fn elements(
        &mut self,
        bytes: usize,
        elements: usize,
        records: usize,
        page: Option<&PageOfRead>,
    ) -> Result<(), NoRoom> {
        let records = records.saturating_mul(PER_RECORD);
        let charged = bytes.saturating_mul(MEMORY_PER_BYTE);
        self.charge(elements.saturating_mul(PER_ELEMENT).saturating_add(records), charged, page)
    }

    /// The body, which keeps what was charged for as long as any part of it is kept.
    pub(crate) fn keep(self, body: Bytes) -> Bytes {
        if body.is_empty() { body } else { Bytes::from_owner(Charged { body, _reservation: self }) }
    }

    /// `besides` is charged for the same answer elsewhere.
    fn charge(&mut self, bytes: usize, besides: usize, page: Option<&PageOfRead>) -> Result<(), NoRoom> {
        if failpoint::on(Failpoint::ChargeNothing) {
            return Ok(());
        }
        let memory = &self.memory;
        let wanted = memory.used().saturating_add(bytes);
        if wanted > memory.limit(page.is_some_and(PageOfRead::is_ahead)) {
            let own = self.bytes.saturating_add(besides).saturating_add(bytes);
            return Err(NoRoom { never: own > memory.limit(false) });
        }
        memory.0.used.store(wanted, Relaxed);
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.memory.0.used.fetch_sub(self.bytes, Relaxed);
    }
}

struct Charged {
    body: Bytes,
    _reservation: Reservation,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(limit: usize) -> Memory {
        let memory = Memory::default();
        memory.resize(limit, 0);
        memory
    }

    #[test]
    fn what_does_not_fit_is_refused_and_charges_nothing() {
        let memory = memory(100);
        let mut first = memory.reservation();
        assert_eq!(first.read(20, None), Ok(()));
        assert_eq!(first.read(6, None), Err(NoRoom { never: true }));
        let mut second = memory.reservation();
        assert_eq!(second.read(6, None), Err(NoRoom { never: false }));
        assert_eq!((second.read(5, None), memory.used()), (Ok(()), 100));
        drop(first);
        assert_eq!((second.elements(0, 2, 1, None), memory.used()), (Ok(()), 100));
        drop(second);
        assert_eq!(memory.used(), 0);
    }

    #[test]
    fn it_is_charged_as_long_as_any_part_of_the_body_is_kept() {
        let memory = memory(1_000);
        let mut reservation = memory.reservation();
        reservation.read(5, None).unwrap();
        let body = reservation.keep(Bytes::from_static(b"12345"));
        let part = body.slice(1..2);
        drop(body);
        assert_eq!((&part[..], memory.used()), (&b"2"[..], 20));
        drop(part);
        assert_eq!(memory.used(), 0);
    }

    #[test]
    fn pages_that_are_read_ahead_leave_room_for_the_one_that_comes_next() {
        let memory = Memory::default();
        memory.resize(100, 10);
        let head = Rc::new(Cell::new(1));
        let page = |page| PageOfRead { head: head.clone(), page };
        let mut second = memory.reservation();
        assert_eq!(second.read(15, Some(&page(2))), Ok(()));
        assert!(!memory.has_room_ahead(1));
        assert_eq!(second.read(1, Some(&page(2))), Err(NoRoom { never: false }));
        let mut first = memory.reservation();
        assert_eq!(first.read(10, Some(&page(1))), Ok(()));
        // The first is delivered: now somebody waits for the second.
        drop(first);
        head.set(2);
        assert_eq!(second.read(10, Some(&page(2))), Ok(()));
    }

    #[test]
    fn absurd_sizes_do_not_overflow() {
        let memory = memory(usize::MAX - 1);
        let mut reservation = memory.reservation();
        assert!(reservation.read(usize::MAX, None).is_err());
        assert!(reservation.elements(usize::MAX, usize::MAX, usize::MAX, None).is_err());
    }
}
