//! Where a URL of the settings leads.

use http::Uri;
use penstock::policy::secret::Secret;

/// What a request there needs.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(any(feature = "oidc", feature = "webhooks")),
    expect(dead_code, reason = "nothing goes there")
)]
pub(crate) struct Target {
    /// Whether over TLS.
    pub(crate) https: bool,
    /// Host and port.
    pub(crate) authority: String,
    /// Path and query: people put tokens there.
    pub(crate) path_and_query: Secret,
}

impl Target {
    /// Reads a URL. Without TLS it is one where that is allowed only.
    ///
    /// # Errors
    /// What it must be, without the URL.
    pub(crate) fn parse(url: &str, allow_http: bool) -> Result<Target, &'static str> {
        let uri: Uri = url.parse().map_err(|_| "must be a URL such as https://example.com/hooks")?;
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if allow_http => false,
            Some("http") => return Err("must begin with https:// (unless PENSTOCK_ALLOW_HTTP is true)"),
            _ => return Err("must begin with https://"),
        };
        let authority = uri.authority().map(|authority| authority.as_str().to_owned()).unwrap_or_default();
        if authority.is_empty() || authority.contains('@') || url.contains('#') {
            return Err("must name a host, and have no user and no fragment");
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Target { https, authority, path_and_query: Secret::new(path.to_owned()) })
    }
}
