//! One limit group in one instance: queue, backoff window, slots and the optional slow-down, behind
//! one interface.
//!
//! A call joins, asks for its turn whenever it is woken, and leaves. [`Group::wakes`] says
//! whom to wake after a change. The call whose turn it is waits for the time; another one,
//! the *leader*, asks the store for slots, so that the questions do not end with each turn.

use super::{
    adaptive::Adaptive,
    backoff_window::BackoffWindow,
    concurrency::Concurrency,
    gcra::RateLimit,
    inflight::{GroupId, Inflight},
    queue::{Caller, Queue, Ticket},
    shared::Ask,
    source::{Mode, Source, Trouble},
};
use crate::{
    failpoint::{Failpoint, on},
    time::Tick,
};
use litemap::LiteMap;
use penstock_state::Turns;
use std::time::Duration;

/// Why a call cannot be sent before its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// The limit, or the cap on requests under way, leaves it no time.
    Limited {
        /// How long to wait before another try, as far as that is known.
        hint: Option<Duration>,
    },
    /// No limit held it back: its time was over when it came, or before the store had said what the
    /// limit leaves.
    TimeOver,
}

/// What a waiting call is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Send, at this instant. A slot of the rate and a place in flight are taken.
    Go,
    /// It is its turn, but not before then.
    Wait(Tick),
    /// Others come first, or it depends on something whose end wakes it.
    Sleep,
    /// Not before its deadline. It has left the queue.
    Late(Late),
}

/// What a group has done and is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupSnapshot {
    /// Calls that wait.
    pub waiting: usize,
    /// Requests under way.
    pub in_flight: usize,
    /// Requests let through since the start.
    pub granted: u64,
    /// Requests that the provider throttled since the start.
    pub throttled: u64,
    /// The most that may be under way at once, if refusals have shown one.
    pub max_in_flight: Option<usize>,
    /// How long the backoff window stays closed; none when it is open.
    pub closed_for: Option<Duration>,
    /// Where the slots come from.
    pub mode: Mode,
}

/// How a group is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// What the provider allows in sum.
    pub limit: RateLimit,
    /// How many instances there are, for the time when they cannot agree.
    pub instances: u32,
    /// Whether they agree through the store.
    pub shared: bool,
    /// Whether to slow down when the provider throttles below the limit.
    pub adaptive: bool,
}

/// A limit group.
#[derive(Clone, Debug)]
pub struct Group {
    id: GroupId,
    queue: Queue,
    backoff: BackoffWindow,
    concurrency: Concurrency,
    source: Source,
    adaptive: Option<Adaptive>,
    /// Who asks the store.
    leader: Option<Ticket>,
    /// When the leader asked what is not answered yet.
    asked: Option<Tick>,
    /// Refused, but not told so yet.
    refused: LiteMap<Ticket, Late>,
    wakes: Vec<Ticket>,
    /// When the head was told to come again.
    told: Option<Tick>,
    /// Whether the head had a slot and no place in flight when it was last told what to do.
    lacks_place: bool,
    in_flight: usize,
    /// Those of them whose answer is a file that is on its way.
    files: usize,
    granted: u64,
    throttled: u64,
}

impl Group {
    /// An idle group. `me` is a random number.
    #[must_use]
    pub fn new(id: GroupId, setup: &Setup, now: Tick, me: u64) -> Group {
        Group {
            id,
            queue: Queue::default(),
            backoff: BackoffWindow::default(),
            concurrency: Concurrency::default(),
            source: Source::new(setup.limit, setup.instances, setup.shared, me),
            adaptive: setup.adaptive.then(|| Adaptive::new(&setup.limit, now)),
            leader: None,
            asked: None,
            refused: LiteMap::new(),
            wakes: Vec::new(),
            told: None,
            lacks_place: false,
            in_flight: 0,
            files: 0,
            granted: 0,
            throttled: 0,
        }
    }

    /// The limit that the provider sets.
    #[must_use]
    pub fn limit(&self) -> &RateLimit {
        self.source.limit()
    }

    /// Goes on with another limit.
    pub fn change(&mut self, now: Tick, limit: RateLimit, me: u64) {
        self.source.change(now, limit, me);
        if self.adaptive.is_some() {
            self.adaptive = Some(Adaptive::new(&limit, now));
        }
        self.wakes.extend(self.queue.head());
    }

    /// Sends without waiting, if nobody waits and everything is free.
    pub fn at_once(&mut self, now: Tick, inflight: &mut Inflight) -> bool {
        if !self.queue.is_empty() || self.blocked(now).is_err() {
            return false;
        }
        if !inflight.take(self.id) {
            // The call has yet to join; until then nobody would hear of a free place.
            inflight.withdraw(self.id);
            return false;
        }
        self.go(now);
        true
    }

