//! What alarms watch of all this, in the Prometheus text format.

use super::Checkup;
use crate::readiness::Readiness;
use penstock::client::Exposition;

/// The gauges of `/metrics` that are no counts of this instance: whether it is ready, whether the store that instances
/// share and the secret manager can be used, and how much is in the outbox. What is not known has no sample.
#[must_use]
pub fn gauges(is_ready: bool, readiness: &Readiness, checkup: &Checkup) -> String {
    let mut text = Exposition::default();
    text.single("gateway_ready", "gauge", "Whether calls can be made.", u8::from(is_ready));
    if let Some(answers) = readiness.shared_state {
        let of = "Whether the store that instances share can be used.";
        text.single("shared_state_available", "gauge", of, u8::from(answers));
    }
    if let Some(source) = &readiness.secrets {
        let of = "Whether the secret manager gives what it is asked for.";
        text.single("secret_source_available", "gauge", of, u8::from(source.trouble.is_none()));
        let of = "How long ago the oldest secret in use was fetched.";
        text.single("secret_source_age_seconds", "gauge", of, source.age_seconds.unwrap_or_default());
    }
    checkup.outbox_gauges(&mut text);
    text.into_text()
}
