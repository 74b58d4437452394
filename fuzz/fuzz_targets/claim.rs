//! Who has a webhook's event, as the store says it: whatever stands there, an event is handed
//! out at most once at a time, is done for good once it is done, and comes free in a lease's
//! time, even if a holder is named.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::{
    host::{
        State,
        simulated::{Simulated, Store},
    },
    webhooks::claims::{Claim, Claims, Ticket},
};
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// Whether the bytes say that somebody has the event, as a claim of this version does.
fn names_a_holder(bytes: &[u8]) -> bool {
    let Some(nonce) = std::str::from_utf8(bytes).ok().and_then(|text| text.strip_prefix("held ")) else {
        return false;
    };
    nonce.len() == 16 && nonce.chars().all(|digit| digit.is_ascii_hexdigit())
}

/// What the store holds while an event is this ticket's.
fn held_by(ticket: &Ticket) -> Vec<u8> {
    let ticket = ticket.to_string();
    let (_, nonce) = ticket.rsplit_once('.').expect("a ticket ends with its nonce");
    format!("held {nonce}").into_bytes()
}

fuzz_target!(|data: (u8, &[u8], u64)| {
    let (form, bytes, nonce) = data;
    // Whole ones, ones with something before or behind what is expected, and anything.
    let value = match form % 8 {
        0 => format!("held {nonce:016x}").into_bytes(),
        1 => b"done".to_vec(),
        2 => [b"held ", bytes].concat(),
        3 => [format!("held {nonce:x}").as_bytes(), bytes].concat(),
        4 => [format!("held {nonce:016x}").as_bytes(), bytes].concat(),
        5 => [b"done", bytes].concat(),
        _ => bytes.to_vec(),
    };
    let host = Simulated::new(1);
    host.share(Store::default());
    host.clone().run(async {
        let claims = Claims { host: &host, lease: LEASE, keep: 14 * DAY, seal: None };
        let Ok(Claim::Ours(first)) = claims.claim("t", &["e"]).await else { panic!("it is new") };
        claims.release(&first).await.unwrap();
        let ticket = first.to_string();
        let (event, _) = ticket.split_once('.').expect("a ticket has two parts");
        host.state_set(&format!("penstock/webhook/{{t}}/{event}"), value.clone(), Some(LEASE)).await.unwrap();

        let mut claim = claims.claim("t", &["e"]).await;
        if value == b"done" {
            assert_eq!(claim, Ok(Claim::Done));
            return;
        }
        if matches!(&claim, Ok(Claim::Ours(ticket)) if value == held_by(ticket)) {
            // The claim's own value: it was written, and its answer was lost.
        } else if names_a_holder(&value) {
            assert_eq!(claim, Ok(Claim::Taken));
            host.wait(LEASE + Duration::from_millis(1)).await;
            claim = claims.claim("t", &["e"]).await;
        }
        let Ok(Claim::Ours(ticket)) = claim else {
            panic!("held up by {:?}: {claim:?}", String::from_utf8_lossy(&value))
        };
        assert_eq!(claims.claim("t", &["e"]).await, Ok(Claim::Taken), "handed out twice");
        assert_eq!(claims.done(&ticket).await, Ok(true));
        host.wait(LEASE + Duration::from_millis(1)).await;
        assert_eq!(claims.claim("t", &["e"]).await, Ok(Claim::Done));
    });
});
