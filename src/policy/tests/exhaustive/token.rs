//! How a call gets its token, as the client's `acquire` has it: one fetch at a time,
//! and who waited for one gets its result.

use crate::{
    calls::Step,
    defects::Defect,
    events::Event,
    provider::Issue,
    state::{Next, NoToken, Stage},
};
use penstock_policy::{
    classify::{Class, Effect, Fault, Reason},
    retry::Decision,
    rotation::Slot,
    secret::Secret,
    time::Tick,
    token::{FetchFailure, Need},
};
use std::time::Duration;

/// How long a call waits for a new token while the old one would do.
const PATIENCE: Duration = Duration::from_secs(5);

/// The least time between a failed fetch and the next.
const PACE: Duration = Duration::from_secs(2);

impl Step<'_> {
    /// With the breaker's leave: the token.
    pub fn ask_for_token(&mut self, index: usize) {
        let now = self.state.now;
        if self.state.calls[index].attempts.0.begin(now).is_none() {
            return self.end(index, Event::Late);
        }
        let alone = self.state.fetching() == 0 || self.has(Defect::FetchAtOnce);
        match self.state.cell.need(now) {
            Need::Use(_) => self.authorized(index),
            Need::CoolingDown { until } => self.cooling_down(index, until),
            Need::Refresh(_) if alone => self.fetch(index, true),
            Need::Refresh(_) => self.authorized(index),
            Need::Fetch if alone => self.fetch(index, false),
            Need::Fetch => {
                self.note(Event::TokenAwaited);
                self.state.calls[index].stage = Stage::TokenAwaited { news: false };
            }
        }
    }

    /// Nobody fetches any more. `news`: whether a fetch has ended meanwhile.
    pub fn token_awaited(&mut self, index: usize, news: bool) {
        let now = self.state.now;
        match self.state.cell.need(now) {
            Need::CoolingDown { until } => return self.cooling_down(index, until),
            Need::Use(_) | Need::Refresh(_) => return self.authorized(index),
            Need::Fetch => {}
        }
        match self.state.no_token.filter(|_| news) {
            Some(refused) => self.no_token(index, refused),
            None if now >= self.state.calls[index].attempts.0.deadline() => self.end(index, Event::Late),
            None => self.fetch(index, false),
        }
    }

    /// The token endpoint answers.
    pub fn issued(&mut self, index: usize, issue: Issue) {
        let now = self.state.now;
        let stage = std::mem::replace(&mut self.state.calls[index].stage, Stage::Running);
        let Stage::Fetching { asked, old, .. } = stage else { panic!("{stage:?} is no fetch") };
        if issue == Issue::Token {
            self.note(if old { Event::TokenRefreshed } else { Event::TokenFetched });
            let life = Some(self.model.token_life);
            self.state.cell.rotation().worked(Slot::Primary);
            let issued = self.state.cell.stored(Secret::new("token".to_owned()), asked, life, 0.0);
            self.fetch_ended(None);
            self.state.ledger.issued = Some(issued);
            return self.authorized(index);
        }
        let transient = issue == Issue::Down;
        let hint = match self.state.cell.need(now) {
            Need::Use(_) | Need::Refresh(_) => None,
            Need::Fetch | Need::CoolingDown { .. } => Some(PACE),
        };
        let failure = if transient { FetchFailure::Transient { hint } } else { FetchFailure::InvalidClient };
        self.state.cell.fetch_failed(now, failure);
        let hint = match self.state.cell.need(now) {
            Need::CoolingDown { until } => Some(now.until(until)),
            _ => None,
        };
        let (reason, status) = (Reason::Unavailable, Some(503));
        let fault = Fault { reason, effect: Effect::NotSent, class: Class::Transient, status, hint };
        let refused = NoToken(transient.then_some(fault));
        self.fetch_ended(Some(refused));
        if !old {
            return self.no_token(index, refused);
        }
        self.note(Event::RefreshFailed);
        self.authorized(index);
    }

    /// The fetch took too long and is dropped.
    pub fn fetch_timed_out(&mut self, index: usize, old: bool) {
        self.note(Event::FetchTimedOut);
        if !old {
            return self.end(index, Event::Late);
        }
        self.state.cell.fetch_failed(self.state.now, FetchFailure::Transient { hint: None });
        self.authorized(index);
    }

    fn fetch(&mut self, index: usize, old: bool) {
        let asked = self.state.now;
        self.state.cell.rotation().begin(false);
        let left = self.state.calls[index].attempts.0.time_left(asked);
        let time = if old { PATIENCE.min(left / 2) } else { left };
        self.state.calls[index].stage = Stage::Fetching { asked, until: asked + time, old };
    }

    fn fetch_ended(&mut self, result: Option<NoToken>) {
        self.state.no_token = result;
        for call in &mut self.state.calls {
            if let Stage::TokenAwaited { news } = &mut call.stage {
                *news = true;
            }
        }
    }

    fn cooling_down(&mut self, index: usize, until: Tick) {
        self.note(Event::CoolingDown);
        let hint = Some(self.state.now.until(until));
        let NoToken(fault) = self.state.no_token.unwrap_or(NoToken(None));
        self.no_token(index, NoToken(fault.map(|fault| Fault { hint, ..fault })));
    }

    /// Asks again later, by the same rules as for any other request.
    fn no_token(&mut self, index: usize, NoToken(fault): NoToken) {
        let now = self.state.now;
        let Some(fault) = fault else { return self.end(index, Event::Failed) };
        match self.state.calls[index].attempts.0.next(now, &fault, 1.0) {
            Decision::GiveUp(_) => self.end(index, Event::Failed),
            Decision::Resend { after, .. } => {
                let until = now + after;
                self.state.calls[index].stage = Stage::Resting { until, then: Next::Token };
            }
        }
    }
}
