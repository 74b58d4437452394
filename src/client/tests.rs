//! The client against a simulated host and a small model of ServiceTitan.
//!
//! Every test goes through [`rig::Rig`], which looks for secrets in log lines,
//! failures, answers, metrics and requests when the test ends.

mod rig;
mod titan;

mod answers;
mod batch;
mod cache;
mod cache_shared;
mod cache_writes;
mod cached;
pub(crate) mod caller;
mod claims;
mod codings;
mod deferred;
mod drift;
mod fallback;
mod feeds;
mod files;
mod forbidden;
mod input;
mod lists;
mod local_days;
mod lookup;
mod memory;
mod misfits;
mod policies;
mod positions;
mod reports;
mod resume;
mod retry;
mod role;
mod rotation;
mod servicepytan;
mod settings;
mod shapes;
mod shared_breaker;
mod stored;
mod throttled;
mod time;
mod token;
mod token_failures;
mod token_shared;
mod webhook;
mod webhook_outdates;
mod writes;
