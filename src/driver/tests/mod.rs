//! The driver against a simulated host and a small model of ServiceTitan.
//!
//! Every test goes through [`rig::Rig`], which looks for secrets in log lines,
//! failures, answers, metrics and requests when the test ends.

mod rig;
mod titan;


mod token;
mod token_failures;
mod settings;
mod role;
mod retry;
mod time;
