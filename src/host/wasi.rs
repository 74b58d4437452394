//! The port over WASI 0.3 and our three host interfaces.
//!
//! HTTP goes through `wasi:http/client`, time through `wasi:clocks`, chance through
//! `wasi:random`, log lines to standard error. Settings, secrets and state come from
//! `penstock:host`.

pub mod bindings;
mod chance;
mod code;
mod http;
#[cfg(feature = "p2")]
pub mod p2;
mod refused;

pub use http::{End, Incoming, open, piece, send};

use super::{Host, HostError, Opened, Request, Response, SendError, State};
use crate::{
    contract::bindings::penstock::host::{config, secrets, state, types as host_types},
    policy::{
        secret::Secret,
        time::{Tick, WallTime, millis},
    },
};
use bindings::wasi::{
    clocks::{monotonic_clock, system_clock},
    random::random,
};
use penstock_state::{TurnRequest, Turns};
use std::time::Duration;

/// The host of a plugin: WASI and `penstock:host`.
#[derive(Debug, Default, Clone, Copy)]
pub struct WasiHost;

impl Host for WasiHost {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        send(request).await
    }

    async fn open(&self, request: Request) -> Result<Opened, SendError> {
        open(request).await
    }

    async fn sleep(&self, time: Duration) {
        sleep(time).await;
    }

    fn now(&self) -> Tick {
        now()
    }

    fn wall_now(&self) -> WallTime {
        wall_now()
    }

    fn random(&self) -> u64 {
        random_bits()
    }

    async fn secret(&self, name: &str) -> Result<Option<Secret>, HostError> {
        let secret = secrets::get(name.to_owned()).await?;
        Ok(secret.filter(|text| !text.trim().is_empty()).map(Secret::new))
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, HostError> {
        let setting = config::get(name.to_owned()).await?;
        Ok(setting.filter(|text| !text.trim().is_empty()))
    }

    fn refused_origins(&self) -> Vec<String> {
        refused_origins()
    }

    fn log(&self, line: &str) {
        log(line);
    }
}

impl State for WasiHost {
    async fn state_get(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        Ok(state::get(key.to_owned()).await?)
    }

    async fn state_set(&self, key: &str, value: Vec<u8>, ttl: Option<Duration>) -> Result<(), HostError> {
        Ok(state::set(key.to_owned(), value, ttl.map(self::ttl)).await?)
    }

    async fn state_delete(&self, key: &str) -> Result<(), HostError> {
        Ok(state::delete(key.to_owned()).await?)
    }

    async fn state_claim(
        &self,
        key: &str,
        value: Vec<u8>,
        ttl: Duration,
    ) -> Result<Option<Vec<u8>>, HostError> {
        Ok(state::claim(key.to_owned(), value, self::ttl(ttl)).await?)
    }

    async fn state_swap(
        &self,
        key: &str,
        expected: Vec<u8>,
        value: Vec<u8>,
        ttl: Duration,
    ) -> Result<bool, HostError> {
        Ok(state::swap(key.to_owned(), expected, value, self::ttl(ttl)).await?)
    }

    async fn state_release(&self, key: &str, expected: Vec<u8>) -> Result<(), HostError> {
        Ok(state::release(key.to_owned(), expected).await?)
    }

    async fn state_keys(&self, prefix: &str, most: usize) -> Result<Vec<String>, HostError> {
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        Ok(state::list_keys(prefix.to_owned(), most).await?)
    }

    async fn state_turns(&self, key: &str, request: &TurnRequest) -> Result<Turns, HostError> {
        Ok(state::take_turns(key.to_owned(), request.into()).await?.into())
    }
}

impl From<&TurnRequest> for state::TurnRequest {
    fn from(request: &TurnRequest) -> state::TurnRequest {
        let TurnRequest { owner, number, interval, tolerance, horizon, wanted, least, lead, gap, pause } =
            *request;
        state::TurnRequest { owner, number, interval, tolerance, horizon, wanted, least, lead, gap, pause }
    }
}

impl From<state::Turns> for Turns {
    fn from(turns: state::Turns) -> Turns {
        let state::Turns { now, arrival, count, closed, since } = turns;
        Turns { now, arrival, count, closed, since }
    }
}

/// At least 1: a value that is gone at once was not meant.
fn ttl(time: Duration) -> u64 {
    millis(time).max(1)
}

impl From<host_types::HostError> for HostError {
    fn from(error: host_types::HostError) -> HostError {
        match error {
            host_types::HostError::Unavailable(why) => HostError::Unavailable(why),
            host_types::HostError::Denied(why) => HostError::Denied(why),
            host_types::HostError::Failed(why) => HostError::Failed(why),
        }
    }
}

/// Waits on the host's monotonic clock.
pub async fn sleep(time: Duration) {
    monotonic_clock::wait_for(nanoseconds(time)).await;
}

/// The host's monotonic clock.
#[must_use]
pub fn now() -> Tick {
    Tick::from_nanos(monotonic_clock::now())
}

/// Scheme, host and port of where the host let no request go in the last ten minutes, 16 at most.
#[must_use]
pub fn refused_origins() -> Vec<String> {
    refused::origins(now())
}

/// The host's wall clock.
#[must_use]
pub fn wall_now() -> WallTime {
    let now = system_clock::now();
    WallTime::from_millis(
        now.seconds.saturating_mul(1000).saturating_add(i64::from(now.nanoseconds / 1_000_000)),
    )
}

/// The same in microseconds since the Unix epoch; 0 before it.
#[must_use]
pub fn wall_micros() -> u64 {
    let now = system_clock::now();
    let seconds = u64::try_from(now.seconds).unwrap_or(0);
    seconds.saturating_mul(1_000_000).saturating_add(u64::from(now.nanoseconds / 1_000))
}

/// 64 bits of the host's secure random source, no two of which are the same even where that stands still.
#[must_use]
pub fn random_bits() -> u64 {
    chance::spread(random::get_random_u64(), || wall_micros() ^ monotonic_clock::now().rotate_left(32))
}

/// Writes a line to standard error.
#[allow(clippy::print_stderr, reason = "this is where log lines go")]
pub fn log(line: &str) {
    eprintln!("{line}");
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
