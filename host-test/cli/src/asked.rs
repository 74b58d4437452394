//! Which operation, and with what.

use crate::target::parameter;
use clap::Args;

/// Arguments of every command that calls one operation.
#[derive(Args)]
pub(crate) struct Asked {
    /// The vendor, for instance `servicetitan`.
    #[arg(value_name = "VENDOR")]
    pub(crate) provider_name: String,
    /// The operation, for instance `jpm.jobs-get`: `penstock operations` shows them.
    pub(crate) operation: String,
    /// A parameter by the vendor's own name, `NAME=VALUE`. May be repeated.
    #[arg(long = "param", short, value_parser = parameter, value_name = "NAME=VALUE")]
    pub(crate) parameters: Vec<(String, String)>,
}
