//! Networks of addresses.

use std::net::{IpAddr, Ipv6Addr};

/// The addresses with the same first bits (RFC 4632, RFC 4291 section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    length: u32,
}

impl Network {
    /// Reads `10.0.0.0/8`, or one address; none for anything else, and for one that has bits beyond
    /// its length, which is a slip.
    #[must_use]
    pub fn parse(text: &str) -> Option<Network> {
        let (address, length) = match text.trim().split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(length) if length.bytes().all(|byte| byte.is_ascii_digit()) => length.parse().ok()?,
            Some(_) => return None,
            None => most,
        };
        let network = Network { address, length };
        (length <= most && masked(address, length) == bits(address)).then_some(network)
    }

    /// Whether an address is in it. One of IPv4 that is written as one of IPv6 counts as what it is.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        let (own, asked) = (self.address.to_canonical(), address.to_canonical());
        // The length of a mapped network counts from the start of the address of IPv6.
        let length = if own.is_ipv4() && self.address.is_ipv6() {
            self.length.saturating_sub(96)
        } else {
            self.length
        };
        own.is_ipv4() == asked.is_ipv4() && masked(own, length) == masked(asked, length)
    }
}

/// What counts as one client: an address of IPv4, or the 64 bits of IPv6 that a network is given at
/// least, and any address of which its owner may use (RFC 6177).
#[must_use]
pub fn client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        address @ IpAddr::V4(_) => address,
        address @ IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from(masked(address, 64))),
    }
}

/// The address as a number, its first bit first.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => u128::from(address),
    }
}

fn masked(address: IpAddr, length: u32) -> u128 {
    bits(address) & u128::MAX.checked_shl(128 - length.min(128)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(network: &str, address: &str) -> bool {
        Network::parse(network).unwrap().has(address.parse().unwrap())
    }

    #[test]
    fn a_network_has_what_begins_like_it() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("192.0.2.6/31", "192.0.2.7", "192.0.2.8"),
            ("10.0.0.0/8", "::ffff:10.1.2.3", "::a01:203"),
            ("::ffff:10.0.0.0/104", "10.1.2.3", "11.1.2.3"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("::1", "::1", "::2"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::/0", "ffff::", "192.0.2.1"),
        ] {
            assert!(has(network, inside) && !has(network, outside), "{network}");
        }
        for wrong in [
            "",
            "10",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "localhost",
        ] {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn one_client_is_an_address_or_a_network_of_64_bits() {
        let of = |text: &str| client(text.parse().unwrap()).to_string();
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
