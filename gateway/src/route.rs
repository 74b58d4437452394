//! Which path is what.
//!
//! `default` is the account that needs no settings of its own. Of two paths that fit, a word counts
//! before a placeholder.

use crate::{
    admin, drop_in, paths,
    request::decode,
    ways::{Way, Ways},
};
use http::Method;
use penstock::contract::{FieldError, catalogue::Operation};

/// What a request asks for.
#[derive(Debug)]
pub enum Found {
    /// Whether the instance answers.
    Live,
    /// Whether calls can be made.
    Ready,
    /// How it all stands.
    Health,
    /// What is counted, for Prometheus.
    Metrics,
    /// Something for whoever runs it.
    Admin(admin::Task),
    /// A message of an agent.
    Mcp,
    /// Where a token is to be had.
    #[cfg(feature = "oidc")]
    TokenIssuer,
    /// What there is, for machines.
    OpenApi,
    /// What there is, for people.
    Docs,
    /// A delivery of a webhook.
    #[cfg(feature = "webhooks")]
    Webhook,
    /// What is yet to be handed on of those.
    #[cfg(feature = "webhooks")]
    Outbox,
    /// An operation.
    Operation {
        /// Which.
        operation: &'static Operation,
        /// Whose data.
        account: String,
        /// The parameters in the path.
        parameters: Vec<(String, String)>,
    },
    /// An operation by its name, whose parameters are in the body.
    Invoke {
        /// The provider; it is known.
        provider: &'static str,
        /// Whose data.
        account: String,
        /// The operation's name, as it came.
        operation: String,
    },
    /// Many calls.
    Batch {
        /// The provider; it is known.
        provider: &'static str,
        /// Whose data.
        account: String,
    },
    /// An operation as the provider itself has it.
    DropIn {
        /// Which.
        operation: &'static Operation,
        /// Whose data.
        account: String,
        /// The tenant in the path.
        tenant: String,
        /// The other parameters in the path.
        parameters: Vec<(String, String)>,
    },
    /// A token of the provider's kind, for an API key.
    Token {
        /// The provider; it is known.
        provider: &'static str,
        /// Whose data it is for.
        account: String,
    },
    /// What methods the path has.
    Options(String),
    /// The path is known, but not with this method; these are the ones it has.
    NoSuchMethod(String),
    /// The path is not known.
    NoSuchPath,
    /// A part of the path is badly encoded.
    Malformed(FieldError),
}

/// Who may learn what a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Anybody.
    Open,
    /// Whoever has a key. Unknown paths are for those as well, so that nobody else learns which are known.
    Key,
    /// Whoever has a key, or anybody if the settings say so.
    Docs,
    /// Whoever has a key or a token for one, as the provider's clients send it.
    Token,
}

/// The provider and the account that a path of the provider's own interface is for, as they stand there.
#[must_use]
pub fn drop_in_account(path: &str) -> Option<(&str, String)> {
    let mut segments = path.split('/').skip(1);
    let provider = segments.next().filter(|provider| drop_in::PROVIDERS.contains(provider))?;
    Some((provider, decode(segments.next()?)?))
}

/// Who may ask for a path.
#[must_use]
pub fn entry(path: &str) -> Entry {
    match path.split('/').nth(1) {
        Some("v1" | "metrics" | "mcp") => Entry::Key,
        Some("openapi.json") => Entry::Docs,
        Some(provider) if drop_in::PROVIDERS.contains(&provider) => {
            match path.split('/').skip(3).eq(drop_in::TOKEN_PATH.split('/')) {
                true => Entry::Open,
                false => Entry::Token,
            }
        }
        _ => Entry::Open,
    }
}

