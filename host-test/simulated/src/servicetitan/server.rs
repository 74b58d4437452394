//! Starts, listens and stops.

use crate::{
    clock::Clock,
    listen::{Connection, Serve, accept},
    response::{Reset, Sending},
    servicetitan::{Config, World, serve::serve, storage::Storage},
    stats::{Record, Seen},
};
use anyhow::{Context as _, Result};
use http::{Request, Response};
use hyper::body::Incoming;
use std::{collections::BTreeMap, fmt, net::SocketAddr, ops::Deref, sync::Arc};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// A simulated provider that runs until it is shut down or dropped. What it holds and
/// saw is behind [`World`], to which it dereferences.
pub struct SimulatedServiceTitan {
    world: Arc<World>,
    storage: Arc<Storage>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    storing: JoinHandle<()>,
}

impl SimulatedServiceTitan {
    /// Makes the data and starts to listen, on the current Tokio runtime.
    ///
    /// # Errors
    /// The address is taken, or the configuration has no account or no tenant.
    pub async fn start(config: Config) -> Result<Self> {
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("the simulated provider cannot listen on {}", config.listen))?;
        let address = listener.local_addr()?;
        // Files are on an origin of their own, with a port of its own.
        let files = TcpListener::bind(SocketAddr::new(config.listen.ip(), 0)).await?;
        let files_url = format!("http://{}", files.local_addr()?);
        // Making many records takes a while: not on a thread that serves others.
        let world = tokio::task::spawn_blocking(move || World::new(config, files_url)).await??;
        let world = Arc::new(world);
        let (stop, stopped) = watch::channel(false);
        let record = Record::new(world.config().remember);
        let storage = Arc::new(Storage { world: Arc::clone(&world), record });
        let storing = tokio::spawn(accept(files, Arc::clone(&storage), stopped.clone()));
        let task = tokio::spawn(accept(listener, Arc::clone(&world), stopped));
        Ok(Self { world, storage, address, stop, task, storing })
    }

    /// The same, with exactly [`Config::jobs`] in the list of jobs: some of the generated
    /// ones are deleted and in no list, and others take their place.
    ///
    /// # Errors
    /// Those of [`Self::start`].
    pub async fn with_listed_jobs(config: Config) -> Result<Self> {
        let jobs = config.jobs;
        let provider = Self::start(config).await?;
        for _ in provider.job_ids().len()..jobs {
            provider.add_job();
        }
        Ok(provider)
    }

    /// The settings and secrets that point Penstock at it.
    #[must_use]
    pub fn settings(&self) -> BTreeMap<String, String> {
        let account = self.config().accounts.first().cloned().unwrap_or_default();
        let first = |all: &[String]| all.first().cloned().unwrap_or_default();
        let tenant = account.tenants.first().copied().unwrap_or_default();
        let values = [
            ("SERVICETITAN_CLIENT_ID", account.client_id.clone()),
            ("SERVICETITAN_CLIENT_SECRET", first(&account.client_secrets)),
            ("SERVICETITAN_APP_KEY", first(&account.app_keys)),
            ("SERVICETITAN_TENANT_ID", tenant.to_string()),
            ("SERVICETITAN_API_URL", self.url()),
            ("SERVICETITAN_AUTH_URL", self.url()),
            ("PENSTOCK_ALLOW_HTTP", "true".to_owned()),
        ];
        values.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// Where it listens, `http://127.0.0.1:40213`: the root of both the API and the
    /// token endpoint.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the files are that redirects lead to, `http://127.0.0.1:40214`. A request
    /// that brings credentials there is a 400.
    #[must_use]
    pub fn files_url(&self) -> &str {
        &self.world.files_url
    }

    /// The latest requests for files at [`SimulatedServiceTitan::files_url`], the oldest first.
    #[must_use]
    pub fn file_requests(&self) -> Vec<Seen> {
        self.storage.record.requests()
    }

    /// What it takes for the time; tests move a manual one.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.world.config().clock
    }

    /// A handle that outlives the borrow, for other tasks.
    #[must_use]
    pub fn world(&self) -> Arc<World> {
        Arc::clone(&self.world)
    }

    /// Stops listening and ends every connection.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        // Fails only if the task panicked, and then there is nothing left to stop.
        drop((&mut self.task).await);
        drop((&mut self.storing).await);
    }
}

impl Deref for SimulatedServiceTitan {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Drop for SimulatedServiceTitan {
    fn drop(&mut self) {
        self.task.abort();
        self.storing.abort();
    }
}

impl fmt::Debug for SimulatedServiceTitan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedServiceTitan").field("address", &self.address).finish_non_exhaustive()
    }
}

/// One line that says how to point a client at it.
impl fmt::Display for SimulatedServiceTitan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(account) = self.config().accounts.first() else { return f.write_str(&self.url()) };
        let tenant = account.tenants.first().copied().unwrap_or_default();
        let first = |all: &[String]| all.first().cloned().unwrap_or_default();
        write!(
            f,
            "simulated ServiceTitan at {} (API and token endpoint): tenant {tenant}, client id {}, client secret {}, app key {}",
            self.url(),
            account.client_id,
            // Made up by whoever started it, and of no use anywhere else.
            first(&account.client_secrets),
            first(&account.app_keys),
        )
    }
}

impl Serve for World {
    fn record(&self) -> &Record {
        &self.record
    }

    async fn serve(
        &self,
        connection: &Connection,
        request: Request<Incoming>,
    ) -> Result<Response<Sending>, Reset> {
        serve(self, connection, request).await
    }
}
