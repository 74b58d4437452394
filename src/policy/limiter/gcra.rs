//! A limit, and a pace that keeps it: the generic cell rate algorithm (ITU-T I.371) with
//! one number as its state.

use crate::time::Tick;
use std::time::Duration;

/// The largest burst that is chosen when none is named, for a pace that a host's timers can keep.
const MAX_DEFAULT_BURST: u32 = 4;

/// So late a host may wake whoever waits for a slot: Tokio's timers count whole milliseconds. Where
/// more slots than a burst become free meanwhile, the rest would be lost.
const TIMER: Duration = Duration::from_millis(4);

/// One more in a burst for each so many in a window, so that bursts cost at most a
/// sixtieth of the rate (see [`RateLimit::interval`]).
const COUNT_PER_BURST: u32 = 60;

/// At most `count` requests in any window of this length, wherever it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests in a window. 0 counts as 1: a limiter cannot forbid.
    pub count: u32,
    /// The window. Half-open: a request at its very end belongs to the next.
    pub window: Duration,
    /// How many may go at once after a pause. Kept between 1 and `count`. Each one above
    /// the first lowers the rate that can be kept up by one in a window.
    pub burst: u32,
}

impl RateLimit {
    /// A limit with the default burst: 1, and one more for each 60 of the count, up to 4, or up to
    /// what becomes free in 4 ms. It keeps 98 % of the limit usable; a burst of 4 for a limit of 4
    /// would keep 25 %.
    #[must_use]
    pub fn new(count: u32, window: Duration) -> RateLimit {
        RateLimit { count, window, burst: default_burst(count, window) }
    }

    /// The time from one slot to the next.
    ///
    /// With slots `s`, theoretical arrival times `a` and the burst `b`, the algorithm
    /// keeps `a[i+1] >= a[i] + T`, `a[i] >= s[i]` and `s[i] >= a[i] - (b-1)T`. Hence
    /// `s[i+count] >= a[i] + count*T - (b-1)T >= s[i] + (count-b+1)T`. With
    /// `T = window / (count-b+1)`, any `count + 1` slots span at least a window, and so no
    /// half-open window holds more than `count`. Rounded up to a nanosecond.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval_within(self.window)
    }

    /// The same when a slot may be used late by `lateness`: the first of `count + 1` slots
    /// at its latest, the last on time. So they must span a window and that.
    #[must_use]
    pub fn interval_late(&self, lateness: Duration) -> Duration {
        self.interval_within(self.window.saturating_add(lateness))
    }

    fn interval_within(&self, window: Duration) -> Duration {
        let steps = self.count.max(1) - self.burst() + 1;
        let nanos = window.as_nanos().div_ceil(u128::from(steps));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Whether it lets through less than another one.
    #[must_use]
    pub fn is_below(&self, other: &RateLimit) -> bool {
        let sent = |count: u32, window: Duration| u128::from(count.max(1)).saturating_mul(window.as_nanos());
        let (ours, theirs) = (sent(self.count, other.window), sent(other.count, self.window));
        (ours, self.burst()) < (theirs, other.burst())
    }

    /// The burst, within its bounds.
    #[must_use]
    pub fn burst(&self) -> u32 {
        self.burst.clamp(1, self.count.max(1))
    }

    /// How far the theoretical arrival time may lie ahead of a slot.
    #[must_use]
    pub fn tolerance(&self) -> Duration {
        self.interval().saturating_mul(self.burst() - 1)
    }

    /// Requests a second, at most.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        f64::from(self.count.max(1)) / self.window.as_secs_f64().max(1e-9)
    }

    /// What one of `instances` may use when they cannot agree: the count split, rounded
    /// down; if that is less than one, one in a window that is as many times longer.
    ///
    /// The first holds in every window in sum. The second holds on average: nothing keeps
    /// instances that do not talk to each other from sending in the same window.
    #[must_use]
    pub fn share(&self, instances: u32) -> RateLimit {
        let instances = instances.max(1);
        let count = self.count.max(1);
        if instances <= count {
            let count = count / instances;
            let burst = if instances == 1 {
                self.burst()
            } else {
                self.burst().min(default_burst(count, self.window))
            };
            return RateLimit { count, window: self.window, burst };
        }
        let longer = instances.div_ceil(count);
        RateLimit { count: 1, window: self.window.saturating_mul(longer), burst: 1 }
    }
}

fn default_burst(count: u32, window: Duration) -> u32 {
    let meanwhile = u128::from(count).saturating_mul(TIMER.as_nanos()) / window.as_nanos().max(1);
    let most = MAX_DEFAULT_BURST.max(u32::try_from(meanwhile).unwrap_or(u32::MAX));
    (1 + count / COUNT_PER_BURST).min(most)
}

/// The pace of one instance.
#[derive(Clone, Debug)]
pub struct Gcra {
    limit: RateLimit,
    interval: Duration,
    tolerance: Duration,
    /// The theoretical arrival time of the next request.
    arrival: Tick,
}

impl Gcra {
    /// A pace that nothing has used yet.
    #[must_use]
    pub fn new(limit: RateLimit) -> Gcra {
        Gcra { limit, interval: limit.interval(), tolerance: limit.tolerance(), arrival: Tick::ZERO }
    }

    /// The limit that it keeps.
    #[must_use]
    pub fn limit(&self) -> &RateLimit {
        &self.limit
    }

    /// When a slot is free after `ahead` others were taken.
    #[must_use]
    pub fn ready_at(&self, ahead: usize) -> Tick {
        let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
        self.arrival + self.interval.saturating_mul(ahead) - self.tolerance
    }

    /// Takes a slot for sending at this instant; false when none is free.
    pub fn take(&mut self, now: Tick) -> bool {
        if now < self.ready_at(0) {
            return false;
        }
        self.arrival = self.arrival.max(now) + self.interval;
        true
    }

    /// How many slots are free now.
    #[must_use]
    pub fn free(&self, now: Tick) -> u32 {
        let Some(room) = self.tolerance.checked_sub(now.until(self.arrival)) else { return 0 };
        let further = room.as_nanos() / self.interval.as_nanos().max(1);
        u32::try_from(further + 1).unwrap_or(u32::MAX).min(self.limit.burst())
    }

    /// When all of a burst are free, if none is taken until then.
    #[must_use]
    pub fn idle_at(&self) -> Tick {
        self.arrival
    }

    /// Whether it would do the same if it had never been used.
    #[must_use]
    pub fn is_idle(&self, now: Tick) -> bool {
        self.arrival <= now
    }

    /// Gives out nothing before `until`.
    pub fn hold_until(&mut self, until: Tick) {
        self.arrival = self.arrival.max(until + self.tolerance);
    }
}

#[cfg(test)]
mod tests;
