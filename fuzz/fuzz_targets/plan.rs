//! The record of a limit that instances share: whatever stands there, it gives nobody a slot
//! by itself, and makes nobody wait for longer than a new plan would.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::policy::{
    limiter::{
        gcra::RateLimit,
        shared::{Ask, Lease, Reply},
    },
    time::Tick,
};
use std::time::Duration;

const LIMITS: [RateLimit; 3] = [
    RateLimit { count: 60, window: Duration::from_secs(1), burst: 3 },
    RateLimit { count: 1, window: Duration::from_secs(60), burst: 1 },
    RateLimit { count: 10_000, window: Duration::from_secs(1), burst: 4 },
];

/// What the store says next: some milliseconds later, bytes of any kind or a record whose
/// numbers are made up.
type Said = (u16, u8, Vec<u8>, [u64; 4]);

fn record(kind: u8, bytes: Vec<u8>, [a, b, c, d]: [u64; 4]) -> Vec<u8> {
    match kind % 4 {
        0 => bytes,
        1 => format!("b1 {a} {b}").into_bytes(),
        2 => format!("c1 {a} {b} {c} {d}").into_bytes(),
        // Times that might be: a writer that was started a little before or after us.
        _ => format!("c1 {} {b} {} {}", a % 3, c % 9_000_000_000, d % 9_000_000_000).into_bytes(),
    }
}

fuzz_target!(|data: (u8, u32, Vec<Said>)| {
    let (which, start, said) = data;
    let limit = *penstock_fuzz::pick(&LIMITS, which);
    let mut lease = Lease::new(limit, 1);
    // What a new plan costs, with what may belong to others by then.
    let longest = lease.grace_period() + limit.window * 2 + Duration::from_secs(1);
    let mut now = Tick::ZERO + Duration::from_millis(start.into());
    let mut won = false;
    for (later, kind, bytes, numbers) in said {
        now += Duration::from_millis(later.into());
        let asked = lease.ask(now, 3, 0.5);
        let reply = match asked {
            Ask::Nothing => continue,
            Ask::Wait(until) => {
                assert!(until <= now + longest, "waits for {:?}", now.until(until));
                continue;
            }
            Ask::Get => Reply::Got((kind != 7).then(|| record(kind, bytes, numbers))),
            Ask::Swap { .. } => Reply::Swapped(kind % 2 == 0),
            Ask::Count { .. } => Reply::Counted(i64::from(kind % 3)),
            Ask::Set { .. } if kind % 2 == 0 => Reply::Stored,
            Ask::Set { .. } => Reply::Failed,
        };
        won |= reply == Reply::Swapped(true);
        lease.reply(now, now, reply, 0.5);
        assert!(won || !lease.take(now), "a slot that nobody claimed");
        let ready = lease.ready_at(now, 0);
        assert!(ready <= now + longest, "ready only in {:?}", now.until(ready));
    }
});
