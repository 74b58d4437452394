//! The records of a list as a stream, with back-pressure and a certain end.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::{FutureExt, Stream, future::BoxFuture};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::PollSender;
use wasmtime::{
    AsContextMut, StoreContextMut,
    component::{FutureConsumer, FutureReader, Lift, Source, StreamConsumer, StreamReader, StreamResult},
};

use crate::{
    Error, Plugin,
    bindings::types::{Failure, ListEnd, Outcome},
};

/// How many records wait between the component and the consumer. Enough that they
/// need not take turns for every record; the component holds whole pages anyway.
const AHEAD: usize = 32;

type End = Result<ListEnd, Failure>;

/// The records of a list.
///
/// A stream of `Result<T, Error>`: the records, then one error if the list did not
/// end well, whose failure says where to resume. After its last item,
/// [`Records::end`] has the counts and the text to resume from.
///
/// The component fetches on only as the consumer takes records. To leave early and
/// go on later, use [`Records::stop`]; just dropping it ends the list too, but what
/// was on its way is gone.
#[derive(Debug)]
pub struct Records<T> {
    records: mpsc::Receiver<T>,
    ending: Ending,
}

/// What is left of a list that its consumer stopped.
#[derive(Debug)]
#[non_exhaustive]
pub struct Stopped<T> {
    /// Records that were on their way. They count as delivered: `resume` goes on
    /// after them.
    pub rest: Vec<T>,
    /// How the list ended.
    pub end: Result<ListEnd, Error>,
}

enum Ending {
    Awaited(BoxFuture<'static, Result<ListEnd, Error>>),
    Reached(ListEnd),
    Failed,
}

impl std::fmt::Debug for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Awaited(_) => f.write_str("Awaited"),
            Self::Reached(end) => f.debug_tuple("Reached").field(end).finish(),
            Self::Failed => f.write_str("Failed"),
        }
    }
}

impl<T> Records<T> {
    /// `seen` instances had ended when the list was asked for.
    pub(crate) fn new((records, end): Piped<T>, plugin: Plugin, seen: u64) -> Self {
        let ending = async move {
            // The handle keeps the task going until the end is there.
            match end.await {
                Ok(end) => Ok(end?),
                Err(_) => Err(plugin.why(seen, Outcome::NotApplied).await),
            }
        };
        Self { records, ending: Ending::Awaited(ending.boxed()) }
    }

    /// How the list ended. None until the stream has returned its last item, and
    /// none if that was an error.
    #[must_use]
    pub fn end(&self) -> Option<&ListEnd> {
        match &self.ending {
            Ending::Reached(end) => Some(end),
            _ => None,
        }
    }

    /// Asks for no more: what is on its way still comes, and then the end, which says where
    /// to go on behind it.
    pub fn close(&mut self) {
        self.records.close();
    }

    /// Leaves before the end.
    pub async fn stop(mut self) -> Stopped<T> {
        self.close();
        let mut rest = Vec::new();
        while let Some(record) = self.records.recv().await {
            rest.push(record);
        }
        let end = match self.ending {
            Ending::Awaited(ending) => ending.await,
            Ending::Reached(end) => Ok(end),
            // The stream's last item told.
            Ending::Failed => Err(Error::Stopped),
        };
        Stopped { rest, end }
    }
}

impl<T> Stream for Records<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(record) = ready!(this.records.poll_recv(context)) {
            return Poll::Ready(Some(Ok(record)));
        }
        let Ending::Awaited(ending) = &mut this.ending else { return Poll::Ready(None) };
        match ready!(ending.poll_unpin(context)) {
            Ok(end) => {
                this.ending = Ending::Reached(end);
                Poll::Ready(None)
            }
            Err(error) => {
                this.ending = Ending::Failed;
                Poll::Ready(Some(Err(error)))
            }
        }
    }
}

pub(crate) type Piped<T> = (mpsc::Receiver<T>, oneshot::Receiver<End>);

/// Connects a list's two readers to channels. A reader that is merely dropped would
/// leave the guest's task waiting for ever; a piped one ends with its channel.
pub(crate) fn pipe<T: Lift + Send + 'static>(
    mut store: impl AsContextMut,
    records: StreamReader<T>,
    end: FutureReader<End>,
    bound: Option<Bound<T>>,
) -> wasmtime::Result<Piped<T>> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let (reply, ended) = oneshot::channel();
    records.pipe(&mut store, Deliver { outlet: Outlet(PollSender::new(sender)), bound })?;
    end.pipe(&mut store, Report(Some(reply)))?;
    Ok((receiver, ended))
}

