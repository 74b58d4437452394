//! `penstock:connector/admin`: for whoever runs the component.

use super::{Component, connector};
use crate::contract::{
    Failure,
    bindings::exports::penstock::connector::admin::{Guest, Readiness, Scope},
};

impl Guest for Component {
    fn health() -> bool {
        true
    }

    async fn ready(vendor: String, account: Option<String>) -> Result<Readiness, Failure> {
        let readiness = connector().ready(&vendor, account.as_deref()).await?;
        Ok(Readiness {
            ready: readiness.missing.is_empty(),
            missing: readiness.missing,
            shared_state: readiness.shared_state,
        })
    }

    fn metrics() -> String {
        connector().metrics()
    }

    fn snapshot() -> String {
        connector().snapshot()
    }

    async fn forget_owner(vendor: String, account: Option<String>, owner: String) -> Result<(), Failure> {
        connector().forget_owner(&vendor, account.as_deref(), &owner).await
    }

    fn invalidate(scope: Scope) {
        match scope {
            Scope::Tokens => connector().forget_tokens(),
            Scope::Settings => connector().forget_settings(),
            Scope::Answers => connector().forget_answers(),
        }
    }
}
