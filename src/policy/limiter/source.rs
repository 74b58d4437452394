//! Where a group's slots come from: the shared plan, or a share of the limit.
//!
//! # Going to the share and coming back
//!
//! While the store is down each instance uses a fixed share of the limit. Both changes
//! keep the limit, provided that the store is up or down for all:
//!
//! - Going: nothing is sent for as long as anybody may trust the plan, and one window. By then
//!   all that was sent by the plan is over by a full window.
//! - A share may be used for a second after a question was put that the store did not
//!   answer, and then the store must be asked again. So all shares end within a second of
//!   the store's return.
//! - A store that answers and writes nothing is down as well: whether it is back is asked by a question that
//!   it has to write for.
//! - One question that is refused or not answered proves nothing, since others may be answered meanwhile: as a
//!   share begins, it goes on only when nothing succeeds for a second of questions.
//! - Where questions are refused now and then, one instance may get turns while another one finds the store down. So
//!   who saw nothing succeed for a quarter of a second takes no more than its share, turns or not, until several
//!   questions in a row were given turns.
//! - Coming back: whoever notices uses its share no longer. If it did within a window, it has the
//!   store hold all turns back until that is over; if not, it waits until all others must have
//!   noticed. Then it takes turns like everybody.
//!
//! A host that answers the very first question with "unavailable" has no store, as far
//! as anyone can tell. If there is one instance only, it works with the whole limit from
//! the start, and the host is asked again every half minute. One among several may have
//! been started while the store is down for all: it goes to its share like the others.

use super::{
    gcra::{Gcra, RateLimit},
    shared::{Ask, Lease, TRUST},
};
use crate::time::Tick;
use penstock_state::Turns;
use std::time::Duration;

/// How long nothing may succeed before the store counts as down.
const FAILING: Duration = Duration::from_secs(1);
/// How long nothing may succeed before turns of the plan are used at no more than the share's rate.
const DOUBTFUL: Duration = Duration::from_millis(250);
/// How many questions in a row must be given turns before that is over. Of a store that refuses so many writes that another
/// instance finds it down, four in five, one instance in six hundred has such luck.
const PROOFS: u32 = 4;
/// The longest that one question may take. A call may wait for it.
pub const PATIENCE: Duration = Duration::from_millis(300);
/// How long a share serves without asking whether the store is back.
const SHARE: Duration = Duration::from_secs(1);
/// The same when there never was a store.
const ALONE: Duration = Duration::from_secs(30);

/// How a group gets its slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// From a limit of its own: nothing is shared by configuration.
    Local,
    /// From the plan that the instances share.
    Shared,
    /// From a share of the limit: the store is down.
    Share,
    /// From a share of the limit: the host has no store.
    Alone,
}

impl Mode {
    /// For metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Local => "local",
            Mode::Shared => "shared",
            Mode::Share => "share",
            Mode::Alone => "alone",
        }
    }
}

/// Why the store gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The host has none, or denies it, or says that it is down.
    Unavailable,
    /// This question failed.
    Failed,
    /// There was no answer in time.
    Silent,
}

/// The slots of one group in one instance.
#[derive(Clone, Debug)]
pub struct Source {
    limit: RateLimit,
    instances: u32,
    mode: Mode,
    local: Gcra,
    lease: Lease,
    /// Until when a share may be used.
    until: Tick,
    /// Whether the store is back, and is to hold all turns back.
    back: bool,
    /// When something was last sent from the share.
    sent: Option<Tick>,
    /// Whether it is asked again and again whether the store is back, since others may know.
    is_unsure: bool,
    /// Whether the store ever answered.
    heard: bool,
    /// Since when nothing has succeeded that was asked, and when it last failed.
    failing: Option<(Tick, Tick)>,
    /// How many questions must yet be given turns before more than the share is used.
    unproven: u32,
}

