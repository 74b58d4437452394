//! What a request asks for, as the entrance sees it.

use super::audit::Actor;
#[cfg(feature = "webhooks")]
use crate::outbox;
use crate::{admin::Task, keys::Key, paths, problem::Problem, request::Head, route::Found};
use penstock::{
    contract::catalogue::{Effect, Operation},
    entry::dynamic,
};

/// An operation, and the account whose data it is about.
type Asked<'f> = (&'static Operation, &'f String);

/// The operation that a request asks for, if it is one and there is one of that name.
pub(super) fn operation(found: &Found) -> Option<Asked<'_>> {
    match found {
        Found::Operation { operation, account, .. } | Found::DropIn { operation, account, .. } => {
            Some((*operation, account))
        }
        Found::Invoke { provider, operation, account } => {
            dynamic::operation(provider, operation).ok().map(|operation| (operation, account))
        }
        _ => None,
    }
}

/// Who does what, if it is anything to be told: a write, or an act of administration.
pub(super) fn act(
    actor: Actor,
    #[cfg_attr(not(feature = "webhooks"), allow(unused_variables, reason = "only the outbox looks at it"))]
    head: &Head,
    found: &Found,
    asked: Option<Asked<'_>>,
) -> Option<(Actor, &'static str)> {
    match (asked, found) {
        (Some((operation, _)), _) if operation.effect == Effect::Read => None,
        (Some((operation, account)), _) => Some((actor.on(operation.provider, account), operation.name)),
        (None, Found::Admin(task)) => {
            let actor = match task {
                Task::Of(provider, account, _) => actor.on(provider.name(), account),
                _ => actor,
            };
            Some((actor, task.name()))
        }
        #[cfg(feature = "webhooks")]
        (None, Found::Outbox) => Some((actor, outbox::admin::name(head)?)),
        _ => None,
    }
}

/// Whether a key is for what a request asks for.
///
/// # Errors
/// 403, with the restriction that forbids it.
pub(super) fn may(key: &Key, found: &Found, asked: Option<Asked<'_>>) -> Result<(), Problem> {
    match (asked, found) {
        (Some((operation, account)), _) => key.may(operation, account),
        (None, Found::Metrics) => key.may_see_all(),
        (None, Found::Admin(Task::Of(provider, account, _))) => {
            key.may_administer(Some((provider.name(), account)))
        }
        (None, Found::Admin(_)) => key.may_administer(None),
        // It has the events of all accounts.
        #[cfg(feature = "webhooks")]
        (None, Found::Outbox) => key.may_administer(None),
        _ => Ok(()),
    }
}

/// Whether what proves it is yet to be seen: a delivery of a webhook has a signature and no key, and who asks for a
/// token has the key in the body.
pub(super) fn is_proved_later(found: &Found) -> bool {
    match found {
        Found::Token { .. } => true,
        #[cfg(feature = "webhooks")]
        Found::Webhook => true,
        _ => false,
    }
}

/// The route of what is no path of an operation.
pub(super) fn place(found: &Found) -> Option<&'static str> {
    match found {
        Found::Ready => Some("/ready"),
        Found::Health => Some("/health"),
        Found::Metrics => Some("/metrics"),
        Found::OpenApi => Some("/openapi.json"),
        Found::Docs => Some("/docs"),
        Found::Mcp => Some("/mcp"),
        #[cfg(feature = "oidc")]
        Found::TokenIssuer => Some("/.well-known/oauth-protected-resource"),
        Found::Admin(_) => Some("/v1/_admin"),
        #[cfg(feature = "webhooks")]
        Found::Webhook => Some("/webhooks/{provider}/{account}"),
        #[cfg(feature = "webhooks")]
        Found::Outbox => Some("/v1/_outbox"),
        Found::Invoke { .. } => Some("/v1/{provider}/{account}/_invoke/{operation}"),
        Found::Batch { .. } => Some("/v1/{provider}/{account}/_batch"),
        Found::Token { .. } => Some("/{provider}/{account}/connect/token"),
        _ => None,
    }
}

/// The path of an operation, with its placeholders.
pub(super) fn template(operation: &'static Operation, is_drop_in: bool) -> Option<String> {
    if is_drop_in {
        return Some(format!("/{}/{{account}}{}", operation.provider, operation.path));
    }
    let all = paths::of(operation.provider)?;
    all.iter().find(|path| std::ptr::eq(path.operation, operation)).map(paths::Path::template)
}
