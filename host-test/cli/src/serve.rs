//! `penstock serve`: the Spin gateway in Wasmtime, without Spin.

use crate::{
    key,
    network::{ALLOW, Allowed, Network},
    report::Unfit,
    settings::EnvFile,
    shared_state,
    stopping::Stopping,
    told::{announce, tell, warning},
    vendors::Vendors,
};
use anyhow::{Context, Result};
use clap::Args;
use penstock::api_key::{self, Hashes};
use penstock_host::{
    Environment,
    gateway::{Gateway, GatewayOptions},
    http::{Outbound, OutboundPolicy},
    logs::Logs,
    sources::{Layered, Map, Source},
};
use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::net::TcpListener;

const API_KEY_HASH: &str = "PENSTOCK_API_KEY_HASH";
const API_KEYS: &str = "PENSTOCK_API_KEYS";

#[derive(Args)]
pub(crate) struct Serve {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:3000", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Talk to the real vendors, with the credentials of the environment, instead of simulated
    /// ones. PENSTOCK_API_KEYS or PENSTOCK_API_KEY_HASH must be set.
    #[arg(long)]
    real: bool,
    /// Jobs that the simulated ServiceTitan holds.
    #[arg(long, default_value_t = 2_000, conflicts_with = "real")]
    jobs: usize,
    /// How long an instance of the gateway is kept without requests, in seconds: its tokens and
    /// circuit breakers go with it.
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    idle: u64,
    /// Let the vendor's redirects lead to this origin too, `https://files.example.com`. May be
    /// repeated.
    #[arg(long, value_name = "URL", requires = "real")]
    allow: Vec<String>,
    /// How long /ready fails before no more is accepted, once it is to stop, in seconds. Longer than
    /// whoever balances load takes to notice.
    #[arg(long, default_value_t = 1, value_name = "SECONDS")]
    drain: u64,
    /// How long requests under way may take to end then, in seconds. A list as lines that is longer
    /// ends with a line that says where to resume.
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    grace: u64,
    /// Keep what instances share (tokens, limits, webhooks) in this file. Without it that is
    /// PENSTOCK_STATE_FILE, or with --real a file of this user's, and else the memory of this process.
    /// A Redis in PENSTOCK_STATE_URL comes first.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    network: Network,
    #[command(flatten)]
    env_file: EnvFile,
}

impl Serve {
    pub(crate) async fn run(self, stopping: &Stopping) -> Result<()> {
        let standard = self.env_file.settings().await?;
        let configured = is_key_configured(&standard).await?;
        if self.real && !configured {
            let message = "PENSTOCK_API_KEYS and PENSTOCK_API_KEY_HASH are not set, and nobody could get in; `penstock key` \
                 makes one";
            return Err(Unfit(message.to_owned()).into());
        }
        let listener = TcpListener::bind(self.listen)
            .await
            .with_context(|| format!("cannot listen on {}", self.listen))?;
        let vendors = match self.real {
            true => None,
            false => Some(Vendors::start(self.jobs).await?),
        };
        let mut given = vendors.as_ref().map(Vendors::settings).unwrap_or_default();
        // Nobody but Spin's manifest needs it twice.
        if let Some(host) = shared_state::redis_host(&standard).await? {
            given.insert(shared_state::HOST.to_owned(), host);
        }
        let key = if configured { None } else { Some(made_key(&mut given)?) };
        let outbound = match vendors {
            Some(_) => Outbound::with_policy(OutboundPolicy::none().allow_loopback()),
            None => self.real_network(&standard).await?,
        };
        let settings = || Layered::new().then(Map::new(given.clone())).then(standard.clone());
        let environment = Environment::from_process()
            .secrets(settings())
            .config(settings())
            .outbound(outbound)
            .logs(Logs::stderr());
        let environment = self.with_state(environment, &standard).await?;
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

    /// With the store in a file, if there is to be one.
    async fn with_state(&self, environment: Environment, settings: &impl Source) -> Result<Environment> {
        // The gateway opens it itself.
        if shared_state::has_redis(settings).await? {
            return Ok(environment);
        }
        let named = match &self.state {
            Some(file) => Some((file.clone(), "--state")),
            None => shared_state::file(settings).await?.map(|file| (file, shared_state::FILE)),
        };
        if let Some((file, name)) = named {
            return Ok(environment.key_value(Arc::new(shared_state::open(file, Some(name))?)));
        }
        let Some(file) = shared_state::default_file().filter(|_| self.real) else { return Ok(environment) };
        Ok(match shared_state::open(file, None) {
            Ok(state) => environment.key_value(Arc::new(state)),
            // A container may have no place for it.
            Err(Unfit(why)) => {
                let text =
                    format_args!("{why}; tokens, limits and webhooks are kept in the memory of this process");
                warning("state", serde_json::json!({}), text);
                environment
            }
        })
    }

    /// The vendors, what is configured, and what was allowed.
    async fn real_network(&self, settings: &impl Source) -> Result<Outbound> {
        let mut allowed = Allowed::with(settings).await?;
        allowed.add_configured(settings, None).await?;
        allowed.add_accounts_of_process()?;
        for origin in &self.allow {
            allowed.add(ALLOW, origin)?;
        }
        Ok(self.network.outbound(allowed).await?)
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
