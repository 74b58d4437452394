//! How much memory answers may take, over all calls of an instance.
//!
//! An instance serves many tenants, and one answer that takes all of its memory ends it for all
//! of them. So what is read is charged before it is kept, with all that reading it takes, and what
//! does not fit is refused: a call that reads comes back when others are done.

use crate::settings::common::BYTES_PER_BYTE;
use bytes::Bytes;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// What a byte of an answer costs until it is with the caller: itself, what a buffer that grows
/// has to spare, and its copy in the caller's form.
const PER_BYTE: usize = BYTES_PER_BYTE;

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
    used: AtomicUsize,
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
    /// Goes on with another limit, in bytes.
    pub(crate) fn resize(&self, limit: usize) {
        self.0.limit.store(limit, Relaxed);
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
    /// Charges so many bytes of an answer more.
    ///
    /// # Errors
    /// There is no room for them.
    pub(crate) fn read(&mut self, bytes: usize) -> Result<(), NoRoom> {
        self.charge(bytes.saturating_mul(PER_BYTE), 0)
    }

    /// Charges what it takes to take an answer of so many bytes apart, which are charged already.
    ///
    /// # Errors
    /// There is no room for that.
    pub(crate) fn elements(&mut self, bytes: usize, elements: usize, records: usize) -> Result<(), NoRoom> {
        let records = records.saturating_mul(PER_RECORD);
        let charged = bytes.saturating_mul(PER_BYTE);
        self.charge(elements.saturating_mul(PER_ELEMENT).saturating_add(records), charged)
    }

    /// The body, which keeps what was charged for as long as any part of it is kept.
    pub(crate) fn keep(self, body: Bytes) -> Bytes {
        if body.is_empty() { body } else { Bytes::from_owner(Charged { body, _reservation: self }) }
    }

    /// `besides` is charged for the same answer elsewhere.
    fn charge(&mut self, bytes: usize, besides: usize) -> Result<(), NoRoom> {
        let budget = &self.memory.0;
        let used = budget.used.load(Relaxed);
        let wanted = used.saturating_add(bytes);
        if wanted > budget.limit.load(Relaxed) {
            let own = self.bytes.saturating_add(besides).saturating_add(bytes);
            return Err(NoRoom { never: own > budget.limit.load(Relaxed) });
        }
        budget.used.store(wanted, Relaxed);
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
        memory.resize(limit);
        memory
    }

    #[test]
    fn what_does_not_fit_is_refused_and_charges_nothing() {
        let memory = memory(100);
        let mut first = memory.reservation();
        assert_eq!(first.read(20), Ok(()));
        assert_eq!(first.read(6), Err(NoRoom { never: true }));
        let mut second = memory.reservation();
        assert_eq!(second.read(6), Err(NoRoom { never: false }));
        assert_eq!((second.read(5), memory.used()), (Ok(()), 100));
        drop(first);
        assert_eq!((second.elements(0, 2, 1), memory.used()), (Ok(()), 100));
        drop(second);
        assert_eq!(memory.used(), 0);
    }

    #[test]
    fn it_is_charged_as_long_as_any_part_of_the_body_is_kept() {
        let memory = memory(1_000);
        let mut reservation = memory.reservation();
        reservation.read(5).unwrap();
        let body = reservation.keep(Bytes::from_static(b"12345"));
        let part = body.slice(1..2);
        drop(body);
        assert_eq!((&part[..], memory.used()), (&b"2"[..], 20));
        drop(part);
        assert_eq!(memory.used(), 0);
    }

    #[test]
    fn absurd_sizes_do_not_overflow() {
        let memory = memory(usize::MAX - 1);
        let mut reservation = memory.reservation();
        assert!(reservation.read(usize::MAX).is_err());
        assert!(reservation.elements(usize::MAX, usize::MAX, usize::MAX).is_err());
    }
}
