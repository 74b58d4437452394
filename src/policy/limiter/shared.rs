//! Slots of a limit that several instances share, without a common clock.
//!
//! The store holds one record for a group: up to which time slots belong to somebody. An
//! instance that has calls waiting reads it, plans a few slots after that time (a
//! *lease*), and replaces the record by compare-and-swap. What it then holds it uses at
//! the planned times, or not at all.
//!
//! # Why no window ever holds more than the limit
//!
//! Let `a` be the theoretical arrival time of the generic cell rate algorithm, as a point
//! in real time. No clock shows real time, so each instance keeps an upper bound of `a` on
//! its own monotonic clock. The bound is right by induction over the swaps that succeed:
//!
//! 1. A claim is planned at `p`, from a bound `k >= a`. With `start >= p`, its slots are
//!    `s[j] = max(start, base + j*T - (b-1)T)` with `base = max(k, start)`, and the new
//!    time is `base + n*T`. These are slots of the algorithm for a time that is not before
//!    `a`. If the swap succeeds, no other record was written since the one that `k` comes
//!    from, hence `a` was still the same. If it fails, nothing was claimed.
//! 2. The record names `p` and the new `a`, both on the writer's clock. Whoever sees it
//!    sees it after `p`, so that `now + (a - p)` is an upper bound on the clock of the one
//!    who sees. `clock_offsets.rs` keeps the best such bound for each writer.
//! 3. A bound that is too high delays; it never makes anything come earlier.
//!
//! A slot may be used up to [`Lease::lateness`] after its time, and the interval makes up
//! for that ([`RateLimit::interval_late`]). What is not used by then lapses.
//!
//! # How a record comes into being
//!
//! `swap` does not protect the creation of a key, so nobody creates with it. Exactly one
//! caller gets 1 from an increment of a second key, and that one stores the first record.
//! It says to wait for [`Lease::grace_period`] from its first sight on, even for its own
//! writer: until all that anybody may have claimed under a record that it replaced is over
//! by a full window. So it does no harm, however late it arrives and whatever it
//! overwrites; and the second key may expire soon, lest a creator that died block the
//! others.

mod clock_offsets;
mod question;
mod record;
mod slots;

pub use question::{Ask, Reply};

use super::gcra::RateLimit;
use crate::time::{Tick, share};
use clock_offsets::ClockOffsets;
use record::Record;
use slots::Slots;
use std::time::Duration;

/// Nothing is claimed while the slots of others reach further into the future than this:
/// a call that comes now waits for little more, whoever it belongs to.
pub const HORIZON: Duration = Duration::from_secs(1);

/// What one lease is worth. Small, since the slots of an instance that dies are lost;
/// not too small, since each change of hands costs a few milliseconds of the rate.
const LEASE: Duration = Duration::from_millis(250);

/// No lease has more slots: they are kept one by one.
const MOST_SLOTS: usize = 10_000;

/// How often the record is read by one who waits to claim. How well the writer's clock is
/// known depends on it.
const POLL: Duration = Duration::from_millis(20);
const MAX_POLL: Duration = Duration::from_secs(1);

/// How often it is read by one who has slots enough; less often while nobody else writes.
const WATCH: Duration = Duration::from_millis(60);
const LONE_WATCH: Duration = Duration::from_millis(240);

/// Nobody else writes, if nobody did for this long.
const LONE: Duration = Duration::from_secs(10);

/// The longest wait after a write that failed.
const AGAIN: Duration = Duration::from_millis(12);

/// How long the right to create a record lasts.
const CREATION: Duration = Duration::from_secs(2);

/// How long a record outlives its last slot. Long, since whoever finds none waits for
/// [`Lease::grace_period`].
const KEPT: Duration = Duration::from_secs(60 * 60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The record must be read.
    Read,
    /// It was read, or written by ourselves, and may be swapped.
    Claim,
    /// There was none.
    Absent,
    /// There was none, and it is ours to create until then.
    Create { until: Tick },
}

#[derive(Clone, Debug)]
struct Known {
    record: Vec<u8>,
    arrival: Tick,
}

/// A swap whose outcome is not known yet.
#[derive(Clone, Debug)]
struct Claim {
    record: Vec<u8>,
    arrival: Tick,
    slots: Vec<Tick>,
}

/// The part that one instance has of a shared limit.
#[derive(Clone, Debug)]
pub struct Lease {
    me: u64,
    limit: RateLimit,
    interval: Duration,
    tolerance: Duration,
    lateness: Duration,
    /// The most slots in a lease.
    most: usize,
    claims: u64,
    slots: Slots,
    step: Step,
    known: Option<Known>,
    pending: Option<Claim>,
    clock_offsets: ClockOffsets,
    /// Nothing is asked before this.
    again: Tick,
    /// When the store last answered.
    answered: Tick,
    /// When a record of somebody else was last seen.
    others: Option<Tick>,
    /// How long a swap takes, rather too long.
    swap_takes: Duration,
}

