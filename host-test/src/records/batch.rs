//! Records on their way from the component to whoever reads them, many at a time.

use std::vec;

use tokio::sync::oneshot;
use wasmtime::component::{ReadBuffer, WriteBuffer};

/// How many records are taken from the component at once: whole pages of the usual sizes, and few
/// enough that they are no great part of what a process takes.
pub(super) const MOST: usize = 512;

/// Records that were taken at once, in the hands of their reader. The component learns that they
/// were taken as soon as half of them are read on, so that it makes the next ones meanwhile.
#[derive(Debug)]
pub(crate) struct Batch<T> {
    rest: vec::IntoIter<T>,
    /// As many as are left when the component learns it.
    half: usize,
    /// Tells by being dropped.
    unread: Option<oneshot::Sender<Read>>,
}

/// Never made: it is told by the end of its channel.
#[derive(Debug)]
pub(super) enum Read {}

impl<T> Batch<T> {
    /// The batch, and what ends when half of it is read.
    pub(super) fn new(records: Vec<T>) -> (Self, oneshot::Receiver<Read>) {
        let (unread, half_read) = oneshot::channel();
        let half = records.len() / 2;
        (Self { rest: records.into_iter(), half, unread: Some(unread) }, half_read)
    }

    /// The next record.
    pub(super) fn next(&mut self) -> Option<T> {
        let record = self.rest.next();
        if self.rest.len() <= self.half {
            self.unread = None;
        }
        record
    }

    /// All that is left.
    pub(super) fn into_rest(self) -> vec::IntoIter<T> {
        self.rest
    }

    /// Nobody waits any more until half of it is read.
    pub(super) fn release(&mut self) {
        self.unread = None;
    }
}

/// Takes so many records and no more, which a vector does not promise.
pub(super) struct Bounded<T> {
    pub(super) records: Vec<T>,
    most: usize,
}

impl<T> Bounded<T> {
    pub(super) fn new(most: usize) -> Self {
        Self { records: Vec::with_capacity(most), most }
    }
}

impl<T: Send + Sync + 'static> ReadBuffer<T> for Bounded<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, records: I) {
        Extend::extend(&mut self.records, records);
    }

    fn remaining_capacity(&self) -> usize {
        self.most.saturating_sub(self.records.len())
    }

    fn move_from(&mut self, input: &mut dyn WriteBuffer<T>, count: usize) {
        self.records.move_from(input, count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_component_learns_of_the_first_half() {
        let (mut batch, mut half_read) = Batch::new(vec![1, 2, 3, 4]);
        assert_eq!(batch.next(), Some(1));
        assert_eq!(half_read.try_recv().unwrap_err(), oneshot::error::TryRecvError::Empty);
        assert_eq!(batch.next(), Some(2));
        assert_eq!(half_read.try_recv().unwrap_err(), oneshot::error::TryRecvError::Closed);
        assert_eq!(batch.into_rest().collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn the_component_learns_of_one_that_is_dropped() {
        let (batch, mut half_read) = Batch::new(vec![1, 2]);
        drop(batch);
        assert_eq!(half_read.try_recv().unwrap_err(), oneshot::error::TryRecvError::Closed);
    }

    #[test]
    fn no_more_is_taken_than_there_is_room_for() {
        let mut bounded = Bounded::<u8>::new(3);
        ReadBuffer::extend(&mut bounded, [1, 2]);
        assert_eq!(bounded.remaining_capacity(), 1);
    }
}
