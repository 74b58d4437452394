//! What breakers a provider from too many requests: a breaker and a retry budget for each
//! limit group of a tenant.

use crate::policy::{
    breaker::{Breaker, BreakerPolicy, Open, Outcome, Permit, State, Transition},
    budget::{Budget, BudgetPolicy, Cost, Spent},
    time::Tick,
};
use litemap::LiteMap;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// How many groups are kept. Beyond that the one that was used longest ago is forgotten:
/// its breaker was closed or nobody asked.
const MOST_GROUPS: usize = 1024;

/// How long nothing is asked again while nothing is known of a provider.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// The breakers of all groups.
#[derive(Default)]
pub(crate) struct CircuitBreakers {
    groups: RefCell<LiteMap<String, Rc<CircuitBreaker>>>,
    totals: Rc<Totals>,
}

/// The breakers of one group.
pub(crate) struct CircuitBreaker {
    policy: BreakerPolicy,
    breaker: RefCell<Breaker>,
    budget: RefCell<Budget>,
    used: Cell<Tick>,
    /// When another instance's word was last asked for.
    asked: Cell<Option<Tick>>,
    totals: Rc<Totals>,
}

/// Leave to send one request. Dropped, it counts as not sent.
pub(crate) struct BreakerPermit {
    breaker: Rc<CircuitBreaker>,
    permit: Option<Permit>,
}

/// What happened since the start, in groups that are forgotten too.
#[derive(Debug, Default)]
struct Totals {
    opened: Cell<u64>,
    closed: Cell<u64>,
    calls_refused: Cell<u64>,
    retries_refused: Cell<u64>,
}

/// For metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct BreakersSnapshot {
    /// Groups that are known.
    pub(crate) groups: usize,
    /// Breakers that are open now.
    pub(crate) open: usize,
    /// Breakers that are half open now.
    pub(crate) half_open: usize,
    /// The least that a budget holds, in thousandths of a token.
    pub(crate) lowest_budget: Option<u64>,
    /// How often a breaker opened, reopenings included.
    pub(crate) opened_total: u64,
    /// How often a breaker closed.
    pub(crate) closed_total: u64,
    /// Requests that a breaker refused.
    pub(crate) calls_refused_total: u64,
    /// Retries that a budget refused.
    pub(crate) retries_refused_total: u64,
}

impl CircuitBreakers {
    /// The breakers of a group; new ones if it is not known. The key names provider, tenant and
    /// limit group. One whose settings have changed begins anew.
    pub(crate) fn of(&self, key: &str, policy: BreakerPolicy, now: Tick) -> Rc<CircuitBreaker> {
        let mut groups = self.groups.borrow_mut();
        if let Some(breaker) = groups.get(key).filter(|breaker| breaker.policy == policy) {
            breaker.used.set(now);
            return breaker.clone();
        }
        if groups.len() >= MOST_GROUPS
            && let Some(oldest) =
                groups.iter().min_by_key(|(_, breaker)| breaker.used.get()).map(|(key, _)| key.clone())
        {
            groups.remove(&oldest);
        }
        let breaker = Rc::new(CircuitBreaker {
            policy,
            breaker: RefCell::new(Breaker::new(policy)),
            budget: RefCell::new(Budget::new(BudgetPolicy::DEFAULT)),
            used: Cell::new(now),
            asked: Cell::new(None),
            totals: self.totals.clone(),
        });
        groups.insert(key.to_owned(), breaker.clone());
        breaker
    }

    /// The breaker of each group.
    pub(crate) fn states(&self, now: Tick) -> Vec<(String, State)> {
        let groups = self.groups.borrow();
        groups.iter().map(|(key, breaker)| (key.clone(), breaker.breaker.borrow().state(now))).collect()
    }

    /// For metrics.
    pub(crate) fn snapshot(&self, now: Tick) -> BreakersSnapshot {
        let groups = self.groups.borrow();
        let states = || groups.values().map(|breaker| breaker.breaker.borrow().state(now));
        BreakersSnapshot {
            groups: groups.len(),
            open: states().filter(|state| matches!(state, State::Open { .. })).count(),
            half_open: states().filter(|state| *state == State::HalfOpen).count(),
            lowest_budget: groups.values().map(|breaker| breaker.budget.borrow().level(now)).min(),
            opened_total: self.totals.opened.get(),
            closed_total: self.totals.closed.get(),
            calls_refused_total: self.totals.calls_refused.get(),
            retries_refused_total: self.totals.retries_refused.get(),
        }
    }
}

impl CircuitBreaker {
    /// A call begins. Once a call, however often it is sent.
    pub(crate) fn called(&self, now: Tick) {
        self.budget.borrow_mut().called(now);
    }

    /// Whether another instance's word is to be asked for, which is so once.
    pub(crate) fn asks(&self, now: Tick) -> bool {
        let due = self.asked.get().is_none_or(|asked| now.since(asked) >= ASK_EVERY);
        let asks = due && self.breaker.borrow().knows_nothing(now);
        if asks {
            self.asked.set(Some(now));
        }
        asks
    }

    /// Another instance has found that the provider is to be left alone until then.
    pub(crate) fn hear(&self, now: Tick, until: Tick) {
        self.breaker.borrow_mut().hear(now, until);
    }

    /// Whether a request would be let through now.
    pub(crate) fn check(&self, now: Tick, may_probe: bool) -> Result<(), Open> {
        let checked = self.breaker.borrow().check(now, may_probe);
        if checked.is_err() {
            count(&self.totals.calls_refused);
        }
        checked
    }

