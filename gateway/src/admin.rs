//! For whoever runs the gateway: what this instance counts, what it is configured with, and what it is to
//! forget.
//!
//! | Path | |
//! |---|---|
//! | `GET /v1/_admin/snapshot` | counters, limits, circuit breakers, cache, as JSON |
//! | `POST /v1/_admin/invalidate/{scope}` | `tokens`, `settings`, `answers` or `limits` (backoff windows) of this instance |
//! | `GET /v1/_admin/{provider}/{account}/configuration` | every setting and what holds; of a secret only whether it is set |
//! | `GET /v1/_admin/{provider}/{account}/state` | how many keys of each kind the shared state has of the tenant |
//! | `DELETE /v1/_admin/{provider}/{account}/state?kinds=token,cache` | removes them |
//! | `DELETE /v1/_admin/{provider}/{account}/owners/{owner}` | forgets what is cached of one owner of data |
//!
//! Each instance answers for itself; what is in the shared state is everybody's.

mod configuration;

use crate::{
    answer::{self, JSON, json},
    problem::Problem,
    request::{Head, Parameters},
    ways::{Way, Ways},
};
use http::{Method, Response, StatusCode};
use penstock::{
    client::Client,
    host::Host,
    providers::{api::Provider, registry},
};
use serde_json::json;

/// What is to be done.
#[derive(Clone)]
pub enum Task {
    /// Tell what is counted.
    Snapshot,
    /// Forget something of all accounts.
    Invalidate(Scope),
    /// Something for one account.
    Of(&'static dyn Provider, String, OfAccount),
}

/// What is forgotten, of this instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The access tokens.
    Tokens,
    /// The settings, and the tokens that were made with them.
    Settings,
    /// The answers that are cached.
    Answers,
    /// What was learned of the providers' limits.
    Limits,
}

/// What is to be done for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfAccount {
    /// Tell what it is configured with.
    Configuration,
    /// Tell what is in the shared state of it.
    State,
    /// Remove that.
    ClearState,
    /// Forget what is cached of this owner.
    ForgetOwner(String),
}

impl Task {
    /// How it is called in the audit.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Task::Snapshot => "admin.snapshot",
            Task::Invalidate(Scope::Tokens) => "admin.invalidate-tokens",
            Task::Invalidate(Scope::Settings) => "admin.invalidate-settings",
            Task::Invalidate(Scope::Answers) => "admin.invalidate-answers",
            Task::Invalidate(Scope::Limits) => "admin.invalidate-limits",
            Task::Of(_, _, OfAccount::Configuration) => "admin.configuration",
            Task::Of(_, _, OfAccount::State) => "admin.state",
            Task::Of(_, _, OfAccount::ClearState) => "admin.clear-state",
            Task::Of(_, _, OfAccount::ForgetOwner(_)) => "admin.forget-owner",
        }
    }
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Task::Snapshot => f.write_str("Snapshot"),
            Task::Invalidate(scope) => f.debug_tuple("Invalidate").field(scope).finish(),
            Task::Of(provider, account, what) => write!(f, "Of({}, {account}, {what:?})", provider.name()),
        }
    }
}

/// What these segments behind `/v1/_admin`, decoded, ask for.
#[must_use]
pub fn find(method: &Method, segments: &[String]) -> Way<Task> {
    let texts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ways = match texts.as_slice() {
        ["snapshot"] => Ways::one(Method::GET, Task::Snapshot),
        ["invalidate", scope] => match scope_of(scope) {
            Some(scope) => Ways::one(Method::POST, Task::Invalidate(scope)),
            None => Ways::none(),
        },
        [provider, account, rest @ ..] => match (registry::find(provider), rest) {
            (Some(provider), rest) => {
                of_account(rest).map(|what| Task::Of(provider, (*account).to_owned(), what))
            }
            (None, _) => Ways::none(),
        },
        _ => Ways::none(),
    };
    ways.choose(method)
}

fn scope_of(name: &str) -> Option<Scope> {
    Some(match name {
        "tokens" => Scope::Tokens,
        "settings" => Scope::Settings,
        "answers" => Scope::Answers,
        "limits" => Scope::Limits,
        _ => return None,
    })
}

fn of_account(rest: &[&str]) -> Ways<OfAccount> {
    match rest {
        ["configuration"] => Ways::one(Method::GET, OfAccount::Configuration),
        ["state"] => Ways::one(Method::GET, OfAccount::State).or(Method::DELETE, OfAccount::ClearState),
        ["owners", owner] if !owner.is_empty() => {
            Ways::one(Method::DELETE, OfAccount::ForgetOwner((*owner).to_owned()))
        }
        _ => Ways::none(),
    }
}

/// Does it.
///
/// # Errors
/// Settings that are incomplete, the store's trouble, and parameters that do not fit.
pub async fn perform<H: Host>(
    client: &Client<H>,
    task: Task,
    head: &Head,
) -> Result<Response<String>, Problem> {
    let mut query = Parameters::parse(head.query())?;
    let kinds = match &task {
        Task::Of(_, _, OfAccount::ClearState) => query.take("kinds")?.unwrap_or_default(),
        _ => String::new(),
    };
    query.none_left()?;
    match task {
        Task::Snapshot => Ok(answer::response(StatusCode::OK, JSON, client.snapshot())),
        Task::Invalidate(scope) => {
            match scope {
                Scope::Tokens => client.forget_tokens(),
                Scope::Settings => client.forget_settings(),
                Scope::Answers => client.forget_answers(),
                Scope::Limits => client.forget_limits(),
            }
            Ok(answer::no_content())
        }
        Task::Of(provider, account, what) => for_account(client, provider, &account, what, &kinds).await,
    }
}

async fn for_account<H: Host>(
    client: &Client<H>,
    provider: &'static dyn Provider,
    account: &str,
    what: OfAccount,
    kinds: &str,
) -> Result<Response<String>, Problem> {
    let body = match what {
        OfAccount::Configuration => json(&configuration::read(client.host(), provider, account).await?),
        OfAccount::State => {
            let stored = client.stored(provider, Some(account)).await?;
            let kinds: Vec<_> = stored.iter().map(|of| json!({"kind": of.kind, "keys": of.keys})).collect();
            json(&json!({ "state": kinds }))
        }
        OfAccount::ClearState => {
            let kinds: Vec<_> =
                kinds.split(',').map(str::trim).filter(|kind| !kind.is_empty()).map(str::to_owned).collect();
            let removed = client.clear_stored(provider, Some(account), &kinds).await?;
            json(&json!({ "removed": removed }))
        }
        OfAccount::ForgetOwner(owner) => {
            client.forget_owner(provider, Some(account), &owner).await?;
            return Ok(answer::no_content());
        }
    };
    Ok(answer::response(StatusCode::OK, JSON, body))
}
