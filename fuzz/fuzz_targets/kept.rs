//! What other instances, or other versions, keep in the shared store: it is read as it was
//! written, and nothing else is taken for it.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use penstock::{
    policy::{cache::Entry, time::WallTime},
    state::{cell, names},
    webhooks::claims::Ticket,
};
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
    assert_eq!(Ticket::parse(&ticket.to_string()).as_ref(), Some(&ticket));
}

fn cells(kept: &[u8], now: u64, life: Option<u32>) {
    if let Some(content) = cell::content(kept, now) {
        assert_eq!(content, &kept[9..], "behind the version and the time");
        assert_eq!(cell::content(kept, u64::MAX), None, "nothing is kept for good by mistake");
    }
    let until = cell::expiry_ms(now, life.map(u64::from));
    let written = cell::full(kept, until);
    assert_eq!(cell::content(&written, until.saturating_sub(1)), Some(kept).filter(|_| until > 0));
    assert_eq!(cell::content(&written, until), None);
    assert_eq!(cell::until_ms(&written), Some(until));
}

fn keys(tenant: &str, rest: &str) {
    let key = names::key(names::CACHE, tenant, rest);
    let name = names::parse(&key).expect("a key is one");
    assert_eq!((name.kind, name.tenant), (names::CACHE, names::tag(tenant).as_str()));
    if let Some(name) = names::parse(tenant) {
        assert!(tenant.starts_with(names::PREFIX) && tenant.contains(name.tenant));
    }
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
    tickets(&format!("{hex}.{text}.{nonce:016x}"));
    tickets(&format!("{hex}.{text}"));
    cells(bytes, time.unsigned_abs(), ttl);
    keys(text, event);
});
