//! Where the shared state is: in a Redis, if the settings name one.

use crate::settings::{STATE_HOST, STATE_TIMEOUT, STATE_URL};
use penstock::{
    contract::FieldError,
    host::{Host, HostError},
    policy::secret::Secret,
};
use std::{fmt, time::Duration};

/// A Redis to share state in.
#[derive(Clone)]
pub struct Redis {
    /// With user and password.
    pub url: Secret,
    /// How long an operation may take.
    pub patience: Duration,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("patience", &self.patience).finish_non_exhaustive()
    }
}

/// The Redis that the settings name; none without one, and then it is the host's own store.
///
/// # Errors
/// What is wrong with them, or that the host cannot read them. Values are not shown: one of them
/// is a secret.
pub async fn read<H: Host>(host: &H) -> Result<Result<Option<Redis>, FieldError>, HostError> {
    let Some(url) = host.secret(STATE_URL.name).await? else { return Ok(Ok(None)) };
    let allowed = host.setting(STATE_HOST.name).await?;
    let patience = host.setting(STATE_TIMEOUT.name).await?;
    Ok(redis(url, allowed.as_deref(), patience.as_deref()).map(Some))
}

fn redis(url: Secret, allowed: Option<&str>, patience: Option<&str>) -> Result<Redis, FieldError> {
    let Some(origin) = origin(url.expose()) else {
        let form = "must have the form redis://user:password@host:6379/0, or rediss:// for TLS";
        return Err(FieldError::new(STATE_URL.name, form));
    };
    // The manifest allows what stands there, and nothing else.
    if allowed.map(str::trim).and_then(self::origin).as_ref() != Some(&origin) {
        let same = format!("must be the scheme, host and port of {}", STATE_URL.name);
        return Err(FieldError::new(STATE_HOST.name, same));
    }
    let millis = patience.or(STATE_TIMEOUT.default).unwrap_or_default().trim();
    let checked = STATE_TIMEOUT.kind.check(millis).map_err(|why| FieldError::new(STATE_TIMEOUT.name, why))?;
    Ok(Redis { url, patience: Duration::from_millis(checked.parse().unwrap_or(300)) })
}

/// Scheme, host and port of a URL of a Redis, `redis://[user:password@]host[:port][/number]`.
pub(crate) fn origin(url: &str) -> Option<(&str, &str, u16)> {
    let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "redis" | "rediss"))?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let is_number = database.is_empty() || database.parse::<u32>().is_ok();
    if !is_number || query.contains('#') || rest.contains('#') {
        return None;
    }
    let (credentials, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    if !is_escaped_well(credentials) {
        return None;
    }
    // An address of IPv6 has colons in brackets.
    let (host, port) = match place.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (place, 6379),
    };
    (!host.is_empty()).then_some((scheme, host, port))
}

/// Whether two hexadecimal digits follow each `%` (RFC 3986, section 2.1).
fn is_escaped_well(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(url: &str, allowed: Option<&str>, patience: Option<&str>) -> Option<String> {
        redis(Secret::new(url.to_owned()), allowed, patience).err().map(|wrong| wrong.field)
    }

    #[test]
    fn the_manifests_host_is_that_of_the_url() {
        assert_eq!(
            wrong("redis://user:p%40ss@redis.example:6380/0", Some("redis://redis.example:6380"), None),
            None
        );
        assert_eq!(wrong("redis://redis.example", Some(" redis://redis.example:6379/ "), None), None);
        assert_eq!(wrong("rediss://[::1]", Some("rediss://[::1]:6379"), None), None);
        let host = Some(STATE_HOST.name.to_owned());
        for allowed in [
            None,
            Some(""),
            Some("redis://redis.example"),
            Some("rediss://redis.example:6380"),
            Some("redis.example:6380"),
        ] {
            assert_eq!(wrong("redis://redis.example:6380", allowed, None), host, "{allowed:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_not_shown() {
        for url in [
            "redis.example",
            "http://redis.example",
            "redis://",
            "redis://h:port",
            "redis://h:70000",
            "redis://h/one",
            "redis://h/-1",
            "redis://h/#insecure",
            "redis://user:p%4@h",
            "redis://user:p%zz@h",
            // A slash in a password ends the authority, as it does for Spin.
            "redis://user:p@ss/w@h",
        ] {
            assert_eq!(wrong(url, Some(url), None), Some(STATE_URL.name.to_owned()), "{url}");
        }
        let at = "redis://canary@h";
        let allowed = Some("redis://h");
        assert_eq!(wrong(at, allowed, Some("300")), None);
        for patience in ["9", "301", "soon", "-1", ""] {
            assert_eq!(wrong(at, allowed, Some(patience)), Some(STATE_TIMEOUT.name.to_owned()), "{patience}");
        }
        let redis = redis(Secret::new(at.to_owned()), allowed, Some("50")).unwrap();
        assert_eq!(redis.patience, Duration::from_millis(50));
        assert!(!format!("{redis:?}").contains("canary"), "{redis:?}");
    }
}
