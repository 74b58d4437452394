//! What an instance asks of the shared store, taken down and held against the invariants.

use super::Instance;
use crate::{fault::Fault, trace::Event, vendor::LENGTH};
use penstock::{
    host::{HostError, State},
    state::{TurnRequest, Turns, names},
};
use std::time::Duration;

impl Instance {
    /// The store has answered about a limit. If it is the first answer of this life, and the
    /// store has just come back, the others cannot know yet.
    fn knows_limit(&self, key: &str) {
        let Some(name) = names::parse(key).filter(|name| name.kind == names::LIMIT) else { return };
        let world = self.world();
        let back = self.0.store_back.get().is_some_and(|back| world.now() - back < LENGTH);
        let tenant = name.tenant.split('/').find_map(|part| part.parse().ok());
        if let Some(tenant) = tenant.filter(|_| self.0.limits.borrow_mut().insert(key.to_owned()) && back) {
            world.vendor.borrow_mut().newcomer(tenant, world.now());
        }
    }

    /// Takes down what the store is asked and what it answers.
    fn store_result<T>(&self, asked: Asked<'_>, result: &Result<T, HostError>, answer: Option<&[u8]>) {
        let Asked { operation, key, value, expected, ttl } = asked;
        let world = self.world();
        world.count(|figures| figures.state_operations += 1);
        world.scan("a key of the store", key.as_bytes());
        world.scan(
            "a value of the store",
            if operation == "get" { answer.unwrap_or_default() } else { value },
        );
        if result.is_ok() {
            self.knows_limit(key);
        }
        let said = match result {
            Ok(_) => "ok",
            Err(HostError::Failed(_)) => "refused",
            Err(_) => "down",
        };
        if let Some((fault, mut window)) = self.0.store.get() {
            if matches!(
                (fault, said),
                (Fault::StateRefused, "refused")
                    | (Fault::StateDown, "down")
                    | (Fault::StateSlow | Fault::StateLate | Fault::StateLies, _)
            ) {
                window.hits(world, self.who(), fault);
            }
            self.0.store.set(Some((fault, window)));
        }
        let result = said;
        world.note(self.who(), &Event::State { operation, key, value, expected, ttl, result, answer });
    }
}

/// What the store is asked.
#[derive(Clone, Copy, Default)]
struct Asked<'a> {
    operation: &'static str,
    key: &'a str,
    value: &'a [u8],
    expected: &'a [u8],
    ttl: Option<Duration>,
}

impl State for Instance {
    async fn state_get(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        self.asking().await;
        let result = self.0.host.state_get(key).await;
        let found = result.as_ref().ok().and_then(Option::as_deref);
        self.store_result(Asked { operation: "get", key, ..Asked::default() }, &result, found);
        result
    }

    async fn state_set(&self, key: &str, value: Vec<u8>, ttl: Option<Duration>) -> Result<(), HostError> {
        self.asking().await;
        let result = self.0.host.state_set(key, value.clone(), ttl).await;
        let asked = Asked { operation: "set", key, value: &value, ttl, ..Asked::default() };
        self.store_result(asked, &result, None);
        result
    }

    async fn state_delete(&self, key: &str) -> Result<(), HostError> {
        self.asking().await;
        let result = self.0.host.state_delete(key).await;
        self.store_result(Asked { operation: "delete", key, ..Asked::default() }, &result, None);
        result
    }

    async fn state_claim(
        &self,
        key: &str,
        value: Vec<u8>,
        ttl: Duration,
    ) -> Result<Option<Vec<u8>>, HostError> {
        self.asking().await;
        let result = self.0.host.state_claim(key, value.clone(), ttl).await;
        let asked = Asked { operation: "claim", key, value: &value, ttl: Some(ttl), ..Asked::default() };
        let present = result.as_ref().ok().and_then(Option::as_deref);
        self.store_result(asked, &result, present);
        result
    }

    async fn state_swap(
        &self,
        key: &str,
        expected: Vec<u8>,
        value: Vec<u8>,
        ttl: Duration,
    ) -> Result<bool, HostError> {
        self.asking().await;
        let result = self.0.host.state_swap(key, expected.clone(), value.clone(), ttl).await;
        let asked = Asked { operation: "swap", key, value: &value, expected: &expected, ttl: Some(ttl) };
        let swapped = result.as_ref().ok().map(|swapped| [u8::from(*swapped)]);
        self.store_result(asked, &result, swapped.as_ref().map(|swapped| &swapped[..]));
        result
    }

    async fn state_release(&self, key: &str, expected: Vec<u8>) -> Result<(), HostError> {
        self.asking().await;
        let result = self.0.host.state_release(key, expected.clone()).await;
        let asked = Asked { operation: "release", key, expected: &expected, ..Asked::default() };
        self.store_result(asked, &result, None);
        result
    }

    /// For whoever looks after a store: no call asks for it.
    async fn state_keys(&self, prefix: &str, most: usize) -> Result<Vec<String>, HostError> {
        self.0.host.state_keys(prefix, most).await
    }

    async fn state_turns(&self, key: &str, request: &TurnRequest) -> Result<Turns, HostError> {
        self.asking().await;
        let result = self.0.host.state_turns(key, request).await;
        let (value, turns) = (format!("{request:?}"), result.as_ref().ok().map(|turns| format!("{turns:?}")));
        let asked = Asked { operation: "turns", key, value: value.as_bytes(), ..Asked::default() };
        self.store_result(asked, &result, turns.as_ref().map(String::as_bytes));
        result
    }
}
