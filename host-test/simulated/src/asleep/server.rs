//! Starts, listens and stops.

use super::{Config, World};
use crate::listen::accept;
use anyhow::{Context as _, Result};
use std::{collections::BTreeMap, fmt, net::SocketAddr, ops::Deref, sync::Arc};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// A simulated Asleep that runs until it is shut down or dropped. What it holds and saw is
/// behind [`World`], to which it dereferences.
pub struct SimulatedAsleep {
    world: Arc<World>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl SimulatedAsleep {
    /// Makes the data and starts to listen, on the current Tokio runtime.
    ///
    /// # Errors
    /// The address is taken.
    pub async fn start(config: Config) -> Result<Self> {
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("the simulated provider cannot listen on {}", config.listen))?;
        let address = listener.local_addr()?;
        // Making many nights takes a while: not on a thread that serves others.
        let world = Arc::new(tokio::task::spawn_blocking(move || World::new(config)).await?);
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(accept(listener, Arc::clone(&world), stopped));
        Ok(Self { world, address, stop, task })
    }

    /// Where it listens, `http://127.0.0.1:40213`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The settings and secrets that point Penstock at it.
    #[must_use]
    pub fn settings(&self) -> BTreeMap<String, String> {
        let key = self.config().api_keys.first().cloned().unwrap_or_default();
        let values = [
            ("ASLEEP_API_KEY", key),
            ("ASLEEP_BASE_URL", self.url()),
            ("PENSTOCK_ALLOW_HTTP", "true".to_owned()),
        ];
        values.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// Stops listening and ends every connection.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        // Fails only if the task panicked, and then there is nothing left to stop.
        drop((&mut self.task).await);
    }
}

impl Deref for SimulatedAsleep {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Drop for SimulatedAsleep {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for SimulatedAsleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedAsleep").field("address", &self.address).finish_non_exhaustive()
    }
}

/// One line that says how to point a client at it.
impl fmt::Display for SimulatedAsleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.config().api_keys.first().map_or("", String::as_str);
        let users = self.user_ids();
        let user = users.first().map_or("", String::as_str);
        // Made up by whoever started it, and of no use anywhere else.
        write!(f, "simulated Asleep at {}: key {key}, user {user}", self.url())
    }
}
