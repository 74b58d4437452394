//! Turns of a rate limit that several instances share.
//!
//! The store keeps one *plan* for a limit group: the theoretical arrival time of the generic
//! cell rate algorithm, on the store's own clock. Whoever has calls waiting asks for so many
//! turns, and gets the next ones. So calls go in the order in which the store was asked, and
//! nobody has to be asked twice.
//!
//! All times are microseconds of the store's clock, all lengths microseconds: a script in Lua
//! counts exactly up to 2^53.

use std::fmt;

/// What an instance asks of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TurnRequest {
    /// Who asks: a random number.
    pub owner: u64,
    /// Counts this owner's requests. The same number again is the same request: it was not
    /// known what had come of it.
    pub number: u64,
    /// From one turn to the next. 0 counts as 1.
    pub interval: u64,
    /// How far turns may come ahead of their arrival time: the burst.
    pub tolerance: u64,
    /// No turn is given that comes later than so long from now.
    pub horizon: u64,
    /// How many turns are wanted. With 0, the plan is only looked at.
    pub wanted: u32,
    /// If fewer than these can be given, none are.
    pub least: u32,
    /// None of them comes earlier than so long from now.
    pub lead: u64,
    /// What is left free after the last of them, for one who knows the store's clock badly.
    pub gap: u64,
    /// Nobody is given a turn that comes earlier than so long from now, and turns that were
    /// given are void until then: the provider refuses requests.
    pub pause: u64,
}

/// What the store gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    /// The store's clock when it answered.
    pub now: u64,
    /// The theoretical arrival time of the first turn; if none is given, of the next that will be.
    pub arrival: u64,
    /// How many were given.
    pub count: u32,
    /// Turns before this are void.
    pub closed: u64,
    /// When the plan was begun. Another number than before means that the store has lost what
    /// it had given.
    pub since: u64,
}

/// A script in Lua counts exactly up to here: no store has a later time.
const LAST: u64 = 1 << 53;

/// Nobody is held back for longer, in microseconds: no provider's word counts for more than a day.
const MOST_PAUSE: u64 = 24 * 60 * 60 * 1_000_000;

impl Turns {
    /// Whether a store can have meant this, in answer to a request.
    #[must_use]
    pub fn answers(&self, request: &TurnRequest) -> bool {
        // None is given that comes after a pause beyond the horizon.
        let paused = if self.count == 0 { self.closed } else { 0 };
        self.now <= LAST
            && self.closed <= self.now.saturating_add(MOST_PAUSE).saturating_add(EXCESS)
            && self.count <= request.wanted
            && self.arrival <= request.latest(self.now).max(paused)
    }
}

/// A plan, as it is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    since: u64,
    arrival: u64,
    closed: u64,
    owner: u64,
    number: u64,
    /// What the last request that was given turns got.
    given: Given,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Given {
    arrival: u64,
    count: u32,
}

/// How long a plan is kept after its last turn, in milliseconds: an hour. What was sent longer
/// ago counts in no window of a vendor's limit.
pub const KEPT_MS: u64 = 60 * 60 * 1000;

/// How far from now a plan may reach beyond what a request's horizon explains. One that reaches
/// further is from a time when the store's clock was ahead.
pub const EXCESS: u64 = 1_000_000;

impl Plan {
    /// Answers a request at `now`. Returns the plan as it is to be stored, or none if it stays
    /// as it is.
    ///
    /// Without a plan, one is begun, whose first turn comes `grace` from now: for a store that
    /// may have lost an older one.
    #[must_use]
    pub fn ask(plan: Option<Plan>, now: u64, request: &TurnRequest, grace: u64) -> (Turns, Option<Plan>) {
        let kept = plan.filter(|plan| plan.arrival <= request.latest(now));
        let mut next = kept.unwrap_or(Plan {
            since: now,
            arrival: now.saturating_add(grace),
            // Whatever else is wrong with it, what a provider refuses it refuses.
            closed: plan.map_or(0, |plan| plan.closed),
            ..Plan::default()
        });
        let mut given = Given { arrival: next.arrival.max(next.closed), count: 0 };
        if request.wanted > 0 && (next.owner, next.number) == (request.owner, request.number) {
            given = next.given;
        } else {
            if request.pause > 0 {
                next.closed = next.closed.max(now.saturating_add(request.pause));
            }
            if request.wanted > 0 {
                given = next.give(now, request);
            }
        }
        let turns =
            Turns { now, arrival: given.arrival, count: given.count, closed: next.closed, since: next.since };
        (turns, (kept != Some(next)).then_some(next))
    }

    fn give(&mut self, now: u64, request: &TurnRequest) -> Given {
        let interval = request.interval.max(1);
        let start = now.saturating_add(request.lead).max(self.closed);
        let arrival = self.arrival.max(start);
        let last = now.saturating_add(request.horizon);
        let room = match last.saturating_add(request.tolerance).checked_sub(arrival) {
            Some(room) if start <= last => room / interval + 1,
            _ => 0,
        };
        let room = u32::try_from(room).unwrap_or(u32::MAX);
        let count = if room < request.least { 0 } else { room.min(request.wanted) };
        let given = Given { arrival, count };
        if count > 0 {
            let end = arrival.saturating_add(interval.saturating_mul(u64::from(count)));
            self.arrival = end.saturating_add(request.gap);
            (self.owner, self.number, self.given) = (request.owner, request.number, given);
        }
        given
    }

    /// For how long it is to be kept, in milliseconds.
    #[must_use]
    pub fn ttl_ms(&self, now: u64) -> u64 {
        self.arrival.max(self.closed).saturating_sub(now).div_ceil(1_000).saturating_add(KEPT_MS)
    }

    /// Reads what [`Plan`] prints; none for anything else.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Plan> {
        let mut words = std::str::from_utf8(text).ok()?.split(' ');
        let mut number = || {
            let word = words.next()?;
            word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse::<u64>().ok())?
        };
        let plan = Plan {
            since: number()?,
            arrival: number()?,
            closed: number()?,
            owner: number()?,
            number: number()?,
            given: Given { arrival: number()?, count: u32::try_from(number()?).ok()? },
        };
        words.next().is_none().then_some(plan)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { since, arrival, closed, owner, number, given } = self;
        write!(f, "{since} {arrival} {closed} {owner} {number} {} {}", given.arrival, given.count)
    }
}

impl TurnRequest {
    /// The latest arrival time that a plan of this limit can have.
    #[must_use]
    pub fn latest(&self, now: u64) -> u64 {
        let own = self.horizon.saturating_add(self.tolerance).saturating_add(self.interval);
        now.saturating_add(own).saturating_add(self.gap).saturating_add(EXCESS)
    }
}

#[cfg(test)]
mod tests;
