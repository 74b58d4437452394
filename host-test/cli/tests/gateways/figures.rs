//! What must hold, and how well it did.

use crate::{
    client::{Calls, DEADLINE},
    settings::TENANTS,
};
use penstock_simulated::servicetitan::SimulatedServiceTitan;
use std::time::{Duration, Instant};

/// Instances of the component in each gateway (`GatewayOptions::instances`).
const INSTANCES: usize = 8;

const WINDOW: Duration = Duration::from_secs(1);

/// How long after the Redis is back the gateways may take to agree on one plan again, in which the shares
/// that they went by may still count.
const SETTLING: Duration = Duration::from_secs(2);

pub struct Figures {
    rate: usize,
    gateways: usize,
    began: Instant,
    /// When the Redis was away.
    outages: Vec<(Instant, Instant)>,
}

impl Figures {
    pub fn new(rate: usize, gateways: usize, began: Instant) -> Self {
        Self { rate, gateways, began, outages: Vec::new() }
    }

    pub fn away(&mut self, now: Instant) {
        self.outages.push((now, now));
    }

    pub fn back(&mut self, now: Instant) {
        self.outages.last_mut().unwrap().1 = now;
    }

    /// Whether the Redis was away, or just back, at some moment of a window.
    fn is_outage(&self, from: Instant) -> bool {
        self.outages.iter().any(|(away, back)| from + WINDOW >= *away && from <= *back + SETTLING)
    }

    pub fn check(&self, provider: &SimulatedServiceTitan, calls: &Calls, kills: usize, until: Instant) {
        let stats = provider.stats();
        // The limit is each tenant's.
        let requests = provider.requests();
        let times = TENANTS.map(|tenant| {
            let path = format!("/tenant/{tenant}/jobs");
            let own = requests.iter().filter(|request| request.path.ends_with(&path));
            own.map(|request| request.at).collect::<Vec<_>>()
        });
        let sent: usize = times.iter().map(Vec::len).sum();
        let most = times.each_ref().map(|times| self.most_in_a_window(times));
        let (quiet, outage) = (most[0].0.max(most[1].0), most[0].1.max(most[1].1));
        let mut seen = calls.0.lock().unwrap();
        seen.live.sort_unstable();
        seen.took.sort_unstable();
        let slowest = seen.live.last().copied().unwrap_or_default();
        let live99 = seen.live[seen.live.len() * 99 / 100];
        let resumed: Vec<_> =
            self.outages.iter().map(|(_, back)| self.resumed(*back, &seen.succeeded)).collect();
        let time = until.duration_since(self.began).as_secs_f64();
        eprintln!(
            "{} requests in {time:.0} s: {:.1} % of the limit; most in a second {quiet}, {outage} around outages; \
             {} tokens, {kills} kills; {} calls succeeded, {} broke off, {} failed ({:?}); longest {:?}; \
             resumed after {resumed:?}; /live: 99 % within {live99:?}, slowest {slowest:?} of {}",
            sent,
            sent as f64 / (time * (self.rate * TENANTS.len()) as f64) * 100.0,
            stats.tokens,
            seen.succeeded.len(),
            seen.broken,
            seen.failed.len(),
            first_few(&seen.failed),
            seen.took.last(),
            seen.live.len(),
        );
        assert!(quiet <= self.rate, "{quiet} in a second while the Redis answered");
        // Each of a process's instances has its share.
        let instances = self.gateways * INSTANCES;
        let share = (self.rate / instances).max(1);
        assert!(outage <= self.rate + share * instances, "{outage} in a second around an outage");
        let [first, second] = &seen.records;
        assert!(first.is_some() && second.is_some() && first != second, "nothing tells the tenants apart");
        assert_eq!(seen.foreign, 0, "answers of another tenant");
        // A share may be too small for all that wait: whoever cannot be sent in time is told so.
        for (at, status) in &seen.failed {
            assert!(*status == 429 && self.is_felt(*at), "{status} while the Redis answered");
        }
        assert!(seen.broken <= (kills + 1) * crate::CALLERS * 3, "{} broke off", seen.broken);
        for resumed in resumed {
            assert!(resumed <= Duration::from_secs(2), "calls went on {resumed:?} after the Redis was back");
        }
        assert!(stats.tokens <= 2 * (1 + kills + self.gateways) as u64, "{} tokens", stats.tokens);
        assert!(live99 <= Duration::from_millis(50), "/live took {live99:?}");
    }

    /// Whether a call that ended then may have waited while the Redis was away.
    fn is_felt(&self, at: Instant) -> bool {
        self.outages.iter().any(|(away, back)| at >= *away && at <= *back + SETTLING + DEADLINE)
    }

    /// While the Redis answered, and around its outages.
    fn most_in_a_window(&self, times: &[Instant]) -> (usize, usize) {
        let (mut quiet, mut outage) = (0, 0);
        let mut times = times.to_vec();
        times.sort_unstable();
        for (at, from) in times.iter().enumerate() {
            let count = times[at..].iter().take_while(|time| time.duration_since(*from) < WINDOW).count();
            let most = if self.is_outage(*from) { &mut outage } else { &mut quiet };
            *most = count.max(*most);
        }
        (quiet, outage)
    }

    /// How long after the Redis was back the first call succeeded.
    fn resumed(&self, back: Instant, succeeded: &[Instant]) -> Duration {
        let first = succeeded.iter().filter(|time| **time >= back).min();
        first.map_or(Duration::MAX, |first| first.duration_since(back))
    }
}

fn first_few(failed: &[(Instant, u16)]) -> Vec<u16> {
    failed.iter().take(5).map(|(_, status)| *status).collect()
}