    /// Joins the queue. A call that waits since `since` goes before those who wait since
    /// later, whenever they joined.
    ///
    /// # Errors
    /// When the deadline has passed, or when the call cannot be sent before it by what is
    /// known already.
    pub fn join(&mut self, now: Tick, caller: Caller, since: Tick, deadline: Tick) -> Result<Ticket, Late> {
        if now >= deadline {
            return Err(Late::TimeOver);
        }
        let earliest = self.earliest(now, self.queue.ahead(caller, since));
        if earliest >= deadline {
            return Err(Late::Limited { hint: Some(now.until(earliest)) });
        }
        let ticket = self.queue.join(caller, since, deadline);
        // The head sleeps for all: it must know of an earlier deadline, and of a call that
        // goes first.
        self.wakes.extend(self.queue.head().filter(|head| *head != ticket));
        self.elect(now);
        Ok(ticket)
    }

    /// What a call is to do that joined before.
    pub fn turn(&mut self, now: Tick, ticket: Ticket, inflight: &mut Inflight) -> Turn {
        self.refuse(now);
        if let Some(late) = self.refused.remove(&ticket) {
            self.settle(now, inflight);
            return Turn::Late(late);
        }
        if self.queue.head() != Some(ticket) {
            return Turn::Sleep;
        }
        if let Some(told) = self.told.take().filter(|told| *told <= now) {
            self.source.woken(now.since(told));
        }
        let deadline = self.queue.deadline().unwrap_or(Tick::MAX);
        if let Err(until) = self.blocked(now) {
            inflight.withdraw(self.id);
            self.told = until;
            return Turn::Wait(until.unwrap_or(deadline).min(deadline));
        }
        self.lacks_place = !inflight.take(self.id);
        if self.lacks_place {
            return Turn::Wait(deadline);
        }
        self.queue.served(ticket, now);
        self.go(now);
        self.settle(now, inflight);
        Turn::Go
    }

    /// A call no longer waits, whatever the reason.
    pub fn leave(&mut self, ticket: Ticket, now: Tick, inflight: &mut Inflight) {
        self.queue.leave(ticket);
        self.refused.remove(&ticket);
        self.settle(now, inflight);
    }

    /// A request that was sent is over.
    pub fn landed(&mut self, inflight: &mut Inflight) {
        self.in_flight = self.in_flight.saturating_sub(1);
        inflight.release();
        if self.concurrency.until().is_some() {
            self.wakes.extend(self.queue.head());
        }
    }

    /// The provider answered a request that was sent at `sent` with 429.
    pub fn throttled(&mut self, now: Tick, sent: Tick, hint: Option<Duration>) {
        self.throttled += 1;
        let news = self.backoff.throttled(now, sent, hint);
        if let Some(adaptive) = self.adaptive.as_mut().filter(|_| news) {
            adaptive.throttled(now);
        }
        if let Some(until) = self.backoff.closed_until(now) {
            self.source.pause(until);
        }
        self.wakes.extend(self.leader);
        self.refuse(now);
    }

    /// The same request was sent while so many others of the group were under way.
    pub fn crowded(&mut self, now: Tick, sent: Tick, hint: Option<Duration>, others: usize) {
        self.concurrency.throttled(now, sent, hint, others);
    }

    /// Requests whose answer the provider owes.
    #[must_use]
    pub fn asking(&self) -> usize {
        self.in_flight.saturating_sub(self.files)
    }

    /// The answer to a request has begun, and is a file.
    pub fn file_begins(&mut self) {
        self.files += 1;
        self.wakes.extend(self.queue.head());
    }

    /// A file has come, or is not wanted any more.
    pub fn file_ended(&mut self) {
        self.files = self.files.saturating_sub(1);
    }

    /// The provider let a request through that was sent at `sent`.
    pub fn succeeded(&mut self, now: Tick, sent: Tick) {
        self.backoff.succeeded(sent);
        if let Some(adaptive) = &mut self.adaptive {
            adaptive.succeeded(now);
        }
    }

    /// Forgets what refusals have taught.
    pub fn forget(&mut self) {
        self.backoff = BackoffWindow::default();
        self.concurrency = Concurrency::default();
        self.wakes.extend(self.queue.head());
        self.wakes.extend(self.leader);
    }

    /// Whether this call is the one that asks the store.
    #[must_use]
    pub fn is_leader(&self, ticket: Ticket) -> bool {
        self.leader == Some(ticket)
    }

    /// What this call is to ask of the store; nothing unless it is the leader.
    pub fn ask(&mut self, now: Tick, ticket: Ticket, random: f64) -> Ask {
        if self.leader != Some(ticket) || self.asked.is_some() {
            return Ask::Nothing;
        }
        if let Some(until) = self.backoff.closed_until(now)
            && !self.source.has_news(now)
        {
            // Slots would lapse.
            return Ask::Wait(until);
        }
        let ask = self.source.ask(now, self.queue.len(), random);
        if !matches!(ask, Ask::Nothing | Ask::Wait(_)) {
            self.asked = Some(now);
        }
        ask
    }

