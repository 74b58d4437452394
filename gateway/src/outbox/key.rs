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

/// What events are about: whose it is, and which thing.
pub(super) type Entity = (String, String);

impl EventKey {
    /// What it is about.
    pub(super) fn entity(&self) -> Entity {
        (self.tenant.clone(), self.entity.clone())
    }

    /// Reads a key; none if it is not one of an event.
    #[must_use]
    pub fn parse(key: &str) -> Option<EventKey> {
        let (tenant, rest) = key.strip_prefix(PREFIX)?.strip_prefix('{')?.split_once("}/")?;
        let (entity, tail) = rest.split_once('/')?;
        EventKey::with_tail(tenant, entity, tail).filter(|_| entity.len() == 32)
    }

    /// Reads the end of a key, which tells events of an entity apart.
    pub(super) fn with_tail(tenant: &str, entity: &str, tail: &str) -> Option<EventKey> {
        let mut parts = tail.split('-');
        let (sequence, bytes, tags) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || sequence.len() != 16 {
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

    /// What [`EventKey::with_tail`] reads.
    pub(super) fn tail(&self) -> String {
        let EventKey { sequence, bytes, tags, .. } = self;
        format!("{sequence:016x}-{bytes:x}-{}", tags.join("+"))
    }

    /// One of which nothing is known but what it is about.
    pub(super) fn of(tenant: &str, entity: &str) -> EventKey {
        let (tenant, entity) = (tenant.to_owned(), entity.to_owned());
        EventKey { tenant, entity, sequence: 0, bytes: 0, tags: Vec::new() }
    }

    /// The key under which stands how far a destination is.
    #[must_use]
    pub fn progress(&self, tag: &str) -> String {
        let EventKey { tenant, entity, sequence, .. } = self;
        names::key(OUTBOX, tenant, &format!("{entity}/{sequence:016x}/{tag}"))
    }

    /// The key that is there once a destination has it: whoever lists the keys need not read it.
    #[must_use]
    pub fn done(&self, tag: &str) -> String {
        self.progress(tag) + ".done"
    }

    /// The key that is there while there is nothing to do for a destination, and nothing behind it waits: it is dead, or does
    /// not open.
    #[must_use]
    pub fn rest(&self, tag: &str) -> String {
        self.progress(tag) + ".rest"
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
        let EventKey { tenant, entity, .. } = self;
        f.write_str(&names::key(OUTBOX, tenant, &format!("{entity}/{}", self.tail())))
    }
}

/// The key of what waits of an entity, and of its last sequence number.
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
        for noted in [key.progress("0000aaaa"), key.done("0000aaaa"), key.rest("0000aaaa")] {
            assert_eq!(EventKey::parse(&noted), None);
        }
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
