//! What other instances, or other versions, keep in the shared store: it is read as it was
//! written, and nothing else is taken for it.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use penstock::{
    policy::{cache::Entry, time::WallTime},
    webhooks::claims::Ticket,
};
use penstock_gateway::expiry::{dated, fresh};
use std::time::Duration;

fn answers(bytes: &[u8], status: u16, stored: i64, life: u64, at: u16, to: u8) {
    if let Some(entry) = Entry::from_bytes(bytes.to_vec()) {
        assert_eq!(entry.to_bytes(), bytes, "there is one way to write it");
    }
    let entry = Entry {
        status,
        body: Bytes::copy_from_slice(bytes),
        stored_at: WallTime::from_millis(stored),
        fresh: Duration::from_millis(life),
    };
    let written = entry.to_bytes();
    assert_eq!(Entry::from_bytes(written.clone()).as_ref(), Some(&entry));
    // A single byte that was damaged on the way.
    let mut damaged = written.clone();
    let at = usize::from(at) % written.len();
    damaged[at] = to;
    assert_eq!(Entry::from_bytes(damaged.clone()).is_some(), damaged == written, "byte {at}");
    assert_eq!(Entry::from_bytes(written[..at].to_vec()), None, "cut off at {at}");
}

fn tickets(text: &str) {
    let Some(ticket) = Ticket::parse(text) else { return };
    let shown = ticket.to_string();
    assert_eq!(Ticket::parse(&shown).as_ref(), Some(&ticket));
    assert_eq!(shown.len(), 64 + 1 + 16, "{shown}");
}

fn values(kept: &[u8], now: i64, life: Option<u32>) {
    let at = WallTime::from_millis;
    if let Some(value) = fresh(kept, at(now)) {
        assert_eq!(value, &kept[8..], "behind the time");
        assert_eq!(fresh(kept, at(i64::MAX)), None, "nothing is kept for good by mistake");
    }
    let life = life.map(|millis| Duration::from_millis(millis.into()));
    let written = dated(kept, at(now), life);
    let end = life.map_or(i64::MAX, |life| now.saturating_add(i64::try_from(life.as_millis()).unwrap()));
    assert_eq!(fresh(&written, at(end.saturating_sub(1))), Some(kept).filter(|_| end > i64::MIN));
    assert_eq!(fresh(&written, at(end)), None);
}

/// An answer's status, when it was kept and how long it is fresh; then where it is damaged,
/// and to what.
type Kept = (u16, i64, u64, u16, u8);

fuzz_target!(|data: (&[u8], &str, Kept, Option<u32>, &str, u64)| {
    let (bytes, text, (status, time, life, at, to), ttl, event, nonce) = data;
    answers(bytes, status, time, life, at, to);
    tickets(text);
    // Nearly one.
    let hex: String = event.bytes().cycle().take(32).map(|byte| format!("{byte:02x}")).collect();
    tickets(&format!("{hex}.{nonce:x}"));
    tickets(&format!("{hex}.{text}"));
    values(bytes, time, ttl);
});
