//! How much is in the outbox, for whoever looks after it.

use super::{EventKey, Outbox, Shelf, drain::Listing, progress::Standing, size::Size};
use crate::settings::WEBHOOK_DESTINATIONS;
use futures_util::{StreamExt, stream};
use penstock::{
    client::Client,
    host::{Host, HostError, timeout},
};
use std::{collections::BTreeSet, time::Duration};

/// How long the store may take to tell.
const PATIENCE: Duration = Duration::from_secs(1);

/// So much of what was noted of destinations is read, and so many at once.
const MOST_READ: usize = 500;
const AT_ONCE: usize = 16;

/// How much there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Events, whatever becomes of them.
    pub events: u64,
    /// Deliveries that are yet to be made: events by their destinations.
    pub waiting: u64,
    /// Deliveries that are not tried again.
    pub dead: u64,
    /// Whether more was noted than was read, so that more may be dead, and fewer wait.
    pub is_partial: bool,
    /// How long ago the oldest event came that waits.
    pub oldest: Option<Duration>,
    /// Whether no further event is taken in.
    pub is_full: bool,
}

impl Figures {
    /// Counts, within a second; none if there is no outbox. The error says in a sentence why they cannot be had.
    pub(crate) async fn read<H: Host>(
        client: &Client<H>,
        outbox: &Outbox,
    ) -> Option<Result<Figures, String>> {
        let host = client.host();
        let counted = timeout(host, PATIENCE, async {
            match host.secret(WEBHOOK_DESTINATIONS.name).await {
                Ok(None) => None,
                // What is wrong with the settings, `/ready` says.
                Ok(Some(_)) => count(client, outbox).await,
                Err(error) => Some(Err(error)),
            }
        });
        let trouble = |_| "the store does not tell what is in the outbox".to_owned();
        let late = || Some(Err(format!("the store did not answer within {} s", PATIENCE.as_secs())));
        counted.await.map_or_else(late, |counted| counted.map(|counted| counted.map_err(trouble)))
    }
}

/// Counts; none while the settings are not whole.
async fn count<H: Host>(client: &Client<H>, outbox: &Outbox) -> Option<Result<Figures, HostError>> {
    let host = client.host();
    let destinations = outbox.destinations(host).await;
    let destinations = (*destinations).as_ref().ok()?;
    let sealing = outbox.sealing(client).await;
    let shelf = Shelf { host, keys: (*sealing).as_ref().ok()? };
    let listing = match Listing::read(host, destinations).await {
        Ok(listing) => listing,
        Err(error) => return Some(Err(error)),
    };
    let size = Size::of(&listing.events);
    let mut figures = Figures {
        events: size.entries,
        is_full: size.entries >= destinations.most_entries || size.bytes >= destinations.most_bytes,
        ..Figures::default()
    };
    let over = match over(&shelf, &listing, &mut figures).await {
        Ok(over) => over,
        Err(error) => return Some(Err(error)),
    };
    let mut oldest = None;
    for event in &listing.events {
        let waits = event.tags.iter().filter(|tag| !over.contains(&event.progress(tag))).count();
        figures.waiting += waits as u64;
        if waits > 0 {
            oldest = oldest.into_iter().chain([event.sequence]).min();
        }
    }
    let now = u64::try_from(host.wall_now().as_millis()).unwrap_or_default();
    figures.oldest = oldest.map(|sequence| Duration::from_millis(now.saturating_sub(sequence)));
    Some(Ok(figures))
}

/// The keys of what was noted of deliveries that are made or dead.
async fn over<H: Host>(
    shelf: &Shelf<'_, H>,
    listing: &Listing,
    figures: &mut Figures,
) -> Result<BTreeSet<String>, HostError> {
    let all = listing.events.iter().flat_map(|event| event.tags.iter().map(move |tag| (event, tag.as_str())));
    let noted: Vec<_> = all.filter(|(event, tag)| listing.is_noted(event, tag)).collect();
    figures.is_partial = noted.len() > MOST_READ;
    let read = noted.into_iter().take(MOST_READ).map(|(event, tag): (&EventKey, &str)| async move {
        (event.progress(tag), shelf.progress(event, tag).await)
    });
    let mut reading = stream::iter(read).buffer_unordered(AT_ONCE);
    let mut over = BTreeSet::new();
    while let Some((key, progress)) = reading.next().await {
        match progress?.map(|progress| progress.state) {
            Some(Standing::Dead) => {
                figures.dead += 1;
                over.insert(key);
            }
            Some(Standing::Done) => drop(over.insert(key)),
            Some(Standing::Waiting | Standing::Unreadable) | None => {}
        }
    }
    Ok(over)
}
