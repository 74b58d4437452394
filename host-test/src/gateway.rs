//! The HTTP gateway without Spin: `penstock_gateway.wasm` on a socket.
//!
//! One instance serves many requests, several at once, and is kept for minutes without any:
//! tokens, circuit breakers, waits that a vendor asked for and the least time between two
//! requests for a report live in its memory. All that is gone with it; what must last belongs
//! in the [`State`](crate::state::State). (Spin 4.1 and `wasmtime serve` drop an instance after
//! a second, unless told otherwise.)

mod divided;
mod explained;
mod fate;
mod instances;
mod peers;
mod problem;
mod progressing;
mod server;

use std::{net::SocketAddr, time::Duration};

use tokio::{
    net::TcpListener,
    runtime::{Handle, Runtime},
    sync::watch,
    task::JoinHandle,
};
use wasmtime_wasi_http::handler::ProxyHandler;

use crate::{Engine, Environment, Error};
use instances::Instances;

/// How instances are used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GatewayOptions {
    /// Requests that one instance serves before it is replaced, 1,000,000 unless set.
    pub requests_per_instance: usize,
    /// Requests that one instance serves at once, 16 unless set.
    pub requests_at_once: usize,
    /// How long an instance is kept without requests, 10 min unless set: longer than any wait
    /// that it keeps in mind, and about as long as a token lives.
    pub idle: Duration,
    /// Instances at once, 8 unless set. With a store, `PENSTOCK_INSTANCES` counts processes: while it is
    /// away each of their instances goes by its share of that share. A request takes one of the places of an instance until its
    /// response was taken; further ones wait for `turn`.
    pub instances: usize,
    /// How long a request waits for others to be answered, 10 s unless set. It is refused with 503
    /// then.
    pub turn: Duration,
    /// Connections at once, 4096 unless set. Further ones wait to be accepted.
    pub connections: usize,
    /// Connections of one address at once, 3072 unless set. Further ones are closed. Raise it to
    /// `connections` where all come from one proxy.
    pub connections_per_peer: usize,
    /// How long a client may take nothing of what it is sent, 2 min unless set.
    pub stalled: Duration,
}

impl Default for GatewayOptions {
    fn default() -> Self {
        Self {
            requests_per_instance: 1_000_000,
            requests_at_once: 16,
            idle: Duration::from_secs(600),
            instances: 8,
            turn: Duration::from_secs(10),
            connections: 4096,
            connections_per_peer: 3072,
            stalled: Duration::from_secs(120),
        }
    }
}

/// How long answers under way may take to end once nothing more is sent for them.
const LAST: Duration = Duration::from_secs(2);

/// A gateway that serves. Dropping it closes its connections and lets its instances go.
pub struct Gateway {
    address: SocketAddr,
    handler: Handler,
    stop: watch::Sender<bool>,
    leaving: watch::Sender<bool>,
    serving: JoinHandle<()>,
    /// The server's own; none once it is dropped.
    runtime: Option<Runtime>,
}

impl Gateway {
    /// Serves the gateway that is part of this crate, on [`Engine::shared`].
    ///
    /// Its Spin variables are the environment's secrets and settings, by the same
    /// names in lower case.
    ///
    /// # Errors
    ///
    /// [`Error::Component`]: see [`Gateway::serve_on`].
    pub async fn serve(
        listener: TcpListener,
        environment: Environment,
        options: GatewayOptions,
    ) -> Result<Self, Error> {
        let engine = Engine::shared()?;
        // Compiling takes seconds when no cache has the code.
        let component = tokio::task::spawn_blocking({
            let engine = engine.clone();
            move || engine.gateway()
        })
        .await
        .map_err(|_| Error::Stopped)??;
        Self::serve_on(&engine, &component, listener, environment, options)
    }

    /// Serves a component that exports `wasi:http/handler@0.3`.
    ///
    /// # Errors
    ///
    /// [`Error::Component`] when the listener is not usable, the component
    /// imports what this host does not have or exports no handler, or there is no thread for the
    /// server.
    pub fn serve_on(
        engine: &Engine,
        component: &wasmtime::component::Component,
        listener: TcpListener,
        environment: Environment,
        options: GatewayOptions,
    ) -> Result<Self, Error> {
        let unusable = |error: std::io::Error| Error::Component { reason: error.to_string() };
        let address = listener.local_addr().map_err(unusable)?;
        let listener = listener.into_std().map_err(unusable)?;
        let runtime = server::runtime().map_err(unusable)?;
        let logs = environment.logs.clone();
        let limits = server::Limits::of(&options);
        let (stop, stopped) = watch::channel(false);
        let (leaving, is_leaving) = watch::channel(false);
        let instances = Instances::new(engine, component, environment, options, stopped.clone())?;
        let handler = ProxyHandler::new(instances);
        let work = server::Work { handler: handler.clone(), runtime: Handle::current() };
        let server = server::Server { work, logs, stopped, is_leaving, limits };
        let served = {
            let _entered = runtime.enter();
            server.run(TcpListener::from_std(listener).map_err(unusable)?)
        };
        let serving = runtime.spawn(served);
        Ok(Self { address, handler, stop, leaving, serving, runtime: Some(runtime) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many instances were started so far.
    #[must_use]
    pub fn instances_started(&self) -> u64 {
        self.handler.state().started()
    }

    /// Answers `/ready` with 503 from now on, and everything else as before: whoever balances
    /// load between gateways is to ask the others before this one [stops](Gateway::stop).
    pub fn leave(&self) {
        self.leaving.send_replace(true);
    }

    /// Accepts nothing more and waits until the requests under way are answered, but no longer
    /// than `patience`. What is left then may send nothing more to a provider, and what was sent has a second
    /// to be answered, so that it ends soon: a list as lines ends with one that says that the gateway
    /// stops (`unavailable`) and where to resume. A client that does not take that within two seconds, or
    /// whose read waits for a provider, finds a body without an end, perhaps in the middle of a line.
    pub async fn stop(mut self, patience: Duration) {
        self.leave();
        // Fails only when the server is gone already.
        let _ = self.stop.send(true);
        if tokio::time::timeout(patience, &mut self.serving).await.is_err() {
            self.handler.state().close();
            let _ = tokio::time::timeout(LAST, &mut self.serving).await;
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.serving.abort();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("address", &self.address).finish_non_exhaustive()
    }
}

type Handler = ProxyHandler<Instances>;
