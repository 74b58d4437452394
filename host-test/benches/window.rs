//! What reading ahead brings: 40 pages of 200 jobs from a provider that takes 50 ms for
//! each answer, with a window of 1 and of 8, through the real component.
//!
//! `cargo bench -p penstock-host --bench window`

use futures_util::TryStreamExt;
use penstock_host::{
    Environment, Plugin,
    bindings::{jpm::JobsQuery, types::CallOptions},
};
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};
use std::time::{Duration, Instant};

const JOBS: usize = 40 * 200;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config { latency: Duration::from_millis(50), ..Config::small(JOBS) };
    let provider = SimulatedServiceTitan::with_listed_jobs(config).await?;
    let plugin = Plugin::start(Environment::loopback(provider.settings())).await?;
    // The token and the connections are there before the clock starts.
    read(&plugin, 8).await?;
    let one = best(&plugin, 1).await?;
    let eight = best(&plugin, 8).await?;
    println!("window 1: {:.3} s", one.as_secs_f64());
    println!("window 8: {:.3} s", eight.as_secs_f64());
    println!("speed-up: {:.2}", one.as_secs_f64() / eight.as_secs_f64());
    provider.shutdown().await;
    Ok(())
}

/// The shortest of five reads: the one that the rest of the machine disturbed least.
async fn best(plugin: &Plugin, window: u32) -> anyhow::Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        best = best.min(read(plugin, window).await?);
    }
    Ok(best)
}

async fn read(plugin: &Plugin, window: u32) -> anyhow::Result<Duration> {
    let options = CallOptions { page_size: Some(200), window: Some(window), ..CallOptions::default() };
    let began = Instant::now();
    let mut jobs = plugin.servicetitan().jpm().jobs_list(JobsQuery::default()).with(options).await?;
    let mut count = 0;
    while jobs.try_next().await?.is_some() {
        count += 1;
    }
    anyhow::ensure!(count == JOBS, "{count} jobs");
    Ok(began.elapsed())
}