    /// What the store answered to this call. It is ignored if another one asks now.
    pub fn answered(&mut self, now: Tick, ticket: Ticket, answer: Result<Turns, Trouble>, random: f64) {
        let Some(asked) = self.asked.take_if(|_| self.leader == Some(ticket)) else { return };
        self.source.answered(asked, now, answer, random);
        self.refuse(now);
        self.wakes.extend(self.queue.head());
    }

    /// Whose turn it is: whom to wake when a place in flight is free.
    #[must_use]
    pub fn head(&self) -> Option<Ticket> {
        self.queue.head()
    }

    /// Who must be woken, since the last time.
    pub fn wakes(&mut self) -> impl Iterator<Item = Ticket> + use<> {
        std::mem::take(&mut self.wakes).into_iter()
    }

    /// Whether nothing would be lost if it were forgotten and made anew at `now`.
    #[must_use]
    pub fn is_idle(&self, now: Tick) -> bool {
        self.queue.is_empty()
            && self.refused.is_empty()
            && self.in_flight == 0
            && self.backoff.closed_until(now).is_none()
            && self.adaptive.as_ref().is_none_or(|adaptive| adaptive.rate().is_none())
            && self.concurrency.until().is_none_or(|until| until <= now)
            && self.source.is_idle(now)
    }

    /// The snapshot for metrics.
    #[must_use]
    pub fn snapshot(&self, now: Tick) -> GroupSnapshot {
        GroupSnapshot {
            waiting: self.queue.len(),
            in_flight: self.in_flight,
            granted: self.granted,
            throttled: self.throttled,
            max_in_flight: self.concurrency.known(),
            closed_for: self.backoff.closed_until(now).map(|until| now.until(until)),
            mode: self.source.mode(),
        }
    }

    /// Whether a request may be sent now; if not, when, as far as that is known.
    fn blocked(&mut self, now: Tick) -> Result<(), Option<Tick>> {
        if on(Failpoint::IgnoreLimit) {
            return Ok(());
        }
        if let Some(until) = self.backoff.closed_until(now) {
            return Err(Some(until));
        }
        if let Some(at) = self.adaptive.as_ref().map(Adaptive::ready_at).filter(|at| now < *at) {
            return Err(Some(at));
        }
        // A request that lands wakes the head.
        if self.concurrency.most(now).is_some_and(|most| self.asking() >= most) {
            return Err(self.concurrency.until());
        }
        self.source.ready(now)
    }

    /// When a call can be sent that has so many before it, at the earliest.
    fn earliest(&self, now: Tick, ahead: usize) -> Tick {
        let open = self.backoff.closed_until(now).unwrap_or(now);
        let adaptive = self.adaptive.as_ref().map_or(now, Adaptive::ready_at);
        self.source.ready_at(now, ahead).max(open).max(adaptive)
    }

    /// Refuses all calls that cannot be sent before their deadlines.
    fn refuse(&mut self, now: Tick) {
        let earliest = self.earliest(now, 0);
        let hint = Some(now.until(earliest)).filter(|wait| !wait.is_zero());
        // Then all wait for the store, which has said nothing yet.
        let late = match self.source.ready(now) {
            Err(None) if hint.is_none() && !self.lacks_place => Late::TimeOver,
            _ => Late::Limited { hint },
        };
        while let Some(ticket) = self.queue.expired(earliest) {
            self.refused.insert(ticket, late);
            self.wakes.push(ticket);
        }
    }

    fn go(&mut self, now: Tick) {
        let taken = self.source.take(now);
        debug_assert!(taken || on(Failpoint::IgnoreLimit), "a slot was free");
        if let Some(adaptive) = &mut self.adaptive {
            adaptive.sent(now);
        }
        self.granted += 1;
        self.in_flight += 1;
    }

    /// After a call has left the queue: the next one's turn has come, and somebody must
    /// ask the store.
    fn settle(&mut self, now: Tick, inflight: &mut Inflight) {
        if self.queue.is_empty() {
            inflight.withdraw(self.id);
        }
        self.wakes.extend(self.queue.head());
        self.elect(now);
    }

    /// The call that came last asks the store, as long as it waits: of all it is likely
    /// to wait longest.
    fn elect(&mut self, now: Tick) {
        if self.source.mode() == Mode::Local {
            return;
        }
        if !self.leader.is_some_and(|leader| self.queue.contains(leader)) {
            self.leader = self.queue.last();
            if self.asked.take().is_some() {
                self.source.abandoned(now);
            }
        }
        // More may wait than before, or fewer slots be left: there may be something to ask.
        if self.asked.is_none() {
            self.wakes.extend(self.leader);
        }
    }
}

#[cfg(test)]
mod tests;
