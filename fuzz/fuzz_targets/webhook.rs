//! What vendors send by themselves: no altered body or header field is believed, and one
//! that is believed has an id.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::{
    engine::{secret::Secret, time::WallTime},
    vendor,
    webhooks::{
        Delivery, Encoding,
        scheme::{Check, Scheme},
    },
};
use std::time::Duration;

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

fuzz_target!(|data: (&str, &str, &str, &[u8])| {
    let (id, time, signature, body) = data;
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = [
        header("webhook-id", id),
        header("webhook-timestamp", time),
        header("webhook-signature", signature),
        header("x-signature", signature),
    ];
    let delivery = Delivery { headers: &headers, body };
    let secrets = [Secret::new(SECRET.to_owned())];
    let check = Check {
        secrets: &secrets,
        now: WallTime::from_millis(1_800_000_000_000),
        tolerance: Duration::from_secs(300),
    };
    let hmac = |encoding| Scheme::Hmac { header: "x-signature".to_owned(), encoding };
    for scheme in [Scheme::Standard, hmac(Encoding::Hex), hmac(Encoding::Base64)] {
        assert!(scheme.verify(&delivery, &check).is_err(), "a signature was guessed");
    }
    for source in vendor::all().iter().filter_map(|vendor| vendor.webhooks()) {
        if let Ok(event) = source.read(&delivery) {
            assert!(!event.id.is_empty(), "{event:?}");
        }
    }
});
