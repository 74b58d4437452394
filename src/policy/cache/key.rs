//! What a cached answer is kept under.

use crate::failpoint::{Failpoint, on};
use crate::sorted::sorted;
use std::fmt;

/// Changes when the meaning of a key or an [`Entry`](super::Entry) does, so that what
/// an older build has stored is not found.
const VERSION: u8 = 1;
/// Marks the key of a resource.
const RESOURCE: u8 = 0x80;

/// Everything that tells one question from another.
#[derive(Clone, Copy, Debug)]
pub struct KeyParts<'a> {
    /// The provider.
    pub provider: &'a str,
    /// Which of its environments.
    pub environment: &'a str,
    /// Whose data.
    pub tenant: &'a str,
    /// The account that asks: two accounts of a tenant may have different permissions.
    pub account: &'a str,
    /// The operation.
    pub operation: &'a str,
    /// The values of the path's placeholders.
    pub segments: &'a [String],
    /// The query, that of the page included, in any order.
    pub query: &'a [(&'a str, &'a str)],
    /// The epoch of the resource, which changes with each write to it.
    pub epoch: u64,
}

/// The parts as one text of bytes. Two keys are equal if and only if all their parts
/// are: each part has its length before it, and each list its number of parts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Vec<u8>);

impl Key {
    /// Puts the parts together. A name that the query has twice keeps the order of its
    /// values: it may matter to the provider.
    #[must_use]
    pub fn new(parts: &KeyParts<'_>) -> Self {
        let mut key = Self(vec![VERSION]);
        let (tenant, account) =
            if on(Failpoint::ShareAnswers) { ("", "") } else { (parts.tenant, parts.account) };
        for text in [parts.provider, parts.environment, tenant, account, parts.operation] {
            key.text(text);
        }
        key.number(parts.segments.len() as u64);
        for segment in parts.segments {
            key.text(segment);
        }
        let query = sorted(parts.query.iter().copied(), |a, b| a.0 < b.0);
        key.number(query.len() as u64);
        for (name, value) in query {
            key.text(name);
            key.text(value);
        }
        key.number(if on(Failpoint::KeepAfterWrites) { 0 } else { parts.epoch });
        key
    }

    /// The key of what is kept about a resource as a whole. It is never that of an
    /// answer.
    #[must_use]
    pub fn of_resource(
        provider: &str,
        environment: &str,
        tenant: &str,
        (module, name): (&str, &str),
    ) -> Self {
        let mut key = Self(vec![VERSION | RESOURCE]);
        let tenant = if on(Failpoint::ShareAnswers) { "" } else { tenant };
        for text in [provider, environment, tenant, module, name] {
            key.text(text);
        }
        key
    }

    /// Whether it is of this epoch.
    #[must_use]
    pub fn is_of_epoch(&self, epoch: u64) -> bool {
        self.0.ends_with(&epoch.to_be_bytes())
    }

    /// Whose it is: provider, environment without the place of its API, and tenant, as in
    /// `servicetitan/production/77`.
    #[must_use]
    pub fn tenant(&self) -> String {
        let mut rest = self.0.get(1..).unwrap_or_default();
        let mut next = || {
            let (length, after) = rest.split_first_chunk::<8>()?;
            let (text, after) = after.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
            rest = after;
            std::str::from_utf8(text).ok()
        };
        let [provider, environment, tenant] = [next(), next(), next()].map(Option::unwrap_or_default);
        let environment = environment.split('@').next().unwrap_or_default();
        format!("{provider}/{environment}/{tenant}")
    }

    /// The bytes, to be hashed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }
}

