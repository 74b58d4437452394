//! `penstock key`: an API key for the gateway.

use anyhow::Result;
use clap::Args;

/// Arguments of `penstock key`.
#[derive(Args)]
pub(super) struct Key {}

impl Key {
    pub(super) fn run(self) -> Result<()> {
        anyhow::bail!("comes with the gateway")
    }
}
