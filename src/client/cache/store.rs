//! The host's shared store, as the cache uses it: never longer than it is worth, and
//! never a reason to fail.

use crate::{
    host::{Host, HostError},
    policy::{cache::Key, time::Tick},
};
use futures_util::future::{Either, select};
use sha2::{Digest, Sha256};
use std::{cell::Cell, pin::pin, time::Duration};

/// How long one operation may take. The provider answers in a few hundred milliseconds.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long a store that does not answer is left alone.
const REST: Duration = Duration::from_secs(5);

/// The largest value that is put into it. Stores have bounds of their own; few are
/// below this.
const MOST: usize = 512 * 1024;

/// Access to the store.
#[derive(Default)]
pub(crate) struct Store {
    rests_until: Cell<Tick>,
}

/// The store did not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trouble;

impl Store {
    pub(crate) async fn get<H: Host>(&self, host: &H, key: &Key) -> Result<Option<Vec<u8>>, Trouble> {
        let name = name(key);
        self.ask(host, host.state_get(&name)).await
    }

    pub(crate) async fn set<H: Host>(
        &self,
        host: &H,
        key: &Key,
        value: Vec<u8>,
        life: Option<Duration>,
    ) -> Result<(), Trouble> {
        if value.len() > MOST {
            return Err(Trouble);
        }
        let name = name(key);
        self.ask(host, host.state_set(&name, value, life)).await
    }

    async fn ask<H: Host, T>(
        &self,
        host: &H,
        asked: impl Future<Output = Result<T, HostError>>,
    ) -> Result<T, Trouble> {
        if host.now() < self.rests_until.get() {
            return Err(Trouble);
        }
        let answer = match select(pin!(asked), pin!(host.sleep(PATIENCE))).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(HostError::Unavailable("it is slow".to_owned())),
        };
        answer.map_err(|error| {
            if !matches!(error, HostError::Failed(_)) {
                self.rests_until.set(host.now() + REST);
            }
            Trouble
        })
    }
}

/// The name of a value: it tells nothing of what is asked, and fits any store.
fn name(key: &Key) -> String {
    format!("penstock/cache/{}", base16ct::lower::encode_string(&Sha256::digest(key.as_bytes())))
}
