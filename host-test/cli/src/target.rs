//! Which provider to talk to, as whom.

use crate::{report::Unfit, settings::EnvFile};
use anyhow::Result;
use clap::{Args, ValueEnum};
use penstock_host::{
    Environment, Plugin,
    bindings::types::{CallOptions, OnMisfit},
    http::{InvalidOrigin, Outbound, OutboundPolicy},
    sources::{Layered, Map, Source},
};

/// Options of every command that talks to a vendor.
#[derive(Args)]
pub(crate) struct Target {
    /// Talk to the vendor at this URL, for instance one of `penstock vendor`.
    #[arg(long = "vendor", value_name = "URL")]
    provider: Option<String>,
    /// Use the credentials of this account: PENSTOCK_ACCOUNT_<NAME>_<VENDOR>_CLIENT_ID and so on.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// What calls may do. Updates and actions need operator, creates and deletes admin.
    #[arg(long, value_enum)]
    role: Option<Role>,
    /// Give up after this many seconds, waits included.
    #[arg(long, value_name = "SECONDS")]
    deadline: Option<u64>,
    /// Ask the vendor even if the cache has an answer.
    #[arg(long)]
    fresh: bool,
    /// While the vendor is down, take an old answer from the cache rather than none.
    #[arg(long)]
    accept_stale: bool,
    /// Log lines to show on standard error.
    #[arg(long, value_enum)]
    log_level: Option<LogLevel>,
    #[command(flatten)]
    env_file: EnvFile,
}

/// What becomes of a record that does not fit the contract.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum MisfitChoice {
    /// The command fails before it.
    Fail,
    /// It is left out, and counted.
    Skip,
    /// It is printed as the vendor sent it, with a member `$misfit`, and counted.
    Raw,
}

impl From<MisfitChoice> for OnMisfit {
    fn from(choice: MisfitChoice) -> OnMisfit {
        match choice {
            MisfitChoice::Fail => OnMisfit::Fail,
            MisfitChoice::Skip => OnMisfit::Skip,
            MisfitChoice::Raw => OnMisfit::Raw,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    ReadOnly,
    Operator,
    Admin,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

impl Target {
    pub(crate) async fn plugin(&self) -> Result<Plugin> {
        self.plugin_that_may_reach(&[]).await
    }

    /// The same with more origins that requests may go to.
    pub(crate) async fn plugin_that_may_reach(&self, origins: &[String]) -> Result<Plugin> {
        let standard = self.env_file.settings().await?;
        let mut given = Vec::new();
        let mut policy = OutboundPolicy::providers();
        for origin in origins {
            policy = policy.allow(origin).map_err(|error| unfit("--allow", &error))?;
        }
        for url in self.configured_origins(&standard).await? {
            policy = policy.allow(&url).map_err(|error| unfit("the configured vendor URL", &error))?;
        }
        if let Some(url) = &self.provider {
            policy = policy.allow(url).map_err(|error| unfit("--vendor", &error))?;
            for name in ["SERVICETITAN_API_URL", "SERVICETITAN_AUTH_URL", "ASLEEP_BASE_URL"] {
                given.push((name, url.clone()));
            }
            given.push(("PENSTOCK_ALLOW_HTTP", "true".to_owned()));
        }
        if let Some(role) = self.role.and_then(|role| role.to_possible_value()) {
            given.push(("PENSTOCK_ROLE", role.get_name().to_owned()));
        }
        if let Some(level) = self.log_level.and_then(|level| level.to_possible_value()) {
            given.push(("LOG_LEVEL", level.get_name().to_owned()));
        }
        // What fails is told in words at the end; the log line of it would be noise.
        // Nobody else has the store of this process, so that nothing is to be agreed in it.
        let alone = Map::new([("LOG_LEVEL", "error"), ("PENSTOCK_SHARE_LIMITS", "false")]);
        let settings = Layered::new().then(Map::new(given)).then(standard.clone()).then(alone);
        let environment = Environment::from_process()
            .secrets(standard)
            .config(settings)
            .outbound(Outbound::with_policy(policy));
        Ok(Plugin::start(environment).await?)
    }

    /// The vendor URLs among the settings: whoever set them wants them called.
    async fn configured_origins(&self, standard: &impl Source) -> Result<Vec<String>> {
        let account = self.account.as_ref().map(|name| name.to_ascii_uppercase().replace('-', "_"));
        let prefixes = account.into_iter().flat_map(|name| {
            ["", "SERVICETITAN_", "ASLEEP_"].map(|vendor| format!("PENSTOCK_ACCOUNT_{name}_{vendor}"))
        });
        let providers = ["SERVICETITAN_", "SERVICETITAN_INTEGRATION_", "ASLEEP_"].map(str::to_owned);
        let mut origins = Vec::new();
        for prefix in prefixes.chain(providers) {
            for name in ["API_URL", "AUTH_URL", "BASE_URL"] {
                let name = format!("{prefix}{name}");
                let found = standard.get(&name).await;
                origins.extend(found.map_err(|error| Unfit(format!("{name}: {error}")))?);
            }
        }
        Ok(origins)
    }

    pub(crate) fn options(&self, resume: Option<String>) -> CallOptions {
        CallOptions {
            account: self.account.clone(),
            deadline_ms: self.deadline.map(|seconds| seconds.saturating_mul(1000)),
            resume,
            fresh: self.fresh,
            accept_stale: self.accept_stale,
            ..CallOptions::default()
        }
    }
}

fn unfit(what: &str, error: &InvalidOrigin) -> Unfit {
    Unfit(format!("{what}: {error}"))
}

/// `NAME=VALUE`, as `--param` takes it.
pub(crate) fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("must be NAME=VALUE".to_owned()),
    }
}
