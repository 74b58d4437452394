//! How many requests may be sent again: a retry budget.
//!
//! Retries help while few calls fail and make an outage worse when all do. Each call pays
//! a little into the budget, each retry takes one token out of it, and a call that a retry
//! saved gets its tokens back. So occasional faults are retried freely, and an outage is
//! met with little more than the load of every day.
//!
//! **The bound.** In a total outage `n` calls cause at most `50 + 0.05 n` retries: the
//! reserve, and a twentieth of the calls. From 1,000 calls on that is at most 10 % extra,
//! and 5 % in the long run. With the usual tenth of a token a call the reserve would have
//! to be nothing to keep 10 % at 1,000 calls, and a small tenant lives on its reserve.
//! Time pays in only while nobody wants to retry ([`BudgetPolicy::quiet`]), so it adds
//! nothing to the bound at any load of more than a call a minute.
//!
//! After AWS's retry quota and Finagle's `RetryBudget`; theirs are for a whole process,
//! this one is for a limit group of a tenant, so that one tenant's outage takes no retries
//! from another. Amounts are thousandths of a token, in whole numbers.

use std::time::Duration;

use super::classify::Class;
use super::time::Tick;

/// What is paid in and out. Amounts in thousandths of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetPolicy {
    /// What a new budget holds, and the most that any does. 50 tokens: half of the retries
    /// that 1,000 calls may cause. The other half they pay in.
    pub capacity: u64,
    /// What a call pays in. 0.05 tokens.
    pub deposit: u64,
    /// What a retry after a transient fault takes. 1 token.
    pub transient: u64,
    /// In quiet times one token is paid in every so often. 10 s.
    pub refill_every: Duration,
    /// How long nobody may have wanted to retry for the time to be quiet. 60 s.
    pub quiet: Duration,
}

impl BudgetPolicy {
    /// The defaults named at each field.
    pub const DEFAULT: Self = Self {
        capacity: 50 * TOKEN,
        deposit: TOKEN / 20,
        transient: TOKEN,
        refill_every: Duration::from_secs(10),
        quiet: Duration::from_secs(60),
    };
}

impl Default for BudgetPolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

const TOKEN: u64 = 1_000;

/// Why a request is to be sent again, as far as the budget cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// After a transient fault.
    Transient,
    /// It costs nothing: the provider asked to wait (429), the access token was refused, or
    /// nothing has been sent yet.
    Free,
}

impl Cost {
    /// By the class of the fault. Do not ask for faults of our own making, such as an open
    /// breaker: what follows is no second request.
    #[must_use]
    pub fn of(class: Class) -> Self {
        match class {
            Class::Throttled | Class::TokenRejected => Self::Free,
            Class::Transient | Class::Final => Self::Transient,
        }
    }
}

/// What one call's retries have taken so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Spent(u64);

/// The retries that may be made for one limit group of a tenant.
#[derive(Clone, Debug)]
pub struct Budget {
    policy: BudgetPolicy,
    level: u64,
    /// What time pays in counts from here.
    refilled: Tick,
}

impl Budget {
    /// A full one.
    #[must_use]
    pub fn new(policy: BudgetPolicy) -> Self {
        Self { policy, level: policy.capacity, refilled: Tick::ZERO }
    }

    /// What it holds, in thousandths of a token.
    #[must_use]
    pub fn level(&self, now: Tick) -> u64 {
        let (tokens, _) = self.due(now);
        self.level.saturating_add(tokens.saturating_mul(TOKEN)).min(self.policy.capacity)
    }

    /// A call begins. Once a call, however often it is sent.
    pub fn called(&mut self, now: Tick) {
        self.refill(now);
        self.pay_in(self.policy.deposit);
    }

    /// A call wants to send its request again. If it may, what that costs is added to
    /// `spent`.
    pub fn withdraw(&mut self, now: Tick, cost: Cost, spent: &mut Spent) -> bool {
        let amount = match cost {
            Cost::Transient => self.policy.transient,
            Cost::Free => return true,
        };
        self.refill(now);
        // Also when it is refused: a time in which retries are wanted is not quiet.
        self.refilled = self.refilled.max(now + self.policy.quiet);
        match self.level.checked_sub(amount) {
            Some(left) => {
                self.level = left;
                spent.0 = spent.0.saturating_add(amount);
                true
            }
            None => false,
        }
    }

    /// A call succeeded: it gets back what its retries took.
    pub fn refund(&mut self, now: Tick, spent: Spent) {
        self.refill(now);
        self.pay_in(spent.0);
    }

    fn pay_in(&mut self, amount: u64) {
        self.level = self.level.saturating_add(amount).min(self.policy.capacity);
    }

    /// The tokens that time has paid in since, and what time that accounts for.
    fn due(&self, now: Tick) -> (u64, Duration) {
        let every = self.policy.refill_every.as_nanos().max(1);
        let tokens = u64::try_from(now.since(self.refilled).as_nanos() / every).unwrap_or(u64::MAX);
        let accounted = u64::try_from(every).unwrap_or(u64::MAX).saturating_mul(tokens);
        (tokens, Duration::from_nanos(accounted))
    }

    fn refill(&mut self, now: Tick) {
        let (tokens, accounted) = self.due(now);
        self.pay_in(tokens.saturating_mul(TOKEN));
        self.refilled += accounted;
    }
}

#[cfg(test)]
mod tests;