impl Source {
    /// Slots of a limit that is shared among `instances`: through the store if `shared`,
    /// and otherwise by splitting it. `me` is a random number.
    #[must_use]
    pub fn new(limit: RateLimit, instances: u32, shared: bool, me: u64) -> Source {
        Source {
            limit,
            instances,
            mode: if shared { Mode::Shared } else { Mode::Local },
            local: Gcra::new(limit.share(instances)),
            lease: Lease::new(limit, me),
            until: Tick::ZERO,
            back: false,
            sent: None,
            is_unsure: false,
            heard: false,
            failing: None,
            unproven: 0,
        }
    }

    /// The limit of all instances.
    #[must_use]
    pub fn limit(&self) -> &RateLimit {
        &self.limit
    }

    /// How the slots are had at present.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Goes on with another limit. Nothing is sent for a window of it, since what was sent
    /// under the old one is not known to it.
    pub fn change(&mut self, now: Tick, limit: RateLimit, me: u64) {
        self.limit = limit;
        self.local = Gcra::new(limit.share(self.instances));
        self.local.hold_until(now + limit.window);
        self.lease = Lease::new(limit, me);
        self.lease.start_over(now + limit.window);
    }

    /// Whether a call may be sent now.
    ///
    /// # Errors
    /// When the next may be sent; none when that depends on the store.
    pub fn ready(&self, now: Tick) -> Result<(), Option<Tick>> {
        match self.mode {
            Mode::Shared => self.lease.ready(now).and_then(|()| self.share_ready(now)),
            Mode::Share | Mode::Alone if self.back || now >= self.until => Err(None),
            Mode::Local | Mode::Share | Mode::Alone => self.local_ready(now),
        }
    }

    fn local_ready(&self, now: Tick) -> Result<(), Option<Tick>> {
        let at = self.local.ready_at(0);
        if now >= at { Ok(()) } else { Err(Some(at)) }
    }

    /// Whether the share allows what a turn allows.
    fn share_ready(&self, now: Tick) -> Result<(), Option<Tick>> {
        if self.unproven == 0 { Ok(()) } else { self.local_ready(now) }
    }

    /// Takes a slot for sending at this instant; false when none is free.
    pub fn take(&mut self, now: Tick) -> bool {
        if self.ready(now).is_err() {
            return false;
        }
        if self.mode == Mode::Shared {
            if self.unproven > 0 {
                self.local.take(now);
            }
            return self.lease.take(now);
        }
        self.sent = Some(now);
        self.local.take(now)
    }

    /// When a call may be sent that has so many before it, by what is known, at the
    /// earliest.
    #[must_use]
    pub fn ready_at(&self, now: Tick, ahead: usize) -> Tick {
        let at = if self.mode == Mode::Shared {
            let turn = self.lease.ready_at(now, ahead);
            if self.unproven > 0 { turn.max(self.local.ready_at(ahead)) } else { turn }
        } else {
            self.local.ready_at(ahead)
        };
        at.max(now)
    }

    /// Whether another one made at `now` would do the same.
    #[must_use]
    pub fn is_idle(&self, now: Tick) -> bool {
        match self.mode {
            Mode::Local | Mode::Alone => self.local.is_idle(now),
            // What it held lapses, and the record is in the store.
            Mode::Shared => true,
            Mode::Share => false,
        }
    }

    /// The provider refuses requests until then: the other instances are to know.
    pub fn pause(&mut self, until: Tick) {
        self.lease.pause(until);
    }

    /// Whether the other instances do not know of a pause that they should know of.
    #[must_use]
    pub fn has_news(&self, now: Tick) -> bool {
        self.mode == Mode::Shared && self.lease.has_news(now)
    }

    /// A call that was told when to come again came so long after that time.
    pub fn woken(&mut self, late: Duration) {
        self.lease.woken(late);
    }

    /// What to ask of the store, when so many calls wait.
    pub fn ask(&mut self, now: Tick, waiting: usize, random: f64) -> Ask {
        let life = match self.mode {
            Mode::Local => return Ask::Nothing,
            Mode::Shared => return self.lease.ask(now, waiting, random),
            Mode::Share => SHARE,
            Mode::Alone => ALONE,
        };
        if waiting == 0 {
            return Ask::Nothing;
        }
        if self.back {
            return self.lease.hold(now, self.limit.window);
        }
        // Early enough that no call has to wait for the answer.
        let due = self.until - life / 2;
        if now < due && !self.is_unsure { Ask::Wait(due) } else { self.lease.probe(now) }
    }

