//! The keys of the outbox.

use penstock::state::names::{self, OUTBOX, OUTBOX_TURN};
use std::fmt;

/// What all keys of events and of their progress begin with.
pub(super) const PREFIX: &str = "penstock/outbox/";

/// What is the deployment's and no tenant's.
const ALL: &str = "-";

/// The key of an event. It says how large the event is and who gets it, so that a list of keys is all that is needed
/// to plan a pass. Keys of one entity sort by their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventKey {
    /// Whose it is: provider, environment and tenant.
    pub tenant: String,
    /// What it is about, hashed: 32 hexadecimal digits.
    pub entity: String,
    /// Its place among the events of that entity.
    pub sequence: u64,
    /// How large it is.
    pub bytes: u64,
    /// Its destinations.
    pub tags: Vec<String>,
}

impl EventKey {
    /// Reads a key; none if it is not one of an event.
    #[must_use]
    pub fn parse(key: &str) -> Option<EventKey> {
        let (tenant, rest) = key.strip_prefix(PREFIX)?.strip_prefix('{')?.split_once("}/")?;
        let (entity, rest) = rest.split_once('/')?;
        let mut parts = rest.split('-');
        let (sequence, bytes, tags) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || entity.len() != 32 || sequence.len() != 16 {
            return None;
        }
        let tags: Vec<String> = tags.split('+').map(str::to_owned).collect();
        Some(EventKey {
            tenant: tenant.to_owned(),
            entity: entity.to_owned(),
            sequence: u64::from_str_radix(sequence, 16).ok()?,
            bytes: u64::from_str_radix(bytes, 16).ok()?,
            tags: tags.iter().all(|tag| is_tag(tag)).then_some(tags)?,
        })
    }

    /// The key under which stands how far a destination is.
    #[must_use]
    pub fn progress(&self, tag: &str) -> String {
        let EventKey { tenant, entity, sequence, .. } = self;
        names::key(OUTBOX, tenant, &format!("{entity}/{sequence:016x}/{tag}"))
    }

    /// The key of the lease that whoever hands events of its entity to a destination has.
    #[must_use]
    pub fn lease(&self, tag: &str) -> String {
        names::key(OUTBOX_TURN, &self.tenant, &format!("lease/{}/{tag}", self.entity))
    }

    /// What it is called towards people, together with a destination.
    #[must_use]
    pub fn id(&self, tag: &str) -> String {
        format!("{}-{:016x}-{tag}", self.entity, self.sequence)
    }
}

impl fmt::Display for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EventKey { tenant, entity, sequence, bytes, tags } = self;
        let rest = format!("{entity}/{sequence:016x}-{bytes:x}-{}", tags.join("+"));
        f.write_str(&names::key(OUTBOX, tenant, &rest))
    }
}

/// The key of the last sequence number of an entity.
pub(super) fn order(tenant: &str, entity: &str) -> String {
    names::key(OUTBOX_TURN, tenant, &format!("order/{entity}"))
}

/// The key under which stands where an event was put.
pub(super) fn place(tenant: &str, event: &str) -> String {
    names::key(OUTBOX_TURN, tenant, &format!("event/{event}"))
}

/// The key of something that is the whole deployment's.
pub(super) fn of_all(what: &str) -> String {
    names::key(OUTBOX_TURN, ALL, what)
}

fn is_tag(tag: &str) -> bool {
    tag.len() == 8 && tag.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_sorts_by_its_order() {
        let key = EventKey {
            tenant: "servicetitan/production/77".to_owned(),
            entity: "0123456789abcdef".repeat(2),
            sequence: 0x19a,
            bytes: 1000,
            tags: vec!["0000aaaa".to_owned(), "0000bbbb".to_owned()],
        };
        let text = key.to_string();
        assert_eq!(
            text,
            "penstock/outbox/{servicetitan/production/77}/0123456789abcdef0123456789abcdef/000000000000019a-3e8-0000aaaa+0000bbbb"
        );
        assert_eq!(EventKey::parse(&text), Some(key.clone()));
        assert_eq!(EventKey::parse(&key.progress("0000aaaa")), None);
        assert!(EventKey { sequence: 0x19b, bytes: 0, ..key.clone() } > key);
        for wrong in [
            "penstock/outbox/",
            "penstock/outbox/{a}/b/c-d-e",
            &format!("{text}+canary"),
            &format!("{text}-1"),
            &text.replace("19a", "zza"),
        ] {
            assert_eq!(EventKey::parse(wrong), None, "{wrong}");
        }
    }
}
