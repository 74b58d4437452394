//! What a gateway of this program stands on: vendors, settings, the network and the store.

use crate::{
    network::{ALLOW, Allowed, Network},
    report::Unfit,
    reporting,
    settings::EnvFile,
    shared_state,
    told::warning,
    vendors::Vendors,
};
use anyhow::Result;
use clap::Args;
use penstock_host::{
    Environment,
    http::{Outbound, OutboundPolicy},
    sources::{Layered, Map, Source},
};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

/// Options of every command that runs a gateway.
#[derive(Args)]
pub(crate) struct Backing {
    /// Talk to the real vendors, with the credentials of the environment, instead of simulated
    /// ones.
    #[arg(long)]
    pub(crate) real: bool,
    /// Jobs that the simulated ServiceTitan holds.
    #[arg(long, default_value_t = 2_000, conflicts_with = "real")]
    jobs: usize,
    /// Let the vendor's redirects lead to this origin too, `https://files.example.com`. May be
    /// repeated.
    #[arg(long, value_name = "URL", requires = "real")]
    allow: Vec<String>,
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

impl Backing {
    /// The settings of the process.
    pub(crate) async fn settings(&self) -> Result<Arc<dyn Source>, Unfit> {
        self.env_file.settings_and(&reporting::NAMES).await
    }

    /// Simulated vendors, unless it is to be the real ones.
    pub(crate) async fn vendors(&self) -> Result<Option<Vendors>> {
        Ok(match self.real {
            true => None,
            false => Some(Vendors::start(self.jobs).await?),
        })
    }

    /// What the gateway's component gets: these settings, and then those of the process.
    pub(crate) async fn environment(
        &self,
        mut given: BTreeMap<String, String>,
        standard: Arc<dyn Source>,
    ) -> Result<Environment> {
        // Nobody but Spin's manifest needs it twice.
        if let Some(host) = shared_state::redis_host(&standard).await? {
            given.insert(shared_state::HOST.to_owned(), host);
        }
        let outbound = match self.real {
            false => Outbound::with_policy(OutboundPolicy::none().allow_loopback()),
            true => self.real_network(&standard).await?,
        };
        let settings = || Layered::new().then(Map::new(given.clone())).then(standard.clone());
        let environment = Environment::from_process()
            .secrets(settings())
            .config(settings())
            .outbound(outbound)
            .logs(reporting::logs(&standard).await?);
        self.with_state(environment, &standard).await
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
