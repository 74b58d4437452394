//! Simulated providers on loopback sockets: a ServiceTitan and an Asleep.
//!
//! They speak real HTTP/1.1. Tests, the demo and anybody who points a client at one use
//! them: they hold data made from a seed, change it by writes, refuse what the provider's
//! documents do not allow, and fail on request in every way that a network and a provider
//! fail ([`Faults`]). They know nothing of Penstock's contract.

pub mod asleep;
pub mod servicetitan;

mod answer;
mod clock;
mod echo;
mod faults;
mod limiter;
mod listen;
mod random;
mod request;
mod response;
mod socket;
mod stats;

pub use clock::Clock;
pub use faults::{FaultKind, Faults, Matcher};
pub use limiter::RateLimit;
pub use stats::{Seen, Stats};
/// For [`FaultKind::VARIANTS`](VariantArray::VARIANTS).
pub use strum::VariantArray;
