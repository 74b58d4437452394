//! What the component may use of its embedder.

use std::sync::Arc;

use crate::{
    http::{Outbound, OutboundPolicy},
    limits::Limits,
    logs::Logs,
    sources::{self, Source},
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
    pub(crate) outbound: Outbound,
    pub(crate) logs: Logs,
    pub(crate) limits: Limits,
}

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
            outbound: Outbound::default(),
            logs: Logs::discard(),
            limits: Limits::default(),
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

    /// The store that the instances of a deployment share.
    #[must_use]
    pub fn state(self, state: Arc<dyn State>) -> Self {
        Self { state: Some(state), ..self }
    }

    /// No store: every instance works alone.
    #[must_use]
    pub fn without_state(self) -> Self {
        Self { state: None, ..self }
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
}

/// What the component must know of this host, whatever its settings say.
const OF_THIS_HOST: [(&str, &str); 1] = [
    // `Outbound` gives up connecting before a request is on its way, and never afterwards
    // under that name.
    ("PENSTOCK_CONNECT_TIMEOUT_PROVES_NOT_SENT", "true"),
];

impl Environment {
    /// Settings that come before all others.
    pub(crate) fn of_this_host() -> sources::Map {
        sources::Map::new(OF_THIS_HOST)
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
