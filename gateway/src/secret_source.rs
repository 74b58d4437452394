//! How it stands with the secret manager that the host takes secrets from.

use crate::settings::SECRET_SOURCE;
use penstock::host::Host;
use serde::Deserialize;

/// What the host says of it.
#[derive(Debug, Default, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretSource {
    /// How it is called: `Vault at https://vault.example.com`.
    pub manager: String,
    /// How long ago the oldest was fetched of what is in use, in seconds.
    pub age_seconds: Option<u64>,
    /// Why nothing newer can be had.
    pub trouble: Option<String>,
}

/// What the host says of its secret manager; none if it says nothing that can be read, as Spin does.
pub async fn read<H: Host>(host: &H) -> Option<SecretSource> {
    serde_json::from_str(&host.setting(SECRET_SOURCE.name).await.ok()??).ok()
}
