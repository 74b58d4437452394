//! What is known of an account before anything is called.

use crate::{
    call,
    client::Client,
    contract::{CallOptions, Failure},
    host::Host,
    providers::registry,
};

/// What the account of these options is called at the provider: what stands for `{tenant}` in paths.
///
/// # Errors
/// An unknown provider, a name that is no account's, settings that are incomplete, and the host's own
/// trouble.
pub async fn tenant_id<H: Host>(
    client: &Client<H>,
    provider: &str,
    options: &CallOptions,
) -> Result<String, Failure> {
    let provider = registry::known(provider)?;
    let options = call::CallOptions::check(Some(options))?;
    client.tenant_id(provider, &options).await
}

/// Whether an account is more than a name: the default one is, and any other that has a setting of its own.
///
/// # Errors
/// An unknown provider, a name that is no account's, and the host's own trouble.
pub async fn is_known<H: Host>(client: &Client<H>, provider: &str, account: &str) -> Result<bool, Failure> {
    let provider = registry::known(provider)?;
    let name = call::account_name(Some(account))?;
    if name == call::DEFAULT_ACCOUNT {
        return Ok(true);
    }
    client.has_settings_of(provider, &name).await
}

/// Seals a content for an account: only who has its secrets can make or read it. `purpose` tells it from what
/// is sealed for something else.
///
/// # Errors
/// An unknown provider, a name that is no account's, settings that are incomplete, and the host's own
/// trouble.
pub async fn seal<H: Host>(
    client: &Client<H>,
    (provider, account): (&str, &str),
    purpose: &str,
    content: &[u8],
) -> Result<Vec<u8>, Failure> {
    client.seal((registry::known(provider)?, account), purpose, content).await
}

/// What was sealed for the same account and purpose; none if it was not, or the account's secrets have
/// changed since.
///
/// # Errors
/// Those of [`seal`].
pub async fn unseal<H: Host>(
    client: &Client<H>,
    (provider, account): (&str, &str),
    purpose: &str,
    sealed: &[u8],
) -> Result<Option<Vec<u8>>, Failure> {
    client.unseal((registry::known(provider)?, account), purpose, sealed).await
}
