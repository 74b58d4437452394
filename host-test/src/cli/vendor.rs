//! `penstock vendor`: the simulated ServiceTitan, by itself.

use anyhow::{Context, Result, bail};
use clap::Args;
use penstock_host::{
    demo::simulated_settings,
    vendor::{Config, Faults, SimulatedVendor},
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

/// Arguments of `penstock vendor`.
#[derive(Args)]
pub(super) struct Vendor {
    /// The port on 127.0.0.1; 0 takes any that is free.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// What the data and the faults are made from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Jobs that it holds; everything else grows with them.
    #[arg(long, default_value_t = 20_000)]
    jobs: usize,
    /// The share of requests that fail, 0 to 1.
    #[arg(long, default_value_t = 0.0)]
    fault_rate: f64,
    /// How often the same request fails in a row at most.
    #[arg(long, default_value_t = 2)]
    max_in_a_row: u32,
    /// How long a token lives, in seconds.
    #[arg(long, default_value_t = 900)]
    token_lifetime: u64,
    /// How long every answer takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// No rate limit.
    #[arg(long)]
    unlimited: bool,
}

impl Vendor {
    pub(super) async fn run(self) -> Result<()> {
        let vendor = SimulatedVendor::start(self.config()?).await?;
        println!("# A simulated ServiceTitan listens on {}. Stop it with Ctrl-C.", vendor.url());
        println!("# Its credentials are made up; `set -a` and these lines point a shell's clients at it:");
        for (name, value) in simulated_settings(&vendor).into_iter().filter(|(name, _)| name != "LOG_LEVEL") {
            println!("{name}={value}");
        }
        tokio::signal::ctrl_c().await.context("cannot wait for Ctrl-C")?;
        eprintln!("{}", serde_json::to_string_pretty(&vendor.stats())?);
        vendor.shutdown().await;
        Ok(())
    }

    fn config(&self) -> Result<Config> {
        if !(0.0..=1.0).contains(&self.fault_rate) {
            bail!("--fault-rate must be from 0 to 1");
        }
        let standard = Config::default();
        Ok(Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)),
            seed: self.seed,
            jobs: self.jobs,
            token_lifetime: Duration::from_secs(self.token_lifetime),
            latency: Duration::from_millis(self.latency),
            rate_limit: standard.rate_limit.filter(|_| !self.unlimited),
            faults: Faults { max_in_a_row: self.max_in_a_row, ..Faults::mixed(self.fault_rate) },
            ..standard
        })
    }
}
