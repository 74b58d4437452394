//! Where a Redis is, and what it is told first.

use std::fmt;

use redis::{ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo};

/// What a URL says. It may hold a password, and shows none.
#[derive(Clone)]
pub(crate) struct Address {
    host: String,
    port: u16,
    has_tls: bool,
    settings: RedisConnectionInfo,
}

/// It is no such URL. It is not shown: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no URL such as redis://user:password@host:6379/0, or rediss:// for TLS")]
pub(crate) struct NoAddress;

impl Address {
    /// Reads `redis://[user:password@]host[:port][/number]`, or `rediss://` for TLS.
    pub(crate) fn parse(url: &str) -> Result<Address, NoAddress> {
        // Of TLS the crate knows only what it opens itself. `#insecure` is refused: nobody means it.
        let (has_tls, rest) = match url.split_once("://") {
            Some(("redis", rest)) => (false, rest),
            Some(("rediss", rest)) => (true, rest),
            _ => return Err(NoAddress),
        };
        if rest.contains('#') {
            return Err(NoAddress);
        }
        let info = format!("redis://{rest}").into_connection_info().map_err(|_| NoAddress)?;
        let ConnectionAddr::Tcp(host, port) = info.addr() else { return Err(NoAddress) };
        let (host, port) = (host.clone(), *port);
        let settings = info.redis_settings().clone();
        Ok(Address { host, port, has_tls, settings })
    }

    pub(super) fn host(&self) -> &str {
        // In a URL an address of IPv6 has brackets.
        self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&self.host)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn has_tls(&self) -> bool {
        self.has_tls
    }

    pub(super) fn settings(&self) -> &RedisConnectionInfo {
        &self.settings
    }

    /// Scheme, host and port, as a manifest of Spin names who may be reached.
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.has_tls { "rediss" } else { "redis" };
        format!("{scheme}://{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Address").field(&self.origin()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_credentials_not_shown() {
        let address = Address::parse("redis://user:s3cr3t@redis.example:6380/2").unwrap();
        assert_eq!((address.host(), address.port(), address.has_tls()), ("redis.example", 6380, false));
        assert_eq!(address.origin(), "redis://redis.example:6380");
        assert!(!format!("{address:?}").contains("s3cr3t"), "{address:?}");
        let six = Address::parse("redis://[::1]:7000").unwrap();
        assert_eq!((six.host(), six.port()), ("::1", 7000));
        let safe = Address::parse("rediss://redis.example").unwrap();
        assert!(safe.has_tls());
        assert_eq!(safe.origin(), "rediss://redis.example:6379");
    }

    #[test]
    fn what_is_no_such_url_is_refused() {
        for url in [
            "",
            "redis.example:6379",
            "http://redis.example",
            "redis://",
            "rediss://h/#insecure",
            "redis://h/x",
        ] {
            assert_eq!(Address::parse(url).err(), Some(NoAddress), "{url}");
        }
    }
}
