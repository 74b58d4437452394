//! `penstock tap`: a vendor's records for a Singer target.

mod config;
mod output;

use crate::{
    output::Patience,
    progress::Quiet,
    report::Unfit,
    stopping::Stopping,
    sync::{
        once::{Once, PARALLEL, of_users, whole},
        told,
    },
    target::Target,
    told::{say, warning},
};
use anyhow::{Context, Result};
use clap::Args;
use config::Config;
use output::Stdout;
use penstock_sync::{
    destination::{Destination, Singer},
    plan,
    reader::{Options, since},
    run::Read,
    schema::Table,
    singer::{Bookmarks, Catalog, Messages, Selected},
};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How long a target is waited for that takes nothing once the tap is to end.
const GRACE: Duration = Duration::from_secs(2);

#[derive(Args)]
pub(crate) struct Tap {
    /// The vendor, for instance `servicetitan`. The program called by the name `tap-servicetitan` knows it.
    #[arg(value_name = "VENDOR")]
    provider_name: String,
    /// The configuration, a JSON object: `client_id`, `client_secret`, `app_key`, `tenant_id` and any other setting of
    /// the vendor; `modules`, `select`, `start_date`, `users_file`. Without it the environment has all of it.
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the catalog of streams, and read nothing.
    #[arg(long, short)]
    discover: bool,
    /// Read what this catalog selects; all streams without it.
    #[arg(long, visible_alias = "properties", value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// Go on where this state says that an earlier run was.
    #[arg(long, short, value_name = "FILE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    quiet: Quiet,
    #[command(flatten)]
    target: Target,
}

impl Tap {
    pub(crate) async fn run(mut self, stopping: &Stopping) -> Result<()> {
        let config: Config = self.config.as_deref().map(document).transpose()?.unwrap_or_default();
        self.target.give(config.settings(&self.provider_name)?);
        let since = config.start_date.as_deref().map(since).transpose();
        let since = since.map_err(|error| Unfit(format!("start_date in the configuration {error}")))?;
        let reads = self.reads(&config)?;
        let mut tables: Vec<Arc<Table>> = reads.iter().map(|read| Arc::clone(&read.table)).collect();
        tables.dedup_by(|a, b| a.name == b.name);
        if self.discover {
            let catalog = Catalog::discovered(&tables);
            return say!("{}", serde_json::to_string_pretty(&catalog)?);
        }
        let selected = match self.catalog.as_deref().map(document::<Catalog>).transpose()? {
            None => Selected::all(tables),
            Some(catalog) => catalog.select(tables).map_err(told)?,
        };
        let is_selected = |read: &Read| selected.tables.iter().any(|table| table.name == read.table.name);
        let reads = reads.into_iter().filter(is_selected).collect();
        let messages = Messages::new(Box::new(self.stdout(stopping)), self.bookmarks()?, &selected);
        let destination: Arc<dyn Destination> = Arc::new(Singer::new(messages).map_err(told)?);
        let plugin = self.target.plugin().await?;
        destination.prepare(&selected.tables, false).await.map_err(told)?;
        let options = Options { account: self.target.account(), since, ..Options::default() };
        let once = Once {
            plugin: &plugin,
            destination: &destination,
            options,
            parallel: PARALLEL,
            quiet: self.quiet,
        };
        once.read(reads, stopping).await
    }

    fn reads(&self, config: &Config) -> Result<Vec<Read>> {
        match &config.users_file {
            Some(file) => of_users(&self.provider_name, file),
            None => {
                let tables = plan::tables(&self.provider_name, &config.modules, &config.select);
                tables.map(whole).map_err(|error| match plan::owned(&self.provider_name).is_empty() {
                    true => told(error),
                    false => {
                        Unfit(format!("{error}: its lists are read user by user, see users_file")).into()
                    }
                })
            }
        }
    }

    fn stdout(&self, stopping: &Stopping) -> Stdout {
        Stdout::new(stopping, Patience { grace: GRACE, is_told: !self.quiet.quiet })
    }

    fn bookmarks(&self) -> Result<Bookmarks> {
        let Some(file) = &self.state else { return Ok(Bookmarks::default()) };
        let (bookmarks, foreign) = Bookmarks::read(&document(file)?);
        if !foreign.is_empty() {
            let streams = foreign.join(", ");
            let text = format_args!(
                "the state of {streams} is not one of this tap: what it reads of them is read from the beginning"
            );
            warning("state", json!({ "streams": foreign }), text);
        }
        Ok(bookmarks)
    }
}

/// Reads a file that is to have a JSON document of this kind.
fn document<T: DeserializeOwned>(file: &Path) -> Result<T> {
    let text = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    // The error has places and names, and no value: a configuration has secrets.
    let unfit = |error: serde_json::Error| Unfit(format!("{}: {}", file.display(), config::shown(&error)));
    Ok(serde_json::from_slice(&text).map_err(unfit)?)
}
