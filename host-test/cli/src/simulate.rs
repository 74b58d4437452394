//! `penstock simulate`: schedules of faults in virtual time, and what must always hold.

use crate::told::tell;
use anyhow::{Result, bail};
use clap::Args;
use penstock_simulator::command::Command;
use std::thread::available_parallelism;

#[derive(Args)]
pub(crate) struct Simulate {
    /// How many schedules to run.
    #[arg(long, default_value_t = 1_000, value_name = "COUNT")]
    seeds: u64,
    /// The seed of the first one. A seed that was reported replays its schedule.
    #[arg(long, default_value_t = 0, value_name = "SEED")]
    seed: u64,
    /// Threads to run them on; as many as there are processors if absent.
    #[arg(long, value_name = "COUNT")]
    threads: Option<usize>,
    /// Print the counters as JSON.
    #[arg(long)]
    json: bool,
    /// Print every step of the schedule of `--seed`, and run no other.
    #[arg(long)]
    trace: bool,
    /// Play the scenarios instead: kills at every step, copies whose reader is killed, eight
    /// instances at the limit, an outage, rotations.
    #[arg(long)]
    scenarios: bool,
}

impl Simulate {
    pub(crate) fn run(self) -> Result<()> {
        let threads = self.threads.or_else(|| available_parallelism().ok().map(usize::from));
        let command = Command {
            first: self.seed,
            seeds: self.seeds,
            threads: threads.unwrap_or(1),
            json: self.json,
            trace: self.trace,
            scenarios: self.scenarios,
            kill_every: 1,
            digests: None,
        };
        if !command.run(&|line| tell!("{line}")) {
            bail!("something did not hold; `penstock simulate --seed SEED --trace` shows every step");
        }
        Ok(())
    }
}
