//! Webhooks as a host sees them: settings, tenants, stores, and what is kept.

use super::rig::Rig;
use crate::{
    contract::{Failure, FailureKind},
    entry::webhooks::Received,
    host::simulated::Store,
    webhooks::{Delivery, Encoding, Kind, Trust, sign},
};
use std::time::Duration;

const SECRET: &str = "canary-webhook-secret-0123456789";
const NEW: &str = "canary-webhook-secret-9876543210";

/// A delivery of a change to the job 4711, signed.
fn signed(secret: &str, delivery: &str, event: &str) -> (Vec<(String, String)>, String) {
    let body = format!(
        r#"{{"specversion":"1.0","id":"{delivery}","type":"tn.jpm.job-completed","time":"2026-11-20T10:00:00Z",
            "source":"https://webhooks.servicetitan.io","userassignedid":"{event}","datacontenttype":"application/json",
            "data":{{"tenantId":1234,"tenantName":"North","job":{{"id":4711,"new":true}}}}}}"#
    );
    with_signature(secret, body)
}

fn with_signature(secret: &str, body: String) -> (Vec<(String, String)>, String) {
    let signature = Encoding::Hex.encode(&sign(secret.as_bytes(), &[body.as_bytes()]));
    (vec![("X-ServiceTitan-Signature".to_owned(), signature)], body)
}

fn rig() -> Rig {
    let rig = Rig::new();
    rig.host.share(Store::default());
    rig.host.set_secret("SERVICETITAN_WEBHOOK_SECRET", SECRET);
    rig
}

fn receive(rig: &Rig, (headers, body): &(Vec<(String, String)>, String)) -> Result<Received, Failure> {
    let delivery = Delivery { headers, body: body.as_bytes() };
    rig.noted(rig.run(crate::entry::webhooks::receive(&rig.client, "servicetitan", None, &delivery)))
}

fn refused(rig: &Rig, message: &(Vec<(String, String)>, String)) -> Failure {
    receive(rig, message).unwrap_err()
}

fn ticket(received: Received) -> String {
    match received {
        Received::Fresh { ticket: Some(ticket), .. } => ticket.to_string(),
        other => panic!("{other:?}"),
    }
}

/// What is forgotten cannot be known again.
#[test]
fn a_signed_event_that_is_older_than_what_is_remembered_is_refused() {
    let rig = rig();
    rig.host.set("PENSTOCK_WEBHOOK_KEEP_DAYS", "3");
    // It is the 20th at ten.
    let at = |time: &str| {
        let (_, body) = signed(SECRET, "d1", time);
        with_signature(SECRET, body.replace("2026-11-20T10:00:00Z", time))
    };
    assert!(matches!(receive(&rig, &at("2026-11-17T10:00:00Z")), Ok(Received::Fresh { .. })));
    let failure = refused(&rig, &at("2026-11-17T09:59:59Z"));
    assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::Authentication, "time"));
    assert!(failure.message.contains("PENSTOCK_WEBHOOK_KEEP_DAYS"), "{}", failure.message);
}

#[test]
fn a_webhook_secret_that_may_be_another_vendors_is_refused_by_name() {
    let rig = rig();
    let north = |setting| format!("PENSTOCK_ACCOUNT_NORTH_{setting}");
    rig.host.set_secret(&north("CLIENT_ID"), "canary-north-id");
    rig.host.set_secret(&north("CLIENT_SECRET"), "canary-north-secret");
    rig.host.set(&north("TENANT_ID"), "1234");
    rig.host.set_secret(&north("WEBHOOK_SECRET"), NEW);
    let (headers, body) = signed(NEW, "d1", "e1");
    let receive = || {
        let delivery = Delivery { headers: &headers, body: body.as_bytes() };
        rig.run(crate::entry::webhooks::receive(&rig.client, "servicetitan", Some("north"), &delivery))
    };
    rig.host.set_secret(&north("API_KEY"), "canary-north-key");
    let failure = receive().unwrap_err();
    assert_eq!(
        (failure.kind, failure.fields[0].field.clone()),
        (FailureKind::Configuration, north("WEBHOOK_SECRET"))
    );
    rig.host.set_secret(&north("API_KEY"), "");
    rig.client.forget_settings();
    assert!(matches!(receive(), Ok(Received::Fresh { .. })));
}

