//! `penstock serve`: the Spin gateway in Wasmtime, without Spin.

use crate::key;
use anyhow::{Context, Result};
use clap::Args;
use penstock::api_key;
use penstock_host::{
    Environment,
    gateway::{Gateway, GatewayOptions},
    http::{Outbound, OutboundPolicy},
    logs::Logs,
    sources::{Layered, Map, standard},
};
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};
use tokio::net::TcpListener;

/// How long requests under way may take to end after Ctrl-C.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Args)]
pub(crate) struct Serve {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:3000", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Talk to the real ServiceTitan, with the credentials of the environment, instead
    /// of a simulated one.
    #[arg(long)]
    real: bool,
    /// Jobs that the simulated ServiceTitan holds.
    #[arg(long, default_value_t = 2_000, conflicts_with = "real")]
    jobs: usize,
}

impl Serve {
    pub(crate) async fn run(self) -> Result<()> {
        let listener = TcpListener::bind(self.listen)
            .await
            .with_context(|| format!("cannot listen on {}", self.listen))?;
        let provider = match self.real {
            true => None,
            false => {
                Some(SimulatedServiceTitan::start(Config { jobs: self.jobs, ..Config::default() }).await?)
            }
        };
        let mut given = provider.as_ref().map(SimulatedServiceTitan::settings).unwrap_or_default();
        let key = configured_key(&mut given)?;
        let policy = match provider {
            Some(_) => OutboundPolicy::none().allow_loopback(),
            None => OutboundPolicy::providers(),
        };
        let settings = || Layered::new().then(Map::new(given.clone())).then(standard());
        let environment = Environment::from_process()
            .secrets(settings())
            .config(settings())
            .outbound(Outbound::with_policy(policy))
            .logs(Logs::stderr());
        let gateway = Gateway::serve(listener, environment, GatewayOptions::default()).await?;

        let url = format!("http://{}", gateway.address());
        println!("The gateway listens on {url}. Stop it with Ctrl-C.");
        println!("  curl {url}/ready");
        let key = key.unwrap_or_else(|| "$PENSTOCK_API_KEY".to_owned());
        let authorized = format!("curl -H 'Authorization: Bearer {key}'");
        println!("  {authorized} '{url}/v1/servicetitan/default/jpm/jobs?jobStatus=Completed&pageSize=2'");
        println!("  {authorized} '{url}/v1/servicetitan/default/jpm/jobs?all=true'");
        if let Some(id) = provider.as_ref().and_then(|provider| provider.job_ids().first().copied()) {
            println!("  {authorized} {url}/v1/servicetitan/default/jpm/jobs/{id}");
        }

        tokio::signal::ctrl_c().await.context("cannot wait for Ctrl-C")?;
        gateway.stop(PATIENCE).await;
        if let Some(provider) = provider {
            provider.shutdown().await;
        }
        Ok(())
    }
}

/// Without a configured hash a key is made for this run, and returned to be shown.
fn configured_key(given: &mut BTreeMap<String, String>) -> Result<Option<String>> {
    if std::env::var_os("PENSTOCK_API_KEY_HASH").is_some()
        || std::env::var_os("PENSTOCK_API_KEY_HASH_FILE").is_some()
    {
        return Ok(None);
    }
    let key = key::fresh()?;
    given.insert("PENSTOCK_API_KEY_HASH".to_owned(), api_key::hash(key.expose()));
    Ok(Some(key.expose().to_owned()))
}
