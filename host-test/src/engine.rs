//! One Wasmtime engine for the process, and the components that it compiled.

use std::{
    fmt, fs,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    thread,
    time::Duration,
};

use wasmtime::{Cache, CacheConfig, Config, EngineWeak, component::Component};

use crate::Error;

/// The plugin, as this crate's build script made it.
pub const PLUGIN_WASM: &[u8] = include_bytes!(env!("PENSTOCK_PLUGIN_WASM"));

/// The HTTP gateway, as this crate's build script made it.
pub const GATEWAY_WASM: &[u8] = include_bytes!(env!("PENSTOCK_GATEWAY_WASM"));

/// What answers `/live` in a Spin application beside the gateway, as this crate's build script made
/// it. [`Gateway`](crate::gateway::Gateway) needs no such component: its server answers by itself.
pub const LIVE_WASM: &[u8] = include_bytes!(env!("PENSTOCK_LIVE_WASM"));

/// How often a computing guest is interrupted. It yields then, so that one busy
/// instance does not hold a thread of the runtime.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// Where compiled code is kept between runs.
///
/// Whoever can write there can run native code in this process: choose a folder
/// that only the service's own user can write.
#[derive(Clone, Debug, Default)]
pub enum CodeCache {
    /// Wasmtime's folder in the user's cache directory.
    #[default]
    User,
    /// This folder.
    Folder(PathBuf),
    /// Nowhere: every process compiles.
    Off,
}

/// Compiles the components, each of them once. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    keeps_compiled: bool,
    wasmtime: wasmtime::Engine,
    plugin: Mutex<Option<Component>>,
    gateway: Mutex<Option<Component>>,
}

impl Engine {
    /// The engine that a process shares, with [`CodeCache::User`].
    ///
    /// # Errors
    ///
    /// When Wasmtime does not run on this platform.
    pub fn shared() -> Result<Self, Error> {
        static SHARED: OnceLock<Engine> = OnceLock::new();
        if let Some(engine) = SHARED.get() {
            return Ok(engine.clone());
        }
        let engine = Self::new(&CodeCache::User)?;
        Ok(SHARED.get_or_init(|| engine).clone())
    }

    /// An engine of its own. A process seldom needs two.
    ///
    /// A cache that cannot be used is left out: it only saves time.
    ///
    /// # Errors
    ///
    /// When Wasmtime does not run on this platform, or the process may have no further thread.
    pub fn new(cache: &CodeCache) -> Result<Self, Error> {
        Self::with_reservation(cache, reservation(address_space()))
    }

    /// The same that reserves so many bytes of addresses for an instance's memory. Without it
    /// that is what Wasmtime chooses, 4 GiB, by which a memory never has to move and needs few
    /// checks; and less where the process may not have so many (`ulimit -v`, `RLIMIT_AS`).
    /// Addresses are no memory: they cost nothing where they are not limited.
    ///
    /// # Errors
    ///
    /// As [`Engine::new`].
    pub fn with_reservation(cache: &CodeCache, bytes: Option<u64>) -> Result<Self, Error> {
        let mut config = Config::new();
        if let Some(bytes) = bytes {
            config.memory_reservation(bytes);
            config.memory_reservation_for_growth(bytes);
            config.memory_guard_size(SMALL_GUARD.min(bytes));
        }
        config.wasm_component_model_async(true);
        config.epoch_interruption(true);
        // The components have no names of functions: a backtrace would be numbers.
        config.wasm_backtrace_max_frames(None);
        let cache = open(cache);
        let keeps_compiled = cache.is_some();
        config.cache(cache);
        let wasmtime = wasmtime::Engine::new(&config).map_err(|error| Error::component(&error))?;
        tick(wasmtime.weak())?;
        Ok(Self(Arc::new(Inner {
            wasmtime,
            keeps_compiled,
            plugin: Mutex::default(),
            gateway: Mutex::default(),
        })))
    }

    /// Whether what it compiles is kept for processes to come. False as well where the cache that was asked for
    /// cannot be used: each process then compiles anew, for seconds.
    #[must_use]
    pub fn keeps_compiled(&self) -> bool {
        self.0.keeps_compiled
    }

    /// Wasmtime's engine, for an embedder that links more.
    #[must_use]
    pub fn wasmtime(&self) -> &wasmtime::Engine {
        &self.0.wasmtime
    }

    /// The plugin, compiled on first use. That takes seconds without a cache.
    ///
    /// # Errors
    ///
    /// [`Error::Component`] when it does not compile.
    pub fn plugin(&self) -> Result<Component, Error> {
        self.compiled(&self.0.plugin, PLUGIN_WASM)
    }

    /// The gateway, compiled on first use. That takes seconds without a cache.
    ///
    /// # Errors
    ///
    /// [`Error::Component`] when it does not compile.
    pub fn gateway(&self) -> Result<Component, Error> {
        self.compiled(&self.0.gateway, GATEWAY_WASM)
    }

    /// The lock is held while compiling: whoever comes second waits instead of
    /// compiling too.
    fn compiled(&self, slot: &Mutex<Option<Component>>, wasm: &[u8]) -> Result<Component, Error> {
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(component) = &*slot {
            return Ok(component.clone());
        }
        let component =
            Component::from_binary(&self.0.wasmtime, wasm).map_err(|error| Error::component(&error))?;
        Ok(slot.insert(component).clone())
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// What is reserved where addresses are scarce: enough that most instances need not move.
const SMALL_RESERVATION: u64 = 64 << 20;

/// The guard behind such a memory: whole pages, on any platform.
const SMALL_GUARD: u64 = 64 << 10;

/// Where a process may have fewer addresses than this, they are scarce: two instances reserve
/// half of it, and threads their stacks.
const SCARCE: u64 = 16 << 30;

fn reservation(address_space: Option<u64>) -> Option<u64> {
    address_space.filter(|bytes| *bytes < SCARCE).map(|_| SMALL_RESERVATION)
}

/// How many bytes of addresses the process may have, if Linux says that they are limited
/// (`proc_pid_limits(5)`).
fn address_space() -> Option<u64> {
    limit_of_addresses(&fs::read_to_string("/proc/self/limits").ok()?)
}

fn limit_of_addresses(limits: &str) -> Option<u64> {
    let soft = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    soft.split_ascii_whitespace().next()?.parse().ok()
}

fn open(cache: &CodeCache) -> Option<Cache> {
    let mut config = CacheConfig::new();
    match cache {
        CodeCache::User => {}
        CodeCache::Folder(folder) => {
            config.with_directory(folder);
        }
        CodeCache::Off => return None,
    }
    Cache::new(config).ok()
}

/// Drives the epochs until the engine is gone.
fn tick(engine: EngineWeak) -> Result<(), Error> {
    let ticking = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    };
    let started = thread::Builder::new().name("penstock-ticks".to_owned()).spawn(ticking);
    started.map(drop).map_err(|error| Error::Component { reason: format!("it may have no thread: {error}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_is_reserved_where_addresses_are_limited() {
        let limits = |soft: &str| {
            format!(
                "Limit                     Soft Limit           Hard Limit           Units     \n\
                     Max cpu time              unlimited            unlimited            seconds   \n\
                     Max address space         {soft}           unlimited            bytes     \n"
            )
        };
        let reserved = |soft| reservation(limit_of_addresses(&limits(soft)));
        assert_eq!(reserved("unlimited"), None);
        assert_eq!(reserved("2048000000"), Some(SMALL_RESERVATION));
        assert_eq!(reserved("68719476736"), None);
        assert_eq!(limit_of_addresses("nothing of the kind"), None);
    }
}
