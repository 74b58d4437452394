//! What a simulated Asleep holds, saw and does.

use super::{Config, Oddity, State, night::Night};
use crate::{
    FaultKind, Faults, Matcher, Seen, Stats, faults::Plan, limiter::Limiter, random::random, stats::Record,
};
use jiff::Timestamp;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Its users and counters.
pub struct World {
    pub(crate) config: Config,
    pub(crate) record: Record,
    pub(crate) plan: Plan,
    pub(crate) limiter: Limiter,
    pub(crate) keys: Mutex<Vec<String>>,
    pub(crate) users: Mutex<BTreeMap<String, User>>,
}

/// A user, with the oldest session first.
#[derive(Debug, Clone, Default)]
pub(crate) struct User {
    pub(crate) metadata: Value,
    pub(crate) nights: Vec<Night>,
}

impl World {
    pub(crate) fn new(config: Config) -> Self {
        let now = Timestamp::from_nanosecond(i128::from(config.clock.now())).unwrap_or_default();
        let users = (0..config.users).map(|number| {
            let seed = number as u64;
            let nights = (0..config.sessions).rev();
            let nights = nights.map(|age| Night::new(config.seed, seed, age, now, config.plan)).collect();
            (user_id(config.seed, seed), User { metadata: Value::Null, nights })
        });
        Self {
            users: Mutex::new(users.collect()),
            keys: Mutex::new(config.api_keys.clone()),
            record: Record::new(config.remember),
            plan: Plan::new(config.seed, config.faults.clone()),
            limiter: Limiter::default(),
            config,
        }
    }

    /// What it was started with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The counters so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.record.stats()
    }

    /// The latest requests, without the keys.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.record.requests()
    }

    /// Makes the next requests of a kind fail.
    pub fn fail_next(&self, matcher: Matcher, kind: FaultKind, times: u32) {
        self.plan.script(matcher, kind, times);
    }

    /// Changes what goes wrong by chance from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.plan.set(faults);
    }

    /// Accepts these keys and no others from now on.
    pub fn set_keys(&self, keys: &[&str]) {
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) =
            keys.iter().map(|key| (*key).to_owned()).collect();
    }

    /// The ids of the users.
    #[must_use]
    pub fn user_ids(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// The ids of a user's sessions, oldest first.
    #[must_use]
    pub fn session_ids(&self, user: &str) -> Vec<String> {
        self.nights(user).iter().map(|night| night.id.clone()).collect()
    }

    /// The sessions of a user that are in a state, or odd in a way; the newest first.
    #[must_use]
    pub fn find(&self, user: &str, state: State, oddity: Option<Oddity>) -> Vec<String> {
        let nights = self.nights(user);
        let fits = nights.iter().rev().filter(|night| night.state == state && night.oddity == oddity);
        fits.map(|night| night.id.clone()).collect()
    }

    /// Ends a session's analysis.
    pub fn complete(&self, user: &str, session: &str) {
        if let Some(user) = self.lock().get_mut(user) {
            for night in user.nights.iter_mut().filter(|night| night.id == session) {
                (night.state, night.oddity) = (State::Complete, None);
                night.end.get_or_insert(night.start);
            }
        }
    }

    fn nights(&self, user: &str) -> Vec<Night> {
        self.lock().get(user).map(|user| user.nights.clone()).unwrap_or_default()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, BTreeMap<String, User>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `G-`, a time, and twenty letters or digits.
pub(crate) fn user_id(seed: u64, number: u64) -> String {
    let mut rng = random(seed, 77, number);
    let tail: String = (0..20).map(|_| rng.alphanumeric()).collect();
    format!("G-20260101{number:06}-{tail}")
}
