use std::{collections::BTreeSet, net::IpAddr};

use http::{
    Uri,
    uri::{Authority, Scheme},
};

/// Where the providers live, for production and for integration.
/// <https://developer.servicetitan.io/docs/get-going-first-api-call/>,
/// <https://docs-en.asleep.ai/docs/data-api>
const ORIGINS: [&str; 5] = [
    "https://api.asleep.ai",
    "https://api-integration.servicetitan.io",
    "https://api.servicetitan.io",
    "https://auth-integration.servicetitan.io",
    "https://auth.servicetitan.io",
];

/// Which origins the component may call. Everything else is denied before a name is
/// even looked up, and the component sees `HTTP-request-denied`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundPolicy {
    origins: BTreeSet<Origin>,
    loopback: bool,
}

/// Why a text is no origin that can be allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{origin}` cannot be allowed: {problem}")]
pub struct InvalidOrigin {
    origin: String,
    problem: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    https: bool,
    /// In lower case; an IPv6 address in brackets.
    host: String,
    port: u16,
}

impl OutboundPolicy {
    /// Nothing at all.
    #[must_use]
    pub fn none() -> Self {
        Self { origins: BTreeSet::new(), loopback: false }
    }

    /// The providers' own hosts, over HTTPS.
    #[must_use]
    pub fn providers() -> Self {
        let origins = ORIGINS.iter().filter_map(|origin| Origin::parse(origin).ok()).collect();
        Self { origins, loopback: false }
    }

    /// One origin more, `https://host` or `https://host:port`. Plain HTTP is
    /// accepted for loopback addresses only, `http://127.0.0.1:8080`.
    ///
    /// # Errors
    ///
    /// [`InvalidOrigin`] for anything else: a path, user information, another scheme.
    pub fn allow(mut self, origin: &str) -> Result<Self, InvalidOrigin> {
        let parsed =
            Origin::parse(origin).map_err(|problem| InvalidOrigin { origin: shown(origin), problem })?;
        self.origins.insert(parsed);
        Ok(self)
    }

    /// The same, and plain HTTP to any host as well: for development, and for what is reached by a
    /// way that is safe already. Credentials go there for everybody on the way to read.
    ///
    /// # Errors
    ///
    /// As [`OutboundPolicy::allow`], but for plain HTTP.
    pub fn allow_plain(mut self, origin: &str) -> Result<Self, InvalidOrigin> {
        let parsed =
            Origin::of_text(origin).map_err(|problem| InvalidOrigin { origin: shown(origin), problem })?;
        self.origins.insert(parsed);
        Ok(self)
    }

    /// Plain HTTP to every port of the loopback addresses, for simulated providers.
    #[must_use]
    pub fn allow_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// Whether a request may go to this address.
    #[must_use]
    pub fn permits(&self, uri: &Uri) -> bool {
        let Some(origin) = Origin::of(uri) else { return false };
        self.origins.contains(&origin) || self.loopback && !origin.https && origin.is_loopback()
    }
}

impl Default for OutboundPolicy {
    fn default() -> Self {
        Self::providers()
    }
}

