use std::{fmt, sync::Arc};

use hyper::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

/// Which proxy leads to which origin, if any: tunnels through it are asked for with CONNECT (RFC
/// 9110 section 9.3.6), so that it sees the origin and no more. The URL of a proxy is
/// `http://host:port`, with `user:password@` if it wants them. Plain HTTP to a loopback address
/// goes straight.
#[derive(Clone, Default)]
pub struct Proxies(Option<Arc<Matcher>>);

impl Proxies {
    /// None: everything goes straight.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// What curl goes by as well: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, or the
    /// same in lower case.
    #[must_use]
    pub fn from_process() -> Self {
        Self(Some(Arc::new(Matcher::from_env())))
    }

    /// This proxy for everything but what `except` names: hosts, domains and networks with commas
    /// between them, as in `NO_PROXY`.
    #[must_use]
    pub fn all(url: &str, except: &str) -> Self {
        let matcher = Matcher::builder().all(url.to_owned()).no(except.to_owned()).build();
        Self(Some(Arc::new(matcher)))
    }

    pub(crate) fn of(&self, origin: &Uri) -> Option<Intercept> {
        self.0.as_ref()?.intercept(origin)
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Their URLs may have passwords.
        f.debug_tuple("Proxies").field(&self.0.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_excepted_goes_straight() {
        let proxies =
            Proxies::all("http://user:secret@proxy.example:3128", "api.example, .inside.example, 10.0.0.0/8");
        let through =
            |uri: &'static str| proxies.of(&Uri::from_static(uri)).map(|proxy| proxy.uri().to_string());
        assert_eq!(through("https://api.servicetitan.io/").as_deref(), Some("http://proxy.example:3128/"));
        for straight in ["https://api.example/", "https://a.inside.example/", "https://10.1.2.3/"] {
            assert_eq!(through(straight), None, "{straight}");
        }
        assert!(Proxies::none().of(&Uri::from_static("https://api.servicetitan.io/")).is_none());
        assert!(!format!("{proxies:?}").contains("secret"));
    }
}
