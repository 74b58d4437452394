//! What every scheme must do.

use super::{Message, verify};
use crate::webhooks::{
    Encoding, Trust,
    scheme::{Refused, Scheme},
    sign,
};
use base64::{Engine, engine::general_purpose::STANDARD};

const OLD: &str = "old-old-old-old-old-old-old-old-";
const NEW: &str = "new-new-new-new-new-new-new-new-";

fn hmac(encoding: Encoding) -> Scheme {
    Scheme::Hmac { header: "x-signature".to_owned(), encoding }
}

fn signed(secret: &str, encoding: Encoding) -> Message {
    let body = r#"{"event":"SESSION_COMPLETE"}"#;
    let signature = encoding.encode(&sign(secret.as_bytes(), &[body.as_bytes()]));
    Message::new(&[("X-Signature", &signature)], body)
}

fn standard(secret: &str) -> Message {
    let signature = STANDARD.encode(sign(secret.as_bytes(), &[b"id.1000.body"]));
    let signature = format!("v1,{signature}");
    Message::new(
        &[("webhook-id", "id"), ("webhook-timestamp", "1000"), ("webhook-signature", &signature)],
        "body",
    )
}

fn whsec(secret: &str) -> String {
    format!("whsec_{}", STANDARD.encode(secret))
}

#[test]
fn both_secrets_are_live_while_they_change() {
    for encoding in [Encoding::Hex, Encoding::Base64] {
        for secret in [OLD, NEW] {
            assert!(verify(&hmac(encoding), &signed(secret, encoding), &[OLD, NEW], 0).is_ok());
        }
        assert!(verify(&hmac(encoding), &signed(OLD, encoding), &[NEW], 0).is_err());
    }
    for secret in [OLD, NEW] {
        let live = [whsec(OLD), whsec(NEW)];
        assert!(verify(&Scheme::Standard, &standard(secret), &[&live[0], &live[1]], 1000).is_ok());
    }
    let key = Scheme::Key { header: "x-api-key".to_owned() };
    for secret in [OLD, NEW] {
        assert!(verify(&key, &Message::new(&[("x-api-key", secret)], "{}"), &[OLD, NEW], 0).is_ok());
    }
}

/// The reference client of Asleep compares a missing header with a missing setting, finds
/// them equal, and lets everybody in.
#[test]
fn without_a_secret_nothing_is_accepted() {
    let all = [
        hmac(Encoding::Hex),
        hmac(Encoding::Base64),
        Scheme::Standard,
        Scheme::Key { header: "x-api-key".to_owned() },
        Scheme::Hint { header: "x-api-key".to_owned() },
    ];
    let empty = Encoding::Hex.encode(&sign(b"", &[b"{}"]));
    let messages = [
        Message::new(&[], "{}"),
        Message::new(&[("x-api-key", ""), ("x-signature", "")], "{}"),
        Message::new(&[("x-signature", &empty)], "{}"),
        standard(""),
    ];
    for scheme in &all {
        for message in &messages {
            for secrets in [&[][..], &[""][..], &["", ""][..]] {
                assert_eq!(verify(scheme, message, secrets, 1000), Err(Refused::NoSecret), "{scheme:?}");
            }
            assert!(verify(scheme, message, &[OLD], 1000).is_err(), "{scheme:?}");
        }
    }
}

#[test]
fn a_header_that_is_missing_twice_there_or_malformed_is_named() {
    let good = signed(OLD, Encoding::Hex);
    let mut twice = good;
    twice.headers.push(("x-signature".to_owned(), "00".repeat(32)));
    for (message, says) in [
        (Message::new(&[], "{}"), "missing"),
        (Message::new(&[("x-signature", " ")], "{}"), "empty"),
        (Message::new(&[("x-signature", "abc")], "{}"), "no HMAC"),
        (Message::new(&[("x-signature", &"0g".repeat(32))], "{}"), "no HMAC"),
        (Message::new(&[("x-signature", &"é".repeat(32))], "{}"), "no HMAC"),
        (twice, "more than once"),
    ] {
        match verify(&hmac(Encoding::Hex), &message, &[OLD], 0) {
            Err(Refused::Header { name, why }) => {
                assert!(name == "x-signature" && why.contains(says), "{name} {why}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_signature_in_the_other_encoding_or_of_part_of_the_body_is_none() {
    assert!(verify(&hmac(Encoding::Base64), &signed(OLD, Encoding::Hex), &[OLD], 0).is_err());
    assert!(verify(&hmac(Encoding::Hex), &signed(OLD, Encoding::Base64), &[OLD], 0).is_err());
    let mut cut = signed(OLD, Encoding::Hex);
    cut.body.pop();
    assert!(verify(&hmac(Encoding::Hex), &cut, &[OLD], 0).is_err());
    let mut space = signed(OLD, Encoding::Hex);
    space.body.push(b' ');
    assert!(verify(&hmac(Encoding::Hex), &space, &[OLD], 0).is_err());
}

#[test]
fn ids_and_time_stamps_cannot_be_moved_across_the_dot() {
    // `a.1` with `1000` and `a` with `1.1000` would be signed alike.
    for (id, stamp) in [("a.1", "1000"), ("a", "1.1000"), ("a", "+1000"), ("a", "1e3"), ("a", "")] {
        let signed = format!("{id}.{stamp}.body");
        let signature = format!("v1,{}", STANDARD.encode(sign(OLD.as_bytes(), &[signed.as_bytes()])));
        let headers =
            [("webhook-id", id), ("webhook-timestamp", stamp), ("webhook-signature", signature.as_str())];
        let refused = verify(&Scheme::Standard, &Message::new(&headers, "body"), &[&whsec(OLD)], 1000);
        assert!(matches!(refused, Err(Refused::Header { .. })), "{id} {stamp}");
    }
}

#[test]
fn a_secret_that_is_no_base64_is_the_hosts_mistake() {
    let refused = verify(&Scheme::Standard, &standard(OLD), &["whsec_not base64!"], 1000);
    assert!(matches!(refused, Err(Refused::MalformedSecret(_))));
}

#[test]
fn a_standard_key_has_24_to_64_bytes() {
    for (length, is_one) in [(23, false), (24, true), (64, true), (65, false)] {
        let secret = crate::policy::secret::Secret::new(whsec(&"k".repeat(length)));
        assert_eq!(crate::webhooks::standard::key(&secret).is_some(), is_one, "{length}");
    }
}

#[test]
fn trust_tells_a_signed_body_from_a_key_and_a_hint() {
    let keyed = Message::new(&[("X-API-Key", OLD)], "{}");
    for (scheme, trust) in [
        (Scheme::Key { header: "x-api-key".to_owned() }, Trust::Key),
        (Scheme::Hint { header: "x-api-key".to_owned() }, Trust::Hint),
    ] {
        assert_eq!(verify(&scheme, &keyed, &[OLD], 0).unwrap().trust, trust);
    }
    for wrong in ["OLD", OLD.get(1..).unwrap(), &format!("{OLD}x"), &OLD.to_uppercase()] {
        let message = Message::new(&[("x-api-key", wrong)], "{}");
        assert!(verify(&Scheme::Key { header: "x-api-key".to_owned() }, &message, &[OLD], 0).is_err());
    }
}
