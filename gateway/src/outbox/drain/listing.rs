//! What is in the outbox, as its keys tell.

use super::super::{Destinations, EventKey, key};
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
        let each = destinations.iter().count().saturating_add(2);
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

    /// The events of each entity.
    pub(crate) fn entities(&self) -> impl Iterator<Item = &[EventKey]> {
        self.events.chunk_by(|one, other| (&one.tenant, &one.entity) == (&other.tenant, &other.entity))
    }

    /// What was noted of events that are gone, and that are older than this.
    pub(crate) fn orphans(&self, before_ms: u64) -> Vec<&String> {
        let known: BTreeSet<_> =
            self.events.iter().flat_map(|event| event.tags.iter().map(|tag| event.progress(tag))).collect();
        let is_old = |key: &str| {
            let sequence = key.rsplit('/').nth(1).and_then(|digits| u64::from_str_radix(digits, 16).ok());
            sequence.is_none_or(|sequence| sequence < before_ms)
        };
        self.progress.iter().filter(|key| !known.contains(*key) && is_old(key)).collect()
    }
}
