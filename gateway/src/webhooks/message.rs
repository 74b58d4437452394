//! What destinations are told of an event.
//!
//! ```json
//! {
//!   "id": "evt_0f…", "type": "tn.jpm.job-completed", "timestamp": "2026-11-20T10:00:00Z",
//!   "provider": "servicetitan", "account": "default", "tenant": "77", "trust": "signed",
//!   "subjects": [{"name": "job", "id": "42"}], "reread": false, "data": {}
//! }
//! ```
//!
//! `id` is the same however often an event is delivered. `timestamp` is when it happened or, where the provider does not
//! say, when it came. `data` is the provider's, unchanged.

use crate::answer::json;
use penstock::{
    codec::rfc3339,
    entry::webhooks::Verified,
    host::hash,
    policy::time::WallTime,
    webhooks::{Event, Kind, Subject, Trust, claims::Ticket},
};
use serde::Serialize;
use serde_json::value::RawValue;

/// How much of a hash stands in names: 128 bits.
const DIGITS: usize = 32;

#[derive(Serialize)]
struct Message<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: String,
    provider: &'a str,
    account: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a str>,
    trust: &'static str,
    subjects: Vec<About<'a>>,
    reread: bool,
    data: Box<RawValue>,
}

#[derive(Serialize)]
struct About<'a> {
    name: &'a str,
    id: &'a str,
}

/// What an event is known by, to all destinations.
pub(super) fn id(ticket: &Ticket) -> String {
    format!("evt_{}", ticket.event().get(..DIGITS).unwrap_or_default())
}

/// What an event is about, as a part of keys that tells nothing of it. Events about the same thing are handed
/// on in order. One that is about nothing that is known goes by itself.
pub(super) fn entity(ticket: &Ticket, event: &Event) -> String {
    let about = match subjects(event).first() {
        Some(About { name, id }) => hash([ticket.tenant(), name, id]),
        None => hash([ticket.tenant(), ticket.event()]),
    };
    about.get(..DIGITS).unwrap_or_default().to_owned()
}

/// The body that is sent.
pub(super) fn body(id: &str, provider: &str, verified: &Verified, received: WallTime) -> String {
    let event = &verified.event;
    // The data was read as JSON before.
    let data = RawValue::from_string(event.data.clone())
        .or_else(|_| RawValue::from_string(json(&event.data)))
        .unwrap_or_default();
    json(&Message {
        id,
        kind: &event.name,
        timestamp: event.time.as_ref().map_or_else(|| rfc3339(received), ToString::to_string),
        provider,
        account: &verified.account,
        tenant: event.tenant.as_deref(),
        trust: match verified.trust {
            Trust::Signed => "signed",
            Trust::Key => "key",
            Trust::Hint => "hint",
        },
        subjects: subjects(event),
        reread: event.reread,
        data,
    })
}

fn subjects(event: &Event) -> Vec<About<'_>> {
    match &event.kind {
        Kind::Change { subjects, .. } => {
            subjects.iter().map(|Subject { name, id }| About { name, id }).collect()
        }
        Kind::InferenceComplete { session, .. } | Kind::SessionComplete { session, .. } => {
            vec![About { name: "session", id: session }]
        }
        Kind::Unknown => Vec::new(),
    }
}
