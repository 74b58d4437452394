//! Turns of a limit that several instances share, as one of them has them.
//!
//! The store keeps one plan for a group ([`penstock_state::turns`]) on its own clock: an
//! instance that has calls waiting asks for as many turns, and gets the next ones. What it is
//! given it uses in time, or not at all.
//!
//! # Why no window ever holds more than the limit
//!
//! Turns are slots `s` of the generic cell rate algorithm, in the store's time. Where that
//! lies on the instance's own clock is known within bounds ([`store_clock`]): a slot is used
//! at the latest point of them or later, and no later than a *lateness* `L` after the earliest.
//! So each slot is used within `L` after its time, and the interval makes up for that
//! ([`RateLimit::interval_late`]). An instance that knows the store's clock badly needs a
//! longer lateness: its own slots lie further apart, and the difference is left free after
//! them. A slot that is not used by then lapses. The same serves an instance whose calls are woken
//! late, since its host has too much to do: it would find each of its slots lapsed.
//!
//! # A store that forgets
//!
//! An instance that has slots asks at least every [`WATCH`] whether the plan that they come
//! from still stands, and uses none of them longer than [`TRUST`] after it was last told so. A
//! plan that is begun anew gives no turn for a moment ([`penstock_state::redis::GRACE`]).

mod slots;
mod spare;
mod store_clock;

use super::gcra::RateLimit;
use crate::time::{Tick, share};
use penstock_state::{TurnRequest, Turns};
use slots::{Slot, Slots};
use spare::Spare;
use std::time::Duration;
use store_clock::StoreClock;

/// Nothing is given that comes later than this. Long, so that calls go in the order in which
/// they came, whatever instance they came to; not longer, since the turns of an instance that
/// dies are lost.
pub const HORIZON: Duration = Duration::from_secs(5);

/// What an instance holds is void unless the plan was seen within this time.
pub const TRUST: Duration = Duration::from_millis(250);

/// The same while questions fail: a plan that is begun anew gives turns from then on, and nobody could say so.
const DOUBT: Duration = Duration::from_micros(penstock_state::redis::GRACE);

/// How often the plan is looked at by one who has slots enough.
const WATCH: Duration = Duration::from_millis(40);

/// No instance holds more slots: they are kept one by one.
const MOST_SLOTS: u128 = 10_000;

/// The longest wait after a request that failed.
const AGAIN: Duration = Duration::from_millis(12);

/// The least wait after a request that was given less than it wanted.
const PAUSE: Duration = Duration::from_millis(1);

/// Nobody takes less than turns of so long, if so many wait: one at a time, as the horizon moves
/// on, would cost the store a request for each turn, and the plan a gap.
const BATCH: Duration = Duration::from_millis(100);

/// Turns that may be used later than this cost a share of the rate that is better lost to a host so busy.
const MOST_WOKEN: Duration = Duration::from_millis(100);

/// How many gaps long calls may gather before turns are asked for again, while the plan reaches further than that.
const MOST_COLLECTED: u32 = 8;

/// The least that is written, in microseconds: it holds nobody back.
const PROBE: u64 = 1;

/// What to ask of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Nothing, as things stand.
    Nothing,
    /// Nothing before this time.
    Wait(Tick),
    /// For turns.
    Turns(TurnRequest),
}

/// The store's answer cannot be right: nothing of it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absurd;

/// The part that one instance has of a shared limit.
#[derive(Clone, Debug)]
pub struct Lease {
    me: u64,
    number: u64,
    limit: RateLimit,
    lateness: Duration,
    slots: Slots,
    spare: Spare,
    clock: StoreClock,
    /// The plan that the slots come from.
    since: Option<u64>,
    /// What was asked and is not known to be answered, and whether it was asked before.
    pending: Option<TurnRequest>,
    repeated: bool,
    /// When the next turn would come that nobody has, at the earliest.
    next: Tick,
    /// Nothing is asked before this.
    again: Tick,
    /// No turns are asked for before this, so that several share one gap.
    collects: Tick,
    /// When the last request that was answered was made.
    confirmed: Option<Tick>,
    /// Whether one has failed since then.
    doubts: bool,
    /// How long a request takes, rather too long.
    takes: Duration,
    /// How late a call is woken, rather too late.
    woken: Duration,
    /// Until when the provider refuses requests, as long as the store does not know.
    pause: Tick,
}

impl Lease {
    /// A part of which nothing is known yet. `me` is a random number.
    #[must_use]
    pub fn new(limit: RateLimit, me: u64) -> Lease {
        let lateness = lateness(limit.window);
        let interval = limit.interval_late(lateness).as_nanos().max(1);
        let (most, spare) = (HORIZON.as_nanos() / interval, lateness.as_nanos() / 2 / interval);
        let most = usize::try_from(most.clamp(1, MOST_SLOTS)).unwrap_or(1);
        Lease {
            me,
            number: 0,
            limit,
            lateness,
            slots: Slots::new(most),
            spare: Spare::new(usize::try_from(spare).unwrap_or(usize::MAX)),
            clock: StoreClock::default(),
            since: None,
            pending: None,
            repeated: false,
            next: Tick::ZERO,
            again: Tick::ZERO,
            collects: Tick::ZERO,
            confirmed: None,
            doubts: false,
            takes: Duration::ZERO,
            woken: Duration::ZERO,
            pause: Tick::ZERO,
        }
    }

