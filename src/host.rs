//! The port: all that the core asks of the world outside.
//!
//! The client is generic over [`Host`]. [`wasi`] is the one for WASI 0.3; tests
//! bring one with virtual time. Futures need not be `Send`: a component has one
//! thread.

mod http;
#[cfg(any(test, feature = "simulated"))]
pub mod simulated;
mod state;
mod stream;
#[cfg(any(test, all(target_family = "wasm", feature = "p2")))]
mod tasks;
pub(crate) mod timeout;
#[cfg(target_family = "wasm")]
pub mod wasi;

pub use self::{
    http::{Body, BodyError, Request, Response, SendError, Streamed, Timeouts},
    state::{State, hash},
    stream::{Opened, Source},
    timeout::timeout,
};
#[cfg(all(target_family = "wasm", feature = "p2"))]
pub use tasks::TaskHandle;

use crate::policy::{
    secret::Secret,
    time::{Tick, WallTime},
};
use std::{fmt, time::Duration};

/// What a host gives the core.
#[allow(async_fn_in_trait, reason = "a component has one thread: the futures need not be Send")]
pub trait Host: State + 'static {
    /// Sends a request and reads the whole answer, at most `request.max_body` bytes
    /// of it. Dropping the future cancels the request.
    async fn send(&self, request: Request) -> Result<Response, SendError>;

    /// Sends a request and returns as soon as the answer begins; its body is read by
    /// whoever gets it. Dropping the future, or the body, cancels the request.
    ///
    /// A host that has no streams reads the answer whole, at most `request.max_body` bytes
    /// of it.
    async fn open(&self, request: Request) -> Result<Opened, SendError> {
        self.send(request).await.map(Opened::from)
    }

    /// Waits.
    async fn sleep(&self, time: Duration);

    /// The monotonic clock.
    fn now(&self) -> Tick;

    /// The wall clock. It may jump.
    fn wall_now(&self) -> WallTime;

    /// 64 unpredictable bits.
    fn random(&self) -> u64;

    /// A secret by name; none when there is none or when it is empty.
    async fn secret(&self, name: &str) -> Result<Option<Secret>, HostError>;

    /// A setting by name; none when there is none or when it is empty.
    async fn setting(&self, name: &str) -> Result<Option<String>, HostError>;

    /// What to say of a setting or secret that is needed and that this host has not: hosts differ
    /// in where it would have to be.
    fn absent(&self, _name: &str) -> &'static str {
        "is not set"
    }

    /// Origins to which this host lately let no request go; none where it does not know.
    fn refused_origins(&self) -> Vec<String> {
        Vec::new()
    }

    /// Takes a log line: one JSON object, without a newline.
    fn log(&self, line: &str);
}

/// Why a host could not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostError {
    /// It has no such thing, or it is down.
    Unavailable(String),
    /// It refuses this name to this component.
    Denied(String),
    /// Anything else, in its own words.
    Failed(String),
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostError::Unavailable(why) => write!(f, "the host has it not at hand: {why}"),
            HostError::Denied(why) => write!(f, "the host denies it: {why}"),
            HostError::Failed(why) => write!(f, "the host failed: {why}"),
        }
    }
}
