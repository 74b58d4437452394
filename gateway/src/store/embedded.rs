//! The shared state in Spin's own store, on SQLite: for one Spin process a state folder.
//!
//! Over `wasi:keyvalue`, which has atomics. spin-sdk binds Spin's own interface only, which has
//! none; both see the same data. While it works, nothing else in this instance does.

use bindings::wasi::keyvalue::{
    atomics::{self, Cas, CasError},
    store::{self, Bucket, Error},
};
use penstock::{
    host::{HostError, wasi},
    policy::time::Tick,
    state::embedded::{self, Embedded, Undone},
};
use std::{cell::Cell, time::Duration};

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

/// How often an operation is tried while the file is locked, or others are always faster.
const TRIES: u32 = 10;

/// The longest pause before another try; a random part of it is waited.
const PAUSE: Duration = Duration::from_millis(20);

/// How often it is looked through for what has expired, by one instance or another.
const SWEEP_EVERY: Duration = Duration::from_secs(600);

/// How many keys are looked at each time. It takes some 20 ms, in which the instance does nothing else.
const SWEPT: usize = 1_000;

/// Under which whose turn it is stands in the store.
const SWEEPER: &str = "penstock/sweep";

thread_local! {
    /// When this instance last saw to it.
    static SWEPT_AT: Cell<Option<Tick>> = const { Cell::new(None) };
}

/// Does one operation, and now and then removes what has expired.
pub(super) async fn with<T>(
    operation: impl Fn(&Embedded<'_, Bucket>) -> Result<T, Undone<Error>>,
) -> Result<T, HostError> {
    let answer = do_once(operation).await?;
    let is_due = |at: Tick| wasi::now().since(at) >= SWEEP_EVERY;
    if SWEPT_AT.get().is_none_or(is_due) {
        SWEPT_AT.set(Some(wasi::now()));
        // That it did not work is no harm: its turn comes again.
        _ = do_once(|state| {
            let me = wasi::random_bits().to_le_bytes();
            let ttl = u64::try_from(SWEEP_EVERY.as_millis()).unwrap_or(u64::MAX);
            match state.claim(SWEEPER, &me, ttl)? {
                None => state.sweep(SWEPT, wasi::random_bits()),
                Some(_) => Ok(0),
            }
        })
        .await;
    }
    Ok(answer)
}

async fn do_once<T>(
    operation: impl Fn(&Embedded<'_, Bucket>) -> Result<T, Undone<Error>>,
) -> Result<T, HostError> {
    let bucket = open()?;
    for _ in 1..TRIES {
        match operation(&Embedded { bucket: &bucket, now: wasi::wall_micros() }) {
            Err(Undone::Contended) => {}
            // SQLite's words; nothing was written.
            Err(Undone::Store(Error::Other(why))) if why.contains("locked") => {}
            Err(Undone::Store(error)) => return Err(trouble(error)),
            Ok(answer) => return Ok(answer),
        }
        wasi::sleep(penstock::policy::time::share(PAUSE, penstock::policy::time::unit(wasi::random_bits())))
            .await;
    }
    operation(&Embedded { bucket: &bucket, now: wasi::wall_micros() }).map_err(|undone| match undone {
        Undone::Contended => HostError::Failed("the key-value store is contended".to_owned()),
        Undone::Store(error) => trouble(error),
    })
}

impl embedded::Bucket for Bucket {
    type Handle = Cas;
    type Error = Error;

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        Bucket::get(self, key)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        Bucket::set(self, key, value)
    }

    fn delete(&self, key: &str) -> Result<(), Error> {
        Bucket::delete(self, key)
    }

    fn keys(&self) -> Result<Vec<String>, Error> {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let response = self.list_keys(cursor.as_deref())?;
            let is_empty = response.keys.is_empty();
            all.extend(response.keys);
            cursor = response.cursor;
            if cursor.is_none() || is_empty {
                return Ok(all);
            }
        }
    }

    fn create(&self, key: &str) -> Result<(), Error> {
        atomics::increment(self, key, 0).map(|_| ())
    }

    fn open(&self, key: &str) -> Result<(Cas, Option<Vec<u8>>), Error> {
        let handle = Cas::new(self, key)?;
        let current = handle.current()?;
        Ok((handle, current))
    }

    fn swap(&self, handle: Cas, value: &[u8]) -> Result<bool, Error> {
        match atomics::swap(handle, value) {
            Ok(()) => Ok(true),
            Err(CasError::CasFailed(_)) => Ok(false),
            Err(CasError::StoreError(error)) => Err(error),
        }
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
