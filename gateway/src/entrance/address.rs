//! The address of a client: what the host says, or behind a proxy that is trusted what that says.
//!
//! Spin puts the address of its peer into `spin-client-addr`, in place of whatever a client wrote
//! there. `Forwarded` (RFC 7239) and `X-Forwarded-For` are read only if that is a trusted proxy, and
//! from the right: each trusted proxy has appended the address of its own peer, and what stands left
//! of the first that is not trusted, anybody may have written.

use super::network::Network;
use http::HeaderMap;
use std::net::{IpAddr, SocketAddr};

/// The address of the client; none if the host names no peer.
#[must_use]
pub fn of(headers: &HeaderMap, trusted: &[Network]) -> Option<IpAddr> {
    let mut peers = headers.get_all("spin-client-addr").iter();
    let peer = address(peers.next()?.to_str().ok()?)?;
    // The host would not say it twice.
    if peers.next().is_some() {
        return None;
    }
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.has(address));
    if !is_trusted(peer) {
        return Some(peer);
    }
    let list = |name: &str| list(headers, name);
    let forwarded = list("forwarded")
        .map(|hops| origin(peer, hops.iter().rev().map(|hop| forwarded_for(hop)), is_trusted));
    let listed = list("x-forwarded-for")
        .map(|hops| origin(peer, hops.iter().rev().map(|hop| address(hop)), is_trusted));
    Some(match (forwarded, listed) {
        (Some(one), Some(other)) if one == other => one,
        // The proxy writes one of them, and passes the other on as the client wrote it: which is
        // which is not known.
        (Some(_), Some(_)) | (None, None) => peer,
        (Some(one), None) | (None, Some(one)) => one,
    })
}

/// The elements of a list that may be in several fields; none if there is no such field.
fn list(headers: &HeaderMap, name: &str) -> Option<Vec<String>> {
    let values: Vec<_> = headers.get_all(name).iter().collect();
    let text = |value: &&http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let elements = values
        .iter()
        .map(text)
        .flat_map(|value| value.split(',').map(|element| element.trim().to_owned()).collect::<Vec<_>>());
    (!values.is_empty()).then(|| elements.collect())
}

/// The first hop from the right that is not trusted, or the last one that is known.
fn origin(
    peer: IpAddr,
    hops: impl Iterator<Item = Option<IpAddr>>,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    let mut known = peer;
    for hop in hops {
        let Some(hop) = hop else { return known };
        known = hop;
        if !is_trusted(hop) {
            break;
        }
    }
    known
}

/// The `for` of an element of `Forwarded`; none if it is hidden.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut found = element.split(';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    });
    let value = found.next()?;
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    if found.next().is_some() { None } else { address(quoted.unwrap_or(value)) }
}

/// An address with or without a port, that of IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bracketed = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let address = bracketed.unwrap_or(text).parse().ok().or_else(with_port)?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn client(trusted: &[&str], headers: &[(&'static str, &str)]) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let trusted: Vec<_> = trusted.iter().map(|text| Network::parse(text).unwrap()).collect();
        of(&map, &trusted).map(|address| address.to_string())
    }

    const PROXY: (&str, &str) = ("spin-client-addr", "10.0.0.1:52345");

    #[test]
    fn without_a_trusted_proxy_the_peer_is_the_client() {
        let forged = ("x-forwarded-for", "192.0.2.1");
        assert_eq!(client(&[], &[PROXY, forged]).as_deref(), Some("10.0.0.1"));
        assert_eq!(client(&["10.0.0.2"], &[PROXY, forged]).as_deref(), Some("10.0.0.1"));
        assert_eq!(client(&["10.0.0.0/8"], &[forged]), None);
        assert_eq!(client(&[], &[PROXY, PROXY]), None);
        assert_eq!(client(&[], &[("spin-client-addr", "[2001:db8::1]:80")]).as_deref(), Some("2001:db8::1"));
        assert_eq!(client(&[], &[("spin-client-addr", "canary")]), None);
    }

    #[test]
    fn behind_trusted_proxies_it_is_the_first_from_the_right_that_is_none() {
        let of = |headers: &[(&'static str, &str)]| {
            client(&["10.0.0.0/8", "fd00::/8"], &[&[PROXY], headers].concat()).unwrap()
        };
        for (name, value, expected) in [
            ("x-forwarded-for", "192.0.2.1", "192.0.2.1"),
            ("x-forwarded-for", "203.0.113.9, 192.0.2.1, 10.0.0.7", "192.0.2.1"),
            ("x-forwarded-for", "192.0.2.1:4711", "192.0.2.1"),
            ("x-forwarded-for", "10.0.0.8, 10.0.0.9", "10.0.0.8"),
            ("x-forwarded-for", "192.0.2.1, unknown", "10.0.0.1"),
            ("x-forwarded-for", "192.0.2.1,", "10.0.0.1"),
            ("x-forwarded-for", "", "10.0.0.1"),
            ("forwarded", "for=192.0.2.1", "192.0.2.1"),
            (
                "forwarded",
                r#"for=203.0.113.9, by=x;For="192.0.2.1:80";proto=https, for="[fd00::1]:4711""#,
                "192.0.2.1",
            ),
            ("forwarded", r#"for=", for=192.0.2.1"#, "192.0.2.1"),
            ("forwarded", r#"for="[2001:db8::7]""#, "2001:db8::7"),
            ("forwarded", "for=192.0.2.1, for=_hidden", "10.0.0.1"),
            ("forwarded", "for=192.0.2.1;for=192.0.2.2", "10.0.0.1"),
        ] {
            assert_eq!(of(&[(name, value)]), expected, "{name}: {value}");
        }
        assert_eq!(of(&[("x-forwarded-for", "192.0.2.1"), ("x-forwarded-for", "192.0.2.2")]), "192.0.2.2");
    }

    #[test]
    fn two_fields_that_differ_are_both_not_believed() {
        let of = |listed: &str| {
            let both = [PROXY, ("forwarded", "for=192.0.2.1"), ("x-forwarded-for", listed)];
            client(&["10.0.0.1"], &both).unwrap()
        };
        assert_eq!((of("192.0.2.1").as_str(), of("192.0.2.2").as_str()), ("192.0.2.1", "10.0.0.1"));
    }
}
