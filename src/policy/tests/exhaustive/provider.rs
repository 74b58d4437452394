//! What the provider answers, and what a call makes of it.

use crate::{
    calls::Step,
    events::Event,
    state::{Next, Pass, Stage},
};
use penstock_policy::{
    breaker::{Outcome, Transition},
    classify::{Access, Attempt, BodyKind, Class, Sent, StatusRules, classify},
    retry::{Decision, Repeat},
    time::Tick,
    token::{Generation, Rejection},
};

/// What the provider answers a request with. A time-out is the fifth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Success,
    Failure,
    Unauthorized,
    TooManyRequests,
}

/// What the token endpoint answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issue {
    Token,
    Down,
    InvalidClient,
}

impl Answer {
    fn attempt(self) -> Attempt {
        let status = match self {
            Answer::Success => 200,
            Answer::Failure => 503,
            Answer::Unauthorized => 401,
            Answer::TooManyRequests => 429,
        };
        Attempt::Answer { status, hint: None, body: BodyKind::Usable }
    }
}

impl Step<'_> {
    /// The provider answers.
    pub fn answered(&mut self, index: usize, answer: Answer) {
        let stage = std::mem::replace(&mut self.state.calls[index].stage, Stage::Running);
        let Stage::Sent { generation, pass, sent, until, .. } = stage else {
            panic!("{stage:?} waits for no answer")
        };
        self.attempted(index, answer.attempt(), generation, &pass, sent, until);
    }

    /// The provider does not answer in time.
    pub fn unanswered(&mut self, index: usize, generation: Generation, pass: &Pass, sent: Tick, until: Tick) {
        self.attempted(index, Attempt::Timeout { sent: Sent::Maybe }, generation, pass, sent, until);
    }

    fn attempted(
        &mut self,
        index: usize,
        attempt: Attempt,
        generation: Generation,
        pass: &Pass,
        sent: Tick,
        until: Tick,
    ) {
        let now = self.state.now;
        let harmless = self.kind(index).repeat == Repeat::Harmless;
        let access = if harmless { Access::Read } else { Access::Write };
        let decision = classify(&attempt, access, &StatusRules::STANDARD);
        let fault = decision.err();
        match fault.map(|fault| (fault.class, fault.status)) {
            Some((Class::Throttled, _)) => {
                self.note(Event::GateClosed);
                self.state.group.throttled(now, sent, None);
                let others = self.state.group.asking().saturating_sub(1);
                self.state.group.crowded(now, sent, None, others);
                self.deliver();
            }
            Some((_, None)) => {}
            _ => self.state.group.succeeded(now, sent),
        }
        self.landed();
        let outcome = Outcome::of(decision.as_ref().copied(), sent.until(until));
        let before = self.state.ledger.tripped;
        let change = self.state.breaker.record(pass.permit(), now, outcome, now.since(sent), None, 0.0);
        if let Some(change) = change {
            self.note(match (change, before) {
                (Transition::Closed, _) => Event::BreakerClosed,
                (Transition::Opened { .. }, None) => Event::BreakerOpened,
                (Transition::Opened { .. }, Some(_)) => Event::BreakerReopened,
            });
            self.state.ledger.turned(change);
        }
        let Some(mut fault) = fault else {
            self.state.cell.accepted(generation, now);
            return self.end(index, Event::Succeeded);
        };
        match (fault.class, fault.status) {
            (Class::TokenRejected, _) => {
                self.state.ledger.refused.insert(generation);
                let better = self.state.cell.rejected(generation, now) != Rejection::Unserved;
                let call = &mut self.state.calls[index];
                if better && call.refreshed {
                    fault.class = Class::Transient;
                }
                call.refreshed = true;
            }
            (_, Some(_)) => self.state.cell.accepted(generation, now),
            _ => {}
        }
        match self.state.calls[index].attempts.0.next(now, &fault, 1.0) {
            Decision::GiveUp(_) => self.end(index, Event::Failed),
            Decision::Resend { after, .. } if after.is_zero() => self.ask_breaker(index),
            Decision::Resend { after, .. } => {
                self.state.calls[index].stage = Stage::Resting { until: now + after, then: Next::Breaker };
            }
        }
    }
}
