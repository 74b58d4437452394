//! One key, and what it may do.

use super::rate::Rate;
use crate::problem::Problem;
use penstock::{
    api_key::KeyHash, call::account_name, codec::Instant, contract::catalogue::Operation,
    policy::time::WallTime, settings::common::Role,
};
use std::collections::BTreeSet;

/// What all tokens are called in counters.
const TOKENS: &str = "oidc:tokens";

/// A key without what proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// What it is called in logs and problem documents.
    pub name: String,
    /// Whether it is no key of the settings, but a bearer token: then there are any number of names.
    pub is_token: bool,
    /// What it may do, within `PENSTOCK_ROLE`.
    pub role: Role,
    /// The accounts that it is for, in lower case; none if it is for all.
    pub accounts: Option<BTreeSet<String>>,
    /// The providers that it is for; none if it is for all.
    pub providers: Option<BTreeSet<String>>,
    /// The modules that it is for, the first part of an operation's name; none if it is for all.
    pub modules: Option<BTreeSet<String>>,
    /// From when on it is refused.
    pub expires: Option<Instant>,
    /// How often it may call, one for each unit at most, the shortest first.
    pub rates: Vec<Rate>,
    /// How often it may call an operation, by the operation's name in the catalogue.
    pub operations: Vec<(&'static str, Rate)>,
}

impl Key {
    /// One of this name that may read everything, for ever.
    #[must_use]
    pub fn named(name: String) -> Key {
        Key {
            name,
            is_token: false,
            role: Role::ReadOnly,
            accounts: None,
            providers: None,
            modules: None,
            expires: None,
            rates: Vec::new(),
            operations: Vec::new(),
        }
    }

    /// One that may do everything, for ever, called by its hash.
    #[must_use]
    pub fn unnamed(hash: &KeyHash) -> Key {
        Key { role: Role::Admin, ..Key::named(hash.short().to_owned()) }
    }

    /// What it is called in counters: all tokens together have one name, which no key of the settings has.
    #[must_use]
    pub fn label(&self) -> &str {
        if self.is_token { TOKENS } else { &self.name }
    }

    /// What it is called in a sentence.
    #[must_use]
    pub fn called(&self) -> String {
        let what = if self.is_token { "token of" } else { "key" };
        format!("the {what} `{}`", self.name)
    }

    /// Whether it is no longer accepted.
    #[must_use]
    pub fn is_expired(&self, now: WallTime) -> bool {
        self.expires.is_some_and(|expires| expires.seconds() <= now.as_millis().div_euclid(1000))
    }

    /// Whether it may look at what is told of all accounts together.
    ///
    /// # Errors
    /// 403, with the restriction that forbids it.
    pub fn may_see_all(&self) -> Result<(), Problem> {
        let restrictions =
            [("providers", &self.providers), ("accounts", &self.accounts), ("modules", &self.modules)];
        match restrictions.iter().find(|(_, restriction)| restriction.is_some()) {
            Some((name, _)) => self.forbid(name, "is not for all accounts"),
            None => Ok(()),
        }
    }

    /// Whether it may administer the gateway: an account of a provider, or all of them.
    ///
    /// # Errors
    /// 403, with the restriction that forbids it.
    pub fn may_administer(&self, of: Option<(&str, &str)>) -> Result<(), Problem> {
        match of {
            Some((provider, account)) => self.is_for(provider, account)?,
            None => self.may_see_all()?,
        }
        if self.modules.is_some() {
            return self.forbid("modules", "is for some modules only");
        }
        self.has_role(Role::Admin, "the administration")
    }

    /// Whether it may call this operation for this account.
    ///
    /// # Errors
    /// 403, with the restriction that forbids it.
    pub fn may(&self, operation: &Operation, account: &str) -> Result<(), Problem> {
        self.is_for(operation.provider, account)?;
        self.has_module(operation)?;
        self.has_role(Role::needed(operation.effect), &format!("`{}`", operation.name))
    }

    /// Whether it is for the operation at all, with whatever role and for whatever account.
    ///
    /// # Errors
    /// 403, with the restriction that forbids it.
    pub fn may_know(&self, operation: &Operation) -> Result<(), Problem> {
        self.has_provider(operation.provider)?;
        self.has_module(operation)
    }

    fn has_provider(&self, provider: &str) -> Result<(), Problem> {
        match lacks(self.providers.as_ref(), provider) {
            true => self.forbid("providers", &format!("is not for the provider {provider}")),
            false => Ok(()),
        }
    }

    fn has_module(&self, operation: &Operation) -> Result<(), Problem> {
        let module = module(operation.name);
        match lacks(self.modules.as_ref(), module) {
            true => self.forbid("modules", &format!("is not for the module {module}")),
            false => Ok(()),
        }
    }

    fn is_for(&self, provider: &str, account: &str) -> Result<(), Problem> {
        self.has_provider(provider)?;
        // What is no name of an account is in no list of them.
        let account = account_name(Some(account)).unwrap_or_default();
        if lacks(self.accounts.as_ref(), &account) {
            return self.forbid("accounts", "is not for this account");
        }
        Ok(())
    }

    fn has_role(&self, needed: Role, what: &str) -> Result<(), Problem> {
        if self.role >= needed {
            return Ok(());
        }
        let why = format!("has the role {}, and {what} needs {}", self.role.name(), needed.name());
        self.forbid("role", &why)
    }

