//! The plan of a limit that instances share: whatever stands in the store, and whatever the store
//! answers, gives nobody a slot that was not asked for, and makes nobody wait for longer than the
//! horizon and what the provider said.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::{
    policy::{
        limiter::{
            gcra::RateLimit,
            shared::{Ask, HORIZON, Lease},
        },
        time::Tick,
    },
    state::{TurnRequest, Turns, turns::Plan},
};
use std::time::Duration;

const LIMITS: [RateLimit; 3] = [
    RateLimit { count: 60, window: Duration::from_secs(1), burst: 3 },
    RateLimit { count: 1, window: Duration::from_secs(60), burst: 1 },
    RateLimit { count: 10_000, window: Duration::from_secs(1), burst: 4 },
];

/// What the store holds or says next: some milliseconds later, bytes of any kind or numbers.
type Said = (u16, u8, Vec<u8>, [u64; 5]);

fn answer(kind: u8, text: &[u8], numbers: [u64; 5], now: u64, request: &TurnRequest) -> Option<Turns> {
    let [a, b, c, d, e] = numbers;
    match kind % 4 {
        0 => None,
        // A store that makes it up.
        1 => Some(Turns { now: a, arrival: b, count: (c % 20) as u32, closed: d, since: e }),
        // One that is honest about what it has, which anybody may have written.
        2 => Some(Plan::ask(Plan::parse(text), now, request, 50_000).0),
        _ => {
            let text = format!("{} {} {} {d} {e} {} 3", a % now, now + b % 9_000_000, now + c % 9_000_000, now);
            Some(Plan::ask(Plan::parse(text.as_bytes()), now, request, 50_000).0)
        }
    }
}

fuzz_target!(|data: (u8, u32, Vec<Said>)| {
    let (which, start, said) = data;
    let limit = *penstock_fuzz::pick(&LIMITS, which);
    let mut lease = Lease::new(limit, 1);
    let mut now = Tick::ZERO + Duration::from_millis(start.into());
    let mut given = 0_u64;
    let mut used = 0_u64;
    for (later, kind, text, numbers) in said {
        now += Duration::from_millis(later.into());
        let request = match lease.ask(now, 3, 0.5) {
            Ask::Nothing => continue,
            Ask::Wait(_) => {
                used += u64::from(lease.take(now));
                continue;
            }
            Ask::Turns(request) => request,
        };
        let store = 1_790_000_000_000_000 + now.as_nanos() / 1_000;
        match answer(kind, &text, numbers, store, &request) {
            None => lease.failed(now, 0.5),
            Some(turns) => {
                let absurd = lease.reply(now, now, &turns).is_err();
                given += if absurd { 0 } else { turns.count.into() };
                if absurd {
                    lease.failed(now, 0.5);
                } else if kind % 4 != 1 {
                    let closed = Duration::from_micros(turns.closed.saturating_sub(turns.now));
                    let longest = closed.max(HORIZON) + limit.window * 3 + Duration::from_secs(3);
                    let ready = lease.ready_at(now, 0);
                    assert!(ready <= now + longest, "ready only in {:?}", now.until(ready));
                }
            }
        }
        used += u64::from(lease.take(now));
        assert!(used <= given, "a slot that nobody gave");
    }
});
