//! What the rules remember of the past, apart from the policies' own view of it.

use crate::{
    model::Model,
    state::{Stage, State},
};
use penstock_policy::{breaker::Transition, limiter::queue::Ticket, time::Tick, token::Generation};
use std::collections::BTreeSet;

/// A rule that a step can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    Limit,
    OpenBreaker,
    Probes,
    RefusedToken,
    Circles,
}

/// The past, as far as rules depend on it.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// When requests were sent, within the last window.
    pub sent: Vec<Tick>,
    /// Until when the breaker said that it is open, since it was last closed.
    pub tripped: Option<Tick>,
    /// Counts the times that it opened and closed.
    pub epoch: u32,
    /// The last token.
    pub issued: Option<Generation>,
    /// The tokens that the provider refused.
    pub refused: BTreeSet<Generation>,
    /// How many callers lost patience.
    pub given_up: usize,
    /// The rules that were broken.
    pub broken: BTreeSet<Rule>,
}

impl Ledger {
    /// The breaker reported a change.
    pub fn turned(&mut self, transition: Transition) {
        self.epoch += 1;
        self.tripped = match transition {
            Transition::Opened { until } => Some(until),
            Transition::Closed => None,
        };
    }
}

impl State {
    /// A request is about to be sent now. Returns the breaker's epoch.
    pub fn note_sending(&mut self, model: &Model, generation: Generation, is_probe: bool) -> u32 {
        let now = self.now;
        self.ledger.sent.retain(|sent| *sent + model.limit.window > now);
        self.ledger.sent.push(now);
        if self.ledger.sent.len() > model.limit.count as usize {
            self.ledger.broken.insert(Rule::Limit);
        }
        if self.ledger.refused.contains(&generation) {
            self.ledger.broken.insert(Rule::RefusedToken);
        }
        let present = self.ledger.epoch;
        if let Some(until) = self.ledger.tripped {
            let probes = self.calls.iter().filter(|call| match &call.stage {
                Stage::Sent { pass, sent, epoch, .. } => {
                    *epoch == present && pass.permit.is_probe() && now < *sent + model.breaker.probe_patience
                }
                _ => false,
            });
            if now < until {
                self.ledger.broken.insert(Rule::OpenBreaker);
            } else if !is_probe || probes.count() >= model.breaker.probes_at_once {
                self.ledger.broken.insert(Rule::Probes);
            }
        }
        present
    }

    /// Time has passed: what is past the window no longer counts.
    pub fn forget_old(&mut self, model: &Model) {
        let now = self.now;
        self.ledger.sent.retain(|sent| *sent + model.limit.window > now);
    }

    /// The tickets that calls hold.
    pub fn tickets(&self) -> impl Iterator<Item = Ticket> + '_ {
        self.calls.iter().filter_map(|call| match call.stage {
            Stage::Queued { ticket, .. } => Some(ticket),
            _ => None,
        })
    }
}
