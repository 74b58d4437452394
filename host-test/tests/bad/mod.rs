//! What a bad host does, for the tests of both flavours: clocks that are put back or stand still, random numbers that
//! are always the same, a store that answers nonsense.

mod store;

pub use store::Nonsense;

use penstock_simulated::{
    Faults,
    servicetitan::{Config, SimulatedServiceTitan},
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use wasmtime_wasi::{Deterministic, HostMonotonicClock, HostWallClock, WasiCtxBuilder};

pub const HOUR: i64 = 3_600;
pub const DAY: i64 = 24 * HOUR;

/// A provider of whose answers some fail.
pub async fn provider(jobs: usize) -> SimulatedServiceTitan {
    let faults = Faults {
        max_in_a_row: 2,
        retry_after: Duration::from_millis(10),
        delay: Duration::from_millis(20),
        ..Faults::mixed(0.15)
    };
    let config = Config { faults, seed: 7, ..Config::small(jobs) };
    SimulatedServiceTitan::start(config).await.unwrap()
}

/// The clocks of an instance.
#[derive(Clone)]
pub struct Clocks(Arc<Mutex<Hands>>);

struct Hands {
    /// How far ahead the calendar is, in seconds.
    ahead: i64,
    began: Instant,
    /// When the monotonic clock was stopped.
    stopped: Option<Instant>,
    /// How long it has stood still before.
    stood: Duration,
    /// How far it has jumped.
    jumped: Duration,
}

impl Clocks {
    pub fn new() -> Clocks {
        Clocks(Arc::new(Mutex::new(Hands {
            ahead: 0,
            began: Instant::now(),
            stopped: None,
            stood: Duration::ZERO,
            jumped: Duration::ZERO,
        })))
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The calendar is that of so many seconds later, or earlier.
    pub fn set_calendar(&self, ahead: i64) {
        self.hands().ahead = ahead;
    }

    /// The monotonic clock stands still.
    pub fn stop(&self) {
        self.hands().stopped = Some(Instant::now());
    }

    /// It goes on from where it stood.
    pub fn go_on(&self) {
        let mut hands = self.hands();
        if let Some(stopped) = hands.stopped.take() {
            hands.stood += stopped.elapsed();
        }
    }

    /// It goes on from a later time.
    pub fn jump(&self, time: Duration) {
        self.hands().jumped += time;
    }

    /// Gives them to an instance, and a source of random numbers of which each byte is this one.
    pub fn give(&self, wasi: &mut WasiCtxBuilder, random: Option<u8>) {
        wasi.wall_clock(self.clone()).monotonic_clock(self.clone());
        if let Some(byte) = random {
            wasi.secure_random(Deterministic::new(vec![byte]));
        }
    }
}

impl HostWallClock for Clocks {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let ahead = self.hands().ahead;
        let by = Duration::from_secs(ahead.unsigned_abs());
        if ahead < 0 { now.saturating_sub(by) } else { now + by }
    }
}

impl HostMonotonicClock for Clocks {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        let hands = self.hands();
        let until = hands.stopped.unwrap_or_else(Instant::now);
        let gone = until.saturating_duration_since(hands.began).saturating_sub(hands.stood) + hands.jumped;
        u64::try_from(gone.as_nanos()).unwrap_or(u64::MAX)
    }
}