    /// Takes the answer to the last question, which was put at `asked`.
    pub fn answered(&mut self, asked: Tick, now: Tick, answer: Result<Turns, Trouble>, random: f64) {
        let is_given = matches!(answer, Ok(turns) if turns.count > 0);
        let understood =
            answer.and_then(|turns| self.lease.reply(asked, now, &turns).map_err(|_| Trouble::Failed));
        let trouble = match understood {
            Ok(()) => return self.succeeded(asked, now, is_given),
            Err(trouble) => trouble,
        };
        match self.mode {
            Mode::Local => {}
            Mode::Share | Mode::Alone if self.back && trouble == Trouble::Failed => {
                let since = self.failing.map_or(asked, |(since, _)| since);
                self.failing = Some((since, now));
                self.lease.failed(now, random);
                if now.since(since) >= FAILING {
                    self.go_down(asked, now);
                }
            }
            Mode::Share => {
                let failing = self.fails_since(asked, now);
                self.lease.failed(now, random);
                self.is_unsure = trouble != Trouble::Unavailable;
                if !self.is_unsure || failing >= FAILING {
                    self.serve_until(asked + SHARE);
                }
            }
            Mode::Alone => self.serve_until(asked + ALONE),
            Mode::Shared
                if self.instances <= 1
                    && trouble == Trouble::Unavailable
                    && !self.heard
                    && self.failing.is_none() =>
            {
                self.mode = Mode::Alone;
                self.serve_until(asked + ALONE);
            }
            Mode::Shared => {
                let failing = self.fails_since(asked, now);
                self.lease.failed(now, random);
                if trouble == Trouble::Unavailable || failing >= FAILING {
                    self.go_down(asked, now);
                } else if failing >= DOUBTFUL || self.unproven > 0 {
                    self.doubt();
                }
            }
        }
    }

    /// From now on turns are used at the share's rate.
    fn doubt(&mut self) {
        if self.unproven == 0 {
            self.local = Gcra::new(self.limit.share(self.instances));
        }
        self.unproven = PROOFS;
    }

    /// The last question failed: for how long nothing has succeeded.
    fn fails_since(&mut self, asked: Tick, now: Tick) -> Duration {
        // What failed long ago says nothing of now.
        let lately = self.failing.filter(|(_, last)| asked.since(*last) < FAILING / 2);
        let since = lately.map_or(asked, |(since, _)| since);
        self.failing = Some((since, now));
        now.since(since)
    }

    fn succeeded(&mut self, asked: Tick, now: Tick, is_given: bool) {
        self.unproven = self.unproven.saturating_sub(u32::from(is_given));
        self.heard = true;
        self.failing = None;
        self.is_unsure = false;
        if !matches!(self.mode, Mode::Share | Mode::Alone) {
            return;
        }
        if self.back {
            self.back = false;
            self.mode = Mode::Shared;
            return self.lease.start_over(now);
        }
        self.back = self.sent.take().is_some_and(|sent| now.since(sent) < self.limit.window);
        if !self.back {
            self.mode = Mode::Shared;
            self.lease.start_over(asked + SHARE);
        }
    }

    /// The store is away, and the share serves until then.
    fn serve_until(&mut self, until: Tick) {
        self.back = false;
        self.until = until;
    }

    /// The last question was dropped: nobody knows what came of it.
    pub fn abandoned(&mut self, now: Tick) {
        if self.mode == Mode::Shared {
            self.lease.failed(now, 0.0);
        }
    }

    fn go_down(&mut self, asked: Tick, now: Tick) {
        self.mode = Mode::Share;
        self.unproven = 0;
        self.serve_until(asked + SHARE);
        self.lease.start_over(Tick::ZERO);
        self.local = Gcra::new(self.limit.share(self.instances));
        self.local.hold_until(now + TRUST + self.limit.window);
    }
}

#[cfg(test)]
mod tests;