impl Lease {
    /// A part of which nothing is known yet. `me` is a random number.
    #[must_use]
    pub fn new(limit: RateLimit, me: u64) -> Lease {
        let lateness = lateness(limit.window);
        let interval = limit.interval_late(lateness);
        let worth = LEASE.as_nanos() / interval.as_nanos().max(1);
        let most = usize::try_from(worth).unwrap_or(usize::MAX).clamp(1, MOST_SLOTS);
        Lease {
            me,
            limit,
            interval,
            tolerance: interval.saturating_mul(limit.burst() - 1),
            lateness,
            most,
            claims: 0,
            slots: Slots::new(lateness, most),
            step: Step::Read,
            known: None,
            pending: None,
            clock_offsets: ClockOffsets::default(),
            again: Tick::ZERO,
            answered: Tick::ZERO,
            others: None,
            swap_takes: Duration::ZERO,
        }
    }

    /// The limit that it keeps.
    #[must_use]
    pub fn limit(&self) -> &RateLimit {
        &self.limit
    }

    /// How long after its time a slot may be used: enough for a timer that is late, and
    /// about half a percent of the rate.
    #[must_use]
    pub fn lateness(&self) -> Duration {
        self.lateness
    }

    /// How far into the future any instance may hold slots.
    #[must_use]
    pub fn reach(&self) -> Duration {
        let most = u32::try_from(self.most).unwrap_or(u32::MAX);
        HORIZON + self.interval.saturating_mul(most - 1) + self.lateness
    }

    /// How long after the first sight of a new plan nothing is sent.
    #[must_use]
    pub fn grace_period(&self) -> Duration {
        self.reach() + self.limit.window
    }

    /// Drops all slots and forgets the record; asks nothing before `until`.
    pub fn start_over(&mut self, until: Tick) {
        self.slots.clear();
        self.known = None;
        self.pending = None;
        self.step = Step::Read;
        self.again = until;
    }

    /// Whether a slot may be used now, or when the next may; none when there is none.
    ///
    /// # Errors
    /// The time of the next slot, if there is one.
    pub fn ready(&self, now: Tick) -> Result<(), Option<Tick>> {
        match self.slots.usable(now).next() {
            Some(slot) if slot <= now => Ok(()),
            next => Err(next),
        }
    }

    /// Uses a slot for sending at this instant; false when none is at hand.
    pub fn take(&mut self, now: Tick) -> bool {
        self.slots.take(now)
    }

    /// When a call may be sent that has so many before it, at the earliest.
    #[must_use]
    pub fn ready_at(&self, now: Tick, ahead: usize) -> Tick {
        if let Some(slot) = self.slots.usable(now).nth(ahead) {
            return slot;
        }
        let Some(known) = &self.known else { return self.again };
        let ahead = u32::try_from(ahead - self.slots.usable(now).count()).unwrap_or(u32::MAX);
        let next = known.arrival + self.interval.saturating_mul(ahead) - self.tolerance;
        next.max(self.again)
    }

    /// What to ask, when so many calls wait.
    pub fn ask(&mut self, now: Tick, waiting: usize, random: f64) -> Ask {
        self.slots.lapse(now);
        if waiting == 0 {
            return Ask::Nothing;
        }
        let wanted = waiting.saturating_sub(self.slots.len());
        if let Some(lapse) = self.slots.first_lapses()
            && (wanted == 0 || self.slots.len() > self.most / 2)
        {
            // Enough, unless the first lapses. Meanwhile it watches what others write: a
            // writer whose clock is not known costs as much as its record is old by then.
            let watch = self.watch_at(random);
            return if now < watch { Ask::Wait(lapse.min(watch)) } else { Ask::Get };
        }
        if now < self.again {
            return Ask::Wait(self.again);
        }
        match (self.step, &self.known) {
            (Step::Absent, _) => Ask::Count { ttl: CREATION },
            (Step::Create { until }, _) if now < until => {
                let (nonce, pause) = (self.me.wrapping_add(random.to_bits()), self.grace_period());
                let record = Record::Birth { nonce, pause };
                Ask::Set { value: record.encode(), ttl: KEPT.saturating_add(pause) }
            }
            (Step::Claim, Some(known)) => {
                let open = known.arrival - self.tolerance - HORIZON;
                if now >= open {
                    return self.plan(now, wanted);
                }
                self.step = Step::Read;
                self.again = (now + self.poll(random)).min(open);
                Ask::Wait(self.again)
            }
            _ => Ask::Get,
        }
    }

