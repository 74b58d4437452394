//! Tasks on one thread, for a host whose functions return before anything else can run (WASI 0.2).
//!
//! A call runs here until its own future is done; what else was started meanwhile, and what earlier calls left
//! behind (a list that is read bit by bit), runs with it. Between two calls everything stands still.

use futures_util::future::LocalBoxFuture;
use std::{
    cell::{Cell, RefCell},
    pin::pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// All tasks of an instance.
#[derive(Default)]
pub struct Tasks(RefCell<Vec<Rc<Task>>>);

struct Task {
    /// None while it runs, and once it is done or cancelled.
    future: RefCell<Option<LocalBoxFuture<'static, ()>>>,
    over: Cell<bool>,
    woken: Arc<Woken>,
}

/// Dropping it cancels the task, if it is not done.
pub struct TaskHandle(Rc<Task>);

struct Woken(AtomicBool);

impl Woken {
    /// Whatever begins is to be polled once.
    fn new() -> Arc<Woken> {
        Arc::new(Woken(AtomicBool::new(true)))
    }

    fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Tasks {
    /// Starts a task. It runs while any call does.
    #[must_use]
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) -> TaskHandle {
        let task = Rc::new(Task {
            future: RefCell::new(Some(Box::pin(future))),
            over: Cell::new(false),
            woken: Woken::new(),
        });
        self.0.borrow_mut().push(task.clone());
        TaskHandle(task)
    }

    /// Whether there are none.
    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.0.borrow().iter().all(|task| task.over.get())
    }

    /// Runs a future to its end, and the tasks beside it. `wait` is called when all of them wait, and returns when
    /// something has happened.
    pub fn block_on<F: Future>(&self, future: F, wait: impl Fn()) -> F::Output {
        let mut future = pin!(future);
        let woken = Woken::new();
        let waker = Waker::from(woken.clone());
        loop {
            let mut ran = false;
            if woken.take() {
                ran = true;
                if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return done;
                }
            }
            ran |= self.turn();
            if !ran {
                wait();
            }
        }
    }

    /// Polls each task that was woken, once; whether there was any.
    fn turn(&self) -> bool {
        let mut ran = false;
        let mut next = 0;
        // A task may start others, behind itself.
        while let Some(task) = self.at(next) {
            next += 1;
            ran |= task.poll();
        }
        self.0.borrow_mut().retain(|task| !task.over.get());
        ran
    }

    fn at(&self, index: usize) -> Option<Rc<Task>> {
        self.0.borrow().get(index).cloned()
    }
}

impl Task {
    fn poll(&self) -> bool {
        if self.over.get() || !self.woken.take() {
            return false;
        }
        let Some(mut future) = self.future.borrow_mut().take() else { return false };
        let waker = Waker::from(self.woken.clone());
        let done = future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        if done {
            self.over.set(true);
        } else if !self.over.get() {
            *self.future.borrow_mut() = Some(future);
        }
        true
    }
}

impl Drop for TaskHandle {
    fn drop(&mut self) {
        self.0.over.set(true);
        // Dropped when nothing is borrowed any more: it may hold handles of other tasks.
        let future = self.0.future.borrow_mut().take();
        drop(future);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, poll_fn, ready};

    /// Tells a task that something has happened.
    #[derive(Default)]
    struct Bell {
        rung: Cell<bool>,
        waiting: Cell<Option<Waker>>,
    }

    impl Bell {
        fn ring(&self) {
            self.rung.set(true);
            if let Some(waker) = self.waiting.take() {
                waker.wake();
            }
        }

        async fn heard(&self) {
            poll_fn(|context| {
                if self.rung.get() {
                    return Poll::Ready(());
                }
                self.waiting.set(Some(context.waker().clone()));
                Poll::Pending
            })
            .await;
        }
    }

    fn never() {
        panic!("nothing has to be waited for");
    }

    #[test]
    fn a_call_runs_what_it_waits_for_and_nothing_runs_between_calls() {
        let tasks = Tasks::default();
        let bell = Rc::new(Bell::default());
        let inside = bell.clone();
        let task = tasks.spawn(async move { inside.ring() });
        assert!(!bell.rung.get());
        tasks.block_on(bell.heard(), never);
        assert!(bell.rung.get() && tasks.is_empty());
        drop(task);
    }

    #[test]
    fn what_is_dropped_is_cancelled_at_once() {
        let tasks = Tasks::default();
        let held = Rc::new(());
        let inside = held.clone();
        let task = tasks.spawn(async move {
            let _inside = inside;
            pending::<()>().await;
        });
        tasks.block_on(ready(()), || {});
        assert_eq!(Rc::strong_count(&held), 2);
        drop(task);
        assert_eq!((Rc::strong_count(&held), tasks.is_empty()), (1, true));
    }

    #[test]
    fn a_task_that_ends_another_and_starts_a_third_goes_on() {
        let tasks = Rc::new(Tasks::default());
        let second = tasks.spawn(pending());
        let inner = tasks.clone();
        let bell = Rc::new(Bell::default());
        let inside = bell.clone();
        let first = tasks.spawn(async move {
            drop(second);
            let third = inner.spawn(async move { inside.ring() });
            pending::<()>().await;
            drop(third);
        });
        tasks.block_on(bell.heard(), never);
        drop(first);
        assert!(tasks.is_empty());
    }

    #[test]
    fn a_future_that_wakes_nobody_waits() {
        let tasks = Tasks::default();
        let (waited, bell) = (Cell::new(0), Bell::default());
        let wait = || {
            waited.set(waited.get() + 1);
            bell.ring();
        };
        tasks.block_on(bell.heard(), wait);
        assert_eq!(waited.get(), 1);
    }
}
