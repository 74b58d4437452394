//! Accounts that nobody has set up.
//!
//! Any name of letters is an account's, so that one that is misspelt looks like one whose settings are
//! missing. A 503 would have the caller come again, for ever, and an alarm ring.

use crate::{
    admin::Task,
    gateway::Gateway,
    problem::Problem,
    request::Head,
    route::{self, Found},
};
use penstock::{entry::account, host::Host};

/// The problem that a request ended with, or 404 if settings were missing of an account that has none at all.
pub(crate) async fn told<H: Host>(gateway: &Gateway<H>, head: &Head, problem: Problem) -> Problem {
    if !problem.lacks_settings() {
        return problem;
    }
    let (provider, name) = match route::find(&head.method, head.path()) {
        Found::Operation { operation, account, .. } | Found::DropIn { operation, account, .. } => {
            (operation.provider, account)
        }
        Found::Invoke { provider, account, .. } | Found::Token { provider, account } => (provider, account),
        Found::Admin(Task::Of(provider, account, _)) => (provider.name(), account),
        _ => return problem,
    };
    // Whether there is trouble with the host besides does not matter then.
    match account::is_known(gateway.client(), provider, &name).await {
        Ok(false) => problem.of_unknown_account(provider, &name),
        Ok(true) | Err(_) => problem,
    }
}
