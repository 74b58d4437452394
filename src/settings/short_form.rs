//! The short form of an account's setting, `PENSTOCK_ACCOUNT_NORTH_RATE_LIMIT`: refused where it
//! could be meant for either of two providers that have an account of that name.

use super::{SECONDARY, Values, of_account};
use crate::{
    contract::FieldError,
    host::{Host, HostError},
};
use futures_util::future::try_join_all;

/// The providers as they are written in names of settings, each with the credential without
/// which it has no account. All of them, also those that this build leaves out: the host's
/// settings may be for several components.
const PROVIDERS: [(&str, &str); 2] = [("SERVICETITAN", "CLIENT_ID"), ("ASLEEP", "API_KEY")];

/// The names, secondary slots aside, that more than one provider has a setting of.
const SHARED: [&str; 7] = [
    "API_ENVIRONMENT",
    "CREDENTIALS_ISSUED_AT",
    "RATE_LIMIT",
    "WEBHOOK_ENCODING",
    "WEBHOOK_HEADER",
    "WEBHOOK_SCHEME",
    "WEBHOOK_SECRET",
];

/// Those of `values` that were found under a short form that may be meant for another provider.
///
/// # Errors
/// The host's own trouble.
pub async fn ambiguous<H: Host>(
    host: &H,
    provider: &str,
    account: &str,
    values: &Values,
) -> Result<Vec<FieldError>, HostError> {
    let provider = provider.to_ascii_uppercase();
    let short: Vec<_> = values
        .found()
        .filter(|(setting, _)| SHARED.contains(&setting.strip_suffix(SECONDARY).unwrap_or(setting)))
        .map(|(setting, name)| (name, of_account(account, &provider, setting)))
        .filter(|(name, [_, short])| name == short)
        .collect();
    if short.is_empty() {
        return Ok(Vec::new());
    }
    let others = PROVIDERS.iter().filter(|(other, _)| *other != provider);
    let marks = others.flat_map(|(other, credential)| of_account(account, other, credential));
    let found = try_join_all(marks.map(|name| has_secret(host, name))).await?;
    if !found.contains(&true) {
        return Ok(Vec::new());
    }
    let refused = short.into_iter().map(|(name, [with_provider, _])| {
        let message = format!(
            "may be meant for either of the vendors with an account `{account}`: set {with_provider}"
        );
        FieldError::new(name, message)
    });
    Ok(refused.collect())
}

async fn has_secret<H: Host>(host: &H, name: String) -> Result<bool, HostError> {
    match host.secret(&name).await {
        Ok(secret) => Ok(secret.is_some_and(|secret| !secret.expose().trim().is_empty())),
        // A host that denies all names but those that it expects.
        Err(HostError::Denied(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(all(test, feature = "all"))]
mod tests {
    use super::*;
    use crate::providers::registry;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_shared_is_what_several_providers_have() {
        let mut owners = BTreeMap::<&str, usize>::new();
        for provider in registry::all() {
            let webhooks = provider.webhooks().map(|webhooks| webhooks.settings()).unwrap_or_default();
            for setting in provider.settings().iter().chain(webhooks) {
                if !setting.name.ends_with(SECONDARY) {
                    *owners.entry(setting.name).or_default() += 1;
                }
            }
        }
        let shared: Vec<_> =
            owners.into_iter().filter(|(_, owners)| *owners > 1).map(|(name, _)| name).collect();
        assert_eq!(shared, SHARED);
    }

    #[test]
    fn every_provider_has_a_credential_of_its_own() {
        let known: Vec<_> =
            registry::all().iter().map(|provider| provider.name().to_ascii_uppercase()).collect();
        assert_eq!(known, PROVIDERS.map(|(name, _)| name));
        for (provider, (_, credential)) in registry::all().iter().zip(PROVIDERS) {
            let setting = provider.settings().iter().find(|setting| setting.name == credential);
            assert!(setting.is_some_and(|setting| setting.required && setting.secret), "{credential}");
        }
    }
}
