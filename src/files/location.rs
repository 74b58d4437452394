//! Where a redirect leads (RFC 9110 section 10.2.2), and whether to go there.

use crate::settings::Origin;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::net::IpAddr;

/// What servers write into `Location` though a URL cannot hold it.
const FORBIDDEN: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Where something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Scheme, host and port.
    pub origin: Origin,
    /// Path and query, percent-encoded.
    pub path_and_query: String,
}

/// Why a redirect is not followed. The texts repeat nothing of the location, which may
/// hold a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no URL of HTTP.
    #[error("the redirect leads to what is no URL")]
    Malformed,
    /// It has no TLS.
    #[error("the redirect leads to a URL without TLS")]
    Plain,
}

impl Place {
    /// Where `location`, as an answer from here names it, leads.
    ///
    /// # Errors
    /// A text that is no URL, or names a user.
    pub fn follow(&self, location: &str) -> Result<Place, Refused> {
        let location = location.split('#').next().unwrap_or_default().trim();
        let location = utf8_percent_encode(location, FORBIDDEN).to_string();
        let scheme = if self.origin.https { "https" } else { "http" };
        let (path, _) = self.path_and_query.split_once('?').unwrap_or((&self.path_and_query, ""));
        let here = |target: String| format!("{scheme}://{}{target}", self.origin.authority);
        let absolute = if has_scheme(&location) {
            location
        } else if location.starts_with("//") {
            format!("{scheme}:{location}")
        } else if location.starts_with('/') {
            here(location)
        } else if location.is_empty() || location.starts_with('?') {
            here(format!("{path}{location}"))
        } else {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            here(format!("{folder}/{location}"))
        };
        let uri: http::Uri = absolute.parse().map_err(|_| Refused::Malformed)?;
        let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let origin = format!("{}://{authority}", uri.scheme_str().unwrap_or_default());
        let origin = Origin::parse(&origin).map_err(|_| Refused::Malformed)?;
        let (path, query) = (without_dots(uri.path()), uri.query());
        let path_and_query = query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
        Ok(Place { origin, path_and_query })
    }

    /// Whether a redirect may lead here: over TLS, or in development to this machine or to
    /// where the provider is anyway. Which hosts may be reached is for the host to decide.
    ///
    /// # Errors
    /// It may not.
    pub fn check(&self, provider: &Origin, allow_http: bool) -> Result<(), Refused> {
        let plain = allow_http && (self.is_loopback() || same(&self.origin, provider));
        if self.origin.https || plain { Ok(()) } else { Err(Refused::Plain) }
    }

    fn is_loopback(&self) -> bool {
        let authority: Option<http::uri::Authority> = self.origin.authority.parse().ok();
        authority.is_some_and(|authority| {
            let host = authority.host();
            let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
            host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
        })
    }
}

/// Whether two are the same (RFC 6454 section 5), a port that is usual written or not.
#[must_use]
pub fn same(one: &Origin, other: &Origin) -> bool {
    let normal = |origin: &Origin| {
        let usual = if origin.https { ":443" } else { ":80" };
        let authority = origin.authority.to_ascii_lowercase();
        (origin.https, authority.strip_suffix(usual).map(str::to_owned).unwrap_or(authority))
    };
    normal(one) == normal(other)
}

/// `scheme:` (RFC 3986 section 3.1) before anything else.
fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
    })
}

/// RFC 3986 section 5.2.4.
fn without_dots(path: &str) -> String {
    let mut kept = Vec::new();
    let last = path.rsplit('/').next().unwrap_or_default();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            _ => kept.push(segment),
        }
    }
    if [".", ".."].contains(&last) {
        kept.push("");
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(url: &str) -> Place {
        let start = Place { origin: Origin::parse("https://x.example").unwrap(), path_and_query: "/".into() };
        start.follow(url).unwrap()
    }

    #[track_caller]
    fn leads(location: &str, expected: &str) {
        let here = place("https://api.example/v2/calls/7?a=1");
        let Place { origin, path_and_query } = here.follow(location).unwrap();
        assert_eq!(format!("{origin}{path_and_query}"), expected, "{location}");
    }

    #[test]
    fn relative_and_absolute_locations() {
        leads("https://files.example/a?sig=x%2By", "https://files.example/a?sig=x%2By");
        leads("HTTPS://files.example", "https://files.example/");
        leads("//files.example:8443/a", "https://files.example:8443/a");
        leads("/b#part", "https://api.example/b");
        leads("8", "https://api.example/v2/calls/8");
        leads("../8?x=/../y", "https://api.example/v2/8?x=/../y");
        leads("../../../../a/./b/..", "https://api.example/a/");
        leads("?b=2", "https://api.example/v2/calls/7?b=2");
        leads("/my file é.pdf", "https://api.example/my%20file%20%C3%A9.pdf");
    }

    /// RFC 3986 has neither; servers send them, and a signature may be over them.
    #[test]
    fn brackets_and_bare_percent_signs_are_left_as_they_are() {
        leads("/a?part[0]=b&done=100%", "https://api.example/a?part[0]=b&done=100%");
        leads("c[1]%.pdf", "https://api.example/v2/calls/c[1]%.pdf");
    }

    #[test]
    fn what_is_no_url_of_http() {
        let here = place("https://api.example/");
        for wrong in
            ["ftp://a.example/", "javascript:alert(1)", "https://u:p@a.example/", "https://", "data:,x"]
        {
            assert_eq!(here.follow(wrong), Err(Refused::Malformed), "{wrong}");
        }
    }

    #[test]
    fn without_tls_only_to_this_machine_or_the_vendor_and_only_if_allowed() {
        let provider = Origin::parse("http://vendor.test:8080").unwrap();
        for here in ["http://127.0.0.1:9/", "http://[::1]/", "http://localhost/", "http://vendor.test:8080/x"]
        {
            assert_eq!(place(here).check(&provider, true), Ok(()), "{here}");
            assert_eq!(place(here).check(&provider, false), Err(Refused::Plain), "{here}");
        }
        for there in ["http://10.0.0.1/", "http://169.254.169.254/", "http://127.0.0.1.example/"] {
            assert_eq!(place(there).check(&provider, true), Err(Refused::Plain), "{there}");
        }
        assert_eq!(place("https://files.example/").check(&provider, false), Ok(()));
    }

    #[test]
    fn origins_are_compared_with_their_ports() {
        let origin = |text: &str| Origin::parse(text).unwrap();
        assert!(same(&origin("https://A.example:443"), &origin("https://a.example")));
        assert!(!same(&origin("https://a.example:8443"), &origin("https://a.example")));
        assert!(!same(&origin("http://a.example"), &origin("https://a.example")));
        assert!(!same(&origin("https://a.example.evil.example"), &origin("https://a.example")));
    }

    proptest! {
        #[test]
        fn whatever_comes_leads_to_a_url_or_nowhere(location in "(https?:|HTTP:|ftp:)?/{0,3}[a-z.:@\\[\\]0-9?#%\\\\ \\x00-\\x1fé/]{0,30}") {
            let here = place("https://api.example/a/b?c");
            if let Ok(there) = here.follow(&location) {
                prop_assert!(there.path_and_query.starts_with('/') && there.path_and_query.is_ascii());
                prop_assert!(!there.origin.authority.contains('@'));
                // Whoever reads the URL anew sees the same origin.
                let again = here.follow(&format!("{}{}", there.origin, there.path_and_query)).unwrap();
                prop_assert!(same(&again.origin, &there.origin), "{:?}", again);
            }
        }
    }
}
