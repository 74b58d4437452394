//! What is read bit by bit: the records of a list, the bytes of a file.
//!
//! A task makes them, as it does for a stream, and waits until they are taken. It runs while any function of the
//! instance does.

use crate::{
    client::Reader,
    contract::{Failure, ListEnd},
    entry::{
        form::Form,
        stream_records::{Sink, stream_records},
    },
    host::{
        TaskHandle,
        wasi::p2::{WasiHost, block_on, spawn},
    },
};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::poll_fn,
    mem,
    rc::Rc,
    task::{Poll, Waker},
};

/// A read that goes on. `T` is what it gives, `E` how it ended well.
pub struct Reading<T, E> {
    shared: Rc<Shared<T, E>>,
    /// Dropping it cancels what is left.
    _task: TaskHandle,
}

struct Shared<T, E> {
    /// What is offered and not taken yet.
    offered: RefCell<VecDeque<T>>,
    result: RefCell<Option<Result<E, Failure>>>,
    /// Nobody takes any more.
    closed: Cell<bool>,
    /// Who waits for what is offered, and who waits until it is taken.
    taker: Cell<Option<Waker>>,
    maker: Cell<Option<Waker>>,
}

impl<T, E> Shared<T, E> {
    fn wake(waiting: &Cell<Option<Waker>>) {
        if let Some(waker) = waiting.take() {
            waker.wake();
        }
    }
}

impl<T: 'static, E: Clone + 'static> Reading<T, E> {
    /// Starts it; nothing runs before something is asked for.
    pub(super) fn start<F>(make: impl FnOnce(Offer<T, E>) -> F) -> Reading<T, E>
    where
        F: Future<Output = Result<E, Failure>> + 'static,
    {
        let shared = Rc::new(Shared {
            offered: RefCell::default(),
            result: RefCell::new(None),
            closed: Cell::new(false),
            taker: Cell::new(None),
            maker: Cell::new(None),
        });
        let (making, told) = (make(Offer(shared.clone())), shared.clone());
        let task = spawn(async move {
            let result = making.await;
            *told.result.borrow_mut() = Some(result);
            Shared::<T, E>::wake(&told.taker);
        });
        Reading { shared, _task: task }
    }

    /// What comes next, so much of it at most and one of it at least; none after the last.
    pub(super) fn next(&self, most: u32) -> Result<Option<Vec<T>>, Failure> {
        let most = usize::try_from(most).unwrap_or(usize::MAX).max(1);
        let shared = &self.shared;
        block_on(poll_fn(|context| {
            let offered = mem::take(&mut *shared.offered.borrow_mut());
            if !offered.is_empty() {
                return Poll::Ready(Ok(Some(self.take(offered, most))));
            }
            match &*shared.result.borrow() {
                Some(Ok(_)) => Poll::Ready(Ok(None)),
                Some(Err(failure)) => Poll::Ready(Err(failure.clone())),
                None => {
                    shared.taker.set(Some(context.waker().clone()));
                    Poll::Pending
                }
            }
        }))
    }

    fn take(&self, mut offered: VecDeque<T>, most: usize) -> Vec<T> {
        if offered.len() <= most {
            Shared::<T, E>::wake(&self.shared.maker);
            return offered.into();
        }
        let taken = offered.drain(..most).collect();
        *self.shared.offered.borrow_mut() = offered;
        taken
    }

    /// Ends it behind what was taken, and says how it ended.
    pub(super) fn end(&self) -> Result<E, Failure> {
        let shared = &self.shared;
        shared.closed.set(true);
        Shared::<T, E>::wake(&shared.maker);
        block_on(poll_fn(|context| match &*shared.result.borrow() {
            Some(result) => Poll::Ready(result.clone()),
            None => {
                shared.taker.set(Some(context.waker().clone()));
                Poll::Pending
            }
        }))
    }
}

/// Runs a whole read of records.
pub(super) fn run<F: Form + 'static>(
    opening: impl Future<Output = Result<Reader<WasiHost>, Failure>> + 'static,
    form: impl FnOnce(&Reader<WasiHost>) -> F + 'static,
) -> Reading<F::Record, ListEnd> {
    Reading::start(|mut offer| async move {
        let opened = opening.await?;
        let form = form(&opened);
        stream_records(opened, &mut offer, form).await
    })
}

/// Where a read puts what it makes.
pub(super) struct Offer<T, E>(Rc<Shared<T, E>>);

impl<T, E> Offer<T, E> {
    /// Waits until it is taken.
    async fn taken(&self) {
        poll_fn(|context| {
            if self.0.closed.get() || self.0.offered.borrow().is_empty() {
                return Poll::Ready(());
            }
            self.0.maker.set(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

impl<T, E> Sink<T> for Offer<T, E> {
    async fn write(&mut self, items: Vec<T>) -> Vec<T> {
        if self.0.closed.get() {
            return items;
        }
        *self.0.offered.borrow_mut() = items.into();
        Shared::<T, E>::wake(&self.0.taker);
        self.taken().await;
        mem::take(&mut *self.0.offered.borrow_mut()).into()
    }

    async fn left(&self) {
        poll_fn(|context| {
            if self.0.closed.get() {
                return Poll::Ready(());
            }
            self.0.maker.set(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}