/// What this path, percent-encoded as it came, asks for with this method. HEAD is answered by GET.
#[must_use]
pub fn find(method: &Method, path: &str) -> Found {
    let segments: Vec<_> = path.split('/').skip(1).collect();
    match segments.as_slice() {
        ["live"] => way(Ways::one(Method::GET, Found::Live).choose(method)),
        ["health"] => way(Ways::one(Method::GET, Found::Health).choose(method)),
        ["metrics"] => way(Ways::one(Method::GET, Found::Metrics).choose(method)),
        ["v1", "_admin", rest @ ..] => {
            let decoded = rest.iter().map(|segment| text("path", segment)).collect::<Result<Vec<_>, _>>();
            match decoded {
                Ok(segments) => way(admin::find(method, &segments).map(Found::Admin)),
                Err(wrong) => Found::Malformed(wrong),
            }
        }
        #[cfg(feature = "webhooks")]
        ["webhooks", _, _] if method == Method::OPTIONS => Found::Options("POST, OPTIONS".to_owned()),
        #[cfg(feature = "webhooks")]
        ["webhooks", ..] => Found::Webhook,
        #[cfg(feature = "webhooks")]
        ["v1", "_outbox", rest @ ..] if method == Method::OPTIONS => match rest {
            [] => Found::Options("GET, HEAD, OPTIONS".to_owned()),
            ["drain"] | [_, "replay"] => Found::Options("POST, OPTIONS".to_owned()),
            [_] => Found::Options("GET, HEAD, DELETE, OPTIONS".to_owned()),
            _ => Found::NoSuchPath,
        },
        #[cfg(feature = "webhooks")]
        ["v1", "_outbox", ..] => Found::Outbox,
        ["ready"] => way(Ways::one(Method::GET, Found::Ready).choose(method)),
        ["openapi.json"] => way(Ways::one(Method::GET, Found::OpenApi).choose(method)),
        ["mcp"] => way(Ways::one(Method::POST, Found::Mcp).choose(method)),
        #[cfg(feature = "oidc")]
        [".well-known", "oauth-protected-resource", ..] => {
            way(Ways::one(Method::GET, Found::TokenIssuer).choose(method))
        }
        ["docs"] => way(Ways::one(Method::GET, Found::Docs).choose(method)),
        ["v1", provider, account, rest @ ..] if !account.is_empty() => ours(method, provider, account, rest),
        [provider, account, rest @ ..] if drop_in::PROVIDERS.contains(provider) && !account.is_empty() => {
            theirs(method, provider, account, rest)
        }
        _ => Found::NoSuchPath,
    }
}

fn ours(method: &Method, provider: &str, account: &str, rest: &[&str]) -> Found {
    let Some(paths) = paths::of(provider) else { return Found::NoSuchPath };
    let Some(provider) = paths.first().map(|path| path.operation.provider) else { return Found::NoSuchPath };
    let account = match text("account", account) {
        Ok(account) => account,
        Err(wrong) => return Found::Malformed(wrong),
    };
    match rest {
        ["_batch"] => way(Ways::one(Method::POST, Found::Batch { provider, account }).choose(method)),
        ["_invoke", name] if !name.is_empty() => match text("operation", name) {
            Ok(operation) => {
                way(Ways::one(Method::POST, Found::Invoke { provider, account, operation }).choose(method))
            }
            Err(wrong) => Found::Malformed(wrong),
        },
        segments => {
            let paths = paths::beginning(provider, segments.first().copied().unwrap_or_default());
            let fit = paths.filter_map(|path| Some((path, path.fit(segments)?)));
            let found = Ways::of(fit.map(|(path, values)| (path, (path.operation, values)))).choose(method);
            way(found.map(|(operation, values)| match texts(&values) {
                Ok(parameters) => Found::Operation { operation, account, parameters },
                Err(wrong) => Found::Malformed(wrong),
            }))
        }
    }
}

