//! `penstock state`: what instances share, listed and removed by tenant.

use crate::{
    shared_state,
    target::Target,
    told::{note, say},
};
use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;

#[derive(Args)]
pub(crate) struct Shared {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Prints how much is stored of the account's tenant, one JSON object a kind.
    List(List),
    /// Removes what is stored of some kinds of the account's tenant.
    Clear(Clear),
}

#[derive(Args)]
struct List {
    /// The vendor, for instance `servicetitan`.
    #[arg(value_name = "VENDOR")]
    provider_name: String,
    #[command(flatten)]
    target: Target,
}

#[derive(Args)]
struct Clear {
    /// The vendor, for instance `servicetitan`.
    #[arg(value_name = "VENDOR")]
    provider_name: String,
    /// What to remove: `token` and `cache` are fetched again; `breaker` lets requests through; without
    /// `limit` an app may send too much for a moment; without `webhook` events may be handed out again;
    /// without `idempotency` requests may be repeated.
    #[arg(value_name = "KIND", required = true)]
    kinds: Vec<String>,
    #[command(flatten)]
    target: Target,
}

impl Shared {
    pub(crate) async fn run(self) -> Result<()> {
        match self.what {
            What::List(list) => list.run().await,
            What::Clear(clear) => clear.run().await,
        }
    }
}

impl List {
    async fn run(self) -> Result<()> {
        let plugin = self.target.plugin_with_state(shared_state::default_file()).await?;
        let account = self.target.options(None).account;
        for stored in plugin.list_state(&self.provider_name, account.as_deref()).await? {
            say!("{}", json!({ "kind": stored.kind, "keys": stored.keys }))?;
        }
        Ok(())
    }
}

impl Clear {
    async fn run(self) -> Result<()> {
        let plugin = self.target.plugin_with_state(shared_state::default_file()).await?;
        let account = self.target.options(None).account;
        let kinds: Vec<_> = self.kinds.iter().map(String::as_str).collect();
        let removed = plugin.clear_state(&self.provider_name, account.as_deref(), &kinds).await?;
        note("state", json!({ "removed": removed }), format_args!("{removed} keys removed"));
        Ok(())
    }
}
