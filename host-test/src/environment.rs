//! What the component may use of its embedder.

use std::sync::Arc;

use wasmtime_wasi::WasiCtxBuilder;

use crate::{
    http::{Outbound, OutboundPolicy},
    key_value::{KeyValue, MemoryKeyValue},
    limits::Limits,
    logs::Logs,
    sources::{self, Layered, Source},
    state::{MemoryState, State},
};

/// What the component may use of its embedder: credentials, settings, a store, the
/// network, a place for log lines, and limits.
///
/// ```
/// use penstock_host::{Environment, Logs, sources::Map};
///
/// let environment = Environment::from_process()
///     .secrets(Map::new([("SERVICETITAN_CLIENT_ID", "cid"), ("SERVICETITAN_CLIENT_SECRET", "...")]))
///     .logs(Logs::discard());
/// ```
#[derive(Clone)]
pub struct Environment {
    pub(crate) secrets: Arc<dyn Source>,
    pub(crate) config: Arc<dyn Source>,
    pub(crate) state: Option<Arc<dyn State>>,
    pub(crate) key_value: Option<Arc<dyn KeyValue>>,
    pub(crate) outbound: Outbound,
    pub(crate) logs: Logs,
    pub(crate) limits: Limits,
    pub(crate) wasi: Option<Adjust>,
}

/// What changes the WASI of an instance before it starts.
type Adjust = Arc<dyn Fn(&mut WasiCtxBuilder) + Send + Sync>;

impl Environment {
    /// Nothing but the network to the providers: no secret, no setting, log lines
    /// thrown away. What a test starts from.
    #[must_use]
    pub fn empty() -> Self {
        let nothing = Arc::new(sources::Map::default());
        Self {
            secrets: nothing.clone(),
            config: nothing,
            state: None,
            key_value: None,
            outbound: Outbound::default(),
            logs: Logs::discard(),
            limits: Limits::default(),
            wasi: None,
        }
    }

    /// These secrets and settings alone, and the network of this machine: for a simulated
    /// provider. Log lines are thrown away.
    #[must_use]
    pub fn loopback<N: Into<String>, V: Into<String>>(settings: impl IntoIterator<Item = (N, V)>) -> Self {
        let settings = sources::Map::new(settings);
        Self::empty()
            .secrets(settings.clone())
            .config(settings)
            .outbound(Outbound::with_policy(OutboundPolicy::none().allow_loopback()))
    }

    /// What a service usually gives: environment variables and `.env`
    /// ([`sources::standard`]), a store in memory, log lines on standard error.
    #[must_use]
    pub fn from_process() -> Self {
        let standard = sources::standard();
        Self {
            secrets: standard.clone(),
            config: standard,
            state: Some(Arc::new(MemoryState::default())),
            key_value: Some(Arc::new(MemoryKeyValue::default())),
            logs: Logs::stderr(),
            ..Self::empty()
        }
    }

    /// Where credentials come from.
    #[must_use]
    pub fn secrets(self, secrets: impl Source + 'static) -> Self {
        Self { secrets: Arc::new(secrets), ..self }
    }

    /// Where settings come from.
    #[must_use]
    pub fn config(self, config: impl Source + 'static) -> Self {
        Self { config: Arc::new(config), ..self }
    }

    /// One setting, before what the source of settings says of it.
    #[must_use]
    pub fn setting(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let first = sources::Map::new([(name, value)]);
        Self { config: Arc::new(Layered::new().then(first).then(self.config)), ..self }
    }

    /// The store that the instances of a deployment share.
    #[must_use]
    pub fn state(self, state: Arc<dyn State>) -> Self {
        Self { state: Some(state), ..self }
    }

    /// The same for the gateway, which is a Spin application and takes Spin's own kind of store.
    #[must_use]
    pub fn key_value(self, store: Arc<dyn KeyValue>) -> Self {
        Self { key_value: Some(store), ..self }
    }

    /// No store: every instance works alone.
    #[must_use]
    pub fn without_state(self) -> Self {
        Self { state: None, key_value: None, ..self }
    }

    /// The network. Clones of one [`Outbound`] share its connections.
    #[must_use]
    pub fn outbound(self, outbound: Outbound) -> Self {
        Self { outbound, ..self }
    }

    /// Where the component's log lines go.
    #[must_use]
    pub fn logs(self, logs: Logs) -> Self {
        Self { logs, ..self }
    }

    /// What one instance may use.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Other clocks and other random numbers than those of this machine: for tests of a bad host.
    #[doc(hidden)]
    #[must_use]
    pub fn wasi(self, adjust: impl Fn(&mut WasiCtxBuilder) + Send + Sync + 'static) -> Self {
        Self { wasi: Some(Arc::new(adjust)), ..self }
    }
}

/// What the component must know of this host, whatever its settings say.
const OF_THIS_HOST: [(&str, &str); 1] = [
    // `Outbound` gives up connecting before a request is on its way, and never afterwards
    // under that name.
    ("PENSTOCK_CONNECT_TIMEOUT_PROVES_NOT_SENT", "true"),
];

/// The memory of an instance, where the settings do not say otherwise.
const INSTANCE_MEMORY: &str = "PENSTOCK_INSTANCE_MEMORY_BYTES";

impl Environment {
    /// Every setting, with those that this host knows best.
    pub(crate) fn settings(&self) -> Layered {
        self.known_here([self.config.clone()])
    }

    /// The same for a component that asks for secrets and settings alike.
    pub(crate) fn secrets_and_settings(&self) -> Layered {
        self.known_here([self.secrets.clone(), self.config.clone()])
    }

    fn known_here(&self, sources: impl IntoIterator<Item = Arc<dyn Source>>) -> Layered {
        let memory = sources::Map::new([(INSTANCE_MEMORY, self.limits.memory.to_string())]);
        let first = Layered::new().then(sources::Map::new(OF_THIS_HOST));
        sources.into_iter().fold(first, Layered::then).then(memory)
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The sources hold secrets.
        f.debug_struct("Environment")
            .field("state", &self.state.is_some())
            .field("outbound", &self.outbound)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