    /// The limit that it keeps.
    #[must_use]
    pub fn limit(&self) -> &RateLimit {
        &self.limit
    }

    /// How long after its time a slot may be used: enough for a timer that is late, and
    /// less than a percent of the rate.
    #[must_use]
    pub fn lateness(&self) -> Duration {
        self.lateness
    }

    /// Drops all slots and what it knows of the plan; asks nothing before `until`.
    pub fn start_over(&mut self, until: Tick) {
        self.slots.clear();
        self.pending = None;
        self.confirmed = None;
        self.collects = Tick::ZERO;
        self.next = until;
        self.again = until;
    }

    /// The provider refuses requests until then: everybody is to know.
    pub fn pause(&mut self, until: Tick) {
        self.pause = self.pause.max(until);
    }

    /// Whether the store does not yet know of a pause.
    #[must_use]
    pub fn has_news(&self, now: Tick) -> bool {
        self.pause > now
    }

    /// Whether a slot may be used now, or when the next may; none when there is none.
    ///
    /// # Errors
    /// The time of the next slot, if there is one.
    pub fn ready(&self, now: Tick) -> Result<(), Option<Tick>> {
        match self.slots.usable(now).next() {
            Some(slot) if !self.trusts(now) => Err(Some(slot).filter(|slot| *slot > now)),
            Some(slot) if slot <= now => Ok(()),
            next => Err(next),
        }
    }

    /// Uses a slot for sending at this instant; false when none is at hand.
    pub fn take(&mut self, now: Tick) -> bool {
        self.trusts(now) && self.slots.take(now)
    }

    /// When a call may be sent that has so many before it, at the earliest.
    #[must_use]
    pub fn ready_at(&self, now: Tick, ahead: usize) -> Tick {
        let held = self.slots.usable(now).count();
        if let Some(slot) = self.slots.usable(now).nth(ahead) {
            return slot;
        }
        let ahead = u32::try_from(ahead.saturating_sub(held)).unwrap_or(u32::MAX);
        self.next + self.interval().saturating_mul(ahead)
    }

    /// A call that was to wait for a slot came so long after that time.
    pub fn woken(&mut self, late: Duration) {
        self.woken = late.min(MOST_WOKEN).max(self.woken * 7 / 8);
    }

    /// What to ask, when so many calls wait.
    pub fn ask(&mut self, now: Tick, waiting: usize, random: f64) -> Ask {
        self.slots.lapse(now);
        if waiting == 0 {
            return Ask::Nothing;
        }
        if now < self.again {
            return Ask::Wait(self.again);
        }
        if let Some(request) = self.pending.filter(|request| request.wanted > 0) {
            // Nobody knows whether it was done: the same once more.
            self.repeated = true;
            return Ask::Turns(request);
        }
        if self.has_news(now) {
            let pause = micros(now.until(self.pause));
            return self.request(TurnRequest { pause, ..TurnRequest::default() });
        }
        // Turns of a clock that is not known may be over before it is sure that they have begun.
        let most = if self.clock.is_known() { self.slots.most_held() } else { 1 };
        let held = self.slots.len();
        let needed = waiting.min(most).saturating_sub(held);
        if needed == 0 || now < self.collects {
            return self.watch(now, if needed == 0 { Tick::MAX } else { self.collects }, random);
        }
        self.spare.learn(self.slots.lapsed_lately());
        let wanted = (waiting + self.spare.size()).min(most).saturating_sub(held);
        let least = self.batch(u32::try_from(needed).unwrap_or(u32::MAX));
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
        self.request(TurnRequest { wanted, least, ..TurnRequest::default() })
    }

    /// Looks at the plan.
    pub fn look(&mut self) -> Ask {
        self.request(TurnRequest::default())
    }

    /// Asks for nothing, by a question that the store has to write for: one that only answers is of no
    /// use.
    pub fn probe(&mut self, now: Tick) -> Ask {
        if now < self.again {
            return Ask::Wait(self.again);
        }
        self.request(TurnRequest { pause: PROBE, ..TurnRequest::default() })
    }

    /// Asks to hold everybody back for so long, and for nothing else.
    pub fn hold(&mut self, now: Tick, time: Duration) -> Ask {
        if now < self.again {
            return Ask::Wait(self.again);
        }
        self.request(TurnRequest { pause: micros(time), ..TurnRequest::default() })
    }

