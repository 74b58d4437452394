//! Where the settings come from: the environment, and a file.

use crate::report::Unfit;
use clap::Args;
use futures_util::future::BoxFuture;
use penstock_host::sources::{DotEnv, HostError, Layered, Map, Secret, Source, standard_and};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// Option of every command that needs settings.
#[derive(Args)]
pub(crate) struct EnvFile {
    /// Read settings that the environment does not have from this file, instead of from `.env`
    /// in this folder.
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// What a command has been given by other means. It comes first.
    #[arg(skip)]
    given: Vec<(String, String)>,
}

impl EnvFile {
    /// Takes settings that come before those of the environment.
    pub(crate) fn give(&mut self, settings: Vec<(String, String)>) {
        self.given = settings;
    }

    /// The settings, once it is known that they can be read.
    pub(crate) async fn settings(&self) -> Result<Arc<dyn Source>, Unfit> {
        self.settings_and(&[]).await
    }

    /// The same with `more` names, which the component has no use for.
    pub(crate) async fn settings_and(&self, more: &[&str]) -> Result<Arc<dyn Source>, Unfit> {
        let file = match &self.env_file {
            Some(file) => DotEnv::existing(file),
            None => DotEnv::new(".env"),
        };
        file.check().await.map_err(|error| Unfit(error.to_string()))?;
        let given = Map::new(self.given.clone());
        Ok(Arc::new(Noting(Layered::new().then(given).then(standard_and(file, more)))))
    }
}

/// Whether a setting could not be read. A process has one set of them.
static FAILED: AtomicBool = AtomicBool::new(false);

pub(crate) fn failed() -> bool {
    FAILED.load(Relaxed)
}

/// Notes that a setting could not be read: what the component makes of it is a failure of the
/// host, whatever its cause.
struct Noting(Layered);

impl Source for Noting {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
        Box::pin(async move {
            let found = self.0.get(name).await;
            FAILED.fetch_or(found.is_err(), Relaxed);
            found
        })
    }
}
