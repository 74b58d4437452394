//! Calls: whether the credentials are accepted, whether data comes, and which of it may be read.

use super::check::Check;
use futures_util::{StreamExt as _, stream};
use penstock::contract::catalogue::{self, Effect, Operation, Paging, Parameter, Type};
use penstock_host::{
    Error, Plugin,
    bindings::{
        operations::Answer,
        types::{CallOptions, Failure, FailureKind},
    },
};
use std::{collections::BTreeMap, time::Instant};

/// Calls under way at once.
const AT_ONCE: usize = 4;

/// A call that reads something.
pub(super) struct Probe {
    pub(super) operation: String,
    pub(super) parameters: Vec<(String, String)>,
}

/// The first of these modules that the vendor has not.
pub(super) fn unknown<'a>(provider: &str, modules: &'a [String]) -> Option<&'a str> {
    let operations = catalogue::operations(provider).unwrap_or_default();
    let is_known = |name: &&String| operations.iter().any(|operation| module_of(operation) == name.as_str());
    modules.iter().find(|name| !is_known(name)).map(String::as_str)
}

fn module_of(operation: &Operation) -> &'static str {
    operation.name.split('.').next().unwrap_or_default()
}

/// For each of these modules, or of all if none is named, a list that needs no parameters, the first of them.
pub(super) fn lists(provider: &str, modules: &[String]) -> BTreeMap<&'static str, &'static Operation> {
    let operations = catalogue::operations(provider).unwrap_or_default();
    let is_wanted = |name: &str| modules.is_empty() || modules.iter().any(|module| module == name);
    let fit = operations.iter().filter(|operation| {
        operation.effect == Effect::Read
            && is_wanted(module_of(operation))
            && operation.is_list()
            && operation.paging != Paging::Export
            && operation.variant_of.is_none()
            && operation.body.is_none()
            && operation.any_of.is_empty()
            && operation.parameters().all(|parameter| !is_needed(parameter))
    });
    let mut lists = BTreeMap::new();
    for operation in fit {
        lists.entry(module_of(operation)).or_insert(operation);
    }
    lists
}

fn is_needed(parameter: Parameter) -> bool {
    match parameter {
        Parameter::Path(_) => true,
        Parameter::Query(field) => field.required || !matches!(field.ty, Type::Option(_) | Type::List(_)),
    }
}

async fn invoke(
    plugin: &Plugin,
    provider: &str,
    probe: &Probe,
    options: &CallOptions,
) -> (Result<Answer, Error>, Instant) {
    let began = Instant::now();
    let parameters = probe.parameters.clone();
    // What the cache has says nothing of today.
    let options = CallOptions { page_size: Some(1), fresh: true, ..options.clone() };
    (plugin.invoke(provider, &probe.operation, parameters, None, Some(options)).await, began)
}

/// Whether the vendor gives a token, and data: that of the first of these calls that the credentials may make.
pub(super) async fn sample(
    plugin: &Plugin,
    provider: &str,
    probes: &[Probe],
    options: &CallOptions,
) -> Vec<Check> {
    let mut checks = Vec::new();
    for probe in probes {
        let (answer, began) = invoke(plugin, provider, probe, options).await;
        let is_denied = is_denied(&answer);
        checks = of_answer(answer, &probe.operation, began);
        if !is_denied {
            break;
        }
    }
    checks
}

fn is_denied(answer: &Result<Answer, Error>) -> bool {
    matches!(answer, Err(Error::Failure(failure)) if failure.kind == FailureKind::Permission)
}

fn of_answer(answer: Result<Answer, Error>, name: &str, began: Instant) -> Vec<Check> {
    let took = began.elapsed();
    let failure = match answer {
        Ok(answer) => {
            let message = format!("{name} answers with HTTP {}", answer.info.status);
            return vec![
                Check::pass("token", "the credentials are accepted"),
                Check::pass("sample data", message).took(took),
            ];
        }
        Err(Error::Failure(failure)) => failure,
        Err(error) => {
            let cure = "look at the log lines (--log-level debug)";
            return vec![Check::fail("sample data", format!("{name}: {error}"), cure)];
        }
    };
    let token = match failure.kind {
        FailureKind::Authentication => {
            let cure = "look whether client id, secret and app key belong together and to this environment";
            Check::fail("token", &failure.message, cure)
        }
        FailureKind::Permission | FailureKind::NotFound | FailureKind::Rejected | FailureKind::Decode => {
            Check::pass("token", "the credentials are accepted")
        }
        _ => Check::skip("token", "the vendor was not asked"),
    };
    let sample = match failure.kind {
        FailureKind::Authentication => Check::skip("sample data", "there is no token"),
        _ => Check::fail("sample data", format!("{name}: {}", failure.message), advice(&failure)).took(took),
    };
    vec![token, sample]
}

fn advice(failure: &Failure) -> &'static str {
    match failure.kind {
        FailureKind::Permission => {
            "give the app this scope at the vendor, or name a call with --probe that it has"
        }
        FailureKind::Transport | FailureKind::Timeout => "look at the network and at the check `origin`",
        FailureKind::RateLimited | FailureKind::Unavailable | FailureKind::Vendor => {
            "the vendor has trouble or is asked too often: try again, and look at its status page"
        }
        FailureKind::Decode => "what the vendor sends does not fit the contract: please report it",
        FailureKind::BadInput => "look at --probe and --param",
        _ => "look at the log lines (--log-level debug)",
    }
}

async fn may_read(
    plugin: &Plugin,
    provider: &str,
    module: &'static str,
    operation: &'static Operation,
    options: &CallOptions,
) -> (&'static str, Result<Answer, Error>) {
    let probe = Probe { operation: operation.name.to_owned(), parameters: Vec::new() };
    (module, invoke(plugin, provider, &probe, options).await.0)
}

/// Which modules the credentials may read: those of which a list is refused are named. That fails if they are
/// wanted, and is a warning else.
pub(super) async fn permissions(
    plugin: &Plugin,
    provider: &str,
    lists: &BTreeMap<&'static str, &'static Operation>,
    is_wanted: bool,
    options: &CallOptions,
) -> Check {
    let mut asked = Vec::new();
    for (module, operation) in lists {
        asked.push(may_read(plugin, provider, module, operation, options));
    }
    let answers: Vec<_> = stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
    let (mut denied, mut unknown, mut read) = (Vec::new(), Vec::new(), 0);
    for (module, answer) in answers {
        match answer {
            Ok(_) => read += 1,
            refused if is_denied(&refused) => denied.push(module),
            Err(_) => unknown.push(module),
        }
    }
    denied.sort_unstable();
    unknown.sort_unstable();
    let mut message = format!("{read} of {} modules can be read", lists.len());
    if !denied.is_empty() {
        message += &format!("; no scope for {}", denied.join(", "));
    }
    if !unknown.is_empty() {
        message += &format!("; not known of {}", unknown.join(", "));
    }
    let cure = "at the vendor, give the app the scopes that it needs; those that it does not need are better missing \
                (--modules says which are needed)";
    match (denied.is_empty(), unknown.is_empty()) {
        (true, true) => Check::pass("permissions", message),
        (false, _) if is_wanted => Check::fail("permissions", message, cure),
        _ => Check::warn("permissions", message, cure),
    }
}
