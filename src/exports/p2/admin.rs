//! `penstock:connector/admin`: for whoever runs the component.

use super::{super::admin, Component, client};
use crate::{
    contract::{
        Failure,
        bindings::exports::penstock::connector::admin::{Readiness, Scope, Stored},
        p2::exports::penstock::connector::admin::Guest,
    },
    host::wasi::p2::block_on,
    providers::registry,
};

impl Guest for Component {
    fn health() -> bool {
        true
    }

    fn ready(provider: String, account: Option<String>) -> Result<Readiness, Failure> {
        block_on(admin::readiness(&client(), &provider, account.as_deref()))
    }

    fn metrics() -> String {
        client().metrics()
    }

    fn snapshot() -> String {
        client().snapshot()
    }

    fn forget_owner(provider: String, account: Option<String>, owner: String) -> Result<(), Failure> {
        let provider = registry::known(&provider)?;
        block_on(client().forget_owner(provider, account.as_deref(), &owner))
    }

    fn list_state(provider: String, account: Option<String>) -> Result<Vec<Stored>, Failure> {
        block_on(admin::stored(&client(), &provider, account.as_deref()))
    }

    fn clear_state(provider: String, account: Option<String>, kinds: Vec<String>) -> Result<u32, Failure> {
        block_on(admin::clear(&client(), &provider, account.as_deref(), &kinds))
    }

    fn invalidate(scope: Scope) {
        admin::invalidate(&client(), scope);
    }
}
