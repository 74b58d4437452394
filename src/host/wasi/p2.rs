//! The port over WASI 0.2 and the plain functions of our three host interfaces.
//!
//! HTTP goes through `wasi:http/outgoing-handler`, everything that is waited for through `wasi:io/poll`
//! (`reactor`). A function of `penstock:host` returns before anything else can go on: how long it may take is the
//! host's to say.

mod code;
mod http;
mod reactor;

pub use reactor::{block_on, spawn};

use super::{chance, refused, ttl};
use crate::{
    contract::p2::penstock::host::{config, secrets, state},
    host::{Host, HostError, Opened, Request, Response, SendError, State},
    policy::{
        secret::Secret,
        time::{Tick, WallTime},
    },
};
use penstock_state::{TurnRequest, Turns};
use std::time::Duration;
use wasip2::{
    clocks::{monotonic_clock, wall_clock},
    random::random,
};

/// The host of a plugin: WASI and `penstock:host`.
#[derive(Debug, Default, Clone, Copy)]
pub struct WasiHost;

impl Host for WasiHost {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        http::send(request).await
    }

    async fn open(&self, request: Request) -> Result<Opened, SendError> {
        http::open(request).await
    }

    async fn sleep(&self, time: Duration) {
        reactor::sleep(time).await;
    }

    fn now(&self) -> Tick {
        now()
    }

    fn wall_now(&self) -> WallTime {
        let now = wall_clock::now();
        let seconds = i64::try_from(now.seconds).unwrap_or(i64::MAX);
        WallTime::from_millis(
            seconds.saturating_mul(1000).saturating_add(i64::from(now.nanoseconds / 1_000_000)),
        )
    }

    fn random(&self) -> u64 {
        chance::spread(random::get_random_u64(), || {
            let now = wall_clock::now();
            now.seconds.rotate_left(20) ^ u64::from(now.nanoseconds) ^ monotonic_clock::now().rotate_left(32)
        })
    }

    async fn secret(&self, name: &str) -> Result<Option<Secret>, HostError> {
        let secret = secrets::get(name)?;
        Ok(secret.filter(|text| !text.trim().is_empty()).map(Secret::new))
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, HostError> {
        let setting = config::get(name)?;
        Ok(setting.filter(|text| !text.trim().is_empty()))
    }

    fn refused_origins(&self) -> Vec<String> {
        refused::origins(self.now())
    }

    fn log(&self, line: &str) {
        super::log(line);
    }
}

impl State for WasiHost {
    async fn state_get(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        Ok(state::get(key)?)
    }

    async fn state_set(&self, key: &str, value: Vec<u8>, ttl: Option<Duration>) -> Result<(), HostError> {
        Ok(state::set(key, &value, ttl.map(self::ttl))?)
    }

    async fn state_delete(&self, key: &str) -> Result<(), HostError> {
        Ok(state::delete(key)?)
    }

    async fn state_claim(
        &self,
        key: &str,
        value: Vec<u8>,
        ttl: Duration,
    ) -> Result<Option<Vec<u8>>, HostError> {
        Ok(state::claim(key, &value, self::ttl(ttl))?)
    }

    async fn state_swap(
        &self,
        key: &str,
        expected: Vec<u8>,
        value: Vec<u8>,
        ttl: Duration,
    ) -> Result<bool, HostError> {
        Ok(state::swap(key, &expected, &value, self::ttl(ttl))?)
    }

    async fn state_release(&self, key: &str, expected: Vec<u8>) -> Result<(), HostError> {
        Ok(state::release(key, &expected)?)
    }

    async fn state_keys(&self, prefix: &str, most: usize) -> Result<Vec<String>, HostError> {
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        Ok(state::list_keys(prefix, most)?)
    }

    async fn state_turns(&self, key: &str, request: &TurnRequest) -> Result<Turns, HostError> {
        Ok(state::take_turns(key, request.into())?.into())
    }
}

/// The host's monotonic clock.
fn now() -> Tick {
    Tick::from_nanos(monotonic_clock::now())
}
