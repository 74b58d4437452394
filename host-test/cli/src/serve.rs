//! `penstock serve`: the Spin gateway in Wasmtime, without Spin.

use crate::{
    backing::Backing,
    key,
    report::Unfit,
    stopping::Stopping,
    told::{announce, tell},
    vendors::Vendors,
};
use anyhow::{Context, Result};
use clap::Args;
use penstock::api_key::{self, Hashes};
use penstock_host::{
    gateway::{Gateway, GatewayOptions},
    sources::Source,
};
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};
use tokio::net::TcpListener;

const API_KEY_HASH: &str = "PENSTOCK_API_KEY_HASH";
const API_KEYS: &str = "PENSTOCK_API_KEYS";

#[derive(Args)]
pub(crate) struct Serve {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:3000", value_name = "ADDRESS")]
    listen: SocketAddr,
    #[command(flatten)]
    backing: Backing,
    /// How long an instance of the gateway is kept without requests, in seconds: its tokens and
    /// circuit breakers go with it.
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    idle: u64,
    /// How long /ready fails before no more is accepted, once it is to stop, in seconds. Longer than
    /// whoever balances load takes to notice.
    #[arg(long, default_value_t = 1, value_name = "SECONDS")]
    drain: u64,
    /// How long requests under way may take to end then, in seconds. A list as lines that is longer
    /// ends with a line that says where to resume.
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    grace: u64,
}

impl Serve {
    pub(crate) async fn run(self, stopping: &Stopping) -> Result<()> {
        let standard = self.backing.settings().await?;
        let configured = is_key_configured(&standard).await?;
        if self.backing.real && !configured {
            let message = "PENSTOCK_API_KEYS and PENSTOCK_API_KEY_HASH are not set, and nobody could get in; `penstock key` \
                 makes one";
            return Err(Unfit(message.to_owned()).into());
        }
        let listener = TcpListener::bind(self.listen)
            .await
            .with_context(|| format!("cannot listen on {}", self.listen))?;
        let vendors = self.backing.vendors().await?;
        let mut given = vendors.as_ref().map(Vendors::settings).unwrap_or_default();
        let key = if configured { None } else { Some(made_key(&mut given)?) };
        let environment = self.backing.environment(given, standard).await?;
        let mut options = GatewayOptions::default();
        options.idle = Duration::from_secs(self.idle);
        let gateway = Gateway::serve(listener, environment, options).await?;

        announce(&gateway, key, vendors.as_ref())?;
        let signal = stopping.asked().await;
        gateway.leave();
        tell!("{signal}: /ready fails, and no more is accepted in {} s", self.drain);
        tokio::time::sleep(Duration::from_secs(self.drain)).await;
        gateway.stop(Duration::from_secs(self.grace)).await;
        if let Some(vendors) = vendors {
            vendors.shutdown().await;
        }
        Ok(())
    }
}

/// Says where it is and what to ask.
fn announce(gateway: &Gateway, key: Option<String>, vendors: Option<&Vendors>) -> Result<()> {
    let url = format!("http://{}", gateway.address());
    announce!("The gateway listens on {url}. Stop it with Ctrl-C.")?;
    announce!("  curl {url}/ready")?;
    let key = key.unwrap_or_else(|| "$PENSTOCK_API_KEY".to_owned());
    let authorized = format!("curl -H 'Authorization: Bearer {key}'");
    announce!("  {authorized} '{url}/v1/servicetitan/default/jpm/jobs?jobStatus=Completed&pageSize=2'")?;
    announce!("  {authorized} '{url}/v1/servicetitan/default/jpm/jobs?all=true'")?;
    if let Some(vendors) = vendors {
        announce!("  {authorized} '{url}/v1/asleep/default/data/sessions?user_id={}'", vendors.user())?;
        announce!(
            "ServiceTitan's own clients: {url}/servicetitan/default for both of its base URLs, tenant {}, \
             and the key as client secret",
            vendors.tenant()
        )?;
    }
    Ok(())
}

/// Whether keys are set anywhere, and can be read: the gateway would let nobody in. What named keys may do is
/// the gateway's to check.
async fn is_key_configured(settings: &impl Source) -> Result<bool> {
    let mut is_set = false;
    for name in [API_KEY_HASH, API_KEYS] {
        let unfit = |why: String| Unfit(format!("{name}: {why}"));
        let found = settings.get(name).await.map_err(|error| unfit(error.to_string()))?;
        let Some(found) = found.filter(|found| !found.expose().trim().is_empty()) else { continue };
        is_set = true;
        if name == API_KEY_HASH {
            Hashes::parse(found.expose()).map_err(|error| unfit(error.to_string()))?;
        }
    }
    Ok(is_set)
}

/// A key for this run alone, which is shown: it opens a simulated provider only.
fn made_key(given: &mut BTreeMap<String, String>) -> Result<String> {
    let key = key::fresh()?;
    given.insert(API_KEY_HASH.to_owned(), api_key::hash(key.expose()));
    Ok(key.expose().to_owned())
}
