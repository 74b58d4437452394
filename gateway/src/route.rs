//! Which path is what.
//!
//! Paths under `/v1` are those of the provider's operations without the provider's own
//! version and tenant: the account stands for the tenant. `default` is the account
//! that needs no settings of its own.

use crate::request::decode;
use http::Method;
use penstock::contract::FieldError;

/// An operation and its path.
#[derive(Debug, PartialEq, Eq)]
pub struct Route {
    /// The method; GET also answers HEAD.
    pub method: Method,
    /// The path. `{account}` is the account, any other placeholder the operation's
    /// parameter of that name.
    pub path: &'static str,
    /// The provider in the catalogue.
    pub provider: &'static str,
    /// The operation in the catalogue.
    pub operation: &'static str,
}

/// The operations that are served.
pub const ROUTES: &[Route] = &[
    get("/v1/servicetitan/{account}/jpm/jobs", "jpm.jobs-list"),
    get("/v1/servicetitan/{account}/jpm/jobs/{id}", "jpm.jobs-get"),
    get("/v1/servicetitan/{account}/telecom/calls/{id}/recording", "telecom.calls-download-recording"),
    get("/v1/servicetitan/{account}/telecom/calls/{id}/voicemail", "telecom.calls-download-voicemail"),
    get("/v1/servicetitan/{account}/forms/jobs/attachment/{id}", "forms.jobs-download-attachment"),
    get("/v1/servicetitan/{account}/pricebook/images", "pricebook.images-download"),
    get(
        "/v1/servicetitan/{account}/equipmentsystems/installed-equipment/attachments",
        "equipment-systems.installed-equipment-download-attachment",
    ),
    get("/v1/servicetitan/{account}/findings/assets", "findings.assets-download"),
    post("/v1/servicetitan/{account}/forms/jobs/{id}/attachments", "forms.jobs-upload-attachment"),
    post("/v1/servicetitan/{account}/pricebook/images", "pricebook.images-upload"),
    post(
        "/v1/servicetitan/{account}/equipmentsystems/installed-equipment/attachments",
        "equipment-systems.installed-equipment-upload-attachment",
    ),
    post("/v1/servicetitan/{account}/findings/assets", "findings.assets-upload"),
];

const fn get(path: &'static str, operation: &'static str) -> Route {
    Route { method: Method::GET, path, provider: "servicetitan", operation }
}

const fn post(path: &'static str, operation: &'static str) -> Route {
    Route { method: Method::POST, path, provider: "servicetitan", operation }
}

/// What a request asks for.
#[derive(Debug, PartialEq)]
pub enum Found {
    /// Whether the instance answers.
    Live,
    /// Whether calls can be made.
    Ready,
    /// An operation.
    Operation {
        /// Which operation, and the path that led to it.
        route: &'static Route,
        /// Whose data.
        account: String,
        /// The parameters in the path.
        parameters: Vec<(String, String)>,
    },
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

/// What this path, percent-encoded as it came, asks for with this method.
#[must_use]
pub fn find(method: &Method, path: &str) -> Found {
    let asked = if method == Method::HEAD { &Method::GET } else { method };
    let fixed = match path {
        "/live" => Some(Found::Live),
        "/ready" => Some(Found::Ready),
        _ => None,
    };
    if let Some(found) = fixed {
        return if asked == Method::GET { found } else { Found::NoSuchMethod(allow([&Method::GET])) };
    }
    let known: Vec<_> = ROUTES.iter().filter_map(|route| Some((route, fit(route.path, path)?))).collect();
    if known.is_empty() {
        return Found::NoSuchPath;
    }
    let methods = allow(known.iter().map(|(route, _)| &route.method));
    match known.into_iter().find(|(route, _)| route.method == asked) {
        Some((route, values)) => bind(route, values),
        None => Found::NoSuchMethod(methods),
    }
}

/// The values of a template's placeholders, if the path fits it.
fn fit<'p>(template: &'static str, path: &'p str) -> Option<Vec<(&'static str, &'p str)>> {
    let (mut parts, mut segments) = (template.split('/'), path.split('/'));
    let mut values = Vec::new();
    loop {
        match (parts.next(), segments.next()) {
            (None, None) => return Some(values),
            (Some(part), Some(segment)) => match placeholder(part) {
                Some(name) if !segment.is_empty() => values.push((name, segment)),
                None if part == segment => {}
                _ => return None,
            },
            _ => return None,
        }
    }
}

fn placeholder(part: &'static str) -> Option<&'static str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

fn bind(route: &'static Route, values: Vec<(&'static str, &str)>) -> Found {
    let (mut account, mut parameters) = (String::new(), Vec::new());
    for (name, value) in values {
        let Some(value) = decode(value) else {
            let message = "is not percent-encoded UTF-8".to_owned();
            return Found::Malformed(FieldError::new(name, message));
        };
        match name {
            "account" => account = value,
            _ => parameters.push((name.to_owned(), value)),
        }
    }
    Found::Operation { route, account, parameters }
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
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use penstock::entry::dynamic;

    #[test]
    fn every_route_is_an_operation_with_all_its_parameters() {
        for route in ROUTES {
            let operation = dynamic::operation(route.provider, route.operation).unwrap();
            assert_eq!(operation.method.as_str(), route.method.as_str(), "{}", route.path);
            let names: Vec<_> = route.path.split('/').filter_map(placeholder).collect();
            let wire = operation.path_parameters.iter().map(|placeholder| placeholder.wire);
            assert_eq!(names, ["account"].into_iter().chain(wire).collect::<Vec<_>>(), "{}", route.path);
            assert!(needs_key(route.path), "{}", route.path);
        }
    }

    #[test]
    fn the_account_and_the_parameters_come_decoded() {
        let Found::Operation { route, account, parameters } =
            find(&Method::HEAD, "/v1/servicetitan/north%2Deast/jpm/jobs/4%32")
        else {
            panic!("no operation");
        };
        assert_eq!((route.operation, account.as_str()), ("jpm.jobs-get", "north-east"));
        assert_eq!(parameters, [("id".to_owned(), "42".to_owned())]);
    }

    #[test]
    fn methods_and_paths_that_are_not_there() {
        assert_eq!(find(&Method::GET, "/live"), Found::Live);
        assert_eq!(find(&Method::POST, "/ready"), Found::NoSuchMethod("GET, HEAD".to_owned()));
        let jobs = "/v1/servicetitan/default/jpm/jobs";
        assert_eq!(find(&Method::DELETE, jobs), Found::NoSuchMethod("GET, HEAD".to_owned()));
        for path in ["", "/", "/v1", "/live/", "/LIVE", "//v1", &format!("{jobs}/"), &format!("{jobs}/1/2")] {
            assert_eq!(find(&Method::GET, path), Found::NoSuchPath, "{path}");
        }
        assert_eq!(find(&Method::GET, "/v1/servicetitan//jpm/jobs"), Found::NoSuchPath);
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
