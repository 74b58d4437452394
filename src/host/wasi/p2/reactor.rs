//! Waits for many things at once, with `wasi:io/poll`.
//!
//! An instance of WASI 0.2 runs only while a function of it is called: all waiting of all tasks is one call of
//! `poll`, on everything that any of them waits for, so that many requests are under way inside one call.
//!
//! Between two calls time passes in which nothing here could be read or sent. It is no fault of the vendor's, so it
//! counts for no limit of time that is waited for ([`sleep`]): the clock of these stands still meanwhile. Deadlines
//! are looked at by the host's own clock as well, which does not.

use crate::host::tasks::{TaskHandle, Tasks};
use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    process,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};
use wasip2::{
    clocks::monotonic_clock,
    io::poll::{self, Pollable},
};

thread_local! {
    static TASKS: Tasks = Tasks::default();
    static REACTOR: Reactor = Reactor::default();
}

#[derive(Default)]
struct Reactor {
    /// What is waited for.
    events: RefCell<Vec<Event>>,
    timers: RefCell<Vec<Timer>>,
    /// Numbers both.
    next: Cell<u64>,
    /// When the last call ended, if anything is left of it.
    left: Cell<Option<u64>>,
    /// All the time between calls, in nanoseconds.
    between: Cell<u64>,
}

struct Event {
    id: u64,
    pollable: Rc<Pollable>,
    waker: Waker,
}

struct Timer {
    id: u64,
    /// By the clock that stands still between calls.
    at: u64,
    waker: Waker,
}

/// Runs a call to its end, and with it whatever was left of others.
pub fn block_on<F: Future>(future: F) -> F::Output {
    REACTOR.with(Reactor::enter);
    let done = TASKS.with(|tasks| tasks.block_on(future, || REACTOR.with(Reactor::wait)));
    REACTOR.with(Reactor::leave);
    done
}

/// Starts a task; dropping what is returned cancels it.
#[must_use]
pub fn spawn(future: impl Future<Output = ()> + 'static) -> TaskHandle {
    TASKS.with(|tasks| tasks.spawn(future))
}

/// Waits until something is ready, as far as its host knows: it may turn out not to be.
pub(super) async fn ready(pollable: &Rc<Pollable>) {
    let id = REACTOR.with(Reactor::number);
    Ready { id, pollable: Some(pollable.clone()) }.await;
}

/// Waits so long while calls are made.
pub(super) async fn sleep(time: Duration) {
    let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let (id, at) = REACTOR.with(|reactor| (reactor.number(), reactor.now().saturating_add(time)));
    Sleep { id, at, set: false }.await;
}

impl Reactor {
    fn number(&self) -> u64 {
        let id = self.next.get();
        self.next.set(id.wrapping_add(1));
        id
    }

    /// The clock that stands still between calls.
    fn now(&self) -> u64 {
        monotonic_clock::now().saturating_sub(self.between.get())
    }

    fn enter(&self) {
        if let Some(left) = self.left.take() {
            let between = monotonic_clock::now().saturating_sub(left);
            self.between.set(self.between.get().saturating_add(between));
        }
    }

    fn leave(&self) {
        if !self.timers.borrow().is_empty() {
            self.left.set(Some(monotonic_clock::now()));
        }
    }

    /// Waits until something happens of all that is waited for, and wakes whoever waits for it.
    fn wait(&self) {
        let first = self.timers.borrow().iter().map(|timer| timer.at).min();
        let timer = first.map(|at| monotonic_clock::subscribe_duration(at.saturating_sub(self.now())));
        let events: Vec<(u64, Rc<Pollable>)> =
            self.events.borrow().iter().map(|event| (event.id, event.pollable.clone())).collect();
        let all: Vec<&Pollable> = events.iter().map(|(_, pollable)| &**pollable).chain(&timer).collect();
        if all.is_empty() {
            // A call that waits for nothing would wait for ever. None does.
            process::abort();
        }
        for index in poll::poll(&all) {
            match usize::try_from(index).ok().and_then(|index| events.get(index)) {
                Some((id, _)) => self.happened(*id),
                // Whoever waits until then is taken at the host's word that it is over: its clock may stand
                // behind it.
                None => self.timers_until(first.unwrap_or_default().max(self.now())),
            }
        }
    }

    fn happened(&self, id: u64) {
        let mut events = self.events.borrow_mut();
        if let Some(index) = events.iter().position(|event| event.id == id) {
            events.swap_remove(index).waker.wake();
        }
    }

    fn timers_until(&self, now: u64) {
        self.timers.borrow_mut().retain(|timer| {
            let over = timer.at <= now;
            if over {
                timer.waker.wake_by_ref();
            }
            !over
        });
    }
}

struct Ready {
    id: u64,
    /// None once it was asked for.
    pollable: Option<Rc<Pollable>>,
}

impl Future for Ready {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (id, pollable) = (self.id, self.pollable.take());
        REACTOR.with(|reactor| {
            let mut events = reactor.events.borrow_mut();
            if let Some(pollable) = pollable {
                events.push(Event { id, pollable, waker: context.waker().clone() });
                return Poll::Pending;
            }
            match events.iter_mut().find(|event| event.id == id) {
                Some(event) => {
                    event.waker.clone_from(context.waker());
                    Poll::Pending
                }
                None => Poll::Ready(()),
            }
        })
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        REACTOR.with(|reactor| reactor.events.borrow_mut().retain(|event| event.id != self.id));
    }
}

struct Sleep {
    id: u64,
    at: u64,
    set: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (id, at) = (self.id, self.at);
        let set = std::mem::replace(&mut self.set, true);
        REACTOR.with(|reactor| {
            let mut timers = reactor.timers.borrow_mut();
            if !set {
                timers.push(Timer { id, at, waker: context.waker().clone() });
                return Poll::Pending;
            }
            match timers.iter_mut().find(|timer| timer.id == id) {
                Some(timer) => {
                    timer.waker.clone_from(context.waker());
                    Poll::Pending
                }
                None => Poll::Ready(()),
            }
        })
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        REACTOR.with(|reactor| reactor.timers.borrow_mut().retain(|timer| timer.id != self.id));
    }
}
