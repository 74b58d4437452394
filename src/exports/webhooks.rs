//! `penstock:connector/webhooks`: what providers send by themselves.

use super::{Component, client};
use crate::{
    contract::{
        Failure, Instant,
        bindings::exports::penstock::connector::{webhooks as wit, webhooks::Guest},
    },
    entry::webhooks::{self, Received, Verified},
    webhooks::{Delivery, Kind, Trust},
};

impl Guest for Component {
    async fn verify_and_parse(
        provider: String,
        account: Option<String>,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Result<wit::Event, Failure> {
        let delivery = Delivery { headers: &headers, body: &body };
        webhooks::verify(&client(), &provider, account.as_deref(), &delivery).await.map(event)
    }

    async fn receive(
        provider: String,
        account: Option<String>,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Result<wit::Received, Failure> {
        let delivery = Delivery { headers: &headers, body: &body };
        webhooks::receive(&client(), &provider, account.as_deref(), &delivery).await.map(received)
    }

    async fn done(ticket: String) -> Result<(), Failure> {
        webhooks::done(&client(), &ticket).await
    }

    async fn release(ticket: String) -> Result<(), Failure> {
        webhooks::release(&client(), &ticket).await
    }
}

pub(super) fn received(received: Received) -> wit::Received {
    match received {
        Received::Fresh { event: verified, ticket } => {
            let ticket = ticket.map(|ticket| ticket.to_string());
            wit::Received::Fresh(wit::Fresh { event: event(verified), ticket })
        }
        Received::Duplicate(verified) => wit::Received::Duplicate(event(verified)),
        Received::InHand(verified) => wit::Received::InHand(event(verified)),
    }
}

pub(super) fn event(verified: Verified) -> wit::Event {
    let Verified { event, trust, account } = verified;
    let happening = match event.kind {
        Kind::Change { known, subjects } => wit::Happening::Servicetitan(wit::ServicetitanChange {
            event: servicetitan(known, event.name.clone()),
            subjects: subjects
                .into_iter()
                .map(|subject| wit::Subject { name: subject.name, id: subject.id })
                .collect(),
        }),
        Kind::InferenceComplete { user, session, upload, part } => {
            wit::Happening::InferenceComplete(wit::InferenceComplete {
                user_id: user,
                session_id: session,
                seq_num: upload,
                inference_seq_num: part,
            })
        }
        Kind::SessionComplete { user, session } => {
            wit::Happening::SessionComplete(wit::SessionComplete { user_id: user, session_id: session })
        }
        Kind::Unknown => wit::Happening::Unknown,
    };
    wit::Event {
        id: event.id,
        name: event.name,
        happening,
        time: event.time.map(|time| Instant { seconds: time.seconds(), nanoseconds: time.nanoseconds() }),
        account,
        tenant: event.tenant,
        delivery_id: event.delivery,
        trust: match trust {
            Trust::Signed => wit::Trust::Signed,
            Trust::Key => wit::Trust::Key,
            Trust::Hint => wit::Trust::Hint,
        },
        data: event.data,
        reread: event.reread,
    }
}

/// The case has the name of the event behind its module: `tn.acc.invoice-batched`.
fn servicetitan(known: bool, name: String) -> wit::ServicetitanEvent {
    let case = name.rsplit('.').next().filter(|_| known);
    let case = case.and_then(wit::ServicetitanEvent::from_name);
    case.unwrap_or(wit::ServicetitanEvent::Other(name))
}