#[test]
fn an_event_is_read_and_handed_out_once_however_often_it_is_delivered() {
    let rig = rig();
    let Received::Fresh { event: verified, ticket } = receive(&rig, &signed(SECRET, "d1", "e1")).unwrap()
    else {
        panic!("it is new")
    };
    let event = &verified.event;
    assert_eq!((event.id.as_str(), event.name.as_str()), ("e1", "tn.jpm.job-completed"));
    assert_eq!((event.delivery.as_deref(), event.tenant.as_deref()), (Some("d1"), Some("1234")));
    assert_eq!((verified.trust, verified.account.as_str()), (Trust::Signed, "default"));
    let Kind::Change { known: true, subjects } = &event.kind else { panic!("{event:?}") };
    assert_eq!((subjects[0].name.as_str(), subjects[0].id.as_str()), ("job", "4711"));
    assert!(event.data.contains(r#""new":true"#), "what nobody knows is kept: {}", event.data);

    // The vendor delivers again, under another delivery id.
    let again = || receive(&rig, &signed(SECRET, "d2", "e1")).unwrap();
    assert!(matches!(again(), Received::InHand(_)));
    rig.run(crate::entry::webhooks::done(&rig.client, &ticket.unwrap().to_string())).unwrap();
    assert!(matches!(again(), Received::Duplicate(_)));
    assert!(matches!(receive(&rig, &signed(SECRET, "d3", "e2")).unwrap(), Received::Fresh { .. }));
}

#[test]
fn what_could_not_be_handled_comes_again() {
    let rig = rig();
    let first = ticket(receive(&rig, &signed(SECRET, "d1", "e1")).unwrap());
    rig.run(crate::entry::webhooks::release(&rig.client, &first)).unwrap();
    let second = ticket(receive(&rig, &signed(SECRET, "d2", "e1")).unwrap());
    // Too slow: somebody else gets it, and the slow one learns of it.
    rig.run(rig.host.wait(Duration::from_secs(311)));
    let third = ticket(receive(&rig, &signed(SECRET, "d3", "e1")).unwrap());
    let late = rig.run(crate::entry::webhooks::done(&rig.client, &second)).unwrap_err();
    assert_eq!(late.kind, FailureKind::Conflict);
    rig.run(crate::entry::webhooks::done(&rig.client, &third)).unwrap();
    let wrong = rig.run(crate::entry::webhooks::done(&rig.client, "no ticket")).unwrap_err();
    assert_eq!((wrong.kind, wrong.fields[0].field.as_str()), (FailureKind::BadInput, "ticket"));
}

#[test]
fn without_a_secret_or_with_a_weak_one_the_setting_is_named() {
    let rig = Rig::new();
    rig.host.share(Store::default());
    let failure = refused(&rig, &signed("", "d", "e"));
    assert_eq!(failure.kind, FailureKind::Configuration);
    assert_eq!(failure.fields[0].field, "SERVICETITAN_WEBHOOK_SECRET");
    rig.host.set_secret("SERVICETITAN_WEBHOOK_SECRET", "canary-short");
    let failure = refused(&rig, &signed("canary-short", "d", "e"));
    assert_eq!(failure.kind, FailureKind::Configuration);
    assert!(failure.message.contains("too short"), "{}", failure.message);
}

#[test]
fn a_second_secret_is_live_at_once_and_the_first_stays_so() {
    let rig = rig();
    assert_eq!(refused(&rig, &signed(NEW, "d", "e1")).kind, FailureKind::Authentication);
    rig.host.set_secret("SERVICETITAN_WEBHOOK_SECRET_SECONDARY", NEW);
    assert!(receive(&rig, &signed(NEW, "d", "e1")).is_ok());
    assert!(receive(&rig, &signed(SECRET, "d", "e2")).is_ok());
    rig.host.set_secret("SERVICETITAN_WEBHOOK_SECRET", NEW);
    assert_eq!(refused(&rig, &signed(SECRET, "d", "e3")).kind, FailureKind::Authentication);
}

#[test]
fn what_is_not_the_vendors_or_the_tenants_is_refused() {
    let rig = rig();
    let (headers, body) = signed(SECRET, "d", "e");
    let altered = (headers, body.replace("4711", "4712"));
    let failure = refused(&rig, &altered);
    assert_eq!(failure.kind, FailureKind::Authentication);
    assert_eq!(failure.fields[0].field, "x-servicetitan-signature");
    let missing = refused(&rig, &(Vec::new(), body.clone()));
    assert_eq!(missing.kind, FailureKind::Authentication);
    let other = refused(&rig, &with_signature(SECRET, body.replace("1234", "9999")));
    assert_eq!(other.kind, FailureKind::Permission);
    for (wrong, path) in [
        ("[]".to_owned(), "$"),
        ("{".to_owned(), "$"),
        (body.replace("tenantId", "tenant"), "$.data.tenantId"),
    ] {
        let failure = refused(&rig, &with_signature(SECRET, wrong));
        assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::Decode, path));
    }
    // Nothing of all this was claimed.
    assert!(matches!(receive(&rig, &signed(SECRET, "d", "e")).unwrap(), Received::Fresh { .. }));
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_looked_at() {
    let rig = rig();
    rig.host.set("PENSTOCK_WEBHOOK_MAX_BYTES", "1024");
    // Without a signature: that it is missing is not what the failure says.
    let failure = refused(&rig, &(Vec::new(), "x".repeat(1025)));
    assert_eq!(failure.kind, FailureKind::TooLarge);
}

#[test]
fn a_switch_turns_them_off() {
    let rig = rig();
    rig.host.set("ENABLE_WEBHOOKS", "false");
    let failure = refused(&rig, &signed(SECRET, "d", "e"));
    assert_eq!(failure.fields[0].field, "ENABLE_WEBHOOKS");
}

#[test]
fn without_a_store_nothing_is_handed_out_unless_the_host_says_so() {
    let rig = Rig::new();
    rig.host.set_secret("SERVICETITAN_WEBHOOK_SECRET", SECRET);
    assert_eq!(refused(&rig, &signed(SECRET, "d", "e")).kind, FailureKind::Host);
    rig.host.set("PENSTOCK_WEBHOOK_NEEDS_STATE", "false");
    rig.client.forget_settings();
    let received = receive(&rig, &signed(SECRET, "d", "e")).unwrap();
    assert!(matches!(received, Received::Fresh { ticket: None, .. }), "{received:?}");
}

#[test]
fn an_unknown_event_is_kept_as_unknown() {
    let rig = rig();
    let (_, body) = signed(SECRET, "d", "e");
    let body = body.replace("tn.jpm.job-completed", "tn.jpm.job-sung-about").replace("userassignedid", "x");
    let Received::Fresh { event, .. } = receive(&rig, &with_signature(SECRET, body)).unwrap() else {
        panic!("it is new")
    };
    assert_eq!(event.event.name, "tn.jpm.job-sung-about");
    // Without a stable id, that of the delivery serves.
    assert_eq!(event.event.id, "d");
    assert_eq!(event.event.kind, Kind::Change { known: false, subjects: Vec::new() });
}
