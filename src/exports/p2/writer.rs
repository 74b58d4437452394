//! A file that is sent while its caller writes it.

use crate::host::{
    BodyError, Source, TaskHandle,
    wasi::p2::{block_on, spawn},
};
use futures_util::future::LocalBoxFuture;
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

/// A call that sends a file. `R` is what comes of it.
pub struct Sending<R> {
    feed: Feed,
    result: Rc<Cell<Option<R>>>,
    /// Dropping it cancels the call.
    _task: TaskHandle,
}

/// The way of a file's bytes from its caller to the request.
#[derive(Clone, Default)]
pub(super) struct Feed(Rc<Way>);

#[derive(Default)]
struct Way {
    /// What was written and is not taken yet.
    piece: RefCell<Option<Vec<u8>>>,
    /// There is no more.
    over: Cell<bool>,
    /// The request takes no more, or the call has ended.
    refused: Cell<bool>,
    /// Who waits for bytes, and who waits for whoever takes them.
    taker: Cell<Option<Waker>>,
    caller: Cell<Option<Waker>>,
}

fn wake(waiting: &Cell<Option<Waker>>) {
    if let Some(waker) = waiting.take() {
        waker.wake();
    }
}

impl<R: 'static> Sending<R> {
    /// Starts the call, whose file comes by the feed.
    pub(super) fn start(feed: Feed, call: impl Future<Output = R> + 'static) -> Sending<R> {
        let result = Rc::new(Cell::new(None));
        let (told, way) = (result.clone(), feed.clone());
        let task = spawn(async move {
            told.set(Some(call.await));
            way.0.refused.set(true);
            wake(&way.0.caller);
        });
        Sending { feed, result, _task: task }
    }

    /// Whether the bytes were taken.
    pub(super) fn write(&self, bytes: Vec<u8>) -> bool {
        let way = &self.feed.0;
        if bytes.is_empty() {
            return !way.refused.get();
        }
        *way.piece.borrow_mut() = Some(bytes);
        wake(&way.taker);
        block_on(poll_fn(|context| {
            if way.piece.borrow().is_none() {
                return Poll::Ready(true);
            }
            if way.refused.get() {
                return Poll::Ready(false);
            }
            way.caller.set(Some(context.waker().clone()));
            Poll::Pending
        }))
    }

    /// There are no more bytes: what came of the call; none if that was told.
    pub(super) fn end(&self) -> Option<R> {
        let way = &self.feed.0;
        way.over.set(true);
        wake(&way.taker);
        block_on(poll_fn(|context| match self.result.take() {
            Some(result) => Poll::Ready(Some(result)),
            None if way.refused.get() && self.told() => Poll::Ready(None),
            None => {
                way.caller.set(Some(context.waker().clone()));
                Poll::Pending
            }
        }))
    }

    /// Whether the call has ended: its task holds the other half no more.
    fn told(&self) -> bool {
        Rc::strong_count(&self.result) == 1
    }
}

/// The bytes, as they are written.
pub(super) struct Fed(Feed);

impl From<&Feed> for Fed {
    fn from(feed: &Feed) -> Fed {
        Fed(feed.clone())
    }
}

impl Source for Fed {
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>> {
        let way = &self.0.0;
        Box::pin(poll_fn(move |context| {
            if let Some(piece) = way.piece.borrow_mut().take() {
                wake(&way.caller);
                return Poll::Ready(Ok(Some(piece)));
            }
            if way.over.get() {
                return Poll::Ready(Ok(None));
            }
            way.taker.set(Some(context.waker().clone()));
            Poll::Pending
        }))
    }
}

impl Drop for Fed {
    fn drop(&mut self) {
        self.0.0.refused.set(true);
        wake(&self.0.0.caller);
    }
}
