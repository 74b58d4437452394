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
//! assert_eq!(report.figures.digest, penstock_simulator::run(7).figures.digest);
//! ```
//!
//! [`Invariant`] lists what is checked. [`simulate`] runs many seeds on several threads;
//! [`scenarios`] has the few courses that are too long or too special to be drawn.

mod breaker;
mod calls;
pub mod command;
mod disturb;
mod fault;
mod figures;
mod instance;
mod invariant;
mod life;
mod many;
mod mix;
mod named;
mod report;
mod schedule;
mod spell;
mod stage;
mod trace;
mod vendor;
mod workload;
mod world;

pub mod scenarios;

pub use self::{
    fault::Fault,
    figures::Figures,
    invariant::{Invariant, Violation},
    many::{Outcome, simulate, simulate_with},
    report::Report,
};

/// How a schedule is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Config {
    /// Whether the text of every step is kept, to be read.
    pub trace: bool,
    /// Which of the policies the driver has. What it does not have is not asked of it.
    pub wired: Wired,
}

/// Which of the policies the driver has.
#[derive(Clone, Copy, Debug)]
pub struct Wired {
    /// It keeps within the vendor's limit.
    pub limiter: bool,
    /// It has a circuit breaker.
    pub breaker: bool,
    /// It says when a list shifted while it was read, and suppresses what then comes twice.
    pub drift: bool,
    /// It looks at the number that a page says it has.
    pub page_numbers: bool,
    /// It looks whether a list obeys the order that it is asked for, whatever the list's own.
    pub own_orders: bool,
    /// It makes sure before it takes a page that came twice for the end of a list that holds
    /// records alone.
    pub sure_ends: bool,
}

/// What the driver has today.
impl Default for Wired {
    fn default() -> Wired {
        Wired {
            limiter: true,
            breaker: true,
            drift: true,
            page_numbers: true,
            own_orders: false,
            sure_ends: false,
        }
    }
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
