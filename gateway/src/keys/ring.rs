//! All keys that are accepted.

use super::{Key, checked, entries};
use crate::settings::{API_KEY_HASH, API_KEYS};
use penstock::{
    api_key::{Hashes, KeyHash},
    contract::FieldError,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// The keys, each beside its hash.
#[derive(Debug, Clone, Default)]
pub struct KeyRing {
    hashes: Hashes,
    keys: Vec<Rc<Key>>,
}

impl KeyRing {
    /// Reads both settings, `PENSTOCK_API_KEYS` and `PENSTOCK_API_KEY_HASH`, of which one at least
    /// must be there. `absent` is what the host says of one that is not.
    ///
    /// # Errors
    /// All that is wrong with them, by key and field, without any value.
    pub fn parse(
        named: Option<&str>,
        hashes: Option<&str>,
        absent: &str,
    ) -> Result<KeyRing, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut found = Vec::new();
        if named.is_none() && hashes.is_none() {
            let why = format!("{absent}, and neither is {}: one of them is needed", API_KEYS.name);
            return Err(vec![FieldError::new(API_KEY_HASH.name, why)]);
        }
        if let Some(text) = named {
            match entries::read(text) {
                Ok(entries) if entries.is_empty() => {
                    wrong.push(FieldError::new(API_KEYS.name, "has no key"));
                }
                Ok(entries) => {
                    let all = (1..).zip(entries);
                    found.extend(all.filter_map(|(number, entry)| checked::check(number, entry, &mut wrong)));
                }
                Err(why) => wrong.push(FieldError::new(API_KEYS.name, why)),
            }
        }
        refuse_twice(&found, &mut wrong);
        match hashes.map(Hashes::parse).transpose() {
            Ok(hashes) => {
                let further = unnamed(&hashes.unwrap_or_default(), &found, &mut wrong);
                found.extend(further);
            }
            Err(error) => wrong.push(FieldError::new(API_KEY_HASH.name, error.to_string())),
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let (hashes, keys): (Vec<_>, Vec<_>) =
            found.into_iter().map(|(hash, key)| (hash, Rc::new(key))).unzip();
        Ok(KeyRing { hashes: hashes.into_iter().collect(), keys })
    }

    /// The key of this hash, `sha256:…`.
    #[must_use]
    pub fn of_hash(&self, hash: &str) -> Option<Rc<Key>> {
        let index = self.hashes.iter().position(|known| known.as_str() == hash)?;
        self.keys.get(index).map(Rc::clone)
    }

    /// The key that is presented. Takes the same time whichever it is, and if it is none.
    #[must_use]
    pub fn find(&self, presented: &str) -> Option<Rc<Key>> {
        self.hashes.find(presented).and_then(|index| self.keys.get(index)).map(Rc::clone)
    }
}

/// Names and hashes that are there twice: which one would hold is anybody's guess.
fn refuse_twice(found: &[(KeyHash, Key)], wrong: &mut Vec<FieldError>) {
    let (mut names, mut hashes) = (BTreeSet::new(), BTreeMap::new());
    for (hash, key) in found {
        if !names.insert(&key.name) {
            wrong.push(FieldError::new(API_KEYS.name, format!("has the key `{}` twice", key.name)));
        } else if let Some(other) = hashes.insert(hash, &key.name) {
            let why = format!("has the keys `{other}` and `{}`, whose `hash` is the same", key.name);
            wrong.push(FieldError::new(API_KEYS.name, why));
        }
    }
}

/// The keys that have no name but their hash. One that is there twice is one.
fn unnamed(hashes: &Hashes, named: &[(KeyHash, Key)], wrong: &mut Vec<FieldError>) -> Vec<(KeyHash, Key)> {
    let hashes: BTreeSet<_> = hashes.iter().cloned().collect();
    for hash in &hashes {
        for (known, key) in named {
            let name = &key.name;
            if known == hash {
                let why = format!("has the hash of the key `{name}` of {}", API_KEYS.name);
                wrong.push(FieldError::new(API_KEY_HASH.name, why));
            } else if name == hash.short() {
                let why = format!("has a key that is called `{name}`, as one of {} is", API_KEYS.name);
                wrong.push(FieldError::new(API_KEY_HASH.name, why));
            }
        }
    }
    let key = |hash: KeyHash| (hash.clone(), Key::unnamed(&hash));
    hashes.into_iter().map(key).collect()
}
