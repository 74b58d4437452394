//! An event of the provider's makes what is kept of its thing useless.

use super::rig::{Rig, options};
use crate::{
    contract::AnswerSource,
    entry::webhooks::Received,
    host::simulated::{Reply, Store},
    webhooks::{Delivery, Encoding, sign},
};

const SECRET: &str = "canary-webhook-secret-0123456789";

/// A provider whose zones and job types have the number of the request that read them.
fn rig() -> Rig {
    let rig = Rig::new();
    rig.host.share(Store::default());
    rig.host.set_secret("SERVICETITAN_WEBHOOK_SECRET", SECRET);
    rig.titan.on_api(|number, _| Some(Reply::ok(format!(r#"{{"id":{number}}}"#))));
    rig
}

fn source(rig: &Rig, operation: &str) -> AnswerSource {
    rig.run(rig.invoke(operation, &[("id", "5")], None, Some(&options()))).unwrap().info.source
}

/// Delivers an event, signed, for the first time.
fn deliver(rig: &Rig, name: &str, subject: &str) {
    let received = deliver_again(rig, name, subject);
    assert!(matches!(received, Received::Fresh { .. }), "{received:?}");
}

fn deliver_again(rig: &Rig, name: &str, subject: &str) -> Received {
    let body = format!(
        r#"{{"id":"d-{name}","type":"{name}","time":"2026-11-20T10:00:00Z",
            "data":{{"tenantId":1234,"{subject}":{{"id":5}}}}}}"#
    );
    let signature = Encoding::Hex.encode(&sign(SECRET.as_bytes(), &[body.as_bytes()]));
    let headers = [("x-servicetitan-signature".to_owned(), signature)];
    let delivery = Delivery { headers: &headers, body: body.as_bytes() };
    rig.run(crate::entry::webhooks::receive(&rig.client, "servicetitan", None, &delivery)).unwrap()
}

#[test]
fn an_event_outdates_what_is_kept_of_its_thing_and_nothing_else() {
    for event in ["tn.dis.zone-updated", "tn.dis.zone-deleted"] {
        let rig = rig();
        for operation in ["dispatch.zones-get", "jpm.job-types-get"] {
            assert_eq!(source(&rig, operation), AnswerSource::Vendor);
            assert_eq!(source(&rig, operation), AnswerSource::Cache, "{operation}");
        }
        deliver(&rig, event, "zone");
        assert_eq!(source(&rig, "jpm.job-types-get"), AnswerSource::Cache, "{event}");
        assert_eq!(source(&rig, "dispatch.zones-get"), AnswerSource::Vendor, "{event}");
        assert_eq!(source(&rig, "dispatch.zones-get"), AnswerSource::Cache, "it is kept anew");
    }
}

/// Whoever recorded a delivery can send it as often as he likes.
#[test]
fn a_delivery_that_is_repeated_outdates_nothing_more() {
    let rig = rig();
    deliver(&rig, "tn.dis.zone-updated", "zone");
    assert_eq!(source(&rig, "dispatch.zones-get"), AnswerSource::Vendor);
    let again = deliver_again(&rig, "tn.dis.zone-updated", "zone");
    assert!(matches!(again, Received::InHand(_)), "{again:?}");
    assert_eq!(source(&rig, "dispatch.zones-get"), AnswerSource::Cache);
}

#[test]
fn an_event_about_something_else_outdates_nothing() {
    let rig = rig();
    assert_eq!(source(&rig, "dispatch.zones-get"), AnswerSource::Vendor);
    deliver(&rig, "tn.jpm.job-completed", "job");
    assert_eq!(source(&rig, "dispatch.zones-get"), AnswerSource::Cache);
}

/// A delivery that nobody signed must not empty the cache.
#[test]
fn a_forged_event_outdates_nothing() {
    let rig = rig();
    assert_eq!(source(&rig, "dispatch.zones-get"), AnswerSource::Vendor);
    let body = r#"{"id":"d","type":"tn.dis.zone-updated","data":{"tenantId":1234,"zone":{"id":5}}}"#;
    let headers = [("x-servicetitan-signature".to_owned(), "00".repeat(32))];
    let delivery = Delivery { headers: &headers, body: body.as_bytes() };
    rig.run(crate::entry::webhooks::receive(&rig.client, "servicetitan", None, &delivery)).unwrap_err();
    assert_eq!(source(&rig, "dispatch.zones-get"), AnswerSource::Cache);
}
