//! The end of an embedder that does not wait for writes of which nothing took effect.

use serde_json::Value;

use super::Plugin;
use crate::bindings::types::Outcome;

impl Plugin {
    /// Sends nothing more, if none of the writes under way may have taken effect: they wait for a token, a
    /// permit or their next attempt. The outcome is `not-sent` if nothing was sent of any of them, and
    /// `not-applied` if the provider refused one that was to be sent again.
    ///
    /// None, and all goes on, if one may have taken effect, or if the component does not say. Once nothing
    /// is sent any more, nothing of all that share the [`Outbound`](crate::http::Outbound) is.
    pub async fn stop_unsent(&self) -> Option<Outcome> {
        // First: what is not sent by now is not sent while the component is asked.
        let held = self.outbound.hold();
        let snapshot: Value = serde_json::from_str(&self.snapshot().await.ok()?).ok()?;
        let count = |stage| snapshot.get("writes")?.get(stage)?.as_u64();
        let (refused, in_doubt) = (count("notApplied")?, count("inDoubt")?);
        if in_doubt > 0 {
            return None;
        }
        held.for_good();
        Some(if refused > 0 { Outcome::NotApplied } else { Outcome::NotSent })
    }
}
