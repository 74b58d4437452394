//! Handing an event out once.
//!
//! Three keys of the host's store for each event. A *counter*: `increment` gives exactly one
//! caller 1, in every store. A *lease*: who has the event and until when, so that it comes
//! free when its consumer dies. It is written before the counter is touched and only ever
//! swapped afterwards: a swap of a key that exists loses nothing, while one of an absent key
//! may succeed twice. And *done*, which outlives the sender's last retry.
//!
//! What is promised: while a consumer settles an event within its lease, no other consumer
//! gets it, and once it is done nobody does. A consumer that takes longer than its lease may
//! have been taken for dead, and is told so.

use crate::{
    host::{Host, HostError},
    policy::time::WallTime,
};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// How far the clocks of two instances may be apart.
const SKEW: Duration = Duration::from_secs(10);

/// How often a swap is tried again when somebody else was faster.
const TRIES: u32 = 4;

/// The claims of a deployment.
#[derive(Debug)]
pub struct Claims<'h, H> {
    /// The host whose store they are in.
    pub host: &'h H,
    /// How long a consumer may take.
    pub lease: Duration,
    /// How long an event is remembered.
    pub keep: Duration,
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
}

/// Who has an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lease {
    /// Somebody is about to claim it.
    Seed { until: i64 },
    /// The holder of this ticket.
    Held { nonce: u64, until: i64 },
    /// Nobody: the last one gave it back.
    Free,
}

impl Ticket {
    /// Reads what [`Ticket`] prints.
    #[must_use]
    pub fn parse(text: &str) -> Option<Ticket> {
        let (event, nonce) = text.split_once('.')?;
        let whole = event.len() == 64 && event.bytes().all(|digit| digit.is_ascii_hexdigit());
        Some(Ticket { event: whole.then(|| event.to_owned())?, nonce: u64::from_str_radix(nonce, 16).ok()? })
    }
}

impl std::fmt::Display for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:016x}", self.event, self.nonce)
    }
}

impl<H: Host> Claims<'_, H> {
    /// Claims an event, which is known by the texts of `identity` together.
    ///
    /// # Errors
    /// The store's trouble. Nothing was handed out then.
    pub async fn claim(&self, identity: &[&str]) -> Result<Claim, HostError> {
        let event = hash(identity);
        if self.is_done(&event).await? {
            return Ok(Claim::Done);
        }
        let lease_key = key("lease", &event);
        if self.lease(&lease_key).await?.is_none() {
            let seed = Lease::Seed { until: self.until() };
            self.host.state_set(&lease_key, seed.to_bytes(), Some(self.keep)).await?;
        }
        let count = self.host.state_increment(&key("claim", &event), 1, Some(self.keep)).await?;
        let ticket = Ticket { event, nonce: self.host.random() };
        let now = self.host.wall_now().as_millis();
        for _ in 0..TRIES {
            let Some(lease) = self.lease(&lease_key).await? else {
                return Err(HostError::Failed("the store lost a lease".to_owned()));
            };
            let free = match lease {
                // Whoever counts 1 is the one that the seed waits for.
                Lease::Seed { until } => count == 1 || over(until, now),
                Lease::Held { until, .. } => over(until, now),
                Lease::Free => true,
            };
            if !free {
                return Ok(Claim::Taken);
            }
            let held = Lease::Held { nonce: ticket.nonce, until: self.until() };
            if self.swap(&lease_key, lease, held).await? {
                // It may have been handled between the first look and the claim.
                return Ok(if self.is_done(&ticket.event).await? {
                    Claim::Done
                } else {
                    Claim::Ours(ticket)
                });
            }
        }
        Ok(Claim::Taken)
    }

    /// The event is handled: nobody gets it again. False if the lease had run out and
    /// somebody else has got it meanwhile.
    ///
    /// # Errors
    /// The store's trouble: the event may come again.
    pub async fn done(&self, ticket: &Ticket) -> Result<bool, HostError> {
        self.host.state_set(&key("done", &ticket.event), b"1".to_vec(), Some(self.keep)).await?;
        Ok(self.is_ours(self.lease(&key("lease", &ticket.event)).await?, ticket))
    }

    /// The event could not be handled: the next delivery gets it.
    ///
    /// # Errors
    /// The store's trouble: it comes free when the lease is over.
    pub async fn release(&self, ticket: &Ticket) -> Result<(), HostError> {
        let lease_key = key("lease", &ticket.event);
        for _ in 0..TRIES {
            match self.lease(&lease_key).await? {
                Some(lease) if self.is_ours(Some(lease), ticket) => {
                    if self.swap(&lease_key, lease, Lease::Free).await? {
                        return Ok(());
                    }
                }
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    /// A seed that came late stands over the lease of the one who counted 1.
    fn is_ours(&self, lease: Option<Lease>, ticket: &Ticket) -> bool {
        match lease {
            Some(Lease::Held { nonce, .. }) => nonce == ticket.nonce,
            Some(Lease::Seed { .. }) => true,
            Some(Lease::Free) | None => false,
        }
    }

    async fn is_done(&self, event: &str) -> Result<bool, HostError> {
        Ok(self.host.state_get(&key("done", event)).await?.is_some())
    }

    async fn lease(&self, key: &str) -> Result<Option<Lease>, HostError> {
        Ok(self.host.state_get(key).await?.and_then(|bytes| Lease::from_bytes(&bytes)))
    }

    async fn swap(&self, key: &str, from: Lease, to: Lease) -> Result<bool, HostError> {
        self.host.state_swap(key, from.to_bytes(), to.to_bytes(), Some(self.keep)).await
    }

    fn until(&self) -> i64 {
        let lease = i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX);
        self.host.wall_now().as_millis().saturating_add(lease)
    }
}

impl Lease {
    fn to_bytes(self) -> Vec<u8> {
        match self {
            Lease::Seed { until } => format!("seed {until}"),
            Lease::Held { nonce, until } => format!("held {nonce:016x} {until}"),
            Lease::Free => "free".to_owned(),
        }
        .into_bytes()
    }

    /// None for what this version did not write, byte by byte: a swap that expects it as we
    /// would write it would never succeed, and the event would be taken for good.
    fn from_bytes(bytes: &[u8]) -> Option<Lease> {
        let mut words = std::str::from_utf8(bytes).ok()?.split(' ');
        let lease = match words.next()? {
            "seed" => Lease::Seed { until: words.next()?.parse().ok()? },
            "held" => Lease::Held {
                nonce: u64::from_str_radix(words.next()?, 16).ok()?,
                until: words.next()?.parse().ok()?,
            },
            "free" => Lease::Free,
            _ => return None,
        };
        (lease.to_bytes() == bytes).then_some(lease)
    }
}

fn over(until: i64, now: i64) -> bool {
    WallTime::from_millis(until).until(WallTime::from_millis(now)) > SKEW
}

fn key(what: &str, event: &str) -> String {
    format!("penstock/webhook/{what}/{event}")
}

/// Texts of any length and content as a part of a key, each with its length before it, so
/// that `"ab", "c"` and `"a", "bc"` differ.
fn hash(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    base16ct::lower::encode_string(&hash.finalize())
}
