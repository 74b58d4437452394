//! Passes over the outbox: what is due is handed on.

mod listing;
mod pass;

pub(super) use listing::Listing;
pub(super) use pass::{Pass, finish};

use super::{Outbox, Shelf, Unready, key, lane, log::Log};
use crate::gateway::Gateway;
use penstock::{
    host::{Host, HostError},
    policy::time::Tick,
};
use serde::Serialize;
use std::{cell::Cell, time::Duration};

/// How often one of the instances looks for what is due, when nothing new comes.
const EVERY: Duration = Duration::from_secs(5);

/// How long deliveries are begun after one answer.
const AFTER: Duration = Duration::from_secs(10);

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

/// Hands on what is due, after an answer: at once if this instance took something in, and otherwise if no instance
/// looked within [`EVERY`]. Spin drops idle instances, so that there is no better time.
///
/// Dropping it loses nothing: what was sent and not noted is sent again.
pub async fn after<H: Host + 'static>(gateway: &Gateway<H>) {
    let (outbox, host) = (gateway.outbox(), gateway.client().host());
    if outbox.is_passing.get() {
        // The pass that is under way sees the nudge.
        return;
    }
    let is_recent = |last: Tick| host.now().since(last) < EVERY;
    if !outbox.is_nudged.get() && outbox.last_pass.get().is_some_and(is_recent) {
        return;
    }
    let _passing = Passing::begin(outbox);
    let until = host.now() + AFTER;
    loop {
        let is_nudged = outbox.is_nudged.take();
        outbox.last_pass.set(Some(host.now()));
        // What is wrong is told to who takes in, in /ready and by the routes.
        let Ok(true) = pass(gateway, until, is_nudged).await else { return };
        if !outbox.is_nudged.get() || host.now() >= until {
            return;
        }
    }
}

/// One pass, unless nothing was put in and another instance looked lately. False if nothing was done.
async fn pass<H: Host + 'static>(
    gateway: &Gateway<H>,
    until: Tick,
    is_nudged: bool,
) -> Result<bool, Stopped> {
    let (outbox, host) = (gateway.outbox(), gateway.client().host());
    let destinations = outbox.destinations(host).await;
    if destinations.is_err() {
        return Ok(false);
    }
    if !is_nudged {
        let nonce = host.random().to_le_bytes().to_vec();
        if host.state_claim(&key::of_all("pass"), nonce, EVERY).await?.is_some() {
            return Ok(false);
        }
    }
    run(gateway, until).await.map(|_| true)
}

/// Hands on what is due until a time at which no delivery is begun any more, again and again while any succeeds.
///
/// # Errors
/// [`Stopped`].
pub(super) async fn run<H: Host + 'static>(gateway: &Gateway<H>, until: Tick) -> Result<Counts, Stopped> {
    let (outbox, client) = (gateway.outbox(), gateway.client());
    let destinations = outbox.destinations(client.host()).await;
    let destinations = (*destinations).as_ref().map_err(Clone::clone)?;
    let sealing = outbox.sealing(client).await;
    let keys = (*sealing).as_ref().map_err(Clone::clone)?;
    let shelf = Shelf { host: client.host(), keys };
    let log = Log::read(client.host()).await;
    let mut counts = Counts::default();
    loop {
        let pass = Pass::new(client, &shelf, (destinations, outbox, &log), until);
        let again = pass.run().await?;
        let found = pass.counts();
        counts.delivered += found.delivered;
        counts.failed += found.failed;
        counts.dead += found.dead;
        if !again || client.host().now() >= until {
            return Ok(counts);
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

/// A delivery ends before its lane's lease does.
const _: () = assert!(super::http_delivery::PATIENCE.as_secs() * 2 < lane::LEASE.as_secs());
