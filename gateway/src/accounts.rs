//! Further accounts in one setting, so that a manifest need not declare a variable for each
//! setting of each of them.
//!
//! ```json
//! {"north": {"SERVICETITAN_CLIENT_ID": "…", "SERVICETITAN_CLIENT_SECRET": "…", "SERVICETITAN_TENANT_ID": 77}}
//! ```
//!
//! is `PENSTOCK_ACCOUNT_NORTH_SERVICETITAN_CLIENT_ID` and so on; a variable of that name comes first.

use crate::{pairs::Pairs, settings::ACCOUNTS};
use penstock::{
    call::account_name,
    contract::FieldError,
    host::{Host, HostError},
    policy::{secret::Secret, shown::visible_within},
    providers::{api::Provider, registry},
    settings::of_account,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// What the names of an account's settings begin with.
pub const OF_ACCOUNT: &str = "PENSTOCK_ACCOUNT_";

/// The longest name that is shown, in characters.
const LONGEST_SHOWN: usize = 80;

/// The settings of further accounts, by the names that they have in an environment.
#[derive(Default)]
pub struct Accounts {
    settings: BTreeMap<String, Secret>,
    /// The providers and accounts that they are for, by name. A setting that several providers have says of none
    /// that there is an account.
    of: BTreeSet<(&'static str, String)>,
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Accounts").field(&self.settings.keys()).finish()
    }
}

impl Accounts {
    /// Reads the setting's text.
    ///
    /// # Errors
    /// What is wrong with it, without any value of it: they are secrets.
    pub fn parse(text: &str) -> Result<Accounts, FieldError> {
        let wrong = |message: String| FieldError::new(ACCOUNTS.name, message);
        let accounts: Pairs<Pairs<Value>> = serde_json::from_str(text).map_err(|error| {
            // Where it is no JSON, the error has nothing of the text; else it may quote some.
            wrong(if error.is_data() {
                "must be an object that has an object of settings for each account".to_owned()
            } else {
                format!("is not JSON: {error}")
            })
        })?;
        let mut found = Accounts::default();
        for (account, settings) in accounts.0 {
            let account = account_name(Some(&account)).map_err(|_| {
                wrong(format!(
                    "has the account `{}`, and a name has 1 to 64 letters, digits, - or _",
                    visible_within(&account, LONGEST_SHOWN)
                ))
            })?;
            for (setting, value) in settings.0 {
                let of = |what: &str| {
                    wrong(format!(
                        "has `{}` of `{account}`, which {what}",
                        visible_within(&setting, LONGEST_SHOWN)
                    ))
                };
                let (provider, name) =
                    name(&account, &setting).ok_or_else(|| of("is no setting of an account"))?;
                found.of.extend(provider.map(|provider| (provider, account.clone())));
                let value = match value {
                    Value::String(text) => text,
                    Value::Number(number) => number.to_string(),
                    Value::Bool(switch) => switch.to_string(),
                    Value::Null | Value::Array(_) | Value::Object(_) => return Err(of("must be a text")),
                };
                if found.settings.insert(name, Secret::new(value)).is_some() {
                    return Err(of("is there twice, perhaps in other letters"));
                }
            }
        }
        Ok(found)
    }

    /// The accounts that there are, each with its provider.
    pub fn names(&self) -> impl Iterator<Item = (&'static dyn Provider, &str)> {
        self.of.iter().filter_map(|(provider, account)| Some((registry::find(provider)?, account.as_str())))
    }

    /// The setting of this name; none when it is not there or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(Secret::expose).filter(|value| !value.trim().is_empty())
    }
}

/// Reads the setting from the host.
///
/// # Errors
/// The inner one is what is wrong with it, the outer one the host's own trouble.
pub async fn read<H: Host>(host: &H) -> Result<Result<Accounts, FieldError>, HostError> {
    let text = host.secret(ACCOUNTS.name).await?;
    Ok(text.map_or_else(|| Ok(Accounts::default()), |text| Accounts::parse(text.expose())))
}

