//! The records of a list as a stream, with back-pressure and a certain end.

mod batch;
mod deliver;

pub(crate) use deliver::Bound;

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::{FutureExt, Stream, future::BoxFuture};
use tokio::sync::{mpsc, oneshot};
use wasmtime::{
    AsContextMut, StoreContextMut,
    component::{FutureConsumer, FutureReader, Lift, Source, StreamReader},
};

use crate::{
    Error, Plugin,
    bindings::types::{Failure, ListEnd, Outcome},
};
use batch::Batch;
use deliver::Deliver;

/// How many batches wait between the component and the consumer, who has another one.
const AHEAD: usize = 1;

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
    /// What is read now.
    current: Option<Batch<T>>,
    /// What was there already when no more was asked for.
    last: VecDeque<Batch<T>>,
    batches: mpsc::Receiver<Batch<T>>,
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
    pub(crate) fn new((batches, end): Piped<T>, plugin: Plugin, seen: u64) -> Self {
        let ending = async move {
            // The handle keeps the task going until the end is there.
            match end.await {
                Ok(end) => Ok(end?),
                Err(_) => Err(plugin.why(seen, Outcome::NotApplied).await),
            }
        };
        let ending = Ending::Awaited(ending.boxed());
        Self { current: None, last: VecDeque::new(), batches, ending }
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

    /// The next record if it is here already: for who does with many at once what is costly with
    /// each. None says nothing about whether more come.
    pub fn take_ready(&mut self) -> Option<T> {
        self.current.as_mut().and_then(Batch::next)
    }

    /// Asks for no more: what is on its way still comes, and then the end, which says where
    /// to go on behind it.
    pub fn close(&mut self) {
        self.batches.close();
        while let Ok(batch) = self.batches.try_recv() {
            self.last.push_back(batch);
        }
        // The component ends the list at once, whatever is not read yet.
        self.current.iter_mut().chain(&mut self.last).for_each(Batch::release);
    }

    /// Leaves before the end.
    pub async fn stop(mut self) -> Stopped<T> {
        self.close();
        let here = self.current.into_iter().chain(self.last);
        let mut rest: Vec<T> = here.flat_map(Batch::into_rest).collect();
        while let Some(batch) = self.batches.recv().await {
            rest.extend(batch.into_rest());
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

impl<T> Records<T> {
    /// The next record; none when the last one was read.
    fn poll_record(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        loop {
            if let Some(record) = self.take_ready() {
                return Poll::Ready(Some(record));
            }
            self.current = self.last.pop_front();
            if self.current.is_none() {
                self.current = ready!(self.batches.poll_recv(context));
            }
            if self.current.is_none() {
                return Poll::Ready(None);
            }
        }
    }
}

// Nothing in it is pinned, records neither.
impl<T> Unpin for Records<T> {}

impl<T> Stream for Records<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(record) = ready!(this.poll_record(context)) {
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

pub(crate) type Piped<T> = (mpsc::Receiver<Batch<T>>, oneshot::Receiver<End>);

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
    records.pipe(&mut store, Deliver::new(sender, bound))?;
    end.pipe(&mut store, Report(Some(reply)))?;
    Ok((receiver, ended))
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
