//! Keys as they are written, checked: all that is wrong is named by key and field, and no value shown.

use super::{
    Key, Rate,
    entries::{Entry, HASH},
    key::module,
};
use crate::settings::API_KEYS;
use penstock::{
    api_key::KeyHash,
    call::account_name,
    codec::Instant,
    contract::{FieldError, catalogue},
    settings::common::Role,
};
use std::collections::BTreeSet;

/// The longest name of a key.
const LONGEST_NAME: usize = 64;

/// The longest name of an unknown field that is shown.
const LONGEST_SHOWN: usize = 20;

const FIELDS: &str = "hash, role, accounts, providers, modules, expires, rate and operations";

/// Checks one key; what is wrong is added to `wrong`, and then it is none.
pub(super) fn check(number: usize, entry: Entry, wrong: &mut Vec<FieldError>) -> Option<(KeyHash, Key)> {
    let before = wrong.len();
    let called = if is_name(&entry.name) {
        format!("the key `{}`", entry.name)
    } else {
        let form = format!(
            "has as number {number} a key whose name is not 1 to {LONGEST_NAME} letters, digits, ., - or _, or begins with pk_"
        );
        wrong.push(FieldError::new(API_KEYS.name, form));
        format!("key number {number}")
    };
    let mut complain = |field: &str, why: &str| {
        // What does not look like a field may be a secret in the wrong place.
        let looks_like_one =
            field.len() <= LONGEST_SHOWN && field.bytes().all(|byte| byte.is_ascii_alphabetic());
        let field = if looks_like_one { field } else { "..." };
        wrong.push(FieldError::new(API_KEYS.name, format!("has {called}, whose `{field}` {why}")));
    };
    let mut key = Key::named(entry.name);
    let mut hash = None;
    let mut seen = BTreeSet::new();
    for (field, values) in entry.fields {
        if !seen.insert(field.clone()) {
            complain(&field, "is there twice");
            continue;
        }
        let read = match field.as_str() {
            HASH => single(&values)
                .and_then(KeyHash::parse)
                .map(|read| hash = Some(read))
                .ok_or("is not sha256: and 64 hexadecimal digits".to_owned()),
            _ => set(&mut key, &field, &values),
        };
        if let Err(why) = read {
            complain(&field, &why);
        }
    }
    if !seen.contains(HASH) {
        complain(HASH, "is missing");
    }
    hash.filter(|_| wrong.len() == before).map(|hash| (hash, key))
}

/// Letters, digits, dots, hyphens and underscores; what begins as a key of ours may be one, in the wrong place.
fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(fits) && !name.starts_with("pk_")
}

fn set(key: &mut Key, field: &str, values: &[String]) -> Result<(), String> {
    match field {
        "role" => {
            let named = |text: &str| Role::ALL.into_iter().find(|role| role.name() == text);
            key.role = single(values).and_then(named).ok_or("is not read-only, operator or admin")?;
        }
        "accounts" => {
            let account = |name: &String| account_name(Some(name)).ok();
            key.accounts = Some(several(values, account, "a name of 1 to 64 letters, digits, - or _")?);
        }
        "providers" => {
            let known = |name: &String| known_providers().find(|known| known == name).map(str::to_owned);
            key.providers = Some(several(values, known, "a provider that is known here")?);
        }
        "modules" => {
            let known = |name: &String| known_modules().find(|known| known == name).map(str::to_owned);
            key.modules = Some(several(values, known, "a module that is known here")?);
        }
        "expires" => {
            let form = "is neither a date nor an instant of RFC 3339";
            key.expires = Some(single(values).and_then(Instant::parse).ok_or(form)?);
        }
        "rate" => key.rates = Rate::several(values)?,
        "operations" => key.operations = rates_of_operations(values)?,
        _ => return Err(format!("is unknown: there are {FIELDS}")),
    }
    Ok(())
}

/// The providers that a key can be for.
pub(crate) fn known_providers() -> impl Iterator<Item = &'static str> {
    catalogue::providers()
}

/// The modules that a key can be for, some of them several times.
pub(crate) fn known_modules() -> impl Iterator<Item = &'static str> {
    operations().map(|operation| module(operation.name))
}

fn operations() -> impl Iterator<Item = &'static catalogue::Operation> {
    catalogue::providers().filter_map(catalogue::operations).flatten()
}

fn single(values: &[String]) -> Option<&str> {
    match values {
        [value] => Some(value.trim()),
        _ => None,
    }
}

/// A list that has something, each of it good and once.
pub(super) fn several<T: Ord>(
    values: &[String],
    read: impl Fn(&String) -> Option<T>,
    form: &str,
) -> Result<BTreeSet<T>, String> {
    let mut found = BTreeSet::new();
    for (number, value) in (1..).zip(values) {
        let value = read(value).ok_or_else(|| format!("has as number {number} what is not {form}"))?;
        if !found.insert(value) {
            return Err(format!("has as number {number} what it has already"));
        }
    }
    if found.is_empty() { Err("is empty".to_owned()) } else { Ok(found) }
}

fn rates_of_operations(values: &[String]) -> Result<Vec<(&'static str, Rate)>, String> {
    let read = |text: &String| {
        let (name, rate) = text.split_once(':')?;
        let name = name.trim();
        let known = operations().find(|known| known.name == name || known.alias == Some(name))?;
        Some((known.name, Rate::parse(rate)?))
    };
    let read = several(values, read, "an operation that is known here and its rate, jpm.jobs-list:5/min")?;
    let rates: Vec<_> = read.into_iter().collect();
    let alike = |one: &(&str, Rate), other: &(&str, Rate)| (one.0, one.1.unit) == (other.0, other.1.unit);
    if rates.windows(2).any(|pair| matches!(pair, [one, other] if alike(one, other))) {
        return Err("has two rates of one operation for one unit of time".to_owned());
    }
    Ok(rates)
}
