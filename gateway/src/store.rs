//! The shared state over `wasi:keyvalue`, which has atomics and knows no expiry.
//!
//! spin-sdk binds Spin's own interface only, which has no atomics; both see the same
//! data. A value is kept behind the time when it expires, so that what is old counts as
//! absent; nothing sweeps, but each key is written again and again by those who use it.

use crate::expiry::{dated, fresh};
use bindings::wasi::keyvalue::{
    atomics::{self, Cas, CasError},
    store::{self, Bucket, Error},
};
use penstock::{host::HostError, policy::time::WallTime};
use std::time::Duration;

mod bindings {
    #![allow(
        unsafe_code,
        missing_docs,
        clippy::allow_attributes_without_reason,
        clippy::uninlined_format_args,
        reason = "generated code"
    )]

    wit_bindgen::generate!({
        inline: "
            package penstock:gateway;
            world store {
                import wasi:keyvalue/store@0.2.0-draft2;
                import wasi:keyvalue/atomics@0.2.0-draft2;
            }
        ",
        path: "wit/keyvalue",
        world: "penstock:gateway/store",
        generate_all,
    });
}

/// The store that Spin gives a component unless the manifest names another.
const LABEL: &str = "default";

/// The value under a key, unless it has expired.
pub(crate) fn get(key: &str, now: WallTime) -> Result<Option<Vec<u8>>, HostError> {
    Ok(open()?.get(key).map_err(trouble)?.and_then(|kept| fresh(&kept, now).map(<[u8]>::to_vec)))
}

pub(crate) fn set(key: &str, value: &[u8], now: WallTime, ttl: Option<Duration>) -> Result<(), HostError> {
    open()?.set(key, &dated(value, now, ttl)).map_err(trouble)
}

pub(crate) fn delete(key: &str) -> Result<(), HostError> {
    open()?.delete(key).map_err(trouble)
}

/// Adds to a counter. One that expires is a new counter in each span of its time to
/// live, so it may expire early by up to that time; whoever begins a span removes the
/// counter of the one before.
pub(crate) fn increment(
    key: &str,
    delta: i64,
    now: WallTime,
    ttl: Option<Duration>,
) -> Result<i64, HostError> {
    let bucket = open()?;
    let Some(ttl) = ttl else { return atomics::increment(&bucket, key, delta).map_err(trouble) };
    let span = now.as_millis() / i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX).max(1);
    let count = atomics::increment(&bucket, &format!("{key}/{span}"), delta).map_err(trouble)?;
    if count == delta {
        bucket.delete(&format!("{key}/{}", span - 1)).map_err(trouble)?;
    }
    Ok(count)
}

/// Replaces a value that is still the expected one. False for one that is absent: Spin
/// does not protect creation.
pub(crate) fn swap(
    key: &str,
    expected: &[u8],
    value: &[u8],
    now: WallTime,
    ttl: Option<Duration>,
) -> Result<bool, HostError> {
    let bucket = open()?;
    let handle = Cas::new(&bucket, key).map_err(trouble)?;
    let kept = handle.current().map_err(trouble)?.unwrap_or_default();
    if fresh(&kept, now) != Some(expected) {
        return Ok(false);
    }
    match atomics::swap(handle, &dated(value, now, ttl)) {
        Ok(()) => Ok(true),
        Err(CasError::CasFailed(_)) => Ok(false),
        Err(CasError::StoreError(error)) => Err(trouble(error)),
    }
}

/// Without a grant in the manifest it does not open.
fn open() -> Result<Bucket, HostError> {
    store::open(LABEL).map_err(trouble)
}

fn trouble(error: Error) -> HostError {
    match error {
        Error::NoSuchStore => HostError::Unavailable("there is no key-value store".to_owned()),
        Error::AccessDenied => HostError::Unavailable("the manifest grants no key-value store".to_owned()),
        Error::Other(why) => HostError::Failed(format!("the key-value store: {why}")),
    }
}
