use std::collections::BTreeSet;

use futures_util::future::BoxFuture;

use super::{HostError, Secret, Source};

/// Names that belong to Penstock and its providers by how they begin.
const PREFIXES: [&str; 3] = ["ASLEEP_", "PENSTOCK_", "SERVICETITAN_"];

/// Settings with general names. They keep the names that operators know from the
/// providers' other clients.
const NAMES: [&str; 11] = [
    "APP_ENV",
    "BATCH_SIZE",
    "ENABLE_CACHING",
    "ENABLE_METRICS",
    "ENABLE_WEBHOOKS",
    "ENVIRONMENT",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "MAX_CONNECTIONS",
    "REQUEST_TIMEOUT",
    "RETRY_ATTEMPTS",
];

/// How names begin that are the embedding's: what it asks a secret manager with.
const DENIED: [&str; 3] = ["PENSTOCK_AWS_", "PENSTOCK_AZURE_", "PENSTOCK_VAULT_"];

/// Answers only for some names. A process's environment holds more than the
/// component should see, so everything else is denied.
#[derive(Clone, Debug)]
pub struct Allowed<S> {
    source: S,
    more: BTreeSet<String>,
}

impl<S: Source> Allowed<S> {
    /// The names that the component has use for.
    #[must_use]
    pub fn known(source: S) -> Self {
        Self { source, more: BTreeSet::new() }
    }

    /// One name more.
    #[must_use]
    pub fn and(mut self, name: impl Into<String>) -> Self {
        self.more.insert(name.into());
        self
    }

    fn allows(&self, name: &str) -> bool {
        let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
        NAMES.contains(&name) || begins(&PREFIXES) && !begins(&DENIED) || self.more.contains(name)
    }
}

impl<S: Source> Source for Allowed<S> {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
        if self.allows(name) {
            return self.source.get(name);
        }
        Box::pin(async move { Err(HostError::Denied(format!("{name} is not a name of Penstock's"))) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{Map, exposed};

    #[test]
    fn every_setting_of_the_core_is_known() {
        let allowed = Allowed::known(Map::default());
        for setting in penstock::settings::common::SETTINGS {
            assert!(allowed.allows(setting.name), "{}", setting.name);
        }
        for setting in penstock::providers::servicetitan::settings::SETTINGS {
            for account in ["default", "north"] {
                for name in
                    penstock::providers::servicetitan::settings::names(setting.name, account, "integration")
                {
                    assert!(allowed.allows(&name), "{name}");
                }
            }
        }
    }

    #[tokio::test]
    async fn foreign_names_are_denied() {
        let all =
            Map::new([("SERVICETITAN_CLIENT_ID", "cid"), ("AWS_SECRET_ACCESS_KEY", "k"), ("MINE", "m")]);
        let allowed = Allowed::known(all.clone());
        assert_eq!(exposed(allowed.get("SERVICETITAN_CLIENT_ID").await), Ok(Some("cid".into())));
        assert!(matches!(allowed.get("AWS_SECRET_ACCESS_KEY").await, Err(HostError::Denied(_))));
        assert!(matches!(allowed.get("MINE").await, Err(HostError::Denied(_))));
        assert!(matches!(allowed.get("PENSTOCK_VAULT_SECRET_ID").await, Err(HostError::Denied(_))));
        assert_eq!(exposed(Allowed::known(all).and("MINE").get("MINE").await), Ok(Some("m".into())));
    }
}
