//! Which path is what.
//!
//! `default` is the account that needs no settings of its own. Of two paths that fit, a word counts
//! before a placeholder.

use crate::{paths, request::decode};
use http::Method;
use penstock::contract::{FieldError, catalogue::Operation};

/// What a request asks for.
#[derive(Debug)]
pub enum Found {
    /// Whether the instance answers.
    Live,
    /// Whether calls can be made.
    Ready,
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
    /// What methods the path has.
    Options(String),
    /// The path is known, but not with this method; these are the ones it has.
    NoSuchMethod(String),
    /// The path is not known.
    NoSuchPath,
    /// A part of the path is badly encoded.
    Malformed(FieldError),
}

/// Whether a path is only for those who have a key. Unknown ones are as well, so that
/// nobody else learns which are known.
#[must_use]
pub fn needs_key(path: &str) -> bool {
    path == "/v1" || path.starts_with("/v1/")
}

/// What this path, percent-encoded as it came, asks for with this method. HEAD is answered by GET.
#[must_use]
pub fn find(method: &Method, path: &str) -> Found {
    match path {
        "/live" => return only(&Method::GET, method, || Found::Live),
        "/ready" => return only(&Method::GET, method, || Found::Ready),
        _ => {}
    }
    let Some(rest) = path.strip_prefix("/v1/") else { return Found::NoSuchPath };
    let segments: Vec<_> = rest.split('/').collect();
    let Some((&[provider, account], rest)) = segments.split_first_chunk() else { return Found::NoSuchPath };
    let Some(paths) = paths::of(provider).filter(|_| !account.is_empty()) else { return Found::NoSuchPath };
    let Some(provider) = paths.first().map(|path| path.operation.provider) else { return Found::NoSuchPath };
    let account = match text("account", account) {
        Ok(account) => account,
        Err(wrong) => return Found::Malformed(wrong),
    };
    match rest {
        ["_batch"] => only(&Method::POST, method, || Found::Batch { provider, account }),
        ["_invoke", name] if !name.is_empty() => match text("operation", name) {
            Ok(operation) => only(&Method::POST, method, || Found::Invoke { provider, account, operation }),
            Err(wrong) => Found::Malformed(wrong),
        },
        segments => among(paths, segments, method, account),
    }
}

/// A path that has one method.
fn only(has: &Method, asked: &Method, found: impl FnOnce() -> Found) -> Found {
    match asked {
        asked if answers(has, asked) => found(),
        &Method::OPTIONS => Found::Options(allow([has])),
        _ => Found::NoSuchMethod(allow([has])),
    }
}

fn among(paths: &'static [paths::Path], segments: &[&str], method: &Method, account: String) -> Found {
    let mut known: Vec<_> = paths.iter().filter_map(|path| Some((path, path.fit(segments)?))).collect();
    known.sort_by(|(one, _), (other, _)| one.openness().cmp(other.openness()));
    let Some(first) = known.first().map(|(path, _)| *path) else { return Found::NoSuchPath };
    known.retain(|(path, _)| path.openness().eq(first.openness()));
    let methods: Vec<_> = known.iter().map(|(path, _)| method_of(path.operation)).collect();
    if method == Method::OPTIONS {
        return Found::Options(allow(&methods));
    }
    match known.into_iter().find(|(path, _)| answers(&method_of(path.operation), method)) {
        Some((path, values)) => bind(path.operation, account, &values),
        None => Found::NoSuchMethod(allow(&methods)),
    }
}

fn bind(operation: &'static Operation, account: String, values: &[(&str, &str)]) -> Found {
    let mut parameters = Vec::new();
    for (name, value) in values {
        match text(name, value) {
            Ok(value) => parameters.push(((*name).to_owned(), value)),
            Err(wrong) => return Found::Malformed(wrong),
        }
    }
    Found::Operation { operation, account, parameters }
}

fn text(name: &str, value: &str) -> Result<String, FieldError> {
    decode(value).ok_or_else(|| FieldError::new(name, "is not percent-encoded UTF-8"))
}

fn method_of(operation: &Operation) -> Method {
    // The catalogue's methods are all HTTP's.
    Method::from_bytes(operation.method.as_str().as_bytes()).unwrap_or_default()
}

fn answers(has: &Method, asked: &Method) -> bool {
    has == asked || (has == Method::GET && asked == Method::HEAD)
}

/// The Allow header field (RFC 9110 section 10.2.1).
fn allow<'m>(methods: impl IntoIterator<Item = &'m Method>) -> String {
    let mut names = Vec::new();
    for method in methods {
        names.push(method.as_str());
        if method == Method::GET {
            names.push("HEAD");
        }
    }
    names.push("OPTIONS");
    names.join(", ")
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
    fn a_badly_encoded_placeholder_is_named() {
        for (path, field) in
            [("/v1/servicetitan/%zz/jpm/jobs", "account"), ("/v1/servicetitan/a/jpm/jobs/%ff", "id")]
        {
            let Found::Malformed(error) = find(&Method::GET, path) else { panic!("{path}") };
            assert_eq!(error.field, field);
        }
    }
}
