//! Puts an event into the store, once.

use super::{Destination, EventKey, Record, Shelf, key, queue};
use penstock::{
    host::{Host, HostError},
    webhooks::claims::Ticket,
};
use std::time::Duration;

/// How long it is remembered where an event was put: longer than a provider waits before it comes again. Once somebody has
/// begun to hand the event on, its claim is over, and it is not put in again.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Keeps an event for these destinations, and returns once it is safe. If whoever put it in before died between that and the
/// end of the claim, the event is written over: it stays one.
///
/// # Errors
/// The store's trouble. It may have been kept all the same: then it is written over the next time, or handed on.
pub(crate) async fn put<H: Host>(
    shelf: &Shelf<'_, H>,
    ticket: &Ticket,
    entity: &str,
    destinations: &[&Destination],
    record: &Record,
) -> Result<(), HostError> {
    let (host, tenant) = (shelf.host, ticket.tenant());
    let tags = destinations.iter().map(|destination| destination.tag().to_owned()).collect();
    let mut event = EventKey { bytes: record.bytes() as u64, tags, ..EventKey::of(tenant, entity) };
    event.sequence = queue::join(host, &event).await?;
    let place = key::place(tenant, ticket.event());
    let before = host.state_claim(&place, event.to_string().into_bytes(), KEPT).await?;
    let before = before.and_then(|before| EventKey::parse(std::str::from_utf8(&before).ok()?));
    let before = before.filter(|before| (&before.tenant, &before.entity) == (&event.tenant, &event.entity));
    if let Some(before) = &before
        && before.sequence != event.sequence
    {
        let unused = event.clone();
        event.sequence = before.sequence;
        queue::rejoin(host, &event).await?;
        queue::leave(host, &unused).await;
    }
    // One that failed may have been written all the same, or be written yet. It is left: to remove it could, late, remove
    // what the next one has written and answered.
    shelf.put(&event, record).await?;
    match before.filter(|before| *before != event) {
        // It came with another text this time, or for other destinations.
        Some(before) => shelf.remove(&before.to_string()).await,
        None => Ok(()),
    }
}