/// Without its parts: a query may hold a person's name.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Parts that own their texts.
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Owned {
        texts: [String; 5],
        segments: Vec<String>,
        query: Vec<(String, String)>,
        epoch: u64,
    }

    impl Owned {
        fn key(&self) -> Key {
            let [provider, environment, tenant, account, operation] = &self.texts;
            let query: Vec<_> = self.query.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let segments = &self.segments;
            let (query, epoch) = (query.as_slice(), self.epoch);
            Key::new(&KeyParts { provider, environment, tenant, account, operation, segments, query, epoch })
        }

        fn sorted(mut self) -> Self {
            self.query.sort_by(|a, b| a.0.cmp(&b.0));
            self
        }
    }

    /// Reads the parts back, which shows that none are lost and none run together.
    fn parts(key: &Key) -> Option<Owned> {
        let mut bytes = key.as_bytes().strip_prefix(&[VERSION])?;
        let number = |bytes: &mut &[u8]| {
            let (number, rest) = bytes.split_first_chunk::<8>()?;
            *bytes = rest;
            Some(u64::from_be_bytes(*number))
        };
        let text = |bytes: &mut &[u8]| {
            let length = number(bytes)? as usize;
            let (text, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            String::from_utf8(text.to_vec()).ok()
        };
        let mut texts: [String; 5] = Default::default();
        for part in &mut texts {
            *part = text(&mut bytes)?;
        }
        let segments = (0..number(&mut bytes)?).map(|_| text(&mut bytes)).collect::<Option<_>>()?;
        let pairs = 0..number(&mut bytes)?;
        let query = pairs.map(|_| Some((text(&mut bytes)?, text(&mut bytes)?))).collect::<Option<_>>()?;
        let epoch = number(&mut bytes)?;
        bytes.is_empty().then_some(Owned { texts, segments, query, epoch })
    }

    /// Short texts of few letters, so that they collide when they can.
    fn any_parts() -> impl Strategy<Value = Owned> {
        let text = || "[ab\\x00]{0,3}";
        let query = proptest::collection::vec((text(), text()), 0..4);
        (
            [text(), text(), text(), text(), text()],
            proptest::collection::vec(text(), 0..3),
            query,
            prop_oneof![0_u64..3, any::<u64>()],
        )
            .prop_map(|(texts, segments, query, epoch)| Owned { texts, segments, query, epoch })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn every_part_can_be_read_back(asked in any_parts()) {
            prop_assert_eq!(parts(&asked.key()), Some(asked.sorted()));
        }

        #[test]
        fn two_keys_are_equal_when_all_parts_are(one in any_parts(), other in any_parts()) {
            prop_assert_eq!(one.key() == other.key(), one.sorted() == other.sorted());
        }

        /// Whatever else is the same, and whatever the names are.
        #[test]
        fn two_tenants_never_share(asked in any_parts(), place in 0_usize..5, name in "[ab\\x00]{0,3}") {
            let other = Owned { texts: { let mut t = asked.texts.clone(); t[place] = name; t }, ..asked.clone() };
            prop_assert_eq!(asked.key() == other.key(), asked.texts == other.texts);
        }

        #[test]
        fn the_order_of_the_query_does_not_matter(asked in any_parts(), seed in any::<usize>()) {
            let mut other = asked.clone();
            let turns = seed % other.query.len().max(1);
            other.query.rotate_left(turns);
            let names: std::collections::BTreeSet<_> = asked.query.iter().map(|(name, _)| name).collect();
            if names.len() == asked.query.len() {
                prop_assert_eq!(asked.key(), other.key());
            }
        }
    }

    #[test]
    fn a_resource_belongs_to_one_tenant_and_is_no_answer() {
        let key = |tenant, resource| Key::of_resource("v", "e", tenant, resource);
        assert_eq!(key("1", ("m", "r")), key("1", ("m", "r")));
        let all = [key("1", ("m", "r")), key("2", ("m", "r")), key("1", ("mr", "")), key("1", ("m", "s"))];
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len());
        assert!(all.iter().all(|key| parts(key).is_none()));
    }

    proptest! {
        #[test]
        fn the_epoch_can_be_told(asked in any_parts(), other in any::<u64>()) {
            prop_assert!(asked.key().is_of_epoch(asked.epoch));
            prop_assert_eq!(asked.key().is_of_epoch(other), asked.epoch == other);
        }
    }

    #[test]
    fn values_of_one_name_keep_their_order() {
        let asked = |values: [&str; 2]| {
            let query = [("ids", values[0]), ("ids", values[1])];
            Key::new(&KeyParts {
                provider: "v",
                environment: "e",
                tenant: "t",
                account: "a",
                operation: "o",
                segments: &[],
                query: &query,
                epoch: 0,
            })
        };
        assert_ne!(asked(["1", "2"]), asked(["2", "1"]));
        // What was asked may be a person's name, and is not shown.
        let key = asked(["ann", "bob"]);
        assert_eq!(format!("{key:?}"), format!("Key({} bytes)", key.as_bytes().len()));
    }
}
