//! Client secrets are replaced over and over under load.

use super::{get, job, set_up};
use crate::{
    Config, Violation,
    cluster::Cluster,
    schedule::until_done,
    vendor::{Rotation, TENANTS},
};
use futures_util::future::LocalBoxFuture;
use penstock::contract::Failure;
use serde::Serialize;
use std::{cell::RefCell, rc::Rc, time::Duration};

/// A rotation begins every so often.
const EVERY: Duration = Duration::from_secs(3);

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Rotations {
    /// Secrets that were replaced.
    pub rotations: u64,
    /// Calls.
    pub calls: u64,
    /// Calls that failed.
    pub failed: u64,
    /// Why the first of them did.
    pub first: Option<String>,
    /// Tokens that were asked for.
    pub token_requests: u64,
    /// What did not hold.
    pub violations: Vec<Violation>,
}

impl Rotations {
    /// Whether each secret was used in its turn, and no call failed.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let used = self.rotations > 0 && self.token_requests > self.rotations && self.calls > self.rotations;
        used && self.failed == 0 && self.violations.is_empty()
    }

    fn count(&mut self, ended: Vec<Result<(), Option<Failure>>>) {
        self.calls += ended.len() as u64;
        for failure in ended.into_iter().filter_map(Result::err) {
            self.failed += 1;
            self.first.get_or_insert_with(|| format!("{failure:?}"));
        }
    }
}

/// So many rotations, and so many calls a second at each of two instances. Without
/// `two_slots`, the vendor accepts the old secret until all hosts know the new one; with
/// them, it refuses the old one at once, and hosts know both in advance. Tokens that were
/// made with the old secret end with it.
#[must_use]
pub fn rotations(seed: u64, config: &Config, many: u32, calls_a_second: u32, two_slots: bool) -> Rotations {
    let cluster = set_up(seed, config, 2, None);
    // That a breaker closes is told at this level.
    cluster.set("LOG_LEVEL", "info");
    let result = Rc::new(RefCell::new(Rotations { rotations: u64::from(many), ..Rotations::default() }));
    let end = EVERY * (many + 1);
    let every = Duration::from_secs(1) / calls_a_second.max(1);
    let mut tasks: Vec<LocalBoxFuture<'static, ()>> = Vec::new();
    for instance in 0..2 {
        let (cluster, result) = (Rc::clone(&cluster), Rc::clone(&result));
        tasks.push(Box::pin(async move {
            // The calls of a second overlap: a burst at its beginning, and others after it.
            let mut number = 0;
            while cluster.world.now() < end {
                let burst = (0..3).map(|more| get(&cluster, instance, job(number + more)));
                let ended = futures_util::future::join_all(burst).await;
                number += 3;
                result.borrow_mut().count(ended);
                cluster.world.wait(every * 3).await;
            }
        }));
    }
    {
        let cluster = Rc::clone(&cluster);
        tasks.push(Box::pin(async move {
            for number in 1..=many {
                let at = EVERY * number;
                cluster.world.wait(at.saturating_sub(cluster.world.now())).await;
                match two_slots {
                    true => at_once(&cluster).await,
                    false => overlapping(&cluster).await,
                }
            }
        }));
    }
    cluster.world.run(until_done(&cluster.world, tasks, Vec::new()));
    cluster.inspect();
    let (figures, violations, _) = cluster.world.close();
    let result = result.take();
    Rotations { token_requests: figures.token_requests, violations, ..result }
}

fn tenant() -> u64 {
    TENANTS.first().copied().unwrap_or_default()
}

fn next(cluster: &Cluster) -> Option<String> {
    Some(cluster.world.vendor.borrow_mut().door(tenant())?.next_secret(tenant()))
}

/// The vendor accepts both for a while; the hosts learn the new one one after the other.
async fn overlapping(cluster: &Cluster) {
    let world = &cluster.world;
    let Some(secret) = next(cluster) else { return };
    let overlap = Duration::from_millis(900);
    if let Some(door) = world.vendor.borrow_mut().door(tenant()) {
        door.rotate(world.now(), Rotation { secret: secret.clone(), revokes: false, overlap });
    }
    for instance in &cluster.instances {
        world.wait(Duration::from_millis(300)).await;
        instance.host().set_secret("SERVICETITAN_CLIENT_SECRET", &secret);
    }
    world.wait(Duration::from_millis(400)).await;
    if let Some(door) = world.vendor.borrow_mut().door(tenant()) {
        door.revoke();
    }
}

/// The hosts know the new one beforehand; then the vendor accepts that one alone; then the
/// hosts forget the old one.
async fn at_once(cluster: &Cluster) {
    let world = &cluster.world;
    let Some(secret) = next(cluster) else { return };
    for instance in &cluster.instances {
        instance.host().set_secret("SERVICETITAN_CLIENT_SECRET_SECONDARY", &secret);
        world.wait(Duration::from_millis(200)).await;
    }
    if let Some(door) = world.vendor.borrow_mut().door(tenant()) {
        let overlap = Duration::ZERO;
        door.rotate(world.now(), Rotation { secret: secret.clone(), revokes: true, overlap });
    }
    for instance in &cluster.instances {
        world.wait(Duration::from_millis(700)).await;
        instance.host().set_secret("SERVICETITAN_CLIENT_SECRET", &secret);
        instance.host().unset("SERVICETITAN_CLIENT_SECRET_SECONDARY");
    }
}
