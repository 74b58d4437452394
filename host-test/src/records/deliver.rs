//! Takes records from the component and hands them on.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::PollSender;
use wasmtime::{
    StoreContextMut,
    component::{Lift, Source, StreamConsumer, StreamResult},
};

use super::batch::{Batch, Bounded, MOST, Read};

/// How many more items of a stream are taken.
pub(crate) struct Bound<T> {
    pub(crate) most: u64,
    /// Which of them count.
    pub(crate) counts: fn(&T) -> bool,
}

/// Where records go. A place that was got holds although the consumer asks for no more in
/// between: what is taken from the guest cannot be put back, and counts as delivered.
struct Outlet<T> {
    batches: PollSender<Batch<T>>,
    /// Ends when half of the last batch is read.
    half_read: Option<oneshot::Receiver<Read>>,
}

impl<T: Send + 'static> Outlet<T> {
    fn new(batches: mpsc::Sender<Batch<T>>) -> Self {
        Self { batches: PollSender::new(batches), half_read: None }
    }

    /// Waits until half of the last batch is read, or no more is asked for.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(half_read) = &mut self.half_read {
            // One that is to end is not waited for: whoever closes it lets go of what it has, and
            // this batch may have come after that.
            if self.batches.get_ref().is_some_and(|batches| !batches.is_closed()) {
                let _ = ready!(half_read.poll_unpin(context));
            }
            self.half_read = None;
        }
        Poll::Ready(())
    }

    /// Gets a place for one batch; an error if no more is asked for.
    fn poll_place(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ()>> {
        self.batches.poll_reserve(context).map_err(drop)
    }

    /// Puts records into the place.
    fn put(&mut self, records: Vec<T>) -> Result<(), ()> {
        let (batch, half_read) = Batch::new(records);
        self.half_read = Some(half_read);
        self.batches.send_item(batch).map_err(drop)
    }

    /// Gives the place back: whoever waits for the last record must not wait for it.
    fn give_back(&mut self) {
        self.batches.abort_send();
    }
}

/// Takes whatever the component offers, as much at once as there may be on the way.
pub(super) struct Deliver<T> {
    outlet: Outlet<T>,
    bound: Option<Bound<T>>,
    /// Whether anything was taken of what the component offers now.
    taken: bool,
}

impl<T: Send + 'static> Deliver<T> {
    pub(super) fn new(batches: mpsc::Sender<Batch<T>>, bound: Option<Bound<T>>) -> Self {
        Self { outlet: Outlet::new(batches), bound, taken: false }
    }

    /// How many items may be taken. None when everything that is wanted has been taken: to have
    /// more of it on the way would be to have it delivered.
    fn wanted(&self) -> Option<usize> {
        let most = self.bound.as_ref().map_or(u64::MAX, |bound| bound.most);
        (most > 0).then(|| usize::try_from(most).unwrap_or(usize::MAX).min(MOST))
    }

    fn count(&mut self, records: &[T]) {
        if let Some(bound) = &mut self.bound {
            let counted = records.iter().filter(|record| (bound.counts)(record)).count();
            bound.most = bound.most.saturating_sub(counted as u64);
        }
    }
}

impl<T: Lift + Send + 'static> Deliver<T> {
    /// Takes until nothing is left, half of what was taken must be read first, or no more is wanted.
    fn poll_take<D>(
        &mut self,
        context: &mut Context<'_>,
        mut store: StoreContextMut<D>,
        mut source: Source<'_, T>,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        loop {
            let Some(wanted) = self.wanted() else { return Poll::Ready(Ok(StreamResult::Dropped)) };
            ready!(self.outlet.poll_read(context));
            if ready!(self.outlet.poll_place(context)).is_err() {
                return Poll::Ready(Ok(StreamResult::Dropped));
            }
            let offered = source.remaining(&mut store);
            if offered == 0 {
                self.outlet.give_back();
                return Poll::Ready(Ok(StreamResult::Completed));
            }
            let mut batch = Bounded::new(offered.min(wanted));
            source.read(&mut store, &mut batch)?;
            self.taken = true;
            self.count(&batch.records);
            if self.outlet.put(batch.records).is_err() {
                return Poll::Ready(Ok(StreamResult::Dropped));
            }
        }
    }
}

impl<T: Lift + Send + 'static, D> StreamConsumer<D> for Deliver<T> {
    type Item = T;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<D>,
        source: Source<'_, T>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let result = match self.poll_take(context, store, source) {
            Poll::Pending if finish && self.taken => Poll::Ready(Ok(StreamResult::Completed)),
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            other => other,
        };
        self.taken &= result.is_pending();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlet() -> (Outlet<u8>, mpsc::Receiver<Batch<u8>>) {
        let (sender, receiver) = mpsc::channel(1);
        (Outlet::new(sender), receiver)
    }

    /// The consumer asks for no more just when records are taken from the guest.
    #[tokio::test]
    async fn records_that_have_their_place_arrive_although_no_more_is_asked_for() {
        let (mut outlet, mut receiver) = outlet();
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert_eq!(outlet.poll_place(&mut context), Poll::Ready(Ok(())));
        receiver.close();
        assert!(outlet.put(vec![7, 8]).is_ok());
        assert_eq!(outlet.poll_read(&mut context), Poll::Ready(()), "nobody need read them first");
        assert_eq!(outlet.poll_place(&mut context), Poll::Ready(Err(())));
        let arrived = receiver.recv().await.unwrap();
        assert_eq!(arrived.into_rest().collect::<Vec<_>>(), [7, 8]);
        assert!(receiver.recv().await.is_none());
    }

    /// A place that nothing is put into keeps nobody waiting.
    #[tokio::test]
    async fn a_place_that_is_given_back_is_no_record() {
        let (mut outlet, mut receiver) = outlet();
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert_eq!(outlet.poll_place(&mut context), Poll::Ready(Ok(())));
        outlet.give_back();
        receiver.close();
        assert!(receiver.recv().await.is_none());
    }

    #[tokio::test]
    async fn half_of_a_batch_is_read_before_more_is_taken() {
        let (mut outlet, mut receiver) = outlet();
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert_eq!(outlet.poll_place(&mut context), Poll::Ready(Ok(())));
        assert!(outlet.put(vec![1, 2, 3, 4]).is_ok());
        let mut batch = receiver.recv().await.unwrap();
        batch.next();
        assert_eq!(outlet.poll_read(&mut context), Poll::Pending);
        batch.next();
        assert_eq!(outlet.poll_read(&mut context), Poll::Ready(()));
    }
}
