//! `penstock:connector/admin`: for whoever runs the component.

use super::{Component, client};
use crate::{
    client::Client,
    contract::{
        Failure,
        bindings::exports::penstock::connector::admin::{Guest, Readiness, Scope, Stored},
    },
    host::Host,
    providers::registry,
};
use std::rc::Rc;

impl Guest for Component {
    fn health() -> bool {
        true
    }

    async fn ready(provider: String, account: Option<String>) -> Result<Readiness, Failure> {
        readiness(&client(), &provider, account.as_deref()).await
    }

    fn metrics() -> String {
        client().metrics()
    }

    fn snapshot() -> String {
        client().snapshot()
    }

    async fn forget_owner(provider: String, account: Option<String>, owner: String) -> Result<(), Failure> {
        client().forget_owner(registry::known(&provider)?, account.as_deref(), &owner).await
    }

    async fn list_state(provider: String, account: Option<String>) -> Result<Vec<Stored>, Failure> {
        stored(&client(), &provider, account.as_deref()).await
    }

    async fn clear_state(
        provider: String,
        account: Option<String>,
        kinds: Vec<String>,
    ) -> Result<u32, Failure> {
        clear(&client(), &provider, account.as_deref(), &kinds).await
    }

    fn invalidate(scope: Scope) {
        invalidate(&client(), scope);
    }
}

pub(super) async fn readiness<H: Host + 'static>(
    client: &Rc<Client<H>>,
    provider: &str,
    account: Option<&str>,
) -> Result<Readiness, Failure> {
    let readiness = client.ready(registry::known(provider)?, account).await?;
    Ok(Readiness {
        ready: readiness.missing.is_empty(),
        missing: readiness.missing,
        shared_state: readiness.shared_state,
    })
}

pub(super) async fn stored<H: Host + 'static>(
    client: &Rc<Client<H>>,
    provider: &str,
    account: Option<&str>,
) -> Result<Vec<Stored>, Failure> {
    let stored = client.stored(registry::known(provider)?, account).await?;
    let count = |keys| u32::try_from(keys).unwrap_or(u32::MAX);
    Ok(stored.into_iter().map(|of| Stored { kind: of.kind.to_owned(), keys: count(of.keys) }).collect())
}

pub(super) async fn clear<H: Host + 'static>(
    client: &Rc<Client<H>>,
    provider: &str,
    account: Option<&str>,
    kinds: &[String],
) -> Result<u32, Failure> {
    let removed = client.clear_stored(registry::known(provider)?, account, kinds).await?;
    Ok(u32::try_from(removed).unwrap_or(u32::MAX))
}

pub(super) fn invalidate<H: Host>(client: &Client<H>, scope: Scope) {
    match scope {
        Scope::Tokens => client.forget_tokens(),
        Scope::Settings => client.forget_settings(),
        Scope::Answers => client.forget_answers(),
        Scope::Limits => client.forget_limits(),
    }
}
