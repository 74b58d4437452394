//! `penstock sync`: a vendor's records in a database.

mod all;
mod check;
mod columns;
mod copy;
mod demo;
mod every;
pub(crate) mod once;
mod place;
mod progress;
mod status;

use crate::{report::Unfit, stopping::Stopping};
use anyhow::Result;
use clap::{Args, Subcommand};
use penstock_host::bindings::types::Failure;

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
    /// Runs the syncs of a file, `sync.toml`, one after another: one that fails does not keep the others.
    All(all::All),
    /// Holds a copy against the vendor, by table: counts, and some records. Exit code 1 if they differ.
    Check(check::Check),
    /// Shows members that the contract does not know, which a copy has in `_penstock_extra`; with --add makes
    /// columns of them.
    Columns(columns::Columns),
    /// Shows what a copy has, by table: how old it is, rows, and why the last read ended early.
    Status(status::Status),
}

impl Sync {
    pub(crate) async fn run(self, stopping: &Stopping) -> Result<()> {
        match (self.other, self.copy) {
            (Some(Other::All(command)), _) => command.run(stopping).await,
            (Some(Other::Check(command)), _) => stopping.unless_asked(command.run()).await?,
            (Some(Other::Columns(command)), _) => stopping.unless_asked(command.run()).await?,
            (Some(Other::Status(command)), _) => command.run().await,
            (None, copy) if copy.demo => demo::run(copy, stopping).await,
            (None, copy) => copy.run(stopping).await,
        }
    }
}

/// The error as the program tells it: the vendor's failures and what does not fit have forms of their own.
pub(crate) fn told(error: penstock_sync::Error) -> anyhow::Error {
    match error {
        // Where to go on is in the destination, and no option takes it.
        penstock_sync::Error::Vendor(penstock_host::Error::Failure(failure)) => {
            penstock_host::Error::Failure(Box::new(Failure { resume: None, ..*failure })).into()
        }
        penstock_sync::Error::Vendor(error) => error.into(),
        penstock_sync::Error::Unfit(why) => Unfit(why).into(),
        error => error.into(),
    }
}
