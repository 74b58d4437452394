//! Who has a webhook's event, as the store says it: whatever stands there, an event is handed
//! out at most once at a time, is done for good once it is done, and comes free in a lease's
//! time unless a holder is named.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::{
    host::{
        State,
        simulated::{Simulated, Store},
    },
    webhooks::claims::{Claim, Claims},
};
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(60);
/// How far clocks may be apart, and a little.
const SKEW: Duration = Duration::from_secs(11);
const DAY: Duration = Duration::from_secs(86_400);

/// Whether the bytes name a time, which may be any.
fn names_a_time(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let words: Vec<&str> = text.split(' ').collect();
    match words.as_slice() {
        ["seed", until] => until.parse::<i64>().is_ok_and(|time| time.to_string() == *until),
        ["held", nonce, until] => {
            nonce.len() == 16 && until.parse::<i64>().is_ok_and(|time| time.to_string() == *until)
        }
        _ => false,
    }
}

fuzz_target!(|data: (u8, &[u8], u64, i64)| {
    let (form, bytes, nonce, until) = data;
    // Whole ones, ones with something before or behind a number, and anything.
    let value = match form % 8 {
        0 => format!("seed {until}").into_bytes(),
        1 => format!("held {nonce:016x} {until}").into_bytes(),
        2 => [b"seed ", bytes].concat(),
        3 => [format!("held {nonce:x} ").as_bytes(), bytes].concat(),
        4 => [format!("held {nonce:016x} {until}").as_bytes(), bytes].concat(),
        5 => [b"free", bytes].concat(),
        _ => bytes.to_vec(),
    };
    let (host, store) = (Simulated::new(1), Store::default());
    host.share(store.clone());
    host.clone().run(async {
        let claims = Claims { host: &host, lease: LEASE, keep: 14 * DAY };
        let Ok(Claim::Ours(first)) = claims.claim(&["e"]).await else { panic!("it is new") };
        claims.release(&first).await.unwrap();
        let contents = store.contents();
        let mut keys = contents.iter().filter_map(|line| Some(line.split_once('=')?.0));
        let lease = keys.find(|key| key.contains("/lease/")).expect("there is a lease").to_owned();
        host.state_set(&lease, value.clone(), Some(DAY)).await.unwrap();

        let mut claim = claims.claim(&["e"]).await;
        if claim == Ok(Claim::Taken) && !names_a_time(&value) {
            host.wait(LEASE + SKEW).await;
            claim = claims.claim(&["e"]).await;
            assert!(matches!(claim, Ok(Claim::Ours(_))), "held up by {:?}", String::from_utf8_lossy(&value));
        }
        match claim {
            Ok(Claim::Ours(ticket)) => {
                assert_eq!(claims.claim(&["e"]).await, Ok(Claim::Taken), "handed out twice");
                assert_eq!(claims.done(&ticket).await, Ok(true));
                host.wait(LEASE + SKEW).await;
                assert_eq!(claims.claim(&["e"]).await, Ok(Claim::Done));
            }
            Ok(Claim::Taken) => {}
            other => panic!("{other:?}"),
        }
    });
});
