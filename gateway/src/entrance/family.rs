//! What kinds of routes there are, for counters: a few, whatever is asked.

use crate::route::Found;

/// A kind of route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// An operation by its path.
    Operation,
    /// An operation by its name.
    Invoke,
    /// Many calls in one.
    Batch,
    /// The provider's own interface.
    DropIn,
    /// A token for that.
    Token,
    /// The administration.
    Admin,
    /// What waits to be handed on.
    Outbox,
    /// What a provider sends by itself.
    Webhook,
    /// Agents.
    Mcp,
    /// How it stands.
    Health,
    /// What is counted.
    Metrics,
    /// What there is.
    Docs,
    /// Anything else: unknown paths, other methods.
    Other,
}

impl Family {
    /// The kind of what a request asks for.
    #[must_use]
    pub fn of(found: &Found) -> Family {
        match found {
            Found::Operation { .. } => Family::Operation,
            Found::Invoke { .. } => Family::Invoke,
            Found::Batch { .. } => Family::Batch,
            Found::DropIn { .. } => Family::DropIn,
            Found::Token { .. } => Family::Token,
            Found::Admin(_) => Family::Admin,
            #[cfg(feature = "webhooks")]
            Found::Outbox => Family::Outbox,
            #[cfg(feature = "webhooks")]
            Found::Webhook => Family::Webhook,
            Found::Live | Found::Ready | Found::Health => Family::Health,
            Found::Mcp => Family::Mcp,
            Found::Metrics => Family::Metrics,
            Found::OpenApi | Found::Docs => Family::Docs,
            #[cfg(feature = "oidc")]
            Found::TokenIssuer => Family::Docs,
            Found::Options(_) | Found::NoSuchMethod(_) | Found::NoSuchPath | Found::Malformed(_) => {
                Family::Other
            }
        }
    }

    /// How it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Family::Operation => "operation",
            Family::Invoke => "invoke",
            Family::Batch => "batch",
            Family::DropIn => "drop-in",
            Family::Token => "token",
            Family::Admin => "admin",
            Family::Outbox => "outbox",
            Family::Webhook => "webhook",
            Family::Mcp => "mcp",
            Family::Health => "health",
            Family::Metrics => "metrics",
            Family::Docs => "docs",
            Family::Other => "other",
        }
    }
}
