//! An account's credentials: one slot of secrets, or two while they change.

use super::{Accounts, account::Account};
use crate::{
    contract::{Failure, FieldError},
    failure,
    host::{Host, HostError},
    policy::{rotation::Slot, secret::Secret},
    providers::api::Credentials,
    settings::SECONDARY,
};
use futures_util::future::join_all;

/// What the slots hold now.
pub(crate) struct Slots {
    primary: Credentials,
    /// None when it is empty or holds the same as the primary one.
    secondary: Option<Credentials>,
}

impl Slots {
    /// Whether there is a choice.
    pub(crate) fn are_two(&self) -> bool {
        self.secondary.is_some()
    }

    /// What they hold, the primary one first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Credentials> {
        [&self.primary].into_iter().chain(&self.secondary)
    }

    /// The first slot, beginning with `first`, whose credentials were not refused yet.
    pub(crate) fn next(self, first: Slot, refused: &[&Credentials]) -> Option<(Slot, Credentials)> {
        let mut slots = vec![(Slot::Primary, self.primary)];
        slots.extend(self.secondary.map(|secondary| (Slot::Secondary, secondary)));
        if first == Slot::Secondary {
            slots.reverse();
        }
        slots.into_iter().find(|(_, known)| !refused.iter().any(|refused| refused.same_as(known)))
    }
}

impl<H: Host> Accounts<H> {
    /// Reads the account's secrets afresh.
    ///
    /// The secondary slot takes from the primary one what it does not hold itself.
    pub(crate) async fn slots(&self, account: &Account) -> Result<Slots, Failure> {
        let table = account.provider.settings();
        let has = |name: &str| table.iter().any(|setting| setting.name == name);
        let (mut primary, mut secondary, mut two) = (Vec::new(), Vec::new(), false);
        let secrets: Vec<_> =
            table.iter().filter(|setting| setting.secret && !setting.name.ends_with(SECONDARY)).collect();
        let names =
            |name: &str| account.provider.setting_names(name, &account.name, &account.site.environment);
        let found = join_all(secrets.iter().map(|setting| {
            let doubled = has(&format!("{}{SECONDARY}", setting.name));
            self.first_secret(names(setting.name), doubled)
        }));
        for (setting, found) in secrets.iter().zip(found.await) {
            match found {
                Ok(Some((first, second))) => {
                    two |= second.is_some();
                    secondary.push((setting.name, second.unwrap_or_else(|| first.clone())));
                    primary.push((setting.name, first));
                }
                Ok(None) => {
                    let field = names(setting.name).into_iter().next().unwrap_or_default();
                    let missing = FieldError::new(field, "is not set");
                    return Err(failure::configuration(vec![missing]));
                }
                Err(error) => return Err(failure::host("reading secrets", &error)),
            }
        }
        let (primary, secondary) = (Credentials::new(primary), Credentials::new(secondary));
        let secondary = (two && !secondary.same_as(&primary)).then_some(secondary);
        Ok(Slots { primary, secondary })
    }

    /// The secret under the first of these names that has one, and the second one next to
    /// it. One under another name might be another tenant's or another environment's.
    async fn first_secret(
        &self,
        names: Vec<String>,
        doubled: bool,
    ) -> Result<Option<(Secret, Option<Secret>)>, HostError> {
        for name in &names {
            // The second one first: whoever moves it to the primary slot meanwhile writes
            // that one before this one is gone, so it is found in either.
            let second = match doubled {
                true => match self.trimmed(&format!("{name}{SECONDARY}")).await {
                    // A host that denies all names but those that it expects.
                    Err(HostError::Denied(_)) => None,
                    second => second?,
                },
                false => None,
            };
            if let Some(first) = self.trimmed(name).await? {
                return Ok(Some((first, second)));
            }
        }
        Ok(None)
    }

    async fn trimmed(&self, name: &str) -> Result<Option<Secret>, HostError> {
        // A mounted file often ends with a newline.
        let secret = self.host.secret(name).await?;
        Ok(secret.map(|secret| Secret::new(secret.expose().trim().to_owned())))
    }
}
