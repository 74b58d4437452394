//! What a simulated Asleep is started with.

use crate::{Clock, Faults, RateLimit};
use std::{net::SocketAddr, time::Duration};

/// How a simulated Asleep behaves. `Config::default()` is one in good health.
#[derive(Clone)]
pub struct Config {
    /// Where it listens. Port 0 takes any that is free.
    pub listen: SocketAddr,
    /// What the data and the faults are made from: the same seed gives the same.
    pub seed: u64,
    /// How many users there are.
    pub users: usize,
    /// How many sessions each has. The newest are odd, each in its own way.
    pub sessions: usize,
    /// The keys that are accepted.
    pub api_keys: Vec<String>,
    /// What the contract covers.
    pub plan: Plan,
    /// How many requests a key may make; beyond that it answers 403.
    pub rate_limit: Option<RateLimit>,
    /// What goes wrong. A rate limit of its own is a 403, and there are no tokens.
    pub faults: Faults,
    /// How long every answer takes.
    pub latency: Duration,
    /// How many requests [`World::requests`](super::World::requests) remembers.
    pub remember: usize,
    /// What it takes for the time.
    pub clock: Clock,
}

/// What the numbers in a session's stages mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// 0 awake, 1 asleep.
    TwoStage,
    /// 0 awake, 1 light, 2 deep, 3 REM.
    FourStage,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            seed: 1,
            users: 3,
            sessions: 250,
            api_keys: vec!["asleep-simulated-key".to_owned()],
            plan: Plan::FourStage,
            rate_limit: None,
            faults: Faults::none(),
            latency: Duration::ZERO,
            remember: 2_000,
            clock: Clock::system(),
        }
    }
}
