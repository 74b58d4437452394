//! What stands between an attempt and the host: the rate limiter, circuit breakers and retry
//! budgets, the request as it is sent, and what is taken out of an answer's words.

pub(crate) mod circuit_breaker;
pub(crate) mod limiter;
pub(crate) mod memory;
pub(crate) mod receive;
pub(crate) mod redact;
pub(crate) mod request;

use crate::{
    host::Host,
    policy::{breaker, limiter::group},
    settings::CommonSettings,
};
use circuit_breaker::CircuitBreakers;
use limiter::{Limiter, LimiterConfig};
use memory::Memory;
use std::rc::Rc;

/// The limits that all calls of a client share.
pub(crate) struct Transport<H> {
    host: Rc<H>,
    pub(crate) limiter: Limiter,
    /// The minimum intervals of what may be asked for rarely, such as a report.
    pub(crate) intervals: Limiter,
    /// The places of files under way. Their readers may be slow, so they get half of all: what
    /// nobody reads must not hold up every other call.
    pub(crate) files: Limiter,
    pub(crate) breakers: CircuitBreakers,
    pub(crate) memory: Memory,
}

/// How the limits stand just now.
pub(crate) struct TransportSnapshot {
    pub(crate) in_flight: usize,
    /// Bytes that answers are charged for.
    pub(crate) memory: usize,
    pub(crate) limits: Vec<(String, group::GroupSnapshot)>,
    pub(crate) breakers: circuit_breaker::BreakersSnapshot,
    pub(crate) states: Vec<(String, breaker::State)>,
}

impl<H: Host> Transport<H> {
    pub(crate) fn new(host: Rc<H>) -> Transport<H> {
        Transport {
            host,
            limiter: Limiter::default(),
            intervals: Limiter::new(LimiterConfig {
                shared: false,
                // Only the turns count; the requests themselves are under the common cap.
                max_connections: usize::MAX,
                ..LimiterConfig::default()
            }),
            files: Limiter::new(LimiterConfig { shared: false, ..LimiterConfig::default() }),
            breakers: CircuitBreakers::default(),
            memory: Memory::default(),
        }
    }

    /// Goes on by these settings.
    pub(crate) fn configure(&self, settings: &CommonSettings) {
        self.memory.resize(settings.memory_bytes, settings.max_body_bytes);
        self.limiter.configure(LimiterConfig {
            shared: settings.share_limits,
            instances: settings.instances,
            max_connections: settings.max_connections,
            adaptive: settings.adaptive_rate,
        });
        self.intervals.configure(LimiterConfig {
            shared: settings.share_limits,
            instances: settings.instances,
            // Only the turns count; the requests themselves are under the common cap.
            max_connections: usize::MAX,
            ..LimiterConfig::default()
        });
        self.files.configure(LimiterConfig {
            shared: false,
            max_connections: (settings.max_connections / 2).max(1),
            ..LimiterConfig::default()
        });
    }

    /// How the limits stand just now.
    pub(crate) fn snapshot(&self) -> TransportSnapshot {
        let now = self.host.now();
        let limits = self.limiter.snapshot(now).into_iter().chain(self.intervals.snapshot(now));
        TransportSnapshot {
            in_flight: self.limiter.in_flight(),
            memory: self.memory.used(),
            limits: limits.map(|(key, figures)| (key.to_string(), figures)).collect(),
            breakers: self.breakers.snapshot(now),
            states: self.breakers.states(now),
        }
    }
}
