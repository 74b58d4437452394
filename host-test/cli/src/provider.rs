//! `penstock vendor`: a simulated provider, by itself.

use crate::{
    stopping::Stopping,
    told::{announce, note_in_lines},
};
use anyhow::Result;
use clap::{Args, ValueEnum};
use penstock_simulated::{
    Faults, RateLimit,
    asleep::{self, SimulatedAsleep},
    servicetitan::{Config, SimulatedServiceTitan},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

/// Which vendor.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// ServiceTitan.
    #[value(name = "servicetitan")]
    ServiceTitan,
    /// Asleep.
    Asleep,
}

#[derive(Args)]
pub(crate) struct Provider {
    /// Which vendor.
    #[arg(long = "vendor", value_name = "VENDOR", value_enum, default_value_t = Name::ServiceTitan)]
    provider: Name,
    /// The port on 127.0.0.1; 0 takes any that is free.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// What the data and the faults are made from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// ServiceTitan: jobs that it holds; everything else grows with them.
    #[arg(long, default_value_t = 20_000)]
    jobs: usize,
    /// ServiceTitan: records of each list that is not of jobs or of what belongs to them.
    #[arg(long, default_value_t = 25)]
    records: usize,
    /// The share of requests that fail, 0 to 1.
    #[arg(long, default_value_t = 0.0, value_parser = fault_rate)]
    fault_rate: f64,
    /// How often the same request fails in a row at most.
    #[arg(long, default_value_t = 2)]
    max_in_a_row: u32,
    /// Asleep: users that it holds, with 250 sessions each.
    #[arg(long, default_value_t = 3)]
    users: usize,
    /// ServiceTitan: how long a token lives, in seconds.
    #[arg(long, default_value_t = 900)]
    token_lifetime: u64,
    /// How long every answer takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// No rate limit.
    #[arg(long)]
    unlimited: bool,
    /// ServiceTitan: pass over what the contract does not know in requests, as the real one does, instead of
    /// refusing it.
    #[arg(long)]
    lenient: bool,
    /// ServiceTitan: seconds between two requests for the data of one report.
    #[arg(long, default_value_t = 60)]
    report_interval: u64,
}

impl Provider {
    pub(crate) async fn run(self, stopping: &Stopping) -> Result<()> {
        if self.provider == Name::Asleep {
            return self.run_asleep(stopping).await;
        }
        let provider = SimulatedServiceTitan::start(self.config()).await?;
        announce("ServiceTitan", "credentials are", &provider.url(), &provider.settings(), &[])?;
        stopping.asked().await;
        tell_stats(serde_json::to_value(provider.stats())?)?;
        provider.shutdown().await;
        Ok(())
    }

    async fn run_asleep(self, stopping: &Stopping) -> Result<()> {
        let standard = asleep::Config::default();
        let provider = SimulatedAsleep::start(asleep::Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)),
            seed: self.seed,
            users: self.users,
            // What Asleep allows is not published; this is what its guide for production keeps to.
            rate_limit: (!self.unlimited).then_some(RateLimit { requests: 10, per: Duration::from_secs(1) }),
            latency: Duration::from_millis(self.latency),
            faults: self.faults(),
            ..standard
        })
        .await?;
        announce("Asleep", "key is", &provider.url(), &provider.settings(), &provider.user_ids())?;
        stopping.asked().await;
        tell_stats(serde_json::to_value(provider.stats())?)?;
        provider.shutdown().await;
        Ok(())
    }

    fn faults(&self) -> Faults {
        Faults { max_in_a_row: self.max_in_a_row, ..Faults::mixed(self.fault_rate) }
    }

    fn config(&self) -> Config {
        let standard = Config::default();
        Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)),
            seed: self.seed,
            jobs: self.jobs,
            records: self.records,
            token_lifetime: Duration::from_secs(self.token_lifetime),
            latency: Duration::from_millis(self.latency),
            rate_limit: standard.rate_limit.filter(|_| !self.unlimited),
            lenient: self.lenient,
            report_interval: Duration::from_secs(self.report_interval),
            faults: self.faults(),
            ..standard
        }
    }
}

/// Says where it is, all at once and once it listens: a file that has anything has everything, and
/// whoever waits for that can call.
fn announce(
    name: &str,
    made_up: &str,
    url: &str,
    settings: &BTreeMap<String, String>,
    users: &[String],
) -> Result<()> {
    let mut told = format!(
        "# A simulated {name} listens on {url}. Stop it with Ctrl-C.\n\
         # Its {made_up} made up; `set -a` and these lines point a shell's clients at it:"
    );
    let settings = settings.iter().map(|(name, value)| format!("\n{name}={value}"));
    told.extend(settings.chain(users.iter().map(|user| format!("\n# a user: {user}"))));
    announce!("{told}")
}

/// What was asked of it.
fn tell_stats(stats: Value) -> Result<()> {
    let text = serde_json::to_string_pretty(&stats)?;
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    note_in_lines("stats", json!({ "stats": stats }), &lines);
    Ok(())
}

/// A share, as `--fault-rate` takes it.
pub(crate) fn fault_rate(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "must be from 0 to 1".to_owned())
}
