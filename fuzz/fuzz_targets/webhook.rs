//! What providers send by themselves: what is signed is accepted as it is and in no altered
//! form, nothing is accepted without a signature, and what is read has an id.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::{
    policy::{secret::Secret, time::WallTime},
    webhooks::{
        Delivery, Encoding, Outdated,
        scheme::{Check, Scheme},
        sign, standard,
    },
};
use std::time::Duration;

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const NOW: i64 = 1_800_000_000;
const TOLERANCE: u64 = 300;

type Headers = Vec<(String, String)>;

fn accepts(scheme: &Scheme, headers: &[(String, String)], body: &[u8]) -> bool {
    let secrets = [Secret::new(SECRET.to_owned())];
    let tolerance = Duration::from_secs(TOLERANCE);
    let check = Check { secrets: &secrets, now: WallTime::from_millis(NOW * 1000), tolerance };
    scheme.verify(&Delivery { headers, body }, &check).is_ok()
}

fn header(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

/// The header fields of Standard Webhooks with a signature that is right.
fn standard(id: &str, stamp: &str, body: &[u8]) -> Headers {
    let key = standard::key(&Secret::new(SECRET.to_owned())).expect("the secret has a key");
    let tag = sign(&key, &[id.as_bytes(), b".", stamp.as_bytes(), b".", body]);
    vec![
        header(standard::ID, id),
        header(standard::TIMESTAMP, stamp),
        header(standard::SIGNATURE, format!("v1,{}", Encoding::Base64.encode(&tag))),
    ]
}

/// The same field with another value.
fn with(headers: &[(String, String)], name: &str, value: &str) -> Headers {
    let value = |known: &str, old: &str| if known == name { value.to_owned() } else { old.to_owned() };
    headers.iter().map(|(known, old)| (known.clone(), value(known, old))).collect()
}

fuzz_target!(|data: (&str, i16, &str, &[u8], &[u8])| {
    let (id, off, text, body, other) = data;

    // An HMAC over the body.
    for encoding in [Encoding::Hex, Encoding::Base64] {
        let scheme = Scheme::Hmac { header: "x-signature".to_owned(), encoding };
        let signed = [header("x-signature", encoding.encode(&sign(SECRET.as_bytes(), &[body])))];
        assert!(accepts(&scheme, &signed, body), "what is signed is accepted");
        assert_eq!(accepts(&scheme, &signed, other), body == other, "another body");
        assert!(!accepts(&scheme, &[header("x-signature", text)], body), "a signature was guessed");
        assert!(!accepts(&scheme, &[], body), "nothing is signed");
    }

    // Standard Webhooks: id and time are signed as well.
    let stamp = (NOW + i64::from(off)).to_string();
    let signed = standard(id, &stamp, body);
    let fits = !id.is_empty() && id.trim() == id && !id.contains('.') && id.len() <= 256;
    let in_time = u64::from(off.unsigned_abs()) <= TOLERANCE;
    assert_eq!(accepts(&Scheme::Standard, &signed, body), fits && in_time, "{id:?} at {off}");
    assert!(body == other || !accepts(&Scheme::Standard, &signed, other), "another body");
    for name in [standard::ID, standard::TIMESTAMP, standard::SIGNATURE] {
        let old = signed.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let altered = with(&signed, name, text);
        let same = old.is_some_and(|old| old.trim() == text.trim());
        // Further signatures may stand beside ours; a text that the fuzzer makes has none.
        assert!(same || !accepts(&Scheme::Standard, &altered, body), "another {name}: {text:?}");
    }

    let fields = [header("x-user-id", id), header("webhook-id", id)];
    for source in penstock::providers::registry::all().iter().filter_map(|provider| provider.webhooks()) {
        let Ok(event) = source.read(&Delivery { headers: &fields, body }) else { continue };
        assert!(!event.id.is_empty() && !event.name.is_empty(), "{event:?}");
        serde_json::from_str::<&serde_json::value::RawValue>(&event.data).expect("its data is JSON");
        for outdated in source.outdates(&event) {
            assert!(!matches!(outdated, Outdated::Owner(owner) if owner.is_empty()), "{event:?}");
        }
    }
});