/// How a setting of an account is called in an environment, `client_id` as much as
/// `SERVICETITAN_CLIENT_ID`, and whose it is, if it can be only one provider's.
fn name(account: &str, setting: &str) -> Option<(Option<&'static str>, String)> {
    let setting = setting.to_ascii_uppercase();
    let of = |provider: &'static dyn Provider| {
        let [with_provider, short] = of_account(account, &provider.name().to_ascii_uppercase(), "");
        let webhooks = provider.webhooks().map_or(&[][..], |source| source.settings());
        let mut known = provider.settings().iter().chain(webhooks).map(|known| known.name);
        let prefix = format!("{}_", provider.name().to_ascii_uppercase());
        known.find_map(|known| match setting.strip_prefix(&prefix) {
            Some(rest) if rest == known => Some(format!("{with_provider}{known}")),
            _ if setting == known => Some(format!("{short}{known}")),
            _ => None,
        })
    };
    let mut all = registry::all().iter().filter_map(|provider| Some((provider.name(), of(*provider)?)));
    let (provider, name) = all.next()?;
    Some((all.next().is_none().then_some(provider), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        let wrong = Accounts::parse(text).unwrap_err();
        assert_eq!(wrong.field, "PENSTOCK_ACCOUNTS");
        assert!(!wrong.message.contains("canary"), "{}", wrong.message);
        wrong.message
    }

    #[test]
    fn settings_are_found_under_their_names_in_an_environment() {
        let text = r#"{
            "north-east": {"SERVICETITAN_CLIENT_ID": "a", "servicetitan_tenant_id": 77, "rate_limit": "5", "app_key": " "},
            "South": {"ASLEEP_API_KEY": "k", "asleep_api_key_secondary": "l", "SERVICETITAN_WEBHOOK_SECRET": "w"}
        }"#;
        let accounts = Accounts::parse(text).unwrap();
        let expected = [
            ("NORTH_EAST_SERVICETITAN_CLIENT_ID", Some("a")),
            ("NORTH_EAST_SERVICETITAN_TENANT_ID", Some("77")),
            ("NORTH_EAST_RATE_LIMIT", Some("5")),
            ("NORTH_EAST_APP_KEY", None),
            ("SOUTH_ASLEEP_API_KEY", Some("k")),
            ("SOUTH_ASLEEP_API_KEY_SECONDARY", Some("l")),
            ("SOUTH_SERVICETITAN_WEBHOOK_SECRET", Some("w")),
            ("SOUTH_SERVICETITAN_CLIENT_ID", None),
        ];
        for (name, value) in expected {
            assert_eq!(accounts.get(&format!("{OF_ACCOUNT}{name}")), value, "{name}");
        }
        assert!(!format!("{accounts:?}").contains("77"), "{accounts:?}");
        assert!(Accounts::parse("{}").unwrap().settings.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_and_no_value_shown() {
        let object = "must be an object that has an object of settings for each account";
        for text in [r#""canary""#, r#"["canary"]"#, r#"{"north": "canary"}"#, "7"] {
            assert_eq!(wrong(text), object, "{text}");
        }
        for text in ["", "{", r#"{"north": {"CLIENT_ID": "canary}}"#] {
            assert!(wrong(text).starts_with("is not JSON: "), "{text}");
        }
        assert!(wrong(r#"{"no rth": {}}"#).contains("the account `no rth`"));
        let unknown = wrong(r#"{"north": {"CLIENT_IDD": "canary"}}"#);
        assert_eq!(unknown, "has `CLIENT_IDD` of `north`, which is no setting of an account");
        for value in [r#"["canary"]"#, "null", "{}"] {
            let text = format!(r#"{{"north": {{"CLIENT_ID": {value}}}}}"#);
            assert_eq!(wrong(&text), "has `CLIENT_ID` of `north`, which must be a text");
        }
        for twice in [
            r#"{"north": {"CLIENT_ID": "canary", "client_id": "canary"}}"#,
            r#"{"north": {"CLIENT_ID": "canary"}, "NORTH": {"CLIENT_ID": "canary"}}"#,
            r#"{"a-b": {"CLIENT_ID": "canary"}, "a_b": {"CLIENT_ID": "canary"}}"#,
        ] {
            assert!(wrong(twice).contains("twice"), "{twice}");
        }
    }
}
