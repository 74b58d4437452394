//! `penstock stats`: how the operations of a gateway are doing, by its counters.

mod exposition;

use crate::{
    ask::{ask, told},
    report::Unfit,
    settings::EnvFile,
    told::say,
};
use anyhow::{Result, bail};
use clap::Args;
use exposition::{Endpoint, endpoints};
use penstock_host::{
    http::{Outbound, OutboundPolicy},
    sources::Source as _,
};
use serde_json::json;
use std::time::Duration;

/// How long the gateway may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The key of the gateway.
const KEY: &str = "PENSTOCK_API_KEY";

#[derive(Args)]
pub(crate) struct Stats {
    /// The gateway, `http://127.0.0.1:3000`. Its key is in PENSTOCK_API_KEY.
    #[arg(value_name = "URL")]
    url: String,
    /// Print it again after so many seconds, until Ctrl-C: then of what was called meanwhile.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: Option<u64>,
    /// One JSON object for each endpoint.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    env_file: EnvFile,
}

impl Stats {
    pub(crate) async fn run(self) -> Result<()> {
        let policy = OutboundPolicy::none().allow_plain(&self.url);
        let policy = policy.map_err(|error| Unfit(error.to_string()))?;
        let outbound = Outbound::with_policy(policy);
        let settings = self.env_file.settings().await?;
        let missing = || Unfit(format!("{KEY} is not set: counters need a key of the gateway"));
        let key = settings.get(KEY).await?.ok_or_else(missing)?;
        let read = async || self.read(&outbound, key.expose().trim()).await;
        let mut before = read().await?;
        self.print(&before)?;
        let Some(every) = self.every else { return Ok(()) };
        loop {
            tokio::time::sleep(Duration::from_secs(every)).await;
            let now = read().await?;
            let since: Vec<_> = now.iter().filter_map(|endpoint| endpoint.since(&before)).collect();
            if !self.json {
                say!("")?;
            }
            self.print(&since)?;
            before = now;
        }
    }

    async fn read(&self, outbound: &Outbound, key: &str) -> Result<Vec<Endpoint>> {
        let url = format!("{}/metrics", self.url.trim_end_matches('/'));
        match ask(outbound, &url, Some(key), PATIENCE).await {
            Ok(answer) if answer.status == 200 => Ok(endpoints(&String::from_utf8_lossy(&answer.body))),
            Ok(answer) => bail!("{url} answers with HTTP {}", answer.status),
            Err(error) => {
                let (why, cure) = told(&error);
                bail!("{url} {why}: {cure}")
            }
        }
    }

    fn print(&self, endpoints: &[Endpoint]) -> Result<()> {
        if !self.json {
            say!(
                "{:40} {:>8} {:>9} {:>9} {:>7} {:>8}",
                "endpoint",
                "calls",
                "mean ms",
                "p95 ms",
                "errors",
                "success"
            )?;
        }
        for endpoint in endpoints {
            let (mean, p95, success) = (endpoint.mean_ms(), endpoint.p95_ms(), endpoint.success_percent());
            if self.json {
                say!(
                    "{}",
                    json!({
                        "endpoint": endpoint.name, "calls": endpoint.calls, "mean_ms": mean, "p95_ms": p95,
                        "errors": endpoint.errors, "success_rate": success,
                    })
                )?;
                continue;
            }
            let (calls, errors) = (endpoint.calls, endpoint.errors);
            say!("{:40} {calls:>8} {mean:>9.1} {p95:>9.0} {errors:>7} {success:>7.1}%", endpoint.name)?;
        }
        Ok(())
    }
}
