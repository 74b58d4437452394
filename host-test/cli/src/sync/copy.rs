//! Makes the copy, once or again and again.

use super::{
    columns::with_added,
    every::every,
    once::{Once, PARALLEL, of_users, whole},
    place, told,
};
use crate::{
    progress::Quiet,
    report::Unfit,
    stopping::Stopping,
    target::Target,
    told::{note, say, warning},
};
use anyhow::Result;
use clap::Args;
use penstock_host::Plugin;
use penstock_sync::{
    destination::{Destination, Opening, Place},
    plan,
    reader::{Options, since},
    run::Read,
    schema::Table,
};
use serde_json::json;
use std::{path::PathBuf, sync::Arc, time::Duration};

#[derive(Args)]
pub(crate) struct Copy {
    /// The vendor, for instance `servicetitan`.
    #[arg(value_name = "VENDOR", required = true)]
    provider_name: Option<String>,
    /// Where to: `sqlite:FILE`, which is made if it is not there; `postgres` for the database of
    /// DATABASE_URL, or `postgres://USER@HOST/DATABASE`.
    #[arg(long, value_name = "DESTINATION", required = true)]
    to: Option<Place>,
    /// Only these modules, `jpm,crm`.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(super) modules: Vec<String>,
    /// Only these tables, `jpm_jobs`, or operations, `jpm.export-jobs-list`.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    select: Vec<String>,
    /// Only what has changed since this day or time, where the vendor can be asked for that. Nothing is
    /// marked as deleted then.
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<String>,
    /// Read everything anew, and take the vendor's word for it: what it does not list any more is marked as
    /// deleted, and a version that is older than the copy's is taken.
    #[arg(long, conflicts_with = "since")]
    full: bool,
    /// Say what would be made and read, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// Again and again, with such a pause: `30s`, `5m`, `2h`.
    #[arg(long, value_name = "TIME", value_parser = every)]
    watch: Option<Duration>,
    /// Wait for another sync to the same destination to end, instead of failing.
    #[arg(long)]
    wait: bool,
    /// How many tables are read at once: 4 unless it is set. The vendor's limit holds for all together.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=32))]
    parallel: Option<u8>,
    /// Whose records, one user's id a line: for lists that are read user by user, as Asleep's are.
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// From a simulated ServiceTitan that fails on purpose, while its records change, and check the copy.
    #[arg(long)]
    pub(super) demo: bool,
    #[command(flatten)]
    quiet: Quiet,
    #[command(flatten)]
    target: Target,
}

impl Copy {
    pub(super) async fn run(self, stopping: &Stopping) -> Result<()> {
        let reads = self.reads()?;
        // A destination belongs for good to whom the settings name first: they must be complete.
        let plugin = self.target.plugin().await?;
        self.target.must_be_ready(&plugin, self.provider()).await?;
        let source = self.target.whose(self.provider()).await?;
        let destination = self.open(source, stopping).await?;
        let reads = with_added(reads, destination.as_ref()).await?;
        if !self.prepare(&reads, destination.as_ref()).await? {
            return Ok(());
        }
        loop {
            let done = self.once(&plugin, &destination, reads.clone(), stopping).await;
            let Some(pause) = self.watch else { return done };
            match done {
                Err(error) if stopping.signal().is_some() => return Err(error),
                // The next time may be better.
                Err(error) => warning("sync", json!({}), format_args!("{error:#}")),
                Ok(()) => {}
            }
            stopping.unless_asked(tokio::time::sleep(pause)).await?;
        }
    }

    /// The parser demands it unless there is a subcommand.
    fn provider(&self) -> &str {
        self.provider_name.as_deref().unwrap_or_default()
    }

    /// What is to be read.
    pub(super) fn reads(&self) -> Result<Vec<Read>> {
        let Some(file) = &self.users else {
            let tables = plan::tables(self.provider(), &self.modules, &self.select);
            let tables = tables.map_err(|error| match plan::owned(self.provider()).is_empty() {
                true => told(error),
                false => Unfit(format!("{error}: its lists are read user by user, see --users")).into(),
            })?;
            return Ok(whole(tables));
        };
        of_users(self.provider(), file)
    }

    pub(super) async fn open(&self, source: String, stopping: &Stopping) -> Result<Arc<dyn Destination>> {
        let to = self.to.as_ref().ok_or_else(|| Unfit("--to says where to".to_owned()))?;
        let opening = Opening { source, wait: self.wait, anew: self.full, ..Opening::default() };
        stopping.unless_asked(place::open(to, opening, self.target.env_file())).await?
    }

    /// Makes tables; whether there is anything to do then.
    pub(super) async fn prepare(&self, reads: &[Read], destination: &dyn Destination) -> Result<bool> {
        let mut tables: Vec<Arc<Table>> = reads.iter().map(|read| Arc::clone(&read.table)).collect();
        tables.dedup_by(|a, b| a.name == b.name);
        tables.sort_by(|a, b| a.name.cmp(&b.name));
        tables.dedup_by(|a, b| a.name == b.name);
        let done = destination.prepare(&tables, self.dry_run).await.map_err(told)?;
        for statement in &done {
            match self.dry_run {
                true => say!("{statement}")?,
                false if statement.starts_with("ALTER") => {
                    note("migration", json!({ "statement": statement }), format_args!("{statement}"));
                }
                false => {}
            }
        }
        if self.dry_run {
            for read in reads {
                say!("{} from {} {}", read.table.name, read.table.source.name, read.owner)?;
            }
        }
        Ok(!self.dry_run)
    }

    /// Reads everything once.
    pub(super) async fn once(
        &self,
        plugin: &Plugin,
        destination: &Arc<dyn Destination>,
        reads: Vec<Read>,
        stopping: &Stopping,
    ) -> Result<()> {
        let options = Options {
            account: self.target.account(),
            since: self.since.clone(),
            full: self.full,
            window: None,
        };
        let parallel = self.parallel.map_or(PARALLEL, usize::from);
        Once { plugin, destination, options, parallel, quiet: self.quiet }.read(reads, stopping).await
    }
}
