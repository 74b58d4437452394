//! `penstock mcp`: the gateway's endpoint for agents over standard input and output.
//!
//! The gateway is the one of `penstock serve`. It listens on loopback, on a port of its own, with a key that
//! nobody else knows, and each line is passed on to it: what is checked, counted and written to the audit is
//! the same as over HTTP.

mod events;
mod input;
mod message;
mod relay;

use crate::{
    backing::Backing,
    key,
    report::Unfit,
    stopping::{Stopped, Stopping},
    target::{LogLevel, Role},
    vendors::Vendors,
};
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use penstock::{api_key, contract::catalogue};
use penstock_host::gateway::{Gateway, GatewayOptions};
use relay::Relay;
use std::{collections::BTreeSet, time::Duration};
use tokio::net::TcpListener;

/// How long the requests under way may take to end once it is asked to.
const GRACE: Duration = Duration::from_secs(1);

/// What the audit calls whoever writes to standard input.
const NAME: &str = "stdio";

#[derive(Args)]
pub(crate) struct Mcp {
    /// A tool for each operation of these modules, `jpm,crm`, beside those for all operations. Without it they
    /// are those of PENSTOCK_MCP_MODULES.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    modules: Vec<String>,
    /// What calls may do. Updates and actions need operator, creates and deletes admin. Without it PENSTOCK_ROLE
    /// says it, and else nothing but reads is done.
    #[arg(long, value_enum)]
    role: Option<Role>,
    /// Log lines to show on standard error. The audit is shown in any case.
    #[arg(long, value_enum, default_value = "warn")]
    log_level: LogLevel,
    #[command(flatten)]
    backing: Backing,
}

impl Mcp {
    pub(crate) async fn run(self: Box<Self>, stopping: &Stopping) -> Result<()> {
        let standard = self.backing.settings().await?;
        self.check_modules()?;
        let vendors = self.backing.vendors().await?;
        let mut given = vendors.as_ref().map(Vendors::settings).unwrap_or_default();
        let key = key::fresh()?;
        let mut give = |name: &str, value: String| given.insert(name.to_owned(), value);
        // The role of the gateway bounds it.
        give("PENSTOCK_API_KEYS", format!("{NAME}={};role=admin", api_key::hash(key.expose())));
        // Keys of a gateway for others open nothing here.
        give("PENSTOCK_API_KEY_HASH", String::new());
        if let Some(role) = self.role.and_then(|role| role.to_possible_value()) {
            give("PENSTOCK_ROLE", role.get_name().to_owned());
        }
        if let Some(level) = self.log_level.to_possible_value() {
            give("LOG_LEVEL", level.get_name().to_owned());
        }
        if !self.modules.is_empty() {
            give("PENSTOCK_MCP_MODULES", self.modules.join(","));
        }
        let environment = self.backing.environment(given, standard).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen on loopback")?;
        let gateway = Gateway::serve(listener, environment, GatewayOptions::default()).await?;
        let relay = Relay::new(gateway.address(), &key)?;
        let ended = tokio::select! {
            ended = relay.run() => ended,
            signal = stopping.asked() => {
                Err(Stopped { signal, rest: String::new(), resume: None, outcome: None }.into())
            }
        };
        gateway.stop(GRACE).await;
        if let Some(vendors) = vendors {
            vendors.shutdown().await;
        }
        ended
    }

    /// Names one that is no module: an agent could only say that it has no tools.
    fn check_modules(&self) -> Result<(), Unfit> {
        let operations = catalogue::providers().filter_map(catalogue::operations).flatten();
        let known: BTreeSet<_> = operations.filter_map(|one| Some(one.name.split_once('.')?.0)).collect();
        match self.modules.iter().find(|name| !known.contains(name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let hint = catalogue::nearest(name, known.iter().copied());
                let hint = hint.map_or_else(String::new, |near| format!("; did you mean {near}?"));
                Err(Unfit(format!("--modules: there is no module {name}{hint}")))
            }
        }
    }
}