    /// Leave to send one request. `may_probe`: whether its repeat is harmless.
    pub(crate) fn permit(
        self: &Rc<CircuitBreaker>,
        now: Tick,
        may_probe: bool,
    ) -> Result<BreakerPermit, Open> {
        match self.breaker.borrow_mut().permit(now, may_probe) {
            Ok(permit) => Ok(BreakerPermit { breaker: self.clone(), permit: Some(permit) }),
            Err(open) => {
                count(&self.totals.calls_refused);
                Err(open)
            }
        }
    }

    /// Whether the request may be sent again, as far as the budget goes.
    pub(crate) fn may_retry(&self, now: Tick, cost: Cost, spent: &mut Spent) -> bool {
        let may = self.budget.borrow_mut().withdraw(now, cost, spent);
        if !may {
            count(&self.totals.retries_refused);
        }
        may
    }

    /// A call succeeded: it gets back what its retries took.
    pub(crate) fn succeeded(&self, now: Tick, spent: Spent) {
        self.budget.borrow_mut().refund(now, spent);
    }
}

impl BreakerPermit {
    /// The request was sent and has ended after `took`. A transition is to be logged.
    pub(crate) fn ended(
        mut self,
        now: Tick,
        outcome: Outcome,
        took: Duration,
        hint: Option<Duration>,
        random: f64,
    ) -> Option<Transition> {
        let permit = self.permit.take()?;
        let transition = self.breaker.breaker.borrow_mut().record(permit, now, outcome, took, hint, random);
        match transition {
            Some(Transition::Opened { .. }) => count(&self.breaker.totals.opened),
            Some(Transition::Closed) => count(&self.breaker.totals.closed),
            None => {}
        }
        transition
    }
}

/// The request was not sent, or nobody waited for its answer.
impl Drop for BreakerPermit {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.breaker.breaker.borrow_mut().abandon(permit);
        }
    }
}

fn count(total: &Cell<u64>) {
    total.set(total.get().saturating_add(1));
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    fn at(seconds: u64) -> Tick {
        Tick::ZERO + Duration::from_secs(seconds)
    }

    /// Ten failures at a time.
    fn fail(breaker: &Rc<CircuitBreaker>, now: Tick) {
        for _ in 0..10 {
            let permit = breaker.permit(now, true).unwrap();
            permit.ended(now, Outcome::Failure, MILLI, None, 0.0);
        }
    }

    #[test]
    fn one_tenants_outage_is_not_anothers() {
        let breakers = CircuitBreakers::default();
        let (north, south) = (
            breakers.of("north", BreakerPolicy::DEFAULT, at(0)),
            breakers.of("south", BreakerPolicy::DEFAULT, at(0)),
        );
        fail(&north, at(0));
        assert!(north.permit(at(0), true).is_err() && south.permit(at(0), true).is_ok());
        while north.may_retry(at(0), Cost::Transient, &mut Spent::default()) {}
        assert!(south.may_retry(at(0), Cost::Transient, &mut Spent::default()));
        // They are kept by their keys.
        assert!(breakers.of("north", BreakerPolicy::DEFAULT, at(0)).permit(at(0), true).is_err());
        let expected = BreakersSnapshot {
            groups: 2,
            open: 1,
            lowest_budget: Some(0),
            opened_total: 1,
            calls_refused_total: 2,
            retries_refused_total: 1,
            ..BreakersSnapshot::default()
        };
        assert_eq!(breakers.snapshot(at(0)), expected);
        assert_eq!(breakers.snapshot(at(1)), BreakersSnapshot { open: 0, half_open: 1, ..expected });
        for _ in 0..3 {
            let permit = north.permit(at(1), true).unwrap();
            permit.ended(at(1), Outcome::Success, MILLI, None, 0.0);
        }
        assert_eq!(breakers.snapshot(at(1)), BreakersSnapshot { open: 0, closed_total: 1, ..expected });
    }

    #[test]
    fn a_dropped_probe_leaves_its_place_to_the_next() {
        let breakers = CircuitBreakers::default();
        let breaker = breakers.of("north", BreakerPolicy::DEFAULT, at(0));
        fail(&breaker, at(0));
        let probe = breaker.permit(at(1), true).unwrap();
        assert!(breaker.permit(at(1), true).is_err());
        drop(probe);
        assert!(breaker.permit(at(1), true).is_ok());
    }

    #[test]
    fn a_saved_call_gets_its_tokens_back() {
        let breakers = CircuitBreakers::default();
        let (breaker, mut spent) = (breakers.of("north", BreakerPolicy::DEFAULT, at(0)), Spent::default());
        breaker.called(at(0));
        assert!(breaker.may_retry(at(0), Cost::Transient, &mut spent));
        assert_eq!(breakers.snapshot(at(0)).lowest_budget, Some(49_000));
        breaker.called(at(0));
        assert_eq!(breakers.snapshot(at(0)).lowest_budget, Some(49_050));
        breaker.succeeded(at(0), spent);
        assert_eq!(breakers.snapshot(at(0)).lowest_budget, Some(50_000));
    }

    #[test]
    fn names_that_are_made_up_do_not_fill_the_memory() {
        let breakers = CircuitBreakers::default();
        fail(&breakers.of("north", BreakerPolicy::DEFAULT, at(0)), at(0));
        for number in 0..2_000 {
            breakers.of(&format!("group-{number}"), BreakerPolicy::DEFAULT, at(number));
            // It is in use and so not forgotten.
            breakers.of("north", BreakerPolicy::DEFAULT, at(number));
        }
        let snapshot = breakers.snapshot(at(0));
        assert_eq!((snapshot.groups, snapshot.open, snapshot.opened_total), (1024, 1, 1));
        assert!(!breakers.groups.borrow().contains_key("group-0"));
    }
}
