//! A call that waits for its turn.
//!
//! Only the call whose turn it is sleeps, for itself and for the deadlines of all; the
//! others are woken by what changes. The leader asks the store meanwhile. Both stop when
//! the future is dropped, and somebody else takes over.

use super::{Bucket, Buckets, Late, Permit};
use crate::{
    host::{Host, HostError},
    policy::{
        limiter::{
            group::Turn,
            queue::{Caller, Ticket},
            shared::Ask,
            source::{PATIENCE, Trouble},
        },
        time::{Tick, unit},
    },
};
use futures_util::future::{Either, select};
use penstock_state::{TurnRequest, Turns};
use std::{convert::Infallible, future::poll_fn, pin::pin, rc::Rc, task::Poll};

/// A call in the queue. Dropping it leaves the queue.
struct Waiting<'h, H: Host> {
    table: Rc<Buckets>,
    bucket: Rc<Bucket>,
    host: &'h H,
    ticket: Ticket,
}

/// Joins the queue and waits.
pub(crate) async fn wait<H: Host>(
    table: Rc<Buckets>,
    bucket: Rc<Bucket>,
    host: &H,
    caller: Caller,
    since: Tick,
    deadline: Tick,
) -> Result<Permit, Late> {
    let joined = bucket.group.borrow_mut().join(host.now(), caller, since, deadline);
    let waiting = Waiting { ticket: joined?, table, bucket, host };
    waiting.bucket.deliver();
    let (turns, questions) = (pin!(waiting.turns()), pin!(waiting.questions()));
    match select(turns, questions).await {
        Either::Left((result, _)) => result,
        Either::Right((never, _)) => match never {},
    }
}

impl<H: Host> Waiting<'_, H> {
    async fn turns(&self) -> Result<Permit, Late> {
        loop {
            let now = self.host.now();
            let turn = {
                let mut inflight = self.table.inflight.borrow_mut();
                self.bucket.group.borrow_mut().turn(now, self.ticket, &mut inflight)
            };
            self.bucket.deliver();
            match turn {
                Turn::Go => {
                    return Ok(Permit::new(self.table.clone(), self.bucket.clone(), now));
                }
                Turn::Late(late) => return Err(late),
                Turn::Wait(until) => {
                    // Its group may have been first in line for a place that it cannot use.
                    self.table.place_free();
                    self.woken_or(until).await;
                }
                Turn::Sleep => self.woken().await,
            }
        }
    }

    /// Asks the store whatever there is to ask, as long as this call is the leader.
    async fn questions(&self) -> Infallible {
        loop {
            if !self.bucket.group.borrow().is_leader(self.ticket) {
                self.woken().await;
                continue;
            }
            let random = unit(self.host.random());
            let ask = self.bucket.group.borrow_mut().ask(self.host.now(), self.ticket, random);
            match ask {
                Ask::Nothing => self.woken().await,
                Ask::Wait(until) => self.woken_or(until).await,
                Ask::Turns(request) => {
                    let answer = self.put(&request).await;
                    let now = self.host.now();
                    self.bucket.group.borrow_mut().answered(now, self.ticket, answer, random);
                    self.bucket.deliver();
                }
            }
        }
    }

    /// Asks the store for turns, but not for ever.
    async fn put(&self, request: &TurnRequest) -> Result<Turns, Trouble> {
        let answer = pin!(self.host.state_turns(&self.bucket.record, request));
        match select(answer, pin!(self.host.sleep(PATIENCE))).await {
            Either::Left((answer, _)) => answer.map_err(|error| match error {
                HostError::Unavailable(_) | HostError::Denied(_) => Trouble::Unavailable,
                HostError::Failed(_) => Trouble::Failed,
            }),
            Either::Right(_) => Err(Trouble::Silent),
        }
    }

    /// Until somebody wakes this call, or anything in it.
    async fn woken(&self) {
        let mut asleep = false;
        poll_fn(|context| {
            if std::mem::replace(&mut asleep, true) {
                return Poll::Ready(());
            }
            self.bucket.wakers.borrow_mut().insert(self.ticket, context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    async fn woken_or(&self, until: Tick) {
        if until == Tick::MAX {
            return self.woken().await;
        }
        let timer = self.host.sleep(self.host.now().until(until));
        select(pin!(self.woken()), pin!(timer)).await;
    }
}

impl<H: Host> Drop for Waiting<'_, H> {
    fn drop(&mut self) {
        self.bucket.wakers.borrow_mut().remove(&self.ticket);
        let now = self.host.now();
        {
            let mut inflight = self.table.inflight.borrow_mut();
            self.bucket.group.borrow_mut().leave(self.ticket, now, &mut inflight);
        }
        self.bucket.deliver();
        self.table.place_free();
    }
}
