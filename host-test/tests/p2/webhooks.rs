//! Deliveries that are verified, handed out once and done.

use super::{
    host::Given,
    penstock::{Outcome, Parameters, Penstock, WEBHOOKS},
};
use hmac::{Hmac, KeyInit, Mac};
use penstock_host::{
    bindings::{
        types::FailureKind,
        webhooks::{Event, Received, Trust},
    },
    state::MemoryState,
};
use sha2::Sha256;
use std::{collections::BTreeMap, sync::Arc};

const SECRET: &str = "an-hmac-key-of-32-to-64-characters";

fn signed(body: &[u8]) -> Parameters {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    let tag = mac.finalize().into_bytes();
    let hex = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    let content = ("content-type".to_owned(), "application/json".to_owned());
    vec![("X-ServiceTitan-Signature".to_owned(), hex), content]
}

fn body() -> Vec<u8> {
    let event = serde_json::json!({
        "specversion": "1.0", "id": "delivery-1", "type": "tn.jpm.job-completed",
        "time": "2026-11-20T10:00:00Z", "source": "https://webhooks.servicetitan.io",
        "userassignedid": "event-4711", "datacontenttype": "application/json",
        "data": {"tenantId": 1, "tenantName": "North", "job": {"id": 4711, "jobStatus": "Completed"}},
    });
    event.to_string().into_bytes()
}

/// What `receive` takes.
pub type Delivery = (String, Option<String>, Parameters, Vec<u8>);

pub fn delivery() -> Delivery {
    ("servicetitan".to_owned(), None, signed(&body()), body())
}

pub async fn penstock(given: Given) -> Penstock {
    let values = [
        ("SERVICETITAN_CLIENT_ID", "cid"),
        ("SERVICETITAN_CLIENT_SECRET", "s3cr3t-of-the-client"),
        ("SERVICETITAN_APP_KEY", "ak1"),
        ("SERVICETITAN_TENANT_ID", "1"),
        ("SERVICETITAN_WEBHOOK_SECRET", SECRET),
        ("LOG_LEVEL", "error"),
    ];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Penstock::given(values, BTreeMap::new(), given).await
}

#[tokio::test]
async fn an_event_is_handed_out_until_it_is_done() {
    let state = Some(Arc::<MemoryState>::default() as _);
    let mut penstock = penstock(Given { state, ..Given::default() }).await;
    let event: Outcome<Event> = penstock.call(WEBHOOKS, "verify-and-parse", delivery()).await;
    let event = event.unwrap();
    assert_eq!((event.id.as_str(), event.trust), ("event-4711", Trust::Signed));
    let mut forged = delivery();
    forged.3[20] ^= 1;
    let refused: Outcome<Event> = penstock.call(WEBHOOKS, "verify-and-parse", forged).await;
    assert_eq!(refused.unwrap_err().kind, FailureKind::Authentication);

    let first: Outcome<Received> = penstock.call(WEBHOOKS, "receive", delivery()).await;
    let Received::Fresh(fresh) = first.unwrap() else { panic!("not fresh") };
    let second: Outcome<Received> = penstock.call(WEBHOOKS, "receive", delivery()).await;
    assert!(matches!(second.unwrap(), Received::InHand(_)));
    let ticket = fresh.ticket.unwrap();
    let done: Outcome<()> = penstock.call(WEBHOOKS, "release", (ticket,)).await;
    done.unwrap();
    let third: Outcome<Received> = penstock.call(WEBHOOKS, "receive", delivery()).await;
    let Received::Fresh(fresh) = third.unwrap() else { panic!("not fresh") };
    let done: Outcome<()> = penstock.call(WEBHOOKS, "done", (fresh.ticket.unwrap(),)).await;
    done.unwrap();
    let last: Outcome<Received> = penstock.call(WEBHOOKS, "receive", delivery()).await;
    assert!(matches!(last.unwrap(), Received::Duplicate(_)));
}
