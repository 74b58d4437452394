//! Takes in what providers send by themselves: `POST /webhooks/{provider}/{account}`.
//!
//! Nobody has an API key here: the proof is the delivery's own (see [`penstock::webhooks`]). In order:
//! the body, bounded; its proof; whether there is anybody to hand the event on to; the claim, so that it is
//! taken once; the entry in the [outbox](crate::outbox), which is the moment from which it cannot be lost;
//! the end of the claim; 202. Whoever dies between has answered nothing, so that the provider comes again.
//!
//! | Status | |
//! |---|---|
//! | 202 | the event is in the outbox |
//! | 200 | it was before, or no destination wants events of its kind |
//! | 400, 401, 403, 408, 413 | the delivery is none, not the provider's, of another tenant, too slow, too large |
//! | 404 | no such provider; the account has no settings at all; webhooks are switched off |
//! | 503 | another delivery of it is in hand; the outbox is full; there is no store, no destination or no secret |
//!
//! Errors are problem documents that tell strangers nothing: what was wrong is in the log.

mod body;
mod message;
mod refusal;

use crate::{
    answer,
    gateway::Gateway,
    outbox::{self, Destination, Destinations, Outbox, Record, Shelf, Unready},
    problem::Problem,
    request::{Head, decode},
    trace::Trace,
};
use futures_util::future::join;
use http::{Method, Response, StatusCode};
use penstock::{
    entry::webhooks::{self as entry, Received, Verified},
    host::{Host, Source},
    webhooks::{Delivery, claims::Ticket},
};
use std::time::Duration;

/// What the paths begin with.
const PREFIX: &str = "/webhooks/";

/// How long a provider is asked to wait while another delivery of an event is in hand, in seconds.
const IN_HAND: u32 = 30;

/// How long taking an event in may take before whoever does it is taken for dead: no longer than a provider is asked to wait,
/// and longer than some ten operations of a store.
const TAKING_IN: Duration = Duration::from_secs(IN_HAND as u64);

/// How long it is asked to wait when there is no room or no store, in seconds.
const TROUBLE: u32 = 60;

/// Whether a path is one of deliveries.
#[must_use]
pub fn is_ours(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// Takes a delivery in.
///
/// # Errors
/// Those of the table above, as problem documents.
pub async fn take<H: Host + 'static>(
    gateway: &Gateway<H>,
    head: &Head,
    body: Option<Box<dyn Source>>,
    trace: &Trace,
) -> Result<Response<String>, Problem> {
    let (provider, account) = place(head.path()).ok_or_else(Problem::unknown_path)?;
    if head.method != Method::POST {
        return Err(Problem::method_not_allowed("POST"));
    }
    let client = gateway.client();
    let body = body::read(client.host(), head, body).await?;
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        // What is no text proves nothing.
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let delivery = Delivery { headers: &headers, body: &body };
    let verified = match entry::verify(client, &provider, Some(&account), &delivery).await {
        Ok(verified) => verified,
        // Nobody waits for it, however often it comes. The log line of the delivery says what is missing.
        Err(why) if !refusal::is_taken_by_somebody(client, (&provider, &account), &why).await => {
            return Err(Problem::unknown_path());
        }
        Err(why) => return Err(refusal::of(&why)),
    };
    // From here on it is the provider's.
    let outbox = gateway.outbox();
    let destinations = outbox.destinations(client.host()).await;
    let destinations = (*destinations).as_ref().map_err(Unready::problem)?;
    let sealing = outbox.sealing(client).await;
    let keys = (*sealing).as_ref().map_err(Unready::problem)?;
    let wanted = destinations.wanting(&provider, &verified);
    let accepted = entry::accept(client, &provider, verified, TAKING_IN).await;
    // What fails here, the store or the provider's own interface, is nothing of the delivery's.
    match accepted.map_err(|_| Problem::webhook_later("it cannot be taken in just now", TROUBLE))? {
        Received::Duplicate(_) => Ok(taken(StatusCode::OK)),
        Received::InHand(_) => Err(Problem::webhook_later("another delivery of it is in hand", IN_HAND)),
        Received::Fresh { ticket: None, .. } => {
            Err(Problem::webhook_later("there is no store to keep it in", TROUBLE))
        }
        Received::Fresh { event, ticket: Some(ticket) } => {
            let shelf = Shelf { host: client.host(), keys };
            let event = Taken { provider: &provider, verified: &event, ticket: &ticket, trace };
            let kept = keep(outbox, &shelf, destinations, &wanted, &event).await;
            if let Err(problem) = kept {
                // If not even that succeeds, its lease runs out.
                _ = entry::release(client, &ticket.to_string()).await;
                return Err(problem);
            }
            // The entry names the ticket: who hands it on ends the claim if that fails here.
            _ = entry::done(client, &ticket.to_string()).await;
            Ok(taken(if wanted.is_empty() { StatusCode::OK } else { StatusCode::ACCEPTED }))
        }
    }
}

/// An event that is the provider's, and that nobody else takes in.
struct Taken<'t> {
    provider: &'t str,
    verified: &'t Verified,
    ticket: &'t Ticket,
    /// The span in which it came.
    trace: &'t Trace,
}

/// Puts an event into the outbox, in one write for all its destinations.
async fn keep<H: Host>(
    outbox: &Outbox,
    shelf: &Shelf<'_, H>,
    destinations: &Destinations,
    wanted: &[&Destination],
    &Taken { provider, verified, ticket, trace }: &Taken<'_>,
) -> Result<(), Problem> {
    if wanted.is_empty() {
        return Ok(());
    }
    let trouble = |_| Problem::webhook_later("the store took it not", TROUBLE);
    let received = shelf.host.wall_now();
    let id = message::id(ticket);
    let record = Record {
        provider: provider.to_owned(),
        account: verified.account.clone(),
        kind: verified.event.name.clone(),
        received_ms: received.as_millis(),
        ticket: ticket.to_string(),
        destinations: wanted.iter().map(|destination| destination.name.clone()).collect(),
        trace: Some(trace.clone()),
        body: message::body(&id, provider, verified, received).into_bytes(),
        id,
    };
    let bytes = record.bytes();
    if bytes > Record::LARGEST {
        return Err(Problem::webhook_refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the event is larger than the outbox takes",
        ));
    }
    let Some(size) = outbox.size_with(shelf, destinations, bytes).await.map_err(trouble)? else {
        return Err(Problem::webhook_later("the outbox is full", TROUBLE));
    };
    let entity = message::entity(ticket, &verified.event);
    // What was not counted counts from the next pass on.
    let (put, _) = join(outbox::put(shelf, ticket, &entity, wanted, &record), size.note(shelf.host)).await;
    put.map_err(trouble)?;
    outbox.nudge((ticket.tenant().to_owned(), entity));
    Ok(())
}

fn taken(status: StatusCode) -> Response<String> {
    answer::response(status, answer::JSON, "{}".to_owned())
}

/// Provider and account of a path.
fn place(path: &str) -> Option<(String, String)> {
    let (provider, account) = path.strip_prefix(PREFIX)?.split_once('/')?;
    let (provider, account) = (decode(provider)?, decode(account)?);
    (!provider.is_empty() && !account.is_empty() && !account.contains('/')).then_some((provider, account))
}
