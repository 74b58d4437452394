//! `penstock sync`: a vendor's records in a database.

mod check;
mod copy;
mod demo;
mod every;
mod place;
mod progress;
mod status;

use crate::{report::Unfit, stopping::Stopping};
use anyhow::Result;
use clap::{Args, Subcommand};

#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true
)]
pub(crate) struct Sync {
    #[command(subcommand)]
    other: Option<Other>,
    #[command(flatten)]
    copy: copy::Copy,
}

#[derive(Subcommand)]
enum Other {
    /// Holds a copy against the vendor, by table: counts, and some records. Exit code 1 if they differ.
    Check(check::Check),
    /// Shows what a copy has, by table: how old it is, rows, and why the last read ended early.
    Status(status::Status),
}

impl Sync {
    pub(crate) async fn run(self, stopping: &Stopping) -> Result<()> {
        match (self.other, self.copy) {
            (Some(Other::Check(command)), _) => stopping.unless_asked(command.run()).await?,
            (Some(Other::Status(command)), _) => command.run().await,
            (None, copy) if copy.demo => demo::run(copy, stopping).await,
            (None, copy) => copy.run(stopping).await,
        }
    }
}

/// The error as the program tells it: the vendor's failures and what does not fit have forms of their own.
fn told(error: penstock_sync::Error) -> anyhow::Error {
    match error {
        penstock_sync::Error::Vendor(error) => error.into(),
        penstock_sync::Error::Unfit(why) => Unfit(why).into(),
        error => error.into(),
    }
}
