//! What is in the outbox, as its keys tell.

use super::super::{
    Destinations, EventKey,
    key::{self, Entity},
    queue,
};
use penstock::host::{Host, HostError};
use std::collections::BTreeSet;

/// How many keys there may be besides those that are expected: what is being removed.
const SLACK: usize = 1_000;

/// The keys in the outbox.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Those of events, by tenant, entity and order.
    pub(crate) events: Vec<EventKey>,
    /// Those of what was noted of destinations.
    pub(crate) progress: BTreeSet<String>,
}

impl Listing {
    /// Lists all.
    pub(crate) async fn read<H: Host>(host: &H, destinations: &Destinations) -> Result<Listing, HostError> {
        let entries = usize::try_from(destinations.most_entries).unwrap_or(usize::MAX);
        // The event itself, and three keys for each destination.
        let each = destinations.iter().count().saturating_mul(3).saturating_add(1);
        let most = entries.saturating_mul(each).saturating_add(SLACK);
        let mut listing = Listing::default();
        for key in host.state_keys(key::PREFIX, most).await? {
            match EventKey::parse(&key) {
                Some(event) => listing.events.push(event),
                None => drop(listing.progress.insert(key)),
            }
        }
        listing.events.sort();
        Ok(listing)
    }

    /// What waits of some entities, without what was noted of it; none if only the keys tell.
    pub(crate) async fn of<H: Host>(
        host: &H,
        entities: &BTreeSet<Entity>,
    ) -> Result<Option<Listing>, HostError> {
        let mut listing = Listing::default();
        for entity in entities {
            let Some(waiting) = queue::waiting(host, entity).await? else { return Ok(None) };
            listing.events.extend(waiting);
        }
        listing.events.sort();
        Ok(Some(listing))
    }

    /// The events of each entity.
    pub(crate) fn entities(&self) -> impl Iterator<Item = &[EventKey]> {
        self.events.chunk_by(|one, other| (&one.tenant, &one.entity) == (&other.tenant, &other.entity))
    }

    /// Whether there is something to do for a destination, now or later.
    pub(crate) fn is_open(&self, event: &EventKey, tag: &str) -> bool {
        !self.progress.contains(&event.done(tag)) && !self.progress.contains(&event.rest(tag))
    }

    /// Whether anything was noted of how far a destination is.
    pub(crate) fn is_noted(&self, event: &EventKey, tag: &str) -> bool {
        self.progress.contains(&event.progress(tag)) || self.progress.contains(&event.done(tag))
    }

    /// Whether all destinations have an event.
    pub(crate) fn is_done(&self, event: &EventKey) -> bool {
        event.tags.iter().all(|tag| self.progress.contains(&event.done(tag)))
    }

    /// What was noted of events that are gone, and that are older than this.
    pub(crate) fn orphans(&self, before_ms: u64) -> Vec<&String> {
        let known: BTreeSet<_> =
            self.events.iter().flat_map(|event| event.tags.iter().map(|tag| event.progress(tag))).collect();
        let is_known = |key: &str| {
            let mark = key.strip_suffix(".done").or_else(|| key.strip_suffix(".rest"));
            known.contains(mark.unwrap_or(key))
        };
        let is_old = |key: &str| {
            let sequence = key.rsplit('/').nth(1).and_then(|digits| u64::from_str_radix(digits, 16).ok());
            sequence.is_none_or(|sequence| sequence < before_ms)
        };
        self.progress.iter().filter(|key| !is_known(key) && is_old(key)).collect()
    }
}