impl Origin {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let origin = Self::of_text(text)?;
        if !origin.https && !origin.is_loopback() {
            return Err("plain HTTP is for loopback addresses only, unless PENSTOCK_ALLOW_HTTP is true");
        }
        Ok(origin)
    }

    fn of_text(text: &str) -> Result<Self, &'static str> {
        let uri: Uri = text.parse().map_err(|_| "it is no URI")?;
        if uri.path_and_query().is_some_and(|path| path.as_str() != "/") {
            return Err("an origin has no path and no query");
        }
        Self::of(&uri).ok_or("expected https://host or https://host:port")
    }

    fn of(uri: &Uri) -> Option<Self> {
        let https = *uri.scheme()? == Scheme::HTTPS;
        if !https && *uri.scheme()? != Scheme::HTTP {
            return None;
        }
        let authority = uri.authority()?;
        if has_user_information(authority) || authority.host().is_empty() {
            return None;
        }
        let port = match authority.port_u16() {
            Some(port) => port,
            // `host:` and `host:99999` have a port that is none.
            None if authority.as_str().len() > authority.host().len() => return None,
            None if https => 443,
            None => 80,
        };
        Some(Self { https, host: authority.host().to_ascii_lowercase(), port })
    }

    /// Addresses only: what a name means is up to a resolver.
    fn is_loopback(&self) -> bool {
        let address = self.host.trim_start_matches('[').trim_end_matches(']');
        address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Whether a request goes to a loopback address without TLS.
pub(super) fn is_plain_loopback(uri: &Uri) -> bool {
    Origin::of(uri).is_some_and(|origin| !origin.https && origin.is_loopback())
}

/// A text that may be a URL, without its user information, which may have a password.
fn shown(text: &str) -> String {
    let Some((before, after)) = text.rsplit_once('@') else { return text.to_owned() };
    let scheme = before.find("://").and_then(|at| before.get(..at + 3)).unwrap_or_default();
    format!("{scheme}***@{after}")
}

/// `https://api.servicetitan.io@evil.example` calls evil.example.
fn has_user_information(authority: &Authority) -> bool {
    authority.as_str().contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(policy: &OutboundPolicy, uri: &str) -> bool {
        policy.permits(&uri.parse().unwrap())
    }

    #[test]
    fn a_password_in_a_url_is_not_repeated() {
        for text in ["http://u:canary@h", "https://u:canary@h:1/p@q", "canary@h", "u:canary@"] {
            let error = OutboundPolicy::none().allow(text).unwrap_err().to_string();
            assert!(!error.contains("canary") && error.contains("***@"), "{error}");
        }
    }

    #[test]
    fn only_the_providers_by_default() {
        let policy = OutboundPolicy::default();
        assert_eq!(policy.origins.len(), ORIGINS.len(), "every provider's origin parses");
        assert!(permits(&policy, "https://api.servicetitan.io/jpm/v2/tenant/1/jobs?page=2"));
        assert!(permits(&policy, "https://API.servicetitan.io:443/"));
        for denied in [
            "http://api.servicetitan.io/",
            "https://api.servicetitan.io:8443/",
            "https://api.servicetitan.io.evil.example/",
            "https://api.servicetitan.io@evil.example/",
            "https://user@api.servicetitan.io/",
            "https://169.254.169.254/latest/meta-data/",
            "http://127.0.0.1:8080/",
            "ftp://api.servicetitan.io/",
            "/relative",
        ] {
            assert!(!permits(&policy, denied), "{denied}");
        }
    }

    #[test]
    fn loopback_only_when_it_is_allowed() {
        let policy = OutboundPolicy::none().allow_loopback();
        assert!(permits(&policy, "http://127.0.0.1:4000/x"));
        assert!(permits(&policy, "http://[::1]:4000/x"));
        assert!(!permits(&policy, "http://localhost:4000/x"), "a name is no address");
        assert!(!permits(&policy, "http://10.0.0.1:4000/x"));

        let one = OutboundPolicy::none().allow("http://127.0.0.1:4000").unwrap();
        assert!(permits(&one, "http://127.0.0.1:4000/x"));
        assert!(!permits(&one, "http://127.0.0.1:4001/x"));
    }

    #[test]
    fn plain_http_to_a_name_must_be_wanted() {
        assert!(OutboundPolicy::none().allow("http://localhost:4000").is_err());
        let policy = OutboundPolicy::none().allow_plain("http://localhost:4000").unwrap();
        assert!(permits(&policy, "http://localhost:4000/x") && !permits(&policy, "http://localhost/x"));
        assert!(OutboundPolicy::none().allow_plain("http://u@localhost").is_err());
    }

    #[test]
    fn odd_origins_are_refused() {
        for origin in [
            "",
            "api.servicetitan.io",
            "https://",
            "https://a.example/path",
            "https://a.example?q",
            "https://u:p@a.example",
            "https://a.example:",
            "http://a.example",
            "http://localhost:80",
            "ws://a.example",
        ] {
            assert!(OutboundPolicy::none().allow(origin).is_err(), "{origin}");
        }
    }
}