/// The provider's own paths.
fn theirs(method: &Method, provider: &str, account: &str, rest: &[&str]) -> Found {
    if rest.iter().copied().eq(drop_in::TOKEN_PATH.split('/')) {
        let provider = drop_in::PROVIDERS.into_iter().find(|known| *known == provider).unwrap_or_default();
        return match text("account", account) {
            Ok(account) => way(Ways::one(Method::POST, Found::Token { provider, account }).choose(method)),
            Err(wrong) => Found::Malformed(wrong),
        };
    }
    way(drop_in::find(provider, rest).choose(method).map(|called| {
        let values: Vec<_> = called.values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        match (text("account", account), text("tenant", &called.tenant), texts(&values)) {
            (Ok(account), Ok(tenant), Ok(parameters)) => {
                Found::DropIn { operation: called.operation, account, tenant, parameters }
            }
            (Err(wrong), _, _) | (_, Err(wrong), _) | (_, _, Err(wrong)) => Found::Malformed(wrong),
        }
    }))
}

fn way(way: Way<Found>) -> Found {
    match way {
        Way::Found(found) => found,
        Way::Options(allow) => Found::Options(allow),
        Way::NoSuchMethod(allow) => Found::NoSuchMethod(allow),
        Way::NoSuchPath => Found::NoSuchPath,
    }
}

fn texts(values: &[(&str, &str)]) -> Result<Vec<(String, String)>, FieldError> {
    values.iter().map(|(name, value)| Ok(((*name).to_owned(), text(name, value)?))).collect()
}

