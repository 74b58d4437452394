//! Runs Penstock's core through seeded schedules of faults in virtual time, and checks
//! what must always hold.
//!
//! A schedule is one to four instances that share a store and whose wall clocks differ, a
//! model of ServiceTitan that fails in every way of [`Fault`], and callers that read whole
//! lists, go on where a killed one stopped, write, get, give up and try again. Everything
//! is drawn from one seed, so that a schedule can be run again:
//!
//! ```
//! let report = penstock_simulator::run(7);
//! assert!(report.violations.is_empty(), "{}", report.excerpt(30));
//! assert_eq!(report.figures.trace(), penstock_simulator::run(7).figures.trace());
//! ```
//!
//! [`Invariant`] lists what is checked. [`simulate`] runs many seeds on several threads;
//! [`scenarios`] has the few courses that are too long or too special to be drawn.

mod breaker;
mod calls;
mod cluster;
pub mod command;
mod digest;
mod fault;
mod fault_window;
mod figures;
mod inject_fault;
mod instance;
mod invariant;
mod life;
mod many;
mod memory;
mod mix;
mod named;
mod report;
mod schedule;
mod staleness;
mod trace;
mod vendor;
mod workload;
mod world;

pub mod scenarios;

pub use self::{
    fault::Fault,
    figures::Figures,
    invariant::{Invariant, Violation},
    many::{Outcome, Seed, simulate, simulate_with},
    report::Report,
};

/// How a schedule is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Config {
    /// Whether the text of every step is kept, to be read.
    pub trace: bool,
}

/// Runs the schedule of a seed.
#[must_use]
pub fn run(seed: u64) -> Report {
    run_with(seed, &Config::default())
}

/// Runs the schedule of a seed in a certain way.
#[must_use]
pub fn run_with(seed: u64, config: &Config) -> Report {
    report::caught(seed, config)
}
