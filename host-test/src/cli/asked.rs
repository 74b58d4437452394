//! Which operation, and with what.

use super::target::parameter;
use clap::Args;

/// Arguments of every command that calls one operation.
#[derive(Args)]
pub(super) struct Asked {
    /// The vendor, for instance `servicetitan`.
    #[arg(value_name = "VENDOR")]
    pub(super) vendor_name: String,
    /// The operation, for instance `jpm.jobs-get`: `penstock operations` shows them.
    pub(super) operation: String,
    /// A parameter by the vendor's own name, `NAME=VALUE`. May be repeated.
    #[arg(long = "param", short, value_parser = parameter, value_name = "NAME=VALUE")]
    pub(super) parameters: Vec<(String, String)>,
}
