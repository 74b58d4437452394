//! What befalls the vendor for a while.

use super::{Answer, faults};
use crate::{fault::Fault, fault_window::FaultWindow, trace::Who, world::World};
use fastrand::Rng;
use penstock::policy::classify::{Reason, Sent};
use std::time::Duration;

/// What befalls requests to the API.
#[derive(Default)]
pub(crate) struct FaultProfile {
    /// The kinds of faults that come up in this schedule.
    pub palette: Vec<Fault>,
    /// How often one comes up.
    pub chance: f64,
    /// The vendor is down.
    pub outage: Option<Outage>,
    /// The vendor is slow.
    pub brown_out: Option<BrownOut>,
}

/// The vendor is down.
pub(crate) struct Outage {
    /// How long.
    pub window: FaultWindow,
    /// How it shows.
    pub style: Style,
    /// Whether the token endpoint is down as well.
    pub of_all: bool,
}

/// How an outage shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// No connection.
    Refuses,
    /// 503 at once.
    Unavailable,
    /// No answer.
    Silent,
    /// Connections break; the vendor did not act.
    Breaks,
}

/// The vendor is slow.
pub(crate) struct BrownOut {
    /// How long.
    pub window: FaultWindow,
    /// How much longer each answer takes.
    pub slower: Duration,
}

/// What befalls requests for tokens.
#[derive(Default)]
pub(crate) struct TokenEndpoint {
    /// It is down.
    pub down: FaultWindow,
    /// It is slow.
    pub slow: FaultWindow,
    /// The next one is told `invalid_client`.
    pub invalid_once: bool,
    /// The next token's stated life is absurd.
    pub absurd_once: bool,
}

impl FaultProfile {
    /// What befalls this request.
    pub(super) fn draw(&self, chance: &mut Rng) -> Option<Fault> {
        (self.chance > 0.0 && chance.f64() < self.chance)
            .then(|| self.palette.get(chance.usize(..self.palette.len().max(1))).copied())
            .flatten()
    }

    /// What befalls this request for a token.
    pub(super) fn draw_for_token(&self, chance: &mut Rng) -> Option<Fault> {
        self.draw(chance).filter(|_| chance.bool())
    }

    /// How the vendor is down.
    pub(super) fn outage(&mut self, world: &World, who: Who, chance: &mut Rng) -> Option<Answer> {
        let outage = self.outage.as_mut()?;
        if !outage.window.hits(world, who, Fault::Outage) {
            return None;
        }
        Some(match outage.style {
            Style::Refuses => Answer::failed(Reason::Connect, Sent::No),
            Style::Unavailable => faults::refusal(Fault::Unavailable, chance),
            Style::Silent => faults::refusal(Fault::Silence, chance),
            Style::Breaks => Answer::failed(Reason::Connection, Sent::Maybe),
        })
    }

    /// How the vendor is down, its token endpoint included.
    pub(super) fn outage_of_all(&mut self, world: &World, who: Who, chance: &mut Rng) -> Option<Answer> {
        self.outage.as_ref().filter(|outage| outage.of_all)?;
        self.outage(world, who, chance)
    }

    /// How much slower the vendor is.
    pub(super) fn slower(&mut self, world: &World, who: Who) -> Option<Duration> {
        let brown_out = self.brown_out.as_mut()?;
        brown_out.window.hits(world, who, Fault::BrownOut).then_some(brown_out.slower)
    }
}

impl TokenEndpoint {
    /// How it is down.
    pub(super) fn disturbed(&mut self, world: &World, who: Who, chance: &mut Rng) -> Option<Answer> {
        if !self.down.hits(world, who, Fault::TokenDown) {
            return None;
        }
        Some(match chance.u8(..4) {
            0 => Answer::failed(Reason::Connect, Sent::No),
            1 => faults::refusal(Fault::Silence, chance),
            2 => faults::refusal(Fault::UnavailableHinted, chance),
            _ => faults::refusal(Fault::Internal, chance),
        })
    }

    pub(super) fn slower(&mut self, world: &World, who: Who) -> Duration {
        let slow = self.slow.hits(world, who, Fault::TokenSlow);
        if slow { Duration::from_secs(4) } else { Duration::ZERO }
    }

    /// Whether it says `invalid_client` now.
    pub(super) fn invalid_once(&mut self, world: &World, who: Who) -> bool {
        let invalid = std::mem::take(&mut self.invalid_once);
        if invalid {
            world.fault(who, Fault::TokenInvalidClient);
        }
        invalid
    }

    /// The stated life, if it is absurd now.
    pub(super) fn absurd_life(&mut self, world: &World, who: Who, chance: &mut Rng) -> Option<&'static str> {
        if !std::mem::take(&mut self.absurd_once) {
            return None;
        }
        world.fault(who, Fault::TokenAbsurdLife);
        let absurd = ["0", "-5", "1e300", "0.001", "null", "4000000000"];
        absurd.get(chance.usize(..absurd.len())).copied()
    }
}
