//! One read of tables into a destination, and what there is to tell of it.

use super::{progress::Tables, told};
use crate::{progress::Quiet, report::Unfit, stopping::Stopping};
use anyhow::{Context, Result};
use penstock_host::Plugin;
use penstock_sync::{
    Error,
    destination::Destination,
    plan,
    reader::Options,
    run::{Ended, Read, Run},
    schema::Table,
};
use std::{fs, path::Path, sync::Arc};
use tokio::sync::watch;

/// Tables that are read at once unless it is set. More only waits for the vendor's limit.
pub(crate) const PARALLEL: usize = 4;

/// What reads need.
pub(crate) struct Once<'a> {
    pub(crate) plugin: &'a Plugin,
    pub(crate) destination: &'a Arc<dyn Destination>,
    pub(crate) options: Options,
    pub(crate) parallel: usize,
    pub(crate) quiet: Quiet,
}

impl Once<'_> {
    /// Reads everything once.
    ///
    /// # Errors
    /// A signal, the destination's, or that of the first table that failed.
    pub(crate) async fn read(self, reads: Vec<Read>, stopping: &Stopping) -> Result<()> {
        let (stop, stopped) = watch::channel(false);
        let asked = stopping.clone();
        let listening = tokio::spawn(async move {
            asked.asked().await;
            stop.send_replace(true);
            stop.closed().await;
        });
        let run = Run {
            plugin: self.plugin.clone(),
            destination: Arc::clone(self.destination),
            options: self.options,
            parallel: self.parallel,
            stop: stopped,
        };
        let shown = Tables::new(self.quiet);
        let all = reads.len();
        let ended =
            run.read_all(reads, &|read, event| shown.event(read, event), |ended| shown.ended(ended)).await;
        listening.abort();
        drop(shown);
        if stopping.signal().is_some() {
            let rest = "; the next sync goes on there";
            return Err(stopping.stopped(rest).into());
        }
        result(ended, all)
    }
}

/// What a run is told to have come to: the first error, with how many there were.
fn result(ended: Vec<Ended>, all: usize) -> Result<()> {
    let failed = ended.iter().filter(|ended| ended.result.is_err()).count();
    let first = ended.into_iter().find_map(|ended| ended.result.err().map(|error| (ended.read.table, error)));
    match first {
        None => Ok(()),
        Some((_, error)) if error.is_of_destination() => Err(told(error)),
        Some((table, error @ Error::Vendor(_))) if all == 1 || failed == all => {
            Err(told(error).context(format!("{}, and {} more tables", table.name, failed - 1)))
        }
        Some((table, error)) => {
            Err(anyhow::anyhow!("{failed} of {all} tables failed; the first is {}: {error}", table.name))
        }
    }
}

/// Tables that are read as they are.
pub(crate) fn whole(tables: Vec<Arc<Table>>) -> Vec<Read> {
    tables.into_iter().map(|table| Read { table, owner: String::new() }).collect()
}

/// The tables of a provider that are read user by user, for each user of a file with one id a line.
///
/// # Errors
/// The file cannot be read or names nobody, or there are no such tables.
pub(crate) fn of_users(provider: &str, file: &Path) -> Result<Vec<Read>> {
    let users = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut users: Vec<&str> = users.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    users.sort_unstable();
    users.dedup();
    let tables = plan::owned(provider);
    if users.is_empty() || tables.is_empty() {
        let what = if users.is_empty() { "names no user" } else { "is for lists that are read user by user" };
        return Err(Unfit(format!("--users {} {what}", file.display())).into());
    }
    let of = |user: &&str| {
        let owner = (*user).to_owned();
        tables.iter().map(move |table| Read { table: Arc::clone(table), owner: owner.clone() })
    };
    Ok(users.iter().flat_map(of).collect())
}
