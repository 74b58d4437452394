//! Reads settings from the host, and gathers everything that is wrong.

use super::{Setting, kind, of_account};
use crate::{
    contract::FieldError,
    host::{Host, HostError},
    policy::{secret::Secret, time::WallTime},
};
use futures_util::future::try_join_all;
use litemap::LiteMap;

/// Checked values by setting name. Secrets are not kept here: that they exist, and under which
/// name, is all that is known.
#[derive(Debug, Default)]
pub struct Values(LiteMap<&'static str, Found>);

#[derive(Debug)]
struct Found {
    /// None of a secret.
    value: Option<String>,
    /// Under which name; none for a default.
    name: Option<String>,
}

impl Values {
    /// Values of settings that were read and checked elsewhere. None of them is a secret.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = (&'static str, String)>) -> Values {
        let found = |value| Found { value: Some(value), name: None };
        Values(values.into_iter().map(|(name, value)| (name, found(value))).collect())
    }

    /// The value of a setting that has one.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.value.as_deref()
    }

    /// The settings that the host has, each with the name under which it does.
    pub fn found(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().filter_map(|(setting, found)| Some((*setting, found.name.as_deref()?)))
    }

    /// The name under which the host has it; none for a default.
    #[must_use]
    pub fn found_as(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.name.as_deref()
    }

    /// The value of an integer setting. Checked values parse; 0 stands for none.
    #[must_use]
    pub fn integer(&self, name: &str) -> u64 {
        self.text(name).and_then(|value| value.parse().ok()).unwrap_or_default()
    }

    /// The value of a time setting that has one.
    #[must_use]
    pub fn time(&self, name: &str) -> Option<WallTime> {
        kind::time(self.text(name)?)
    }

    /// Takes over the values of another table.
    pub fn extend(&mut self, other: Values) {
        for (name, found) in other.0 {
            self.0.insert(name, found);
        }
    }

    /// Whether a switch is on.
    #[must_use]
    pub fn switch(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }
}

/// Reads every setting of a table. `names` gives the names under which a setting is
/// looked for, the first of which is the one to complain about.
///
/// # Errors
/// The host's own trouble. What is missing or malformed is the inner list, all of
/// it at once.
pub async fn read<H: Host>(
    host: &H,
    table: &[&Setting],
    names: &dyn Fn(&Setting) -> Vec<String>,
) -> Result<(Values, Vec<FieldError>), HostError> {
    // All at once: a host may need its time for each.
    let found = try_join_all(table.iter().map(|&setting| find(host, setting, names(setting)))).await?;
    let mut values = Values::default();
    let mut wrong = Vec::new();
    for (&setting, found) in table.iter().zip(found) {
        match found {
            Lookup::Found(Ok(value)) => {
                values.0.insert(setting.name, value);
            }
            Lookup::Found(Err(malformed)) => wrong.push(malformed),
            Lookup::Missing(name) => match setting.default {
                Some(default) => {
                    values.0.insert(setting.name, Found { value: Some(default.to_owned()), name: None });
                }
                None if setting.required => {
                    let absent = host.absent(&name);
                    wrong.push(FieldError::new(name, absent));
                }
                None => {}
            },
        }
    }
    Ok((values, wrong))
}

/// Whether the host has any setting of the account's own, well-formed or not. The default account has
/// none that are another's as well.
///
/// # Errors
/// The host's own trouble.
pub async fn has_any_of<H: Host>(
    host: &H,
    table: &[&Setting],
    (provider, account): (&str, &str),
) -> Result<bool, HostError> {
    let provider = provider.to_ascii_uppercase();
    // None that must be there: a host that denies the name has it not.
    let table: Vec<_> = table.iter().map(|&setting| Setting { required: false, ..*setting }).collect();
    let names = |setting: &Setting| of_account(account, &provider, setting.name).to_vec();
    let looked_for = table.iter().map(|setting| find(host, setting, names(setting)));
    Ok(try_join_all(looked_for).await?.iter().any(|found| matches!(found, Lookup::Found(_))))
}

/// What a host has under the names of a setting.
enum Lookup {
    /// What it has, or what is wrong with it.
    Found(Result<Found, FieldError>),
    /// Nothing; the first name.
    Missing(String),
}

/// The first of these names under which the host has something.
async fn find<H: Host>(host: &H, setting: &Setting, names: Vec<String>) -> Result<Lookup, HostError> {
    for name in &names {
        let value = match setting.secret {
            true => secret(host, setting, name).await?.map(|secret| {
                // The copy is wiped at once.
                checked(setting, secret.expose()).map(|copy| drop(Secret::new(copy))).map(|()| None)
            }),
            false => host.setting(name).await?.map(|value| checked(setting, &value).map(Some)),
        };
        if let Some(value) = value {
            let found = value.map(|value| Found { value, name: Some(name.clone()) });
            return Ok(Lookup::Found(found.map_err(|message| FieldError::new(name.clone(), message))));
        }
    }
    Ok(Lookup::Missing(names.into_iter().next().unwrap_or_default()))
}

/// A host may know exactly which secrets are read and deny all other names: it has none
/// of those that need not be there.
async fn secret<H: Host>(host: &H, setting: &Setting, name: &str) -> Result<Option<Secret>, HostError> {
    match host.secret(name).await {
        Err(HostError::Denied(_)) if !setting.required => Ok(None),
        answer => answer,
    }
}

/// The value as it is kept, or what is wrong with it. Space around it, such as the
/// newline at the end of a mounted file, is not part of it.
fn checked(setting: &Setting, value: &str) -> Result<String, String> {
    setting.kind.check(value.trim())
}
