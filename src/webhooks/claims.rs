//! Handing an event out once.
//!
//! An event is one claim in the host's store: *held* by a consumer for the time of its lease,
//! so that it comes free when the consumer dies, and then *done*, which outlives the sender's
//! last retry.
//!
//! What is promised: while a consumer settles an event within its lease, no other consumer
//! gets it, and once it is done nobody does. A consumer that takes longer than its lease may
//! have been taken for dead, and is told so.

use crate::{
    host::{Host, HostError, hash},
    seal::SealKeys,
};
use penstock_state::names;
use std::time::Duration;

/// The claims of a deployment.
#[derive(Debug)]
pub struct Claims<'h, H> {
    /// The host whose store they are in.
    pub host: &'h H,
    /// How long a consumer may take.
    pub lease: Duration,
    /// How long an event is remembered.
    pub keep: Duration,
    /// What they are sealed with there, if the deployment has a secret for that.
    pub seal: Option<&'h SealKeys>,
}

/// What came of an attempt to claim an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is the caller's.
    Ours(Ticket),
    /// Somebody else has it and may yet fail: let the sender come again.
    Taken,
    /// It was handled.
    Done,
}

/// The right to settle an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    event: String,
    nonce: u64,
    tenant: String,
}

/// A tenant's name in a ticket: provider, environment and tenant.
const LONGEST_TENANT: usize = 256;

/// What the store holds of an event that was handled.
const DONE: &[u8] = b"done";

impl Ticket {
    /// Reads what [`Ticket`] prints.
    #[must_use]
    pub fn parse(text: &str) -> Option<Ticket> {
        let (event, rest) = text.split_once('.')?;
        let (tenant, nonce) = rest.rsplit_once('.').filter(|(_, nonce)| nonce.len() == 16)?;
        let whole = event.len() == 64 && event.bytes().all(|digit| digit.is_ascii_hexdigit());
        let event = whole.then(|| event.to_owned())?;
        let tenant = (tenant.len() <= LONGEST_TENANT).then(|| tenant.to_owned())?;
        Some(Ticket { event, nonce: u64::from_str_radix(nonce, 16).ok()?, tenant })
    }

    /// What the event is known by, in 64 hexadecimal digits that tell nothing of it: the same however
    /// often it is delivered, and of no other event.
    #[must_use]
    pub fn event(&self) -> &str {
        &self.event
    }

    /// Whose event it is, as in the keys of the store: provider, environment and tenant.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    fn key(&self) -> String {
        names::key(names::WEBHOOK, &self.tenant, &self.event)
    }

    /// What the store holds while the event is this consumer's.
    fn held(&self) -> Vec<u8> {
        format!("held {:016x}", self.nonce).into_bytes()
    }
}

impl std::fmt::Display for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{:016x}", self.event, self.tenant, self.nonce)
    }
}

impl<H: Host> Claims<'_, H> {
    /// Claims an event of a tenant's, which is known by the texts of `identity` together.
    ///
    /// # Errors
    /// The store's trouble. Nothing was handed out then.
    pub async fn claim(&self, tenant: &str, identity: &[&str]) -> Result<Claim, HostError> {
        let (event, nonce) = (hash(identity.iter().copied()), self.host.random());
        let ticket = Ticket { event, nonce, tenant: names::tag(tenant) };
        let key = ticket.key();
        let held = self.written(&key, &ticket.held());
        let Some(present) = self.host.state_claim(&key, held.clone(), self.lease).await? else {
            return Ok(Claim::Ours(ticket));
        };
        match self.read(&key, &present).as_deref() {
            Some(DONE) => Ok(Claim::Done),
            Some(present) if is_held(present) => Ok(Claim::Taken),
            // What this deployment did not write would hold the event up for as long as it stays.
            _ => {
                let (foreign, ours) = (present, held);
                let ours = self.host.state_swap(&key, foreign, ours, self.lease).await?;
                Ok(if ours { Claim::Ours(ticket) } else { Claim::Taken })
            }
        }
    }

    /// The event is handled: nobody gets it again. False if the lease had run out and
    /// somebody else has got it meanwhile.
    ///
    /// # Errors
    /// The store's trouble: the event may come again.
    pub async fn done(&self, ticket: &Ticket) -> Result<bool, HostError> {
        let key = ticket.key();
        let done = self.written(&key, DONE);
        for held in self.forms(&key, &ticket.held()) {
            if self.host.state_swap(&key, held, done.clone(), self.keep).await? {
                return Ok(true);
            }
        }
        let Some(present) = self.host.state_claim(&key, done.clone(), self.keep).await? else {
            // The lease had run out, and nobody came.
            return Ok(true);
        };
        if self.read(&key, &present).as_deref() != Some(DONE) {
            // Somebody else is at it. What has been handled stays handled.
            self.host.state_swap(&key, present, done, self.keep).await?;
        }
        Ok(false)
    }

    /// The event could not be handled: the next delivery gets it.
    ///
    /// # Errors
    /// The store's trouble: it comes free when the lease is over.
    pub async fn release(&self, ticket: &Ticket) -> Result<(), HostError> {
        let key = ticket.key();
        for held in self.forms(&key, &ticket.held()) {
            self.host.state_release(&key, held).await?;
        }
        Ok(())
    }

    /// How a value may stand in the store: sealed by each of the keys, the present one first.
    fn forms(&self, key: &str, content: &[u8]) -> Vec<Vec<u8>> {
        self.seal.map_or_else(|| vec![content.to_vec()], |keys| keys.seal_same(key, content))
    }

    /// How a value is written.
    fn written(&self, key: &str, content: &[u8]) -> Vec<u8> {
        self.forms(key, content).into_iter().next().unwrap_or_else(|| content.to_vec())
    }

    /// What a value says; none if it is not of this deployment.
    fn read(&self, key: &str, stored: &[u8]) -> Option<Vec<u8>> {
        match self.seal {
            Some(keys) => keys.open(key, stored),
            None => Some(stored.to_vec()),
        }
    }
}

fn is_held(value: &[u8]) -> bool {
    value
        .strip_prefix(b"held ")
        .is_some_and(|nonce| nonce.len() == 16 && nonce.iter().all(u8::is_ascii_hexdigit))
}
