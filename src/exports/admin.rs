//! `penstock:connector/admin`: for whoever runs the component.

use super::{Component, client};
use crate::{
    contract::{
        Failure,
        bindings::exports::penstock::connector::admin::{Guest, Readiness, Scope},
    },
    providers::registry,
};

impl Guest for Component {
    fn health() -> bool {
        true
    }

    async fn ready(provider: String, account: Option<String>) -> Result<Readiness, Failure> {
        let readiness = client().ready(registry::known(&provider)?, account.as_deref()).await?;
        Ok(Readiness {
            ready: readiness.missing.is_empty(),
            missing: readiness.missing,
            shared_state: readiness.shared_state,
        })
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

    fn invalidate(scope: Scope) {
        match scope {
            Scope::Tokens => client().forget_tokens(),
            Scope::Settings => client().forget_settings(),
            Scope::Answers => client().forget_answers(),
            Scope::Limits => client().forget_limits(),
        }
    }
}
