//! An instance's life: what runs on it stops when it is killed.

use crate::world::World;
use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// From an instance's start to its death.
#[derive(Default)]
pub(crate) struct Life {
    dead: Cell<bool>,
    wakers: RefCell<Vec<Waker>>,
}

impl Life {
    pub(crate) fn is_over(&self) -> bool {
        self.dead.get()
    }

    /// Ends it. Nothing that ran on it runs on.
    pub(crate) fn end(&self) {
        self.dead.set(true);
        self.wakers.take().into_iter().for_each(Waker::wake);
    }
}

/// A call that runs while its instance lives; none if it died.
pub(crate) struct Living<F> {
    world: Rc<World>,
    call: usize,
    life: Rc<Life>,
    inner: Option<Pin<Box<F>>>,
    known: Option<Waker>,
}

impl<F: Future> Living<F> {
    pub(crate) fn new(world: &Rc<World>, call: usize, life: &Rc<Life>, inner: F) -> Living<F> {
        let (world, life, inner) = (world.clone(), life.clone(), Some(Box::pin(inner)));
        Living { world, call, life, inner, known: None }
    }
}

impl<F: Future> Future for Living<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.life.is_over() {
            self.inner = None;
            return Poll::Ready(None);
        }
        if !self.known.as_ref().is_some_and(|known| known.will_wake(context.waker())) {
            self.life.wakers.borrow_mut().push(context.waker().clone());
            self.known = Some(context.waker().clone());
        }
        let before = self.world.current.replace(Some(self.call));
        let polled = match &mut self.inner {
            Some(inner) => inner.as_mut().poll(context),
            None => Poll::Pending,
        };
        self.world.current.set(before);
        match polled {
            Poll::Ready(done) => {
                self.inner = None;
                Poll::Ready(Some(done))
            }
            Poll::Pending if self.life.is_over() => {
                self.inner = None;
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        }
    }
}
