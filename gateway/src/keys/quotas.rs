//! Counts the calls of keys against their rates.
//!
//! Through the store that instances share, if there is one: then the rates hold for all of them
//! together. While the store cannot be asked, and for a while after, each instance counts by itself.
//! Nobody waits: what is too much is refused. A request that is refused by one rate may have counted
//! in a shorter one.

use super::{Counted, Key, Rate, Standing};
use penstock::{
    host::{Host, timeout},
    policy::{limiter::gcra::Gcra, time::Tick},
    state::{TurnRequest, Turns, names},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

/// The most rates that are remembered. Beyond that, those that nobody uses are forgotten.
const MANY: usize = 4096;

/// How long the store may take to say whose turn it is.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long the store is left alone after it could not be asked.
const REST: Duration = Duration::from_secs(5);

/// A turn that comes so soon is taken for now, in microseconds: a store that may have lost an older
/// plan begins a new one that much later (see `penstock::state`).
const SOON: u64 = 50_000;

/// A rate is used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overrun {
    /// How the key stands with that rate.
    pub standing: Standing,
    /// How long until one more may go.
    pub wait: Duration,
}

/// One rate of one key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    key: String,
    operation: Option<&'static str>,
    rate: Rate,
}

#[derive(Debug)]
struct Pace {
    /// As this instance counts.
    own: Gcra,
    /// Until when there is no turn, as the store said.
    none_until: Tick,
}

/// The counts of an instance.
#[derive(Debug, Default)]
pub struct Quotas {
    paces: RefCell<BTreeMap<Name, Pace>>,
    /// Until when the store is left alone.
    rests_until: Cell<Tick>,
    asked: Cell<u64>,
}

impl Quotas {
    /// Counts so many calls of this key at once, in each of these of its rates. Answers how the key
    /// stands with each of them. With `is_shared` the store is asked.
    ///
    /// # Errors
    /// The rate that is used up, or that has too few left.
    pub async fn take<H: Host>(
        &self,
        host: &H,
        key: &Key,
        counted: &[Counted],
        is_shared: bool,
    ) -> Result<Vec<Standing>, Overrun> {
        let asked =
            |Counted { operation, rate, calls }| (Name { key: key.name.clone(), operation, rate }, calls);
        let asked: Vec<_> = counted.iter().copied().map(asked).collect();
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        self.forget_idle(host.now());
        let mut all = Vec::new();
        let mut rest = asked.as_slice();
        if is_shared && self.rests_until.get() <= host.now() {
            asked.iter().try_for_each(|(name, _)| self.known_to_be_used_up(name, host.now()))?;
            while let Some(((name, calls), further)) = rest.split_first() {
                match self.ask(host, name, *calls).await {
                    Some(answer) => all.push(answer?),
                    None => {
                        self.rests_until.set(host.now() + REST);
                        break;
                    }
                }
                rest = further;
            }
        }
        all.extend(self.take_here(rest, host.now())?);
        Ok(all)
    }

    /// Whether the store said lately that there is no turn yet.
    fn known_to_be_used_up(&self, name: &Name, now: Tick) -> Result<(), Overrun> {
        let paces = self.paces.borrow();
        let until = paces.get(name).map_or(Tick::ZERO, |pace| pace.none_until);
        if until <= now {
            return Ok(());
        }
        let wait = now.until(until);
        Err(name.overrun(wait, wait + name.rate.limit().tolerance()))
    }

    /// Asks the store for all of these calls or none; none if it cannot be asked.
    async fn ask<H: Host>(&self, host: &H, name: &Name, calls: u32) -> Option<Result<Standing, Overrun>> {
        self.asked.set(self.asked.get() + 1);
        let interval = micros(name.rate.limit().interval());
        let request = TurnRequest {
            owner: host.random(),
            number: self.asked.get(),
            interval,
            tolerance: interval.saturating_mul(u64::from(name.rate.count) - 1),
            horizon: SOON,
            wanted: calls,
            least: calls,
            ..TurnRequest::default()
        };
        let turns = timeout(host, PATIENCE, host.state_turns(&name.record(), &request)).await?.ok()?;
        if turns.count > 0 {
            return Some(Ok(name.standing(&turns, &request)));
        }
        let whole_in = turns.arrival.saturating_sub(turns.now);
        let ahead = request.tolerance.saturating_add(request.horizon);
        let first = Duration::from_micros(whole_in.saturating_sub(ahead));
        let until = host.now() + first;
        self.with_pace(name, |pace| pace.none_until = until);
        let last = whole_in.saturating_add(interval.saturating_mul(u64::from(calls) - 1));
        let wait = Duration::from_micros(last.saturating_sub(ahead).max(1));
        Some(Err(name.overrun(wait, Duration::from_micros(whole_in))))
    }

    /// Counts in this instance: in all of them, or in none.
    fn take_here(&self, asked: &[(Name, u32)], now: Tick) -> Result<Vec<Standing>, Overrun> {
        for (name, calls) in asked {
            let ahead = usize::try_from(*calls).unwrap_or(usize::MAX).saturating_sub(1);
            let (ready, idle) = self.with_pace(name, |pace| (pace.own.ready_at(ahead), pace.own.idle_at()));
            if now < ready {
                return Err(name.overrun(now.until(ready), now.until(idle)));
            }
        }
        let take = |(name, calls): &(Name, u32)| {
            self.with_pace(name, |pace| {
                for _ in 0..*calls {
                    pace.own.take(now);
                }
                Standing {
                    operation: name.operation,
                    rate: name.rate,
                    remaining: pace.own.free(now),
                    whole_in: now.until(pace.own.idle_at()),
                }
            })
        };
        Ok(asked.iter().map(take).collect())
    }

    fn with_pace<T>(&self, name: &Name, change: impl FnOnce(&mut Pace) -> T) -> T {
        let mut paces = self.paces.borrow_mut();
        let new = || Pace { own: Gcra::new(name.rate.limit()), none_until: Tick::ZERO };
        change(paces.entry(name.clone()).or_insert_with(new))
    }

    fn forget_idle(&self, now: Tick) {
        let mut paces = self.paces.borrow_mut();
        if paces.len() >= MANY {
            paces.retain(|_, pace| !pace.own.is_idle(now) || pace.none_until > now);
        }
    }
}

impl Name {
    /// What its plan is stored under.
    fn record(&self) -> String {
        let rate = format!("{}/{}", self.operation.unwrap_or("all"), self.rate);
        names::key(names::LIMIT, &format!("gateway/{}", self.key), &rate)
    }

    fn standing(&self, turns: &Turns, request: &TurnRequest) -> Standing {
        let taken = request.interval.saturating_mul(turns.count.into());
        let next = turns.arrival.saturating_add(taken);
        let ahead = next.saturating_sub(turns.now);
        let room = request.tolerance.saturating_add(request.horizon);
        let remaining = room.checked_sub(ahead).map_or(0, |room| room / request.interval.max(1) + 1);
        Standing {
            operation: self.operation,
            rate: self.rate,
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX).min(self.rate.count),
            whole_in: Duration::from_micros(ahead),
        }
    }

    fn overrun(&self, wait: Duration, whole_in: Duration) -> Overrun {
        // Too few for what was asked may be some.
        let interval = self.rate.limit().interval().as_nanos().max(1);
        let used = u32::try_from(whole_in.as_nanos().div_ceil(interval)).unwrap_or(u32::MAX);
        let remaining = self.rate.count.saturating_sub(used);
        let standing = Standing { operation: self.operation, rate: self.rate, remaining, whole_in };
        Overrun { standing, wait }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
