//! What a token may do, as a key.

use super::{Settings, claims::Claims, refused::Refused};
use crate::keys::{Key, known_modules, known_providers};
use penstock::{call::account_name, codec::Instant, host::hash, settings::common::Role};
use std::collections::BTreeSet;

/// What stands before the subject: no key of the settings has a name with a colon.
const PREFIX: &str = "oidc:";

/// The longest subject that is shown as it is.
const LONGEST_SHOWN: usize = 64;

/// What stands for everything of a kind.
const ALL: &str = "*";

/// The key that a token is.
///
/// # Errors
/// Without a role it is none.
pub(super) fn key(claims: &Claims, settings: &Settings) -> Result<Key, Refused> {
    let name = name(&claims.subject);
    let names = &settings.claims;
    let of_text = |text: &&str| Role::ALL.into_iter().find(|role| role.name() == *text);
    let roles = claims.texts(&names.role);
    let Some(role) = roles.iter().filter_map(of_text).max() else {
        return Err(Refused::NoRole { name, claim: names.role.clone() });
    };
    let account = |text: &str| account_name(Some(text)).ok();
    let listed = |claim: &Option<String>, read: &dyn Fn(&str) -> Option<String>| {
        listed(claims, claim.as_deref(), read)
    };
    Ok(Key {
        role,
        accounts: listed(&names.accounts, &account),
        providers: listed(&names.providers, &|text| {
            known_providers().find(|known| *known == text).map(str::to_owned)
        }),
        modules: listed(&names.modules, &|text| {
            known_modules().find(|known| *known == text).map(str::to_owned)
        }),
        expires: Instant::new(claims.refused_from(), 0),
        rates: settings.rates.clone(),
        is_token: true,
        ..Key::named(name)
    })
}

/// What a claim lists of what is known; none, which is all, where it says so or the settings have no such claim.
fn listed(
    claims: &Claims,
    claim: Option<&str>,
    read: &dyn Fn(&str) -> Option<String>,
) -> Option<BTreeSet<String>> {
    let texts = claims.texts(claim?);
    (!texts.contains(&ALL)).then(|| texts.into_iter().filter_map(read).collect())
}

/// What a token is called in logs, the audit, problem documents and rates: its subject if that is short and plain, or
/// else a part of its hash. It is never a label of a counter.
fn name(subject: &str) -> String {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'@' | b'|');
    if subject.len() <= LONGEST_SHOWN && subject.bytes().all(is_plain) {
        return format!("{PREFIX}{subject}");
    }
    let digits = hash([subject]);
    // As many as nobody finds a second subject for. No plain subject has such a sign.
    format!("{PREFIX}#{}", digits.get(..32).unwrap_or(&digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::settings::tests::settings;
    use penstock::policy::time::WallTime;
    use serde_json::{Value, json};

    fn of(claims: Value, settings: &Settings) -> Result<Key, Refused> {
        let mut all = json!({
            "iss": "https://login.example.com/tenant", "aud": "penstock", "sub": "alice", "exp": 1_763_597_100,
        });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let now = WallTime::from_millis(1_763_596_800_000);
        key(&Claims::read(all.to_string().as_bytes(), settings, now).unwrap(), settings)
    }

    fn names(set: &[&str]) -> Option<BTreeSet<String>> {
        Some(set.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn claims_are_rights_and_what_they_do_not_say_is_none() {
        let settings = settings(&[("PENSTOCK_OIDC_RATE", "5/min|1/s")]);
        let nothing = of(json!({"penstock_role": "operator"}), &settings).unwrap();
        assert_eq!(
            (nothing.role, nothing.is_token, nothing.name.as_str()),
            (Role::Operator, true, "oidc:alice")
        );
        assert_eq!([&nothing.accounts, &nothing.providers, &nothing.modules], [&names(&[]); 3]);
        assert_eq!(nothing.rates.len(), 2);
        assert_eq!(nothing.expires.unwrap().seconds(), 1_763_597_160);
        let some = json!({
            "penstock_role": ["offline_access", "read-only", "admin"],
            "penstock_accounts": ["North", "a b", 7, "south"],
            "penstock_providers": "servicetitan",
            "penstock_modules": ["jpm", "nothing"],
        });
        let some = of(some, &settings).unwrap();
        assert_eq!((some.role, some.accounts), (Role::Admin, names(&["north", "south"])));
        assert_eq!((some.providers, some.modules), (names(&["servicetitan"]), names(&["jpm"])));
        let all = json!({
            "penstock_role": "read-only",
            "penstock_accounts": "*",
            "penstock_providers": ["x", "*"],
            "penstock_modules": ["*"],
        });
        let all = of(all, &settings).unwrap();
        assert_eq!((all.may_see_all().is_ok(), all.role), (true, Role::ReadOnly));
    }

    #[test]
    fn claims_may_have_other_names_and_restrictions_may_be_off() {
        let settings = settings(&[
            ("PENSTOCK_OIDC_ROLE_CLAIM", "https://example.com/roles"),
            ("PENSTOCK_OIDC_ACCOUNTS_CLAIM", "groups"),
            ("PENSTOCK_OIDC_PROVIDERS_CLAIM", "off"),
            ("PENSTOCK_OIDC_MODULES_CLAIM", "off"),
        ]);
        let key =
            of(json!({"https://example.com/roles": ["admin"], "groups": ["north"], "off": "x"}), &settings)
                .unwrap();
        assert_eq!((key.accounts, key.providers, key.modules), (names(&["north"]), None, None));
        let refused = of(json!({"penstock_role": "admin"}), &settings).unwrap_err();
        let claim = "https://example.com/roles".to_owned();
        assert_eq!(refused, Refused::NoRole { name: "oidc:alice".to_owned(), claim });
    }

    #[test]
    fn without_a_role_it_is_no_key() {
        for role in [
            json!({}),
            json!({"penstock_role": "Admin"}),
            json!({"penstock_role": {"admin": true}}),
            json!({"penstock_role": []}),
            json!({"penstock_role": "read-only admin"}),
        ] {
            assert!(matches!(of(role.clone(), &settings(&[])), Err(Refused::NoRole { .. })), "{role}");
        }
    }

    #[test]
    fn a_subject_that_is_long_or_not_plain_is_called_by_its_hash() {
        assert_eq!(name("auth0|5f7c8ec7"), "oidc:auth0|5f7c8ec7");
        let long = "x".repeat(65);
        let strange = ["a b", "a\nb", "a\"b", "a}b", "ä", "#0", "a/b", long.as_str()];
        let called: BTreeSet<_> = strange.iter().map(|subject| name(subject)).collect();
        assert_eq!(called.len(), strange.len());
        for called in called {
            let digits = called.strip_prefix("oidc:#").unwrap();
            assert!(digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{called}");
        }
    }
}