    fn forbid(&self, restriction: &str, why: &str) -> Result<(), Problem> {
        Err(Problem::forbidden(restriction, &format!("{} {why}", self.called())))
    }

    /// The rates in which calls of these operations count, and how many of them in each: `calls`
    /// in those of all operations, which may be more or fewer. Another form of an operation counts
    /// as the operation.
    #[must_use]
    pub fn counted(&self, operations: &[&Operation], calls: u32) -> Vec<Counted> {
        let own = |name: &str| {
            let is_own = |asked: &&&Operation| asked.name == name || asked.variant_of == Some(name);
            u32::try_from(operations.iter().filter(is_own).count()).unwrap_or(u32::MAX)
        };
        let all = self.rates.iter().map(|rate| Counted { operation: None, rate: *rate, calls });
        let of_one = self.operations.iter().map(|(name, rate)| Counted {
            operation: Some(*name),
            rate: *rate,
            calls: own(name),
        });
        all.chain(of_one).filter(|counted| counted.calls > 0).collect()
    }
}

/// So many calls that count in a rate of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Whose rate it is: an operation's, or that of all calls.
    pub operation: Option<&'static str>,
    /// The rate.
    pub rate: Rate,
    /// How many calls.
    pub calls: u32,
}

fn lacks(allowed: Option<&BTreeSet<String>>, asked: &str) -> bool {
    allowed.is_some_and(|allowed| !allowed.contains(asked))
}

/// The module of an operation, by its name.
pub(super) fn module(operation: &str) -> &str {
    operation.split_once('.').map_or(operation, |(module, _)| module)
}

#[cfg(test)]
mod tests {
    use super::*;
    use penstock::contract::catalogue;

    fn key() -> Key {
        Key { role: Role::Admin, ..Key::named("billing".to_owned()) }
    }

    fn set(names: &[&str]) -> Option<BTreeSet<String>> {
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    }

    fn forbids(key: &Key, operation: &str, account: &str) -> Option<String> {
        let operation = catalogue::find("servicetitan", operation).unwrap();
        let document: serde_json::Value =
            serde_json::from_str(&key.may(operation, account).err()?.document()).unwrap();
        assert_eq!(
            (&document["type"], &document["status"]),
            (&"urn:penstock:gateway:forbidden".into(), &403.into())
        );
        assert!(document["detail"].as_str().unwrap().starts_with("the key `billing` "));
        Some(document["fields"][0]["field"].as_str().unwrap().to_owned())
    }

    #[test]
    fn each_restriction_forbids_what_it_does_not_name() {
        assert_eq!(forbids(&key(), "jpm.jobs-list", "north"), None);
        let only = Key { accounts: set(&["north"]), ..key() };
        assert_eq!(forbids(&only, "jpm.jobs-list", "NORTH"), None);
        for other in ["default", "nort", "north ", "", "a b"] {
            assert_eq!(forbids(&only, "jpm.jobs-list", other).as_deref(), Some("accounts"), "{other}");
        }
        let only = Key { providers: set(&["asleep"]), ..key() };
        assert_eq!(forbids(&only, "jpm.jobs-list", "north").as_deref(), Some("providers"));
        let only = Key { modules: set(&["crm"]), ..key() };
        assert_eq!(forbids(&only, "jpm.jobs-list", "north").as_deref(), Some("modules"));
        assert_eq!(forbids(&Key { modules: set(&["jpm"]), ..key() }, "jpm.jobs-list", "north"), None);
    }

    #[test]
    fn each_role_may_what_the_core_says_of_it() {
        for operation in catalogue::operations("servicetitan").unwrap() {
            for role in Role::ALL {
                let allowed = forbids(&Key { role, ..key() }, operation.name, "default").is_none();
                assert_eq!(allowed, role >= Role::needed(operation.effect), "{} {role:?}", operation.name);
            }
        }
    }

    #[test]
    fn a_key_expires_at_the_instant_that_it_names() {
        let key = Key { expires: Instant::parse("2027-01-01"), ..key() };
        let at = |text: &str| WallTime::from_millis(Instant::parse(text).unwrap().seconds() * 1000);
        assert!(!key.is_expired(at("2026-12-31T23:59:59Z")));
        assert!(key.is_expired(at("2027-01-01T00:00:00Z")));
        assert!(!Key { expires: None, ..key }.is_expired(at("2999-01-01")));
    }

    #[test]
    fn an_operation_counts_in_its_own_rates_and_in_those_of_all() {
        let rate = |text| Rate::parse(text).unwrap();
        let key = Key {
            rates: vec![rate("10/s"), rate("100/min")],
            operations: vec![("jpm.jobs-list", rate("5/min"))],
            ..key()
        };
        let counted = |operations: &[&str], calls| {
            let of = |name: &&str| catalogue::find("servicetitan", name).unwrap();
            let operations: Vec<_> = operations.iter().map(of).collect();
            let told = |one: &Counted| format!("{} {:?} {}", one.calls, one.operation, one.rate);
            key.counted(&operations, calls).iter().map(told).collect::<Vec<_>>()
        };
        assert_eq!(counted(&["jpm.jobs-get"], 1), ["1 None 10/s", "1 None 100/min"]);
        let both = ["3 None 10/s", "3 None 100/min", r#"2 Some("jpm.jobs-list") 5/min"#];
        assert_eq!(counted(&["jpm.jobs-page", "jpm.jobs-get", "jpm.jobs-list"], 3), both);
        assert!(counted(&[], 0).is_empty());
    }
}
