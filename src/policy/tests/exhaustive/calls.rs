//! The way of a call, as the client's attempts have it: from one wait to the next.

use crate::{
    defects::Defect,
    events::Event,
    ledger::Rule,
    model::{Kind, Model, QUANTUM},
    state::{Next, Pass, Stage, State},
};
use penstock_policy::{
    breaker,
    limiter::{
        group::Turn,
        queue::{Caller, Ticket},
    },
    retry::Repeat,
    time::Tick,
    token::{Generation, Need},
};

/// One step of the model.
pub struct Step<'m> {
    pub model: &'m Model,
    pub state: State,
}

impl Step<'_> {
    /// A quantum passes.
    pub fn pass(&mut self) {
        self.state.now += QUANTUM;
        self.state.forget_old(self.model);
    }

    /// A call begins.
    pub fn begin(&mut self, index: usize) {
        self.state.calls[index] = self.model.call(self.kind(index), self.state.now, Stage::Running);
        self.ask_breaker(index);
    }

    /// A call goes on.
    pub fn resume(&mut self, index: usize) {
        match self.leave_stage(index) {
            Stage::Barred { .. } | Stage::Resting { then: Next::Breaker, .. } => self.ask_breaker(index),
            Stage::Resting { then: Next::Token, .. } => self.ask_for_token(index),
            Stage::TokenAwaited { news } => self.token_awaited(index, news),
            Stage::Queued { ticket, .. } => self.ask_for_turn(index, ticket),
            stage => panic!("{stage:?} is no wait that ends by itself"),
        }
        if self.state.calls[index].stage.is_due(self.state.now) {
            self.state.ledger.broken.insert(Rule::Circles);
        }
    }

    /// A call has waited for as long as it may.
    pub fn timed_out(&mut self, index: usize) {
        match self.leave_stage(index) {
            Stage::TokenAwaited { .. } => self.end(index, Event::Late),
            Stage::Fetching { old, .. } => self.fetch_timed_out(index, old),
            Stage::Sent { generation, pass, sent, until, .. } => {
                self.note(Event::AttemptTimedOut);
                self.unanswered(index, generation, &pass, sent, until);
            }
            stage => panic!("{stage:?} has no time-out"),
        }
    }

    /// The call is dropped, and with it what it holds.
    pub fn give_up(&mut self, index: usize) {
        self.state.ledger.given_up += 1;
        match self.leave_stage(index) {
            Stage::Queued { ticket, .. } => {
                self.note(Event::GivenUpInQueue);
                if !self.has(Defect::KeepTurn) {
                    self.leave_queue(ticket);
                }
            }
            Stage::Sent { pass, .. } => {
                self.note(Event::GivenUpInFlight);
                if !self.has(Defect::KeepProbe) {
                    self.state.breaker.abandon(pass.permit());
                }
                if !self.has(Defect::KeepPlace) {
                    self.landed();
                }
            }
            Stage::Fetching { .. } => self.note(Event::GivenUpFetching),
            _ => {}
        }
        self.close(index);
    }

    /// The top of the loop.
    pub fn ask_breaker(&mut self, index: usize) {
        let harmless = self.kind(index).repeat == Repeat::Harmless;
        match self.state.breaker.check(self.state.now, harmless) {
            Ok(()) => self.ask_for_token(index),
            Err(open) => self.wait_for_breaker(index, open.until),
        }
    }

    /// With a token: the limiter.
    pub fn authorized(&mut self, index: usize) {
        let State { now, group, inflight, calls, .. } = &mut self.state;
        if *now < calls[index].attempts.0.deadline() && group.at_once(*now, inflight) {
            return self.admitted(index);
        }
        let caller = Caller(index as u64);
        match group.join(*now, caller, *now, calls[index].attempts.0.deadline()) {
            Err(_) => self.end(index, Event::Late),
            Ok(ticket) => {
                self.deliver();
                let other = self.state.tickets().next().filter(|_| self.has(Defect::ShareTickets));
                self.ask_for_turn(index, other.unwrap_or(ticket));
            }
        }
    }

    fn ask_for_turn(&mut self, index: usize, ticket: Ticket) {
        let State { now, group, inflight, .. } = &mut self.state;
        let full = inflight.taken() >= self.model.places;
        let turn = group.turn(*now, ticket, inflight);
        self.deliver();
        let until = match turn {
            Turn::Go => {
                self.leave_queue(ticket);
                return self.admitted(index);
            }
            Turn::Late(_) => {
                self.leave_queue(ticket);
                self.note(Event::LateInQueue);
                return self.end(index, Event::Late);
            }
            Turn::Wait(until) => {
                self.note(if full { Event::WaitedForPlace } else { Event::WaitedForSlot });
                // Its group may have been first in line for a place that it cannot use.
                self.place_free();
                let until = if self.has(Defect::Spin) { self.state.now } else { until };
                Some(until).filter(|until| *until < Tick::MAX)
            }
            Turn::Sleep => {
                self.note(Event::WaitedBehindOthers);
                None
            }
        };
        self.state.calls[index].stage = Stage::Queued { ticket, until, woken: false };
    }

    /// Its turn has come. The token may have been replaced meanwhile; only if there is none
    /// left does the call lose its turn.
    fn admitted(&mut self, index: usize) {
        let now = self.state.now;
        let Some(generation) = self.at_hand() else {
            self.note(Event::TokenLostInQueue);
            self.landed();
            return self.ask_breaker(index);
        };
        let harmless = self.kind(index).repeat == Repeat::Harmless;
        let pass = match Pass::take(&mut self.state.breaker, now, harmless) {
            Ok(pass) => pass,
            Err(until) => {
                self.note(Event::BreakerShutInQueue);
                self.landed();
                return self.wait_for_breaker(index, until);
            }
        };
        let Some(time) = self.state.calls[index].attempts.0.begin(now) else {
            self.state.breaker.abandon(pass.permit());
            self.landed();
            return self.end(index, Event::Late);
        };
        if self.state.under_way() > 0 {
            self.note(Event::TwoUnderWay);
        }
        if pass.permit.is_probe() {
            self.note(Event::Probed);
        }
        if !self.state.calls[index].attempts.0.attempts().is_empty() {
            self.note(Event::SentAgain);
        }
        let epoch = self.state.note_sending(self.model, generation, pass.permit.is_probe());
        self.state.calls[index].stage = Stage::Sent { generation, pass, sent: now, until: now + time, epoch };
        if self.has(Defect::LandEarly) {
            self.landed();
        }
    }

    fn wait_for_breaker(&mut self, index: usize, until: Tick) {
        let now = self.state.now;
        if self.state.breaker.state(now) == breaker::State::HalfOpen {
            self.note(Event::WaitedForProbe);
        }
        let wait = now.until(until);
        if !self.kind(index).patient || wait >= self.state.calls[index].attempts.0.time_left(now) {
            return self.end(index, Event::Unavailable);
        }
        self.state.calls[index].stage = Stage::Barred { until: now + wait };
    }

    /// A token that serves now, if one is at hand.
    fn at_hand(&self) -> Option<Generation> {
        if self.has(Defect::SendOldToken) {
            return self.state.ledger.issued;
        }
        match self.state.cell.need(self.state.now) {
            Need::Use(generation) | Need::Refresh(generation) => Some(generation),
            Need::Fetch | Need::CoolingDown { .. } => None,
        }
    }

    /// A request is over: its place is another's.
    pub fn landed(&mut self) {
        self.state.group.landed(&mut self.state.inflight);
        if !self.has(Defect::ForgetToWake) {
            self.deliver();
            self.place_free();
        }
    }

    fn leave_queue(&mut self, ticket: Ticket) {
        let State { now, group, inflight, .. } = &mut self.state;
        group.leave(ticket, *now, inflight);
        self.deliver();
        self.place_free();
    }

    /// Wakes those for whom something has changed.
    pub fn deliver(&mut self) {
        let wakes: Vec<Ticket> = self.state.group.wakes().collect();
        for ticket in wakes {
            self.wake(ticket);
        }
    }

    fn place_free(&mut self) {
        while let Some(group) = self.state.inflight.next() {
            match self.state.group.head() {
                Some(ticket) => return self.wake(ticket),
                None => self.state.inflight.withdraw(group),
            }
        }
    }

    /// Only a call that waits can be woken; one that runs would not notice.
    fn wake(&mut self, whom: Ticket) {
        for call in &mut self.state.calls {
            if let Stage::Queued { ticket, woken, .. } = &mut call.stage
                && *ticket == whom
            {
                *woken = true;
            }
        }
    }

    fn leave_stage(&mut self, index: usize) -> Stage {
        std::mem::replace(&mut self.state.calls[index].stage, Stage::Running)
    }

    pub fn end(&mut self, index: usize, how: Event) {
        self.note(how);
        self.close(index);
    }

    /// Nothing of a call that has ended makes a difference.
    fn close(&mut self, index: usize) {
        self.state.calls[index] = self.model.call(self.kind(index), Tick::ZERO, Stage::Ended);
    }

    pub fn kind(&self, index: usize) -> Kind {
        self.model.kinds[index]
    }

    pub fn note(&self, event: Event) {
        self.model.events.note(event);
    }

    pub fn has(&self, defect: Defect) -> bool {
        self.model.defect == Some(defect)
    }
}