    /// Takes what the store said to the last question, which was put at `asked`.
    pub fn reply(&mut self, asked: Tick, now: Tick, reply: Reply, random: f64) {
        self.answered = now;
        match reply {
            Reply::Got(None) => {
                self.known = None;
                self.step = Step::Absent;
            }
            Reply::Got(Some(record)) => self.see(now, record),
            Reply::Swapped(done) => {
                self.swap_takes = now.since(asked).max(self.swap_takes * 7 / 8).min(HORIZON);
                match self.pending.take() {
                    Some(claim) if done => self.won(claim),
                    _ => self.read_again(now, random),
                }
            }
            Reply::Counted(1) => self.step = Step::Create { until: asked + CREATION / 2 },
            Reply::Counted(_) => {
                // Somebody else creates it.
                self.step = Step::Read;
                self.again = now + self.poll(random);
            }
            Reply::Stored => self.step = Step::Read,
            Reply::Failed => match self.step {
                Step::Create { .. } | Step::Absent => self.again = now + share(AGAIN, random),
                Step::Read | Step::Claim => self.read_again(now, random),
            },
        }
    }

    fn plan(&mut self, now: Tick, wanted: usize) -> Ask {
        let Some(known) = &self.known else { return Ask::Get };
        let slots = wanted.min(self.slots.next_size());
        // By the time that the swap is done the first slot must not have lapsed.
        let start = now + self.swap_takes.saturating_sub(self.lateness / 2);
        let mut arrival = known.arrival.max(start);
        let mut planned = Vec::with_capacity(slots);
        for _ in 0..slots {
            planned.push(start.max(arrival - self.tolerance));
            arrival += self.interval;
        }
        self.claims += 1;
        let record = Record::Claim { writer: self.me, number: self.claims, planned: now, arrival }.encode();
        let expected = known.record.clone();
        self.pending = Some(Claim { record: record.clone(), arrival, slots: planned });
        Ask::Swap { expected, value: record, ttl: KEPT.saturating_add(now.until(arrival) * 2) }
    }

    fn see(&mut self, now: Tick, record: Vec<u8>) {
        self.step = Step::Claim;
        if self.known.as_ref().is_some_and(|known| known.record == record) {
            return;
        }
        if let Some(claim) = self.pending.take_if(|claim| claim.record == record) {
            // The answer to the swap was lost, but it was done.
            return self.won(claim);
        }
        self.others = Some(now);
        let arrival = match Record::decode(&record) {
            Some(Record::Claim { writer, planned, arrival, .. }) => {
                let latest = planned + self.longest();
                self.clock_offsets.place(writer, planned, arrival.min(latest), now)
            }
            Some(Record::Birth { pause, .. }) => now + pause.min(self.longest()) + self.tolerance,
            // Who knows what it means: as if it began now.
            None => now + self.grace_period() + self.tolerance,
        };
        self.known = Some(Known { record, arrival });
    }

    fn won(&mut self, claim: Claim) {
        self.slots.add(claim.slots);
        self.known = Some(Known { record: claim.record, arrival: claim.arrival });
        self.step = Step::Claim;
    }

    fn read_again(&mut self, now: Tick, random: f64) {
        self.step = Step::Read;
        self.again = now + share(AGAIN, random);
    }

    /// The longest that a record of the same limit can tell to wait; a record that tells
    /// more is broken, or from a time when the limit was another.
    fn longest(&self) -> Duration {
        self.grace_period() + self.limit.window + LEASE + self.tolerance
    }

    /// Between polls: longer when a slot is worth more.
    fn poll(&self, random: f64) -> Duration {
        let most = u32::try_from(self.most).unwrap_or(u32::MAX);
        let poll = (self.interval.saturating_mul(most) / 10).clamp(POLL, MAX_POLL);
        // So that instances do not march in step.
        poll * 3 / 4 + share(poll / 2, random)
    }

    /// When to look at the record although there are slots enough. At odd times, so as
    /// not to see each record of another instance at the same age.
    fn watch_at(&self, random: f64) -> Tick {
        let lone = self.others.is_none_or(|seen| self.answered.since(seen) >= LONE);
        let watch = if lone { LONE_WATCH } else { WATCH };
        self.answered + watch / 3 + share(watch * 2 / 3, random)
    }
}

fn lateness(window: Duration) -> Duration {
    (window / 200).clamp(Duration::from_millis(2), Duration::from_millis(100))
}

#[cfg(test)]
mod tests;
