//! The port over Spin: variables are Spin's, the rest is WASI.

use crate::settings::variable;
use penstock::{
    codec::Instant,
    host::{Host, HostError, Opened, Request, Response, SendError, wasi},
    policy::{
        secret::Secret,
        time::{Tick, WallTime},
    },
};
use serde_json::json;
use spin_sdk::variables::{self, Error};
use std::time::Duration;

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct SpinHost;

impl Host for SpinHost {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        wasi::send(request).await
    }

    async fn open(&self, request: Request) -> Result<Opened, SendError> {
        wasi::open(request).await
    }

    async fn sleep(&self, time: Duration) {
        wasi::sleep(time).await;
    }

    fn now(&self) -> Tick {
        wasi::now()
    }

    fn wall_now(&self) -> WallTime {
        wasi::wall_now()
    }

    fn random(&self) -> u64 {
        wasi::random_bits()
    }

    async fn secret(&self, name: &str) -> Result<Option<Secret>, HostError> {
        Ok(self.variable(name).await?.map(Secret::new))
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, HostError> {
        self.variable(name).await
    }

    fn log(&self, line: &str) {
        wasi::log(line);
    }
}

impl SpinHost {
    /// A variable, unless it is empty: the manifest gives every variable a default.
    /// One that the manifest does not have is not set, and neither is one whose name
    /// Spin would not take, which an account's name may cause.
    async fn variable(&self, name: &str) -> Result<Option<String>, HostError> {
        match variables::get(variable(name)).await {
            Ok(value) => Ok(Some(value).filter(|value| !value.trim().is_empty())),
            Err(Error::Undefined(_) | Error::InvalidName(_)) => Ok(None),
            // The provider's words may tell of the inside of the network: they go to
            // the log and not to the caller.
            Err(Error::Provider(why)) => {
                self.log_trouble(name, &why);
                Err(HostError::Unavailable("the provider of the variables failed".to_owned()))
            }
            Err(Error::Other(why)) => {
                self.log_trouble(name, &why);
                Err(HostError::Failed("the variable cannot be read".to_owned()))
            }
        }
    }

    fn log_trouble(&self, name: &str, why: &str) {
        let millis = self.wall_now().as_millis();
        let nanoseconds = u32::try_from(millis.rem_euclid(1000)).unwrap_or_default() * 1_000_000;
        let ts = Instant::new(millis.div_euclid(1000), nanoseconds).map(|instant| instant.to_string());
        let line =
            json!({"ts": ts, "level": "error", "event": "variable", "name": name, "error.message": why});
        self.log(&line.to_string());
    }
}
