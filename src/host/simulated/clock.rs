//! Virtual time: it moves only when it is told to.

use crate::policy::time::Tick;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// The clock, and who waits for it.
#[derive(Clone, Default)]
pub(super) struct Clock(Rc<State>);

#[derive(Default)]
struct State {
    now: Cell<Tick>,
    /// By time, and within one instant by who came first.
    timers: RefCell<BTreeMap<(Tick, u64), Waker>>,
    timers_made: Cell<u64>,
}

impl Clock {
    pub(super) fn now(&self) -> Tick {
        self.0.now.get()
    }

    pub(super) fn sleep(&self, time: Duration) -> Sleep {
        Sleep { clock: self.clone(), until: self.now() + time, timer: None }
    }

    /// Goes to the next timer and wakes all that are due; false if there is none.
    pub(super) fn advance(&self) -> bool {
        let next = self.0.timers.borrow().keys().next().map(|(due, _)| *due);
        let Some(due) = next else { return false };
        self.0.now.set(due);
        let later = self.0.timers.borrow_mut().split_off(&(due + Duration::from_nanos(1), 0));
        let now = self.0.timers.replace(later);
        now.into_values().for_each(Waker::wake);
        true
    }
}

/// Waits until a point in virtual time. One that lies beyond the end of the clock
/// never comes.
pub struct Sleep {
    clock: Clock,
    until: Tick,
    timer: Option<(Tick, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.clock.now() >= self.until {
            return Poll::Ready(());
        }
        if self.until < Tick::MAX {
            let state = self.clock.0.clone();
            let timer = self.timer.unwrap_or_else(|| {
                let number = state.timers_made.get();
                state.timers_made.set(number + 1);
                (self.until, number)
            });
            state.timers.borrow_mut().insert(timer, context.waker().clone());
            self.timer = Some(timer);
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            self.clock.0.timers.borrow_mut().remove(&timer);
        }
    }
}
