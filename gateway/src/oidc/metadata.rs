//! What a client is told of where to get a token (RFC 9728): at a place of its own, to which a 401 of `/mcp` leads.
//!
//! It is there if `PENSTOCK_OIDC_AUDIENCE` is a URL, the one that clients know the endpoint by: they ask the issuer for
//! a token for that resource (RFC 8707), and compare it with what is said here. No header field of a
//! request has a part in it.

use super::Settings;
use crate::{
    answer::{self, JSON},
    openapi::Json,
    problem::Problem,
    request::Head,
};
use http::{Response, StatusCode};
use penstock::settings::Origin;

/// Where the document is, before the path of what it is of (RFC 9728 section 3).
pub(crate) const PLACE: &str = "/.well-known/oauth-protected-resource";

/// A resource that tokens are for.
struct Resource<'s> {
    origin: &'s str,
    /// Empty, or with its slash.
    path: &'s str,
}

fn resource(settings: &Settings) -> Option<Resource<'_>> {
    let audience = settings.audience.as_str();
    let rest = audience.strip_prefix("https://").or_else(|| audience.strip_prefix("http://"))?;
    let end = audience.len() - rest.len() + rest.find('/').unwrap_or(rest.len());
    let (origin, path) = audience.split_at_checked(end)?;
    Origin::parse(origin).ok()?;
    let fits = path.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\?#".contains(&byte));
    fits.then(|| Resource { origin, path: if path == "/" { "" } else { path } })
}

/// Where the document is, for a challenge.
pub(crate) fn place(settings: &Settings) -> Option<String> {
    resource(settings).map(|Resource { origin, path }| format!("{origin}{PLACE}{path}"))
}

/// The document that is asked for.
///
/// # Errors
/// There is none, and parameters.
pub(crate) fn answer(settings: Option<&Settings>, head: &Head) -> Result<Response<String>, Problem> {
    head.no_parameters()?;
    let path = head.path();
    let settings = settings.filter(|settings| {
        resource(settings).is_some_and(|resource| path.strip_prefix(PLACE) == Some(resource.path))
    });
    let settings = settings.ok_or_else(Problem::unknown_path)?;
    let mut out = Json::default();
    out.object(|out| {
        out.value("resource", &settings.audience);
        out.value("resource_name", "Penstock");
        out.value("authorization_servers", [&settings.issuer]);
        out.value("bearer_methods_supported", ["header"]);
    });
    let text = String::from_utf8(out.into_bytes()).unwrap_or_default();
    Ok(answer::response(StatusCode::OK, JSON, text))
}
