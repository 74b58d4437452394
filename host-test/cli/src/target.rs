//! Which provider to talk to, as whom.

use crate::{
    network::{ALLOW, Allowed, Network},
    ready::NotReady,
    report::{Unfit, unread},
    settings::EnvFile,
    shared_state,
};
use anyhow::Result;
use clap::{Args, ValueEnum};
use penstock_host::{
    Environment, Plugin,
    bindings::types::{CallOptions, OnMisfit},
    http::Outbound,
    sources::{Layered, Map, Source},
    state::State,
};
use std::{path::PathBuf, sync::Arc};

/// The setting, and what holds without it.
const BATCH_SIZE: (&str, u32) = ("BATCH_SIZE", 8);

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
    #[arg(long, value_name = "SECONDS", value_parser = deadline)]
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
    network: Network,
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

/// Where settings come from, and what may be reached.
pub(crate) struct Reach {
    pub(crate) secrets: Arc<dyn Source>,
    /// Those of the command's options first.
    pub(crate) settings: Arc<dyn Source>,
    pub(crate) outbound: Outbound,
}

/// What calls may do.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Role {
    ReadOnly,
    Operator,
    Admin,
}

/// The least important log line that is shown.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

impl Target {
    /// Where the settings of the process are.
    pub(crate) fn env_file(&self) -> &EnvFile {
        &self.env_file
    }

    /// Takes settings that come before those of the environment.
    pub(crate) fn give(&mut self, settings: Vec<(String, String)>) {
        self.env_file.give(settings);
    }

    pub(crate) async fn plugin(&self) -> Result<Plugin> {
        self.plugin_that_may_reach(&[]).await
    }

    /// The same on the shared state, which is in `file` if the settings name none and it is there.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(crate) async fn plugin_with_state(&self, file: Option<PathBuf>) -> Result<Plugin> {
        let standard = self.env_file.settings().await?;
        shared_state::must_be_there(&standard).await?;
        let state = match (shared_state::configured(&standard).await?, file.filter(|file| file.exists())) {
            (Some(state), _) => state,
            (None, Some(file)) => Arc::new(shared_state::open(file, None)?),
            (None, None) => {
                let message = "there is no shared state: set PENSTOCK_STATE_URL or PENSTOCK_STATE_FILE";
                return Err(Unfit(message.to_owned()).into());
            }
        };
        self.started(&[], Some(state)).await
    }

    /// The same with more origins that requests may go to.
    pub(crate) async fn plugin_that_may_reach(&self, origins: &[String]) -> Result<Plugin> {
        let standard = self.env_file.settings().await?;
        let state = shared_state::configured(&standard).await?;
        self.started(origins, state).await
    }

    async fn started(&self, origins: &[String], state: Option<Arc<dyn State>>) -> Result<Plugin> {
        // What fails is told in words at the end; the log line of it would be noise.
        // Nobody else has the store of this process, so that nothing is to be agreed in it.
        let shares = if state.is_some() { "true" } else { "false" };
        let quiet = Map::new([("LOG_LEVEL", "error"), ("PENSTOCK_SHARE_LIMITS", shares)]);
        let Reach { secrets, settings, outbound } = self.reach(origins).await?;
        let mut environment = Environment::from_process()
            .secrets(secrets)
            .config(Layered::new().then(settings).then(quiet))
            .outbound(outbound);
        if let Some(state) = state {
            environment = environment.state(state);
        }
        Ok(Plugin::start(environment).await?)
    }

    /// What the component is given, but for what it shares.
    pub(crate) async fn reach(&self, origins: &[String]) -> Result<Reach> {
        let secrets = self.env_file.settings().await?;
        let mut given = Vec::new();
        let mut allowed = Allowed::with(&secrets).await?;
        for origin in origins {
            allowed.add(ALLOW, origin)?;
        }
        allowed.add_configured(&secrets, self.account.as_deref()).await?;
        if let Some(url) = &self.provider {
            allowed.add("--vendor", url)?;
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
        let settings = Arc::new(Layered::new().then(Map::new(given)).then(secrets.clone()));
        Ok(Reach { secrets, settings, outbound: self.network.outbound(allowed).await? })
    }

    /// Calls of a batch that are under way at once. What is no number is refused by the component.
    pub(crate) async fn batch_size(&self) -> Result<u32> {
        let settings = self.env_file.settings().await?;
        let found = settings.get(BATCH_SIZE.0).await;
        let found = found.map_err(|error| unread(BATCH_SIZE.0, &error))?;
        let size = found.and_then(|size| size.expose().trim().parse().ok()).unwrap_or(BATCH_SIZE.1);
        Ok(size.clamp(1, 64))
    }

    /// # Errors
    ///
    /// Settings of this provider are missing or malformed: all of them.
    pub(crate) async fn must_be_ready(&self, plugin: &Plugin, provider: &str) -> Result<()> {
        let readiness = plugin.ready(provider, self.account.as_deref()).await?;
        if readiness.ready { Ok(()) } else { Err(NotReady(readiness.missing).into()) }
    }

    /// Whose records a copy has: of one tenant, and of one account.
    pub(crate) async fn whose(&self, provider: &str) -> Result<String> {
        if let Some(account) = &self.account {
            return Ok(format!("{provider}, account {account}"));
        }
        let name = format!("{}_TENANT_ID", provider.to_uppercase());
        let found = self.env_file.settings().await?.get(&name).await;
        let found = found.map_err(|error| unread(&name, &error))?;
        let tenant = found.map(|tenant| format!(", tenant {}", tenant.expose().trim()));
        Ok(format!("{provider}{}", tenant.unwrap_or_default()))
    }

    /// The account to use; the default one if none.
    pub(crate) fn account(&self) -> Option<String> {
        self.account.clone()
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

/// Seconds, as `--deadline` takes them.
fn deadline(text: &str) -> Result<u64, String> {
    let seconds = text.parse().ok().filter(|seconds| (1..=3600).contains(seconds));
    seconds.ok_or_else(|| "must be whole seconds, 1 to 3600".to_owned())
}

/// `NAME=VALUE`, as `--param` takes it.
pub(crate) fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("must be NAME=VALUE".to_owned()),
    }
}
