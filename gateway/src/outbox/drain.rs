//! Passes over the outbox: what is due is handed on.

mod listing;
mod pass;
mod scope;

pub(super) use listing::Listing;
pub(super) use pass::{Pass, finish};
pub(super) use scope::Scope;

use super::{
    Outbox, Shelf, Unready,
    key::{self, Entity},
    log::Log,
};
use crate::gateway::Gateway;
use penstock::{
    host::{Host, HostError},
    policy::time::Tick,
};
use serde::Serialize;
use std::{cell::Cell, collections::BTreeSet, time::Duration};

/// How often one of the instances looks for all that is due.
const EVERY: Duration = Duration::from_secs(5);

/// How long deliveries are begun after one answer.
const AFTER: Duration = Duration::from_secs(10);

/// When it is tried again to hand on what was just taken in, while somebody else hands on what is about the same.
const BUSY: Duration = Duration::from_millis(200);

/// What passes came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Events that destinations took.
    pub delivered: u64,
    /// Those that failed and are tried again.
    pub failed: u64,
    /// Those that are not tried again.
    pub dead: u64,
}

/// After an answer, hands on what this instance took in; and, if none looked within [`EVERY`], all that is due. Spin drops idle
/// instances, so that there is no better time.
///
/// Dropping it loses nothing: what was sent and not noted is sent again.
pub async fn after<H: Host + 'static>(gateway: &Gateway<H>) {
    let (outbox, host) = (gateway.outbox(), gateway.client().host());
    if outbox.is_passing.get() {
        // The pass that is under way sees what is fresh.
        return;
    }
    let _passing = Passing::begin(outbox);
    let until = host.now() + AFTER;
    loop {
        // What is wrong is told to who takes in, in /ready and by the routes. What stays is found by a look at all.
        let Ok(busy) = look(gateway, until).await else { return };
        let is_over = host.now() >= until;
        if !busy.is_empty() {
            busy.into_iter().for_each(|entity| outbox.nudge(entity));
            if !is_over {
                host.sleep(BUSY).await;
            }
        }
        if is_over || !outbox.has_fresh() {
            return;
        }
    }
}

/// Hands on what this instance took in, and all else if it is time for that. Answers of which entities, of those that it
/// took in, somebody else hands events on.
async fn look<H: Host + 'static>(gateway: &Gateway<H>, until: Tick) -> Result<BTreeSet<Entity>, Stopped> {
    let (outbox, host) = (gateway.outbox(), gateway.client().host());
    let fresh = outbox.take_fresh();
    if outbox.destinations(host).await.is_err() {
        return Ok(BTreeSet::new());
    }
    let is_recent = |last: Tick| host.now().since(last) < EVERY;
    let mut all = !outbox.last_look.get().is_some_and(is_recent);
    if all {
        outbox.last_look.set(Some(host.now()));
        let nonce = host.random().to_le_bytes().to_vec();
        all = host.state_claim(&key::of_all("pass"), nonce, EVERY).await?.is_none();
    }
    if !all && fresh.is_empty() {
        return Ok(BTreeSet::new());
    }
    run(gateway, until, &Scope { fresh, all }).await.map(|(_, busy)| busy)
}

/// Hands on what is due until a time at which no delivery is begun any more, and what comes meanwhile.
///
/// # Errors
/// [`Stopped`].
pub(super) async fn run<H: Host + 'static>(
    gateway: &Gateway<H>,
    until: Tick,
    scope: &Scope,
) -> Result<(Counts, BTreeSet<Entity>), Stopped> {
    let (outbox, client) = (gateway.outbox(), gateway.client());
    let destinations = outbox.destinations(client.host()).await;
    let destinations = (*destinations).as_ref().map_err(Clone::clone)?;
    let sealing = outbox.sealing(client).await;
    let keys = (*sealing).as_ref().map_err(Clone::clone)?;
    let shelf = Shelf { host: client.host(), keys };
    let log = Log::read(client.host()).await;
    let mut counts = Counts::default();
    loop {
        let pass = Pass::new(client, &shelf, (destinations, outbox, &log), scope, until);
        let next = pass.run().await?;
        let found = pass.counts();
        counts.delivered += found.delivered;
        counts.failed += found.failed;
        counts.dead += found.dead;
        match next.wait {
            Some(wait) if client.host().now() < until => client.host().sleep(wait).await,
            _ => return Ok((counts, next.busy)),
        }
    }
}

/// Why a pass ended early.
#[derive(Debug)]
pub(super) enum Stopped {
    /// Settings are missing.
    Unready(Unready),
    /// The store's trouble.
    Store(HostError),
}

impl From<Unready> for Stopped {
    fn from(why: Unready) -> Self {
        Stopped::Unready(why)
    }
}

impl From<HostError> for Stopped {
    fn from(why: HostError) -> Self {
        Stopped::Store(why)
    }
}

/// That a pass is under way, until it ends or is dropped.
struct Passing<'o>(&'o Cell<bool>);

impl<'o> Passing<'o> {
    fn begin(outbox: &'o Outbox) -> Self {
        outbox.is_passing.set(true);
        Self(&outbox.is_passing)
    }
}

impl Drop for Passing<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
