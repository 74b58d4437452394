//! `penstock demo`: the main job, end to end, against a provider that fails on purpose.

use crate::{
    provider::fault_rate,
    told::{say, tell},
};
use anyhow::{Result, bail};
use clap::Args;
use futures_util::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use penstock_host::{
    Environment, Plugin,
    bindings::{jpm::JobsQuery, types::CallOptions},
};
use penstock_simulated::{
    Faults,
    servicetitan::{Config, SimulatedServiceTitan},
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// How often the component sends a request at most. More than the faults in a row
/// that the vendor is allowed, with room for the rate limit.
const ATTEMPTS: u32 = 8;

#[derive(Args)]
pub(crate) struct Demo {
    /// What the data and the faults are made from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Jobs to read.
    #[arg(long, default_value_t = 20_000)]
    jobs: usize,
    /// Jobs a page.
    #[arg(long, default_value_t = 200)]
    page_size: u32,
    /// Pages to fetch ahead.
    #[arg(long, default_value_t = 4)]
    window: u32,
    /// The share of requests that fail, 0 to 1.
    #[arg(long, default_value_t = 0.2, value_parser = fault_rate)]
    fault_rate: f64,
    /// How often the same request fails in a row at most.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(..i64::from(ATTEMPTS)))]
    max_in_a_row: u32,
}

impl Demo {
    pub(crate) async fn run(self) -> Result<()> {
        tell!("Starting a simulated ServiceTitan with {} jobs (seed {}).", self.jobs, self.seed);
        let provider = SimulatedServiceTitan::with_listed_jobs(self.config()).await?;
        let mut settings = provider.settings();
        settings.insert("LOG_LEVEL".to_owned(), "error".to_owned());
        settings.insert("RETRY_ATTEMPTS".to_owned(), ATTEMPTS.to_string());
        tell!("Loading the component.");
        let plugin = Plugin::start(Environment::loopback(settings)).await?;

        let began = Instant::now();
        let delivered = self.read(&plugin).await?;
        let took = began.elapsed();

        let truth: BTreeMap<i64, u32> = provider.job_ids().into_iter().map(|id| (id, 0)).collect();
        let summary = Summary::new(truth, &delivered.ids, delivered.pages, took, &plugin.snapshot().await?)?;
        summary.print(&provider)?;
        provider.shutdown().await;
        if summary.lost + summary.repeated + summary.unknown > 0 {
            bail!("records were lost or repeated; run with the same --seed to see it again");
        }
        Ok(())
    }

    fn config(&self) -> Config {
        let retry_after = Duration::from_secs(1);
        Config {
            seed: self.seed,
            jobs: self.jobs,
            // Short, so that it expires in the middle of the read.
            token_lifetime: Duration::from_secs(2),
            faults: Faults {
                max_in_a_row: self.max_in_a_row,
                retry_after,
                delay: Duration::from_millis(300),
                ..Faults::mixed(self.fault_rate)
            },
            ..Config::default()
        }
    }

    async fn read(&self, plugin: &Plugin) -> Result<Delivered> {
        let bar = ProgressBar::new(self.jobs as u64);
        let style = "{bar:40} {pos}/{len} jobs, {per_sec}, {elapsed}";
        bar.set_style(ProgressStyle::with_template(style)?);
        // In an order that new jobs do not disturb.
        let query = JobsQuery { sort: Some("+Id".to_owned()), ..JobsQuery::default() };
        let options = CallOptions {
            correlation_id: Some(format!("demo-{}", self.seed)),
            page_size: Some(self.page_size),
            window: Some(self.window),
            ..CallOptions::default()
        };
        let mut jobs = plugin.servicetitan().jpm().jobs_list(query).with(options).await?;
        let mut ids = Vec::with_capacity(self.jobs);
        while let Some(job) = jobs.next().await {
            ids.push(job?.id);
            bar.inc(1);
        }
        bar.finish_and_clear();
        let pages = jobs.end().map_or(0, |end| end.pages);
        Ok(Delivered { ids, pages })
    }
}

struct Delivered {
    ids: Vec<i64>,
    pages: u32,
}

struct Summary {
    records: usize,
    pages: u32,
    token_fetches: u64,
    retries: BTreeMap<String, u64>,
    took: Duration,
    lost: usize,
    repeated: usize,
    /// Delivered, but never held by the vendor.
    unknown: usize,
}

impl Summary {
    fn new(
        mut truth: BTreeMap<i64, u32>,
        delivered: &[i64],
        pages: u32,
        took: Duration,
        snapshot: &str,
    ) -> Result<Summary> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Snapshot {
            token_fetches: u64,
            retries: BTreeMap<String, u64>,
        }
        let Snapshot { token_fetches, retries } = serde_json::from_str(snapshot)?;
        let mut unknown = 0;
        for id in delivered {
            match truth.get_mut(id) {
                Some(times) => *times += 1,
                None => unknown += 1,
            }
        }
        let lost = truth.values().filter(|times| **times == 0).count();
        let repeated = truth.values().filter(|times| **times > 1).count();
        let records = delivered.len();
        Ok(Summary { records, pages, token_fetches, retries, took, lost, repeated, unknown })
    }

    fn print(&self, provider: &SimulatedServiceTitan) -> Result<()> {
        let served = provider.stats();
        let seconds = self.took.as_secs_f64();
        say!("records          {}", self.records)?;
        say!("pages            {}", self.pages)?;
        say!("token fetches    {}", self.token_fetches)?;
        say!("requests served  {}, of which {} failed on purpose", served.requests, served.all_faults())?;
        say!("rate limited     {}", served.rate_limited)?;
        let retries: u64 = self.retries.values().sum();
        say!("retries          {retries}")?;
        for (cause, count) in &self.retries {
            say!("  {cause:<15}{count}")?;
        }
        say!("seconds          {seconds:.2}")?;
        say!("records/second   {:.0}", self.records as f64 / seconds.max(f64::EPSILON))?;
        say!("lost             {}", self.lost)?;
        say!("repeated         {}", self.repeated)?;
        Ok(())
    }
}
