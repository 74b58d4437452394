//! Circuit breakers across instances.
//!
//! An instance that opens one notes in the host's store until when; one that has seen nothing of
//! the provider yet, because it was just started, looks there first. So instances that come and go do not
//! each find out for themselves, at the price of ten failures, that a provider is down.

use super::{Client, acquire::CallLimits, call_state::CallState};
use crate::{
    host::Host,
    policy::time::{WallTime, millis},
};
use penstock_state::names;
use std::time::Duration;

/// No breaker is open for longer (`BreakerPolicy::max_hint`).
const LONGEST: Duration = Duration::from_secs(60);

impl<H: Host> Client<H> {
    /// Asks what another instance has found, if this one knows nothing. The store's trouble is none of
    /// the call's.
    pub(crate) async fn hear_of_breaker(&self, state: &CallState<'_>, limits: &CallLimits) {
        let Some(keys) = self.accounts.seal_keys(&state.account, state.retry.deadline()).await else {
            return;
        };
        let name = limits.group.stored_as(names::BREAKER);
        let Ok(Some(sealed)) = self.store.get(&*self.host, &name).await else { return };
        let Some(until) = keys.open(&name, &sealed).and_then(|until| <[u8; 8]>::try_from(until).ok()) else {
            return;
        };
        let left = self.host.wall_now().until(WallTime::from_millis(i64::from_be_bytes(until)));
        let now = self.host.now();
        limits.breaker.hear(now, now + left.min(LONGEST));
    }

    /// Tells the others that the breaker is open for so long.
    pub(crate) async fn tell_of_breaker(&self, state: &CallState<'_>, limits: &CallLimits, open: Duration) {
        if !state.settings.share_limits {
            return;
        }
        let Some(keys) = self.accounts.seal_keys(&state.account, state.retry.deadline()).await else {
            return;
        };
        let name = limits.group.stored_as(names::BREAKER);
        let until = self.host.wall_now().as_millis().saturating_add_unsigned(millis(open));
        let random = [self.host.random(), self.host.random(), self.host.random()];
        if let Some(sealed) = keys.seal(&name, &until.to_be_bytes(), random) {
            // Whoever does not hear of it finds out for itself.
            _ = self.store.set(&*self.host, &name, sealed, Some(open)).await;
        }
    }
}
