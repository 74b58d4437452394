use std::{env, fmt, sync::Arc};

use hyper::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use super::policy;

/// Which proxy leads to which origin, if any: tunnels through it are asked for with CONNECT (RFC
/// 9110 section 9.3.6), so that it sees the origin and no more. The URL of a proxy is
/// `http://host:port`, with `user:password@` if it wants them; proxies of other kinds, which are
/// reached by TLS or speak SOCKS, are not understood. Plain HTTP to a loopback address goes straight.
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

    /// Whether the variables of this process lead to an origin, `https://api.example`, by a proxy that can be
    /// used, or straight. [`Proxies::from_process`] leaves out what it cannot read and fails each
    /// request by a proxy of another kind; who asks here can say so before.
    ///
    /// # Errors
    ///
    /// The variable that names a proxy of another kind, or none.
    pub fn check_process(origin: &str) -> Result<(), UnusableProxy> {
        // What is no text is told as well: the client would go past such a proxy.
        check(origin, |name| env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
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

/// A variable names no proxy that can be used. Its value may hold a password and is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {problem}; proxies are understood at http://host:port")]
pub struct UnusableProxy {
    /// The variable.
    pub variable: &'static str,
    problem: String,
}

/// The variables that decide, in the order in which they do: of each pair the first that is set, and
/// of the pairs the first that is not empty.
fn deciding(https: bool) -> [[&'static str; 2]; 2] {
    let own = if https { ["HTTPS_PROXY", "https_proxy"] } else { ["HTTP_PROXY", "http_proxy"] };
    [own, ["ALL_PROXY", "all_proxy"]]
}

fn check(origin: &str, get: impl Fn(&str) -> Option<String>) -> Result<(), UnusableProxy> {
    let Ok(origin) = origin.parse::<Uri>() else { return Ok(()) };
    let https = origin.scheme_str() == Some("https");
    if policy::is_plain_loopback(&origin) {
        return Ok(());
    }
    let set = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, get(name)?)));
    let found = deciding(https).into_iter().filter_map(set).find(|(_, value)| !value.trim().is_empty());
    let Some((variable, value)) = found else { return Ok(()) };
    let except = set(["NO_PROXY", "no_proxy"]).map_or_else(String::new, |(_, value)| value);
    let leads = |url: &str, except: &str| Proxies::all(url, except).of(&origin);
    if leads("http://proxy.invalid", &except).is_none() {
        return Ok(());
    }
    let unusable = |problem: String| Err(UnusableProxy { variable, problem });
    let unreadable = || unusable("names no proxy that can be read".to_owned());
    if value.contains(char::REPLACEMENT_CHARACTER) {
        return unreadable();
    }
    let Some(proxy) = leads(&value, "") else { return unreadable() };
    match (proxy.uri().scheme_str(), proxy.uri().authority()) {
        (Some("http"), Some(place)) if place.port().is_some() == (place.as_str() != place.host()) => Ok(()),
        (Some("http"), _) => unreadable(),
        (scheme, _) => unusable(format!("names a proxy at a {}:// URL", scheme.unwrap_or_default())),
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
    fn a_variable_that_names_no_proxy_of_ours_is_told() {
        let told = |origin: &str, set: &[(&str, &str)]| {
            let get =
                |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
            check(origin, get).err().map(|unusable| unusable.to_string())
        };
        let vendor = "https://api.servicetitan.io";
        for (set, problem) in [
            (
                &[("HTTPS_PROXY", "https://user:secret@proxy.example:3128")][..],
                "HTTPS_PROXY names a proxy at a https://",
            ),
            (&[("https_proxy", "socks5://127.0.0.1:1080")], "https_proxy names a proxy at a socks5://"),
            (
                &[("HTTPS_PROXY", ""), ("ALL_PROXY", "socks5h://a:1")],
                "ALL_PROXY names a proxy at a socks5h://",
            ),
            (&[("HTTPS_PROXY", "ftp://a:1"), ("ALL_PROXY", "http://a:1")], "HTTPS_PROXY names no proxy"),
            (&[("HTTPS_PROXY", "http://a b:1")], "HTTPS_PROXY names no proxy"),
            // As what is no text is read.
            (&[("HTTPS_PROXY", "http://127.0.0.1:1/\u{fffd}")], "HTTPS_PROXY names no proxy"),
            (&[("HTTPS_PROXY", "http://a:none")], "HTTPS_PROXY names no proxy"),
        ] {
            let told = told(vendor, set).unwrap();
            assert!(told.starts_with(problem) && !told.contains("secret"), "{told}");
        }
        let socks = ("ALL_PROXY", "socks5://a:1");
        for (origin, set) in [
            (vendor, &[][..]),
            (vendor, &[("HTTPS_PROXY", "http://user:pass@a:1"), socks]),
            (vendor, &[("HTTPS_PROXY", "proxy.example:3128")]),
            (vendor, &[("HTTPS_PROXY", "http://[::1]:3128/")]),
            (vendor, &[("HTTPS_PROXY", "http://proxy.example")]),
            (vendor, &[socks, ("NO_PROXY", "other.example,servicetitan.io")]),
            (vendor, &[("HTTP_PROXY", "socks5://a:1")]),
            ("http://127.0.0.1:4000", &[socks]),
        ] {
            assert_eq!(told(origin, set), None, "{origin} {set:?}");
        }
    }

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
