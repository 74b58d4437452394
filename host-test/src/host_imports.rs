//! Binds the component's three host interfaces to the embedder's sources and store.

use std::{sync::Arc, time::Duration};

use wasmtime::component::{Accessor, HasSelf};

use crate::{
    Environment,
    bindings::host::{config, secrets, state, types},
    sources::{HostError, Source},
    state::State,
};

/// What the three interfaces are answered from.
#[derive(Clone)]
pub(crate) struct HostImports {
    secrets: Arc<dyn Source>,
    config: Arc<dyn Source>,
    state: Option<Arc<dyn State>>,
}

impl HostImports {
    pub(crate) fn new(environment: &Environment) -> Self {
        Self {
            secrets: environment.secrets.clone(),
            config: Arc::new(environment.settings()),
            state: environment.state.clone(),
        }
    }

    fn state(&self) -> Result<Arc<dyn State>, types::HostError> {
        self.state
            .clone()
            .ok_or_else(|| types::HostError::Unavailable("this host has no shared state".into()))
    }
}

impl From<HostError> for types::HostError {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Unavailable(reason) => Self::Unavailable(reason),
            HostError::Denied(reason) => Self::Denied(reason),
            HostError::Failed(reason) => Self::Failed(reason),
        }
    }
}

/// The store is borrowed only to copy out what answers, never across an await.
fn imports<T: 'static>(caller: &Accessor<T, HasSelf<HostImports>>) -> HostImports {
    caller.with(|mut access| access.get().clone())
}

impl secrets::Host for HostImports {}

impl<T: Send + 'static> secrets::HostWithStore<T> for HasSelf<HostImports> {
    async fn get(caller: &Accessor<T, Self>, name: String) -> Result<Option<String>, types::HostError> {
        Ok(imports(caller).secrets.get(&name).await?.map(|found| found.expose().to_owned()))
    }
}

impl config::Host for HostImports {}

impl<T: Send + 'static> config::HostWithStore<T> for HasSelf<HostImports> {
    async fn get(caller: &Accessor<T, Self>, name: String) -> Result<Option<String>, types::HostError> {
        Ok(imports(caller).config.get(&name).await?.map(|found| found.expose().to_owned()))
    }
}

impl state::Host for HostImports {}

impl<T: Send + 'static> state::HostWithStore<T> for HasSelf<HostImports> {
    async fn get(caller: &Accessor<T, Self>, key: String) -> Result<Option<Vec<u8>>, types::HostError> {
        Ok(imports(caller).state()?.get(&key).await?)
    }

    async fn set(
        caller: &Accessor<T, Self>,
        key: String,
        value: Vec<u8>,
        ttl_ms: Option<u64>,
    ) -> Result<(), types::HostError> {
        Ok(imports(caller).state()?.set(&key, value, duration(ttl_ms)).await?)
    }

    async fn delete(caller: &Accessor<T, Self>, key: String) -> Result<(), types::HostError> {
        Ok(imports(caller).state()?.delete(&key).await?)
    }

    async fn claim(
        caller: &Accessor<T, Self>,
        key: String,
        value: Vec<u8>,
        ttl_ms: u64,
    ) -> Result<Option<Vec<u8>>, types::HostError> {
        Ok(imports(caller).state()?.claim(&key, value, Duration::from_millis(ttl_ms)).await?)
    }

    async fn swap(
        caller: &Accessor<T, Self>,
        key: String,
        expected: Vec<u8>,
        value: Vec<u8>,
        ttl_ms: u64,
    ) -> Result<bool, types::HostError> {
        Ok(imports(caller).state()?.swap(&key, &expected, value, Duration::from_millis(ttl_ms)).await?)
    }

    async fn release(
        caller: &Accessor<T, Self>,
        key: String,
        expected: Vec<u8>,
    ) -> Result<(), types::HostError> {
        Ok(imports(caller).state()?.release(&key, &expected).await?)
    }

    async fn list_keys(
        caller: &Accessor<T, Self>,
        prefix: String,
        most: u32,
    ) -> Result<Vec<String>, types::HostError> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Ok(imports(caller).state()?.keys(&prefix, most).await?)
    }

    async fn take_turns(
        caller: &Accessor<T, Self>,
        key: String,
        request: state::TurnRequest,
    ) -> Result<state::Turns, types::HostError> {
        let state::TurnRequest {
            owner,
            number,
            interval,
            tolerance,
            horizon,
            wanted,
            least,
            lead,
            gap,
            pause,
        } = request;
        let request = penstock_state::TurnRequest {
            owner,
            number,
            interval,
            tolerance,
            horizon,
            wanted,
            least,
            lead,
            gap,
            pause,
        };
        let turns = imports(caller).state()?.turns(&key, &request).await?;
        let penstock_state::Turns { now, arrival, count, closed, since } = turns;
        Ok(state::Turns { now, arrival, count, closed, since })
    }
}

fn duration(ms: Option<u64>) -> Option<Duration> {
    ms.map(Duration::from_millis)
}
