//! The shared state: in Redis if the settings name one, and otherwise in Spin's own store.

mod embedded;
mod redis;

#[cfg(feature = "webhooks")]
mod broker;
#[cfg(feature = "webhooks")]
pub(crate) use broker::RedisBroker;

use crate::{host::SpinHost, state_settings};
use penstock::{
    host::{HostError, State, wasi},
    policy::time::{Tick, millis},
    state::{TurnRequest, Turns, redis as commands},
};
use std::{cell::RefCell, rc::Rc, time::Duration};

/// How long an instance believes what it has read of the settings.
const KEPT: Duration = Duration::from_secs(60);

/// Which store it is.
enum Store {
    Embedded,
    Redis(redis::Link),
}

thread_local! {
    /// One for all requests of an instance, and when that was read.
    static STORE: RefCell<Option<(Tick, Rc<Store>)>> = const { RefCell::new(None) };
}

/// The store of this instance.
async fn store() -> Result<Rc<Store>, HostError> {
    let kept = STORE.with_borrow(Clone::clone);
    if let Some((read, store)) = &kept
        && wasi::now().since(*read) < KEPT
    {
        return Ok(store.clone());
    }
    let settings = state_settings::read(&SpinHost).await?;
    let redis =
        settings.map_err(|wrong| HostError::Unavailable(format!("{} {}", wrong.field, wrong.message)))?;
    // Somebody else may have read them meanwhile, and opened a connection.
    Ok(STORE.with_borrow_mut(|kept| {
        let same = kept.take().map(|(_, store)| store).filter(|store| match (&**store, &redis) {
            (Store::Embedded, None) => true,
            (Store::Redis(link), Some(redis)) => link.is_to(redis),
            _ => false,
        });
        let store = same.unwrap_or_else(|| {
            Rc::new(redis.map_or(Store::Embedded, |redis| Store::Redis(redis::Link::new(redis))))
        });
        *kept = Some((wasi::now(), store.clone()));
        store
    }))
}

impl State for SpinHost {
    async fn state_get(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        match &*store().await? {
            Store::Embedded => embedded::with(|state| state.get(key)).await,
            Store::Redis(link) => redis::read(commands::value(link.ask(commands::Command::get(key)).await?)),
        }
    }

    async fn state_set(&self, key: &str, value: Vec<u8>, ttl: Option<Duration>) -> Result<(), HostError> {
        let ttl = ttl.map(millis);
        match &*store().await? {
            Store::Embedded => embedded::with(|state| state.set(key, &value, ttl)).await,
            Store::Redis(link) => link.ask(commands::Command::set(key, value, ttl)).await.map(drop),
        }
    }

    async fn state_delete(&self, key: &str) -> Result<(), HostError> {
        match &*store().await? {
            Store::Embedded => embedded::with(|state| state.delete(key)).await,
            Store::Redis(link) => link.ask(commands::Command::delete(key)).await.map(drop),
        }
    }

    async fn state_claim(
        &self,
        key: &str,
        value: Vec<u8>,
        ttl: Duration,
    ) -> Result<Option<Vec<u8>>, HostError> {
        let ttl = millis(ttl);
        match &*store().await? {
            Store::Embedded => embedded::with(|state| state.claim(key, &value, ttl)).await,
            Store::Redis(link) => {
                let reply = link.ask(commands::Command::claim(key, value, ttl)).await?;
                redis::read(commands::value(reply))
            }
        }
    }

    async fn state_swap(
        &self,
        key: &str,
        expected: Vec<u8>,
        value: Vec<u8>,
        ttl: Duration,
    ) -> Result<bool, HostError> {
        let ttl = millis(ttl);
        match &*store().await? {
            Store::Embedded => embedded::with(|state| state.swap(key, &expected, &value, ttl)).await,
            Store::Redis(link) => {
                let reply = link.ask(commands::Command::swap(key, expected, value, ttl)).await?;
                redis::read(commands::swapped(&reply))
            }
        }
    }

    async fn state_release(&self, key: &str, expected: Vec<u8>) -> Result<(), HostError> {
        match &*store().await? {
            Store::Embedded => embedded::with(|state| state.release(key, &expected)).await,
            Store::Redis(link) => link.ask(commands::Command::release(key, expected)).await.map(drop),
        }
    }

    async fn state_keys(&self, prefix: &str, most: usize) -> Result<Vec<String>, HostError> {
        match &*store().await? {
            Store::Embedded => embedded::with(|state| state.keys(prefix, most)).await,
            Store::Redis(link) => {
                let mut scan = commands::Scan::new(prefix, most);
                while let Some(command) = scan.command() {
                    redis::read(scan.take(&link.ask(command).await?))?;
                }
                Ok(scan.into_keys())
            }
        }
    }

    async fn state_turns(&self, key: &str, request: &TurnRequest) -> Result<Turns, HostError> {
        match &*store().await? {
            Store::Embedded => embedded::with(|state| state.turns(key, request)).await,
            Store::Redis(link) => {
                let reply = link.ask(commands::Command::turns(key, request)).await?;
                redis::read(commands::turns(&reply))
            }
        }
    }
}