/// How many more items of a stream are taken.
pub(crate) struct Bound<T> {
    pub(crate) most: u64,
    /// Which of them count.
    pub(crate) counts: fn(&T) -> bool,
}

/// Where records go. A place that was got holds although the consumer asks for no more in
/// between: what is taken from the guest cannot be put back, and counts as delivered.
struct Outlet<T>(PollSender<T>);

impl<T: Send + 'static> Outlet<T> {
    /// Gets a place for one record; an error if no more is asked for.
    fn poll_place(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ()>> {
        self.0.poll_reserve(context).map_err(drop)
    }

    /// Puts a record into the place.
    fn put(&mut self, record: T) -> Result<(), ()> {
        self.0.send_item(record).map_err(drop)
    }

    /// Gives the place back: whoever waits for the last record must not wait for it.
    fn give_back(&mut self) {
        self.0.abort_send();
    }
}

struct Deliver<T> {
    outlet: Outlet<T>,
    bound: Option<Bound<T>>,
}

impl<T> Deliver<T> {
    /// Whether everything that is wanted has been taken. To have more of it on the way would
    /// be to have it delivered.
    fn is_enough(&self) -> bool {
        self.bound.as_ref().is_some_and(|bound| bound.most == 0)
    }

    fn count(&mut self, record: &T) {
        if let Some(bound) = &mut self.bound
            && (bound.counts)(record)
        {
            bound.most = bound.most.saturating_sub(1);
        }
    }
}

impl<T: Lift + Send + 'static, D> StreamConsumer<D> for Deliver<T> {
    type Item = T;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<D>,
        mut source: Source<'_, T>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let mut taken = 0_usize;
        loop {
            if self.is_enough() {
                return Poll::Ready(Ok(StreamResult::Dropped));
            }
            match self.outlet.poll_place(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Ok(StreamResult::Dropped)),
                Poll::Pending if taken > 0 => return Poll::Ready(Ok(StreamResult::Completed)),
                Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
                Poll::Pending => return Poll::Pending,
            }
            if source.remaining(&mut store) == 0 {
                self.outlet.give_back();
                return Poll::Ready(Ok(StreamResult::Completed));
            }
            let mut record = None;
            source.read(&mut store, &mut record)?;
            if let Some(record) = record {
                self.count(&record);
                if self.outlet.put(record).is_err() {
                    return Poll::Ready(Ok(StreamResult::Dropped));
                }
            }
            taken += 1;
        }
    }
}

/// Hands on how something ended.
pub(crate) struct Report<E>(pub(crate) Option<oneshot::Sender<E>>);

impl<E: Lift + Send + 'static, D> FutureConsumer<D> for Report<E> {
    type Item = E;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut store: StoreContextMut<D>,
        mut source: Source<'_, E>,
        _: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut end = None;
        source.read(&mut store, &mut end)?;
        if let Some((reply, end)) = self.0.take().zip(end) {
            // Nobody listens when the consumer has left.
            let _ = reply.send(end);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The consumer asks for no more just when a record is taken from the guest.
    #[tokio::test]
    async fn a_record_that_has_its_place_arrives_although_no_more_is_asked_for() {
        let (sender, mut receiver) = mpsc::channel(1);
        let mut outlet = Outlet(PollSender::new(sender));
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert_eq!(outlet.poll_place(&mut context), Poll::Ready(Ok(())));
        receiver.close();
        assert!(outlet.put(7).is_ok());
        assert_eq!(outlet.poll_place(&mut context), Poll::Ready(Err(())));
        assert_eq!((receiver.recv().await, receiver.recv().await), (Some(7), None));
    }

    /// A place that nothing is put into keeps nobody waiting.
    #[tokio::test]
    async fn a_place_that_is_given_back_is_no_record() {
        let (sender, mut receiver) = mpsc::channel::<u8>(1);
        let mut outlet = Outlet(PollSender::new(sender));
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert_eq!(outlet.poll_place(&mut context), Poll::Ready(Ok(())));
        outlet.give_back();
        receiver.close();
        assert_eq!(receiver.recv().await, None);
    }
}
