//! `penstock health`: whether a gateway that runs may be sent requests, for a container's HEALTHCHECK.

use crate::{
    ask::{ask, told},
    report::Unfit,
};
use anyhow::Result;
use clap::Args;
use penstock_host::http::{Outbound, OutboundPolicy};
use std::time::Duration;

#[derive(Args)]
pub(crate) struct Health {
    /// Where the gateway is.
    #[arg(default_value = "http://127.0.0.1:3000", value_name = "URL")]
    gateway: String,
    /// Only whether it lives, not whether it is ready.
    #[arg(long)]
    live: bool,
    /// How long it may take, in seconds.
    #[arg(long, default_value_t = 5, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

/// It is not well.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unwell(String);

impl Health {
    pub(crate) async fn run(self) -> Result<()> {
        let policy = OutboundPolicy::none().allow_plain(&self.gateway);
        let policy = policy.map_err(|error| Unfit(format!("the gateway's URL: {error}")))?;
        let path = if self.live { "/live" } else { "/ready" };
        let url = format!("{}{path}", self.gateway.trim_end_matches('/'));
        let patience = Duration::from_secs(self.timeout);
        match ask(&Outbound::with_policy(policy), &url, None, patience).await {
            Ok(answer) if answer.status == 200 => Ok(()),
            Ok(answer) => Err(Unwell(format!("{url} answers with HTTP {}", answer.status)).into()),
            Err(error) => {
                let (why, cure) = told(&error);
                Err(Unwell(format!("{url} {why}: {cure}")).into())
            }
        }
    }
}
