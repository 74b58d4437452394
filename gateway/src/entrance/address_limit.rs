//! How often an address asks without a key that is accepted.

use super::network;
use crate::keys::Rate;
use penstock::policy::{limiter::gcra::Gcra, time::Tick};
use std::{collections::BTreeMap, net::IpAddr, time::Duration};

/// The most addresses that are remembered. Beyond that, the one that was not seen for longest is
/// forgotten.
const MOST: usize = 4096;

/// The counts of one instance: each has its own.
#[derive(Debug, Default)]
pub struct AddressLimit {
    rate: Option<Rate>,
    paces: BTreeMap<IpAddr, (u64, Gcra)>,
    /// The addresses in the order in which they were last seen.
    seen: BTreeMap<u64, IpAddr>,
    count: u64,
}

impl AddressLimit {
    /// Counts one request of this address.
    ///
    /// # Errors
    /// How long until the next may come, if it is one too many.
    pub fn take(&mut self, rate: Rate, address: IpAddr, now: Tick) -> Result<(), Duration> {
        if self.rate != Some(rate) {
            *self = AddressLimit { rate: Some(rate), ..AddressLimit::default() };
        }
        let address = network::client(address);
        self.count += 1;
        let (seen, pace) = self.paces.entry(address).or_insert_with(|| (0, Gcra::new(rate.limit())));
        self.seen.remove(seen);
        *seen = self.count;
        self.seen.insert(self.count, address);
        let taken = if pace.take(now) { Ok(()) } else { Err(now.until(pace.ready_at(0))) };
        if self.paces.len() > MOST
            && let Some((_, oldest)) = self.seen.pop_first()
        {
            self.paces.remove(&oldest);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn address(number: u32) -> IpAddr {
        Ipv4Addr::from(number).into()
    }

    #[test]
    fn each_address_has_its_own_and_gets_it_back() {
        let mut limit = AddressLimit::default();
        let rate = Rate::parse("2/min").unwrap();
        let now = Tick::ZERO + Duration::from_secs(100);
        assert_eq!(
            [(); 3].map(|()| limit.take(rate, address(1), now)),
            [Ok(()), Ok(()), Err(Duration::from_secs(30))]
        );
        assert_eq!(limit.take(rate, address(2), now), Ok(()));
        assert_eq!(limit.take(rate, address(1), now + Duration::from_secs(30)), Ok(()));
        // Another rate begins anew.
        assert_eq!(limit.take(Rate::parse("1/h").unwrap(), address(1), now), Ok(()));
    }

    #[test]
    fn those_who_were_not_seen_for_longest_are_forgotten() {
        let mut limit = AddressLimit::default();
        let rate = Rate::parse("1/h").unwrap();
        let many = u32::try_from(MOST).unwrap();
        for number in 0..many {
            assert!(limit.take(rate, address(number), Tick::ZERO).is_ok());
        }
        // The first one is seen again, so that the second is the oldest.
        assert!(limit.take(rate, address(0), Tick::ZERO).is_err());
        for number in many..many + 10 {
            assert!(limit.take(rate, address(number), Tick::ZERO).is_ok());
        }
        assert_eq!((limit.paces.len(), limit.seen.len()), (MOST, MOST));
        assert!(limit.take(rate, address(0), Tick::ZERO).is_err());
        assert!(limit.take(rate, address(1), Tick::ZERO).is_ok());
    }
}