fn text(name: &str, value: &str) -> Result<String, FieldError> {
    decode(value).ok_or_else(|| FieldError::new(name, "is not percent-encoded UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(method: Method, path: &str) -> String {
        match find(&method, path) {
            Found::Operation { operation, account, parameters } => {
                format!("{} {account} {parameters:?}", operation.name)
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_account_and_the_parameters_come_decoded() {
        let found = named(Method::HEAD, "/v1/servicetitan/north%2Deast/jpm/jobs/4%32");
        assert_eq!(found, r#"jpm.jobs-get north-east [("id", "42")]"#);
    }

    #[test]
    fn a_word_counts_before_a_placeholder() {
        let jobs = "/v1/servicetitan/default/jpm/jobs";
        assert!(
            named(Method::GET, &format!("{jobs}/cancel-reasons")).starts_with("jpm.jobs-get-cancel-reasons ")
        );
        assert!(named(Method::GET, &format!("{jobs}/cancel-reason")).starts_with("jpm.jobs-get "));
        assert!(named(Method::DELETE, &format!("{jobs}/cancel-reasons")).starts_with("NoSuchMethod"));
    }

    #[test]
    fn methods_and_paths_that_are_not_there() {
        assert_eq!(named(Method::GET, "/live"), "Live");
        assert_eq!(named(Method::POST, "/ready"), r#"NoSuchMethod("GET, HEAD, OPTIONS")"#);
        assert_eq!(named(Method::OPTIONS, "/ready"), r#"Options("GET, HEAD, OPTIONS")"#);
        let jobs = "/v1/servicetitan/default/jpm/jobs";
        assert_eq!(named(Method::DELETE, jobs), r#"NoSuchMethod("GET, HEAD, POST, OPTIONS")"#);
        assert_eq!(named(Method::OPTIONS, jobs), r#"Options("GET, HEAD, POST, OPTIONS")"#);
        for path in [
            "",
            "/",
            "/v1",
            "/v1/",
            "/v1/servicetitan",
            "/v1/servicetitan/default",
            "/v1/nobody/default/jpm/jobs",
            "/live/",
            "/LIVE",
            "//v1",
            &format!("{jobs}/"),
            &format!("{jobs}/1/2"),
            &format!("{jobs}/%63ancel-reasons/"),
        ] {
            assert_eq!(named(Method::GET, path), "NoSuchPath", "{path}");
        }
        assert_eq!(named(Method::GET, "/v1/servicetitan//jpm/jobs"), "NoSuchPath");
    }

    #[test]
    fn calls_by_name_and_batches() {
        let batch = "/v1/asleep/default/_batch";
        assert_eq!(named(Method::POST, batch), r#"Batch { provider: "asleep", account: "default" }"#);
        assert_eq!(named(Method::GET, batch), r#"NoSuchMethod("POST, OPTIONS")"#);
        assert_eq!(
            named(Method::POST, "/v1/asleep/a/_invoke/sleep.users-get"),
            r#"Invoke { provider: "asleep", account: "a", operation: "sleep.users-get" }"#
        );
        for path in ["/v1/asleep/a/_invoke", "/v1/asleep/a/_invoke/", "/v1/asleep/a/_batch/1"] {
            assert_eq!(named(Method::POST, path), "NoSuchPath", "{path}");
        }
    }

    #[test]
    fn the_providers_own_paths_have_its_versions_and_tenant() {
        let job = "/servicetitan/north/jpm/v2/tenant/7%37/jobs/42";
        let Found::DropIn { operation, account, tenant, parameters } = find(&Method::GET, job) else {
            panic!("{job}");
        };
        assert_eq!((operation.name, account.as_str(), tenant.as_str()), ("jpm.jobs-get", "north", "77"));
        assert_eq!(parameters, [("id".to_owned(), "42".to_owned())]);
        let calls =
            |version| named(Method::OPTIONS, &format!("/servicetitan/a/telecom/{version}/tenant/77/calls"));
        assert_eq!((calls("v2"), calls("v3")), (calls("v3"), r#"Options("GET, HEAD, OPTIONS")"#.to_owned()));
        assert_eq!(
            named(Method::POST, "/servicetitan/a/connect/token"),
            r#"Token { provider: "servicetitan", account: "a" }"#
        );
        assert_eq!(named(Method::GET, "/servicetitan/a/connect/token"), r#"NoSuchMethod("POST, OPTIONS")"#);
        for path in [
            "/servicetitan/a/jpm/v3/tenant/77/jobs/42",
            "/servicetitan/a/jpm/jobs/42",
            "/servicetitan/a/jpm/v2/tenant//jobs/42",
            "/servicetitan/connect/token",
            "/asleep/a/ai/v1/users",
        ] {
            assert_eq!(named(Method::GET, path), "NoSuchPath", "{path}");
        }
    }

    #[test]
    fn unknown_paths_tell_strangers_nothing() {
        for (path, who) in [
            ("/live", Entry::Open),
            ("/v1", Entry::Key),
            ("/v1/nothing", Entry::Key),
            ("/openapi.json", Entry::Docs),
            ("/docs", Entry::Open),
            ("/v12", Entry::Open),
            ("/servicetitan", Entry::Token),
            ("/servicetitan/a/x", Entry::Token),
            ("/servicetitan/a/connect/token", Entry::Open),
            ("/servicetitan/a/connect/token/", Entry::Token),
        ] {
            assert_eq!(entry(path), who, "{path}");
        }
    }

    #[cfg(feature = "webhooks")]
    #[test]
    fn what_takes_webhooks_says_its_methods() {
        for (path, methods) in [
            ("/webhooks/asleep/a", "POST, OPTIONS"),
            ("/v1/_outbox", "GET, HEAD, OPTIONS"),
            ("/v1/_outbox/drain", "POST, OPTIONS"),
            ("/v1/_outbox/e1", "GET, HEAD, DELETE, OPTIONS"),
            ("/v1/_outbox/e1/replay", "POST, OPTIONS"),
        ] {
            assert_eq!(named(Method::OPTIONS, path), format!("Options({methods:?})"));
        }
    }

    #[test]
    fn a_badly_encoded_placeholder_is_named() {
        for (path, field) in
            [("/v1/servicetitan/%zz/jpm/jobs", "account"), ("/v1/servicetitan/a/jpm/jobs/%ff", "id")]
        {
            let Found::Malformed(error) = find(&Method::GET, path) else { panic!("{path}") };
            assert_eq!(error.field, field);
        }
    }
}
