//! `penstock key`: an API key for the gateway.

use crate::told::say;
use anyhow::{Context, Result};
use clap::Args;
use penstock::{api_key, policy::secret::Secret};

#[derive(Args)]
pub(crate) struct Key {}

impl Key {
    pub(crate) fn run(self) -> Result<()> {
        let key = fresh()?;
        say!("# Give this key to the caller; it is not kept anywhere:")?;
        say!("{}", key.expose())?;
        say!("# Configure its hash at the gateway:")?;
        say!("PENSTOCK_API_KEY_HASH={}", api_key::hash(key.expose()))?;
        say!("SPIN_VARIABLE_PENSTOCK_API_KEY_HASH={}", api_key::hash(key.expose()))?;
        Ok(())
    }
}

/// A key from the operating system's random source.
pub(crate) fn fresh() -> Result<Secret> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).context("the operating system gives no random numbers")?;
    Ok(api_key::generate(&random))
}
