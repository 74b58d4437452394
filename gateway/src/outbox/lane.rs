//! The right to hand the events of an entity to a destination: a lease that runs out.

use penstock::{
    host::{Host, HostError, timeout},
    policy::time::Tick,
};
use std::{cell::Cell, pin::pin, time::Duration};

/// How long it holds unless it is renewed: so long do events of an entity wait when whoever handed them on has died.
const LEASE: Duration = Duration::from_secs(15);

/// When it is renewed. A store that is away for a moment costs nobody the lane.
const RENEWED: Duration = Duration::from_secs(4);

/// When that is tried again, if the store is away.
const AGAIN: Duration = Duration::from_secs(1);

/// How long before its end it is not relied on any more: whoever has it is done before another one gets it.
const MARGIN: Duration = Duration::from_secs(3);

const _: () = assert!(RENEWED.as_secs() * 2 + MARGIN.as_secs() < LEASE.as_secs());

/// A lane that this instance has.
pub(super) struct Lane<'h, H> {
    host: &'h H,
    key: String,
    nonce: Vec<u8>,
    /// When it was asked for, or for more time.
    since: Cell<Tick>,
}

impl<'h, H: Host> Lane<'h, H> {
    /// Takes it; none while somebody else has it.
    pub(super) async fn take(host: &'h H, key: String) -> Result<Option<Lane<'h, H>>, HostError> {
        let nonce = format!("{:016x}{:016x}", host.random(), host.random()).into_bytes();
        let since = Cell::new(host.now());
        let present = host.state_claim(&key, nonce.clone(), LEASE).await?;
        Ok(present.is_none().then_some(Lane { host, key, nonce, since }))
    }

    /// Whether this instance still has it, for a while at least.
    pub(super) async fn is_held(&self) -> bool {
        self.age() < RENEWED || self.renew().await.unwrap_or(false)
    }

    /// Does some work as long as this instance has the lane, which is renewed meanwhile. None once it may be somebody
    /// else's: the work is dropped then, or what came of it.
    pub(super) async fn hold<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let mut wait = RENEWED.saturating_sub(self.age());
        loop {
            let done = timeout(self.host, wait, work.as_mut()).await;
            let is_sure = self.age() < LEASE - MARGIN;
            if done.is_some() && is_sure {
                return done;
            }
            wait = match self.renew().await {
                Ok(true) if done.is_some() => return done,
                Ok(true) => RENEWED,
                Err(_) if is_sure => AGAIN,
                Ok(false) | Err(_) => return None,
            };
        }
    }

    /// Has it for its whole time again. False if it had run out and may be somebody else's.
    async fn renew(&self) -> Result<bool, HostError> {
        let since = self.host.now();
        let is_ours = self.host.state_swap(&self.key, self.nonce.clone(), self.nonce.clone(), LEASE).await?;
        if is_ours {
            self.since.set(since);
        }
        Ok(is_ours)
    }

    fn age(&self) -> Duration {
        self.host.now().since(self.since.get())
    }

    /// Gives it back. If that fails it runs out.
    pub(super) async fn give_back(self) {
        _ = self.host.state_release(&self.key, self.nonce).await;
    }
}