    /// Takes the answer to the last request, which was made at `asked`.
    ///
    /// # Errors
    /// [`Absurd`] if the store cannot have meant it. The request counts as not answered.
    pub fn reply(&mut self, asked: Tick, now: Tick, turns: &Turns) -> Result<(), Absurd> {
        let Some(request) = self.pending else { return Ok(()) };
        if !turns.answers(&request) {
            return Err(Absurd);
        }
        self.pending = None;
        self.takes = now.since(asked).max(self.takes * 7 / 8).min(HORIZON);
        self.confirmed = Some(asked);
        self.doubts = false;
        let is_same_plan = self.since.replace(turns.since) == Some(turns.since);
        if !self.clock.learn(asked, now, turns.now) || !is_same_plan {
            self.slots.clear();
        }
        if request.pause > PROBE {
            self.pause = Tick::ZERO;
        }
        self.slots.close(self.clock.latest(turns.closed));
        self.slots.add(self.given(&request, turns));
        let interval = micros(self.interval());
        let end = turns.arrival.saturating_add(interval.saturating_mul(turns.count.into()));
        self.next = self.clock.earliest(end.saturating_sub(request.tolerance).max(turns.closed));
        if self.next > now + self.lateness / 2 {
            self.spare.none();
        }
        if turns.count > 0 {
            let gap = Duration::from_micros(request.gap);
            self.collects = now + (gap * MOST_COLLECTED).min(now.until(self.next) / 2);
        }
        if turns.count < request.wanted {
            let batch = self.batch(request.wanted - turns.count);
            let free = self.next + self.interval().saturating_mul(batch - 1) - HORIZON;
            self.again = free.max(now + PAUSE);
        }
        Ok(())
    }

    /// The last request failed, or nobody knows.
    pub fn failed(&mut self, now: Tick, random: f64) {
        self.again = now + share(AGAIN, random);
        self.doubts = true;
    }

    fn request(&mut self, request: TurnRequest) -> Ask {
        self.number += 1;
        let late = self.late();
        let request = TurnRequest {
            owner: self.me,
            number: self.number,
            interval: micros(self.limit.interval_late(late)),
            tolerance: micros(self.limit.interval_late(late))
                .saturating_mul(u64::from(self.limit.burst()) - 1),
            horizon: micros(HORIZON),
            // When the answer is there the first slot must not have lapsed.
            lead: micros(self.takes.saturating_sub(self.lateness / 2)),
            gap: micros(late.saturating_sub(self.lateness)),
            ..request
        };
        self.pending = Some(request);
        self.repeated = false;
        Ask::Turns(request)
    }

    /// Enough slots until then, unless the first lapses; but does the plan still stand?
    fn watch(&mut self, now: Tick, until: Tick, random: f64) -> Ask {
        let watch = WATCH / 2 + share(WATCH / 2, random);
        match self.confirmed.map(|confirmed| confirmed + watch) {
            Some(due) if now < due => {
                let lapses = self.slots.first_lapses().unwrap_or(Tick::MAX);
                Ask::Wait(lapses.min(until).min(due))
            }
            _ => self.look(),
        }
    }

    /// The slots that were given, on our clock.
    fn given(&self, request: &TurnRequest, turns: &Turns) -> Vec<Slot> {
        // A request that was made again may have been answered long ago: what is over by now
        // lapses.
        let start = if self.repeated { 0 } else { turns.now.saturating_add(request.lead) }.max(turns.closed);
        let late = self.lateness + Duration::from_micros(request.gap);
        let arrivals = (0..u64::from(turns.count))
            .map(|turn| turns.arrival.saturating_add(request.interval.saturating_mul(turn)));
        // Those that were given before a pause was told are void.
        let slots = arrivals.filter(|arrival| *arrival >= turns.closed).map(|arrival| {
            let time = arrival.saturating_sub(request.tolerance).max(start);
            Slot { from: self.clock.latest(time), until: self.clock.earliest(time) + late }
        });
        slots.filter(|slot| slot.from <= slot.until).collect()
    }

    /// How late a slot may be used, so that it can be used at all: a quarter of the lateness is
    /// for timers, or as much as they were late.
    fn late(&self) -> Duration {
        self.lateness.max(self.clock.uncertainty() + self.woken.max(self.lateness / 4))
    }

    fn interval(&self) -> Duration {
        self.limit.interval_late(self.lateness)
    }

    fn batch(&self, wanted: u32) -> u32 {
        let batch = BATCH.as_nanos() / self.interval().as_nanos().max(1);
        u32::try_from(batch).unwrap_or(u32::MAX).min(wanted).max(1)
    }

    fn trusts(&self, now: Tick) -> bool {
        let time = if self.doubts { DOUBT } else { TRUST };
        self.confirmed.is_some_and(|confirmed| now.since(confirmed) <= time)
    }
}

fn lateness(window: Duration) -> Duration {
    (window / 125).clamp(Duration::from_millis(2), Duration::from_millis(100))
}

/// Rounded up: an interval must not become shorter.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
