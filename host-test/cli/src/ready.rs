//! `penstock ready`: whether calls can be made, for a script or a probe.

use crate::{
    target::{Target, parameter},
    told::say,
};
use anyhow::Result;
use clap::Args;
use penstock_host::{
    Error,
    bindings::types::{Failure, FieldError},
};

#[derive(Args)]
pub(crate) struct Ready {
    /// The vendor, for instance `servicetitan`.
    #[arg(value_name = "VENDOR")]
    provider_name: String,
    /// Make this call as well, for instance `jpm.job-types-list`, and fail if it fails.
    #[arg(long, value_name = "OPERATION")]
    probe: Option<String>,
    /// A parameter of the probe by the vendor's own name, `NAME=VALUE`. May be repeated.
    #[arg(long = "param", short, value_parser = parameter, value_name = "NAME=VALUE", requires = "probe")]
    parameters: Vec<(String, String)>,
    #[command(flatten)]
    target: Target,
}

/// Settings are missing or malformed.
#[derive(Debug, thiserror::Error)]
#[error("not ready: {} missing or malformed", .0.len())]
pub(crate) struct NotReady(pub(crate) Vec<FieldError>);

impl Ready {
    pub(crate) async fn run(self) -> Result<()> {
        let plugin = self.target.plugin().await?;
        let options = self.target.options(None);
        self.target.must_be_ready(&plugin, &self.provider_name).await?;
        say!("settings: complete")?;
        if let Some(operation) = &self.probe {
            let answer = plugin.invoke(&self.provider_name, operation, self.parameters, None, Some(options));
            let answer = answer.await.map_err(without_position)?;
            say!("{operation}: HTTP {}", answer.info.status)?;
        }
        Ok(())
    }
}

/// Nobody goes on with a probe, whichever page it is of.
fn without_position(error: Error) -> Error {
    match error {
        Error::Failure(failure) => Error::from(Failure { resume: None, ..*failure }),
        error => error,
    }
}
