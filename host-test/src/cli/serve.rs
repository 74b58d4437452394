//! `penstock serve`: the gateway in Wasmtime.

use anyhow::Result;
use clap::Args;

/// Arguments of `penstock serve`.
#[derive(Args)]
pub(super) struct Serve {}

impl Serve {
    pub(super) async fn run(self) -> Result<()> {
        anyhow::bail!("comes with the gateway")
    }
}
