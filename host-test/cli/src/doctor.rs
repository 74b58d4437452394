//! `penstock doctor`: all that is to be looked at before and after a deployment, with what to do about it.

mod age;
mod calls;
mod check;
mod gateway;
mod origins;
mod secrets;
mod store;
mod tree;

use crate::{
    report::Unfit,
    target::{Reach, Target, parameter},
    told::say,
};
use anyhow::Result;
use calls::Probe;
use check::{Check, Status};
use clap::Args;
use penstock::{
    call::DEFAULT_ACCOUNT,
    providers::{api::Provider, registry},
};
use penstock_host::{
    Plugin,
    http::{Outbound, OutboundPolicy},
    sources::Source as _,
};
use serde_json::json;
use std::time::Duration;

/// How long anything that is asked may take.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Args)]
pub(crate) struct Doctor {
    /// The vendor, for instance `servicetitan`.
    #[arg(value_name = "VENDOR")]
    provider_name: String,
    /// The call that fetches sample data, for instance `jpm.job-types-list`. A list that needs no
    /// parameters unless set.
    #[arg(long, value_name = "OPERATION")]
    probe: Option<String>,
    /// A parameter of the probe by the vendor's own name, `NAME=VALUE`. May be repeated.
    #[arg(long = "param", short, value_parser = parameter, value_name = "NAME=VALUE", requires = "probe")]
    parameters: Vec<(String, String)>,
    /// Modules that the credentials must be able to read, `jpm,crm`: one that is refused fails, and others are
    /// not asked.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    modules: Vec<String>,
    /// A gateway that runs, `http://127.0.0.1:8080`: its health, counters and version. Its key is in
    /// PENSTOCK_API_KEY.
    #[arg(long, value_name = "URL")]
    gateway: Option<String>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

/// Checks failed.
#[derive(Debug, thiserror::Error)]
#[error("{0} failed")]
pub(crate) struct Unwell(String);

impl Doctor {
    pub(crate) async fn run(self) -> Result<()> {
        let Some(provider) = registry::find(&self.provider_name) else {
            return Err(Unfit(format!("there is no vendor `{}`", self.provider_name)).into());
        };
        if let Some(module) = calls::unknown(&self.provider_name, &self.modules) {
            return Err(Unfit(format!("--modules: {} has no module `{module}`", self.provider_name)).into());
        }
        let reach = self.target.reach(&[]).await?;
        // Before the component has it made.
        let store = store::check(&reach.settings).await;
        let mut checks = self.of_vendor(provider, &reach).await?;
        checks.extend(secrets::check(&*reach.secrets).await);
        checks.push(store);
        if let Some(url) = &self.gateway {
            let policy = OutboundPolicy::none().allow_plain(url);
            let policy = policy.map_err(|error| Unfit(format!("--gateway: {error}")))?;
            let key = reach.secrets.get("PENSTOCK_API_KEY").await?;
            let key = key.as_ref().map(|key| key.expose().trim());
            checks.extend(gateway::checks(&Outbound::with_policy(policy), url, key).await);
        }
        self.print(&checks)
    }

    /// Settings, network, credentials and data.
    async fn of_vendor(&self, provider: &'static dyn Provider, reach: &Reach) -> Result<Vec<Check>> {
        let options = self.target.options(None);
        let account = options.account.as_deref().unwrap_or(DEFAULT_ACCOUNT);
        let plugin = self.target.plugin().await?;
        let readiness = plugin.ready(&self.provider_name, options.account.as_deref()).await?;
        let mut checks: Vec<_> = readiness
            .missing
            .iter()
            .map(|missing| {
                let message = format!("{} {}", missing.field, missing.message);
                Check::fail("settings", message, "`penstock ready` and docs/settings.md say what is wanted")
            })
            .collect();
        let site = origins::site(provider, account, &*reach.settings).await;
        if checks.is_empty() {
            checks.push(Check::pass("settings", "complete"));
        }
        let environment = site.as_ref().map_or("", |site| site.environment.as_str());
        match &site {
            Some(site) => checks.extend(origins::checks(&reach.outbound, site).await),
            None => checks.push(Check::skip("origin", "the settings do not say where the vendor is")),
        }
        match readiness.ready {
            _ if origins::is_away(&checks) => {
                checks.push(Check::skip("token", "the vendor cannot be reached"));
            }
            true => checks.extend(self.calls(&plugin, &options).await),
            false => checks.push(Check::skip("token", "the settings are not complete")),
        }
        checks.push(age::check(provider, account, environment, &*reach.settings).await);
        checks.push(tree::check(provider, account, environment, &*reach.secrets).await);
        Ok(checks)
    }

    async fn calls(
        &self,
        plugin: &Plugin,
        options: &penstock_host::bindings::types::CallOptions,
    ) -> Vec<Check> {
        let named =
            self.probe.clone().map(|operation| Probe { operation, parameters: self.parameters.clone() });
        let lists = calls::lists(&self.provider_name, &self.modules);
        let usual =
            lists.values().map(|list| Probe { operation: list.name.to_owned(), parameters: Vec::new() });
        let probes: Vec<_> = named.map_or_else(|| usual.collect(), |named| vec![named]);
        if probes.is_empty() {
            return vec![Check::skip(
                "sample data",
                "nothing of this vendor can be read without parameters: name a call with --probe",
            )];
        }
        let mut checks = calls::sample(plugin, &self.provider_name, &probes, options).await;
        let has_token = checks.iter().any(|check| check.name == "token" && check.status == Status::Pass);
        if has_token && !lists.is_empty() {
            let is_wanted = !self.modules.is_empty();
            checks.push(calls::permissions(plugin, &self.provider_name, &lists, is_wanted, options).await);
        }
        checks
    }

    fn print(&self, checks: &[Check]) -> Result<()> {
        let worst = checks.iter().map(|check| check.status).max().unwrap_or(Status::Pass);
        let overall = match worst {
            Status::Fail => "unhealthy",
            Status::Warn => "degraded",
            Status::Pass | Status::Skip => "healthy",
        };
        if self.json {
            let told: Vec<_> = checks.iter().map(Check::document).collect();
            let version = env!("CARGO_PKG_VERSION");
            say!("{}", json!({ "overall_status": overall, "version": version, "checks": told }))?;
        } else {
            for line in checks.iter().flat_map(Check::lines) {
                say!("{line}")?;
            }
            say!("{overall}")?;
        }
        let failed: Vec<_> =
            checks.iter().filter(|check| check.status == Status::Fail).map(|check| check.name).collect();
        if failed.is_empty() { Ok(()) } else { Err(Unwell(failed.join(", ")).into()) }
    }
}
