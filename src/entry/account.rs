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
    let Some(provider) = registry::find(provider) else { return Err(registry::unknown(provider)) };
    let options = call::CallOptions::check(Some(options))?;
    client.tenant_id(provider, &options).await
}
