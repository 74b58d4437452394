use std::time::Duration;

use serde_json::json;

/// The name by which a [`Managed`](super::Managed) says how it stands: for `/ready`, `/health` and the metrics of the
/// gateway, and for `penstock doctor`.
pub const STANDING: &str = "PENSTOCK_SECRET_SOURCE";

/// How it stands with a secret manager.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// Which one.
    pub manager: String,
    /// How long ago the oldest of what is served was fetched; none before anything was.
    pub since: Option<Duration>,
    /// Why it cannot be fetched again, or at all. No secret.
    pub trouble: Option<String>,
}

impl Standing {
    /// An object in JSON with `manager`, `ageSeconds` and `trouble`.
    pub(super) fn document(&self) -> String {
        json!({
            "manager": self.manager,
            "ageSeconds": self.since.map(|since| since.as_secs()),
            "trouble": self.trouble,
        })
        .to_string()
    }
}
