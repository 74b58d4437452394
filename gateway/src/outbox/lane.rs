//! The right to hand the events of an entity to a destination: a lease that runs out.

use penstock::host::{Host, HostError};
use std::time::Duration;

/// How long it holds: three times what one delivery may take ([`super::http_delivery`]), so that whoever has it is done
/// before another one gets it.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// A lane that this instance has.
pub(super) struct Lane<'h, H> {
    host: &'h H,
    key: String,
    nonce: Vec<u8>,
}

impl<'h, H: Host> Lane<'h, H> {
    /// Takes it; none while somebody else has it.
    pub(super) async fn take(host: &'h H, key: String) -> Result<Option<Lane<'h, H>>, HostError> {
        let nonce = format!("{:016x}{:016x}", host.random(), host.random()).into_bytes();
        let present = host.state_claim(&key, nonce.clone(), LEASE).await?;
        Ok(present.is_none().then_some(Lane { host, key, nonce }))
    }

    /// Has it for its whole time again. False if it had run out and may be somebody else's.
    pub(super) async fn renew(&self) -> Result<bool, HostError> {
        self.host.state_swap(&self.key, self.nonce.clone(), self.nonce.clone(), LEASE).await
    }

    /// Gives it back. If that fails it runs out.
    pub(super) async fn give_back(self) {
        _ = self.host.state_release(&self.key, self.nonce).await;
    }
}
