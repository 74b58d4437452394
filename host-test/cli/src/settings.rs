//! Where the settings come from: the environment, a secret manager, and a file.

use crate::{report::Unfit, told::warning};
use clap::Args;
use futures_util::future::BoxFuture;
use penstock_host::{
    http::{OutboundOptions, Proxies},
    sources::{
        DotEnv, Files, HostError, Layered, Managed, Map, Process, Secret, Source, Standing, configured,
        standard_and,
    },
};
use serde_json::json;
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};
use tokio::sync::OnceCell;

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
        Ok(Arc::new(Noting(Layered::new().then(given).then(standard_and(file, more, managed().await?)))))
    }
}

/// The secret manager, with what it said. A process has one.
static MANAGED: OnceCell<Option<Arc<Managed>>> = OnceCell::const_new();

/// The secret manager that the environment names. A `.env` names none: its credentials would go where somebody else likes.
async fn managed() -> Result<Option<Arc<Managed>>, Unfit> {
    let find = async || {
        let mut options = OutboundOptions::default();
        options.proxies = Proxies::from_process();
        let found = configured(Arc::new(Files::named_by(Process)), &options).await;
        let found = found.map_err(|error| Unfit(error.to_string()))?;
        Ok(found.map(|managed| Arc::new(managed.telling(tell))))
    };
    MANAGED.get_or_try_init(find).await.cloned()
}

/// Tells that a secret manager does not answer, and that it does again.
fn tell(standing: &Standing) {
    let manager = &standing.manager;
    let text = match (&standing.trouble, standing.since) {
        (None, _) => format!("{manager} answers again"),
        (Some(why), None) => format!("{manager} gives no secrets: {why}"),
        (Some(why), Some(since)) => {
            format!("{manager} gives no secrets: {why}; what it said {} s ago is used", since.as_secs())
        }
    };
    let members = json!({ "manager": manager, "trouble": standing.trouble });
    warning("secrets", members, format_args!("{text}"));
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
